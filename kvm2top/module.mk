# SPDX-License-Identifier: GPL-2.0
# kvm2top: the BPF programs, the program around them, its tests.

kvm2top_skeleton := $(B)/kvm2top/top.skel.h

PROGRAMS         += kvm2top
SBIN             += kvm2top
MAN              += kvm2top/kvm2top.8
COMP             += kvm2top/completion/kvm2top
kvm2top_SOURCES  := $(wildcard kvm2top/src/*.c)
kvm2top_LIBS     := libkvm2trace
kvm2top_PKGS     := libbpf
kvm2top_CPPFLAGS := -Ikvm2top/src -I$(abspath $(B)/kvm2top)
kvm2top_LDFLAGS  := -lm

PACKAGES         += clang llvm bpftool libbpf-dev tmux jq

# The programs for the kernel: libbpf fits them to the running one, so no kernel is needed to build them.
BPF_CLANG        ?= clang
BPFTOOL          ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
kvm2top_BPF      := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Werror -Ikvm2top/bpf -Ikvm2top/src

$(B)/kvm2top/top.bpf.o: kvm2top/bpf/top.bpf.c kvm2top/bpf/kernel.h kvm2top/src/shared.h kvm2top/module.mk
	$(SAY) BPF $<
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(kvm2top_BPF) -c $< -o $@

$(kvm2top_skeleton): $(B)/kvm2top/top.bpf.o
	$(SAY) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name top >$@

$(B)/obj/kvm2top/src/collect_bpf.o: $(kvm2top_skeleton)

# ---- unit tests ----

kvm2top_tests := tests/unit/kvm2top
kvm2top_model := $(addprefix kvm2top/src/,model.c columns.c)

define kvm2top_test
TESTS += $(kvm2top_tests)/$(1)_test
$(kvm2top_tests)/$(1)_test_SOURCES  := $(2)
$(kvm2top_tests)/$(1)_test_CPPFLAGS := -I. -Ikvm2top/src
$(kvm2top_tests)/$(1)_test_LIBS     := $(3)
$(kvm2top_tests)/$(1)_test_LDFLAGS  := -lm
endef
$(eval $(call kvm2top_test,model,kvm2top/src/model.c))
$(eval $(call kvm2top_test,columns,$(kvm2top_model)))
$(eval $(call kvm2top_test,condition,$(kvm2top_model) kvm2top/src/condition.c))
$(eval $(call kvm2top_test,tree,$(kvm2top_model) kvm2top/src/condition.c kvm2top/src/tree.c))
$(eval $(call kvm2top_test,vcpus,kvm2top/src/model.c kvm2top/src/vcpus.c))
$(eval $(call kvm2top_test,format,kvm2top/src/format.c))
$(eval $(call kvm2top_test,names,$(kvm2top_model) kvm2top/src/names.c kvm2top/src/format.c,libkvm2trace))
$(eval $(call kvm2top_test,options,$(kvm2top_model) $(addprefix kvm2top/src/,condition.c tree.c options.c)))
$(eval $(call kvm2top_test,output,$(kvm2top_model) $(addprefix kvm2top/src/,condition.c tree.c output.c machine.c)))

# ---- in the lab ----

VM_TESTS                         += tests/vm/top_count_test
tests/vm/top_count_test_KERNELS  := patched module stock
tests/vm/top_count_test_TIMEOUT  := 400

# SPDX-License-Identifier: GPL-2.0
# kvm2top: the BPF programs, the program around them, its tests.

kvm2top_skeleton := $(B)/kvm2top/top.skel.h

PROGRAMS         += kvm2top
SBIN             += kvm2top
MAN              += kvm2top/kvm2top.8
COMP             += kvm2top/completion/kvm2top
ZSHCOMP          += kvm2top/completion/_kvm2top
kvm2top_SOURCES  := $(wildcard kvm2top/src/*.c)
kvm2top_LIBS     := libkvm2trace
kvm2top_PKGS     := libbpf ncursesw
kvm2top_CPPFLAGS := -Ikvm2top/src -I$(abspath $(B)/kvm2top)
kvm2top_LDFLAGS  := -lm

PACKAGES         += clang llvm bpftool libbpf-dev libncurses-dev tmux jq python3 python3-prometheus-client

# The programs for the kernel: libbpf fits them to the running one, so no kernel is needed to build them.
BPF_CLANG        ?= clang
BPFTOOL          ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
kvm2top_BPF      := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Werror -Ilibkvm2/bpf -Ikvm2top/bpf -Ikvm2top/src

kvm2top_objects  := $(patsubst kvm2top/bpf/%.c,$(B)/kvm2top/%.o,$(wildcard kvm2top/bpf/*.bpf.c))

$(B)/kvm2top/%.bpf.o: kvm2top/bpf/%.bpf.c $(wildcard kvm2top/bpf/*.h libkvm2/bpf/*.h) kvm2top/src/shared.h kvm2top/module.mk
	$(SAY) BPF $<
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(kvm2top_BPF) -c $< -o $@

$(B)/kvm2top/top.linked.o: $(kvm2top_objects)
	$(SAY) BPF $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(kvm2top_skeleton): $(B)/kvm2top/top.linked.o
	$(SAY) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name top >$@

$(B)/obj/kvm2top/src/collect_bpf.o: $(kvm2top_skeleton)

# ---- unit tests ----

kvm2top_tests := tests/unit/kvm2top
kvm2top_model := $(addprefix kvm2top/src/,model.c columns.c)

kvm2top_ui    := $(kvm2top_model) $(addprefix kvm2top/src/,action.c canvas.c condition.c format.c keys.c machine.c names.c \
		   options.c output.c symbols.c tree.c ui.c ui_draw.c)

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
$(eval $(call kvm2top_test,options,$(kvm2top_model) $(addprefix kvm2top/src/,condition.c tree.c options.c action.c)))
$(eval $(call kvm2top_test,symbols,kvm2top/src/symbols.c))
$(eval $(call kvm2top_test,canvas,kvm2top/src/canvas.c))
$(eval $(call kvm2top_test,ui,$(kvm2top_ui),libkvm2trace))
$(eval $(call kvm2top_test,record,$(kvm2top_ui) $(addprefix kvm2top/src/,record.c collect_replay.c),libkvm2trace))
$(eval $(call kvm2top_test,output,$(kvm2top_model) $(addprefix kvm2top/src/,condition.c tree.c output.c machine.c)))

# ---- screens ----

PROGRAMS              += top_recording
top_recording_SOURCES  := tests/screens/recording.c kvm2top/src/model.c kvm2top/src/record.c
top_recording_CPPFLAGS := -Ikvm2top/src
top_recording_LDFLAGS  := -lm

.PHONY: check-screens
check-screens: $(B)/bin/kvm2top $(B)/bin/top_recording ## kvm2top in a terminal: keys in, screens out
	@rm -rf $(RESULTS)/check-screens
	@B="$(B)" tests/run -t 1800 $(RESULTS)/check-screens/top tests/screens/top_test
	@tests/run --total $(RESULTS)/check-screens $@
CHECKS += check-screens

# ---- in the lab ----

PROGRAMS        += top_vmm
top_vmm_SOURCES := tests/vm/top_vmm.c
top_vmm_LDFLAGS := -lpthread

VM_TESTS                            += tests/vm/top_count_test
tests/vm/top_count_test_KERNELS     := patched module stock debian
tests/vm/top_count_test_TIMEOUT     := 1500

# The others are under lockdown, as distributions are that boot securely.
VM_TESTS                            += tests/vm/top_fallback_test
tests/vm/top_fallback_test_KERNELS  := patched stock
tests/vm/top_fallback_test_LAB      := LAB_APPEND=lockdown=integrity
tests/vm/top_fallback_test_TIMEOUT  := 1500

VM_TESTS                            += tests/vm/top_live_test
tests/vm/top_live_test_KERNELS      := patched
tests/vm/top_live_test_LAB          := LAB_APPEND=lockdown=integrity
tests/vm/top_live_test_TIMEOUT      := 2400

VM_TESTS                            += tests/vm/top_storm_test
tests/vm/top_storm_test_KERNELS     := module debian
tests/vm/top_storm_test_TIMEOUT     := 1500

VM_TESTS                            += tests/vm/top_times_test
tests/vm/top_times_test_KERNELS     := patched stock
tests/vm/top_times_test_LAB         := LAB_ICOUNT=1
tests/vm/top_times_test_TIMEOUT     := 1500

# SPDX-License-Identifier: GPL-2.0
# kvm2gdb: a GDB remote stub for guests on kvm2.

PROGRAMS         += kvm2gdb
BIN              += kvm2gdb
MAN              += docs/man8/kvm2gdb.8
COMP             += gdbstub/completion/kvm2gdb
kvm2gdb_SOURCES  := $(wildcard gdbstub/src/*.c)
kvm2gdb_LIBS     := libkvm2
kvm2gdb_PKGS     := libbpf libelf
kvm2gdb_CPPFLAGS := -Igdbstub/src -I$(abspath $(B)/gdbstub)
PACKAGES         += gdb clang bpftool libbpf-dev

# The programs for the kernel: libbpf fits them to the running one, so no kernel is needed to build them.
BPF_CLANG        ?= clang
BPFTOOL          ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)

$(B)/gdbstub/classic.bpf.o: gdbstub/bpf/classic.bpf.c gdbstub/bpf/kernel.h libkvm2/bpf/kernel_types.h \
			  gdbstub/src/classic_record.h
	$(SAY) BPF $<
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Werror -Ilibkvm2/bpf -Igdbstub/bpf -Igdbstub/src -c $< -o $@

$(B)/gdbstub/classic.skel.h: $(B)/gdbstub/classic.bpf.o
	$(SAY) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name classic >$@

$(B)/obj/gdbstub/src/classic_bpf.o: $(B)/gdbstub/classic.skel.h

# ---- unit tests ----

# What touches other processes; the tests have a target of their own.
gdbstub_host := main.c options.c journal.c listen.c vms.c proc_kvm2.c target_inspect.c target_kvm2.c target_classic.c classic_bpf.c classic_ioctl.c \
		classic_memory.c classic_scan.c undo_classic.c inject.c thread.c vmm.c vmm_memory.c vmm_scan.c

gdbstub_core := $(filter-out $(gdbstub_host),$(notdir $(wildcard gdbstub/src/*.c)))

define gdbstub_test
TESTS += tests/unit/gdbstub/$(1)_test
tests/unit/gdbstub/$(1)_test_SOURCES  := $(addprefix gdbstub/src/,$(2))
tests/unit/gdbstub/$(1)_test_CPPFLAGS := -Igdbstub/src -I.
tests/unit/gdbstub/$(1)_test_LIBS     := libkvm2
endef
$(eval $(call gdbstub_test,options,options.c))
$(eval $(call gdbstub_test,packet,packet.c buffer.c hex.c))
$(eval $(call gdbstub_test,walk,walk.c))
$(eval $(call gdbstub_test,agent,agent.c))
$(eval $(call gdbstub_test,kernel,kernel.c))
tests/unit/gdbstub/kernel_test_PKGS    := libelf
$(eval $(call gdbstub_test,session,$(gdbstub_core)))
tests/unit/gdbstub/session_test_PKGS   := libelf
tests/unit/gdbstub/session_test_SOURCES  += tests/unit/gdbstub/fake_target.c

# ---- bytes that nobody can trust ----

# Of expressions only so many steps are run.
gdb_fuzz_CORPUS  := tests/fuzz/corpus
gdb_fuzz_SOURCES := $(addprefix gdbstub/src/,$(gdbstub_core)) tests/unit/gdbstub/fake_target.c tests/fuzz/gdb_targets.c \
		    $(libkvm2_SOURCES)
gdb_fuzz_FLAGS   := -Igdbstub/src -I. -Ilibkvm2/include -Itests/unit/gdbstub -DAGENT_STEPS_MAX=2000
gdb_fuzz_LDFLAGS := -lelf
$(eval $(call fuzz_program,gdb_fuzz))

gdb_fuzz_run = cd $(FUZZ_B) && ./gdb_fuzz $(1) $(2) $(FUZZ_SEED) $(abspath $(gdb_fuzz_CORPUS)/$(1))

.PHONY: fuzz-gdb
fuzz: fuzz-gdb
fuzz-gdb: $(FUZZ_B)/gdb_fuzz ## the same to what kvm2gdb gets from gdb: packets, expressions
	@$(call gdb_fuzz_run,gdb,$$(($(FUZZ_RUNS) / 2)))
	@$(call gdb_fuzz_run,agent,$$(($(FUZZ_RUNS) / 2)))

# The inputs it begins with, and those that it once stumbled on, are tried by `make check`.
$(eval $(call gdbstub_test,corpus,$(gdbstub_core)))
tests/unit/gdbstub/corpus_test_PKGS     := libelf
tests/unit/gdbstub/corpus_test_SOURCES  += $(addprefix tests/,unit/gdbstub/fake_target.c fuzz/corpus.c fuzz/gdb_targets.c)
tests/unit/gdbstub/corpus_test_CPPFLAGS += -Itests/fuzz -Itests/unit/gdbstub

# ---- in the lab ----

# The guest is built as those of kvm2run/module.mk.
gdb_guest := $(B)/tests/guests/held
ALL       += $(gdb_guest)
VM_NEEDS  += $(gdb_guest)
OBJS      += $(gdb_guest).o

$(gdb_guest): $(gdb_guest).o $(guests_common) tests/guests/guest.ld
	$(SAY) LD $@
	$(Q)$(CC) $(guests_LDFLAGS) -Wl,-T,tests/guests/guest.ld -o $@ $(filter %.o,$^)

# Helpers of the tests: kills kvm2gdb; gives a VMM a seccomp filter.
PROGRAMS             += gdb_kill gdb_confine
gdb_kill_SOURCES     := tests/gdb/kill.c tests/vm/tap.c
gdb_kill_CPPFLAGS    := -Itests/vm
gdb_kill_LIBS        := libkvm2
gdb_confine_SOURCES  := tests/gdb/confine.c $(addprefix gdbstub/src/,inject.c thread.c vmm_memory.c vmm_scan.c)
gdb_confine_CPPFLAGS := -Igdbstub/src

# Beside QEMU's stub, by tests/bench/bench.
PROGRAMS          += gdb_bench
gdb_bench_SOURCES := tests/bench/gdb/main.c tests/bench/gdb/rsp.c

# kvm2gdb is killed a few times here, and more often by make check-gdb KILLS=1000.
gdb_tests := attach_test@patched attach_classic_test@stock user_test@stock seccomp_test@stock qemu_test@stock \
	     breakpoints_test@patched breakpoints_classic_test@stock breakpoints_qemu_test@stock \
	     kill_test@patched kill_classic_test@stock monitor_test@patched linux_test@patched

define gdb_vm_test
VM_TESTS += tests/gdb/$(1)
tests/gdb/$(1)_KERNELS := $(2)
tests/gdb/$(1)_TIMEOUT := $(if $(KILLS),20000,1800)
tests/gdb/$(1)_ENV     := $(if $(KILLS),KILLS=$(KILLS))
endef
$(foreach t,$(gdb_tests),$(eval $(call gdb_vm_test,$(word 1,$(subst @, ,$(t))),$(word 2,$(subst @, ,$(t))))))

.PHONY: check-gdb
check-gdb: $(addprefix run/tests/gdb/,$(gdb_tests)) ## kvm2gdb with gdb and guests, in the lab
	@tests/run --total $(RESULTS)/check-vm $@

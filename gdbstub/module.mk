# SPDX-License-Identifier: GPL-2.0
# kvm2gdb: a GDB remote stub for guests on kvm2.

PROGRAMS         += kvm2gdb
BIN              += kvm2gdb
MAN              += docs/man8/kvm2gdb.8
COMP             += gdbstub/completion/kvm2gdb
kvm2gdb_SOURCES  := $(wildcard gdbstub/src/*.c)
kvm2gdb_LIBS     := libkvm2 libkvm2trace
kvm2gdb_PKGS     := libelf
kvm2gdb_CPPFLAGS := -Igdbstub/src -I$(abspath $(B)/gdbstub)
PACKAGES         += gdb lldb clang bpftool libbpf-dev

# The programs for the kernel, which fits them to itself by its BTF when they are loaded: no kernel is needed to build them,
# and no library to load them (bpftool's light skeletons).
BPF_CLANG        ?= clang
BPFTOOL          ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)

# bpf_program: (source without .bpf.c, output without .bpf.o, name, options of bpftool)
define bpf_program
$(2).bpf.o: $(1).bpf.c gdbstub/bpf/files.h gdbstub/bpf/kernel.h libkvm2/bpf/kernel_types.h gdbstub/src/classic_record.h gdbstub/module.mk
	$$(SAY) BPF $$<
	@mkdir -p $$(@D)
	$$(Q)$$(BPF_CLANG) -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Werror -Ilibkvm2/bpf -Igdbstub/bpf -Igdbstub/src -c $$< -o $$@

$(2).skel.h: $(2).bpf.o
	$$(SAY) SKEL $$@
	$$(Q)$$(BPFTOOL) gen skeleton $(4) $$< name $(3) >$$@
endef
$(eval $(call bpf_program,gdbstub/bpf/classic,$(B)/gdbstub/classic,classic_light,-L))
$(eval $(call bpf_program,gdbstub/bpf/look,$(B)/gdbstub/look,look_light,-L))
$(eval $(call bpf_program,tests/gdb/debugged,$(B)/tests/gdb/debugged,debugged,))

$(B)/obj/gdbstub/src/classic_bpf.o: $(B)/gdbstub/classic.skel.h $(B)/gdbstub/look.skel.h
$(B)/obj/tests/gdb/victim.o: $(B)/tests/gdb/debugged.skel.h

# ---- unit tests ----

# What touches other processes; the tests have a target of their own.
gdbstub_host := main.c frames.c options.c privileges.c process.c server.c journal.c listen.c vms.c proc_kvm2.c inspect.c inspect_copy.c \
		inspect_kvm2.c inspect_stop.c vmcb.c target_kvm2.c target_classic.c launch.c classic_bpf.c classic_ioctl.c classic_memory.c classic_scan.c \
		orphan.c crash.c undo_classic.c undo_kvm2.c inject.c thread.c protect.c vmm.c vmm_memory.c vmm_scan.c writer.c

gdbstub_core := $(filter-out $(gdbstub_host),$(notdir $(wildcard gdbstub/src/*.c)))

define gdbstub_test
TESTS += tests/unit/gdbstub/$(1)_test
tests/unit/gdbstub/$(1)_test_SOURCES  := $(addprefix gdbstub/src/,$(2))
tests/unit/gdbstub/$(1)_test_CPPFLAGS := -Igdbstub/src -I.
tests/unit/gdbstub/$(1)_test_LIBS     := libkvm2
endef
$(eval $(call gdbstub_test,options,options.c))
$(eval $(call gdbstub_test,process,process.c))
$(eval $(call gdbstub_test,privileges,privileges.c))
$(eval $(call gdbstub_test,packet,packet.c buffer.c hex.c))
$(eval $(call gdbstub_test,walk,walk.c))
$(eval $(call gdbstub_test,told,told.c))
$(eval $(call gdbstub_test,vmcb,vmcb.c))
$(eval $(call gdbstub_test,orphan,orphan.c))
$(eval $(call gdbstub_test,undo_classic,undo_classic.c orphan.c inject.c thread.c vmm_memory.c vmm_scan.c))
$(eval $(call gdbstub_test,writer,writer.c))
tests/unit/gdbstub/writer_test_LDFLAGS := -lpthread
$(eval $(call gdbstub_test,agent,agent.c))
$(eval $(call gdbstub_test,kernel,kernel.c))
tests/unit/gdbstub/kernel_test_PKGS    := libelf
# Those of packets.
define gdbstub_talk_test
$(call gdbstub_test,$(1),$(gdbstub_core))
tests/unit/gdbstub/$(1)_test_PKGS    := libelf
tests/unit/gdbstub/$(1)_test_SOURCES += $(addprefix tests/unit/gdbstub/,fake_target.c talk.c)
endef
$(eval $(call gdbstub_talk_test,session))
$(eval $(call gdbstub_talk_test,watch))
$(eval $(call gdbstub_talk_test,slots))
$(eval $(call gdbstub_talk_test,trap_flag))
$(eval $(call gdbstub_talk_test,trace))
$(eval $(call gdbstub_talk_test,leave))
$(eval $(call gdbstub_talk_test,crash))
tests/unit/gdbstub/crash_test_SOURCES += gdbstub/src/crash.c
$(eval $(call gdbstub_talk_test,frames))
tests/unit/gdbstub/frames_test_SOURCES += gdbstub/src/frames.c
tests/unit/gdbstub/frames_test_LIBS    += libkvm2trace
$(eval $(call gdbstub_talk_test,program))

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

# The guests are built as those of kvm2run/module.mk.
gdb_guests := $(addprefix $(B)/tests/guests/,held watched armed crash)
ALL        += $(gdb_guests)
VM_NEEDS   += $(gdb_guests)
OBJS       += $(addsuffix .o,$(gdb_guests))

$(gdb_guests): $(B)/tests/guests/%: $(B)/tests/guests/%.o $(guests_common) tests/guests/guest.ld
	$(SAY) LD $@
	$(Q)$(CC) $(guests_LDFLAGS) -Wl,-T,tests/guests/guest.ld -o $@ $(filter %.o,$^)

# Helpers of the tests: kill kvm2gdb; gives a VMM a seccomp filter; writes to a guest's memory.
PROGRAMS             += gdb_kill gdb_own_kill gdb_confine gdb_device
gdb_kill_SOURCES     := $(addprefix tests/gdb/,kill.c stub.c victim.c) tests/vm/tap.c $(addprefix gdbstub/src/,kernel.c vmm_memory.c vmm_scan.c)
gdb_kill_CPPFLAGS    := -Itests/vm -Igdbstub/src -I$(abspath $(B)/tests/gdb)
gdb_kill_LIBS        := libkvm2
gdb_kill_PKGS        := libbpf libelf
gdb_own_kill_SOURCES  := $(addprefix tests/gdb/,own_kill.c stub.c) tests/vm/tap.c $(addprefix gdbstub/src/,kernel.c vmm_memory.c vmm_scan.c)
gdb_own_kill_CPPFLAGS := -Itests/vm -Igdbstub/src
gdb_own_kill_PKGS     := libelf
gdb_confine_SOURCES  := tests/gdb/confine.c $(addprefix gdbstub/src/,inject.c thread.c vmm_memory.c vmm_scan.c)
gdb_confine_CPPFLAGS := -Igdbstub/src
gdb_device_SOURCES   := tests/gdb/device.c $(addprefix gdbstub/src/,inject.c thread.c vmm_memory.c vmm_scan.c)
gdb_device_CPPFLAGS  := -Igdbstub/src

# Beside QEMU's stub, by tests/bench/bench.
PROGRAMS           += gdb_bench
gdb_bench_SOURCES  := tests/bench/gdb/main.c tests/bench/gdb/rsp.c gdbstub/src/kernel.c
gdb_bench_CPPFLAGS := -Igdbstub/src
gdb_bench_PKGS     := libelf

# gdb's own tests, of Debian's source package of it, as guests with nothing else in them, by kvm2gdb and by QEMU's stub.  A
# short one is run here; make check-vm T=suite_test SUITE=all (or break,find) SUITE_STUBS=kvm2,classic runs more.
PACKAGES    += dejagnu
gdb_suite   := $(B)/tests/gdb/suite
gdb_suite_FLAGS := -O1 -g0 -ffreestanding -fno-builtin -fno-pie -fno-stack-protector -fcf-protection=none -U_FORTIFY_SOURCE -UNDEBUG -fno-sanitize=all
OBJS        += $(gdb_suite)/crt.o $(gdb_suite)/libc.o
gdb_suite_NEEDS := $(gdb_suite)/crt.o $(gdb_suite)/libc.o $(gdb_suite)/program.ld $(O)/gdb-suite/tried

$(gdb_suite)/%.o: tests/gdb/suite/%.c gdbstub/module.mk
	$(SAY) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(gdb_suite_FLAGS) -Wno-builtin-declaration-mismatch -MMD -MP -D_GNU_SOURCE -c $< -o $@

$(gdb_suite)/%.o: tests/gdb/suite/%.S gdbstub/module.mk
	$(SAY) AS $<
	@mkdir -p $(@D)
	$(Q)$(CC) -MMD -MP -c $< -o $@

$(gdb_suite)/program.ld: tests/gdb/suite/program.ld
	@mkdir -p $(@D)
	$(Q)cp $< $@

# Where the source cannot be had the test skips itself.
$(O)/gdb-suite/tried: tests/gdb/suite/fetch scripts/fetch-source | deps
	$(SAY) GET "gdb's own tests"
	$(Q)tests/gdb/suite/fetch $(O)/gdb-suite; status=$$?; [ $$status = 0 ] || [ $$status = 77 ]
	@touch $@

# kvm2gdb is killed a few times here, and more often by make check-gdb KILLS=1000.
gdb_tests := attach_test@patched attach_classic_test@stock run_test@patched run_classic_test@stock run_qemu_test@stock user_test@stock seccomp_test@stock qemu_test@stock \
	     breakpoints_test@patched breakpoints_classic_test@stock breakpoints_qemu_test@stock \
	     watch_test@patched watch_classic_test@stock own_test@patched own_classic_test@stock trace_test@patched trace_classic_test@stock suite_test@patched \
	     kill_test@patched kill_classic_test@stock monitor_test@patched linux_test@patched \
	     inspect_classic_test@stock crash_test@patched crash_classic_test@stock lldb_test@patched nonstop_test@patched nonstop_classic_test@stock

define gdb_vm_test
VM_TESTS += tests/gdb/$(1)
tests/gdb/$(1)_KERNELS := $(2)
tests/gdb/$(1)_TIMEOUT := $(if $(KILLS),20000,1800)
tests/gdb/$(1)_ENV     := $(if $(KILLS),KILLS=$(KILLS))
endef
$(foreach t,$(gdb_tests),$(eval $(call gdb_vm_test,$(word 1,$(subst @, ,$(t))),$(word 2,$(subst @, ,$(t))))))

tests/gdb/suite_test_NEEDS   := $(gdb_suite_NEEDS)
tests/gdb/suite_test_ENV     := $(if $(SUITE),SUITE=$(SUITE)) $(if $(SUITE_STUBS),SUITE_STUBS=$(SUITE_STUBS))
tests/gdb/suite_test_TIMEOUT := $(if $(SUITE),20000,1800)

.PHONY: check-gdb
check-gdb: $(addprefix run/tests/gdb/,$(gdb_tests)) ## kvm2gdb with gdb and guests, in the lab
	@tests/run --total $(RESULTS)/check-vm $@

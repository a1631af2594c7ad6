# SPDX-License-Identifier: GPL-2.0
# kvm2gdb: a GDB remote stub for guests on kvm2.

PROGRAMS         += kvm2gdb
BIN              += kvm2gdb
MAN              += docs/man8/kvm2gdb.8
COMP             += gdbstub/completion/kvm2gdb
kvm2gdb_SOURCES  := $(wildcard gdbstub/src/*.c)
kvm2gdb_LIBS     := libkvm2
kvm2gdb_CPPFLAGS := -Igdbstub/src
PACKAGES         += gdb

# ---- unit tests ----

define gdbstub_test
TESTS += tests/unit/gdbstub/$(1)_test
tests/unit/gdbstub/$(1)_test_SOURCES  := $(addprefix gdbstub/src/,$(2))
tests/unit/gdbstub/$(1)_test_CPPFLAGS := -Igdbstub/src
tests/unit/gdbstub/$(1)_test_LIBS     := libkvm2
endef
$(eval $(call gdbstub_test,options,options.c))
$(eval $(call gdbstub_test,packet,packet.c buffer.c hex.c))
$(eval $(call gdbstub_test,walk,walk.c))
$(eval $(call gdbstub_test,agent,agent.c))
$(eval $(call gdbstub_test,session,$(filter-out main.c options.c journal.c target_kvm2.c thread.c vmm_memory.c,$(notdir $(wildcard gdbstub/src/*.c)))))

# ---- in the lab ----

# The guest is built as those of kvm2run/module.mk.
gdb_guest := $(B)/tests/guests/held
ALL       += $(gdb_guest)
VM_NEEDS  += $(gdb_guest)
OBJS      += $(gdb_guest).o

$(gdb_guest): $(gdb_guest).o $(guests_common) tests/guests/guest.ld
	$(SAY) LD $@
	$(Q)$(CC) $(guests_LDFLAGS) -Wl,-T,tests/guests/guest.ld -o $@ $(filter %.o,$^)

VM_TESTS                  += tests/gdb/attach_test
tests/gdb/attach_test_KERNELS := patched
tests/gdb/attach_test_TIMEOUT := 600

VM_TESTS                       += tests/gdb/breakpoints_test
tests/gdb/breakpoints_test_KERNELS := patched
tests/gdb/breakpoints_test_TIMEOUT := 900
# With two threads of emulation QEMU loses a nested guest at times when its debug registers change.
tests/gdb/breakpoints_test_LAB     = $(LAB_EMULATOR) LAB_THREAD=single
tests/gdb/breakpoints_test_NEEDS   := $(O)/emulator/ready

.PHONY: check-gdb
check-gdb: run/tests/gdb/attach_test@patched run/tests/gdb/breakpoints_test@patched ## kvm2gdb with gdb and a guest, in the lab
	@tests/run --total $(RESULTS)/check-vm $@

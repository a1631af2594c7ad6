# SPDX-License-Identifier: GPL-2.0
# libkvm2: the kvm2 system calls, the same calls on the classic /dev/kvm, records and names.
LIBRARIES += libkvm2
libkvm2_SOURCES := \
	libkvm2/src/syscalls.c \
	libkvm2/src/machine.c \
	libkvm2/src/machine_kvm2.c \
	libkvm2/src/machine_classic.c \
	libkvm2/src/memory_classic.c \
	libkvm2/src/map_plan.c \
	libkvm2/src/dirty_runs.c \
	libkvm2/src/vcpu_classic.c \
	libkvm2/src/exit_classic.c \
	libkvm2/src/state.c \
	libkvm2/src/state_classic.c \
	libkvm2/src/state_classic_regs.c \
	libkvm2/src/state_classic_fpu.c \
	libkvm2/src/state_classic_msr.c \
	libkvm2/src/state_classic_cpuid.c \
	libkvm2/src/state_classic_events.c \
	libkvm2/src/state_classic_apic.c \
	libkvm2/src/state_classic_debug.c \
	libkvm2/src/remote_classic.c \
	libkvm2/src/records.c \
	libkvm2/src/names.c
libkvm2_INCLUDE := libkvm2/include
libkvm2_MAP := libkvm2/libkvm2.map
libkvm2_PC := libkvm2/libkvm2.pc.in

HEADERS += \
	libkvm2/include/kvm2/kvm2.h \
	kernel/include/uapi/linux/kvm2.h \
	kernel/include/uapi/linux/kvm2_names.h

libkvm2_pages := \
	docs/man2/kvm_create_vm.2 \
	docs/man2/kvm_create_vcpu.2 \
	docs/man2/kvm_enter_guest.2 \
	docs/man2/kvm_get_state.2 \
	docs/man2/kvm_set_state.2 \
	docs/man2/kvm_set_memory_map.2 \
	docs/man2/kvm_apic_message.2 \
	docs/man2/kvm_attach_io.2 \
	docs/man2/kvm_attach_irq.2 \
	docs/man2/kvm_get_dirty_log.2 \
	docs/man3/kvm2_sys.3 \
	docs/man3/kvm2_machine.3 \
	docs/man3/kvm2_vcpu.3 \
	docs/man3/kvm2_records.3 \
	docs/man3/kvm2_names.3
MAN += $(libkvm2_pages)
PACKAGES += mandoc

# The programs in the EXAMPLES of the manual: $(B)/examples/kvm2_vcpu.3 and so on.
libkvm2_examples := $(patsubst docs/%,$(B)/examples/%,$(shell grep -l '^int main' $(libkvm2_pages)))
VM_NEEDS += $(libkvm2_examples)

$(B)/examples/%: docs/% $(B)/lib/libkvm2.a libkvm2/include/kvm2/kvm2.h kernel/include/uapi/linux/kvm2.h
	$(SAY) CC $@
	@mkdir -p $(@D)
	$(Q)sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/{/^\.EX/,/^\.EE/{/^\.E[XE]/d;s/\\-/-/g;s/\\e/\\/g;p}}' $< | \
		$(CC) $(BASE_CFLAGS) -Werror -Wno-missing-prototypes -Ikernel/include/uapi -Ilibkvm2/include $(CFLAGS) \
		-o $@ -x c - -x none $(B)/lib/libkvm2.a

.PHONY: check-man
check-man: $(libkvm2_examples) all ## manual pages of sections 2 and 3: form, prototypes, examples
	@rm -rf $(RESULTS)/check-man
	@B="$(B)" tests/run $(RESULTS)/check-man/man tests/man $(libkvm2_pages)
	@tests/run --total $(RESULTS)/check-man $@
CHECKS += check-man

TESTS += \
	tests/unit/libkvm2/records_test \
	tests/unit/libkvm2/names_test \
	tests/unit/libkvm2/map_plan_test \
	tests/unit/libkvm2/dirty_runs_test \
	tests/unit/libkvm2/exit_classic_test
tests/unit/libkvm2/records_test_LIBS := libkvm2
tests/unit/libkvm2/names_test_LIBS := libkvm2
tests/unit/libkvm2/map_plan_test_LIBS := libkvm2
tests/unit/libkvm2/map_plan_test_CPPFLAGS := -Ilibkvm2/src
tests/unit/libkvm2/dirty_runs_test_LIBS := libkvm2
tests/unit/libkvm2/dirty_runs_test_CPPFLAGS := -Ilibkvm2/src
tests/unit/libkvm2/exit_classic_test_LIBS := libkvm2
tests/unit/libkvm2/exit_classic_test_CPPFLAGS := -Ilibkvm2/src

VM_TESTS += tests/vm/libkvm2_test
tests/vm/libkvm2_test_SOURCES := tests/vm/libkvm2_fixture.c tests/vm/libkvm2_exits.c tests/vm/libkvm2_state.c \
				 tests/vm/libkvm2_memory.c tests/vm/libkvm2_threads.c tests/vm/tap.c
tests/vm/libkvm2_test_LIBS := libkvm2
tests/vm/libkvm2_test_KERNELS := patched stock

VM_TESTS += tests/vm/man_examples_test
tests/vm/man_examples_test_KERNELS := patched stock

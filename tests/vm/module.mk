# SPDX-License-Identifier: GPL-2.0
# Tests of the kernel, each in a lab of its own.

# A tiny real-mode guest in the test's own process; wants libkvm2.
vm_guest := tests/vm/guest.c tests/vm/guest_code.S

VM_TESTS += tests/vm/args_test
tests/vm/args_test_SOURCES := tests/vm/args.c tests/vm/args_vm.c tests/vm/args_enter.c tests/vm/args_state.c \
			      tests/vm/args_memory.c tests/vm/args_devices.c tests/vm/tap.c $(vm_guest)
tests/vm/args_test_LIBS    := libkvm2
tests/vm/args_test_LDFLAGS := -lpthread
tests/vm/args_test_KERNELS := patched debug
tests/vm/args_test_TIMEOUT := 1800

VM_TESTS += tests/vm/run_test
tests/vm/run_test_SOURCES := tests/vm/tap.c $(vm_guest)
tests/vm/run_test_LIBS    := libkvm2
tests/vm/run_test_KERNELS := patched module debug
tests/vm/run_test_TIMEOUT := 1800

VM_TESTS += tests/vm/access_test
tests/vm/access_test_SOURCES := tests/vm/tap.c $(vm_guest)
tests/vm/access_test_LIBS    := libkvm2
tests/vm/access_test_KERNELS := patched debug
tests/vm/access_test_TIMEOUT := 1800

VM_TESTS += tests/vm/map_test
tests/vm/map_test_SOURCES := tests/vm/hammer_code.S tests/vm/tap.c
tests/vm/map_test_LIBS    := libkvm2
tests/vm/map_test_LDFLAGS := -lpthread
tests/vm/map_test_KERNELS := patched debug
tests/vm/map_test_TIMEOUT := 1800
tests/vm/map_test_LONG    := patched debug

VM_TESTS += tests/vm/map_order_test
tests/vm/map_order_test_SOURCES := tests/vm/tap.c
tests/vm/map_order_test_LIBS    := libkvm2
tests/vm/map_order_test_KERNELS := patched debug
tests/vm/map_order_test_TIMEOUT := 900

VM_TESTS += tests/vm/state_test
tests/vm/state_test_SOURCES := tests/vm/state_fixture.c tests/vm/tap.c
tests/vm/state_test_LIBS    := libkvm2
tests/vm/state_test_LDFLAGS := -lpthread
tests/vm/state_test_KERNELS := patched debug
tests/vm/state_test_TIMEOUT := 1800

VM_TESTS += tests/vm/state_list_test
tests/vm/state_list_test_SOURCES := tests/vm/state_fixture.c tests/vm/tap.c
tests/vm/state_list_test_LIBS    := libkvm2
tests/vm/state_list_test_LDFLAGS := -lpthread
tests/vm/state_list_test_KERNELS := patched debug
tests/vm/state_list_test_TIMEOUT := 1800

VM_TESTS += tests/vm/state_register_test
tests/vm/state_register_test_SOURCES := tests/vm/state_fixture.c tests/vm/tap.c
tests/vm/state_register_test_LIBS    := libkvm2
tests/vm/state_register_test_LDFLAGS := -lpthread
tests/vm/state_register_test_KERNELS := patched debug
tests/vm/state_register_test_TIMEOUT := 1800

VM_TESTS += tests/vm/module_test
tests/vm/module_test_SOURCES := tests/vm/tap.c $(vm_guest)
tests/vm/module_test_LIBS    := libkvm2
tests/vm/module_test_KERNELS := module

VM_TESTS += tests/vm/storm_test
tests/vm/storm_test_SOURCES := tests/vm/storm_victim.c tests/vm/storm_process.c tests/vm/storm_vcpu.c \
			       tests/vm/leak.c tests/vm/tap.c $(vm_guest)
tests/vm/storm_test_LIBS    := libkvm2
tests/vm/storm_test_LDFLAGS := -lpthread -static
tests/vm/storm_test_KERNELS := patched debug
tests/vm/storm_test_TIMEOUT := 1800
tests/vm/storm_test_LONG    := patched debug

# More calls are made by make check-vm T=stress CALLS=1000000.
VM_TESTS += tests/vm/stress_test
tests/vm/stress_test_SOURCES := tests/vm/stress_thread.c tests/vm/stress_calls.c tests/vm/stress_trouble.c \
				tests/vm/stress_tracer.c tests/vm/leak.c tests/vm/tap.c $(vm_guest)
tests/vm/stress_test_LIBS    := libkvm2
tests/vm/stress_test_LDFLAGS := -lpthread -static
tests/vm/stress_test_KERNELS := patched debug
tests/vm/stress_test_ENV     := CALLS=$(or $(CALLS),100000)
tests/vm/stress_test_TIMEOUT := $(if $(CALLS),20000,3000)
tests/vm/stress_test_LONG    := debug

VM_TESTS += tests/vm/apic_test
tests/vm/apic_test_SOURCES := tests/vm/apic_guest.c tests/vm/apic_guest_code.S tests/vm/tap.c $(vm_guest)
tests/vm/apic_test_LIBS    := libkvm2
tests/vm/apic_test_LDFLAGS := -lpthread
tests/vm/apic_test_KERNELS := patched debug
tests/vm/apic_test_TIMEOUT := 1800

VM_TESTS += tests/vm/io_test
tests/vm/io_test_SOURCES := tests/vm/io_fixture.c tests/vm/io_posted.c tests/vm/io_failure.c tests/vm/io_device.c \
			    tests/vm/io_guest_code.S tests/vm/tap.c $(vm_guest)
tests/vm/io_test_LIBS    := libkvm2
tests/vm/io_test_LDFLAGS := -lpthread
tests/vm/io_test_KERNELS := patched debug
tests/vm/io_test_TIMEOUT := 1800

# Programs for the kernel.  A guest makes the accesses it is told to; kvm2run has
# such a program, too: kvm2run/module.mk says how one is compiled.
device_guest := tests/vm/device_guest.c tests/vm/device_guest_code.S

VM_TESTS += tests/vm/bpf_test
tests/vm/bpf_test_SOURCES  = $(device_guest) tests/vm/tap.c $(vm_guest)
tests/vm/bpf_test_LIBS     := libkvm2
tests/vm/bpf_test_PKGS     := libbpf
tests/vm/bpf_test_CPPFLAGS := -I$(abspath $(B)/tests/vm)
tests/vm/bpf_test_LDFLAGS  := -lpthread
tests/vm/bpf_test_KERNELS  := patched debug
tests/vm/bpf_test_TIMEOUT  := 1800

$(B)/tests/vm/%.bpf.o: tests/vm/%.bpf.c $(wildcard tests/vm/*.h) kernel/include/uapi/linux/kvm2.h tests/vm/module.mk
	$(SAY) BPF $<
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(kvm2run_BPF) -Itests/vm -c $< -o $@

$(B)/tests/vm/%.skel.h: $(B)/tests/vm/%.bpf.o
	$(SAY) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $* >$@

$(B)/obj/tests/vm/bpf_test.o: $(B)/tests/vm/bpf_device.skel.h

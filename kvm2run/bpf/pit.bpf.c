// SPDX-License-Identifier: GPL-2.0
/*
 * The timer of a PC, for the kernel: ports PIT_PORT to PIT_PORT + 3, and
 * PIT_GATE_PORT. It is the same source that kvm2run has for itself; what is
 * here is only how an access comes in.
 */
#include <linux/kvm2.h>

#include <bpf/bpf_helpers.h>

/* Not for the kernel to check on their own, with any pointer. */
#pragma GCC visibility push(hidden)
#include "pit.c"
#pragma GCC visibility pop

/* All that it has is here, and kvm2run has it mapped. */
struct pit pit;

/* Signalled when a counter was set. */
int changed_fd;

extern int bpf_kvm2_eventfd_signal(int fd) __ksym;

static void access_pit(struct kvm2_io_access *access)
{
	unsigned int offset = access->address & 3;

	if (!access->is_write) {
		access->data = pit_read(&pit, offset);
		return;
	}
	pit_write(&pit, offset, (uint8_t)access->data);
	bpf_kvm2_eventfd_signal(changed_fd);
}

static void access_gate(struct kvm2_io_access *access)
{
	if (access->is_write)
		pit_write_gate(&pit, (uint8_t)access->data);
	else
		access->data = pit_read_gate(&pit);
}

/* Wider accesses are passed on: kvm2run splits them, and finds no device. */
SEC("syscall")
int answer(struct kvm2_io_access *access)
{
	if (access->size != 1)
		return 0;
	pit.now_ns = access->time_ns;
	if (access->address == PIT_GATE_PORT)
		access_gate(access);
	else
		access_pit(access);
	access->verdict = KVM2_BPF_HANDLED;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

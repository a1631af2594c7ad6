// SPDX-License-Identifier: GPL-2.0
/*
 * read_by_vmm, read_by_socket, read_by_bpf: a guest reads 4 bytes of a port,
 * and goes on. The VMM answers with what is there; a process behind a socket;
 * a BPF program. The peer of the first is KVM_RUN with local APICs in the
 * kernel, as ours has them; that of the others is the first.
 */
#include "row.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "accesses.h"

#define PORT		0x300
#define RANGE_BYTES	4

static struct classic classic;

static int attach(uint32_t type, int fd)
{
	const struct kvm2_io io = {
		.type = type, .flags = KVM2_IO_PORTS, .address = PORT, .size = RANGE_BYTES, .fd = fd,
	};

	return fd < 0 ? fd : kvm2_sys_attach_io(&io, sizeof(io));
}

static int attach_socket(const struct accesses *accesses)
{
	(void)accesses;
	return attach(KVM2_IO_SOCKET, accesses_device());
}

/* It answers with what its context has, and counts in it, as a device would. */
static int attach_program(const struct accesses *accesses)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1,
		  .off = offsetof(struct kvm2_io_access, time_ns) },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_2,
		  .off = offsetof(struct kvm2_io_access, data) },
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .imm = KVM2_BPF_HANDLED,
		  .off = offsetof(struct kvm2_io_access, verdict) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t)"GPL",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));

	(void)accesses;
	return attach(KVM2_IO_BPF, fd < 0 ? -errno : fd);
}

static int measure(struct row *row, int (*ours)(const struct accesses *),
		   int (*peer)(const struct accesses *), struct classic *peer_classic)
{
	const struct guest_start start = {
		.mode = GUEST_LONG, .program = guest_in, .rdi = PORT,
	};
	const struct accesses us = { .start = start, .attach = ours };
	const struct accesses them = { .start = start, .attach = peer, .classic = peer_classic };
	int r = accesses_cost(&us, &row->ours);

	if (!r)
		r = accesses_cost(&them, &row->peer);
	if (!r)
		row_print(row);
	return r;
}

int read_by_vmm_rows(void)
{
	struct row row = {
		.name = "read_by_vmm", .unit = "instructions", .peer_name = "KVM_RUN, split irqchip",
	};

	return measure(&row, NULL, NULL, &classic);
}

int read_by_socket_rows(void)
{
	struct row row = {
		.name = "read_by_socket", .unit = "instructions", .peer_name = "exit to the VMM",
	};

	return measure(&row, attach_socket, NULL, NULL);
}

int read_by_bpf_rows(void)
{
	struct row row = {
		.name = "read_by_bpf", .unit = "instructions", .peer_name = "exit to the VMM", .goal = 0.3,
	};

	return measure(&row, attach_program, NULL, NULL);
}

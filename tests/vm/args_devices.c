// SPDX-License-Identifier: GPL-2.0
/* kvm_attach_io(), kvm_attach_irq() and kvm_apic_message(). */
#include "args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

static struct kvm2_io io = {
	.type = KVM2_IO_SOCKET, .address = GUEST_MMIO, .size = 16, .fd = -1,
};
static struct kvm2_irq irq = {
	.type = KVM2_IRQ_MSI, .address = 0xfee00000, .fd = -1,
};
/* A pin that is low stays so: what succeeds has no effect. */
static struct kvm2_apic_message message = {
	.type = KVM2_APIC_LINT,
};

/* The calls, and what each makes of the structure above. */
static const struct call {
	const char *name;
	long nr;
	void *argument;
	size_t size;
	long result;
} calls[] = {
	{ "kvm_attach_io", __NR_kvm_attach_io, &io, sizeof(io), -EBADF },
	{ "kvm_attach_irq", __NR_kvm_attach_irq, &irq, sizeof(irq), -EBADF },
	{ "kvm_apic_message", __NR_kvm_apic_message, &message,
	  sizeof(message), 0 },
};

static struct args_row row_of(const struct call *call, const void *argument,
			      long size, long expected)
{
	return (struct args_row){
		.nr = call->nr, .args = { (long)argument, size },
		.expected = expected,
	};
}

static void check(struct args_row row, const struct call *call,
		  const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "%s, %s", call->name, what);
	row.what = text;
	args_check(&row, 1);
}

static void check_size(const struct call *call)
{
	static uint8_t longer[4096];
	struct args_row row;

	memset(longer, 0, sizeof(longer));
	memcpy(longer, call->argument, call->size);
	check(row_of(call, call->argument, 0, -EINVAL), call, "size 0");
	check(row_of(call, call->argument, call->size - 1, -EINVAL), call,
	      "size one short");
	check(row_of(call, longer, 4097, -E2BIG), call, "size above a page");
	check(row_of(call, call->argument, -1, -E2BIG), call, "size -1");
	check(row_of(call, longer, sizeof(longer), call->result), call,
	      "a longer structure of zeros is taken");
	longer[call->size] = 1;
	check(row_of(call, longer, call->size + 1, -E2BIG), call,
	      "a set byte behind");
	row = row_of(call, call->argument, call->size, call->result);
	row.caller = THREAD;
	check(row, call, "by a thread without a vcpu");
}

static void check_pointer(const struct call *call)
{
	struct args_row row = row_of(call, call->argument, call->size, 0);

	row.what = call->name;
	args_check_pointer(&row, &row.args[0], call->size, 0);
}

static void check_io(void)
{
	struct args_row row = row_of(&calls[0], &io, sizeof(io), -EINVAL);

	row.what = "kvm_attach_io, flags";
	args_check_bits32(&row, &io.flags,
			  KVM2_DETACH | KVM2_IO_PORTS | KVM2_IO_POSTED);
	row.what = "kvm_attach_io, reserved";
	args_check_bits32(&row, &io.reserved, 0);
	row.what = "kvm_attach_io, type";
	args_check_bits32(&row, &io.type, 1);
	row.what = "kvm_attach_io, datamatch of a socket";
	args_check_bits64(&row, &io.datamatch, 0);
	io.size = 0;
	check(row, &calls[0], "an empty range");
	io.size = 1ULL << 31;
	check(row, &calls[0], "2 GiB");
	io.size = 16;
	io.address = ~0ULL - 7;
	check(row, &calls[0], "a range that wraps around");
	io.flags = KVM2_IO_PORTS;
	io.address = 0x10000 - 15;
	check(row, &calls[0], "ports beyond the last");
	io.flags = KVM2_DETACH;
	io.address = GUEST_MMIO;
	row.expected = -ENOENT;
	check(row, &calls[0], "detaching what is not attached");
	io.flags = 0;
}

static void check_irq(void)
{
	struct args_row row = row_of(&calls[1], &irq, sizeof(irq), -EINVAL);

	row.what = "kvm_attach_irq, flags";
	args_check_bits32(&row, &irq.flags, KVM2_DETACH);
	row.what = "kvm_attach_irq, type";
	args_check_bits32(&row, &irq.type, 3);
	irq.address = 0x1000;
	check(row, &calls[1], "an address of no APIC");
	irq.address = 0xfee00000;
	irq.fd = eventfd(0, EFD_CLOEXEC);
	irq.flags = KVM2_DETACH;
	row.expected = -ENOENT;
	check(row, &calls[1], "detaching what is not attached");
	close(irq.fd);
	irq.fd = -1;
	irq.type = KVM2_IRQ_BUS;
	irq.address = 0;
	check(row, &calls[1], "detaching a bus that is not there");
	irq.flags = 0;
	row.expected = -EBADF;
	check(row, &calls[1], "a bus without a socket");
	irq.data = 1;
	row.expected = -EINVAL;
	check(row, &calls[1], "a bus with data");
}

static void check_message(void)
{
	struct args_row row = row_of(&calls[2], &message, sizeof(message),
				     -EINVAL);

	message.type = 0;
	check(row, &calls[2], "type 0");
	message.type = KVM2_APIC_VECTOR;
	check(row, &calls[2], "a vector, which only the bus carries");
	message.type = KVM2_APIC_EOI;
	check(row, &calls[2], "an EOI, which only comes");
	message.type = KVM2_APIC_LINT;
	message.reserved = 1;
	check(row, &calls[2], "reserved");
	message.reserved = 0;
	message.flags = 8;
	check(row, &calls[2], "unknown flag");
	message.flags = KVM2_APIC_LEVEL;
	check(row, &calls[2], "a flag that a pin does not have");
	message.flags = 0;
	message.pin = 2;
	check(row, &calls[2], "LINT2");
	message.pin = 0;
	message.dest = 7;
	row.expected = -ENOENT;
	check(row, &calls[2], "a pin of no vcpu");
}

void args_devices(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		check_size(&calls[i]);
		check_pointer(&calls[i]);
	}
	check_io();
	check_irq();
	check_message();
}

void args_devices_no_vm(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		check(row_of(&calls[i], calls[i].argument, calls[i].size,
			     -ENXIO), &calls[i], "without a VM");
}

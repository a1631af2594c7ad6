/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders of kvm_attach_io, kvm_attach_irq and kvm_apic_message. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_compat.h"
#include "kvm2_xlat.h"

#include <linux/kvm2.h>

static const struct xlat_data io_type_data[] = {
#define X(value, name, text) { (value), "KVM2_IO_" #name },
	KVM2_IO_TYPES(X)
#undef X
};
KVM2_XLAT_VALUES(io_types, io_type_data);

static const struct xlat_data io_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_DETACH),
	KVM2_XLAT_ENTRY(KVM2_IO_PORTS),
	KVM2_XLAT_ENTRY(KVM2_IO_DATAMATCH),
	KVM2_XLAT_ENTRY(KVM2_IO_POSTED),
	KVM2_XLAT_ENTRY(KVM2_IO_BATCHED),
};
KVM2_XLAT_FLAGS(io_flags, io_flag_data);

static const struct xlat_data irq_type_data[] = {
#define X(value, name, text) { (value), "KVM2_IRQ_" #name },
	KVM2_IRQ_TYPES(X)
#undef X
};
KVM2_XLAT_VALUES(irq_types, irq_type_data);

static const struct xlat_data irq_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_DETACH),
};
KVM2_XLAT_FLAGS(irq_flags, irq_flag_data);

static const struct xlat_data apic_type_data[] = {
#define X(value, name, text) { (value), "KVM2_APIC_" #name },
	KVM2_APIC_TYPES(X)
#undef X
};
KVM2_XLAT_VALUES(apic_types, apic_type_data);

static const struct xlat_data apic_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_APIC_LOGICAL),
	KVM2_XLAT_ENTRY(KVM2_APIC_LEVEL),
	KVM2_XLAT_ENTRY(KVM2_APIC_ASSERT),
};
KVM2_XLAT_FLAGS(apic_flags, apic_flag_data);

static const struct xlat_data delivery_data[] = {
#define X(value, name, text) { (value), "KVM2_DELIVERY_" #name },
	KVM2_DELIVERY_MODES(X)
#undef X
};
KVM2_XLAT_VALUES(delivery_modes, delivery_data);

static void
print_io(struct tcb *const tcp, const kernel_ulong_t addr,
	 const kernel_ulong_t size)
{
	struct kvm2_io io;

	static_assert(sizeof(io) == KVM2_IO_SIZE_VER0,
		      "kvm2_io has grown: print the new members");
	if (size < sizeof(io)) {
		printaddr(addr);
		return;
	}
	if (umove_or_printaddr(tcp, addr, &io))
		return;

	tprint_struct_begin();
	PRINT_FIELD_XVAL(io, type, io_types, "KVM2_IO_???");
	tprint_struct_next();
	PRINT_FIELD_FLAGS(io, flags, io_flags, "KVM2_IO_???");
	tprint_struct_next();
	PRINT_FIELD_X(io, address);
	tprint_struct_next();
	PRINT_FIELD_X(io, size);
	if (io.datamatch || io.flags & KVM2_IO_DATAMATCH) {
		tprint_struct_next();
		PRINT_FIELD_X(io, datamatch);
	}
	tprint_struct_next();
	PRINT_FIELD_X(io, cookie);
	tprint_struct_next();
	PRINT_FIELD_FD(io, fd, tcp);
	if (io.reserved) {
		tprint_struct_next();
		PRINT_FIELD_X(io, reserved);
	}
	print_nonzero_bytes(tcp, tprint_struct_next, addr, sizeof(io),
			    MIN(size, get_pagesize()), QUOTE_FORCE_HEX);
	tprint_struct_end();
}

SYS_FUNC(kvm_attach_io)
{
	kvm2_first_arg("io");
	print_io(tcp, tcp->u_arg[0], tcp->u_arg[1]);
	kvm2_next_arg("size");
	PRINT_VAL_U(tcp->u_arg[1]);
	return RVAL_DECODED;
}

static void
print_irq(struct tcb *const tcp, const kernel_ulong_t addr,
	  const kernel_ulong_t size)
{
	struct kvm2_irq irq;

	static_assert(sizeof(irq) == KVM2_IRQ_SIZE_VER0,
		      "kvm2_irq has grown: print the new members");
	if (size < sizeof(irq)) {
		printaddr(addr);
		return;
	}
	if (umove_or_printaddr(tcp, addr, &irq))
		return;

	tprint_struct_begin();
	PRINT_FIELD_XVAL(irq, type, irq_types, "KVM2_IRQ_???");
	tprint_struct_next();
	PRINT_FIELD_FLAGS(irq, flags, irq_flags, "KVM2_???");
	tprint_struct_next();
	PRINT_FIELD_FD(irq, fd, tcp);
	tprint_struct_next();
	PRINT_FIELD_X(irq, data);
	tprint_struct_next();
	PRINT_FIELD_X(irq, address);
	print_nonzero_bytes(tcp, tprint_struct_next, addr, sizeof(irq),
			    MIN(size, get_pagesize()), QUOTE_FORCE_HEX);
	tprint_struct_end();
}

SYS_FUNC(kvm_attach_irq)
{
	kvm2_first_arg("irq");
	print_irq(tcp, tcp->u_arg[0], tcp->u_arg[1]);
	kvm2_next_arg("size");
	PRINT_VAL_U(tcp->u_arg[1]);
	return RVAL_DECODED;
}

static void
print_message(struct tcb *const tcp, const kernel_ulong_t addr,
	      const kernel_ulong_t size)
{
	struct kvm2_apic_message message;

	static_assert(sizeof(message) == KVM2_APIC_MESSAGE_SIZE_VER0,
		      "kvm2_apic_message has grown: print the new members");
	if (size < sizeof(message)) {
		printaddr(addr);
		return;
	}
	if (umove_or_printaddr(tcp, addr, &message))
		return;

	tprint_struct_begin();
	PRINT_FIELD_XVAL(message, type, apic_types, "KVM2_APIC_???");
	tprint_struct_next();
	PRINT_FIELD_FLAGS(message, flags, apic_flags, "KVM2_APIC_???");
	tprint_struct_next();
	PRINT_FIELD_XVAL(message, mode, delivery_modes, "KVM2_DELIVERY_???");
	tprint_struct_next();
	PRINT_FIELD_X(message, vector);
	tprint_struct_next();
	PRINT_FIELD_U(message, pin);
	if (message.reserved) {
		tprint_struct_next();
		PRINT_FIELD_X(message, reserved);
	}
	tprint_struct_next();
	PRINT_FIELD_X(message, dest);
	tprint_struct_next();
	PRINT_FIELD_U(message, id);
	print_nonzero_bytes(tcp, tprint_struct_next, addr, sizeof(message),
			    MIN(size, get_pagesize()), QUOTE_FORCE_HEX);
	tprint_struct_end();
}

SYS_FUNC(kvm_apic_message)
{
	kvm2_first_arg("message");
	print_message(tcp, tcp->u_arg[0], tcp->u_arg[1]);
	kvm2_next_arg("size");
	PRINT_VAL_U(tcp->u_arg[1]);
	return RVAL_DECODED;
}

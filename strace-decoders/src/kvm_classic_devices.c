/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ioctls of /dev/kvm that are about interrupts, devices and events. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm_classic.h"

#include "kvm2_print.h"
#include "kvm2_xlat.h"

#include <linux/kvm.h>

#include "xlat/kvm_cap.h"

static const struct xlat_data irqchip_data[] = {
	KVM2_XLAT_ENTRY(KVM_IRQCHIP_PIC_MASTER),
	KVM2_XLAT_ENTRY(KVM_IRQCHIP_PIC_SLAVE),
	KVM2_XLAT_ENTRY(KVM_IRQCHIP_IOAPIC),
};
KVM2_XLAT_VALUES(irqchips, irqchip_data);

static const struct xlat_data route_data[] = {
	KVM2_XLAT_ENTRY(KVM_IRQ_ROUTING_IRQCHIP),
	KVM2_XLAT_ENTRY(KVM_IRQ_ROUTING_MSI),
	KVM2_XLAT_ENTRY(KVM_IRQ_ROUTING_S390_ADAPTER),
	KVM2_XLAT_ENTRY(KVM_IRQ_ROUTING_HV_SINT),
	KVM2_XLAT_ENTRY(KVM_IRQ_ROUTING_XEN_EVTCHN),
};
KVM2_XLAT_VALUES(routes, route_data);

static const struct xlat_data msi_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_MSI_VALID_DEVID),
};
KVM2_XLAT_FLAGS(msi_flags, msi_flag_data);

static const struct xlat_data irqfd_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_IRQFD_FLAG_DEASSIGN),
	KVM2_XLAT_ENTRY(KVM_IRQFD_FLAG_RESAMPLE),
};
KVM2_XLAT_FLAGS(irqfd_flags, irqfd_flag_data);

static const struct xlat_data ioeventfd_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_IOEVENTFD_FLAG_DATAMATCH),
	KVM2_XLAT_ENTRY(KVM_IOEVENTFD_FLAG_PIO),
	KVM2_XLAT_ENTRY(KVM_IOEVENTFD_FLAG_DEASSIGN),
	KVM2_XLAT_ENTRY(KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY),
};
KVM2_XLAT_FLAGS(ioeventfd_flags, ioeventfd_flag_data);

static const struct xlat_data pit_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_PIT_SPEAKER_DUMMY),
};
KVM2_XLAT_FLAGS(pit_flags, pit_flag_data);

static const struct xlat_data device_type_data[] = {
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_FSL_MPIC_20),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_FSL_MPIC_42),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_XICS),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_VFIO),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_ARM_VGIC_V2),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_FLIC),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_ARM_VGIC_V3),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_ARM_VGIC_ITS),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_XIVE),
	KVM2_XLAT_ENTRY(KVM_DEV_TYPE_ARM_PV_TIME),
};
KVM2_XLAT_VALUES(device_types, device_type_data);

static const struct xlat_data device_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_CREATE_DEVICE_TEST),
};
KVM2_XLAT_FLAGS(device_flags, device_flag_data);

static const struct xlat_data clock_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM_CLOCK_TSC_STABLE),
	{ 1 << 2,	"KVM_CLOCK_REALTIME" },
	{ 1 << 3,	"KVM_CLOCK_HOST_TSC" },
};
KVM2_XLAT_FLAGS(clock_flags, clock_flag_data);

void
kvm_classic_print_irq_level(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_irq_level level;

	if (umove_or_printaddr(tcp, arg, &level))
		return;
	tprint_struct_begin();
	/* After KVM_IRQ_LINE_STATUS the same place has the status. */
	if (exiting(tcp)) {
		PRINT_FIELD_D(level, status);
	} else {
		PRINT_FIELD_U(level, irq);
		tprint_struct_next();
		PRINT_FIELD_U(level, level);
	}
	tprint_struct_end();
}

static bool
print_route(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const struct kvm_irq_routing_entry *route = elem_buf;

	tprint_struct_begin();
	PRINT_FIELD_U(*route, gsi);
	tprint_struct_next();
	PRINT_FIELD_XVAL_U(*route, type, routes, "KVM_IRQ_ROUTING_???");
	tprint_struct_next();
	PRINT_FIELD_FLAGS(*route, flags, msi_flags, "KVM_MSI_VALID_???");
	tprint_struct_next();
	switch (route->type) {
	case KVM_IRQ_ROUTING_IRQCHIP:
		PRINT_FIELD_XVAL_U(route->u.irqchip, irqchip, irqchips,
				   "KVM_IRQCHIP_???");
		tprint_struct_next();
		PRINT_FIELD_U(route->u.irqchip, pin);
		break;
	case KVM_IRQ_ROUTING_MSI:
		PRINT_FIELD_X(route->u.msi, address_lo);
		tprint_struct_next();
		PRINT_FIELD_X(route->u.msi, address_hi);
		tprint_struct_next();
		PRINT_FIELD_X(route->u.msi, data);
		if (route->flags & KVM_MSI_VALID_DEVID) {
			tprint_struct_next();
			PRINT_FIELD_X(route->u.msi, devid);
		}
		break;
	case KVM_IRQ_ROUTING_HV_SINT:
		PRINT_FIELD_U(route->u.hv_sint, vcpu);
		tprint_struct_next();
		PRINT_FIELD_U(route->u.hv_sint, sint);
		break;
	case KVM_IRQ_ROUTING_XEN_EVTCHN:
		PRINT_FIELD_U(route->u.xen_evtchn, port);
		tprint_struct_next();
		PRINT_FIELD_U(route->u.xen_evtchn, vcpu);
		tprint_struct_next();
		PRINT_FIELD_X(route->u.xen_evtchn, priority);
		break;
	default:
		tprints_field_name("u");
		kvm2_print_bytes(&route->u, sizeof(route->u), true);
	}
	tprint_struct_end();
	return true;
}

void
kvm_classic_print_irq_routing(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_irq_routing routing;
	struct kvm_irq_routing_entry route;

	if (umove_or_printaddr(tcp, arg, &routing))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(routing, nr);
	tprint_struct_next();
	PRINT_FIELD_X(routing, flags);
	tprint_struct_next();
	tprints_field_name("entries");
	kvm2_print_array(tcp, arg + sizeof(routing), routing.nr, &route,
			 sizeof(route), print_route);
	tprint_struct_end();
}

void
kvm_classic_print_irqfd(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_irqfd irqfd;

	if (umove_or_printaddr(tcp, arg, &irqfd))
		return;
	tprint_struct_begin();
	PRINT_FIELD_FD(irqfd, fd, tcp);
	tprint_struct_next();
	PRINT_FIELD_U(irqfd, gsi);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(irqfd, flags, irqfd_flags, "KVM_IRQFD_FLAG_???");
	if (irqfd.flags & KVM_IRQFD_FLAG_RESAMPLE) {
		tprint_struct_next();
		PRINT_FIELD_FD(irqfd, resamplefd, tcp);
	}
	tprint_struct_end();
}

void
kvm_classic_print_ioeventfd(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_ioeventfd io;

	if (umove_or_printaddr(tcp, arg, &io))
		return;
	tprint_struct_begin();
	if (io.flags & KVM_IOEVENTFD_FLAG_DATAMATCH) {
		PRINT_FIELD_X(io, datamatch);
		tprint_struct_next();
	}
	PRINT_FIELD_X(io, addr);
	tprint_struct_next();
	PRINT_FIELD_U(io, len);
	tprint_struct_next();
	PRINT_FIELD_FD(io, fd, tcp);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(io, flags, ioeventfd_flags, "KVM_IOEVENTFD_FLAG_???");
	tprint_struct_end();
}

void
kvm_classic_print_signal_msi(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_msi msi;

	if (umove_or_printaddr(tcp, arg, &msi))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(msi, address_lo);
	tprint_struct_next();
	PRINT_FIELD_X(msi, address_hi);
	tprint_struct_next();
	PRINT_FIELD_X(msi, data);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(msi, flags, msi_flags, "KVM_MSI_VALID_???");
	if (msi.flags & KVM_MSI_VALID_DEVID) {
		tprint_struct_next();
		PRINT_FIELD_X(msi, devid);
	}
	tprint_struct_end();
}

static void
print_pic(const struct kvm_pic_state *pic)
{
	tprint_struct_begin();
	PRINT_FIELD_X(*pic, irr);
	tprint_struct_next();
	PRINT_FIELD_X(*pic, imr);
	tprint_struct_next();
	PRINT_FIELD_X(*pic, isr);
	tprint_struct_next();
	PRINT_FIELD_X(*pic, irq_base);
	tprint_struct_next();
	PRINT_FIELD_X(*pic, elcr);
	tprint_struct_end();
}

static void
print_ioapic(const struct kvm_ioapic_state *ioapic)
{
	tprint_struct_begin();
	PRINT_FIELD_X(*ioapic, base_address);
	tprint_struct_next();
	PRINT_FIELD_X(*ioapic, ioregsel);
	tprint_struct_next();
	PRINT_FIELD_X(*ioapic, id);
	tprint_struct_next();
	PRINT_FIELD_X(*ioapic, irr);
	tprint_struct_next();
	tprints_field_name("redirtbl");
	tprint_array_begin();
	for (size_t i = 0; i < ARRAY_SIZE(ioapic->redirtbl); i++) {
		if (i)
			tprint_array_next();
		PRINT_VAL_X(ioapic->redirtbl[i].bits);
	}
	tprint_array_end();
	tprint_struct_end();
}

void
kvm_classic_print_irqchip(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_irqchip chip;

	if (umove_or_printaddr(tcp, arg, &chip))
		return;
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(chip, chip_id, irqchips, "KVM_IRQCHIP_???");
	tprint_struct_next();
	if (chip.chip_id == KVM_IRQCHIP_IOAPIC) {
		tprints_field_name("ioapic");
		print_ioapic(&chip.chip.ioapic);
	} else {
		tprints_field_name("pic");
		print_pic(&chip.chip.pic);
	}
	tprint_struct_end();
}

void
kvm_classic_print_pit_config(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_pit_config config;

	if (umove_or_printaddr(tcp, arg, &config))
		return;
	tprint_struct_begin();
	PRINT_FIELD_FLAGS(config, flags, pit_flags, "KVM_PIT_???");
	tprint_struct_end();
}

void
kvm_classic_print_pit(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_pit_state2 pit;

	if (umove_or_printaddr(tcp, arg, &pit))
		return;
	tprint_struct_begin();
	tprints_field_name("channels");
	tprint_array_begin();
	for (size_t i = 0; i < ARRAY_SIZE(pit.channels); i++) {
		if (i)
			tprint_array_next();
		tprint_struct_begin();
		PRINT_FIELD_U(pit.channels[i], count);
		tprint_struct_next();
		PRINT_FIELD_X(pit.channels[i], status);
		tprint_struct_next();
		PRINT_FIELD_U(pit.channels[i], rw_mode);
		tprint_struct_next();
		PRINT_FIELD_U(pit.channels[i], mode);
		tprint_struct_next();
		PRINT_FIELD_U(pit.channels[i], gate);
		tprint_struct_next();
		PRINT_FIELD_D(pit.channels[i], count_load_time);
		tprint_struct_end();
	}
	tprint_array_end();
	tprint_struct_next();
	PRINT_FIELD_X(pit, flags);
	tprint_struct_end();
}

void
kvm_classic_print_reinject_control(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_reinject_control control;

	if (umove_or_printaddr(tcp, arg, &control))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(control, pit_reinject);
	tprint_struct_end();
}

void
kvm_classic_print_create_device(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_create_device device;

	if (umove_or_printaddr(tcp, arg, &device))
		return;
	tprint_struct_begin();
	if (exiting(tcp)) {
		PRINT_FIELD_FD(device, fd, tcp);
	} else {
		PRINT_FIELD_XVAL_U(device, type, device_types,
				   "KVM_DEV_TYPE_???");
		tprint_struct_next();
		PRINT_FIELD_FLAGS(device, flags, device_flags,
				  "KVM_CREATE_DEVICE_???");
	}
	tprint_struct_end();
}

void
kvm_classic_print_device_attr(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_device_attr attr;

	if (umove_or_printaddr(tcp, arg, &attr))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(attr, flags);
	tprint_struct_next();
	PRINT_FIELD_U(attr, group);
	tprint_struct_next();
	PRINT_FIELD_U(attr, attr);
	tprint_struct_next();
	PRINT_FIELD_ADDR64(attr, addr);
	tprint_struct_end();
}

void
kvm_classic_print_enable_cap(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_enable_cap enable;

	if (umove_or_printaddr(tcp, arg, &enable))
		return;
	tprint_struct_begin();
	PRINT_FIELD_XVAL_U(enable, cap, kvm_cap, "KVM_CAP_???");
	tprint_struct_next();
	PRINT_FIELD_X(enable, flags);
	tprint_struct_next();
	PRINT_FIELD_X_ARRAY(enable, args);
	tprint_struct_end();
}

void
kvm_classic_print_clock(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_clock_data clock;

	if (umove_or_printaddr(tcp, arg, &clock))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(clock, clock);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(clock, flags, clock_flags, "KVM_CLOCK_???");
	if (clock.flags & (1 << 2)) {
		tprint_struct_next();
		PRINT_FIELD_U(clock, realtime);
	}
	if (clock.flags & (1 << 3)) {
		tprint_struct_next();
		PRINT_FIELD_U(clock, host_tsc);
	}
	tprint_struct_end();
}

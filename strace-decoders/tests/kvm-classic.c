/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check decoding of the ioctls of /dev/kvm, with arguments that lie at the end
 * of a page, of calls that succeed by injection (RETVAL) or fail.
 */
#include "tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/kvm.h>

#ifndef RETVAL
# define RETVAL	2
#endif

/* Since Linux 6.8; linux/kvm.h may be older. */
struct region2 {
	uint32_t slot, flags;
	uint64_t guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
	uint32_t guest_memfd, pad1;
	uint64_t pad2[14];
};
struct memfd {
	uint64_t size, flags, reserved[6];
};
struct attributes {
	uint64_t address, size, attributes, flags;
};
#define REGION2		_IOW(KVMIO, 0x49, struct region2)
#define ATTRIBUTES	_IOW(KVMIO, 0xd2, struct attributes)
#define MEMFD		_IOWR(KVMIO, 0xd4, struct memfd)

static const char *errstr;

static void
request(unsigned long code, const char *name, unsigned long arg)
{
	errstr = sprintrc(ioctl(-1, code, arg));
	printf("ioctl(-1, %s, ", name);
}

static void
end(void)
{
#if RETVAL >= 0
	printf(") = %s (INJECTED)\n", errstr);
#else
	printf(") = %s\n", errstr);
#endif
}

/* Read by the kernel: shown always. */
#define IN(code_, name_, object_, ...)					\
	do {								\
		void *const p = tail_memdup(&(object_), sizeof(object_)); \
									\
		request(code_, name_, (unsigned long) p);		\
		printf(__VA_ARGS__);					\
		end();							\
		bad(code_, name_, (char *) p + 1);			\
	} while (0)

/* Written by the kernel: shown after a success. */
#define OUT(code_, name_, object_, ...)					\
	do {								\
		void *const p = tail_memdup(&(object_), sizeof(object_)); \
									\
		request(code_, name_, (unsigned long) p);		\
		if (RETVAL >= 0)					\
			printf(__VA_ARGS__);				\
		else							\
			printf("%p", p);				\
		end();							\
		bad(code_, name_, (char *) p + 1);			\
	} while (0)

/* Both: shown at the entry, and what @object_ has as a result. */
#define INOUT(code_, name_, object_, in_, out_)				\
	do {								\
		void *const p = tail_memdup(&(object_), sizeof(object_)); \
									\
		request(code_, name_, (unsigned long) p);		\
		printf("%s%s", in_, RETVAL >= 0 ? " => " out_ : "");	\
		end();							\
		request(code_, name_, 0);				\
		printf("NULL%s", RETVAL >= 0 ? " => NULL" : "");	\
		end();							\
	} while (0)

#define NAMED(how_, code_, ...)	how_(code_, #code_, __VA_ARGS__)

/* Of an argument that reaches into a page that is not there, or is none. */
static void
bad(unsigned long code, const char *name, const void *p)
{
	request(code, name, (unsigned long) p);
	printf("%p", p);
	end();
	request(code, name, 0);
	printf("NULL");
	end();
}

static void
memory(void)
{
	const struct region2 region = { 3, 5, 0x100000, 0x2000, 0x7f0000000000, 0x1000,
					-1, 0, { 0 } };
	const struct memfd memfd = { .size = 0x200000 };
	const struct attributes attributes = { 0x1000, 0x2000, 9, 0 };
	const struct kvm_coalesced_mmio_zone zone = { .addr = 0xa0000, .size = 0x20000 };
	const uint64_t number = 0xfffbc000;

	IN(REGION2, "KVM_SET_USER_MEMORY_REGION2", region,
	   "{slot=3, flags=KVM_MEM_LOG_DIRTY_PAGES|KVM_MEM_GUEST_MEMFD, guest_phys_addr=0x100000"
	   ", memory_size=8192, userspace_addr=0x7f0000000000, guest_memfd_offset=0x1000"
	   ", guest_memfd=-1}");
	IN(MEMFD, "KVM_CREATE_GUEST_MEMFD", memfd, "{size=0x200000, flags=0}");
	IN(ATTRIBUTES, "KVM_SET_MEMORY_ATTRIBUTES", attributes,
	   "{address=0x1000, size=0x2000, attributes=KVM_MEMORY_ATTRIBUTE_PRIVATE|0x1, flags=0}");
	NAMED(IN, KVM_REGISTER_COALESCED_MMIO, zone, "{addr=0xa0000, size=0x20000, pio=0}");
	NAMED(IN, KVM_SET_IDENTITY_MAP_ADDR, number, "[0xfffbc000]");
	request(KVM_SET_TSS_ADDR, "KVM_SET_TSS_ADDR", 0xfffbd000);
	printf("0xfffbd000");
	end();
	request(KVM_SET_TSC_KHZ, "KVM_SET_TSC_KHZ", 1000);
	printf("0x3e8");
	end();
}

/* 70 pages, of which 0-3, 63-65 and 69 are dirty. */
static void
dirty_log(void)
{
	const struct kvm_userspace_memory_region slot = {
		.slot = 7, .guest_phys_addr = 0x100000, .memory_size = 70 * 4096 };
	const struct kvm_userspace_memory_region gone = { .slot = 7 };
	static const uint64_t words[2] = { 0x800000000000000f, 0xffffffffffffffe3 };
	uint64_t *const bitmap = tail_memdup(words, sizeof(words));
	const struct kvm_dirty_log log = { .slot = 7, .dirty_bitmap = bitmap };
	const struct kvm_dirty_log cut = { .slot = 7, .dirty_bitmap = bitmap + 1 };
	const struct kvm_dirty_log other = { .slot = 8, .dirty_bitmap = bitmap };
	const struct kvm_clear_dirty_log clear = { .slot = 7, .num_pages = 6, .first_page = 64,
						   .dirty_bitmap = bitmap + 1 };
	const struct kvm_clear_dirty_log unknown = { .slot = 8, .num_pages = 6, .first_page = 64,
						     .dirty_bitmap = bitmap + 1 };
#define RANGES "[0x100000-0x103fff, 0x13f000-0x141fff, 0x145000-0x145fff]"
	void *const region = tail_memdup(&slot, sizeof(slot));

	request(KVM_SET_USER_MEMORY_REGION, "KVM_SET_USER_MEMORY_REGION",
		(unsigned long) region);
	printf("{slot=7, flags=0, guest_phys_addr=0x100000, memory_size=286720"
	       ", userspace_addr=0}");
	end();
	NAMED(OUT, KVM_GET_DIRTY_LOG, log, "{slot=7, dirty_bitmap=" RANGES "}");
	NAMED(OUT, KVM_GET_DIRTY_LOG, cut, "{slot=7, dirty_bitmap=%p}", bitmap + 1);
	NAMED(OUT, KVM_GET_DIRTY_LOG, other, "{slot=8, dirty_bitmap=%p}", bitmap);
	NAMED(IN, KVM_CLEAR_DIRTY_LOG, clear, "{slot=7, num_pages=6, first_page=64"
	      ", dirty_bitmap=[0x140000-0x141fff, 0x145000-0x145fff]}");
	NAMED(IN, KVM_CLEAR_DIRTY_LOG, unknown, "{slot=8, num_pages=6, first_page=64"
	      ", dirty_bitmap=%p}", bitmap + 1);

	memcpy(region, &gone, sizeof(gone));
	request(KVM_SET_USER_MEMORY_REGION, "KVM_SET_USER_MEMORY_REGION",
		(unsigned long) region);
	printf("{slot=7, flags=0, guest_phys_addr=0, memory_size=0, userspace_addr=0}");
	end();
	NAMED(OUT, KVM_GET_DIRTY_LOG, log, "{slot=7, dirty_bitmap=%p}", bitmap);
}

static void
interrupts(void)
{
	const struct kvm_irq_level level = { { .irq = 4 }, .level = 1 };
	const struct kvm_irqfd irqfd = { .fd = -1, .gsi = 24, .flags = KVM_IRQFD_FLAG_RESAMPLE,
					 .resamplefd = -1 };
	const struct kvm_ioeventfd pio = { .datamatch = 1, .addr = 0x510, .len = 2, .fd = -1,
					   .flags = KVM_IOEVENTFD_FLAG_PIO |
						    KVM_IOEVENTFD_FLAG_DATAMATCH };
	const struct kvm_ioeventfd mmio = { .addr = 0xfe000000, .len = 4, .fd = -1 };
	const struct kvm_msi msi = { .address_lo = 0xfee00000, .data = 0x4041 };
	const struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_PIC_SLAVE,
					  .chip.pic = { .imr = 0xff, .irq_base = 0x70 } };
	const struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	const struct kvm_reinject_control reinject = { .pit_reinject = 1 };
	const struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entries[3];
	} routing = {
		{ .nr = 3 },
		{
			{ .gsi = 1, .type = KVM_IRQ_ROUTING_IRQCHIP,
			  .u.irqchip = { KVM_IRQCHIP_IOAPIC, 1 } },
			{ .gsi = 24, .type = KVM_IRQ_ROUTING_MSI,
			  .u.msi = { .address_lo = 0xfee01000, .data = 0x31 } },
			{ .gsi = 25, .type = 77 },
		},
	};

	NAMED(IN, KVM_IRQ_LINE, level, "{irq=4, level=1}");
	NAMED(INOUT, KVM_IRQ_LINE_STATUS, level, "{irq=4, level=1}", "{status=4}");
	NAMED(IN, KVM_IRQFD, irqfd, "{fd=-1, gsi=24, flags=KVM_IRQFD_FLAG_RESAMPLE"
	      ", resamplefd=-1}");
	NAMED(IN, KVM_IOEVENTFD, pio, "{datamatch=0x1, addr=0x510, len=2, fd=-1"
	      ", flags=KVM_IOEVENTFD_FLAG_DATAMATCH|KVM_IOEVENTFD_FLAG_PIO}");
	NAMED(IN, KVM_IOEVENTFD, mmio, "{addr=0xfe000000, len=4, fd=-1, flags=0}");
	NAMED(IN, KVM_SIGNAL_MSI, msi, "{address_lo=0xfee00000, address_hi=0, data=0x4041"
	      ", flags=0}");
	NAMED(IN, KVM_SET_IRQCHIP, chip, "{chip_id=KVM_IRQCHIP_PIC_SLAVE"
	      ", pic={irr=0, imr=0xff, isr=0, irq_base=0x70, elcr=0}}");
	NAMED(OUT, KVM_GET_IRQCHIP, chip, "{chip_id=KVM_IRQCHIP_PIC_SLAVE"
	      ", pic={irr=0, imr=0xff, isr=0, irq_base=0x70, elcr=0}}");
	NAMED(IN, KVM_CREATE_PIT2, pit, "{flags=KVM_PIT_SPEAKER_DUMMY}");
	NAMED(IN, KVM_REINJECT_CONTROL, reinject, "{pit_reinject=1}");
#define ROUTE "{gsi=1, type=KVM_IRQ_ROUTING_IRQCHIP, flags=0, irqchip=KVM_IRQCHIP_IOAPIC, pin=1}"
#define Z8 "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	void *const p = tail_memdup(&routing, sizeof(routing));

	request(KVM_SET_GSI_ROUTING, "KVM_SET_GSI_ROUTING", (unsigned long) p);
	printf("{nr=3, flags=0, entries=[" ROUTE ", {gsi=24, type=KVM_IRQ_ROUTING_MSI, flags=0"
	       ", address_lo=0xfee01000, address_hi=0, data=0x31}"
	       ", {gsi=25, type=77 /* KVM_IRQ_ROUTING_??? */, flags=0, u=\"" Z8 Z8 Z8 Z8 "\"}]}");
	end();
	/* One entry more than there are. */
	((struct kvm_irq_routing *) p)->nr = 4;
	request(KVM_SET_GSI_ROUTING, "KVM_SET_GSI_ROUTING", (unsigned long) p);
	printf("{nr=4, flags=0, entries=[" ROUTE ", {gsi=24, type=KVM_IRQ_ROUTING_MSI, flags=0"
	       ", address_lo=0xfee01000, address_hi=0, data=0x31}"
	       ", {gsi=25, type=77 /* KVM_IRQ_ROUTING_??? */, flags=0, u=\"" Z8 Z8 Z8 Z8 "\"}"
	       ", ... /* %p */]}", (char *) p + sizeof(routing));
	end();
}

static void
devices(void)
{
	const struct kvm_create_device device = { .type = KVM_DEV_TYPE_VFIO, .fd = -1,
						  .flags = KVM_CREATE_DEVICE_TEST };
	const struct kvm_device_attr attr = { .group = 1, .attr = 2, .addr = 0x1234 };
	const struct kvm_enable_cap cap = { .cap = KVM_CAP_X86_USER_SPACE_MSR, .args = { 3 } };
	const struct kvm_clock_data clock = { .clock = 12345, .flags = KVM_CLOCK_TSC_STABLE };

	NAMED(INOUT, KVM_CREATE_DEVICE, device,
	      "{type=KVM_DEV_TYPE_VFIO, flags=KVM_CREATE_DEVICE_TEST}", "{fd=-1}");
	NAMED(IN, KVM_SET_DEVICE_ATTR, attr, "{flags=0, group=1, attr=2, addr=0x1234}");
	NAMED(IN, KVM_HAS_DEVICE_ATTR, attr, "{flags=0, group=1, attr=2, addr=0x1234}");
	NAMED(IN, KVM_ENABLE_CAP, cap, "{cap=KVM_CAP_X86_USER_SPACE_MSR, flags=0"
	      ", args=[0x3, 0, 0, 0]}");
	NAMED(IN, KVM_SET_CLOCK, clock, "{clock=12345, flags=KVM_CLOCK_TSC_STABLE}");
	NAMED(OUT, KVM_GET_CLOCK, clock, "{clock=12345, flags=KVM_CLOCK_TSC_STABLE}");
}

static void
msrs(void)
{
	const struct {
		struct kvm_msr_list head;
		uint32_t indices[3];
	} list = { { .nmsrs = 3 }, { 0x10, 0xc0000082, 0x123456 } };
	const struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entries[3];
	} all = {
		{ .nmsrs = 3 },
		{ { .index = 0xc0000080, .data = 0x500 }, { .index = 0x123456 },
		  { .index = 0x10, .data = 7 } },
	};
	static struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_DENY,
		.ranges[1] = { .flags = KVM_MSR_FILTER_READ, .nmsrs = 8, .base = 0x10 },
	};
	void *p = tail_memdup(&list, sizeof(list));

	request(KVM_GET_MSR_INDEX_LIST, "KVM_GET_MSR_INDEX_LIST", (unsigned long) p);
	if (RETVAL >= 0)
		printf("{nmsrs=3, indices=[0x10 /* tsc */, 0xc0000082 /* lstar */, 0x123456]}");
	else
		printf("%p", p);
	end();

#define EFER "{index=0xc0000080 /* efer */, data=0x500}, {index=0x123456, data=0}"
	p = tail_memdup(&all, sizeof(all));
	request(KVM_SET_MSRS, "KVM_SET_MSRS", (unsigned long) p);
	printf("{nmsrs=3, entries=[" EFER ", {index=0x10 /* tsc */, data=0x7}]}");
	end();
	/* The result says that two could be read. */
	request(KVM_GET_MSRS, "KVM_GET_MSRS", (unsigned long) p);
	if (RETVAL >= 0)
		printf("{nmsrs=3, entries=[" EFER "]}");
	else
		printf("%p", p);
	end();
	filter.ranges[1].bitmap = p;
	NAMED(IN, KVM_X86_SET_MSR_FILTER, filter, "{flags=KVM_MSR_FILTER_DEFAULT_DENY"
	      ", ranges=[{flags=KVM_MSR_FILTER_READ, nmsrs=8, base=0x10 /* tsc */, bitmap=%p}]}",
	      filter.ranges[1].bitmap);
}

static void
registers(void)
{
	const struct kvm_fpu fpu = { .fcw = 0x37f, .mxcsr = 0x1f80 };
	const struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .value = 7 } } };
	const struct kvm_xcrs wild = { .nr_xcrs = -1U };
	const struct kvm_debugregs debug = { .db = { 1, 2, 3, 4 }, .dr6 = 0xffff0ff0,
					     .dr7 = 0x400 };
	const struct kvm_vcpu_events events = {
		.exception = { .injected = 1, .nr = 14, .has_error_code = 1, .error_code = 2 },
		.interrupt = { .nr = 0x20, .shadow = 2 },
		.nmi = { .masked = 1 },
		.flags = 8,
		.smi = { .smm = 1 },
	};
	const struct kvm_mp_state mp = { .mp_state = KVM_MP_STATE_HALTED };
	const struct kvm_mp_state strange = { .mp_state = 99 };
	static struct kvm_lapic_state lapic;
	const struct kvm_guest_debug guest_debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
		.arch.debugreg = { 0x1000, [7] = 0x401 } };
	const struct kvm_interrupt interrupt = { .irq = 0x31 };
	const struct kvm_translation translation = { .linear_address = 0x1000,
						     .physical_address = 0x2000, .valid = 1 };
	const struct kvm_tpr_access_ctl tpr = { .enabled = 1 };
	const struct kvm_x86_mce mce = { .status = 1, .addr = 2, .bank = 3 };
	static const struct kvm_sregs2 sregs = { .cs = { .base = 0xffff0000, .limit = 0xffff,
							 .selector = 0xf000, .type = 11,
							 .present = 1, .s = 1 } };
	const struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry;
	} cpuid = { { .nent = 1 }, { .function = 7, .flags = 1, .ebx = 3 } };
	const struct {
		struct kvm_signal_mask head;
		unsigned char signals[8];
	} __attribute__((packed)) mask = { { .len = 8 }, { 0, 1 << (10 - 1 - 8) } };
	static const struct kvm_xsave xsave;

	NAMED(IN, KVM_SET_FPU, fpu, "{fcw=0x37f, fsw=0, ftwx=0, last_opcode=0, last_ip=0"
	      ", last_dp=0, mxcsr=0x1f80, ...}");
	NAMED(OUT, KVM_GET_FPU, fpu, "{fcw=0x37f, fsw=0, ftwx=0, last_opcode=0, last_ip=0"
	      ", last_dp=0, mxcsr=0x1f80, ...}");
	NAMED(IN, KVM_SET_XSAVE, xsave, "{region=\"" Z8 Z8 Z8 Z8 "\"...}");
	NAMED(IN, KVM_SET_XCRS, xcrs, "{nr_xcrs=1, flags=0, xcrs=[{xcr=0, value=0x7}]}");
#define XCR4 "{xcr=0, value=0}, {xcr=0, value=0}, {xcr=0, value=0}, {xcr=0, value=0}"
	NAMED(OUT, KVM_GET_XCRS, wild, "{nr_xcrs=4294967295, flags=0, xcrs=[" XCR4 ", " XCR4
	      ", " XCR4 ", " XCR4 "]}");
	NAMED(IN, KVM_SET_DEBUGREGS, debug, "{db=[0x1, 0x2, 0x3, 0x4], dr6=0xffff0ff0, dr7=0x400"
	      ", flags=0}");
	NAMED(OUT, KVM_GET_DEBUGREGS, debug, "{db=[0x1, 0x2, 0x3, 0x4], dr6=0xffff0ff0, dr7=0x400"
	      ", flags=0}");
#define EVENTS "{exception={injected=1, nr=#PF, has_error_code=1, pending=0, error_code=0x2}" \
	", interrupt={injected=0, nr=0x20, soft=0, shadow=KVM_X86_SHADOW_INT_STI}" \
	", nmi={injected=0, pending=0, masked=1}, sipi_vector=0, flags=KVM_VCPUEVENT_VALID_SMM" \
	", smi={smm=1, pending=0, smm_inside_nmi=0, latched_init=0}}"
	NAMED(IN, KVM_SET_VCPU_EVENTS, events, EVENTS);
	NAMED(OUT, KVM_GET_VCPU_EVENTS, events, EVENTS);
	NAMED(IN, KVM_SET_MP_STATE, mp, "{mp_state=KVM_MP_STATE_HALTED}");
	NAMED(OUT, KVM_GET_MP_STATE, strange, "{mp_state=99 /* KVM_MP_STATE_??? */}");
	static const struct kvm_nested_state nested = { .flags = KVM_STATE_NESTED_GIF_SET,
							.format = KVM_STATE_NESTED_FORMAT_SVM,
							.size = 0x1080 };
	request(KVM_SET_NESTED_STATE, "KVM_SET_NESTED_STATE",
		(unsigned long) tail_memdup(&nested, 8));
	printf("{flags=KVM_STATE_NESTED_GIF_SET"
	      ", format=KVM_STATE_NESTED_FORMAT_SVM, size=4224, ...}");
	end();
	memcpy(lapic.regs + 0x20, "\0\0\0\1", 4);
	memcpy(lapic.regs + 0xf0, "\xff\1\0\0", 4);
	NAMED(IN, KVM_SET_LAPIC, lapic, "{lapic:id=0x1000000, lapic:svr=0x1ff}");
	NAMED(OUT, KVM_GET_LAPIC, lapic, "{lapic:id=0x1000000, lapic:svr=0x1ff}");
	NAMED(IN, KVM_SET_GUEST_DEBUG, guest_debug, "{control=KVM_GUESTDBG_ENABLE"
	      "|KVM_GUESTDBG_SINGLESTEP, debugreg=[0x1000, 0, 0, 0, 0, 0, 0, 0x401]}");
	NAMED(IN, KVM_INTERRUPT, interrupt, "{irq=0x31}");
	NAMED(INOUT, KVM_TRANSLATE, translation, "{linear_address=0x1000}",
	      "{physical_address=0x2000, valid=1, writeable=0, usermode=0}");
	NAMED(IN, KVM_TPR_ACCESS_REPORTING, tpr, "{enabled=1, flags=0}");
	NAMED(IN, KVM_X86_SET_MCE, mce, "{status=0x1, addr=0x2, misc=0, mcg_status=0, bank=3}");
	NAMED(OUT, KVM_GET_SREGS2, sregs, "{cs={base=0xffff0000, limit=0xffff, selector=0xf000"
	      ", type=0xb, present=1, dpl=0, db=0, s=1, l=0, g=0, avl=0}, ...}");

	void *p = tail_memdup(&cpuid, sizeof(cpuid));

	request(KVM_GET_CPUID2, "KVM_GET_CPUID2", (unsigned long) p);
	if (RETVAL >= 0)
		printf("{nent=1, entries=[...]}");
	else
		printf("%p", p);
	end();
	p = tail_memdup(&mask, sizeof(mask));
	request(KVM_SET_SIGNAL_MASK, "KVM_SET_SIGNAL_MASK", (unsigned long) p);
	printf("{len=8, sigset=[USR1]}");
	end();
}

static void
numbered(void)
{
	static const uint32_t value = 0x12345678;
	const struct kvm_one_reg reg = { .id = 0x2020000000000001,
					 .addr = (unsigned long) tail_memdup(&value, 4) };
	const struct kvm_one_reg bad_reg = { .id = 0x2030000000000001, .addr = reg.addr };
	const struct {
		struct kvm_reg_list head;
		uint64_t id;
	} list = { { .n = 1 }, 0x2030000000000002 };
	void *const p = tail_memdup(&list, sizeof(list));

	NAMED(IN, KVM_SET_ONE_REG, reg, "{id=0x2020000000000001 /* KVM_REG_SIZE_U32 */"
	      ", addr=[0x12345678]}");
	NAMED(OUT, KVM_GET_ONE_REG, reg, "{id=0x2020000000000001 /* KVM_REG_SIZE_U32 */"
	      ", addr=[0x12345678]}");
	NAMED(IN, KVM_SET_ONE_REG, bad_reg, "{id=0x2030000000000001 /* KVM_REG_SIZE_U64 */"
	      ", addr=%#llx}", (unsigned long long) reg.addr);
	request(KVM_GET_REG_LIST, "KVM_GET_REG_LIST", (unsigned long) p);
	if (RETVAL >= 0)
		printf("{n=1, reg=[0x2030000000000002 /* KVM_REG_SIZE_U64 */]}");
	else
		printf("%p", p);
	end();
}

int
main(void)
{
	memory();
	dirty_log();
	interrupts();
	devices();
	msrs();
	registers();
	numbered();
	puts("+++ exited with 0 +++");
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which decoder has which ioctl of /dev/kvm. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm_classic.h"

#include "kvm2_compat.h"
#include "kvm_classic_run.h"
#include "kvm_classic_uapi.h"

enum direction {
	IN,	/* printed at the entry */
	OUT,	/* printed at the exit */
	INOUT,	/* at the entry; of a success at the exit again, after "=>" */
};

static const struct request {
	unsigned int code;
	enum direction direction;
	void (*print)(struct tcb *, uint64_t arg);
	int result;
} requests[] = {
#define REQUEST(code_, direction_, decoder_, result_)			\
	{ code_, direction_, kvm_classic_print_##decoder_, result_ }

	/* /dev/kvm */
	REQUEST(KVM_GET_MSR_INDEX_LIST,		OUT,	msr_list, 0),
	REQUEST(KVM_GET_MSR_FEATURE_INDEX_LIST,	OUT,	msr_list, 0),
	REQUEST(KVM_X86_GET_MCE_CAP_SUPPORTED,	OUT,	number64, 0),

	/* A VM: memory. */
	REQUEST(CLASSIC_SET_USER_MEMORY_REGION2, IN,	memory_region2, 0),
	REQUEST(CLASSIC_CREATE_GUEST_MEMFD,	IN,	guest_memfd, RVAL_FD),
	REQUEST(CLASSIC_SET_MEMORY_ATTRIBUTES,	IN,	memory_attributes, 0),
	REQUEST(KVM_GET_DIRTY_LOG,		OUT,	get_dirty_log, 0),
	REQUEST(KVM_CLEAR_DIRTY_LOG,		IN,	clear_dirty_log, 0),
	REQUEST(KVM_SET_TSS_ADDR,		IN,	number, 0),
	REQUEST(KVM_SET_IDENTITY_MAP_ADDR,	IN,	number64, 0),
	REQUEST(KVM_REGISTER_COALESCED_MMIO,	IN,	coalesced_zone, 0),
	REQUEST(KVM_UNREGISTER_COALESCED_MMIO,	IN,	coalesced_zone, 0),

	/* Interrupts. */
	REQUEST(KVM_IRQ_LINE,			IN,	irq_level, 0),
	REQUEST(KVM_IRQ_LINE_STATUS,		INOUT,	irq_level, 0),
	REQUEST(KVM_SET_GSI_ROUTING,		IN,	irq_routing, 0),
	REQUEST(KVM_IRQFD,			IN,	irqfd, 0),
	REQUEST(KVM_IOEVENTFD,			IN,	ioeventfd, 0),
	REQUEST(KVM_SIGNAL_MSI,			IN,	signal_msi, 0),
	REQUEST(KVM_GET_IRQCHIP,		OUT,	irqchip, 0),
	REQUEST(KVM_SET_IRQCHIP,		IN,	irqchip, 0),
	REQUEST(KVM_CREATE_PIT2,		IN,	pit_config, 0),
	REQUEST(KVM_GET_PIT2,			OUT,	pit, 0),
	REQUEST(KVM_SET_PIT2,			IN,	pit, 0),
	REQUEST(KVM_REINJECT_CONTROL,		IN,	reinject_control, 0),

	/* Devices and the rest of a VM. */
	REQUEST(KVM_CREATE_DEVICE,		INOUT,	create_device, 0),
	REQUEST(KVM_SET_DEVICE_ATTR,		IN,	device_attr, 0),
	REQUEST(KVM_GET_DEVICE_ATTR,		IN,	device_attr, 0),
	REQUEST(KVM_HAS_DEVICE_ATTR,		IN,	device_attr, 0),
	REQUEST(KVM_ENABLE_CAP,			IN,	enable_cap, 0),
	REQUEST(KVM_GET_CLOCK,			OUT,	clock, 0),
	REQUEST(KVM_SET_CLOCK,			IN,	clock, 0),
	REQUEST(KVM_X86_SET_MSR_FILTER,		IN,	msr_filter, 0),

	/* A vcpu. */
	REQUEST(KVM_GET_MSRS,			OUT,	get_msrs, 0),
	REQUEST(KVM_SET_MSRS,			IN,	set_msrs, 0),
	REQUEST(KVM_GET_CPUID2,			OUT,	cpuid2, 0),
	REQUEST(KVM_GET_SUPPORTED_HV_CPUID,	OUT,	cpuid2, 0),
	REQUEST(KVM_GET_FPU,			OUT,	fpu, 0),
	REQUEST(KVM_SET_FPU,			IN,	fpu, 0),
	REQUEST(KVM_GET_XSAVE,			OUT,	xsave, 0),
	REQUEST(KVM_GET_XSAVE2,			OUT,	xsave, 0),
	REQUEST(KVM_SET_XSAVE,			IN,	xsave, 0),
	REQUEST(KVM_GET_XCRS,			OUT,	xcrs, 0),
	REQUEST(KVM_SET_XCRS,			IN,	xcrs, 0),
	REQUEST(KVM_GET_SREGS2,			OUT,	sregs2, 0),
	REQUEST(KVM_SET_SREGS2,			IN,	sregs2, 0),
	REQUEST(KVM_GET_DEBUGREGS,		OUT,	debugregs, 0),
	REQUEST(KVM_SET_DEBUGREGS,		IN,	debugregs, 0),
	REQUEST(KVM_GET_VCPU_EVENTS,		OUT,	vcpu_events, 0),
	REQUEST(KVM_SET_VCPU_EVENTS,		IN,	vcpu_events, 0),
	REQUEST(KVM_GET_MP_STATE,		OUT,	mp_state, 0),
	REQUEST(KVM_SET_MP_STATE,		IN,	mp_state, 0),
	REQUEST(KVM_GET_NESTED_STATE,		OUT,	nested_state, 0),
	REQUEST(KVM_SET_NESTED_STATE,		IN,	nested_state, 0),
	REQUEST(KVM_GET_LAPIC,			OUT,	lapic, 0),
	REQUEST(KVM_SET_LAPIC,			IN,	lapic, 0),
	REQUEST(KVM_SET_GUEST_DEBUG,		IN,	guest_debug, 0),
	REQUEST(KVM_INTERRUPT,			IN,	interrupt, 0),
	REQUEST(KVM_TRANSLATE,			INOUT,	translation, 0),
	REQUEST(KVM_SET_SIGNAL_MASK,		IN,	signal_mask, 0),
	REQUEST(KVM_TPR_ACCESS_REPORTING,	IN,	tpr_access, 0),
	REQUEST(KVM_SET_VAPIC_ADDR,		IN,	number64, 0),
	REQUEST(KVM_SET_TSC_KHZ,		IN,	number, 0),
	REQUEST(KVM_GET_ONE_REG,		OUT,	one_reg, 0),
	REQUEST(KVM_SET_ONE_REG,		IN,	one_reg, 0),
	REQUEST(KVM_GET_REG_LIST,		OUT,	reg_list, 0),
	REQUEST(KVM_X86_SETUP_MCE,		IN,	number64, 0),
	REQUEST(KVM_X86_SET_MCE,		IN,	mce, 0),
#undef REQUEST
};

static const struct request *
find_request(unsigned int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].code == code)
			return &requests[i];
	return NULL;
}

static int
decode(struct tcb *const tcp, const struct request *request,
       const uint64_t arg)
{
	if (entering(tcp)) {
		if (request->direction == OUT)
			return 0;
		kvm2_next_arg("argp");
		request->print(tcp, arg);
		return request->direction == IN ?
		       RVAL_IOCTL_DECODED | request->result : 0;
	}
	if (request->direction == OUT) {
		kvm2_next_arg("argp");
		if (syserror(tcp))
			printaddr(arg);
		else
			request->print(tcp, arg);
	} else if (request->direction == INOUT && !syserror(tcp)) {
		tprint_value_changed();
		request->print(tcp, arg);
	}
	return RVAL_IOCTL_DECODED | request->result;
}

bool
kvm_classic_ioctl(struct tcb *const tcp, const unsigned int code,
		  const uint64_t arg, int *const result)
{
	const struct request *request;

	if (code == KVM_RUN)
		return kvm_classic_run(tcp, arg, result);
	if (entering(tcp) && (code == KVM_SET_USER_MEMORY_REGION ||
			      code == CLASSIC_SET_USER_MEMORY_REGION2))
		kvm_classic_note_slot(tcp, arg);
	request = find_request(code);
	if (!request)
		return false;
	*result = decode(tcp, request, arg);
	return true;
}

// SPDX-License-Identifier: LGPL-2.1
/*
 * LAPIC on KVM_GET_LAPIC and KVM_SET_LAPIC, and TSC on the vcpu's TSC
 * attribute, KVM_SET_TSC_KHZ and the TSC's MSR.
 */
#include "state_classic.h"

#include <string.h>

#define NR_NUMBERS	64
#define APIC_BASE_EXTD	(1ULL << 10)	/* x2APIC mode, in APIC_BASE */
#define MSR_TSC		0x10U

/* Numbers are offsets in the page of registers >> 4. */
enum {
	LAPIC_ID = 0x02,
	LAPIC_VERSION = 0x03,
	LAPIC_TPR = 0x08,
	LAPIC_APR = 0x09,
	LAPIC_PPR = 0x0a,
	LAPIC_LDR = 0x0d,
	LAPIC_SVR = 0x0f,
	LAPIC_ISR0 = 0x10,
	LAPIC_IRR7 = 0x27,
	LAPIC_ESR = 0x28,
	LAPIC_LVT_CMCI = 0x2f,
	LAPIC_TMICT = 0x38,
	LAPIC_TMCCT = 0x39,
	LAPIC_TDCR = 0x3e,
};

/* ---- LAPIC ---- */

#define REGISTER(attributes)	{ sizeof(uint32_t), attributes, GROUP_LAPIC }
#define RO			(KVM2_ATTR_READ_ONLY | KVM2_ATTR_GUEST_READ_ONLY)

/* EOI and SELF_IPI are no state, and RRD is not there. */
static const struct classic_register lapic_registers[NR_NUMBERS] = {
	[LAPIC_ID] = REGISTER(0),
	[LAPIC_VERSION] = REGISTER(RO),
	[LAPIC_TPR] = REGISTER(0),
	[LAPIC_APR ... LAPIC_PPR] = REGISTER(RO),
	[LAPIC_LDR ... LAPIC_SVR] = REGISTER(0),
	[LAPIC_ISR0 ... LAPIC_IRR7] = REGISTER(KVM2_ATTR_GUEST_READ_ONLY),
	[LAPIC_ESR] = REGISTER(0),
	[LAPIC_LVT_CMCI ... LAPIC_TMICT] = REGISTER(0),
	[LAPIC_TMCCT] = REGISTER(KVM2_ATTR_GUEST_READ_ONLY),
	[LAPIC_TDCR] = REGISTER(0),
};

static char *register_at(struct kvm_lapic_state *page, uint64_t number)
{
	return page->regs + (number << 4);
}

int kvm2_classic_lapic_fetch(struct classic_state *s, struct classic_values *values)
{
	return classic_vcpu_ioctl(s->vcpu, KVM_GET_LAPIC, &values->lapic);
}

/*
 * The mode is that before the call: to leave x2APIC and to set what it keeps
 * fixed takes two calls.
 */
int kvm2_classic_lapic_find(struct classic_state *s, uint64_t number,
			    struct classic_register *reg)
{
	uint32_t count;
	int ret;

	if (number >= NR_NUMBERS)
		return -ENOENT;
	*reg = lapic_registers[number];
	if (!reg->size)
		return -ENOENT;
	if (number == LAPIC_ID || number == LAPIC_LDR) {
		ret = kvm2_classic_fetch(s, GROUP_SREGS);
		if (ret < 0)
			return ret;
		if ((s->is_set ? s->old : s->now).control[KVM2_CONTROL_APIC_BASE] &
		    APIC_BASE_EXTD)
			reg->attributes |= RO;
	} else if (number == LAPIC_TMCCT) {
		/* A timer that does not run shows 0, and stays so. */
		ret = kvm2_classic_fetch(s, GROUP_LAPIC);
		if (ret < 0)
			return ret;
		memcpy(&count, register_at(&s->now.lapic, number), sizeof(count));
		if (count)
			reg->attributes |= KVM2_ATTR_VOLATILE;
	}
	return 0;
}

int kvm2_classic_lapic_read(struct classic_state *s, uint64_t number, void *value,
			    uint32_t size)
{
	memcpy(value, register_at(&s->now.lapic, number), size);
	return 0;
}

int kvm2_classic_lapic_write(struct classic_state *s, uint64_t number, const void *value,
			     uint32_t size)
{
	char *now = register_at(&s->now.lapic, number);

	if (memcmp(now, value, size)) {
		memcpy(now, value, size);
		s->dirty |= 1U << GROUP_LAPIC;
	}
	return 0;
}

int kvm2_classic_lapic_list(struct classic_state *s, struct classic_lister *lister)
{
	int ret = 0;

	for (uint64_t number = 0; number < NR_NUMBERS && ret == 0; number++)
		ret = kvm2_classic_list_register(s, lister, KVM2_SET_LAPIC, number);
	return ret;
}

/* In x2APIC mode, to which this call may lead, KVM would refuse these. */
int kvm2_classic_lapic_check(struct classic_state *s)
{
	static const unsigned int fixed[] = { LAPIC_ID, LAPIC_LDR };
	int ret = kvm2_classic_fetch(s, GROUP_SREGS);

	if (ret < 0 || !(s->now.control[KVM2_CONTROL_APIC_BASE] & APIC_BASE_EXTD))
		return ret;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (!classic_is_named(s, KVM2_SET_LAPIC, fixed[i]))
			continue;
		kvm2_classic_refuse(s, KVM2_SET_LAPIC, fixed[i]);
		return -EACCES;
	}
	return 0;
}

/*
 * Other vcpus and devices set bits of IRR at any time: fetch the page again,
 * change the registers named and no other, and give it back at once. A new
 * initial count without a current one starts a new period, as a write by the
 * guest does.
 */
int kvm2_classic_lapic_commit(struct classic_state *s, const struct classic_values *values)
{
	struct kvm_lapic_state from = values->lapic;
	struct kvm_lapic_state page;
	int ret = classic_vcpu_ioctl(s->vcpu, KVM_GET_LAPIC, &page);

	if (ret < 0)
		return ret;
	if (memcmp(register_at(&page, LAPIC_TMICT), register_at(&from, LAPIC_TMICT),
		   sizeof(uint32_t)) && !classic_is_named(s, KVM2_SET_LAPIC, LAPIC_TMCCT))
		memcpy(register_at(&page, LAPIC_TMCCT), register_at(&from, LAPIC_TMICT),
		       sizeof(uint32_t));
	for (unsigned int number = 0; number < NR_NUMBERS; number++)
		if (classic_is_named(s, KVM2_SET_LAPIC, number))
			memcpy(register_at(&page, number), register_at(&from, number),
			       sizeof(uint32_t));
	return classic_vcpu_ioctl(s->vcpu, KVM_SET_LAPIC, &page);
}

/* ---- TSC ---- */

static int access_offset(const struct vcpu_classic *vcpu, unsigned long request,
			 uint64_t *offset)
{
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)offset,
	};

	return classic_vcpu_ioctl(vcpu, request, &attr);
}

/* The int that ioctl() returns may be a frequency of 2 THz or more. */
static int get_khz(const struct vcpu_classic *vcpu, uint64_t *khz)
{
	int ret;

	if (vcpu->remote) {
		ret = classic_vcpu_ioctl_value(vcpu, KVM_GET_TSC_KHZ, 0);
		if (ret < 0)
			return ret;
	} else {
		ret = ioctl(vcpu->fd, KVM_GET_TSC_KHZ, 0);
		if (ret == -1)
			return -errno;
	}
	*khz = (uint32_t)ret;
	return 0;
}

int kvm2_classic_tsc_fetch(struct classic_state *s, struct classic_values *values)
{
	int ret = get_khz(s->vcpu, &values->tsc[KVM2_TSC_KHZ]);

	if (ret < 0)
		return ret;
	ret = access_offset(s->vcpu, KVM_GET_DEVICE_ATTR, &values->tsc[KVM2_TSC_OFFSET]);
	if (ret < 0)
		return ret;
	return kvm2_classic_msr_get_one(s->vcpu, MSR_TSC, &values->tsc[KVM2_TSC_VALUE]);
}

static int commit_khz(struct classic_state *s, uint64_t khz)
{
	uint64_t now = 0;
	int ret = get_khz(s->vcpu, &now);

	if (ret < 0 || now == khz)
		return ret;
	/* KVM takes 0 for the host's own. */
	return khz ? classic_vcpu_ioctl_value(s->vcpu, KVM_SET_TSC_KHZ, khz) : -EINVAL;
}

/* The value moves the offset, without KVM's guess of which vcpus are in step. */
static int commit_value(struct classic_state *s, uint64_t wanted)
{
	uint64_t offset;
	uint64_t value;
	int ret;

	ret = access_offset(s->vcpu, KVM_GET_DEVICE_ATTR, &offset);
	if (ret == 0)
		ret = kvm2_classic_msr_get_one(s->vcpu, MSR_TSC, &value);
	if (ret < 0)
		return ret;
	offset += wanted - value;
	return access_offset(s->vcpu, KVM_SET_DEVICE_ATTR, &offset);
}

/*
 * When a call names the value and the offset, as one does that writes back
 * all it has read, the offset counts: the TSC goes on.
 */
int kvm2_classic_tsc_commit(struct classic_state *s, const struct classic_values *values)
{
	bool is_undo = values == &s->old;
	uint64_t offset = values->tsc[KVM2_TSC_OFFSET];
	int ret = commit_khz(s, values->tsc[KVM2_TSC_KHZ]);

	if (ret < 0) {
		kvm2_classic_refuse(s, KVM2_SET_TSC, KVM2_TSC_KHZ);
		return ret;
	}
	if (!is_undo && classic_is_named(s, KVM2_SET_TSC, KVM2_TSC_VALUE) &&
	    !classic_is_named(s, KVM2_SET_TSC, KVM2_TSC_OFFSET))
		return commit_value(s, values->tsc[KVM2_TSC_VALUE]);
	if (!is_undo && offset == s->old.tsc[KVM2_TSC_OFFSET])
		return 0;
	return access_offset(s->vcpu, KVM_SET_DEVICE_ATTR, &offset);
}

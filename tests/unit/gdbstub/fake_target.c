// SPDX-License-Identifier: GPL-2.0
// A target without a guest.
#include "fake_target.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/kvm2.h>

/* The registers of the fake, of each vcpu 64 bytes each. */
static const struct {
	uint32_t set;
	uint64_t number;
	uint32_t size;
} tags[] = {
	{ KVM2_SET_GPR, KVM2_GPR_RAX, 8 },
	{ KVM2_SET_GPR, KVM2_GPR_RBX, 8 },
	{ KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 8 },
	{ KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 8 },
	{ KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 8 },
	{ KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 8 },
	{ KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 8 },
	{ KVM2_SET_CONTROL, KVM2_CONTROL_EFER, 8 },
	{ KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, 16 },
	{ KVM2_SET_SEGMENT, KVM2_SEGMENT_SS, 16 },
	{ KVM2_SET_MP, KVM2_MP_STATE, 4 },
	{ KVM2_SET_GPR, KVM2_GPR_RSP, 8 },
	{ KVM2_SET_GPR, KVM2_GPR_R11, 8 },
	{ KVM2_SET_SEGMENT, KVM2_SEGMENT_TR, 16 },
	{ KVM2_SET_DEBUG, KVM2_DEBUG_DR0, 8 },
	{ KVM2_SET_DEBUG, KVM2_DEBUG_DR1, 8 },
	{ KVM2_SET_DEBUG, KVM2_DEBUG_DR2, 8 },
	{ KVM2_SET_DEBUG, KVM2_DEBUG_DR3, 8 },
	{ KVM2_SET_DEBUG, KVM2_DEBUG_DR7, 8 },
	{ KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, 24 },
};

_Static_assert(sizeof(tags) / sizeof(tags[0]) == FAKE_REGISTERS, "one value each");

static struct fake *of(struct target *target)
{
	return (struct fake *)target;
}

static void fake_detach(struct target *target)
{
	struct fake *f = of(target);

	if (f->after) {
		*f->after = *f;
		f->after->detached = true;
	}
	free(target->vcpus);
	free(target);
}

static int fake_refresh(struct target *target)
{
	(void)target;
	return 0;
}

static int fake_interrupt(struct target *target, unsigned int vcpu)
{
	of(target)->asked[vcpu] = true;
	return 0;
}

static int fake_resume(struct target *target, unsigned int vcpu)
{
	assert(!of(target)->running[vcpu]);
	assert(of(target)->debug[vcpu].software || !of(target)->patches);
	of(target)->running[vcpu] = true;
	of(target)->crashed[vcpu] = false;
	return 0;
}

static int fake_set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug)
{
	assert(!of(target)->running[vcpu]);
	of(target)->debug[vcpu] = *debug;
	of(target)->sets[vcpu]++;
	return 0;
}

static int fake_set_trap_flag(struct target *target, unsigned int vcpu)
{
	assert(!of(target)->running[vcpu] && of(target)->debug[vcpu].step);
	of(target)->flags[vcpu]++;
	return 0;
}

static int fake_reflect(struct target *target, unsigned int vcpu,
			const struct kvm2_debug_event *debug)
{
	assert(!of(target)->running[vcpu]);
	of(target)->given[vcpu] = *debug;
	of(target)->reflected++;
	return 0;
}

static int fake_retract(struct target *target, unsigned int vcpu)
{
	assert(!of(target)->running[vcpu] && of(target)->crashed[vcpu]);
	of(target)->crashed[vcpu] = false;
	of(target)->retracted++;
	return 0;
}

static int fake_next_event(struct target *target, struct target_event *event)
{
	struct fake *f = of(target);

	if (f->has_event) {
		f->has_event = false;
		f->exited |= f->event.kind == TARGET_EXITED;
		if (f->event.kind != TARGET_OTHERS_WRITE)
			f->running[f->event.vcpu] = false;
		f->crashed[f->event.vcpu] = f->event.kind == TARGET_CRASHED;
		*event = f->event;
		return 1;
	}
	for (unsigned int i = 0; i < FAKE_VCPUS; i++) {
		if (!f->asked[i])
			continue;
		f->asked[i] = false;
		if (!f->running[i])
			continue;
		f->running[i] = false;
		*event = (struct target_event){ .kind = TARGET_HELD, .vcpu = i };
		return 1;
	}
	return 0;
}

static void fake_wait(struct target *target, int ms)
{
	(void)target;
	(void)ms;
}

static uint8_t *value_of(struct fake *f, unsigned int vcpu, uint32_t set, uint64_t number)
{
	for (size_t i = 0; i < FAKE_REGISTERS; i++)
		if (tags[i].set == set && tags[i].number == number)
			return f->values[vcpu][i];
	return NULL;
}

static int fake_list(void *records, size_t size)
{
	uint8_t *at = records;

	if (!size)
		return FAKE_REGISTERS * sizeof(struct kvm2_record);
	for (size_t i = 0; i < FAKE_REGISTERS; i++) {
		const struct kvm2_record record = {
			.set = (uint16_t)tags[i].set, .size = tags[i].size, .number = tags[i].number,
		};

		memcpy(at, &record, sizeof(record));
		at += sizeof(record);
	}
	return (int)(at - (uint8_t *)records);
}

static int access_state(struct target *target, unsigned int vcpu, void *data, size_t size, bool set)
{
	struct kvm2_records records = { .data = data, .size = size, .used = size };
	struct kvm2_record *record = NULL;
	int count = 0;

	assert(!of(target)->running[vcpu]);
	while ((record = kvm2_records_next(&records, record))) {
		uint8_t *value = value_of(of(target), vcpu, record->set, record->number);

		if (!value)
			return -ENOENT;
		if (set)
			memcpy(value, record->value, record->size);
		else
			memcpy(record->value, value, record->size);
		count++;
	}
	return count;
}

static int fake_get_state(struct target *target, unsigned int vcpu, void *records, size_t size,
			  uint32_t flags)
{
	if (flags & KVM2_STATE_LIST)
		return fake_list(records, size);
	return access_state(target, vcpu, records, size, false);
}

static int fake_set_state(struct target *target, unsigned int vcpu, void *records, size_t size)
{
	return access_state(target, vcpu, records, size, true);
}

static ssize_t fake_read(struct target *target, uint64_t gpa, void *data, size_t size)
{
	if (gpa >= FAKE_MEMORY_BYTES)
		return -EFAULT;
	size = size < FAKE_MEMORY_BYTES - gpa ? size : FAKE_MEMORY_BYTES - gpa;
	memcpy(data, of(target)->memory + gpa, size);
	return (ssize_t)size;
}

static ssize_t fake_write(struct target *target, uint64_t gpa, const void *data, size_t size)
{
	assert(!of(target)->exited);
	if (gpa >= FAKE_MEMORY_BYTES)
		return -EFAULT;
	size = size < FAKE_MEMORY_BYTES - gpa ? size : FAKE_MEMORY_BYTES - gpa;
	for (uint64_t page = gpa / 4096; size && page <= (gpa + size - 1) / 4096; page++)
		assert(!of(target)->waits[page]);
	memcpy(of(target)->memory + gpa, data, size);
	return (ssize_t)size;
}

static void fake_note_patch(struct target *target, uint64_t gpa, uint8_t original, bool inserted)
{
	(void)gpa;
	(void)original;
	/* Were the stub to die now, the int3 would be the guest's. */
	for (unsigned int i = 0; i < FAKE_VCPUS && inserted; i++)
		assert(of(target)->debug[i].software || of(target)->gone[i]);
	of(target)->patches += inserted ? 1 : -1;
}

static void fake_note_copy(struct target *target, unsigned int vcpu, uint64_t pc, uint64_t gpa)
{
	assert(vcpu < FAKE_VCPUS && !of(target)->running[vcpu]);
	/* Were the stub to die now, the flag would be the guest's. */
	assert(gpa || !of(target)->copy || !(of(target)->memory[of(target)->copy] & 1));
	of(target)->copy_pc = pc;
	of(target)->copy = gpa;
}

static int fake_protect(struct target *target, unsigned int vcpu, uint64_t gpa,
			enum target_protection protection)
{
	(void)vcpu;
	assert(!of(target)->exited);
	if (gpa >= FAKE_MEMORY_BYTES || gpa % 4096)
		return -EFAULT;
	of(target)->waits[gpa / 4096] = protection == TARGET_PROTECTED;
	of(target)->is_watched[gpa / 4096] = protection != TARGET_UNPROTECTED;
	return 0;
}

static int fake_kill(struct target *target)
{
	struct fake *f = of(target);

	assert(!f->exited);
	f->killed = true;
	f->event = (struct target_event){ .kind = TARGET_EXITED, .status = 9 };
	f->has_event = true;
	return 0;
}

static const struct target_ops fake_ops = {
	.name = "fake",
	.detach = fake_detach,
	.refresh = fake_refresh,
	.interrupt = fake_interrupt,
	.resume = fake_resume,
	.set_debug = fake_set_debug,
	.set_trap_flag = fake_set_trap_flag,
	.reflect = fake_reflect,
	.retract = fake_retract,
	.next_event = fake_next_event,
	.wait = fake_wait,
	.get_state = fake_get_state,
	.set_state = fake_set_state,
	.read = fake_read,
	.write = fake_write,
	.note_patch = fake_note_patch,
	.note_copy = fake_note_copy,
	.protect = fake_protect,
	.kill = fake_kill,
};

void fake_set_bytes(struct fake *fake, unsigned int vcpu, uint32_t set, uint64_t number,
		    const void *value, size_t size)
{
	memcpy(value_of(fake, vcpu, set, number), value, size);
}

void fake_set_register(struct fake *fake, unsigned int vcpu, uint32_t set, uint64_t number,
		       uint64_t value)
{
	fake_set_bytes(fake, vcpu, set, number, &value, sizeof(value));
}

uint64_t fake_register(struct fake *fake, unsigned int vcpu, uint32_t set, uint64_t number)
{
	uint64_t value;

	memcpy(&value, value_of(fake, vcpu, set, number), sizeof(value));
	return value;
}

struct fake *fake_create(void)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	assert(fake);
	fake->base = (struct target){ .ops = &fake_ops, .pid = FAKE_PID, .nr_vcpus = FAKE_VCPUS };
	fake->base.vcpus = calloc(FAKE_VCPUS, sizeof(struct target_vcpu));
	assert(fake->base.vcpus);
	for (unsigned int i = 0; i < FAKE_VCPUS; i++) {
		fake->base.vcpus[i] = (struct target_vcpu){ .id = i, .tid = FAKE_PID + (pid_t)i };
		fake->running[i] = true;
		fake_set_register(fake, i, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 1);
		fake_set_register(fake, i, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 0x1000);
	}
	memset(fake->memory, 0x90, FAKE_MEMORY_BYTES);
	return fake;
}

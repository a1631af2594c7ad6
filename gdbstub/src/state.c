// SPDX-License-Identifier: GPL-2.0
/* The state of a held vcpu, read once and kept until it runs. */
#include "vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/kvm2.h>

void vm_forget(struct vm *vm, unsigned int vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	v->cache_is_valid = false;
	v->pc_is_valid = false;
	v->mode_is_valid = false;
}

const void *vm_records(struct vm *vm, unsigned int vcpu)
{
	const struct registers *registers = &vm->registers;
	struct vcpu *v = &vm->vcpus[vcpu];
	int ret;

	if (v->running)
		return NULL;
	if (v->cache_is_valid)
		return v->cache;
	if (!v->cache)
		v->cache = malloc(registers->template_size);
	if (!v->cache)
		return NULL;
	memcpy(v->cache, registers->template, registers->template_size);
	ret = vm->target->ops->get_state(vm->target, vcpu, v->cache, registers->template_size, 0);
	v->cache_is_valid = ret >= 0;
	return v->cache_is_valid ? v->cache : NULL;
}

int vm_read_register(struct vm *vm, unsigned int vcpu, unsigned int index,
		     uint8_t value[REGISTER_BYTES_MAX])
{
	const struct vcpu *v = &vm->vcpus[vcpu];

	if (index >= vm->registers.count || v->running)
		return index >= vm->registers.count ? -ENOENT : -EBUSY;
	/* By itself, unless all have been read: some of the others take long. */
	return register_read(&vm->registers, index,
			     v->cache_is_valid && index < vm->registers.nr_general ? v->cache : NULL,
			     vm->target, vcpu, value);
}

int vm_write_register(struct vm *vm, unsigned int vcpu, unsigned int index, const uint8_t *value)
{
	const struct gdb_register *reg = &vm->registers.all[index];
	uint64_t before = 0;
	uint64_t after = 0;
	bool is_pc;
	int err;

	if (index >= vm->registers.count || vm->vcpus[vcpu].running)
		return index >= vm->registers.count ? -ENOENT : -EBUSY;
	is_pc = reg->set == KVM2_SET_CONTROL && reg->number == KVM2_CONTROL_RIP;
	if (is_pc)
		vm_pc(vm, vcpu, &before);
	err = register_write(&vm->registers, index, vm->target, vcpu, value);
	vm_forget(vm, vcpu);
	slots_forget_own(vm, vcpu);
	if (is_pc && !vm_pc(vm, vcpu, &after) && after != before)
		vm->vcpus[vcpu].is_moved = true;
	vm_forget_pages(vm);
	vm->vcpus[vcpu].step_is_set = false;
	vm->vcpus[vcpu].acted = NULL;
	vm->vcpus[vcpu].passes = NULL;
	vm->vcpus[vcpu].has_rf = false;
	return err;
}

/* Several registers, all with room for 16 bytes, at once. */
static int get(struct vm *vm, unsigned int vcpu, const uint32_t (*tags)[3], unsigned int count,
	       struct kvm2_records *records, uint64_t *data, size_t size)
{
	int ret = vm->vcpus[vcpu].running ? -EBUSY : 0;

	kvm2_records_init(records, data, size);
	for (unsigned int i = 0; i < count && !ret; i++)
		ret = kvm2_records_add(records, tags[i][0], tags[i][1], NULL, tags[i][2]);
	if (!ret)
		ret = vm->target->ops->get_state(vm->target, vcpu, data, records->used, 0);
	return ret < 0 ? ret : 0;
}

int vm_pc(struct vm *vm, unsigned int vcpu, uint64_t *pc)
{
	static const uint32_t tags[][3] = {
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RIP, 8 },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_EFER, 8 },
		{ KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, 16 },
	};
	struct vcpu *v = &vm->vcpus[vcpu];
	struct kvm2_segment cs;
	struct kvm2_records records;
	uint64_t data[16];
	uint64_t rip;
	int err;

	if (!v->pc_is_valid) {
		err = get(vm, vcpu, tags, 3, &records, data, sizeof(data));
		if (err)
			return err;
		kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip);
		kvm2_records_get(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &cs, sizeof(cs));
		v->pc = cs.base + rip;
		v->pc_is_valid = true;
	}
	*pc = v->pc;
	return 0;
}

int vm_mode(struct vm *vm, unsigned int vcpu, struct walk_mode *mode)
{
	static const uint32_t tags[][3] = {
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 8 },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 8 },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 8 },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_EFER, 8 },
	};
	struct vcpu *v = &vm->vcpus[vcpu];
	struct kvm2_records records;
	uint64_t data[16];
	int err;

	if (!v->mode_is_valid) {
		err = get(vm, vcpu, tags, 4, &records, data, sizeof(data));
		if (err)
			return err;
		kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, &v->mode.cr0);
		kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR3, &v->mode.cr3);
		kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR4, &v->mode.cr4);
		kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, &v->mode.efer);
		v->mode_is_valid = true;
	}
	*mode = v->mode;
	if (vm->has_address_space)
		mode->cr3 = vm->address_space;
	return 0;
}

#define ACCESS_LONG	(1 << 13)
#define ACCESS_BIG	(1 << 14)
#define ACCESS_DPL	5

bool vm_is_halted(struct vm *vm, unsigned int vcpu)
{
	static const uint32_t tags[][3] = { { KVM2_SET_MP, KVM2_MP_STATE, 4 } };
	struct kvm2_records records;
	uint64_t data[4];
	uint64_t mp;

	return !get(vm, vcpu, tags, 1, &records, data, sizeof(data)) &&
	       !kvm2_records_get_u64(&records, KVM2_SET_MP, KVM2_MP_STATE, &mp) &&
	       mp == KVM2_MP_HALTED;
}

void vm_describe(struct vm *vm, unsigned int vcpu, struct buffer *text)
{
	static const uint32_t tags[][3] = {
		{ KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, 16 },
		{ KVM2_SET_SEGMENT, KVM2_SEGMENT_SS, 16 },
		{ KVM2_SET_MP, KVM2_MP_STATE, 4 },
	};
	struct kvm2_segment cs;
	struct kvm2_segment ss;
	struct kvm2_records records;
	struct walk_mode mode;
	uint64_t data[16];
	uint64_t mp;

	buffer_printf(text, "CPU %u%s", vm->target->vcpus[vcpu].id, vm->target->has_ended ? ", ended" : "");
	if (vm->vcpus[vcpu].crash)
		buffer_printf(text, " %s:", vm->vcpus[vcpu].crash);
	if (vm->vcpus[vcpu].running || vm_mode(vm, vcpu, &mode) ||
	    get(vm, vcpu, tags, 3, &records, data, sizeof(data)))
		return;
	kvm2_records_get(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &cs, sizeof(cs));
	kvm2_records_get(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_SS, &ss, sizeof(ss));
	kvm2_records_get_u64(&records, KVM2_SET_MP, KVM2_MP_STATE, &mp);
	buffer_printf(text, " %s, %s, CPL %u",
		      kvm2_mp_state_name((uint32_t)mp) ? kvm2_mp_state_name((uint32_t)mp) : "unknown",
		      walk_mode_name(&mode, cs.access & ACCESS_LONG, cs.access & ACCESS_BIG),
		      ss.access >> ACCESS_DPL & 3);
}

// SPDX-License-Identifier: LGPL-2.1
/* Machines and vcpus of either API: arguments checked, then passed on. */
#include "machine.h"

#include <errno.h>
#include <string.h>

static const struct kvm2_api_ops *const apis[] = {
	[KVM2_API_KVM2] = &kvm2_api_ops_kvm2,
	[KVM2_API_CLASSIC] = &kvm2_api_ops_classic,
};

#define NR_APIS	(sizeof(apis) / sizeof(apis[0]))

static const struct kvm2_api_ops *ops_of(enum kvm2_api api)
{
	return (unsigned int)api < NR_APIS ? apis[api] : NULL;
}

const char *kvm2_api_name(enum kvm2_api api)
{
	const struct kvm2_api_ops *ops = ops_of(api);

	return ops ? ops->name : NULL;
}

int kvm2_api_find(const char *name)
{
	for (size_t i = 0; i < NR_APIS; i++)
		if (!strcmp(apis[i]->name, name))
			return (int)i;
	return -ENOENT;
}

int kvm2_api_probe(enum kvm2_api api)
{
	const struct kvm2_api_ops *ops = ops_of(api);

	return ops ? ops->probe() : -EINVAL;
}

int kvm2_machine_create(enum kvm2_api api, const struct kvm2_vm_config *config,
			struct kvm2_machine **machine)
{
	static const struct kvm2_vm_config plain;
	const struct kvm2_api_ops *ops = ops_of(api);
	struct kvm2_machine *created;
	int ret;

	if (!ops)
		return -EINVAL;
	ret = ops->create(config ? config : &plain, &created);
	if (ret < 0)
		return ret;
	created->ops = ops;
	created->api = api;
	*machine = created;
	return 0;
}

void kvm2_machine_destroy(struct kvm2_machine *machine)
{
	if (machine)
		machine->ops->destroy(machine);
}

enum kvm2_api kvm2_machine_api(const struct kvm2_machine *machine)
{
	return machine->api;
}

int kvm2_machine_set_memory_map(struct kvm2_machine *machine,
				const struct kvm2_memory_map *map)
{
	return machine->ops->set_memory_map(machine, map);
}

int kvm2_machine_get_dirty_log(struct kvm2_machine *machine,
			       struct kvm2_dirty_log *log)
{
	return machine->ops->get_dirty_log(machine, log);
}

/* ---- vcpus ---- */

static bool is_mine(const struct kvm2_vcpu *vcpu)
{
	return pthread_equal(vcpu->thread, pthread_self());
}

int kvm2_vcpu_create(struct kvm2_machine *machine, uint32_t id,
		     uint32_t flags, struct kvm2_vcpu **vcpu)
{
	struct kvm2_vcpu *created;
	int ret = machine->ops->vcpu_create(machine, id, flags, &created);

	if (ret < 0)
		return ret;
	created->ops = machine->ops;
	created->machine = machine;
	created->thread = pthread_self();
	created->id = id;
	*vcpu = created;
	return ret;
}

void kvm2_vcpu_destroy(struct kvm2_vcpu *vcpu)
{
	if (vcpu)
		vcpu->ops->vcpu_destroy(vcpu);
}

uint32_t kvm2_vcpu_id(const struct kvm2_vcpu *vcpu)
{
	return vcpu->id;
}

int kvm2_vcpu_enter(struct kvm2_vcpu *vcpu, struct kvm2_run *run,
		    const sigset_t *mask)
{
	return is_mine(vcpu) ? vcpu->ops->enter(vcpu, run, mask) : -EPERM;
}

void kvm2_vcpu_kick(struct kvm2_vcpu *vcpu)
{
	vcpu->ops->kick(vcpu);
}

int kvm2_vcpu_get_state(struct kvm2_vcpu *vcpu, void *records, size_t size,
			uint32_t flags)
{
	return is_mine(vcpu) ? vcpu->ops->get_state(vcpu, records, size, flags) : -EPERM;
}

int kvm2_vcpu_set_state(struct kvm2_vcpu *vcpu, void *records, size_t size,
			uint32_t flags)
{
	return is_mine(vcpu) ? vcpu->ops->set_state(vcpu, records, size, flags) : -EPERM;
}

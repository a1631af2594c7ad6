/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * What a machine and a vcpu are for all APIs, and the table of calls by which
 * each API serves them. An API embeds these structures in its own.
 */
#ifndef KVM2_MACHINE_H
#define KVM2_MACHINE_H

#include <kvm2/kvm2.h>

#include <pthread.h>
#include <stddef.h>

#define container_of(pointer, type, member)				\
	((type *)((char *)(pointer) - offsetof(type, member)))

/*
 * Each is what the public function of that name says, with arguments that
 * have been checked: a known API, the right thread, a config that is there.
 */
struct kvm2_api_ops {
	const char *name;
	int (*probe)(void);
	int (*create)(const struct kvm2_vm_config *config,
		      struct kvm2_machine **machine);
	void (*destroy)(struct kvm2_machine *machine);
	int (*set_memory_map)(struct kvm2_machine *machine,
			      const struct kvm2_memory_map *map);
	int (*get_dirty_log)(struct kvm2_machine *machine,
			     struct kvm2_dirty_log *log);
	/* Leaves the members of struct kvm2_vcpu to the caller. */
	int (*vcpu_create)(struct kvm2_machine *machine, uint32_t id,
			   uint32_t flags, struct kvm2_vcpu **vcpu);
	void (*vcpu_destroy)(struct kvm2_vcpu *vcpu);
	int (*enter)(struct kvm2_vcpu *vcpu, struct kvm2_run *run,
		     const sigset_t *mask);
	void (*kick)(struct kvm2_vcpu *vcpu);
	int (*get_state)(struct kvm2_vcpu *vcpu, void *records, size_t size,
			 uint32_t flags);
	int (*set_state)(struct kvm2_vcpu *vcpu, void *records, size_t size,
			 uint32_t flags);
};

extern const struct kvm2_api_ops kvm2_api_ops_kvm2;
extern const struct kvm2_api_ops kvm2_api_ops_classic;

struct kvm2_machine {
	const struct kvm2_api_ops *ops;
	enum kvm2_api api;
};

struct kvm2_vcpu {
	const struct kvm2_api_ops *ops;
	struct kvm2_machine *machine;
	pthread_t thread;	/* that created it */
	uint32_t id;
};

#endif /* KVM2_MACHINE_H */

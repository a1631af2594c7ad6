// SPDX-License-Identifier: LGPL-2.1
/* Machines and vcpus by the kvm2 system calls. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* The VM is the address space's: there is nothing to keep. */
struct machine_kvm2 {
	struct kvm2_machine base;
};

/*
 * @kicked and @run are written by kick(), which runs in signal handlers of
 * the vcpu's own thread: there is no other thread to order them against.
 */
struct vcpu_kvm2 {
	struct kvm2_vcpu base;
	volatile sig_atomic_t kicked;
	struct kvm2_run *volatile run;	/* the caller's, while in enter() */
};

static struct vcpu_kvm2 *vcpu_of(struct kvm2_vcpu *base)
{
	return container_of(base, struct vcpu_kvm2, base);
}

static int kvm_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int probe(void)
{
	int fd = kvm_open();
	int ret;

	if (fd < 0)
		return fd;
	close(fd);
	/* Changes nothing, whether this thread has a vcpu or not. */
	ret = kvm2_sys_get_state(KVM2_SELF, NULL, 0, KVM2_STATE_LIST | KVM2_STATE_HEADERS);
	return ret == -ENOSYS ? ret : 0;
}

static int create(const struct kvm2_vm_config *config,
		  struct kvm2_machine **machine)
{
	struct machine_kvm2 *created;
	int ret;
	int fd;

	created = calloc(1, sizeof(*created));
	if (!created)
		return -ENOMEM;
	fd = kvm_open();
	if (fd < 0) {
		ret = fd;
		goto err_free;
	}
	ret = kvm2_sys_create_vm(fd, config, sizeof(*config));
	close(fd);
	if (ret < 0)
		goto err_free;
	*machine = &created->base;
	return 0;

err_free:
	free(created);
	return ret;
}

static void destroy(struct kvm2_machine *machine)
{
	free(container_of(machine, struct machine_kvm2, base));
}

static int set_memory_map(struct kvm2_machine *machine,
			  const struct kvm2_memory_map *map)
{
	(void)machine;
	return kvm2_sys_set_memory_map(map, sizeof(*map));
}

static int get_dirty_log(struct kvm2_machine *machine,
			 struct kvm2_dirty_log *log)
{
	(void)machine;
	return kvm2_sys_get_dirty_log(log, sizeof(*log));
}

static int vcpu_create(struct kvm2_machine *machine, uint32_t id,
		       uint32_t flags, struct kvm2_vcpu **vcpu)
{
	struct vcpu_kvm2 *created = calloc(1, sizeof(*created));
	int ret;

	(void)machine;
	if (!created)
		return -ENOMEM;
	ret = kvm2_sys_create_vcpu(id, flags);
	if (ret < 0) {
		free(created);
		return ret;
	}
	*vcpu = &created->base;
	return ret;
}

static void vcpu_destroy(struct kvm2_vcpu *base)
{
	free(vcpu_of(base));
}

static int enter(struct kvm2_vcpu *base, struct kvm2_run *run,
		 const sigset_t *mask)
{
	struct vcpu_kvm2 *vcpu = vcpu_of(base);
	uint32_t flags = run->flags;
	int ret;

	/* A handler that runs from here on sets the flag itself. */
	vcpu->run = run;
	atomic_signal_fence(memory_order_seq_cst);
	if (vcpu->kicked)
		run->flags |= KVM2_RUN_IMMEDIATE_EXIT;

	ret = kvm2_sys_enter_guest(run, sizeof(*run), mask,
				   mask ? KVM2_SIGSET_SIZE : 0);

	vcpu->run = NULL;
	atomic_signal_fence(memory_order_seq_cst);
	run->flags = flags;
	if (ret == -EINTR)
		vcpu->kicked = 0;
	return ret;
}

static void kick(struct kvm2_vcpu *base)
{
	struct vcpu_kvm2 *vcpu = vcpu_of(base);
	struct kvm2_run *run;

	vcpu->kicked = 1;
	atomic_signal_fence(memory_order_seq_cst);
	run = vcpu->run;
	if (run)
		run->flags |= KVM2_RUN_IMMEDIATE_EXIT;
}

static int get_state(struct kvm2_vcpu *base, void *records, size_t size,
		     uint32_t flags)
{
	(void)base;
	return kvm2_sys_get_state(KVM2_SELF, records, size, flags);
}

static int set_state(struct kvm2_vcpu *base, void *records, size_t size,
		     uint32_t flags)
{
	(void)base;
	return kvm2_sys_set_state(KVM2_SELF, records, size, flags);
}

const struct kvm2_api_ops kvm2_api_ops_kvm2 = {
	.name = "kvm2",
	.probe = probe,
	.create = create,
	.destroy = destroy,
	.set_memory_map = set_memory_map,
	.get_dirty_log = get_dirty_log,
	.vcpu_create = vcpu_create,
	.vcpu_destroy = vcpu_destroy,
	.enter = enter,
	.kick = kick,
	.get_state = get_state,
	.set_state = set_state,
};

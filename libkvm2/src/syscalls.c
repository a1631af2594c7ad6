// SPDX-License-Identifier: LGPL-2.1
/* The kvm2 system calls, and thread pidfds, with errno as the return value. */
#include <kvm2/kvm2.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

static int result_of(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

int kvm2_sys_create_vm(int kvm_fd, const struct kvm2_vm_config *config,
		       size_t size)
{
	return result_of(syscall(__NR_kvm_create_vm, kvm_fd, config, size));
}

int kvm2_sys_create_vcpu(uint32_t id, uint32_t flags)
{
	return result_of(syscall(__NR_kvm_create_vcpu, id, flags));
}

int kvm2_sys_enter_guest(struct kvm2_run *run, size_t size,
			 const sigset_t *mask, size_t masksize)
{
	return result_of(syscall(__NR_kvm_enter_guest, run, size, mask,
				 masksize));
}

int kvm2_sys_get_state(int vcpu, void *records, size_t size, uint32_t flags)
{
	return result_of(syscall(__NR_kvm_get_state, vcpu, records, size,
				 flags));
}

int kvm2_sys_set_state(int vcpu, void *records, size_t size, uint32_t flags)
{
	return result_of(syscall(__NR_kvm_set_state, vcpu, records, size,
				 flags));
}

int kvm2_sys_set_memory_map(const struct kvm2_memory_map *map, size_t size)
{
	return result_of(syscall(__NR_kvm_set_memory_map, map, size));
}

int kvm2_sys_get_dirty_log(struct kvm2_dirty_log *log, size_t size)
{
	return result_of(syscall(__NR_kvm_get_dirty_log, log, size));
}

int kvm2_sys_attach_io(const struct kvm2_io *io, size_t size)
{
	return result_of(syscall(__NR_kvm_attach_io, io, size));
}

int kvm2_sys_attach_irq(const struct kvm2_irq *irq, size_t size)
{
	return result_of(syscall(__NR_kvm_attach_irq, irq, size));
}

int kvm2_sys_apic_message(const struct kvm2_apic_message *message, size_t size)
{
	return result_of(syscall(__NR_kvm_apic_message, message, size));
}

int kvm2_thread_pidfd_open(pid_t tid)
{
	return result_of(syscall(SYS_pidfd_open, tid, PIDFD_THREAD));
}

/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * State of a vcpu of /dev/kvm that belongs to another process, by ioctls that
 * the caller makes there. For the suite's own programs: not in the shared
 * library.
 */
#ifndef KVM2_REMOTE_H
#define KVM2_REMOTE_H

#include <stddef.h>
#include <stdint.h>

/**
 * typedef kvm2_remote_ioctl - make an ioctl on the vcpu
 * @request:  of <linux/kvm.h>
 * @argument: what it points to; NULL: @value is the argument
 * @size:     bytes of @argument, which are copied as the request's direction says
 * @pointer_offset: of a pointer in @argument to 8 more bytes behind it, which
 *	      are copied both ways; 0: there is none
 * Return: 0 or more, as of ioctl(2); a negative errno.
 */
typedef int kvm2_remote_ioctl(void *context, unsigned long request, void *argument, size_t size,
			      size_t pointer_offset, unsigned long value);

struct kvm2_remote;

/**
 * kvm2_remote_create() - a vcpu of another process
 * @id: its number
 * @kvm_fd: /dev/kvm, or -1: without HOST_CPUID and the list of MSRs
 * Return: 0 and @remote, to be destroyed; a negative errno.
 */
int kvm2_remote_create(uint32_t id, int kvm_fd, kvm2_remote_ioctl *make, void *context,
		       struct kvm2_remote **remote);

/* NULL is allowed. @kvm_fd stays open. */
void kvm2_remote_destroy(struct kvm2_remote *remote);

/* As kvm2_vcpu_get_state() and kvm2_vcpu_set_state(). */
int kvm2_remote_get_state(struct kvm2_remote *remote, void *records, size_t size,
			  uint32_t flags);
int kvm2_remote_set_state(struct kvm2_remote *remote, void *records, size_t size,
			  uint32_t flags);

#endif /* KVM2_REMOTE_H */

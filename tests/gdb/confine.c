// SPDX-License-Identifier: GPL-2.0
/*
 * Give a running process a seccomp filter: of the ioctls of KVM only those that
 * Firecracker's filter lets its vcpu threads make, and no executable mappings;
 * anything else of these two kills it.
 *
 *   gdb_confine PID
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>

#include "inject.h"
#include "vmm_memory.h"

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value)	BPF_STMT(BPF_RET | BPF_K, value)
#define ALLOW_IF(value) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, 1), RETURN(SECCOMP_RET_ALLOW)

static const struct sock_filter ioctls[] = {
	LOAD(args[1]),
	ALLOW_IF(KVM_RUN), ALLOW_IF(KVM_GET_REGS), ALLOW_IF(KVM_GET_SREGS),
	ALLOW_IF(KVM_GET_MSRS), ALLOW_IF(KVM_GET_DEBUGREGS), ALLOW_IF(KVM_GET_XSAVE),
	ALLOW_IF(KVM_GET_XSAVE2), ALLOW_IF(KVM_GET_XCRS), ALLOW_IF(KVM_GET_LAPIC),
	ALLOW_IF(KVM_GET_MP_STATE), ALLOW_IF(KVM_GET_VCPU_EVENTS), ALLOW_IF(KVM_GET_CPUID2),
	ALLOW_IF(KVM_GET_TSC_KHZ), ALLOW_IF(KVM_KVMCLOCK_CTRL), ALLOW_IF(KVM_CHECK_EXTENSION),
	ALLOW_IF(KVM_SET_GSI_ROUTING), ALLOW_IF(KVM_IRQFD),
	RETURN(SECCOMP_RET_KILL_PROCESS),
};

static const struct sock_filter mappings[] = {
	LOAD(args[2]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	RETURN(SECCOMP_RET_ALLOW),
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* As it is to lie in the process, the program behind its header. */
struct image {
	struct sock_fprog header;
	struct sock_filter code[4 + COUNT(ioctls) + COUNT(mappings)];
};

static void write_filter(struct image *image, uint64_t at)
{
	const struct sock_filter start[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1 + COUNT(ioctls), 0),
		RETURN(SECCOMP_RET_ALLOW),
	};

	memcpy(image->code, start, sizeof(start));
	memcpy(image->code + COUNT(start), ioctls, sizeof(ioctls));
	memcpy(image->code + COUNT(start) + COUNT(ioctls), mappings, sizeof(mappings));
	image->header.len = COUNT(image->code);
	image->header.filter = (void *)(uintptr_t)(at + offsetof(struct image, code));
}

static int confine(struct inject *inject, struct thread *thread)
{
	const uint64_t no_privileges[6] = { PR_SET_NO_NEW_PRIVS, 1 };
	uint64_t filter[6] = { SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC };
	struct image image;
	long ret = inject_prepare(inject, thread);

	if (ret < 0)
		return (int)ret;
	filter[2] = inject_data(inject);
	write_filter(&image, inject_data(inject));
	ret = vmm_poke(inject->pid, inject_data(inject), &image, sizeof(image));
	if (!ret)
		ret = inject_call(inject, thread, SYS_prctl, no_privileges);
	if (!ret)
		ret = inject_call(inject, thread, SYS_seccomp, filter);
	inject_finish(inject, thread);
	return (int)ret;
}

int main(int argc, char **argv)
{
	struct inject_saved saved = { 0 };
	struct inject inject;
	struct thread thread;
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;
	int err = pid > 0 ? threads_init() : -EINVAL;

	if (!err)
		err = thread_seize(&thread, pid);
	if (!err)
		err = thread_interrupt(&thread);
	if (!err && thread_wait_stop(&thread, 10000) == THREAD_NO_STOP)
		err = -ETIMEDOUT;
	if (!err) {
		inject_init(&inject, pid, &saved);
		err = confine(&inject, &thread);
		thread_detach(&thread);
	}
	if (err)
		fprintf(stderr, "gdb_confine: %s\n", strerror(err < 0 ? -err : err));
	return err != 0;
}

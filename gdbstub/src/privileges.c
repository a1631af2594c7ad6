// SPDX-License-Identifier: GPL-2.0
/* What kvm2gdb may do beyond what everybody may. */
#include "privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON	38
#define CAP_BPF		39
#endif

/* A guest may come at any time, by gdb's `attach`: what that takes is kept. */
static const int kept[] = {
	CAP_SYS_PTRACE,		/* threads, memory and files of VMMs of other users */
	CAP_DAC_READ_SEARCH,	/* /proc/PID/fd of theirs, debugfs, a kernel's file */
	CAP_SYS_ADMIN,		/* seccomp filters are suspended; BPF before Linux 5.8 */
	CAP_BPF,		/* programs that tell debug exits and memory slots */
	CAP_PERFMON,		/* the same, and perf events for looks */
	CAP_KILL,		/* a VMM that was stopped goes on */
};

static uint64_t bit(int capability)
{
	return 1ULL << capability;
}

int privileges_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	uint64_t wanted = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -errno;
	for (unsigned int i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		wanted |= bit(kept[i]);
	/* Only who may change the set can; nobody else gets any by it. */
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(wanted & bit(i)))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	if (syscall(SYS_capget, &header, sets))
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets[i].permitted &= (uint32_t)(wanted >> 32 * i);
		sets[i].effective &= sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) ? -errno : 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc tells of a VMM on the classic API of KVM. */
#ifndef VMM_SCAN_H
#define VMM_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct vmm_scan_vcpu - a vcpu
 * @fd:	 the VMM's file descriptor
 * @id:	 as KVM numbers it
 * @run: where the VMM has mapped its struct kvm_run; 0: nowhere
 */
struct vmm_scan_vcpu {
	int fd;
	uint32_t id;
	uint64_t run;
};

/* Return: how many there are; a negative errno. */
int vmm_scan_vcpus(pid_t pid, struct vmm_scan_vcpu **vcpus);

/* Is this file of its a vcpu? */
bool vmm_scan_is_vcpu(pid_t pid, int fd);

/* Its files that /proc shows as @link. Return: how many; -E2BIG more than @room; -errno. */
int vmm_scan_files(pid_t pid, const char *link, int *fds, int room);

/**
 * struct vmm_mapping - a mapping that may be guest memory
 */
struct vmm_mapping {
	uint64_t start;
	uint64_t size;
};

/* Writable mappings of 1 MiB and more, the largest first. Return: how many; -errno. */
int vmm_scan_mappings(pid_t pid, struct vmm_mapping *mappings, unsigned int room);

/* When a process was started, in clock ticks since the boot; 0: it is not there. */
uint64_t vmm_scan_started(pid_t pid);

/* The threads of a process, without those that the kernel runs for it. Return: how many; -errno. */
int vmm_scan_threads(pid_t pid, pid_t **tids);

#endif

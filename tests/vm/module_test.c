// SPDX-License-Identifier: GPL-2.0
/*
 * KVM as a module: a VM pins it, the last one lets it go, and the system
 * calls come and go with it. For LAB_KERNEL=module, whose init has loaded
 * the modules from build/kernel-module.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "tap.h"

#define ROUNDS	5
#define SEED	3

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static int load(const char *file)
{
	char path[256];
	int fd, r;

	snprintf(path, sizeof(path), "build/kernel-module/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return r;
}

/* A VM that runs a guest and then waits, in a child. */
static pid_t fork_vm(int *status_fd)
{
	struct kvm2_run run = {};
	int ends[2], r;
	uint8_t *ram;
	uint32_t sum;
	pid_t pid;

	if (pipe(ends))
		tap_die("pipe");
	pid = fork();
	if (pid < 0)
		tap_die("fork");
	if (pid) {
		close(ends[1]);
		*status_fd = ends[0];
		return pid;
	}
	r = guest_create_vm("module_test", &ram);
	if (!r)
		r = kvm2_sys_create_vcpu(0, 0);
	if (!r)
		r = guest_start(guest_sum, 10);
	if (!r)
		r = guest_finish(&run, SEED, &sum);
	if (!r && sum != guest_sum_result(10, SEED))
		r = -EPROTO;
	if (write(ends[1], &r, sizeof(r)) != sizeof(r))
		_exit(1);
	pause();
	_exit(0);
}

/* The last VM is given back by a work item: soon, not at once. */
static int unload_soon(const char *name)
{
	int i, r = -EAGAIN;

	for (i = 0; i < 500 && r; i++) {
		r = unload(name);
		if (r)
			usleep(10000);
	}
	return r;
}

static void test_round(int round)
{
	const struct kvm2_vm_config config = {};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status, result = -EIO, fd = -1;
	pid_t pid = fork_vm(&fd);

	if (read(fd, &result, sizeof(result)) != sizeof(result))
		result = -EPIPE;
	close(fd);
	tap_is(result, 0, "round %d: a guest runs on the module", round);
	tap_is(unload("kvm_amd"), -EAGAIN,
	       "round %d: the VM keeps the module", round);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	tap_is(unload_soon("kvm_amd"), 0,
	       "round %d: it can be unloaded when the VM is gone", round);
	tap_is(kvm2_sys_create_vm(null, &config, sizeof(config)), -ENOSYS,
	       "round %d: then there is no kvm_create_vm", round);
	close(null);
	tap_is(kvm2_sys_create_vcpu(0, 0), -ENOSYS,
	       "round %d: nor any other call", round);
	tap_is(unload_soon("kvm"), 0, "round %d: kvm.ko goes, too", round);
	tap_is(load("kvm.ko"), 0, "round %d: and comes back", round);
	tap_is(kvm2_sys_create_vcpu(0, 0), -ENOSYS,
	       "round %d: it alone serves no call", round);
	tap_is(load("kvm-amd.ko"), 0, "round %d: the vendor module is loaded again", round);
}

int main(void)
{
	int round;

	for (round = 1; round <= ROUNDS; round++)
		test_round(round);
	return tap_end();
}

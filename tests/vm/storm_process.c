// SPDX-License-Identifier: GPL-2.0
/* Storms that end or change a process: SIGKILL, exec, fork, the last exit. */
#include "storm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "tap.h"

#define STACK_SIZE	65536
#define SUM_ROUNDS	3
#define CLONE_VCPU	9

/* ---- create a VM, run it, kill -9 ---- */

/*
 * One round in four waits until all vcpus run; the others kill at any moment,
 * also while the VM is being made.
 */
static bool kill_round(unsigned int round)
{
	int status;
	pid_t pid;

	storm_board->running = 0;
	pid = fork();
	if (!pid)
		storm_be_victim(1 + round % STORM_VCPUS);
	if (round % 4)
		usleep(storm_random(8000));
	else if (!storm_wait_running(1 + round % STORM_VCPUS))
		return false;
	kill(pid, SIGKILL);
	status = storm_reap(pid);
	if (status == SIGKILL)
		return true;
	tap_note("round %u: status %#x", round, status);
	return false;
}

bool storm_kill(unsigned int first, unsigned int rounds)
{
	bool right = true;
	unsigned int i;

	for (i = first; i < first + rounds; i++)
		right &= kill_round(i);
	return right;
}

/* ---- exec ---- */

static void exec_again(void)
{
	execl("/proc/self/exe", "storm_test", STORM_AFTER_EXEC, (char *)NULL);
	_exit(105);
}

static void *exec_from_vcpu(void *unused)
{
	(void)unused;
	if (kvm2_sys_create_vcpu(8, 0) || guest_start(guest_halt, 0))
		_exit(106);
	exec_again();
	return NULL;
}

/* A process that execs while its vcpus run: from which thread? */
static void be_exec_victim(unsigned int round)
{
	pthread_t thread;
	uint8_t *ram;

	if (guest_create_vm("exec", &ram))
		_exit(103);
	storm_run_vcpus(0, 2, false);
	if (round % 2)
		storm_wait_running(2);
	switch (round % 3) {
	case 0:
		/* The leader, without a vcpu. */
		exec_again();
		break;
	case 1:
		/* The leader, with a vcpu. */
		exec_from_vcpu(NULL);
		break;
	case 2:
		/* Another one with a vcpu, which becomes the leader. */
		pthread_create(&thread, NULL, exec_from_vcpu, NULL);
		pause();
	}
	_exit(107);
}

static int run_sum(void)
{
	struct kvm2_run run = {};
	uint32_t result = 0;
	int r;

	r = guest_start(guest_sum, SUM_ROUNDS);
	if (!r)
		r = guest_finish(&run, 1, &result);
	if (!r && result != guest_sum_result(SUM_ROUNDS, 1))
		r = -EBADMSG;
	if (r)
		tap_note("guest_sum: %d, result %#x, exit reason %u, io %u %#x "
			 "of %u, mmio %u %#llx of %u", r, result,
			 run.exit_reason, run.io.direction, run.io.port,
			 run.io.size, run.mmio.is_write,
			 (unsigned long long)run.mmio.gpa, run.mmio.len);
	return r;
}

/* A VM of the calling process, from its creation to the guest's end. */
static int run_new_vm(void)
{
	uint8_t *ram;
	int r;

	r = guest_create_vm("new", &ram);
	if (!r)
		r = kvm2_sys_create_vcpu(0, KVM2_VCPU_NEW);
	return r ? r : run_sum();
}

int storm_after_exec(void)
{
	struct kvm2_run run = {};
	char text[64];
	int fd;

	fd = open("/proc/self/kvm2", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text)))
		return 1;
	close(fd);
	if (guest_enter(&run) != -ENXIO)
		return 2;
	if (kvm2_sys_create_vcpu(0, 0) != -ENXIO)
		return 3;
	return run_new_vm() ? 4 : 0;
}

static bool exec_round(unsigned int round)
{
	int status;
	pid_t pid;

	storm_board->running = 0;
	pid = fork();
	if (!pid)
		be_exec_victim(round);
	status = storm_reap(pid);
	if (!status)
		return true;
	tap_note("round %u: status %#x after exec", round, status);
	return false;
}

bool storm_exec(unsigned int first, unsigned int rounds)
{
	bool right = true;
	unsigned int i;

	for (i = first; i < first + rounds; i++)
		right &= exec_round(i);
	return right;
}

/* ---- fork, vfork, and children in the same address space ---- */

/* In a child that shares nothing: no VM, no vcpu. */
static int check_forked(bool run_guest)
{
	struct kvm2_run run = {};
	uint64_t rip;

	if (guest_enter(&run) != -ENXIO)
		return 1;
	if (guest_get(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, 8) != -ENXIO)
		return 2;
	if (kvm2_sys_create_vcpu(0, 0) != -ENXIO)
		return 3;
	return run_guest && run_new_vm() ? 4 : 0;
}

/* In a child that shares the address space: the VM, but no vcpu. */
static int check_shared(void *unused)
{
	struct kvm2_run run = {};
	int r;

	(void)unused;
	if (guest_enter(&run) != -ENXIO)
		return 5;
	if (kvm2_sys_create_vcpu(0, 0) != -EEXIST)
		return 6;
	r = kvm2_sys_create_vcpu(CLONE_VCPU, 0);
	if (r < 0)
		return 7;
	return run_sum() ? 8 : 0;
}

static pid_t vfork_child(void)
{
	static struct kvm2_run run;
	pid_t pid = vfork();

	if (!pid)
		_exit(guest_enter(&run) == -ENXIO ? 0 : 9);
	return pid;
}

static bool fork_round(unsigned int round)
{
	static char stack[STACK_SIZE];
	struct kvm2_run run = {};
	int status;
	pid_t pid;

	switch (round % 4) {
	case 0:
	case 1:
		pid = fork();
		if (!pid)
			_exit(check_forked(round % 8 == 1));
		break;
	case 2:
		pid = vfork_child();
		break;
	default:
		pid = clone(check_shared, stack + sizeof(stack),
			    CLONE_VM | SIGCHLD, NULL);
	}
	status = storm_reap(pid);
	/* Our own vcpu goes on. */
	if (!status && !guest_enter(&run))
		return true;
	tap_note("round %u: status %#x", round, status);
	return false;
}

/* The calling thread is vcpu 0 and does the forking; another vcpu spins. */
bool storm_fork(unsigned int first, unsigned int rounds)
{
	bool right = true;
	uint8_t *ram;
	unsigned int i;

	storm_board->running = 0;
	if (guest_create_vm("fork", &ram) || kvm2_sys_create_vcpu(0, 0) ||
	    guest_start(guest_ports, 0))
		return false;
	storm_run_vcpus(3, 2, false);
	if (!storm_wait_running(2))
		return false;
	for (i = first; i < first + rounds; i++)
		right &= fork_round(i);
	return right;
}

/* ---- the last thread leaves by exit(2), not exit_group(2) ---- */

static void *exit_alone(void *data)
{
	unsigned int id = (uintptr_t)data;
	struct kvm2_run run = {};
	int r;

	r = kvm2_sys_create_vcpu(id, 0);
	if (!r)
		r = guest_start(guest_ports, 0);
	if (!r)
		r = guest_enter(&run);
	if (r)
		_exit(108);
	usleep(storm_random(1000));
	syscall(SYS_exit, 0);
	return NULL;
}

static void be_exit_victim(unsigned int round)
{
	pthread_t threads[STORM_VCPUS];
	uint8_t *ram;
	unsigned int i;

	if (guest_create_vm("exit", &ram))
		_exit(103);
	for (i = 0; i < STORM_VCPUS; i++) {
		if (pthread_create(&threads[i], NULL, exit_alone,
				   (void *)(uintptr_t)i))
			_exit(102);
	}
	/* The leader goes first, or last and with a vcpu. */
	if (round % 2) {
		for (i = 0; i < STORM_VCPUS; i++)
			pthread_join(threads[i], NULL);
		exit_alone((void *)(uintptr_t)STORM_VCPUS);
	}
	syscall(SYS_exit, 0);
}

static bool exit_round(unsigned int round)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		be_exit_victim(round);
	status = storm_reap(pid);
	if (!status)
		return true;
	tap_note("round %u: status %#x", round, status);
	return false;
}

bool storm_exit(unsigned int first, unsigned int rounds)
{
	bool right = true;
	unsigned int i;

	for (i = first; i < first + rounds; i++)
		right &= exit_round(i);
	return right;
}

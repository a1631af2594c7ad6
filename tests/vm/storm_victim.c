// SPDX-License-Identifier: GPL-2.0
/* Processes and threads whose guests never end. */
#include "storm.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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

#define DEADLINE_MS	300000
#define STEP_US		200

struct storm_board *storm_board;

static uint64_t random_state;

void storm_init(struct storm_board *board, unsigned int seed)
{
	storm_board = board;
	random_state = 0x9e3779b97f4a7c15 * (seed + 1);
}

unsigned int storm_random(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) % limit;
}

static void *run_vcpu(void *data)
{
	static const uint8_t *const programs[] = {
		guest_count, guest_halt, guest_ports, guest_touch,
	};
	unsigned int id = (uintptr_t)data;
	struct kvm2_run run = {};
	int r;

	r = kvm2_sys_create_vcpu(id, 0);
	if (r >= 0)
		r = guest_start(programs[id % 4], UINT32_MAX);
	if (r < 0)
		_exit(100);
	atomic_fetch_add(&storm_board->running, 1);
	do
		r = guest_enter(&run);
	while (!r || r == -EINTR);
	/* None of the guests, and nothing we do, makes a call fail. */
	tap_note("victim: vcpu %u: kvm_enter_guest returned %d", id, r);
	_exit(101);
}

void storm_run_vcpus(unsigned int first, unsigned int count, bool here)
{
	pthread_t thread;
	unsigned int i;

	for (i = first; i < first + count - here; i++) {
		if (pthread_create(&thread, NULL, run_vcpu,
				   (void *)(uintptr_t)i))
			_exit(102);
	}
	if (here)
		run_vcpu((void *)(uintptr_t)i);
}

void storm_be_victim(unsigned int count)
{
	uint8_t *ram;

	if (guest_create_vm("victim", &ram))
		_exit(103);
	storm_run_vcpus(0, count, true);
	_exit(104);
}

bool storm_wait_running(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < DEADLINE_MS * 1000 / STEP_US; i++) {
		if (storm_board->running >= count)
			return true;
		usleep(STEP_US);
	}
	tap_note("only %u of %u vcpus ran", storm_board->running, count);
	return false;
}

/* Where the threads of a process are in the kernel. */
static void note_stacks(pid_t pid)
{
	char command[256];
	char line[256];
	FILE *output;

	snprintf(command, sizeof(command),
		 "cd /proc/%d/task && head -vn 20 */stack ../kvm2; "
		 "grep -E '^(State|SigPnd|ShdPnd|SigBlk)' */status; "
		 "cat */comm */syscall */stat", pid);
	output = popen(command, "re");
	while (output && fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = '\0';
		tap_note("  %s", line);
	}
	if (output)
		pclose(output);
}

/*
 * Where a vcpu is, twice: one that runs has moved. A thread without a vcpu has
 * none to tell, and one whose vcpu does not answer would keep us too.
 */
static void note_vcpu(pid_t tid)
{
	uint64_t registers[3] = {};
	int pidfd = kvm2_thread_pidfd_open(tid);
	unsigned int i;
	int r = 0;

	for (i = 0; i < 2 && r >= 0; i++) {
		r = guest_get_of(pidfd, KVM2_SET_CONTROL, KVM2_CONTROL_RIP,
				 &registers[0], 8);
		if (r >= 0)
			r = guest_get_of(pidfd, KVM2_SET_CONTROL,
					 KVM2_CONTROL_RFLAGS, &registers[1], 8);
		if (r >= 0)
			r = guest_get_of(pidfd, KVM2_SET_GPR, KVM2_GPR_RCX,
					 &registers[2], 8);
		tap_note("  thread %d: %d, rip %#llx rflags %#llx rcx %#llx",
			 tid, r, (unsigned long long)registers[0],
			 (unsigned long long)registers[1],
			 (unsigned long long)registers[2]);
		usleep(STEP_US);
	}
	close(pidfd);
}

static void note_vcpus(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			note_vcpu(atoi(entry->d_name));
	}
	if (folder)
		closedir(folder);
}

int storm_reap(pid_t pid)
{
	struct pollfd end = { .events = POLLIN };
	int status;

	if (pid < 0) {
		tap_note("no child: %s", strerror(errno));
		return -1;
	}
	end.fd = syscall(SYS_pidfd_open, pid, 0);
	if (poll(&end, 1, DEADLINE_MS) != 1) {
		tap_note("process %d does not end:", pid);
		note_stacks(pid);
		note_vcpus(pid);
		kill(pid, SIGKILL);
		if (poll(&end, 1, DEADLINE_MS) != 1)
			tap_note("nor does SIGKILL end it");
		else
			waitpid(pid, &status, 0);
		close(end.fd);
		return -1;
	}
	close(end.fd);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

// SPDX-License-Identifier: GPL-2.0
/* Storms around vcpus: adoption, and access to those whose thread dies. */
#include "storm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "tap.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

/* ---- thread exit and adoption ---- */

#define EXITS		5
#define RACERS		2

/*
 * What is handed on from thread to thread: a guest that counts, and a
 * register that it does not use.
 */
struct relay {
	unsigned int round;
	uint32_t next;		/* what the guest will write */
	atomic_uint winners;
	atomic_uint losers;
	pthread_barrier_t start;
	pthread_barrier_t end;
	bool right;
};

static bool expect(bool passed, const struct relay *relay, const char *what,
		   long value)
{
	if (!passed)
		tap_note("round %u: %s: %ld", relay->round, what, value);
	return passed;
}

static bool run_leg(struct relay *relay)
{
	uint64_t marker = 0;
	struct kvm2_run run = {};
	uint32_t value;
	unsigned int i;
	int r;

	r = guest_get(KVM2_SET_GPR, KVM2_GPR_R15, &marker, sizeof(marker));
	if (!expect(!r, relay, "kvm_get_state", r) ||
	    !expect(marker == relay->round, relay, "r15", marker))
		return false;
	for (i = 0; i < EXITS; i++) {
		r = guest_enter(&run);
		if (!expect(!r, relay, "kvm_enter_guest", r))
			return false;
		memcpy(&value, run.io.data, sizeof(value));
		if (!expect(value == relay->next++, relay, "the guest's count",
			    value))
			return false;
	}
	/* Now and then leave with an exit that was not delivered. */
	if (relay->round % 3 == 0) {
		r = guest_enter((void *)1);
		if (!expect(r == -EFAULT, relay, "kvm_enter_guest at 1", r))
			return false;
	}
	marker = relay->round + 1;
	r = guest_set(KVM2_SET_GPR, KVM2_GPR_R15, &marker, sizeof(marker));
	return expect(!r, relay, "kvm_set_state", r);
}

/* One of two that want the vcpu. The winner keeps it until both know. */
static void *race(void *data)
{
	struct relay *relay = data;
	bool won;
	int r;

	pthread_barrier_wait(&relay->start);
	r = kvm2_sys_create_vcpu(0, 0);
	won = r == 1;
	if (won)
		atomic_fetch_add(&relay->winners, 1);
	else if (r == -EEXIST)
		atomic_fetch_add(&relay->losers, 1);
	else
		expect(false, relay, "kvm_create_vcpu", r);
	pthread_barrier_wait(&relay->end);
	if (won)
		relay->right = run_leg(relay);
	if (relay->round % 2)
		syscall(SYS_exit, 0);
	return NULL;
}

static bool adopt_round(struct relay *relay)
{
	pthread_t threads[RACERS];
	unsigned int i;

	relay->winners = 0;
	relay->losers = 0;
	relay->right = false;
	for (i = 0; i < RACERS; i++) {
		if (pthread_create(&threads[i], NULL, race, relay))
			return false;
	}
	for (i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	return expect(relay->winners == 1, relay, "winners", relay->winners) &&
	       expect(relay->losers == RACERS - 1, relay, "losers",
		      relay->losers) && relay->right;
}

static void *begin_relay(void *data)
{
	struct relay *relay = data;
	uint64_t marker = relay->round;

	relay->right = !kvm2_sys_create_vcpu(0, KVM2_VCPU_NEW) &&
		       !guest_start(guest_ports, 0) &&
		       !guest_set(KVM2_SET_GPR, KVM2_GPR_R15, &marker,
				  sizeof(marker));
	return NULL;
}

bool storm_adopt(unsigned int first, unsigned int rounds)
{
	struct relay relay = { .round = first };
	pthread_t thread;
	uint8_t *ram;

	pthread_barrier_init(&relay.start, NULL, RACERS);
	pthread_barrier_init(&relay.end, NULL, RACERS);
	if (guest_create_vm("adopt", &ram) ||
	    pthread_create(&thread, NULL, begin_relay, &relay))
		return false;
	pthread_join(thread, NULL);
	if (!relay.right)
		return false;
	/* One leg that goes wrong spoils those behind it. */
	for (; relay.round < first + rounds; relay.round++) {
		if (!adopt_round(&relay))
			return false;
	}
	return true;
}

/* ---- registers of a vcpu whose thread dies ---- */

#define PIDFDS_MAX	8

/* One process's vcpu threads, by what /proc says of it. */
static unsigned int open_vcpus(pid_t pid, int pidfds[static PIDFDS_MAX])
{
	unsigned int count = 0;
	char path[64], line[256];
	FILE *file;
	int tid;

	snprintf(path, sizeof(path), "/proc/%d/kvm2", pid);
	file = fopen(path, "re");
	while (file && count < PIDFDS_MAX &&
	       fgets(line, sizeof(line), file)) {
		if (sscanf(line, "vcpu %*u tid %d", &tid) != 1)
			continue;
		pidfds[count] = syscall(SYS_pidfd_open, tid, PIDFD_THREAD);
		/* It may have ended since. */
		if (pidfds[count] >= 0)
			count++;
	}
	if (file)
		fclose(file);
	return count;
}

/* Return: whether the vcpu is still there. */
static bool attack(int pidfd, uint64_t value, bool *right)
{
	struct guest_record record = {
		.set = KVM2_SET_GPR, .number = KVM2_GPR_R14, .size = 8,
		.value = { value },
	};
	uint64_t all[1024];
	int r;

	switch (value % 3) {
	case 0:
		r = kvm2_sys_get_state(pidfd, &record, 24, 0);
		break;
	case 1:
		r = kvm2_sys_set_state(pidfd, &record, 24, 0);
		break;
	default:
		r = kvm2_sys_get_state(pidfd, all, sizeof(all),
				       KVM2_STATE_LIST |
				       KVM2_STATE_SET(KVM2_SET_CONTROL));
	}
	atomic_fetch_add(&storm_board->accesses, r > 0);
	if (r > 0)
		return true;
	/* ENXIO: the thread lives, and has left its vcpu by exec. */
	if (r != -ESRCH && r != -ENXIO) {
		tap_note("access to a dying vcpu returned %d", r);
		*right = false;
	}
	return false;
}

/* Until all its vcpus are gone. */
static bool attack_all(pid_t pid)
{
	int pidfds[PIDFDS_MAX];
	unsigned int i, count = open_vcpus(pid, pidfds);
	bool there[PIDFDS_MAX] = {};
	bool right = true, any = true;
	uint64_t value = 0;

	for (i = 0; i < count; i++)
		there[i] = true;
	while (any) {
		any = false;
		for (i = 0; i < count; i++) {
			there[i] = there[i] &&
				   attack(pidfds[i], value++, &right);
			any |= there[i];
		}
	}
	for (i = 0; i < count; i++)
		close(pidfds[i]);
	return right;
}

static void *attack_own(void *unused)
{
	(void)unused;
	for (;;)
		attack_all(getpid());
	return NULL;
}

static void *die_alone(void *data)
{
	unsigned int id = (uintptr_t)data;
	struct kvm2_run run = {};
	unsigned int i, exits = 1 + storm_random(100);
	int r;

	r = kvm2_sys_create_vcpu(id, 0);
	if (!r)
		r = guest_start(guest_ports, 0);
	atomic_fetch_add(&storm_board->running, 1);
	for (i = 0; i < exits && !r; i++)
		r = guest_enter(&run);
	syscall(SYS_exit, 0);
	return NULL;
}

/* Threads that end by themselves, one after the other; then the process. */
static void be_dying_victim(void)
{
	pthread_t threads[STORM_VCPUS];
	uint8_t *ram;
	unsigned int i;

	if (guest_create_vm("dying", &ram))
		_exit(103);
	for (i = 0; i < STORM_VCPUS; i++)
		pthread_create(&threads[i], NULL, die_alone,
			       (void *)(uintptr_t)i);
	for (i = 0; i < STORM_VCPUS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static void be_attacked_victim(void)
{
	pthread_t thread;
	uint8_t *ram;

	if (guest_create_vm("attacked", &ram))
		_exit(103);
	storm_run_vcpus(0, STORM_VCPUS, false);
	pthread_create(&thread, NULL, attack_own, NULL);
	pause();
}

/* A child that kills @pid in a moment. */
static pid_t start_killer(pid_t pid)
{
	pid_t killer = fork();

	if (!killer) {
		usleep(storm_random(5000));
		kill(pid, SIGKILL);
		_exit(0);
	}
	return killer;
}

static bool dying_round(unsigned int round)
{
	pid_t pid, killer = 0;
	int status, expected = 0;
	bool right;

	storm_board->running = 0;
	pid = fork();
	if (!pid) {
		if (round % 2)
			be_attacked_victim();
		be_dying_victim();
	}
	if (round % 2) {
		if (!storm_wait_running(STORM_VCPUS))
			return false;
		killer = start_killer(pid);
		expected = SIGKILL;
	} else {
		storm_wait_running(1 + storm_random(STORM_VCPUS));
	}
	right = attack_all(pid);
	status = storm_reap(pid);
	if (killer && storm_reap(killer))
		right = false;
	if (status != expected)
		tap_note("round %u: status %#x", round, status);
	return right && status == expected;
}

bool storm_dying(unsigned int first, unsigned int rounds)
{
	bool right = true;
	unsigned int i;

	for (i = first; i < first + rounds; i++)
		right &= dying_round(i);
	return right;
}

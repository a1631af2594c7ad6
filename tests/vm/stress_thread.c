// SPDX-License-Identifier: GPL-2.0
/* A worker process and its threads: one random operation after the other. */
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#define STACK_SIZE	65536
#define TICK_NS		4000000
#define TICK_DEBUG_NS	20000000  /* a kernel that injects faults is slow */
#define FAULTY		10  /* one call of so many; it may end the process by SIGSEGV */
#define FAULTS_MAX	60
#define AWAIT_NS	50000000
#define TIMES_SHARE	8  /* a fast kernel has time for more of what costs much */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

/* What each call may return, whatever its arguments; 0 ends a list. */
static const int errnos[STRESS_CALLS][16] = {
	/* kvm_create_vm */
	{ EBADF, EINVAL, EFAULT, E2BIG, EEXIST, EOPNOTSUPP, ENOMEM, EINTR },
	/* kvm_create_vcpu */
	{ EINVAL, ENXIO, EBUSY, EEXIST, ENOMEM, EINTR },
	/* kvm_enter_guest */
	{ EINVAL, E2BIG, EFAULT, ENXIO, EINTR, EIO, ENOMEM },
	/* kvm_get_state */
	{ EINVAL, E2BIG, EFAULT, ENXIO, EINTR, EIO, ENOMEM, EBADF, ESRCH,
	  EPERM, ENOENT, ENOSPC },
	/* kvm_set_state */
	{ EINVAL, E2BIG, EFAULT, ENXIO, EINTR, EIO, ENOMEM, EBADF, ESRCH,
	  EPERM, ENOENT, EACCES, EBUSY },
	/* kvm_set_memory_map */
	{ EINVAL, E2BIG, EFAULT, ENXIO, EINTR, EIO, ENOMEM, ENOSPC, EEXIST },
	/* kvm_get_dirty_log */
	{ EINVAL, E2BIG, EFAULT, ENXIO, EINTR, EIO, ENOSPC },
};

static struct stress_thread threads[STRESS_THREADS];

uint32_t stress_random(uint64_t *state, uint32_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) % limit;
}

bool stress_once(struct stress_thread *t, uint32_t cases)
{
	return !stress_random(&t->random, cases);
}

long stress_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- who waits for calls ---- */

/* The lower half of the count, which is what a futex is. */
static uint32_t *calls_futex(void)
{
	return (uint32_t *)&stress_board->calls;
}

static void count_call(void)
{
	atomic_fetch_add(&stress_board->calls, 1);
	if (stress_board->waiting)
		syscall(SYS_futex, calls_futex(), FUTEX_WAKE, INT_MAX, NULL,
			NULL, 0);
}

/* To look again and again would cost the workers half of the processors. */
void stress_await_call(unsigned long calls)
{
	const struct timespec limit = { .tv_nsec = AWAIT_NS };

	atomic_fetch_add(&stress_board->waiting, 1);
	syscall(SYS_futex, calls_futex(), FUTEX_WAIT, (uint32_t)calls, &limit,
		NULL, 0);
	atomic_fetch_sub(&stress_board->waiting, 1);
}

/* ---- calls ---- */

static bool is_expected(int call, long r)
{
	size_t i;

	if (r >= 0)
		return true;
	for (i = 0; errnos[call][i]; i++) {
		if (r == -errnos[call][i])
			return true;
	}
	return false;
}

/* Let the n-th place fail that the kernel lets fail in this thread. */
static void inject(struct stress_thread *t, unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(t->fail_nth, text, n, 0) == n && nth)
		atomic_fetch_add(&stress_board->injected, 1);
}

long stress_call(struct stress_thread *t, long nr, uint64_t a, uint64_t b,
		 uint64_t c, uint64_t d)
{
	bool with_fault = t->fail_nth >= 0 && stress_once(t, FAULTY);
	int call = nr - __NR_kvm_create_vm;
	long r;

	t->slot->nr = nr;
	t->slot->since_ms = stress_now_ms();
	t->slot->is_faulty = with_fault;
	if (with_fault)
		inject(t, 1 + stress_random(&t->random, FAULTS_MAX));
	r = syscall(nr, a, b, c, d);
	r = r < 0 ? -errno : r;
	if (with_fault)
		inject(t, 0);
	t->slot->is_faulty = false;
	t->slot->since_ms = 0;

	t->calls++;
	t->result = r;
	count_call();
	if (r > -STRESS_ERRNOS)
		atomic_fetch_add(&stress_board->results[call][r < 0 ? -r : 0],
				 1);
	if (!is_expected(call, r)) {
		atomic_fetch_add(&stress_board->strange, 1);
		tap_note("call %ld(%#lx, %#lx, %#lx, %#lx) returned %ld%s", nr,
			 a, b, c, d, r, with_fault ? ", with a fault" : "");
	}
	return r;
}

/* ---- threads ---- */

/* Time that the thread has had of a processor. */
static long processor_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void do_operation(struct stress_thread *t,
			 const struct stress_operation *operations,
			 size_t count, struct stress_kind *kinds)
{
	unsigned long calls = t->calls;
	unsigned int sum = 0, pick, times;
	long start_us = processor_us();
	size_t i;

	for (i = 0; i < count; i++)
		sum += operations[i].weight;
	pick = stress_random(&t->random, sum);
	for (i = 0; pick >= operations[i].weight; i++)
		pick -= operations[i].weight;
	times = operations[i].times_max;
	if (!stress_has_faults)
		times = (times + TIMES_SHARE - 1) / TIMES_SHARE;
	times = 1 + stress_random(&t->random, times);
	atomic_fetch_add(&kinds[i].done, 1);
	/* One after the other would say that there is no vcpu. */
	do {
		t->result = 0;
		operations[i].run(t);
	} while (--times && t->result != -ENXIO);
	atomic_fetch_add(&kinds[i].calls, t->calls - calls);
	atomic_fetch_add(&kinds[i].time_us, processor_us() - start_us);
}

static void create_tick(struct stress_thread *t)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = STRESS_TICK,
		.sigev_notify_thread_id = gettid(),
	};

	if (timer_create(CLOCK_MONOTONIC, &event, &t->tick))
		_exit(101);
}

void stress_tick(struct stress_thread *t, bool on)
{
	long tick_ns = stress_has_faults ? TICK_DEBUG_NS : TICK_NS;
	const struct itimerspec period = {
		.it_value.tv_nsec = tick_ns, .it_interval.tv_nsec = tick_ns,
	};
	const struct itimerspec none = {};

	timer_settime(t->tick, 0, on ? &period : &none, NULL);
}

static void *run_thread(void *data)
{
	struct stress_thread *t = data;
	pthread_attr_t attr;
	pthread_t successor;
	bool alone;

	t->slot->tid = gettid();
	t->fail_nth = !stress_has_faults ? -1 :
		      open("/proc/thread-self/fail-nth", O_WRONLY | O_CLOEXEC);
	t->ends = false;
	create_tick(t);
	stress_begin(t);
	while (!t->ends) {
		if (stress_once(t, 5))
			do_operation(t, stress_trouble, stress_nr_trouble,
				     stress_board->kinds[1]);
		else
			do_operation(t, stress_calls, stress_nr_calls,
				     stress_board->kinds[0]);
	}
	timer_delete(t->tick);
	close(t->fail_nth);
	t->slot->tid = 0;
	alone = stress_once(t, 2);

	/* From here on @t is the successor's. */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (pthread_create(&successor, &attr, run_thread, t))
		usleep(1000);
	pthread_attr_destroy(&attr);
	if (alone)
		syscall(SYS_exit, 0);
	return NULL;
}

static void ignore_signal(int number)
{
	(void)number;
}

static void set_handlers(void)
{
	static const int handled[] = {
		SIGUSR1, SIGALRM, SIGTRAP, SIGTERM, SIGHUP,
	};
	struct sigaction action = { .sa_handler = ignore_signal };
	size_t i;

	sigaction(STRESS_TICK, &action, NULL);
	for (i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaction(handled[i], &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGRTMIN + 1, &action, NULL);
	signal(SIGUSR2, SIG_IGN);
}

void stress_work(unsigned int process, uint64_t seed)
{
	pthread_t thread;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_handlers();
	stress_init_memory();
	for (i = 0; i < STRESS_THREADS; i++) {
		threads[i].random = (seed + i + 1) * 0x9e3779b97f4a7c15;
		threads[i].process = process;
		threads[i].number = i;
		threads[i].slot = &stress_board->slots[process][i];
		threads[i].slot->tid = 0;
		threads[i].slot->since_ms = 0;
		threads[i].slot->is_faulty = false;
	}
	for (i = 1; i < STRESS_THREADS; i++) {
		if (pthread_create(&thread, NULL, run_thread, &threads[i]))
			_exit(100);
		pthread_detach(thread);
	}
	run_thread(&threads[0]);
	/* The process goes on with the others. */
	syscall(SYS_exit, 0);
	_exit(0);
}

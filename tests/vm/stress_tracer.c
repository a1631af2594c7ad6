// SPDX-License-Identifier: GPL-2.0
/* Who stops workers: a debugger that steps guests, and somebody who kills. */
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "leak.h"

#define WAIT_STEP_NS	50000000
#define WAIT_STEPS	40  /* for a stop that takes longer nobody waits */
#define STOPS_MAX	12

/* ---- the debugger ---- */

/*
 * Return: the wait status of a stop, or -1 when there is none to wait for.
 * Where it takes too long the debugger ends, and the kernel lets its threads
 * go: it could not itself, as they do not stand still.
 */
static int wait_stop(pid_t tid)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_NS };
	int status, r, i;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (i = 0; i < WAIT_STEPS; i++) {
		r = waitpid(tid, &status, __WALL | WNOHANG);
		if (r < 0 || (r == tid && !WIFSTOPPED(status)))
			return -1;
		if (r == tid) {
			atomic_fetch_add(&stress_board->stops, 1);
			return status;
		}
		/* A stop sends it, here blocked. */
		sigtimedwait(&child, NULL, &step);
	}
	_exit(0);
}

static int open_thread(pid_t tid)
{
	return syscall(SYS_pidfd_open, tid, O_EXCL /* PIDFD_THREAD */);
}

/* Have debug events come as SIGSTOP, or not at all. */
static void set_debug(int pidfd, uint32_t control)
{
	struct guest_record debug = {
		.set = KVM2_SET_GUEST_DEBUG, .size = 4,
		.number = KVM2_GUEST_DEBUG_CONTROL,
		.value = { control },
	};

	kvm2_sys_set_state(pidfd, &debug, 24, 0);
}

/* Read the guest's registers, and choose what becomes of debug events. */
static void look_at_guest(pid_t tid, uint64_t *random)
{
	uint64_t records[2048];
	int pidfd = open_thread(tid);

	kvm2_sys_get_state(pidfd, records, sizeof(records),
			   KVM2_STATE_LIST | KVM2_STATE_SET(KVM2_SET_GPR));
	set_debug(pidfd, stress_random(random, 3) ?
		  KVM2_DEBUG_ENABLE | KVM2_DEBUG_STOP |
		  KVM2_DEBUG_SINGLE_STEP | KVM2_DEBUG_SW_BREAKPOINTS : 0);
	close(pidfd);
}

/* From one stop to the next, with the tracee's signal or without. */
static int go_on(pid_t tid, int status, uint64_t *random)
{
	static const int requests[] = {
		PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP,
	};
	int request = requests[stress_random(random, 3)];
	int signal = WSTOPSIG(status);
	siginfo_t info;

	/* A syscall or event stop, or a group stop, has no signal. */
	if (signal & 0x80 || status >> 16)
		signal = 0;
	if (signal == SIGSTOP || signal == SIGTRAP) {
		if (signal == SIGSTOP &&
		    !ptrace(PTRACE_GETSIGINFO, tid, 0, &info) &&
		    info.si_code == SI_KERNEL)
			atomic_fetch_add(&stress_board->traps, 1);
		signal = 0;
	}
	if (ptrace(request, tid, 0, signal))
		return -1;
	if (!stress_random(random, 3))
		ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	return wait_stop(tid);
}

static void trace_thread(pid_t tid, uint64_t *random)
{
	struct user_regs_struct regs;
	int status, pidfd, n;

	if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD |
					 PTRACE_O_TRACEEXIT))
		return;
	ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	status = wait_stop(tid);
	for (n = stress_random(random, STOPS_MAX); n && status >= 0; n--) {
		ptrace(PTRACE_GETREGS, tid, 0, &regs);
		if (!stress_random(random, 3))
			look_at_guest(tid, random);
		status = go_on(tid, status, random);
	}
	if (status < 0) {
		ptrace(PTRACE_INTERRUPT, tid, 0, 0);
		status = wait_stop(tid);
	}
	/* Nobody would let the process go on after a debug event. */
	pidfd = open_thread(tid);
	set_debug(pidfd, 0);
	close(pidfd);
	/*
	 * It is dead, or another thread's exec has given it that one's number:
	 * then the kernel is to let it go, which it does when a debugger ends.
	 */
	if (ptrace(PTRACE_DETACH, tid, 0, 0))
		_exit(0);
}

/*
 * Wait until a call has come back since the last time, for a while: trouble
 * that comes by the clock would be all there is where the kernel is slow.
 */
static void await_call(unsigned long *calls)
{
	stress_await_call(*calls);
	*calls = stress_board->calls;
}

void stress_trace(uint64_t seed)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15 + 1;
	unsigned long calls = 0;
	sigset_t child;
	pid_t tid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	/* Now and then it ends with threads stopped: they go on. */
	while (stress_random(&random, 200)) {
		tid = stress_board->slots
			[stress_random(&random, STRESS_PROCESSES)]
			[stress_random(&random, STRESS_THREADS)].tid;
		if (tid)
			trace_thread(tid, &random);
		usleep(stress_random(&random, 4000));
		await_call(&calls);
	}
	_exit(0);
}

/* ---- somebody who kills ---- */

static void signal_thread(pid_t pid, unsigned int process, uint64_t *random)
{
	static const int signals[] = {
		SIGUSR1, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGURG,
	};
	pid_t tid = stress_board->slots[process]
			[stress_random(random, STRESS_THREADS)].tid;

	if (tid)
		syscall(SYS_tgkill, pid, tid,
			signals[stress_random(random, 6)]);
}

static void freeze(uint64_t *random)
{
	leak_freeze(true);
	usleep(stress_random(random, 3000));
	leak_freeze(false);
}

void stress_shake(uint64_t seed)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15 + 2;
	unsigned long calls = 0;
	unsigned int process;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		usleep(200 + stress_random(&random, 3000));
		await_call(&calls);
		process = stress_random(&random, STRESS_PROCESSES);
		pid = stress_board->pids[process];
		if (pid <= 0)
			continue;
		/* A death costs a debug kernel as much as 200 calls. */
		switch (stress_random(&random, stress_has_faults ? 1000 : 400)) {
		case 0:
			kill(pid, SIGKILL);
			break;
		case 1 ... 20:
			kill(pid, SIGSTOP);
			usleep(stress_random(&random, 3000));
			kill(pid, SIGCONT);
			break;
		case 21 ... 30:
			freeze(&random);
			break;
		default:
			signal_thread(pid, process, &random);
		}
	}
}

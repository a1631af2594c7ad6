// SPDX-License-Identifier: GPL-2.0
/*
 * A debugger's view: another process reads and writes a running vcpu by
 * thread pidfd, and steps it by SIGSTOP stops that its VMM never sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "guest.h"
#include "tap.h"

#define STEPS	100

/* What the VMM tells through memory that both processes share. */
struct report {
	atomic_int ready;
	atomic_int exits;	/* calls that returned 0 */
	atomic_int errors;	/* and those that did not */
	atomic_int last;	/* exit reason, or negative errno */
	atomic_int first;	/* the first one */
	_Atomic uint32_t ended;	/* value of GUEST_PORT_END */
};

struct vmm {
	pid_t pid;
	int pidfd;
	struct report *report;
};

static void run_vmm(struct report *report, const void *program,
		    bool block_signals)
{
	struct kvm2_run run = {};
	sigset_t all;
	uint8_t *ram;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigfillset(&all);
	if (block_signals)
		sigprocmask(SIG_BLOCK, &all, NULL);
	r = guest_create_vm("access_test", &ram);
	if (!r)
		r = kvm2_sys_create_vcpu(0, 0);
	if (!r)
		r = guest_start(program, 0);
	report->last = r;
	report->ready = 1;
	while (!r) {
		r = guest_enter(&run);
		if (r == -EINTR) {
			report->errors++;
			r = 0;
			continue;
		}
		report->last = r ? r : (int)run.exit_reason;
		if (!report->exits)
			report->first = report->last;
		if (!r && run.exit_reason == KVM2_EXIT_IO &&
		    run.io.port == GUEST_PORT_END) {
			uint32_t value;

			memcpy(&value, run.io.data, sizeof(value));
			report->ended = value;
		}
		report->exits++;
		if (!r && run.exit_reason == KVM2_EXIT_DEBUG)
			usleep(1000);
	}
	report->errors++;
	_exit(0);
}

static void start_vmm(struct vmm *vmm, const void *program, bool block_signals)
{
	vmm->report = mmap(NULL, sizeof(*vmm->report), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vmm->report == MAP_FAILED)
		tap_die("shared memory");
	vmm->pid = fork();
	if (vmm->pid < 0)
		tap_die("fork");
	if (!vmm->pid)
		run_vmm(vmm->report, program, block_signals);
	while (!vmm->report->ready)
		usleep(1000);
	if (vmm->report->last)
		tap_die("the VMM (%d)", vmm->report->last);
	/* Let it get into the guest. */
	usleep(10000);
	vmm->pidfd = kvm2_thread_pidfd_open(vmm->pid);
	if (vmm->pidfd < 0)
		tap_die("pidfd_open (%d)", vmm->pidfd);
}

static void end_vmm(struct vmm *vmm)
{
	int status;

	kill(vmm->pid, SIGKILL);
	waitpid(vmm->pid, &status, __WALL);
	close(vmm->pidfd);
	munmap(vmm->report, sizeof(*vmm->report));
}

/* Until the VMM has got so many exits, or for ten seconds. */
static void wait_exits(const struct vmm *vmm, int exits)
{
	int i;

	for (i = 0; i < 10000 && vmm->report->exits < exits; i++)
		usleep(1000);
}

static int get(const struct vmm *vmm, uint32_t set, uint64_t number,
	       void *value, size_t size)
{
	uint64_t data[16];
	struct kvm2_records records;
	int r;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, set, number, NULL, size);
	r = kvm2_sys_get_state(vmm->pidfd, data, records.used, 0);
	if (r < 0)
		return r;
	kvm2_records_get(&records, set, number, value, size);
	return 0;
}

static int set_u64(const struct vmm *vmm, uint32_t set, uint64_t number,
		   uint64_t value, uint32_t size)
{
	uint64_t data[16];
	struct kvm2_records records;
	int r;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add_u64(&records, set, number, value, size);
	r = kvm2_sys_set_state(vmm->pidfd, data, records.used, 0);
	return r < 0 ? r : 0;
}

static uint64_t rip_of(const struct vmm *vmm)
{
	uint64_t rip = ~0ULL;

	get(vmm, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, sizeof(rip));
	return rip;
}

static bool in_count_loop(uint64_t rip)
{
	uint64_t start = GUEST_CODE + (guest_count - guest_sum);

	return rip >= start && rip < start + 16;
}

static void test_running(void)
{
	struct vmm vmm;
	bool inside = true;
	int i, r = 0;

	start_vmm(&vmm, guest_count, false);
	for (i = 0; i < 200 && !r; i++) {
		uint64_t rip = 0;

		r = get(&vmm, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, 8);
		inside = inside && in_count_loop(rip);
	}
	tap_is(r, 0, "registers of a vcpu in the guest are read 200 times");
	tap_ok(inside, "rip is in the loop each time");
	tap_is(vmm.report->exits + vmm.report->errors, 0,
	       "the VMM has seen nothing of it");

	/* Out of the loop, to the end of a program: with a value in eax. */
	set_u64(&vmm, KVM2_SET_GPR, KVM2_GPR_RAX, 4711, 8);
	r = set_u64(&vmm, KVM2_SET_GPR, KVM2_GPR_RDX, 1, 8);
	tap_is(r, 0, "registers of a vcpu in the guest are written");
	r = set_u64(&vmm, KVM2_SET_CONTROL, KVM2_CONTROL_RIP,
		    GUEST_CODE + (guest_ports - guest_sum), 8);
	wait_exits(&vmm, 3);
	tap_ok(!r && vmm.report->exits >= 3,
	       "a new rip takes the guest somewhere else");
	end_vmm(&vmm);
}

/* Return: the state that the vcpu gets to, HALTED if it ever does. */
static uint32_t wait_halted(const struct vmm *vmm)
{
	uint32_t mp = ~0U;
	int i;

	for (i = 0; i < 10000 && mp != KVM2_MP_HALTED; i++) {
		if (get(vmm, KVM2_SET_MP, KVM2_MP_STATE, &mp, sizeof(mp)))
			break;
		usleep(1000);
	}
	return mp;
}

static void test_halted(void)
{
	struct vmm vmm;
	uint64_t rip;

	start_vmm(&vmm, guest_halt, true);
	tap_is(wait_halted(&vmm), KVM2_MP_HALTED,
	       "a vcpu that sleeps in HLT is halted");
	rip = rip_of(&vmm);
	tap_is(rip, GUEST_CODE + (guest_halt - guest_sum) + 2,
	       "its registers are read");
	tap_is(vmm.report->exits + vmm.report->errors, 0,
	       "and it sleeps on, unseen by the VMM");
	end_vmm(&vmm);
}

static void test_refusals(void)
{
	struct vmm vmm;
	int r;

	start_vmm(&vmm, guest_count, false);
	r = set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		    KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP |
		    KVM2_DEBUG_STOP, 4);
	tap_is(r, -EPERM, "only the tracer may ask for stops");
	r = set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, 0, 8);
	tap_is(r, -EACCES, "the debug event is read-only");
	r = set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		    KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP, 4);
	tap_is(r, 0, "others may step the guest");
	wait_exits(&vmm, 1);
	tap_ok(vmm.report->exits > 0 && vmm.report->last == KVM2_EXIT_DEBUG,
	       "and the VMM gets debug exits then");
	end_vmm(&vmm);
}

/* Wait for a stop of the VMM. Return: the signal, or a negative number. */
static int wait_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return -1;
	/* A signal with an event is a ptrace stop of another kind. */
	return status >> 16 ? -(status >> 16) : WSTOPSIG(status);
}

/* The length of each instruction of guest_count, by where rip goes. */
static bool is_step(uint64_t from, uint64_t to)
{
	return from != to && in_count_loop(from) && in_count_loop(to);
}

static const char *check_step(const struct vmm *vmm, uint64_t *rip)
{
	struct kvm2_debug_event event = {};
	uint64_t next;
	siginfo_t info;

	if (ptrace(PTRACE_CONT, vmm->pid, 0, 0))
		return "the VMM is continued";
	if (wait_stop(vmm->pid) != SIGSTOP)
		return "it stops with SIGSTOP";
	if (ptrace(PTRACE_GETSIGINFO, vmm->pid, 0, &info))
		return "the signal has details";
	next = rip_of(vmm);
	if (info.si_code != SI_KERNEL)
		return "which is the kernel's";
	if (get(vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &event,
		sizeof(event)) || event.exception != 1 || event.pc != next)
		return "the debug event is a step to where rip is";
	if (!is_step(*rip, next))
		return "rip moves by an instruction";
	*rip = next;
	return NULL;
}

static void test_steps(bool block_signals)
{
	const char *blocked = block_signals ? ", all signals blocked" : "";
	const char *wrong = NULL;
	struct vmm vmm;
	uint64_t rip;
	uint64_t mask = 0;
	int i, r;

	start_vmm(&vmm, guest_count, block_signals);
	ptrace(PTRACE_SEIZE, vmm.pid, 0, 0);
	ptrace(PTRACE_INTERRUPT, vmm.pid, 0, 0);
	wait_stop(vmm.pid);
	rip = rip_of(&vmm);
	r = set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		    KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP |
		    KVM2_DEBUG_STOP, 4);
	tap_is(r, 0, "the tracer asks for stops%s", blocked);
	for (i = 0; i < STEPS && !wrong; i++)
		wrong = check_step(&vmm, &rip);
	tap_ok(!wrong, "%d single steps%s: %s", i, blocked,
	       wrong ? wrong : "each stops where it should");
	ptrace(PTRACE_GETSIGMASK, vmm.pid, sizeof(mask), &mask);
	r = set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 0, 4);
	tap_is(r, 0, "stepping is turned off%s", blocked);
	ptrace(PTRACE_DETACH, vmm.pid, 0, 0);
	usleep(20000);
	tap_is(vmm.report->exits + vmm.report->errors, 0,
	       "the VMM has seen no exit and no signal%s", blocked);

	/* Back inside the guest. */
	ptrace(PTRACE_SEIZE, vmm.pid, 0, 0);
	ptrace(PTRACE_INTERRUPT, vmm.pid, 0, 0);
	wait_stop(vmm.pid);
	ptrace(PTRACE_GETSIGMASK, vmm.pid, sizeof(mask), &mask);
	tap_is(!!(mask & 1ULL << (SIGTRAP - 1)), block_signals,
	       "its signal mask is what it was%s", blocked);
	end_vmm(&vmm);
}

/* A tracer that dies, before a debug event or in the stop: the VMM must live. */
static void test_dead_tracer(bool in_stop)
{
	const char *where = in_stop ? ", it died in a stop" : "";
	uint64_t *held = mmap(NULL, sizeof(*held), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm2_debug_event event = {};
	struct vmm vmm;
	pid_t tracer;
	int status;

	start_vmm(&vmm, guest_count, false);
	tracer = fork();
	if (!tracer) {
		ptrace(PTRACE_SEIZE, vmm.pid, 0, 0);
		ptrace(PTRACE_INTERRUPT, vmm.pid, 0, 0);
		wait_stop(vmm.pid);
		set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
			KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP |
			KVM2_DEBUG_STOP, 4);
		if (in_stop) {
			ptrace(PTRACE_CONT, vmm.pid, 0, 0);
			wait_stop(vmm.pid);
		}
		*held = rip_of(&vmm);
		kill(getpid(), SIGKILL);
	}
	waitpid(tracer, &status, 0);
	tap_ok(waitpid(vmm.pid, &status, WUNTRACED) == vmm.pid &&
	       WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	       "a VMM whose tracer was killed stands%s", where);
	tap_is(rip_of(&vmm), *held, "and its guest, where it was held%s", where);
	get(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_EVENT, &event, sizeof(event));
	tap_is(event.exception, in_stop, "the event is there still, if there was one%s", where);
	munmap(held, sizeof(*held));
	tap_is(set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 0, 4), 0,
	       "somebody else turns stepping off%s", where);
	set_u64(&vmm, KVM2_SET_CONTROL, KVM2_CONTROL_RIP,
		GUEST_CODE + (guest_halt - guest_sum), 8);
	kill(vmm.pid, SIGCONT);
	tap_is(wait_halted(&vmm), KVM2_MP_HALTED,
	       "and with SIGCONT the guest runs on, to HLT%s", where);
	tap_is(vmm.report->exits + vmm.report->errors, 0,
	       "while the VMM has seen nothing%s", where);
	end_vmm(&vmm);
}

/* Before the VMM has an exit that its guest does not survive. */
static void test_fatal_exit(bool is_traced)
{
	const char *who = is_traced ? "" : ", nobody traces it any more";
	struct vmm vmm;
	siginfo_t info = {};

	start_vmm(&vmm, guest_count, false);
	tap_is(set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		       KVM2_DEBUG_STOP_FATAL, 4), -EPERM,
	       "only the tracer may ask for stops at fatal exits%s", who);
	ptrace(PTRACE_SEIZE, vmm.pid, 0, 0);
	ptrace(PTRACE_INTERRUPT, vmm.pid, 0, 0);
	wait_stop(vmm.pid);
	tap_is(set_u64(&vmm, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
		       KVM2_DEBUG_STOP_FATAL, 4), 0,
	       "the tracer asks for them%s", who);
	tap_is(set_u64(&vmm, KVM2_SET_EVENTS, KVM2_EVENTS_TRIPLE_FAULT, 1, 4),
	       0, "the guest is about to shut down%s", who);
	ptrace(is_traced ? PTRACE_CONT : PTRACE_DETACH, vmm.pid, 0, 0);
	if (is_traced) {
		tap_is(wait_stop(vmm.pid), SIGSTOP, "the VMM stops");
		ptrace(PTRACE_GETSIGINFO, vmm.pid, 0, &info);
		tap_is(info.si_code, SI_KERNEL, "by the kernel");
		tap_is(vmm.report->exits, 0, "and has no exit yet");
		ptrace(PTRACE_CONT, vmm.pid, 0, 0);
	}
	wait_exits(&vmm, 1);
	tap_is(vmm.report->first, KVM2_EXIT_SHUTDOWN,
	       "it has the exit%s", is_traced ? " when it goes on" : who);
	tap_is(vmm.report->errors, 0, "and no error%s", who);
	end_vmm(&vmm);
}

/* The text of /proc/@pid/kvm2. Return: its length, or a negative errno. */
static int read_proc(pid_t pid, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/kvm2", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	length = length < 0 ? -errno : length;
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	return length;
}

static void test_proc(void)
{
	char text[1000], expected[200];
	struct vmm vmm;
	pid_t nobody;
	int status;

	start_vmm(&vmm, guest_halt, false);
	wait_halted(&vmm);
	read_proc(vmm.pid, text, sizeof(text));
	snprintf(expected, sizeof(expected), "vcpu 0 tid %d halted\n", vmm.pid);
	tap_ok(strstr(text, expected) && strstr(text, "name access_test\n") &&
	       strstr(text, "000000000000-00000007ffff rw - "),
	       "/proc/PID/kvm2 tells the VM, its memory and its vcpu");
	tap_is(read_proc(getpid(), text, sizeof(text)), 0,
	       "it is empty for a process without a VM");
	nobody = fork();
	if (!nobody) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(read_proc(vmm.pid, text, sizeof(text)) > 0);
	}
	waitpid(nobody, &status, 0);
	tap_is(status, 0, "others may not read it");
	end_vmm(&vmm);
}

int main(void)
{
	test_running();
	test_halted();
	test_refusals();
	test_steps(false);
	test_steps(true);
	test_dead_tracer(false);
	test_dead_tracer(true);
	test_fatal_exit(true);
	test_fatal_exit(false);
	test_proc();
	return tap_end();
}

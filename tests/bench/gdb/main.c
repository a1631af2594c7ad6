// SPDX-License-Identifier: GPL-2.0
/*
 * kvm2gdb beside QEMU's own stub, on the same guest of the same QEMU process.
 *
 *   gdb_bench GUEST [NAME]      GUEST is tests/guests/held; NAME: that row alone
 *
 * Prints rows as of tests/bench/bench. On the counting clock a nanosecond is an
 * instruction, of all that runs: gdb, the stub, the VMM, the kernel, the guest.
 */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "rsp.h"

#define MIB		(1 << 20)
#define READ_BYTES	(2 * MIB)
#define DUMP_BYTES	(4 * MIB)
#define ROUND_TRIPS	200
#define STEPS		60
#define HITS		30
#define NEVER_AT	0x300000	/* where the guest never comes */
#define LINE_BYTES	1000
#define STEPS_LOST	4
#define RIP		16
#define ATTACHMENTS	5

static char socket_path[64];
static char program[512];
static char pid_text[16];
static pid_t vmm;
static uint64_t counters, loop, compare;

static void fail(const char *what)
{
	fprintf(stderr, "gdb_bench: %s: %s\n", what, errno ? strerror(errno) : "failed");
	exit(1);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- the guest, and who debugs it ---- */

static void find_symbols(const char *guest)
{
	struct kernel *file;

	if (kernel_open(guest, &file) || kernel_find(file, "held_counters", &counters) ||
	    kernel_find(file, "held_loop", &loop) || kernel_find(file, "held_compare", &compare))
		fail(guest);
	kernel_close(file);
}

static void start_guest(const char *guest)
{
	char monitor[128];

	snprintf(socket_path, sizeof(socket_path), "/tmp/gdb-bench-%d", (int)getpid());
	snprintf(monitor, sizeof(monitor), "unix:%s,server=on,wait=off", socket_path);
	vmm = fork();
	if (vmm < 0)
		fail("fork");
	if (!vmm) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("qemu-system-x86_64", "qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-smp", "2",
		       "-M", "microvm,isa-serial=on", "-nodefaults", "-no-reboot", "-display", "none",
		       "-m", "64", "-kernel", guest, "-append", "status=42", "-gdb", monitor, NULL);
		_exit(127);
	}
	snprintf(pid_text, sizeof(pid_text), "%d", (int)vmm);
}

static struct rsp *ours(void)
{
	const char *argv[] = { program, "-p", pid_text, NULL };
	struct rsp *rsp = rsp_start("kvm2gdb", (char *const *)(uintptr_t)argv);

	rsp_begin(rsp);
	return rsp;
}

static struct rsp *qemus(void)
{
	struct rsp *rsp = rsp_connect("QEMU", socket_path);

	rsp_begin(rsp);
	return rsp;
}

/* Until both vcpus are in the loop that they never leave. */
static void await_guest(void)
{
	const struct timespec pause = { 0, 200000000 };

	for (int i = 0; i < 3000; i++) {
		struct rsp *rsp = qemus();
		bool ready = rsp_read_word(rsp, counters) && rsp_read_word(rsp, counters + 4);

		rsp_end(rsp);
		if (ready)
			return;
		nanosleep(&pause, NULL);
	}
	fail("the guest");
}

/* ---- what is measured: of one stub, per unit ---- */

static double read_memory(struct rsp *rsp)
{
	size_t part = rsp->read_bytes > 65536 ? 65536 : rsp->read_bytes;
	double start = now_ns();
	size_t done = 0;

	while (done < READ_BYTES) {
		const char *reply = rsp_ask(rsp, "%c%zx,%zx", rsp->binary ? 'x' : 'm', MIB + done, part);

		if (reply[0] == 'E')
			fail(reply);
		done += part;
	}
	return (now_ns() - start) / ((double)done / 1024);
}

static double read_registers(struct rsp *rsp)
{
	double start = now_ns();

	for (int i = 0; i < ROUND_TRIPS; i++)
		if (strlen(rsp_ask(rsp, "g")) < 100)
			fail("g");
	return (now_ns() - start) / ROUND_TRIPS;
}

static double step(struct rsp *rsp)
{
	double start = now_ns();

	for (int i = 0; i < STEPS; i++)
		rsp_expect(rsp, "T05", "vCont;s:1");
	return (now_ns() - start) / STEPS;
}

/* Until the end of the line, and back with what was there. Return: packets. */
static unsigned long cross_line(struct rsp *rsp, uint64_t start)
{
	static char code[2 * LINE_BYTES + 1];
	static char nops[2 * LINE_BYTES + 1];
	const unsigned long long end = start + LINE_BYTES;
	bool has_range = strstr(rsp_ask(rsp, "vCont?"), ";r");
	unsigned long packets = 0;

	for (size_t i = 0; i < 2 * LINE_BYTES; i += 2)
		memcpy(nops + i, "90", 2);
	snprintf(code, sizeof(code), "%s", rsp_ask(rsp, "m%llx,%x", (unsigned long long)start, LINE_BYTES));
	rsp_expect(rsp, "OK", "M%llx,%x:%s", (unsigned long long)start, LINE_BYTES, nops);
	if (has_range) {
		rsp_expect(rsp, "T05", "vCont;r%llx,%llx:1", (unsigned long long)start, end);
		packets = 1;
	} else {
		for (; packets < LINE_BYTES; packets++)
			rsp_expect(rsp, "T05", "vCont;s:1");
	}
	rsp_expect(rsp, "OK", "M%llx,%x:%s", (unsigned long long)start, LINE_BYTES, code);
	return packets;
}

/* Packets for `next` over a line of so many instructions, with a stub that steps ranges or one that does not. */
static double step_line(struct rsp *rsp)
{
	unsigned long packets;
	char value[17] = "";
	uint64_t start;

	/* Where it stands: QEMU cannot step from elsewhere right after it was sent there. */
	rsp_expect(rsp, "OK", "Hg1");
	start = rsp_register(rsp, RIP);
	packets = cross_line(rsp, start);
	/* The first steps of QEMU's may lead nowhere. */
	if (rsp_register(rsp, RIP) - start - (LINE_BYTES - STEPS_LOST) > STEPS_LOST)
		fail("the end of the line");
	for (int i = 0; i < 8; i++)
		snprintf(value + 2 * i, 3, "%02x", (uint8_t)(start >> 8 * i));
	rsp_expect(rsp, "OK", "P%x=%s", RIP, value);
	return (double)packets;
}

/* A condition that never holds, in the stub. Each time around the loop is a hit. */
static double hits_in_stub(struct rsp *rsp)
{
	const struct timespec pause = { 1, 0 };
	uint32_t before = rsp_read_word(rsp, counters) + rsp_read_word(rsp, counters + 4);
	uint32_t hits;
	double start;

	/* const8 0, end */
	rsp_expect(rsp, "OK", "Z0,%llx,1;X3,220027", (unsigned long long)compare);
	start = now_ns();
	rsp_send(rsp, "vCont;c");
	nanosleep(&pause, NULL);
	rsp_interrupt(rsp);
	rsp_receive(rsp);
	start = now_ns() - start;
	rsp_expect(rsp, "OK", "z0,%llx,1", (unsigned long long)compare);
	hits = rsp_read_word(rsp, counters) + rsp_read_word(rsp, counters + 4) - before;
	if (hits < 10)
		fail("hits");
	return start / hits;
}

/* The thread of a stop reply. */
static unsigned int stopped_thread(const char *reply)
{
	const char *thread = strstr(reply, "thread:");

	return thread ? (unsigned int)strtoul(thread + 7, NULL, 16) : 1;
}

/* As gdb does it: look at what the condition is about, step over, go on. */
static double hits_in_gdb(struct rsp *rsp)
{
	double start;

	rsp_expect(rsp, "OK", "Z0,%llx,1", (unsigned long long)compare);
	start = now_ns();
	for (int i = 0; i < HITS; i++) {
		unsigned int thread = stopped_thread(rsp_ask(rsp, "vCont;c"));

		rsp_expect(rsp, "OK", "z0,%llx,1", (unsigned long long)compare);
		rsp_expect(rsp, "OK", "Hg%x", thread);
		rsp_ask(rsp, "g");
		rsp_expect(rsp, "T05", "vCont;s:%x", thread);
		rsp_expect(rsp, "OK", "Z0,%llx,1", (unsigned long long)compare);
	}
	start = now_ns() - start;
	rsp_expect(rsp, "OK", "z0,%llx,1", (unsigned long long)compare);
	return start / HITS;
}

static int run_gdb(const char *target, size_t bytes)
{
	char command[1400];

	snprintf(command, sizeof(command),
		 "gdb -nx -batch -ex 'set pagination off' -ex 'set remotetimeout 1000' -ex '%s' "
		 "-ex 'dump binary memory /tmp/gdb-bench-%d.dump 0x100000 0x%zx' -ex detach >/dev/null 2>&1",
		 target, (int)getpid(), MIB + bytes);
	return system(command);
}

/* Without what gdb itself needs to start and to connect. */
static double dump(const char *target)
{
	char path[64];
	double times[2];

	snprintf(path, sizeof(path), "/tmp/gdb-bench-%d.dump", (int)getpid());
	for (int i = 0; i < 2; i++) {
		double start = now_ns();

		if (run_gdb(target, i ? DUMP_BYTES + 4096 : 4096) || access(path, F_OK))
			fail("gdb");
		times[i] = now_ns() - start;
		unlink(path);
	}
	return (times[1] - times[0]) / (DUMP_BYTES / 1024);
}

static double attach(void)
{
	double best = 0;

	for (int i = 0; i < ATTACHMENTS; i++) {
		double start = now_ns();
		struct rsp *rsp = ours();

		rsp_ask(rsp, "g");
		start = (now_ns() - start) / 1e6;
		rsp_end(rsp);
		if (!i || start < best)
			best = start;
	}
	return best;
}

static void print(const char *name, const char *unit, double our, double peer, const char *peer_name, double goal)
{
	printf("row\t%s\t%s\t%.6g\t%.6g\t%s\t%g\n", name, unit, our, peer, peer_name, goal);
	fflush(stdout);
}

/* ---- a guest that is left all the time ---- */

#define SLOWDOWN_NS	300000000L

/* What KVM has counted of a process. */
static unsigned long long count_exits(pid_t pid)
{
	char path[128];
	unsigned long long exits = 0;
	glob_t found;

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-*/exits", (int)pid);
	if (glob(path, 0, NULL, &found) || found.gl_pathc != 1)
		fail(path);
	FILE *file = fopen(found.gl_pathv[0], "re");

	if (!file || fscanf(file, "%llu", &exits) != 1)
		fail(found.gl_pathv[0]);
	fclose(file);
	globfree(&found);
	return exits;
}

static double ns_per_exit(pid_t pid)
{
	const struct timespec pause = { 0, SLOWDOWN_NS };
	unsigned long long before;
	double start;

	nanosleep(&pause, NULL);
	before = count_exits(pid);
	start = now_ns();
	nanosleep(&pause, NULL);
	return (now_ns() - start) / (double)(count_exits(pid) - before);
}

static pid_t start_exits(const char *guest)
{
	char run[640], image[640];
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(run, sizeof(run), "%.*s/kvm2run", (int)(strrchr(program, '/') - program), program);
	snprintf(image, sizeof(image), "%.*s/pace", (int)(strrchr(guest, '/') - guest), guest);
	if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout))
		_exit(127);
	execl(run, run, "--api", "classic", "--append", "rate=0 out=1", image, NULL);
	_exit(127);
}

static void attached_slowdown(const char *guest)
{
	pid_t pid = start_exits(guest);
	double alone, attached;
	struct rsp *rsp;

	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	/* Until it has a vcpu. */
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	alone = ns_per_exit(pid);
	rsp = ours();
	/* A breakpoint that is never met. */
	rsp_expect(rsp, "OK", "Z1,%x,1", NEVER_AT);
	rsp_send(rsp, "vCont;c");
	attached = ns_per_exit(pid);
	rsp_interrupt(rsp);
	rsp_receive(rsp);
	rsp_end(rsp);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	snprintf(pid_text, sizeof(pid_text), "%d", (int)vmm);
	print("attached_slowdown", "ns per exit", attached, alone, "not attached", 1.03);
}

/* ---- the rows ---- */

static const char *only;

static bool wanted(const char *name)
{
	return !only || !strcmp(only, name);
}

static void both(const char *name, const char *unit, double goal, double (*our)(struct rsp *rsp),
		 double (*peer)(struct rsp *rsp))
{
	double values[2];
	struct rsp *rsp;

	if (!wanted(name))
		return;
	rsp = ours();
	values[0] = our(rsp);
	rsp_end(rsp);
	rsp = qemus();
	values[1] = peer(rsp);
	rsp_end(rsp);
	print(name, unit, values[0], values[1], "QEMU's stub", goal);
}

int main(int argc, char **argv)
{
	char target[800];

	if (argc != 2 && argc != 3)
		return 2;
	only = argv[2];
	if (readlink("/proc/self/exe", program, sizeof(program) - 16) < 0)
		fail("/proc/self/exe");
	strcpy(strrchr(program, '/'), "/kvm2gdb");
	find_symbols(argv[1]);
	start_guest(argv[1]);
	await_guest();

	both("rsp_read_raw", "ns per KiB", 0.1, read_memory, read_memory);
	both("register_roundtrip", "ns", 0.5, read_registers, read_registers);
	both("single_step", "ns", 0.4, step, step);
	both("range_step_packets", "packets", 0.02, step_line, step_line);
	both("conditional_hits", "ns per hit", 0.0667, hits_in_stub, hits_in_gdb);
	if (wanted("attach"))
		print("attach", "ms", attach(), 150, "the goal", 1);
	if (wanted("gdb_dump")) {
		double our;

		/* By a socket: from a pipe gdb takes each character with a system call. */
		snprintf(target, sizeof(target), "shell %s -p %s -l unix:/tmp/gdb-bench-ours & "
			 "until [ -S /tmp/gdb-bench-ours ]; do :; done' -ex 'target extended-remote /tmp/gdb-bench-ours",
			 program, pid_text);
		our = dump(target);
		snprintf(target, sizeof(target), "target extended-remote %s", socket_path);
		print("gdb_dump", "ns per KiB", our, dump(target), "QEMU's stub", 1);
	}
	if (wanted("attached_slowdown"))
		attached_slowdown(argv[1]);
	kill(vmm, SIGKILL);
	waitpid(vmm, NULL, 0);
	unlink(socket_path);
	return 0;
}

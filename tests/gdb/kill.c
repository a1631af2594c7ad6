// SPDX-License-Identifier: GPL-2.0
/*
 * kvm2gdb is killed at random moments, again and again; after each time the
 * guest has to run on, with its own code, and can be attached to.
 *
 *   gdb_kill PID GUEST KILLS [SEED]     GUEST is tests/guests/held, which PID runs
 * Prints TAP. At the end the guest is told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "kernel.h"
#include "tap.h"

#define REPLY_SECONDS	120
#define CODE_BYTES	16

static uint64_t counters, stop, loop, compare, end;

static void find_symbols(const char *guest)
{
	const struct {
		const char *name;
		uint64_t *address;
	} symbols[] = {
		{ "held_counters", &counters },
		{ "held_stop", &stop },
		{ "held_loop", &loop },
		{ "held_compare", &compare },
		{ "held_end", &end },
	};
	struct kernel *file;

	if (kernel_open(guest, &file))
		tap_die("%s", guest);
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (kernel_find(file, symbols[i].name, symbols[i].address))
			tap_die("symbol %s", symbols[i].name);
	kernel_close(file);
}

/**
 * struct stub - a kvm2gdb at work
 * @watcher, @worker: its processes
 * @in, @out: where it reads and writes
 */
struct stub {
	pid_t watcher;
	pid_t worker;
	int in;
	int out;
};

static void start(struct stub *stub, const char *program, const char *pid)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		tap_die("pipe");
	stub->watcher = fork();
	if (stub->watcher < 0)
		tap_die("fork");
	if (!stub->watcher) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(program, program, "-p", pid, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	stub->in = in[1];
	stub->out = out[0];
	stub->worker = 0;
}

static void send_packet(const struct stub *stub, const char *data)
{
	char packet[256];
	uint8_t sum = 0;

	for (const char *c = data; *c; c++)
		sum = (uint8_t)(sum + (uint8_t)*c);
	snprintf(packet, sizeof(packet), "+$%s#%02x", data, sum);
	if (write(stub->in, packet, strlen(packet)) < 0 && errno != EPIPE)
		tap_die("write");
}

/* The next packet's data. Return: false: none came. */
static bool receive(const struct stub *stub, char *data, size_t size)
{
	struct pollfd fd = { stub->out, POLLIN, 0 };
	size_t used = 0;
	bool inside = false;
	char c;

	while (poll(&fd, 1, REPLY_SECONDS * 1000) > 0 && read(stub->out, &c, 1) == 1) {
		if (c == '#')
			break;
		if (inside && used + 1 < size)
			data[used++] = c;
		inside |= c == '$';
	}
	data[used] = 0;
	return inside;
}

static bool read_words(const struct stub *stub, uint64_t address, uint32_t *words, unsigned int count)
{
	char text[64];

	snprintf(text, sizeof(text), "m%llx,%x", (unsigned long long)address, 4 * count);
	send_packet(stub, text);
	if (!receive(stub, text, sizeof(text)) || strlen(text) != 8 * count)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		words[i] = 0;
		for (unsigned int byte = 0; byte < 4; byte++) {
			unsigned int value;

			sscanf(text + 8 * i + 2 * byte, "%2x", &value);
			words[i] |= value << 8 * byte;
		}
	}
	return true;
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child;
}

static bool attach(struct stub *stub, const char *program, const char *pid)
{
	char reply[4096];

	start(stub, program, pid);
	send_packet(stub, "?");
	if (!receive(stub, reply, sizeof(reply)) || reply[0] != 'T')
		return false;
	stub->worker = child_of(stub->watcher);
	return stub->worker;
}

static void finish(struct stub *stub)
{
	close(stub->in);
	close(stub->out);
	waitpid(stub->watcher, NULL, 0);
	/* Orphaned it is ours, as we are a subreaper. */
	if (stub->worker)
		waitpid(stub->worker, NULL, 0);
}

enum work {
	HOLD,
	CONTINUE,
	RANGE_STEP,
	REGISTERS,
	SOFTWARE,
	CONDITION,
	HARDWARE,
	WORKS,
};

static void begin(const struct stub *stub, enum work work)
{
	char text[128];

	switch (work) {
	case HOLD:
	case WORKS:
		break;
	case CONTINUE:
		send_packet(stub, "vCont;c");
		break;
	case RANGE_STEP:
		snprintf(text, sizeof(text), "vCont;r%llx,%llx:1;c", (unsigned long long)loop,
			 (unsigned long long)end);
		send_packet(stub, text);
		break;
	case REGISTERS:
		/* Each write of $rdx to what it is makes the next g read all anew. */
		for (int i = 0; i < 20; i++) {
			send_packet(stub, "P3=0000444400000000");
			send_packet(stub, "g");
		}
		break;
	case SOFTWARE:
	case CONDITION:
	case HARDWARE:
		/*
		 * With a condition that never holds: const8 0, end. With
		 * commands it is an int3, else a debug register.
		 */
		snprintf(text, sizeof(text), "Z%d,%llx,1;X3,220027%s", work == HARDWARE,
			 (unsigned long long)compare, work == SOFTWARE ? ";cmds:0,X3,220027" : "");
		send_packet(stub, text);
		send_packet(stub, "vCont;c");
		break;
	}
}

static void pause_randomly(void)
{
	const struct timespec pause = { 0, rand() % 100000 * 1000L };

	nanosleep(&pause, NULL);
}

/**
 * struct seen - what an attachment found
 * @counters: of the two vcpus
 * @code: at the breakpoint
 */
struct seen {
	uint32_t counters[2];
	uint32_t code[CODE_BYTES / 4];
};

static bool look(const struct stub *stub, struct seen *seen)
{
	return read_words(stub, counters, seen->counters, 2) &&
	       read_words(stub, loop, seen->code, CODE_BYTES / 4);
}

/*
 * Both vcpus count while nobody is attached, and their code is their own. A
 * guest that did not may just not have had the time.
 */
static bool runs_on(const char *program, const char *pid, const struct seen *first,
		    struct stub *stub, bool *code_is_same)
{
	struct seen before, now;

	for (int i = 0; i < 100; i++) {
		if (!attach(stub, program, pid) || !look(stub, &now)) {
			finish(stub);
			return false;
		}
		*code_is_same = !memcmp(now.code, first->code, sizeof(now.code));
		if (i && now.counters[0] != before.counters[0] &&
		    now.counters[1] != before.counters[1])
			return true;
		if (!i)
			before = now;
		send_packet(stub, "D");
		finish(stub);
		usleep(i * 2000);
	}
	return false;
}

static bool is_kvm2(const char *pid)
{
	char path[64];
	FILE *file;
	bool is;

	snprintf(path, sizeof(path), "/proc/%s/kvm2", pid);
	file = fopen(path, "re");
	is = file && fgetc(file) != EOF;
	if (file)
		fclose(file);
	return is;
}

/* What became of a VMM that is not well. */
static void tell_threads(const char *pid)
{
	char command[256];
	char line[256];
	FILE *pipe;

	snprintf(command, sizeof(command), "cd /proc/%s/task && grep -E '^(State|TracerPid|SigPnd)' */status;"
		 " grep . */syscall", pid);
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe)) {
		line[strcspn(line, "\n")] = 0;
		tap_note("%s", line);
	}
	if (pipe)
		pclose(pipe);
}

/* On kvm2 it can be asked for. Return: a vcpu that would still stop for debug events. */
static bool is_debugged(const char *pid)
{
	char path[64];
	char line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/kvm2", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		struct kvm2_records records;
		uint64_t control = 0;
		uint64_t data[3];
		int tid, vcpu;

		if (sscanf(line, "vcpu %*u tid %d", &tid) != 1)
			continue;
		vcpu = kvm2_thread_pidfd_open(tid);
		kvm2_records_init(&records, data, sizeof(data));
		kvm2_records_add(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, NULL, 4);
		if (kvm2_sys_get_state(vcpu, data, records.used, 0) >= 0)
			kvm2_records_get_u64(&records, KVM2_SET_GUEST_DEBUG,
					     KVM2_GUEST_DEBUG_CONTROL, &control);
		close(vcpu);
		found |= control;
	}
	if (file)
		fclose(file);
	return found;
}

int main(int argc, char **argv)
{
	char program[512];
	struct seen seen;
	struct stub stub;
	int kills, done = 0, changed = 0, debugged = 0;
	unsigned int seed = (unsigned int)time(NULL);
	bool same = true;
	bool alive = true;

	if (argc != 4 && argc != 5)
		return 2;
	if (argc == 5)
		seed = (unsigned int)atoi(argv[4]);
	kills = atoi(argv[3]);
	snprintf(program, sizeof(program), "%s/bin/kvm2gdb", getenv("B") ? getenv("B") : "build/release");
	find_symbols(argv[2]);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	tap_note("seed %u", seed);
	srand(seed);

	if (!attach(&stub, program, argv[1]) || !look(&stub, &seen))
		tap_die("the first attachment");
	while (done < kills && alive) {
		enum work work = (enum work)(rand() % WORKS);
		bool watcher = rand() % 2;

		begin(&stub, work);
		pause_randomly();
		kill(watcher ? stub.watcher : stub.worker, SIGKILL);
		finish(&stub);
		debugged += is_debugged(argv[1]);
		alive = runs_on(program, argv[1], &seen, &stub, &same);
		changed += !same;
		done++;
		if (!alive)
			tell_threads(argv[1]);
		if (!alive || !same)
			tap_note("kill %d, of the %s while work %d", done, watcher ? "watcher" : "worker", work);
	}
	tap_ok(alive, "killed %d times at random moments, each time the guest ran on", kills);
	tap_ok(!changed, "and its code was its own");
	if (is_kvm2(argv[1]))
		tap_ok(!debugged, "and nothing was to stop for debug events");
	if (alive) {
		char text[64];

		snprintf(text, sizeof(text), "M%llx,4:01000000", (unsigned long long)stop);
		send_packet(&stub, text);
		receive(&stub, text, sizeof(text));
		send_packet(&stub, "D");
		finish(&stub);
	}
	return tap_end();
}

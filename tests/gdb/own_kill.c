// SPDX-License-Identifier: GPL-2.0
/*
 * kvm2gdb is killed again and again while the guest's debug registers and gdb's
 * are in force together, and while it steps over what stores RFLAGS; the guest
 * must have each #DB of its own, and no other.
 *
 *   gdb_own_kill PID GUEST KILLS [SEED]     GUEST is tests/guests/armed, which PID runs
 * Prints TAP.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "kernel.h"
#include "stub.h"
#include "tap.h"
#include "vmm_memory.h"
#include "vmm_scan.h"

#define VCPUS		2
#define MAPPINGS	16
#define CODE_BYTES	16
#define STOP_SECONDS	120

/* Of what the guest counts: a #DB of data, of an instruction. */
#define KINDS		2

/**
 * struct counts - what each vcpu of the guest has counted
 * @hits: #DBs of data, of instructions, and DR6 of another
 */
struct counts {
	uint32_t rounds[VCPUS];
	uint32_t hits[VCPUS][KINDS + 1];
};

/**
 * struct guest - tests/guests/armed
 * @memory: where its memory begins in the VMM
 */
struct guest {
	pid_t pid;
	uint64_t rounds, hits, stop, gdb, pushf;
	uint64_t memory;
};

/* ---- the guest ---- */

static void pause_us(long us)
{
	const struct timespec pause = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&pause, NULL);
}

static void find_memory(struct guest *guest, const uint8_t code[CODE_BYTES])
{
	struct vmm_mapping mappings[MAPPINGS];
	int count = vmm_scan_mappings(guest->pid, mappings, MAPPINGS);
	uint8_t found[CODE_BYTES];

	for (int i = 0; i < count; i++) {
		guest->memory = mappings[i].start;
		if (!vmm_peek(guest->pid, guest->memory + guest->gdb, found, CODE_BYTES) &&
		    !memcmp(found, code, CODE_BYTES))
			return;
	}
	tap_die("where is the guest's memory?");
}

static void open_guest(struct guest *guest, pid_t pid, const char *path)
{
	const struct {
		const char *name;
		uint64_t *address;
	} symbols[] = {
		{ "armed_rounds", &guest->rounds },
		{ "armed_hits", &guest->hits },
		{ "armed_stop", &guest->stop },
		{ "armed_gdb", &guest->gdb },
		{ "armed_pushf", &guest->pushf },
	};
	uint8_t code[CODE_BYTES];
	struct kernel *file;

	*guest = (struct guest){ .pid = pid };
	if (kernel_open(path, &file))
		tap_die("%s", path);
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (kernel_find(file, symbols[i].name, symbols[i].address))
			tap_die("symbol %s", symbols[i].name);
	if (kernel_read(file, guest->gdb, code, sizeof(code)))
		tap_die("the code");
	kernel_close(file);
	find_memory(guest, code);
}

/* Return: how many of its threads are in this state. */
static int count_state(pid_t pid, char wanted, int *threads)
{
	int found = 0;
	pid_t *tids;
	int count = vmm_scan_threads(pid, &tids);

	for (int i = 0; i < count; i++) {
		char path[64], line[256];
		char state = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tids[i]);
		file = fopen(path, "re");
		while (file && !state && fgets(line, sizeof(line), file))
			if (sscanf(line, "State: %c", &state) != 1)
				state = 0;
		if (file)
			fclose(file);
		found += state == wanted;
	}
	free(tids);
	*threads = count;
	return found;
}

static bool stands(pid_t pid)
{
	int threads;

	return count_state(pid, 'T', &threads) == threads && threads > 0;
}

/* Nobody deals with the event that a vcpu stands at: each comes to one. */
static void wait_events(pid_t pid)
{
	time_t end = time(NULL) + STOP_SECONDS;
	int threads;

	while (count_state(pid, 't', &threads) < VCPUS)
		if (time(NULL) > end)
			tap_die("no debug event");
		else
			pause_us(1000);
}

/* While it stands: then they belong together, but for the round that a vcpu is in. */
static void count(const struct guest *guest, struct counts *counts)
{
	time_t end = time(NULL) + STOP_SECONDS;

	kill(guest->pid, SIGSTOP);
	while (!stands(guest->pid))
		if (time(NULL) > end)
			tap_die("the VMM does not stop");
		else
			pause_us(1000);
	if (vmm_peek(guest->pid, guest->memory + guest->rounds, counts->rounds, sizeof(counts->rounds)) ||
	    vmm_peek(guest->pid, guest->memory + guest->hits, counts->hits, sizeof(counts->hits)))
		tap_die("the guest's memory");
	kill(guest->pid, SIGCONT);
}

/* ---- kills ---- */

/*
 * @at_pushf: it is about to step over that, most of the time. Else each vcpu
 * stands at an event when it is killed, of which every third is a trap of the
 * guest's. Return: it was attached.
 */
static bool kill_stub(const struct guest *guest, const char *program, bool at_pushf)
{
	struct stub stub;
	char text[64];
	bool good;

	stub_start(&stub, program, guest->pid);
	good = stub_is_attached(&stub);
	/* With a condition that never holds, in a debug register or as an int3; and a word that never changes. */
	if (at_pushf)
		snprintf(text, sizeof(text), "Z0,%llx,1;X3,220027;cmds:0,X3,220027", (unsigned long long)guest->pushf);
	else
		snprintf(text, sizeof(text), "Z1,%llx,1;X3,220027", (unsigned long long)guest->gdb);
	stub_send(&stub, text);
	snprintf(text, sizeof(text), "Z2,%llx,4", (unsigned long long)guest->stop);
	stub_send(&stub, text);
	stub_send(&stub, "vCont;c");
	pause_us(200000 + rand() % 300000);
	if (!at_pushf) {
		stub_signal(&stub, SIGSTOP);
		wait_events(guest->pid);
	}
	stub_kill(&stub, true);
	stub_finish(&stub);
	return good;
}

/* How many more #DBs than rounds there were; 1 more or less may be those of this round, and of the first one. */
static bool has_all(const struct counts *first, const struct counts *now, int kill)
{
	bool good = true;

	for (unsigned int i = 0; i < VCPUS; i++) {
		uint32_t rounds = now->rounds[i] - first->rounds[i];

		for (unsigned int kind = 0; kind < KINDS; kind++) {
			int more = (int)(now->hits[i][kind] - first->hits[i][kind] - rounds);

			if (more >= -1 && more <= 1)
				continue;
			tap_note("kill %d: vcpu %u has had %d more #DBs of %s than rounds", kill, i, more,
				 kind ? "instructions" : "data");
			good = false;
		}
		if (now->hits[i][KINDS] != first->hits[i][KINDS]) {
			tap_note("kill %d: vcpu %u has had one with DR6 %#x", kill, i, now->hits[i][KINDS]);
			good = false;
		}
	}
	return good;
}

static bool all_go_on(const struct counts *before, const struct counts *now, int kill)
{
	bool good = true;

	for (unsigned int i = 0; i < VCPUS; i++) {
		if (now->rounds[i] != before->rounds[i])
			continue;
		tap_note("kill %d: vcpu %u stands", kill, i);
		good = false;
	}
	return good;
}

int main(int argc, char **argv)
{
	unsigned int seed = (unsigned int)time(NULL);
	struct counts first, before, now;
	struct guest guest;
	char program[512];
	bool good = true;
	int done = 0;
	int kills;

	if (argc != 4 && argc != 5)
		return 2;
	kills = atoi(argv[3]);
	if (argc == 5)
		seed = (unsigned int)atoi(argv[4]);
	snprintf(program, sizeof(program), "%s/bin/kvm2gdb", getenv("B") ? getenv("B") : "build/release");
	open_guest(&guest, (pid_t)atoi(argv[1]), argv[2]);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	srand(seed);

	count(&guest, &first);
	now = first;
	while (done < kills && good) {
		before = now;
		good = kill_stub(&guest, program, done % 2);
		if (!good)
			tap_note("it did not attach");
		done++;
		pause_us(100000);
		count(&guest, &now);
		good &= has_all(&first, &now, done);
		good &= all_go_on(&before, &now, done);
	}
	tap_note("seed %u, %d kills, %u and %u rounds", seed, done, now.rounds[0] - first.rounds[0],
		 now.rounds[1] - first.rounds[1]);
	tap_ok(good, "killed %d times while both are in force, each time the guest had every #DB of its own, and no other", kills);
	return tap_status();
}

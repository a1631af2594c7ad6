// SPDX-License-Identifier: GPL-2.0
/* A guest that is debugged, seen without a debugger. */
#include "victim.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <kvm2/kvm2.h>
#include <linux/kvm.h>

#include "debugged.skel.h"
#include "kernel.h"
#include "tap.h"
#include "vmm_memory.h"
#include "vmm_scan.h"

#define RECOVERY_SECONDS	120
#define VCPUS			2
#define MAPPINGS		16

const char *const victim_trace_names[VICTIM_TRACES] = {
	[VICTIM_INT3] = "code that is not the guest's",
	[VICTIM_DEBUG] = "a debug flag",
	[VICTIM_PROTECTED] = "a protected page",
	[VICTIM_MAPPED] = "a mapping in the VMM",
	[VICTIM_FILE] = "a file in the VMM",
	[VICTIM_PROGRAM] = "a BPF program",
	[VICTIM_TRACED] = "a thread that is traced or stands",
	[VICTIM_SYNCED] = "a flag in the vcpu's run page",
	[VICTIM_STANDS] = "a vcpu that does not count",
};

/* ---- /proc ---- */

static FILE *open_proc(const struct victim *victim, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)victim->pid, name);
	return fopen(path, "re");
}

/* Without stack and heap, which grow by themselves. */
static char *read_maps(const struct victim *victim)
{
	FILE *file = open_proc(victim, "maps");
	char *text = NULL;
	size_t size = 0;
	FILE *copy = open_memstream(&text, &size);
	char line[512];

	while (file && copy && fgets(line, sizeof(line), file))
		if (!strstr(line, "[stack]") && !strstr(line, "[heap]"))
			fputs(line, copy);
	if (copy)
		fclose(copy);
	if (file)
		fclose(file);
	return text;
}

static bool maps_differ(const struct victim *victim)
{
	char *now = read_maps(victim);
	bool differ = !now || strcmp(now, victim->maps);

	free(now);
	return differ;
}

static unsigned int count_files(const struct victim *victim)
{
	unsigned int count = 0;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)victim->pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* A mapping that userfaultfd has to do with. */
static bool has_protection(const struct victim *victim)
{
	FILE *file = open_proc(victim, "smaps");
	char line[512];
	bool found = false;

	while (file && fgets(line, sizeof(line), file))
		found |= !strncmp(line, "VmFlags:", 8) && (strstr(line, " uw") || strstr(line, " um"));
	if (file)
		fclose(file);
	return found;
}

static bool is_traced(const struct victim *victim)
{
	bool found = false;
	pid_t *tids;
	int count = vmm_scan_threads(victim->pid, &tids);

	for (int i = 0; i < count; i++) {
		char name[64], line[256];
		FILE *file;

		snprintf(name, sizeof(name), "task/%d/status", (int)tids[i]);
		file = open_proc(victim, name);
		while (file && fgets(line, sizeof(line), file)) {
			char state;
			int tracer;

			if (sscanf(line, "State: %c", &state) == 1)
				found |= state == 't' || state == 'T';
			if (sscanf(line, "TracerPid: %d", &tracer) == 1)
				found |= tracer;
		}
		if (file)
			fclose(file);
	}
	free(tids);
	return found;
}

void victim_tell(const struct victim *victim)
{
	char command[256];
	char line[256];
	FILE *pipe;

	snprintf(command, sizeof(command), "cd /proc/%d/task && grep -E '^(State|TracerPid|SigPnd)' */status;"
		 " grep . */syscall; cat ../maps", (int)victim->pid);
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe)) {
		line[strcspn(line, "\n")] = 0;
		tap_note("%s", line);
	}
	if (pipe)
		pclose(pipe);
}

/* ---- BPF ---- */

static unsigned int count_ids(int (*next)(__u32 id, __u32 *next_id))
{
	unsigned int count = 0;
	__u32 id = 0;

	while (!next(id, &id))
		count++;
	return count;
}

static unsigned int count_programs(void)
{
	return count_ids(bpf_prog_get_next_id) + count_ids(bpf_link_get_next_id);
}

static struct debugged *open_debugged(pid_t vmm)
{
	struct debugged *debugged = debugged__open();

	if (!debugged)
		tap_die("BPF");
	debugged->rodata->vmm = vmm;
	if (debugged__load(debugged) || debugged__attach(debugged))
		tap_die("BPF");
	return debugged;
}

static bool is_debugged_classic(const struct victim *victim)
{
	uint64_t values[VCPUS] = { 0 };
	int fd = bpf_iter_create(bpf_link__fd(victim->debugged->links.flags));
	char *bytes = (char *)values;
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		tap_die("BPF");
	while (used < sizeof(values) && (got = read(fd, bytes + used, sizeof(values) - used)) != 0) {
		if (got > 0)
			used += (size_t)got;
		else if (errno != EINTR && errno != EAGAIN)
			tap_die("BPF");
	}
	close(fd);
	/* Of a VMM that has ended there is nothing; that the guest stands is another matter. */
	if (used && used != sizeof(values))
		tap_die("%zu bytes of BPF", used);
	return values[0] || values[1];
}

/* ---- vcpus ---- */

/* Each of kvm2's threads. Return: there was one. */
static bool is_debugged_kvm2(const struct victim *victim)
{
	FILE *file = open_proc(victim, "kvm2");
	bool found = false;
	char line[256];

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
			kvm2_records_get_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, &control);
		close(vcpu);
		found |= control;
	}
	if (file)
		fclose(file);
	return found;
}

static bool is_kvm2(const struct victim *victim)
{
	FILE *file = open_proc(victim, "kvm2");
	bool is = file && fgetc(file) != EOF;

	if (file)
		fclose(file);
	return is;
}

static bool is_synced(const struct victim *victim)
{
	struct vmm_scan_vcpu *vcpus;
	int count = victim->debugged ? vmm_scan_vcpus(victim->pid, &vcpus) : 0;
	bool found = false;

	for (int i = 0; i < count; i++) {
		uint64_t valid_regs = 1;
		uint8_t immediate_exit = 1;

		vmm_peek(victim->pid, vcpus[i].run + offsetof(struct kvm_run, immediate_exit), &immediate_exit, 1);
		vmm_peek(victim->pid, vcpus[i].run + offsetof(struct kvm_run, kvm_valid_regs), &valid_regs,
			 sizeof(valid_regs));
		found |= immediate_exit || valid_regs;
	}
	if (count > 0)
		free(vcpus);
	return found;
}

/* ---- memory ---- */

static bool has_code(const struct victim *victim, uint64_t memory)
{
	uint8_t code[VICTIM_CODE_BYTES];

	return !vmm_peek(victim->pid, memory + victim->loop, code, sizeof(code)) &&
	       !memcmp(code, victim->code, sizeof(code));
}

static void find_memory(struct victim *victim)
{
	struct vmm_mapping mappings[MAPPINGS];
	int count = vmm_scan_mappings(victim->pid, mappings, MAPPINGS);

	for (int i = 0; i < count; i++) {
		if (!has_code(victim, mappings[i].start))
			continue;
		victim->memory = mappings[i].start;
		return;
	}
	tap_die("where is the guest's memory?");
}

static void read_counters(const struct victim *victim, uint32_t counters[VCPUS])
{
	if (vmm_peek(victim->pid, victim->memory + victim->counters, counters, VCPUS * sizeof(*counters)))
		memset(counters, 0, VCPUS * sizeof(*counters));
}

static void find_symbols(struct victim *victim, const char *guest)
{
	const struct {
		const char *name;
		uint64_t *address;
	} symbols[] = {
		{ "held_counters", &victim->counters },
		{ "held_stop", &victim->stop },
		{ "held_loop", &victim->loop },
		{ "held_compare", &victim->compare },
		{ "held_end", &victim->end },
	};
	struct kernel *file;

	if (kernel_open(guest, &file))
		tap_die("%s", guest);
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (kernel_find(file, symbols[i].name, symbols[i].address))
			tap_die("symbol %s", symbols[i].name);
	if (kernel_read(file, victim->loop, victim->code, sizeof(victim->code)))
		tap_die("the loop");
	kernel_close(file);
}

/* ---- all of it ---- */

void victim_open(struct victim *victim, pid_t pid, const char *guest)
{
	*victim = (struct victim){ .pid = pid };
	find_symbols(victim, guest);
	find_memory(victim);
	if (!is_kvm2(victim))
		victim->debugged = open_debugged(pid);
	victim->maps = read_maps(victim);
	if (!victim->maps)
		tap_die("maps");
	victim->files = count_files(victim);
	victim->programs = count_programs();
}

bool victim_has(const struct victim *victim, enum victim_trace trace)
{
	switch (trace) {
	case VICTIM_INT3:
		return !has_code(victim, victim->memory);
	case VICTIM_DEBUG:
		return victim->debugged ? is_debugged_classic(victim) : is_debugged_kvm2(victim);
	case VICTIM_PROTECTED:
		return has_protection(victim);
	case VICTIM_MAPPED:
		return maps_differ(victim);
	case VICTIM_FILE:
		return count_files(victim) != victim->files;
	case VICTIM_PROGRAM:
		return count_programs() != victim->programs;
	case VICTIM_TRACED:
		return is_traced(victim);
	case VICTIM_SYNCED:
		return is_synced(victim);
	case VICTIM_STANDS:
	case VICTIM_TRACES:
		break;
	}
	return false;
}

static enum victim_trace find_trace(const struct victim *victim)
{
	enum victim_trace trace = 0;

	while (trace < VICTIM_STANDS && !victim_has(victim, trace))
		trace++;
	return trace;
}

enum victim_trace victim_recovers(const struct victim *victim)
{
	const struct timespec pause = { 0, 2000000 };
	time_t end = time(NULL) + RECOVERY_SECONDS;
	uint32_t before[VCPUS], now[VCPUS];
	enum victim_trace trace;

	read_counters(victim, before);
	while ((trace = find_trace(victim)) < VICTIM_STANDS && time(NULL) < end)
		nanosleep(&pause, NULL);
	if (trace < VICTIM_STANDS)
		return trace;
	do {
		read_counters(victim, now);
		if (now[0] != before[0] && now[1] != before[1])
			return VICTIM_TRACES;
		nanosleep(&pause, NULL);
	} while (time(NULL) < end);
	return VICTIM_STANDS;
}

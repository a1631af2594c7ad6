// SPDX-License-Identifier: GPL-2.0
/*
 * Write to a guest's memory as a device does, by a thread of its VMM that nobody
 * traces, or as another process may:
 *
 *   gdb_device find PID GPA SIGN
 *   gdb_device thread|foreign PID ADDRESS
 *
 * The first says at which address of the VMM's the guest physical one is, where
 * the number SIGN is now; it knows only while nothing in the mapping is
 * protected. The second writes four bytes there, and says who did: "TID NAME".
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"
#include "vmm_memory.h"
#include "vmm_scan.h"

#define BYTES		4
#define MAPPINGS	16

/* By the mapping whose number is the right one. */
static int find(pid_t pid, uint64_t gpa, uint32_t sign)
{
	struct vmm_mapping mappings[MAPPINGS];
	int count = vmm_scan_mappings(pid, mappings, MAPPINGS);
	uint32_t found;

	for (int i = 0; i < count; i++) {
		const uint64_t host = mappings[i].start + gpa;

		if (gpa >= mappings[i].size || vmm_peek(pid, host, &found, sizeof(found)) || found != sign)
			continue;
		printf("%#llx\n", (unsigned long long)host);
		return 0;
	}
	return count < 0 ? count : -EFAULT;
}

/* One that can be traced. */
static int seize_any(pid_t pid, struct thread *thread)
{
	pid_t *tids;
	int count = vmm_scan_threads(pid, &tids);
	int err = -ESRCH;

	for (int i = 0; i < count && err; i++)
		if (tids[i] != pid)
			err = thread_seize(thread, tids[i]);
	free(tids);
	return err;
}

/* The kernel copies there, on behalf of the thread. */
static int write_by_thread(pid_t pid, uint64_t host, pid_t *tid)
{
	const uint64_t arguments[6] = { host, BYTES };
	struct inject_saved saved = { 0 };
	struct inject inject;
	struct thread thread;
	long ret = threads_init();

	if (!ret)
		ret = seize_any(pid, &thread);
	if (!ret)
		ret = thread_interrupt(&thread);
	if (!ret && thread_wait_stop(&thread, 10000) == THREAD_NO_STOP)
		ret = -ETIMEDOUT;
	if (ret)
		return (int)ret;
	*tid = thread.tid;
	inject_init(&inject, pid, &saved);
	ret = inject_prepare(&inject, &thread);
	if (!ret)
		ret = inject_call(&inject, &thread, SYS_getrandom, arguments);
	inject_finish(&inject, &thread);
	thread_detach(&thread);
	return ret == BYTES ? 0 : ret < 0 ? (int)ret : -EIO;
}

static void say_name(pid_t pid, pid_t tid)
{
	char path[64];
	char comm[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)tid);
	file = fopen(path, "re");
	if (!file || !fgets(comm, sizeof(comm), file))
		snprintf(comm, sizeof(comm), "?\n");
	if (file)
		fclose(file);
	printf("%d %s", (int)tid, comm);
}

static int write_there(const char *who, pid_t pid, uint64_t host)
{
	const bool is_foreign = !strcmp(who, "foreign");
	pid_t tid = getpid();
	/* Of its own each time: a write that changes nothing is not seen. */
	int err = is_foreign ? vmm_poke(pid, host, &tid, BYTES) : write_by_thread(pid, host, &tid);

	if (!err)
		say_name(is_foreign ? tid : pid, tid);
	return err;
}

int main(int argc, char **argv)
{
	const pid_t pid = argc > 3 ? atoi(argv[2]) : 0;
	int err = -EINVAL;

	if (pid > 0 && argc == 5)
		err = find(pid, strtoull(argv[3], NULL, 0), (uint32_t)strtoul(argv[4], NULL, 0));
	else if (pid > 0)
		err = write_there(argv[1], pid, strtoull(argv[3], NULL, 0));
	if (err)
		fprintf(stderr, "gdb_device: %s\n", strerror(-err));
	return err != 0;
}

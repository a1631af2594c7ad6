// SPDX-License-Identifier: GPL-2.0
// The collector without BPF that costs nothing at an exit: KVM's statistics, from files that VMMs hold open.
#include "collector.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "names.h"
#include "process.h"
#include "taker.h"
#include "uevents.h"
#include "vcpus.h"

#define KEY		(UINT64_C(1) << 61)
#define YOUNG		20	/* refreshes in which a new VMM may make another vcpu */
#define LATER		60	/* refreshes after which it is looked at again */
#define DATA_MAX	16384
#define NAME_MAX_BYTES	128

/**
 * struct file - the statistics of a vcpu
 * @taken:	whose
 * @seen:	the look in which the VMM had it
 * @kvm:	which of the VMs of that process, from 1
 * @at:		where each counter is in the data, and 8; 0: it is not there
 * @at_fail:	where the second part of COUNTER_HALT_POLL_NS is, and 8
 */
struct file {
	struct taken taken;
	uint64_t key;
	uint64_t seen;
	uint64_t kvm;
	uint32_t data_offset;
	uint32_t data_size;
	uint32_t at[NR_COUNTERS];
	uint32_t at_fail;
};

/**
 * struct vmm - a process that has such files
 * @pidfd:	readable when it has ended
 * @young:	so many refreshes more it is looked at
 * @is_silent:	it has a VM and no such file
 */
struct vmm {
	struct vmm *next;
	pid_t pid;
	uint64_t start_ns;
	int pidfd;
	unsigned int young;
	unsigned int age;
	bool is_silent;
	struct file *files;
	size_t nr;
	size_t room;
};

struct collector {
	pid_t pid;		/* of one process; 0: all */
	struct taker *taker;
	struct vcpus *vcpus;
	struct vmm *vmms;
	int uevents;
	uint64_t looks;
	uint64_t keys;
	char missing[COLLECTOR_MESSAGE_SIZE];
	char why[COLLECTOR_MESSAGE_SIZE];
	uint64_t data[DATA_MAX / sizeof(uint64_t)];
};

/* ---- a file ---- */

static void note_place(struct file *file, const char *name, uint32_t offset)
{
	for (int i = 0; i < NR_COUNTERS; i++)
		if (names_counter((enum shared_counter)i) && !strcmp(names_counter((enum shared_counter)i), name))
			file->at[i] = offset + 8;
	if (!strcmp(name, "halt_poll_fail_ns"))
		file->at_fail = offset + 8;
}

/* The file describes itself: a header, descriptors with names, the data. */
static int read_layout(struct file *file)
{
	struct kvm_stats_header header;
	union {
		struct kvm_stats_desc desc;
		char room[sizeof(struct kvm_stats_desc) + NAME_MAX_BYTES];
	} one;
	const int fd = file->taken.fd;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || header.name_size > NAME_MAX_BYTES)
		return -EINVAL;
	for (uint32_t i = 0; i < header.num_desc; i++) {
		const size_t size = sizeof(one.desc) + header.name_size;

		if (pread(fd, &one, size, header.desc_offset + (off_t)(i * size)) != (ssize_t)size ||
		    (size_t)one.desc.offset + (size_t)one.desc.size * 8 > DATA_MAX)
			return -EINVAL;
		one.room[size - 1] = '\0';
		note_place(file, one.desc.name, one.desc.offset);
		if (one.desc.offset + one.desc.size * 8 > file->data_size)
			file->data_size = one.desc.offset + one.desc.size * 8U;
	}
	file->data_offset = header.data_offset;
	return file->at[COUNTER_EXITS] ? 0 : -EINVAL;
}

static uint64_t counter(const struct collector *collector, uint32_t at)
{
	return at ? collector->data[(at - 8) / 8] : 0;
}

static void read_file(struct collector *collector, const struct file *file, struct model *model)
{
	struct shared_vcpu record = {
		.vcpu = file->key, .kvm = file->kvm, .start_ns = file->taken.start_ns,
		.tgid = (uint32_t)file->taken.pid, .id = file->taken.vcpu, .cpu = -1,
	};

	if (pread(file->taken.fd, collector->data, file->data_size, file->data_offset) != (ssize_t)file->data_size)
		return;
	memcpy(record.comm, file->taken.comm, sizeof(record.comm));
	for (int i = 0; i < NR_COUNTERS; i++)
		record.counters[i] = counter(collector, file->at[i]);
	record.counters[COUNTER_HALT_POLL_NS] += counter(collector, file->at_fail);
	vcpus_record(collector->vcpus, model, &record);
}

/* ---- processes ---- */

static void close_vmm(struct vmm *vmm)
{
	for (size_t i = 0; i < vmm->nr; i++)
		close(vmm->files[i].taken.fd);
	if (vmm->pidfd >= 0)
		close(vmm->pidfd);
	free(vmm->files);
	free(vmm);
}

/* What it holds is held by us as long: let go at once. */
static void forget_ended(struct collector *collector)
{
	struct vmm **link = &collector->vmms;
	struct vmm *vmm;

	while ((vmm = *link)) {
		struct pollfd end = { .fd = vmm->pidfd, .events = POLLIN };

		if (vmm->pidfd >= 0 && !poll(&end, 1, 0)) {
			link = &vmm->next;
			continue;
		}
		*link = vmm->next;
		close_vmm(vmm);
	}
}

static struct vmm *find_or_make(struct collector *collector, pid_t pid, uint64_t start_ns)
{
	struct vmm *vmm;

	for (vmm = collector->vmms; vmm; vmm = vmm->next)
		if (vmm->pid == pid && (!start_ns || vmm->start_ns == start_ns))
			return vmm;
	vmm = calloc(1, sizeof(*vmm));
	if (!vmm)
		return NULL;
	vmm->pid = pid;
	vmm->start_ns = start_ns;
	vmm->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	vmm->young = YOUNG;
	vmm->next = collector->vmms;
	collector->vmms = vmm;
	return vmm;
}

static struct file *find_file(struct vmm *vmm, const struct taken *taken)
{
	for (size_t i = 0; i < vmm->nr; i++)
		if (vmm->files[i].taken.number == taken->number && vmm->files[i].taken.vcpu == taken->vcpu)
			return &vmm->files[i];
	return NULL;
}

/* A process with two vcpus of the same id has two VMs; their files come in this order. */
static uint64_t number_of_vm(const struct vmm *vmm, const struct taken *taken)
{
	uint64_t number = 1;

	for (size_t i = 0; i < vmm->nr; i++)
		number += vmm->files[i].taken.vcpu == taken->vcpu;
	return number;
}

static int add_file(struct collector *collector, const struct taken *taken)
{
	struct vmm *vmm = find_or_make(collector, taken->pid, taken->start_ns);
	struct file *file = vmm ? find_file(vmm, taken) : NULL;

	if (file) {
		file->seen = collector->looks;
		close(taken->fd);
		return 0;
	}
	if (vmm && vmm->nr == vmm->room) {
		const size_t room = vmm->room ? vmm->room * 2 : 16;
		struct file *files = realloc(vmm->files, room * sizeof(*files));

		if (files) {
			vmm->files = files;
			vmm->room = room;
		}
	}
	if (!vmm || vmm->nr == vmm->room) {
		close(taken->fd);
		return -ENOMEM;
	}
	vmm->is_silent = false;
	file = &vmm->files[vmm->nr];
	memset(file, 0, sizeof(*file));
	file->taken = *taken;
	file->seen = collector->looks;
	file->key = KEY | ++collector->keys;
	file->kvm = number_of_vm(vmm, taken);
	if (read_layout(file)) {
		close(taken->fd);
		return 0;
	}
	vmm->nr++;
	vmm->young = YOUNG;
	return 0;
}

/* Those that the VMM has closed keep its VM, as we have them. */
static void forget_closed(struct collector *collector, struct vmm *vmm)
{
	size_t left = 0;

	for (size_t i = 0; i < vmm->nr; i++) {
		if (vmm->files[i].seen == collector->looks)
			vmm->files[left++] = vmm->files[i];
		else
			close(vmm->files[i].taken.fd);
	}
	vmm->nr = left;
}

static int note_silent(struct collector *collector, const struct taken *taken)
{
	struct vmm *vmm = find_or_make(collector, taken->pid, 0);

	if (!vmm)
		return -ENOMEM;
	vmm->is_silent = true;
	return 0;
}

static int look(struct collector *collector, pid_t pid)
{
	struct taken taken;
	int error;
	int result;

	collector->looks++;
	error = taker_ask(collector->taker, pid);
	if (error)
		return error;
	while ((result = taker_next(collector->taker, &taken)) > 0)
		if (taken.fd < 0)
			error = error ? error : note_silent(collector, &taken);
		else if (!error)
			error = add_file(collector, &taken);
		else
			close(taken.fd);
	return result ? result : error;
}

/* New VMMs, and those that may have something new. */
static int look_around(struct collector *collector)
{
	pid_t pid;
	int error = 0;

	while (uevents_next(collector->uevents, &pid))
		if (pid && (!collector->pid || collector->pid == pid) && !find_or_make(collector, pid, process_start_ns(pid)))
			error = -ENOMEM;
	for (struct vmm *vmm = collector->vmms; !error && vmm; vmm = vmm->next) {
		if (vmm->young)
			vmm->young--;
		else if (++vmm->age % LATER)
			continue;
		error = look(collector, vmm->pid);
		if (!error)
			forget_closed(collector, vmm);
	}
	return error;
}

/* ---- the operations ---- */

static void close_stats(struct collector *collector)
{
	struct vmm *vmm;

	if (!collector)
		return;
	while ((vmm = collector->vmms)) {
		collector->vmms = vmm->next;
		close_vmm(vmm);
	}
	taker_destroy(collector->taker);
	vcpus_destroy(collector->vcpus);
	if (collector->uevents >= 0)
		close(collector->uevents);
	free(collector);
}

static void read_all(struct collector *collector, struct model *model)
{
	vcpus_begin(collector->vcpus);
	for (const struct vmm *vmm = collector->vmms; vmm; vmm = vmm->next)
		for (size_t i = 0; i < vmm->nr; i++)
			read_file(collector, &vmm->files[i], model);
}

static int open_stats(struct collector **out, const struct collector_config *config,
		      char message[static COLLECTOR_MESSAGE_SIZE])
{
	struct collector *collector;
	int error = -EPERM;

	if (config->tier) {
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "KVM's statistics: they have counters only: -t 0");
		return -EOPNOTSUPP;
	}
	collector = calloc(1, sizeof(*collector));
	if (!collector)
		return -ENOMEM;
	collector->uevents = -1;
	if (geteuid())
		goto err;
	error = -ENOMEM;
	snprintf(collector->why, sizeof(collector->why), "%s", config->why ? config->why : "");
	collector->pid = config->pid;
	collector->vcpus = vcpus_create();
	/* Before the first look, so that none is missed between. */
	collector->uevents = uevents_open();
	collector->taker = taker_create();
	if (!collector->vcpus || !collector->taker)
		goto err;
	error = look(collector, config->pid);
	if (error)
		goto err;
	vcpus_attach(collector->vcpus, 0, 1, false);
	read_all(collector, NULL);
	vcpus_attached(collector->vcpus);
	*out = collector;
	return 0;
err:
	snprintf(message, COLLECTOR_MESSAGE_SIZE, "KVM's statistics: %s", error == -EPERM ?
		 "not permitted: run it as root" : strerror(-error));
	close_stats(collector);
	return error;
}

static int read_stats(struct collector *collector, struct model *model)
{
	int error;

	forget_ended(collector);
	error = look_around(collector);
	if (error)
		return error;
	read_all(collector, model);
	vcpus_end(collector->vcpus, model);
	return 0;
}

static int set_tier(struct collector *collector, int tier)
{
	(void)collector;
	return tier ? -EOPNOTSUPP : 0;
}

static void status(struct collector *collector, struct collector_status *state)
{
	unsigned int silent = 0;

	state->tier = 0;
	state->best = 0;
	state->cost_ns = 0;
	state->detached = false;
	state->missing = collector->why;
	for (const struct vmm *vmm = collector->vmms; vmm; vmm = vmm->next)
		silent += vmm->is_silent;
	if (!silent)
		return;
	snprintf(collector->missing, sizeof(collector->missing),
		 "%u VMMs are not shown: they do not hold their statistics open (QEMU does from 8.1 on)%s%.100s",
		 silent, collector->why[0] ? "; " : "", collector->why);
	state->missing = collector->missing;
}

const struct collector_ops collector_stats = {
	.name = "stats",
	.open = open_stats,
	.set_tier = set_tier,
	.read = read_stats,
	.status = status,
	.close = close_stats,
};

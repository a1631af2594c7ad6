// SPDX-License-Identifier: GPL-2.0
/*
 * all_registers_read: everything that a debugger or a migration wants to know
 * of a vcpu. The peer needs nine ioctls, with all MSRs of KVM's own list in
 * one of them. Ours is one kvm_get_state() on records prepared before, of
 * exactly those registers; all_registers_read_list is one that lists all the
 * registers there are, and so finds out itself what the vcpu has: CPUID, TSC
 * and debug control come on top.
 */
#include "row.h"

#include <kvm2/kvm2.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "classic.h"
#include "clock.h"
#include "ours.h"
#include "sample.h"
#include "trap.h"

#define MAX_MSRS	1024
#define RECORDS_SIZE	65536
#define EXITS		10	/* before, so that the guest has run */
#define WARM_UP		20
#define READS		200

static const struct guest_start start = {
	.mode = GUEST_LONG,
	.program = guest_long,
};

struct msrs {
	struct kvm_msrs header;
	struct kvm_msr_entry entries[MAX_MSRS];
};

struct msr_list {
	struct kvm_msr_list header;
	uint32_t indices[MAX_MSRS];
};

/* Those that both sides read; in memory that the samples share. */
static struct msrs *msrs;

/* ---- which MSRs ---- */

/* No part of a guest without Hyper-V: to look would make it one with. */
static bool is_hyperv(uint32_t index)
{
	return index >= 0x40000000 && index <= 0x400001ff;
}

/* KVM_GET_MSRS would end at one that it cannot read. */
static bool peer_has(const struct classic *classic, uint32_t index)
{
	struct msrs one = { .header.nmsrs = 1, .entries[0].index = index };

	return trap_ioctl(classic->vcpu, KVM_GET_MSRS, &one) == 1;
}

static bool ours_has(uint32_t index)
{
	uint64_t buffer[KVM2_RECORD_BYTES(sizeof(uint64_t)) / 8];
	struct kvm2_records records;

	kvm2_records_init(&records, buffer, sizeof(buffer));
	kvm2_records_add_u64(&records, KVM2_SET_MSR, index, 0,
			     sizeof(uint64_t));
	return kvm2_sys_get_state(KVM2_SELF, buffer, records.used, 0) > 0;
}

/* Those of KVM's own list that are there on either side. */
static int take_msrs(const void *arg, double *figure)
{
	static struct msr_list list;
	struct classic classic;
	uint32_t i, index;
	int kvm, r;

	(void)arg;
	r = ours_create();
	if (!r)
		r = classic_create(&classic, CLASSIC_SPLIT);
	if (r)
		return r;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return -errno;
	list.header.nmsrs = MAX_MSRS;
	r = trap_ioctl(kvm, KVM_GET_MSR_INDEX_LIST, &list);
	if (r)
		return r;
	for (i = 0; i < list.header.nmsrs; i++) {
		index = list.indices[i];
		if (!is_hyperv(index) && peer_has(&classic, index) &&
		    ours_has(index))
			msrs->entries[msrs->header.nmsrs++].index = index;
	}
	*figure = msrs->header.nmsrs;
	return 0;
}

/* ---- the peer ---- */

struct peer {
	struct classic classic;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct msrs msrs;
	struct kvm_xsave xsave;
	struct kvm_xcrs xcrs;
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events;
	struct kvm_lapic_state lapic;
	struct kvm_mp_state mp_state;
};

static int read_peer(void *arg)
{
	struct peer *p = arg;
	int fd = p->classic.vcpu;
	long r;

	r = trap_ioctl(fd, KVM_GET_MSRS, &p->msrs);
	if (r != p->msrs.header.nmsrs)
		return r < 0 ? r : -EPROTO;
	r = trap_ioctl(fd, KVM_GET_REGS, &p->regs);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_SREGS, &p->sregs);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_XSAVE, &p->xsave);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_XCRS, &p->xcrs);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_DEBUGREGS, &p->debugregs);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_VCPU_EVENTS, &p->events);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_LAPIC, &p->lapic);
	if (!r)
		r = trap_ioctl(fd, KVM_GET_MP_STATE, &p->mp_state);
	return r;
}

static int take_peer(const void *arg, double *figure)
{
	static struct peer peer;
	const struct clock_series series = {
		.op = read_peer,
		.arg = &peer,
		.times = READS,
		.warm_up = WARM_UP,
	};
	void *ram = guest_load();
	int i, r;

	(void)arg;
	if (!ram)
		return -ENOMEM;
	r = classic_create(&peer.classic, CLASSIC_SPLIT);
	if (!r)
		r = classic_map(&peer.classic, 0, 0, GUEST_RAM, ram);
	if (!r)
		r = classic_start(&peer.classic, &start);
	for (i = 0; i < EXITS && !r; i++)
		r = classic_exit(&peer.classic);
	peer.msrs = *msrs;
	return r ? r : clock_median(&series, figure);
}

/* ---- ours ---- */

struct ours {
	uint64_t buffer[RECORDS_SIZE / 8];
	long size;
	unsigned int flags;
};

static int read_ours(void *arg)
{
	struct ours *o = arg;
	long r;

	r = trap(__NR_kvm_get_state, KVM2_SELF, (long)o->buffer, o->size,
		 o->flags);
	return r < 0 ? r : 0;
}

/* Does one of the nine ioctls read it? */
static bool is_wanted(const struct kvm2_record *record)
{
	uint32_t i;

	switch (record->set) {
	case KVM2_SET_CPUID:
	case KVM2_SET_TSC:
	case KVM2_SET_GUEST_DEBUG:
		return false;
	case KVM2_SET_MSR:
		for (i = 0; i < msrs->header.nmsrs; i++) {
			if (msrs->entries[i].index == record->number)
				return true;
		}
		return false;
	}
	return true;
}

static int prepare(struct ours *o)
{
	static uint64_t buffer[RECORDS_SIZE / 8];
	struct kvm2_records all, wanted;
	const struct kvm2_record *record = NULL;
	unsigned int nr_msrs = 0;
	int r;

	r = kvm2_sys_get_state(KVM2_SELF, buffer, sizeof(buffer),
			       KVM2_STATE_LIST);
	if (r < 0)
		return r;
	kvm2_records_init(&all, buffer, r);
	all.used = r;
	kvm2_records_init(&wanted, o->buffer, sizeof(o->buffer));
	while ((record = kvm2_records_next(&all, record))) {
		if (!is_wanted(record))
			continue;
		nr_msrs += record->set == KVM2_SET_MSR;
		r = kvm2_records_add(&wanted, record->set, record->number,
				     NULL, record->size);
		if (r)
			return r;
	}
	o->size = wanted.used;
	/* All that the peer reads, or it would be no comparison. */
	return nr_msrs == msrs->header.nmsrs ? 0 : -EPROTO;
}

static int take_ours(const void *arg, double *figure)
{
	static struct ours ours;
	const struct clock_series series = {
		.op = read_ours,
		.arg = &ours,
		.times = READS,
		.warm_up = WARM_UP,
	};
	bool list = *(const bool *)arg;
	void *ram = guest_load();
	int i, r;

	if (!ram)
		return -ENOMEM;
	r = ours_begin(ram, &start);
	for (i = 0; i < EXITS && !r; i++)
		r = ours_exit();
	if (r)
		return r;
	if (list) {
		ours.size = sizeof(ours.buffer);
		ours.flags = KVM2_STATE_LIST;
	} else {
		r = prepare(&ours);
	}
	return r ? r : clock_median(&series, figure);
}

int registers_rows(void)
{
	static const bool prepared = false, list = true;
	const struct probe msrs_probe = { take_msrs, NULL };
	const struct probe peer_probe = { take_peer, NULL };
	const struct probe prepared_probe = { take_ours, &prepared };
	const struct probe list_probe = { take_ours, &list };
	struct row row = {
		.name = "all_registers_read",
		.unit = "instructions",
		.peer_name = "nine ioctls",
		.goal = 0.5,
	};
	double nr_msrs;
	int r;

	msrs = mmap(NULL, sizeof(*msrs), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (msrs == MAP_FAILED)
		return -errno;
	r = sample_once(&msrs_probe, &nr_msrs);
	if (!r)
		r = sample_median(&peer_probe, &row.peer);
	if (!r)
		r = sample_median(&prepared_probe, &row.ours);
	if (r)
		return r;
	row_print(&row);

	/* It has CPUID, TSC and debug state, too, which the peer has not. */
	row.name = "all_registers_read_list";
	row.goal = NO_GOAL;
	r = sample_median(&list_probe, &row.ours);
	if (!r)
		row_print(&row);
	munmap(msrs, sizeof(*msrs));
	return r;
}

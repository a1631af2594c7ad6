// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on the classic API that is looked at by KVM's own copy of the registers,
 * which BPF reads: no ptrace, no signal, no stop. The copy is of the vcpu's last
 * exit. Of one that is in the guest it may be old: an event of perf is opened for
 * its thread, by which the kernel interrupts the processor that it runs on, for
 * long enough to leave the guest and to enter it again.
 *
 * The FPU is in the processor while the guest runs; vectors cannot be seen.
 */
#include "inspect.h"

#include <cpuid.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <kvm2/kvm2.h>
#include <kvm2/remote.h>

#include "classic.h"
#include "clock.h"
#include "vmcb.h"
#include "vmm_memory.h"

/* How long to wait for an exit that was provoked. */
#define EXIT_MS		100

/* Looks at a vcpu that changes all the time. */
#define LOOKS_MAX	10000

#define CPUID_SVM	(1 << 2)

#define UNKNOWN_AGE	(-1)

struct copied;

/**
 * struct copied_vcpu - a vcpu
 * @fd:	    the VMM's file
 * @look:   the last one
 * @age_ns: how old the registers in @look were at most, UNKNOWN_AGE
 */
struct copied_vcpu {
	struct copied *copied;
	unsigned int fd;
	pid_t tid;
	struct kvm2_remote *remote;
	struct classic_look look;
	int64_t age_ns;
};

struct copied {
	struct inspected inspected;
	struct classic_bpf *bpf;
	unsigned long long vm_id;
	struct copied_vcpu *vcpus[TARGET_VCPUS_MAX];
};

static struct copied *of(struct target *target)
{
	return (struct copied *)target;
}

/* ---- a look ---- */

/* Return: a vcpu that is in the guest has left it once since. */
static bool provoke_exit(pid_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1, .exclude_hv = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/*
 * A look whose parts belong together: nothing changed between two of them.
 * Return: 0; -EAGAIN the vcpu is never at rest; another negative errno.
 */
static int look_whole(struct copied_vcpu *vcpu, struct classic_look *look)
{
	struct classic_look looks[2];
	int err;

	for (int i = 0; i < LOOKS_MAX; i++) {
		err = classic_bpf_look(vcpu->copied->bpf, vcpu->fd, looks);
		if (err)
			return err;
		if (!memcmp(&looks[0], &looks[1], sizeof(looks[0]))) {
			*look = looks[1];
			return look->is_encrypted ? -EACCES : 0;
		}
	}
	return -EAGAIN;
}

static int look(struct copied_vcpu *vcpu)
{
	const struct timespec pause = { 0, 20000 };
	struct classic_look *look = &vcpu->look;
	unsigned long long exits;
	int64_t since;
	int err = look_whole(vcpu, look);

	vcpu->age_ns = 0;
	if (err || look->mode != CLASSIC_LOOK_IN_GUEST)
		return err;
	exits = look->exits;
	since = clock_ns();
	vcpu->age_ns = UNKNOWN_AGE;
	if (!provoke_exit(vcpu->tid))
		return 0;
	while (!(err = look_whole(vcpu, look)) && clock_ns() < since + EXIT_MS * 1000000LL) {
		if (look->mode != CLASSIC_LOOK_IN_GUEST || look->exits != exits) {
			vcpu->age_ns = clock_ns() - since;
			break;
		}
		nanosleep(&pause, NULL);
	}
	return err;
}

/* ---- state ---- */

static void copy_msrs(const struct classic_look *look, struct kvm_msrs *msrs, int *count)
{
	uint64_t value;

	for (*count = 0; *count < (int)msrs->nmsrs; ++*count) {
		struct kvm_msr_entry *entry = &msrs->entries[*count];

		if (vmcb_msr(look, entry->index, &value))
			return;
		entry->data = value;
	}
}

/* As kvm2_remote_ioctl. */
static int copy_ioctl(void *context, unsigned long request, void *argument, size_t size,
		      size_t pointer_offset, unsigned long value)
{
	const struct classic_look *look = &((struct copied_vcpu *)context)->look;
	int ret = 0;

	(void)size;
	(void)pointer_offset;
	(void)value;
	switch (request) {
	case KVM_GET_REGS:
		vmcb_regs(look, argument);
		return 0;
	case KVM_GET_SREGS2:
		vmcb_sregs(look, argument);
		return 0;
	case KVM_GET_XCRS:
		*(struct kvm_xcrs *)argument = (struct kvm_xcrs){
			.nr_xcrs = 1, .xcrs[0].value = look->xcr0,
		};
		return 0;
	case KVM_GET_DEBUGREGS: {
		struct kvm_debugregs *regs = argument;

		*regs = (struct kvm_debugregs){ .dr6 = look->dr6, .dr7 = look->dr7 };
		memcpy(regs->db, look->db, sizeof(regs->db));
		return 0;
	}
	case KVM_GET_MP_STATE:
		((struct kvm_mp_state *)argument)->mp_state = look->mp_state;
		return 0;
	case KVM_GET_MSRS:
		copy_msrs(look, argument, &ret);
		return ret;
	case KVM_GET_CPUID2:
		/* What it would say is not asked for. */
		((struct kvm_cpuid2 *)argument)->nent = 0;
		return 0;
	default:
		return -ENODATA;
	}
}

static int list_set(struct copied_vcpu *vcpu, uint16_t set, struct kvm2_records *list)
{
	const uint32_t flags = KVM2_STATE_LIST | KVM2_STATE_HEADERS | (uint32_t)set << KVM2_STATE_SET_SHIFT;
	int ret = kvm2_remote_get_state(vcpu->remote, (char *)list->data + list->used,
					list->size - list->used, flags);

	if (ret > 0)
		list->used += (size_t)ret;
	return ret < 0 ? ret : 0;
}

static void list_msrs(struct kvm2_records *list)
{
	struct kvm2_record record = { .set = KVM2_SET_MSR, .attributes = KVM2_ATTR_READ_ONLY, .size = 8 };
	uint32_t index;

	for (unsigned int i = 0; !vmcb_msr_at(i, &index) && list->size - list->used >= sizeof(record); i++) {
		record.number = index;
		memcpy((char *)list->data + list->used, &record, sizeof(record));
		list->used += sizeof(record);
	}
}

#define LIST_BYTES	8192

/* The registers that there are; of those that gdb expects and that cannot be seen the headers say so. */
static int list_state(struct copied_vcpu *vcpu, void *records, size_t size)
{
	static const uint16_t sets[] = {
		KVM2_SET_GPR, KVM2_SET_CONTROL, KVM2_SET_SEGMENT, KVM2_SET_DESCRIPTOR, KVM2_SET_DEBUG, KVM2_SET_MP,
	};
	uint64_t data[LIST_BYTES / 8];
	struct kvm2_records list = { .data = data, .size = sizeof(data), .headers = true };
	size_t unseen;
	int err = 0;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && !err; i++)
		err = list_set(vcpu, sets[i], &list);
	if (err)
		return err;
	list_msrs(&list);
	unseen = list.used;
	err = list_set(vcpu, KVM2_SET_X87, &list);
	if (err)
		return err;
	for (size_t at = unseen; at < list.used; at += sizeof(struct kvm2_record))
		((struct kvm2_record *)((char *)data + at))->attributes |= KVM2_ATTR_FAILED;
	if (size && size < list.used)
		return -ENOSPC;
	if (size)
		memcpy(records, data, list.used);
	return (int)list.used;
}

static int get_state(struct target *target, unsigned int index, void *records, size_t size, uint32_t flags)
{
	struct copied_vcpu *vcpu = of(target)->vcpus[index];
	int err = look(vcpu);

	if (err)
		return err;
	return flags & KVM2_STATE_LIST ? list_state(vcpu, records, size) :
					 kvm2_remote_get_state(vcpu->remote, records, size, flags);
}

static void tell_age(struct target *target, unsigned int index, char *text, size_t size)
{
	const struct copied_vcpu *vcpu = of(target)->vcpus[index];
	size_t used = (size_t)snprintf(text, size, "nothing stops: registers are KVM's own copy, as of the last exit, ");

	if (vcpu->age_ns == UNKNOWN_AGE)
		snprintf(text + used, size - used, "nobody knows how long ago");
	else if (vcpu->age_ns)
		snprintf(text + used, size - used, "at most %lld us ago", (long long)(vcpu->age_ns + 999) / 1000);
	else
		snprintf(text + used, size - used, "and nothing newer: it was not in the guest");
}

/* ---- life ---- */

static int add_vcpu(struct copied *copied, const struct classic_record *record)
{
	struct target *base = &copied->inspected.base;
	int ret = inspect_add_vcpu(base, record->id, record->tid);
	struct copied_vcpu *vcpu;

	if (ret <= 0)
		return ret;
	vcpu = calloc(1, sizeof(*vcpu));
	ret = vcpu ? kvm2_remote_create(record->id, -1, copy_ioctl, vcpu, &vcpu->remote) : -ENOMEM;
	if (ret) {
		free(vcpu);
		base->nr_vcpus--;
		return ret;
	}
	vcpu->copied = copied;
	vcpu->fd = record->fd;
	vcpu->tid = record->tid;
	copied->vcpus[base->nr_vcpus - 1] = vcpu;
	return 0;
}

/**
 * struct scan - a look at the VMM's files
 * @vcpus: those that have run
 */
struct scan {
	struct copied *copied;
	struct classic_record vcpus[TARGET_VCPUS_MAX];
	unsigned int nr_vcpus;
};

static int take_record(void *context, const struct classic_record *record)
{
	struct scan *scan = context;
	struct copied *copied = scan->copied;

	if (!copied->vm_id)
		copied->vm_id = record->vm;
	if (record->vm != copied->vm_id)
		return 0;
	if (record->kind == CLASSIC_SLOT)
		return classic_add_slot(&copied->inspected.base, record);
	/* It has no thread until it is entered for the first time. */
	if (record->kind == CLASSIC_VCPU && record->tid && scan->nr_vcpus < TARGET_VCPUS_MAX)
		scan->vcpus[scan->nr_vcpus++] = *record;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct classic_record *left = a;
	const struct classic_record *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static int refresh(struct target *target)
{
	const unsigned int before = target->nr_vcpus;
	struct scan *scan = calloc(1, sizeof(*scan));
	int err;

	if (!scan)
		return -ENOMEM;
	scan->copied = of(target);
	target->nr_regions = 0;
	err = classic_bpf_scan(of(target)->bpf, take_record, scan);
	qsort(scan->vcpus, scan->nr_vcpus, sizeof(scan->vcpus[0]), compare_ids);
	for (unsigned int i = 0; i < scan->nr_vcpus && !err; i++)
		err = add_vcpu(of(target), &scan->vcpus[i]);
	free(scan);
	return err ? err : (int)(target->nr_vcpus - before);
}

static void detach(struct target *target)
{
	for (unsigned int i = 0; i < target->nr_vcpus; i++) {
		kvm2_remote_destroy(of(target)->vcpus[i]->remote);
		free(of(target)->vcpus[i]);
	}
	classic_bpf_destroy(of(target)->bpf);
	free(target->vcpus);
	free(target->regions);
	free(target);
}

static const struct target_ops ops = {
	INSPECT_OPS,
	.name = "inspect",
	.detach = detach,
	.refresh = refresh,
	.next_event = inspect_next_event,
	.wait = inspect_wait,
	.get_state = get_state,
	.read = vmm_memory_read,
	.tell_age = tell_age,
};

static bool is_amds(void)
{
	unsigned int eax, ebx, ecx = 0, edx;

	return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && ecx & CPUID_SVM;
}

int inspect_copy_attach(pid_t pid, struct target **attached, const char **why)
{
	struct copied *copied;
	struct target *target;
	int err;

	if (!is_amds())
		return -EOPNOTSUPP;
	copied = calloc(1, sizeof(*copied));
	if (!copied)
		return -ENOMEM;
	target = &copied->inspected.base;
	inspect_init(target, &ops, pid);
	err = classic_bpf_create(pid, CLASSIC_BPF_LOOK, &copied->bpf);
	if (!err)
		err = refresh(target);
	if (err >= 0 && !copied->vm_id)
		err = -ENOENT;
	if (err >= 0 && !target->nr_vcpus) {
		*why = "no vcpu of its VM has run yet";
		err = -ESRCH;
	}
	if (err < 0) {
		detach(target);
		return err;
	}
	*attached = target;
	return 0;
}

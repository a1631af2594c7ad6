// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_get_state() and kvm_set_state(): copies records between the caller
 * and the vcpu, which may belong to another thread or another process.
 *
 * KVM reaches guest memory through current->mm. A caller in another mm would
 * make it read and write the caller's own memory, so the work for such a one
 * is done by a kworker that has borrowed the mm of the VM.
 */
#include "kvm2.h"

#include <linux/instrumented.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/asm.h>

#define RECORDS_SIZE_MAX	(1U << 20)

/**
 * struct access - one call
 * @records: kernel copy of the caller's buffer
 * @failed:  offset of the refused record, or -1
 * @result:  bytes, or a negative errno
 */
struct access {
	struct work_struct work;
	struct kvm2_vcpu *v;
	const struct kvm2_accessor *accessor;
	int (*run)(struct access *access);
	void *records;
	size_t size;
	u32 flags;
	ssize_t failed;
	int result;
};

static int run_get(struct access *a)
{
	return kvm2_state_get(a->v, a->accessor, a->records, a->size,
			      &a->failed);
}

static int run_list(struct access *a)
{
	return kvm2_state_list(a->v, a->accessor, a->records, a->size,
			       a->flags);
}

static int run_set(struct access *a)
{
	return kvm2_state_set(a->v, a->accessor, a->records, a->size,
			      &a->failed);
}

static void run_in_mm(struct work_struct *work)
{
	struct access *a = container_of(work, struct access, work);
	struct mm_struct *mm = a->v->vm->kvm->mm;

	if (!mmget_not_zero(mm)) {
		a->result = -ESRCH;
		return;
	}
	kthread_use_mm(mm);
	a->result = a->run(a);
	kthread_unuse_mm(mm);
	/* The last user may be gone: its exit is no work for this item. */
	mmput_async(mm);
}

/* Hold the vcpu, and do a->run() in the mm of its VM. */
static int run_held(struct access *a)
{
	int r;

	r = kvm2_vcpu_hold(a->v);
	if (r)
		return r;
	if (a->v->vm->kvm->vm_dead) {
		a->result = -EIO;
	} else if (current->mm == a->v->vm->kvm->mm) {
		a->result = a->run(a);
	} else {
		INIT_WORK_ONSTACK(&a->work, run_in_mm);
		queue_work(system_unbound_wq, &a->work);
		flush_work(&a->work);
		destroy_work_on_stack(&a->work);
	}
	kvm2_vcpu_release(a->v);
	return a->result;
}

/*
 * Show the caller which record it was. It is no second error if that cannot
 * be written: the buffer of a set may be read-only.
 */
static void mark_failed(const struct access *a, void __user *urecords)
{
	struct kvm2_record __user *record = urecords + a->failed;
	const struct kvm2_record *copy = a->records + a->failed;

	put_user(copy->attributes | KVM2_ATTR_FAILED, &record->attributes);
}

/*
 * Records are words, and those of a whole vcpu are too short for a copy by
 * bytes to reach its speed. Return: words not copied.
 * Context: user access has begun.
 */
static size_t copy_words(void *to, const void *from, size_t words)
{
	asm volatile("1: rep movsq\n"
		     "2:\n"
		     _ASM_EXTABLE_UA(1b, 2b)
		     : "+D" (to), "+S" (from), "+c" (words)
		     : : "memory");
	return words;
}

/* The rest of @size beyond whole words is no record, see check_header(). */
static int copy_records_in(void *records, const void __user *urecords,
			   size_t size)
{
	size_t words = size / sizeof(u64), left;

	might_fault();
	instrument_copy_from_user_before(records, urecords, size);
	if (!user_read_access_begin(urecords, size))
		return -EFAULT;
	left = copy_words(records, (__force const void *)urecords, words);
	user_read_access_end();
	return left ? -EFAULT : 0;
}

static int copy_records_out(void __user *urecords, const void *records,
			    size_t size)
{
	size_t words = size / sizeof(u64), left;

	might_fault();
	instrument_copy_to_user(urecords, records, size);
	if (!user_write_access_begin(urecords, size))
		return -EFAULT;
	left = copy_words((__force void *)urecords, records, words);
	user_write_access_end();
	return left ? -EFAULT : 0;
}

static int access_records(struct access *a, void __user *urecords,
			  bool copy_out)
{
	int r;

	if (a->size > RECORDS_SIZE_MAX)
		return -E2BIG;
	a->failed = -1;
	a->records = kvmalloc(a->size, GFP_USER);
	if (!a->records)
		return -ENOMEM;
	r = copy_records_in(a->records, urecords, a->size);
	if (r)
		goto out;

	r = run_held(a);
	if (r < 0 && a->failed >= 0)
		mark_failed(a, urecords);
	else if (r >= 0 && copy_out)
		r = copy_records_out(urecords, a->records, r) ?: r;
out:
	kvfree(a->records);
	return r;
}

static int list_records(struct access *a, void __user *urecords)
{
	size_t size = a->size;
	int r;

	a->size = min_t(size_t, size, RECORDS_SIZE_MAX);
	a->failed = -1;
	a->records = NULL;
	if (a->size) {
		a->records = kvmalloc(a->size, GFP_USER);
		if (!a->records)
			return -ENOMEM;
	}
	r = run_held(a);
	if (r > 0 && size) {
		if (r > a->size)
			r = -ENOSPC;
		else
			r = copy_records_out(urecords, a->records, r) ?: r;
	}
	kvfree(a->records);
	return r;
}

int kvm2_access_get(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void __user *records, size_t size, u32 flags)
{
	struct access a = {
		.v = v, .accessor = accessor, .size = size, .flags = flags,
	};

	if (flags & KVM2_STATE_LIST) {
		a.run = run_list;
		return list_records(&a, records);
	}
	a.run = run_get;
	return access_records(&a, records, true);
}

int kvm2_access_set(struct kvm2_vcpu *v, const struct kvm2_accessor *accessor,
		    void __user *records, size_t size, u32 flags)
{
	struct access a = {
		.v = v, .accessor = accessor, .size = size, .run = run_set,
	};

	return access_records(&a, records, false);
}

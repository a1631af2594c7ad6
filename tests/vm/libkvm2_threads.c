// SPDX-License-Identifier: GPL-2.0
/* libkvm2_test: vcpus of several threads. */
#include "libkvm2_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct helper {
	struct fixture *f;
	uint32_t id;
	uint32_t flags;
	uint64_t rax;
	int ret;
	int enter_ret;
	atomic_int stage;
	int tid;
};

static void *enter_foreign(void *argument)
{
	struct helper *h = argument;
	struct kvm2_run run = { 0 };
	uint64_t value;

	h->enter_ret = kvm2_vcpu_enter(h->f->vcpu, &run, NULL);
	h->ret = kvm2_vcpu_get_u64(h->f->vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, &value);
	return NULL;
}

/* Make a vcpu, leave rax to whoever has it next, end. */
static void *use_vcpu(void *argument)
{
	struct helper *h = argument;
	struct kvm2_vcpu *vcpu = NULL;
	uint64_t before = 0;

	h->ret = kvm2_vcpu_create(h->f->machine, h->id, h->flags, &vcpu);
	if (h->ret < 0) {
		atomic_store(&h->stage, 1);
		return NULL;
	}
	kvm2_vcpu_get_u64(vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, &before);
	kvm2_vcpu_set_u64(vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, h->rax);
	h->rax = before;
	h->tid = gettid();
	atomic_store(&h->stage, 1);
	while (atomic_load(&h->stage) != 2)
		usleep(1000);
	kvm2_vcpu_destroy(vcpu);
	return NULL;
}

/* For what fails at once: nobody tells a vcpu to end. */
static void run_helper(void *(*fn)(void *), struct helper *h)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, h))
		tap_die("pthread_create");
	pthread_join(thread, NULL);
}

static pthread_t hold_vcpu(struct helper *h)
{
	pthread_t thread;

	atomic_store(&h->stage, 0);
	if (pthread_create(&thread, NULL, use_vcpu, h))
		tap_die("pthread_create");
	while (atomic_load(&h->stage) != 1)
		usleep(1000);
	return thread;
}

static void finish_vcpu(struct helper *h, pthread_t thread)
{
	atomic_store(&h->stage, 2);
	pthread_join(thread, NULL);
}

static void test_vcpus(struct fixture *f)
{
	struct helper h = { .f = f };
	struct kvm2_vcpu *vcpu = NULL;
	pthread_t thread;

	run_helper(enter_foreign, &h);
	IS(h.enter_ret, -EPERM, "another thread cannot enter");
	IS(h.ret, -EPERM, "another thread cannot read the state");
	IS(kvm2_vcpu_create(f->machine, 5, 0, &vcpu), -EBUSY, "a thread is one vcpu at most");

	h = (struct helper){ .f = f, .id = 3, .rax = 0x1234 };
	thread = hold_vcpu(&h);
	IS(h.ret, 0, "another thread can be another vcpu");
	{
		struct helper second = { .f = f, .id = 3 };

		run_helper(use_vcpu, &second);
		IS(second.ret, -EEXIST, "a vcpu in use cannot be had twice");
	}
	finish_vcpu(&h, thread);
	h = (struct helper){ .f = f, .id = 3, .flags = KVM2_VCPU_NEW };
	run_helper(use_vcpu, &h);
	IS(h.ret, -EEXIST, "a parked vcpu is not a new one");
	h = (struct helper){ .f = f, .id = 3 };
	thread = hold_vcpu(&h);
	IS(h.ret, 1, "a parked vcpu can be adopted");
	finish_vcpu(&h, thread);
	OK(h.rax == 0x1234, "and has kept its state");
	h = (struct helper){ .f = f, .id = 4, .flags = 1U << 31 };
	run_helper(use_vcpu, &h);
	IS(h.ret, -EINVAL, "unknown vcpu flags are refused");
	h = (struct helper){ .f = f, .id = 1U << 30 };
	run_helper(use_vcpu, &h);
	IS(h.ret, -EINVAL, "a vcpu id that is too large is refused");
}

/* Only the kvm2 calls can name the vcpu of another thread. */
static void test_foreign(struct fixture *f)
{
	struct helper h = { .f = f, .id = 3, .rax = 0xfeedface };
	struct kvm2_records records;
	uint64_t value = 0;
	pthread_t thread;
	int fd;

	if (f->number != KVM2_API_KVM2)
		return;
	thread = hold_vcpu(&h);
	fd = kvm2_thread_pidfd_open(h.tid);
	OK(fd >= 0, "a thread has a pidfd");
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add(&records, KVM2_SET_GPR, KVM2_GPR_RAX, NULL, 8);
	IS(kvm2_sys_get_state(fd, f->data, records.used, 0), (long)records.used,
	   "its vcpu can be read through it");
	kvm2_records_get_u64(&records, KVM2_SET_GPR, KVM2_GPR_RAX, &value);
	OK(value == 0xfeedface, "and is the right one");
	kvm2_records_init(&records, f->data, STATE_BYTES);
	kvm2_records_add_u64(&records, KVM2_SET_GPR, KVM2_GPR_RAX, 77, 8);
	IS(kvm2_sys_set_state(fd, f->data, records.used, 0), (long)records.used, "and written");
	finish_vcpu(&h, thread);
	IS(kvm2_sys_get_state(fd, f->data, records.used, 0), -ESRCH, "an ended thread has no vcpu");
	close(fd);
	h = (struct helper){ .f = f, .id = 3 };
	thread = hold_vcpu(&h);
	finish_vcpu(&h, thread);
	OK(h.rax == 77, "the write stays with the parked vcpu");
	IS(kvm2_thread_pidfd_open(0), -EINVAL, "no thread has id 0");
}

void test_threads(struct fixture *f)
{
	test_vcpus(f);
	test_foreign(f);
}

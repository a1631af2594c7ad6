// SPDX-License-Identifier: GPL-2.0
/* Writes to pages of a guest's memory held back. */
#include "protect.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include "clock.h"
#include "inject.h"
#include "vmm_memory.h"
#include "writer.h"

#define PAGE_BYTES	4096ULL

/* Not in the headers of older kernels. */
#define FEATURE_WP_UNPOPULATED	(1ULL << 13)

/* How long a vcpu may take to come to a stop, if it can. Else KVM itself writes for it. */
#define STOP_MS		100

#define ATTEMPTS	1000

/* ---- the file ---- */

/* The VMM has the file only until we have it. Where nothing of ours is in the process a page is for this alone. */
static int create_file(struct vmm *vmm, struct thread *thread)
{
	struct inject once;
	int fd;

	if (vmm->inject)
		return inject_open(vmm->inject, thread);
	inject_init(&once, vmm->base.pid, journal_saved(vmm->journal));
	fd = inject_open(&once, thread);
	inject_finish(&once, thread);
	return fd;
}

static int set_up(int fd)
{
	static const uint64_t features[] = {
		UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_WP_HUGETLBFS_SHMEM | FEATURE_WP_UNPOPULATED,
		UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
		UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct uffdio_api api = { .api = UFFD_API, .features = features[i] };

		if (!ioctl(fd, UFFDIO_API, &api))
			return 0;
	}
	return -errno;
}

static int need_file(struct vmm *vmm, unsigned int vcpu)
{
	struct thread *thread = &vmm->vcpus[vcpu]->thread;
	int fd;
	int err;

	if (vmm->faults >= 0)
		return 0;
	if (thread->state != THREAD_STOPPED)
		return -EBUSY;
	fd = create_file(vmm, thread);
	if (fd < 0)
		return fd;
	err = set_up(fd);
	if (err)
		close(fd);
	else
		vmm->faults = fd;
	return err;
}

void protect_destroy(struct vmm *vmm)
{
	if (vmm->faults >= 0)
		close(vmm->faults);
	vmm->faults = -1;
}

int protect_event_fd(const struct target *target)
{
	return ((const struct vmm *)target)->faults;
}

/* ---- pages ---- */

static int set_writable(int fd, uint64_t host, bool writable)
{
	struct uffdio_writeprotect protection = {
		.range = { host, PAGE_BYTES },
		.mode = writable ? 0 : UFFDIO_WRITEPROTECT_MODE_WP,
	};

	/* The VMM may be about to change its mappings. */
	for (int i = 0; i < ATTEMPTS; i++) {
		if (!ioctl(fd, UFFDIO_WRITEPROTECT, &protection))
			return 0;
		if (errno != EAGAIN)
			break;
	}
	return -errno;
}

static int begin(struct vmm *vmm, uint64_t host)
{
	struct uffdio_register page = {
		.range = { host, PAGE_BYTES }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	uint8_t byte;

	/* Where there is no page yet there is nothing to protect. */
	if (vmm_peek(vmm->base.pid, host, &byte, 1))
		return -EFAULT;
	return ioctl(vmm->faults, UFFDIO_REGISTER, &page) ? -errno : 0;
}

static int end(struct vmm *vmm, uint64_t host)
{
	struct uffdio_range page = { host, PAGE_BYTES };

	return ioctl(vmm->faults, UFFDIO_UNREGISTER, &page) ? -errno : 0;
}

int protect_page(struct target *target, unsigned int vcpu, uint64_t gpa,
		 enum target_protection protection)
{
	struct vmm *vmm = vmm_of(target);
	uint64_t host = vmm_memory_host(target, gpa);
	int err = need_file(vmm, vcpu);

	if (err)
		return err;
	if (!host || host % PAGE_BYTES)
		return -EFAULT;
	switch (protection) {
	case TARGET_PROTECTED:
		err = set_writable(vmm->faults, host, false);
		/* Not ours yet. */
		if (err == -ENOENT) {
			err = begin(vmm, host);
			if (!err)
				err = set_writable(vmm->faults, host, false);
		}
		return err;
	case TARGET_OPEN:
		return set_writable(vmm->faults, host, true);
	case TARGET_UNPROTECTED:
		break;
	}
	set_writable(vmm->faults, host, true);
	return end(vmm, host);
}

/* ---- writes ---- */

static bool find_gpa(const struct target *target, uint64_t host, uint64_t *gpa)
{
	for (unsigned int i = 0; i < target->nr_regions; i++) {
		const struct target_region *r = &target->regions[i];

		if (host < r->host || host - r->host >= r->size)
			continue;
		*gpa = r->gpa + (host - r->host);
		return true;
	}
	return false;
}

static int find_vcpu(const struct target *target, pid_t tid)
{
	for (unsigned int i = 0; i < target->nr_vcpus; i++)
		if (target->vcpus[i].tid == tid && !target->vcpus[i].gone)
			return (int)i;
	return -1;
}

static bool give_others(struct target_event *event, unsigned int vcpu, uint64_t gpa)
{
	event->kind = TARGET_OTHERS_WRITE;
	event->vcpu = vcpu;
	event->gpa = gpa;
	return true;
}

/* Return: @event is one. */
static bool take_fault(struct vmm *vmm, const struct uffd_msg *message, struct target_event *event)
{
	const pid_t number = (pid_t)message->arg.pagefault.feat.ptid;
	int index = find_vcpu(&vmm->base, number);
	struct vmm_vcpu *vcpu;
	uint64_t gpa;

	if (message->event != UFFD_EVENT_PAGEFAULT ||
	    !find_gpa(&vmm->base, message->arg.pagefault.address & ~(PAGE_BYTES - 1), &gpa))
		return false;
	if (index < 0) {
		writer_find(vmm->base.pid, number, &event->writer);
		index = find_vcpu(&vmm->base, event->writer.tid);
	}
	if (index < 0)
		return give_others(event, 0, gpa);
	vcpu = vmm->vcpus[index];
	/* One that stands makes its write again when it goes on. */
	if (vcpu->thread.state != THREAD_RUNNING)
		return false;
	vcpu->writes = true;
	vcpu->writes_at = gpa;
	vcpu->deadline_ms = clock_ms() + STOP_MS;
	vmm_interrupt(&vmm->base, (unsigned int)index);
	return false;
}

bool protect_next_event(struct vmm *vmm, struct target_event *event)
{
	struct uffd_msg message;

	while (vmm->faults >= 0 && read(vmm->faults, &message, sizeof(message)) == sizeof(message))
		if (take_fault(vmm, &message, event))
			return true;
	for (unsigned int i = 0; i < vmm->base.nr_vcpus; i++) {
		struct vmm_vcpu *vcpu = vmm->vcpus[i];

		if (!vcpu->writes || vcpu->thread.state != THREAD_RUNNING || clock_ms() < vcpu->deadline_ms)
			continue;
		vcpu->writes = false;
		event->writer = (struct target_writer){ .kind = TARGET_WRITER_KVM, .tid = vcpu->thread.tid };
		return give_others(event, i, vcpu->writes_at);
	}
	return false;
}

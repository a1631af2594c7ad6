// SPDX-License-Identifier: GPL-2.0
/* What one access of a guest to a device costs. */
#include "accesses.h"

#include <errno.h>
#include <kvm2/kvm2.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "ours.h"
#include "sample.h"
#include "trap.h"

#define END_PORT	0x10
#define WARM_UP		50
#define TIMES		200

/* What is asked by an exit is answered with what is there. */
static int run_ours(void *arg)
{
	static struct kvm2_run run;
	long r;

	(void)arg;
	do {
		r = trap(__NR_kvm_enter_guest, (long)&run, sizeof(run), 0, 0);
	} while (!r && (run.exit_reason != KVM2_EXIT_IO || run.io.port != END_PORT));
	return (int)r;
}

static int run_classic(void *arg)
{
	const struct accesses *accesses = arg;
	const struct kvm_run *run = accesses->classic->run;
	long r;

	do {
		r = trap_ioctl(accesses->classic->vcpu, KVM_RUN, NULL);
	} while (!r && (run->exit_reason != KVM_EXIT_IO || run->io.port != END_PORT));
	if (accesses->drain)
		accesses->drain(accesses);
	return (int)r;
}

static int prepare(const struct accesses *accesses, void *ram)
{
	int r;

	if (accesses->classic) {
		r = classic_create(accesses->classic, CLASSIC_SPLIT);
		if (!r)
			r = classic_map(accesses->classic, 0, 0, GUEST_RAM, ram);
	} else {
		r = ours_create();
		if (!r)
			r = ours_map_ram(ram);
	}
	if (!r && accesses->attach)
		r = accesses->attach(accesses);
	if (r)
		return r;
	return accesses->classic ? classic_start(accesses->classic, &accesses->start) :
				   ours_start(&accesses->start);
}

static int take(const void *arg, double *figure)
{
	struct accesses accesses = *(const struct accesses *)arg;
	const struct clock_series series = {
		.op = accesses.classic ? run_classic : run_ours,
		.arg = &accesses,
		.times = TIMES,
		.warm_up = WARM_UP,
	};
	void *ram = guest_load();
	int r = ram ? prepare(&accesses, ram) : -ENOMEM;

	return r ? r : clock_median(&series, figure);
}

int accesses_cost(const struct accesses *accesses, double *figure)
{
	struct accesses few = *accesses;
	struct accesses many = *accesses;
	const struct probe few_probe = { take, &few };
	const struct probe many_probe = { take, &many };
	double less;
	double more;
	int r;

	few.start.rsi = ACCESSES_FEW;
	many.start.rsi = ACCESSES_MANY;
	r = sample_median(&few_probe, &less);
	if (!r)
		r = sample_median(&many_probe, &more);
	if (!r)
		*figure = (more - less) / (ACCESSES_MANY - ACCESSES_FEW);
	return r;
}

/* ---- the device process ---- */

struct reply {
	struct kvm2_io_message header;
	uint32_t value;
};

static volatile uint64_t posted;

/* Each posted write of a record is looked at, as the peer's drain() does. */
static void take_posted(const uint8_t *record, const uint8_t *end)
{
	const struct kvm2_io_message *batch;
	const struct kvm2_io_posted *write;

	for (; record < end; record = (const uint8_t *)write) {
		batch = (const void *)record;
		write = (const void *)batch->data;
		for (uint32_t i = 0; i < batch->count; i++)
			posted += write++->address;
	}
}

static void serve(int fd)
{
	static union {
		struct kvm2_io_message header;
		uint8_t bytes[KVM2_IO_BATCH_MAX];
	} message;
	struct reply reply = { .header.op = KVM2_IO_OP_REPLY };
	ssize_t n;

	while ((n = recv(fd, &message, sizeof(message), 0)) > 0) {
		size_t bytes = message.header.op == KVM2_IO_OP_READ ? sizeof(reply.value) : 0;

		if (message.header.op == KVM2_IO_OP_POSTED_BATCH) {
			take_posted(message.bytes, message.bytes + n);
			continue;
		}
		reply.header.id = message.header.id;
		if (send(fd, &reply, sizeof(reply.header) + bytes, MSG_NOSIGNAL) < 0)
			return;
	}
}

int accesses_device(void)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(ends[0]);
		/* It has a processor of its own elsewhere: here, it does not preempt. */
		sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
		serve(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

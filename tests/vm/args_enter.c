// SPDX-License-Identifier: GPL-2.0
/* kvm_enter_guest(), and that a bad run structure loses no exit. */
#include "args.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#define MASK_SIZE	8

/* A structure with the tail that a newer user space would have. */
struct long_run {
	struct kvm2_run run;
	uint8_t tail[4096 - sizeof(struct kvm2_run)];
};

static struct kvm2_run idle;
static struct kvm2_run immediate = { .flags = KVM2_RUN_IMMEDIATE_EXIT };
static uint64_t mask[MASK_SIZE / 8];

static const struct args_row size_rows[] = {
	{ "kvm_enter_guest, size 0",
	  ENTER_GUEST(&idle, 0, NULL, 0), -EINVAL },
	{ "kvm_enter_guest, size one short",
	  ENTER_GUEST(&idle, sizeof(idle) - 1, NULL, 0), -EINVAL },
	{ "kvm_enter_guest, size above a page",
	  ENTER_GUEST(&idle, 4097, NULL, 0), -E2BIG },
	{ "kvm_enter_guest, size 2^32 + right size",
	  ENTER_GUEST(&idle, (1L << 32) + sizeof(idle), NULL, 0), -E2BIG },
	{ "kvm_enter_guest, size -1",
	  ENTER_GUEST(&idle, -1, NULL, 0), -E2BIG },
};

static const struct args_row mask_rows[] = {
	{ "kvm_enter_guest, masksize 0",
	  ENTER_GUEST(&idle, sizeof(idle), mask, 0), -EINVAL },
	{ "kvm_enter_guest, masksize 4",
	  ENTER_GUEST(&idle, sizeof(idle), mask, 4), -EINVAL },
	{ "kvm_enter_guest, masksize one short",
	  ENTER_GUEST(&idle, sizeof(idle), mask, MASK_SIZE - 1), -EINVAL },
	{ "kvm_enter_guest, masksize one more",
	  ENTER_GUEST(&idle, sizeof(idle), mask, MASK_SIZE + 1), -EINVAL },
	{ "kvm_enter_guest, masksize of the C library's sigset_t",
	  ENTER_GUEST(&idle, sizeof(idle), mask, sizeof(sigset_t)), -EINVAL },
	{ "kvm_enter_guest, masksize 2^32 + right size",
	  ENTER_GUEST(&idle, sizeof(idle), mask, (1L << 32) + MASK_SIZE),
	  -EINVAL },
	{ "kvm_enter_guest, masksize -1",
	  ENTER_GUEST(&idle, sizeof(idle), mask, -1), -EINVAL },
};

static void check_tail(void)
{
	static struct long_run first_set, last_set;
	const struct args_row rows[] = {
		{ "kvm_enter_guest, a set byte behind",
		  ENTER_GUEST(&first_set, sizeof(idle) + 1, NULL, 0), -E2BIG },
		{ "kvm_enter_guest, the last byte of a page set",
		  ENTER_GUEST(&last_set, sizeof(last_set), NULL, 0), -E2BIG },
	};

	first_set.tail[0] = 1;
	last_set.tail[sizeof(last_set.tail) - 1] = 1;
	args_check(rows, ARRAY_SIZE(rows));
}

/* Entries that are not wrong: each must bring the guest to its next exit. */
static void check_accepted(struct kvm2_run *run, uint32_t seed)
{
	static struct long_run with_tail;
	struct args_row rows[] = {
		{ "kvm_enter_guest takes a longer run of zeros",
		  ENTER_GUEST(&with_tail, sizeof(*run) + 8, NULL, 0), 0 },
		{ "kvm_enter_guest takes a page",
		  ENTER_GUEST(&with_tail, sizeof(with_tail), NULL, 0), 0 },
		{ "kvm_enter_guest does not look at masksize without a mask",
		  ENTER_GUEST(&with_tail, sizeof(*run), NULL, 7), 0 },
		{ "kvm_enter_guest takes a mask",
		  ENTER_GUEST(&with_tail, sizeof(*run), mask, MASK_SIZE), 0 },
	};
	size_t i;

	with_tail.run = *run;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		guest_answer(&with_tail.run, seed);
		args_check(&rows[i], 1);
	}
	*run = with_tail.run;
	guest_answer(run, seed);
}

/* The reply that @run owes lies behind the edge. */
static void check_half_reply(const struct kvm2_run *run)
{
	uint8_t *at = args_edge - offsetof(struct kvm2_run, io.data) - 1;
	const struct args_row row = {
		"kvm_enter_guest, half of the reply mapped",
		ENTER_GUEST(at, sizeof(*run), NULL, 0), -EFAULT
	};

	memcpy(at, run, args_edge - at);
	args_check(&row, 1);
}

/* @run holds the first exit, of which the reply is still owed. */
void args_enter_guest(struct kvm2_run *run, uint32_t seed)
{
	struct args_row good = {
		"kvm_enter_guest, run",
		ENTER_GUEST(&idle, sizeof(idle), mask, MASK_SIZE), 0
	};
	struct args_row flags = {
		"kvm_enter_guest, unknown flag",
		ENTER_GUEST(&idle, sizeof(idle), NULL, 0), -EINVAL
	};

	tap_ok(run->exit_reason == KVM2_EXIT_IO && !run->io.direction,
	       "the guest waits for a number");
	args_check(size_rows, ARRAY_SIZE(size_rows));
	args_check(mask_rows, ARRAY_SIZE(mask_rows));
	check_tail();
	args_check_pointer(&good, &good.args[0], sizeof(idle.flags), 0);
	good.what = "kvm_enter_guest, mask";
	args_check_pointer(&good, &good.args[2], sizeof(mask), ARGS_OPTIONAL);
	args_check_bits32(&flags, &idle.flags, KVM2_RUN_FLAGS);
	check_half_reply(run);

	guest_answer(run, seed);
	check_accepted(run, seed);

	/* It takes the reply. */
	immediate = *run;
	immediate.flags = KVM2_RUN_IMMEDIATE_EXIT;
	tap_is(guest_enter(&immediate), -EINTR,
	       "kvm_enter_guest with IMMEDIATE_EXIT");
}

/*
 * Run a program to its end where each entry is tried with no more than the
 * first @inside bytes of the run structure mapped and, when that fails, again
 * with all of it. Return: as guest_finish().
 */
static int finish_at_edge(size_t inside, uint32_t seed, uint32_t *result,
			  unsigned int *faults)
{
	uint8_t *at = args_edge - inside;
	struct kvm2_run run = {};
	int r;

	do {
		memcpy(at, &run, inside);
		r = guest_enter((void *)at);
		if (!r) {
			memcpy(&run, at, inside);
		} else if (r == -EFAULT) {
			++*faults;
			if (guest_enter((void *)args_unmapped) != -EFAULT)
				return -EPROTO;
			r = guest_enter(&run);
		}
		if (r)
			return r;
		r = guest_answer(&run, seed);
	} while (!r);
	if (r < 0)
		return r;
	memcpy(result, run.io.data, sizeof(*result));
	return 0;
}

static void check_edges(const char *name, const uint8_t *program,
			uint32_t param, uint32_t expected)
{
	static const size_t edges[] = {
		4, 8, 9, 11, 12, 15, 16, 17, 18, 19, 20, 23, 24, 31, 32,
		527, 1039, 1040,
	};
	unsigned int faults = 0;
	uint32_t result;
	int right = 1;
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		result = ~expected;
		r = guest_start(program, param);
		if (!r)
			r = finish_at_edge(edges[i], 5, &result, &faults);
		if (!r && result == expected)
			continue;
		right = 0;
		tap_note("%zu bytes: returned %d, result %u, expected %u",
			 edges[i], r, result, expected);
	}
	tap_ok(right, "%s loses no exit at the edge of memory", name);
	tap_ok(faults, "%s met the edge, %u times", name, faults);
}

/* A read-only run structure: the exit waits until it can be delivered. */
static void check_read_only(void)
{
	struct args_row row = {
		"an exit to read-only memory",
		ENTER_GUEST(args_read_only, sizeof(struct kvm2_run), NULL, 0),
		-EFAULT
	};
	struct kvm2_run run = {};
	uint32_t value, expected;
	int right = 1;

	guest_start(guest_ports, 0);
	for (expected = 0; expected < 8; expected++) {
		right &= args_call(&row) == -EFAULT;
		/* From now on nothing changes. */
		args_check(&row, 1);
		right &= !guest_enter(&run);
		memcpy(&value, run.io.data, sizeof(value));
		right &= value == expected;
	}
	tap_ok(right, "exits come in order after a failed delivery");
}

/* Context: a thread with a vcpu of its own. */
void args_delivery(void)
{
	check_read_only();
	check_edges("guest_sum", guest_sum, 20, guest_sum_result(20, 5));
	check_edges("guest_outs", guest_outs, 0, 0);
	check_edges("guest_ins", guest_ins, 0, GUEST_DATA_SIZE);
}

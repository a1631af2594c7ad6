// SPDX-License-Identifier: GPL-2.0
/*
 * Every call with every argument wrong in turn: the documented errno each
 * time, nothing changed, and the guest runs to its end nevertheless.
 */
#include "args.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#define ROUNDS	100
#define SEED	7

static uint8_t *ram;

/* A thread with vcpu 1, which the rows of the first one have parked. */
static void *second_thread(void *unused)
{
	struct args_row adopt = { "", CREATE_VCPU(1, 0), 1 };

	(void)unused;
	tap_is(args_call(&adopt), 1, "the thread adopts vcpu 1");
	args_delivery();
	args_get_dirty_log(ram);
	return NULL;
}

static void in_second_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, second_thread, NULL))
		tap_die("pthread_create");
	pthread_join(thread, NULL);
}

int main(void)
{
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct args_row create_vcpu = { "", CREATE_VCPU(0, 0), 0 };
	struct kvm2_run run = {};
	uint32_t result = 0;

	if (kvm_fd < 0 || guest_hold_kvm())
		tap_die("/dev/kvm");
	args_init();
	args_no_vm();
	args_devices_no_vm();
	args_create_vm(kvm_fd);
	if (!tap_is(guest_create_vm("args", &ram), 0, "a VM"))
		return tap_end();
	args_no_vcpu(kvm_fd);
	args_create_vcpu(kvm_fd);
	if (!tap_is(args_call(&create_vcpu), 0, "vcpu 0"))
		return tap_end();
	args_second_vcpu(kvm_fd);
	args_numbers();

	tap_is(guest_start(guest_sum, ROUNDS), 0, "the guest is set up");
	tap_is(guest_enter(&run), 0, "the guest runs");
	args_enter_guest(&run, SEED);
	args_get_state();
	args_set_state();
	args_pidfd();
	args_set_memory_map(ram);
	args_devices();
	in_second_thread();

	tap_is(guest_finish(&run, SEED, &result), 0,
	       "the guest runs to its end after all that");
	tap_is(result, guest_sum_result(ROUNDS, SEED), "its result is right");
	close(kvm_fd);
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
// The VMs and devices of io_test.
#include "io_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

extern const uint8_t io_code[];
extern const uint8_t io_code_end[];

uint8_t *ram;
struct kvm2_run run;

int io_guest_start(uint8_t *memory, const void *program, uint32_t param)
{
	uint64_t rip = IO_CODE + (uint64_t)((const uint8_t *)program - io_code);
	int r;

	memcpy(memory + IO_CODE, io_code, io_code_end - io_code);
	r = guest_start(guest_halt, param);
	return r ? r : guest_set(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, sizeof(rip));
}

void make_vm(void)
{
	int r = guest_create_vm("io", &ram);

	if (r || (r = kvm2_sys_create_vcpu(0, 0)))
		tap_die("create a VM: %s", strerror(-r));
}

int attach(uint32_t flags, uint64_t address, uint64_t cookie, int fd)
{
	const struct kvm2_io io = {
		.type = KVM2_IO_SOCKET, .flags = flags, .address = address,
		.size = RANGE_BYTES, .cookie = cookie, .fd = fd,
	};

	return kvm2_sys_attach_io(&io, sizeof(io));
}

void make_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		tap_die("socketpair");
}

long finish(void)
{
	uint32_t value;
	int r = guest_enter(&run);

	if (r)
		return r;
	if (run.exit_reason != KVM2_EXIT_IO || run.io.port != GUEST_PORT_END)
		return -EPROTO;
	memcpy(&value, run.io.data, sizeof(value));
	return value;
}

pthread_t start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument))
		tap_die("pthread_create");
	return thread;
}

void make_device(struct device *device, uint32_t flags)
{
	int ends[2];

	make_vm();
	make_pair(ends);
	if (attach(flags, IO_MMIO_A, COOKIE_A, ends[0]))
		tap_die("attach a range");
	device->fd = ends[1];
}

void stop_device(struct device *device, pthread_t thread)
{
	shutdown(device->fd, SHUT_RDWR);
	pthread_join(thread, NULL);
}

void on_signal(int signal)
{
	(void)signal;
}

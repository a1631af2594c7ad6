/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VM with one vcpu, and devices behind sockets, for the tests of io_test.
 * Each test is a process with a VM of its own.
 */
#ifndef TESTS_VM_IO_FIXTURE_H
#define TESTS_VM_IO_FIXTURE_H

#include <kvm2/kvm2.h>
#include <pthread.h>
#include <stdint.h>

#include "io_device.h"
#include "io_guest.h"
#include "tap.h"

#define COOKIE_A	0xa11ce
#define COOKIE_B	0xb0b
#define RANGE_BYTES	0x10
#define BATCHED		(KVM2_IO_POSTED | KVM2_IO_BATCHED)

extern uint8_t *ram;
extern struct kvm2_run run;

/* Those without a result end the test where they fail. */
void make_vm(void);
/* A socket at a range of RANGE_BYTES. */
int attach(uint32_t flags, uint64_t address, uint64_t cookie, int fd);
void make_pair(int ends[2]);
/* A VM, and a device of @flags at IO_MMIO_A, that does not answer yet. */
void make_device(struct device *device, uint32_t flags);
void stop_device(struct device *device, pthread_t thread);
pthread_t start(void *(*function)(void *), void *argument);
/* Run until the program ends. Return: its result; or an error. */
long finish(void);
/* A signal with this handler does no more than interrupt. */
void on_signal(int signal);

/* The tests, each file's in their order. */
void test_posts(void);
void test_failures(void);

#endif /* TESTS_VM_IO_FIXTURE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A device behind a socket: what it is asked, and what it answers. */
#ifndef TESTS_VM_IO_DEVICE_H
#define TESTS_VM_IO_DEVICE_H

#include <linux/kvm2.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The data of a message, or the rest of a batch. */
struct message {
	struct kvm2_io_message header;
	uint8_t data[KVM2_IO_BATCH_MAX];
};

/* What a device remembers: read as register 8, or as a port. */
struct device {
	int fd;
	_Atomic uint32_t last;		/* what was written last */
	_Atomic uint32_t posted;	/* how many writes were posted */
	_Atomic uint32_t bad;		/* posted out of turn */
	_Atomic uint32_t *shows;	/* another device's, or NULL: a counter */
	uint8_t *mirror;		/* where the guest sees what was posted, or NULL */
	uint32_t counter;
	uint32_t reads;
	uint32_t records;		/* that posted writes came in */
};

/* Return: bytes of data; -1 when the other side is gone. */
int device_receive(int fd, struct message *message);

int device_reply(int fd, uint32_t id, const void *data, size_t bytes);

/**
 * device_each_posted() - call a function for each write of a POSTED_WRITE, or of a record of batches
 * @bytes: of data
 * @take:  gets @device, the header of the write, its address, and its value
 * Return: 0; -1 the record is not as long as its headers say, or has something else in it.
 */
typedef void (*posted_fn)(void *device, const struct kvm2_io_message *header, uint64_t address,
			  uint64_t value);
int device_each_posted(const struct message *message, int bytes, posted_fn take, void *device);

/* As a device does, with @bytes of data. */
void device_answer(struct device *device, const struct message *message, int bytes);

/* A thread: answers until the other side is gone. */
void *device_main(void *device);

#endif /* TESTS_VM_IO_DEVICE_H */

// SPDX-License-Identifier: GPL-2.0
// A device behind a socket.
#include "io_device.h"

#include <string.h>
#include <sys/socket.h>

int device_receive(int fd, struct message *message)
{
	ssize_t n = recv(fd, message, sizeof(*message), 0);

	return n < (ssize_t)sizeof(message->header) ? -1 : (int)(n - sizeof(message->header));
}

int device_reply(int fd, uint32_t id, const void *data, size_t bytes)
{
	struct message message = { .header = { .id = id, .op = KVM2_IO_OP_REPLY } };

	memcpy(message.data, data, bytes);
	return (int)send(fd, &message, sizeof(message.header) + bytes, MSG_NOSIGNAL);
}

static void answer_read(struct device *device, const struct kvm2_io_message *header)
{
	uint8_t string[KVM2_IO_DATA_MAX] = { 0 };
	uint32_t value = device->shows ? *device->shows : ++device->counter;

	device->reads++;
	memcpy(string, &value, sizeof(value));
	if (header->count > 1)
		for (unsigned int i = 0; i < header->count; i++)
			string[i] = (uint8_t)('a' + i);
	device_reply(device->fd, header->id, string, header->size * header->count);
}

int device_each_posted(const struct message *message, int bytes, posted_fn take, void *device)
{
	const uint8_t *at = (const uint8_t *)message;
	const uint8_t *end = message->data + bytes;
	struct kvm2_io_message header;
	struct kvm2_io_posted write = { 0 };

	if (message->header.op == KVM2_IO_OP_POSTED_WRITE) {
		if (message->header.size > sizeof(write.value) || message->header.size != bytes)
			return -1;
		memcpy(&write.value, message->data, bytes);
		take(device, &message->header, message->header.address, write.value);
		return 0;
	}
	while (at < end) {
		if ((size_t)(end - at) < sizeof(header))
			return -1;
		memcpy(&header, at, sizeof(header));
		at += sizeof(header);
		if (header.op != KVM2_IO_OP_POSTED_BATCH || !header.count || header.address ||
		    (size_t)(end - at) / sizeof(write) < header.count)
			return -1;
		for (uint32_t i = 0; i < header.count; i++, at += sizeof(write)) {
			memcpy(&write, at, sizeof(write));
			take(device, &header, write.address, write.value);
		}
	}
	return 0;
}

static void take_posted(void *argument, const struct kvm2_io_message *header, uint64_t address,
			uint64_t value)
{
	struct device *device = argument;
	uint32_t number = (uint32_t)value;

	(void)address;
	device->bad += header->size != sizeof(number) || value != device->last + 1;
	device->last = number;
	device->posted++;
	if (device->mirror)
		memcpy(device->mirror, &number, sizeof(number));
}

void device_answer(struct device *device, const struct message *message, int bytes)
{
	const struct kvm2_io_message *header = &message->header;
	uint32_t value = 0;

	switch (header->op) {
	case KVM2_IO_OP_READ:
		answer_read(device, header);
		break;
	case KVM2_IO_OP_POSTED_WRITE:
	case KVM2_IO_OP_POSTED_BATCH:
		device->records++;
		if (device_each_posted(message, bytes, take_posted, device))
			device->bad++;
		break;
	case KVM2_IO_OP_WRITE:
		memcpy(&value, message->data, bytes < 4 ? bytes : 4);
		device->last = value;
		device_reply(device->fd, header->id, NULL, 0);
		break;
	case KVM2_IO_OP_FLUSH:
		device_reply(device->fd, header->id, NULL, 0);
		break;
	}
}

void *device_main(void *argument)
{
	struct device *device = argument;
	struct message message;
	int bytes;

	while ((bytes = device_receive(device->fd, &message)) >= 0)
		device_answer(device, &message, bytes);
	return NULL;
}

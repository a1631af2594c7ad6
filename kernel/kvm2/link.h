/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A link: our end of an AF_UNIX socket of type SOCK_SEQPACKET, to a process
 * that is an interrupt controller or a device. Whatever that process does,
 * nobody waits here but interruptibly, and the kernel keeps no more than the
 * socket's own limit.
 */
#ifndef _KVM2_LINK_H
#define _KVM2_LINK_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/wait.h>

struct file;
struct socket;

/**
 * struct kvm2_link - the link
 * @file:	the socket
 * @error:	0; a positive errno once the other side has failed
 * @read_lock:	one reader at a time
 * @wait:	woken when the socket changes, a message was taken, or @error
 *		is set
 * @wake:	called when the socket changes, in atomic context; or NULL
 */
struct kvm2_link {
	struct kref kref;
	struct file *file;
	struct socket *sock;
	int error;
	struct mutex read_lock;
	wait_queue_head_t wait;
	void (*wake)(struct kvm2_link *link);
	/* the socket's wait queue, and our entry there */
	wait_queue_head_t *queue;
	wait_queue_entry_t entry;
	poll_table poll;
};

/*
 * Return: 0; -EBADF, -ENOTSOCK, -EPROTOTYPE not AF_UNIX or not SEQPACKET;
 * -ENOTCONN not connected.
 */
int kvm2_link_init(struct kvm2_link *link, int fd,
		   void (*wake)(struct kvm2_link *link));

/* No call of @wake afterwards; waiters find @error ESHUTDOWN if none is set. */
void kvm2_link_stop(struct kvm2_link *link);

/* After kvm2_link_stop(), when nobody uses it any more. */
void kvm2_link_fini(struct kvm2_link *link);

/* The other side has failed: set @error, if none is, and shut the socket. */
void kvm2_link_fail(struct kvm2_link *link, int error);

/* Return: 0; -EAGAIN no room now; a negative errno: the link has failed. */
int kvm2_link_send(struct kvm2_link *link, const void *head, size_t head_bytes,
		   const void *data, size_t data_bytes);

/*
 * Return: bytes of the record, also when that is longer than @size; -EAGAIN
 * there is none; a negative errno: the link has failed.
 * Context: @read_lock held.
 */
int kvm2_link_receive(struct kvm2_link *link, void *record, size_t size);

bool kvm2_link_can_send(struct kvm2_link *link);
bool kvm2_link_can_receive(struct kvm2_link *link);

#endif /* _KVM2_LINK_H */

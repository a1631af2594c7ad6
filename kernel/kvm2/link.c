// SPDX-License-Identifier: GPL-2.0
/*
 * Links to processes that are interrupt controllers or devices.
 */
#include "link.h"

#include <linux/file.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/af_unix.h>

static int on_socket_wake(wait_queue_entry_t *entry, unsigned int mode,
			  int sync, void *key)
{
	struct kvm2_link *link = container_of(entry, struct kvm2_link, entry);

	wake_up_all(&link->wait);
	if (link->wake)
		link->wake(link);
	return 0;
}

static void add_to_queue(struct file *file, wait_queue_head_t *queue,
			 poll_table *poll)
{
	struct kvm2_link *link = container_of(poll, struct kvm2_link, poll);

	/* A socket has one queue. */
	if (WARN_ON_ONCE(link->queue))
		return;
	link->queue = queue;
	add_wait_queue(queue, &link->entry);
}

int kvm2_link_init(struct kvm2_link *link, int fd,
		   void (*wake)(struct kvm2_link *link))
{
	struct file *file = fget(fd);
	int r;

	if (!file)
		return -EBADF;
	link->sock = sock_from_file(file);
	r = -ENOTSOCK;
	if (!link->sock)
		goto err_put;
	r = -EPROTOTYPE;
	if (link->sock->ops->family != PF_UNIX ||
	    link->sock->type != SOCK_SEQPACKET)
		goto err_put;
	r = -ENOTCONN;
	if (READ_ONCE(link->sock->sk->sk_state) != TCP_ESTABLISHED)
		goto err_put;

	kref_init(&link->kref);
	link->file = file;
	link->error = 0;
	link->wake = wake;
	mutex_init(&link->read_lock);
	init_waitqueue_head(&link->wait);
	init_waitqueue_func_entry(&link->entry, on_socket_wake);
	init_poll_funcptr(&link->poll, add_to_queue);
	link->queue = NULL;
	vfs_poll(file, &link->poll);
	return 0;

err_put:
	fput(file);
	return r;
}

static void set_error(struct kvm2_link *link, int error)
{
	cmpxchg(&link->error, 0, error);
	wake_up_all(&link->wait);
}

void kvm2_link_stop(struct kvm2_link *link)
{
	if (link->queue)
		remove_wait_queue(link->queue, &link->entry);
	link->queue = NULL;
	set_error(link, ESHUTDOWN);
}

void kvm2_link_fini(struct kvm2_link *link)
{
	fput(link->file);
}

void kvm2_link_fail(struct kvm2_link *link, int error)
{
	set_error(link, error);
	kernel_sock_shutdown(link->sock, SHUT_RDWR);
}

static int failed(struct kvm2_link *link, int r)
{
	kvm2_link_fail(link, -r);
	return r;
}

int kvm2_link_send(struct kvm2_link *link, const void *head, size_t head_bytes,
		   const void *data, size_t data_bytes)
{
	struct msghdr message = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec parts[2] = {
		{ (void *)head, head_bytes }, { (void *)data, data_bytes },
	};
	int r;

	if (READ_ONCE(link->error))
		return -READ_ONCE(link->error);
	r = kernel_sendmsg(link->sock, &message, parts, data_bytes ? 2 : 1,
			   head_bytes + data_bytes);
	if (r >= 0)
		return 0;
	/* ENOBUFS and ENOMEM come and go as EAGAIN does. */
	if (r == -EAGAIN || r == -EINTR || r == -ENOBUFS || r == -ENOMEM)
		return -EAGAIN;
	/* Its process may have closed it with our records unread. */
	return failed(link, r == -ECONNRESET ? -EPIPE : r);
}

int kvm2_link_receive(struct kvm2_link *link, void *record, size_t size)
{
	struct msghdr message = { };
	struct kvec part = { record, size };
	int r;

	if (READ_ONCE(link->error))
		return -READ_ONCE(link->error);
	/* MSG_TRUNC: the length that the record has, whatever fits. */
	r = kernel_recvmsg(link->sock, &message, &part, 1, size,
			   MSG_DONTWAIT | MSG_TRUNC);
	if (r > 0)
		return r;
	if (r == -EAGAIN || r == -EINTR || r == -ENOBUFS || r == -ENOMEM)
		return -EAGAIN;
	return failed(link, r == 0 || r == -ECONNRESET ? -EPIPE : r);
}

static bool polls(struct kvm2_link *link, __poll_t events)
{
	return READ_ONCE(link->error) ||
	       vfs_poll(link->file, NULL) & (events | EPOLLHUP | EPOLLERR);
}

bool kvm2_link_can_send(struct kvm2_link *link)
{
	return polls(link, EPOLLOUT);
}

bool kvm2_link_can_receive(struct kvm2_link *link)
{
	return polls(link, EPOLLIN | EPOLLRDHUP);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports behind a socket: what a process that the guest's I/O is sent to does
 * with a transaction, see kvm_attach_io(2).
 */
#ifndef KVM2RUN_IO_SERVER_H
#define KVM2RUN_IO_SERVER_H

#include "ports.h"

/* A transaction has no more data than this. */
#define IO_SERVER_DATA_MAX	4096

/**
 * io_server_serve() - take one transaction and answer it
 * @fd:	a socket of type SOCK_SEQPACKET; waits until there is something
 * Return: 1; 0 when the other end is closed; -EBADMSG it is no transaction;
 * or another negative errno of recv(2) and send(2).
 */
int io_server_serve(int fd, struct ports *ports);

#endif

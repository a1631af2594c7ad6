/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tprints() and tprintf() do, for the many short pieces that decoders of
 * structures print: an exit of a guest is forty of them, and through stdio's
 * general functions they took longer than all else that decodes it.
 *
 * It stands before defs.h, so that all that this defines inline uses them.
 */
#ifndef KVM2_TEXT_H
#define KVM2_TEXT_H

#define tprints	kvm2_text
#define tprintf	kvm2_textf

struct tcb;

/* Whom strace prints about; of its strace.c. */
extern struct tcb *current_tcp;

extern void kvm2_text(const char *text);

/* %s, %u, %x, with # and ll, are quick; anything else is left to stdio. */
extern void kvm2_textf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif /* KVM2_TEXT_H */

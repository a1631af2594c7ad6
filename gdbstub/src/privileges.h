/* SPDX-License-Identifier: GPL-2.0 */
/* What kvm2gdb may do beyond what everybody may. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * Give up all capabilities but those that guests are attached to, looked at and
 * let go by, for ever: neither a set-user-ID program gives any back. Files of this
 * user stay its files. Of a process that has one thread.
 * Return: 0 or a negative errno.
 */
int privileges_drop(void);

#endif

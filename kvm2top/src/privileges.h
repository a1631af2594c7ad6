/* SPDX-License-Identifier: GPL-2.0 */
/* Give up being root. */
#ifndef KVM2TOP_PRIVILEGES_H
#define KVM2TOP_PRIVILEGES_H

/**
 * privileges_drop() - become an ordinary user, for good
 *
 * That of sudo(8), else nobody. Everything that needs root is open by then.
 * Does nothing for a process that is not root.
 *
 * Return: 0 or a negative errno.
 */
int privileges_drop(void);

#endif /* KVM2TOP_PRIVILEGES_H */

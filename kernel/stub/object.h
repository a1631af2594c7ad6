/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the system calls use of the registered kvm.ko.
 */
#ifndef _KVM2_OBJECT_H
#define _KVM2_OBJECT_H

#include <linux/kvm2_core.h>

const struct kvm2_ops *kvm2_ops_get(void);
bool kvm2_ops_present(void);

#endif /* _KVM2_OBJECT_H */

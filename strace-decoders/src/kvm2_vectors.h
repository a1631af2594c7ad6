/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that the kvm2 calls and the ioctls of /dev/kvm share. */
#ifndef KVM2_VECTORS_H
#define KVM2_VECTORS_H

struct xlat;

/* Exception vectors: 14, "#PF". */
extern const struct xlat *const kvm2_vectors;

/* KVM_EXIT_* of linux/kvm.h, Linux 6.12, as far as x86 has them. */
extern const struct xlat *const kvm2_classic_exits;

#endif /* KVM2_VECTORS_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * strace's defs.h for our decoders: what they print goes through kvm2_text.c.
 * All that defs.h declares or defines inline is meant, so this stands first.
 */
#ifndef KVM2_DEFS_H
#define KVM2_DEFS_H

#define tprints	kvm2_text
#define tprintf	kvm2_textf
#include "defs.h"

#endif /* KVM2_DEFS_H */

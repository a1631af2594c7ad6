/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's words for numbers, for BPF programs, which see no headers of a kernel. */
#ifndef KVM2_BPF_KERNEL_TYPES_H
#define KVM2_BPF_KERNEL_TYPES_H

typedef signed char s8;
typedef unsigned char u8;
typedef short s16;
typedef unsigned short u16;
typedef int s32;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)
/* as bpf_helper_defs.h wants them */
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s64 __s64;
typedef s32 __s32;
typedef u8 __u8;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Bits of x86 registers by which steps and debug exceptions are made and told (AMD64 manual, volume 2, 3.1.6 and 13.1.1). */
#ifndef X86_H
#define X86_H

#define RFLAGS_TF	(1ULL << 8)
#define RFLAGS_RF	(1ULL << 16)

#define DR6_HITS	0xf
#define DR6_STEP	(1 << 14)

#define VECTOR_DB	1
#define VECTOR_BP	3

#endif

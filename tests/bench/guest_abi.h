/* SPDX-License-Identifier: GPL-2.0 */
/* Where things are in the guest's RAM. Read by the assembler, too. */
#ifndef TESTS_BENCH_GUEST_ABI_H
#define TESTS_BENCH_GUEST_ABI_H

#define GUEST_CODE	0x1000
#define GUEST_TABLES	0x2000		/* three pages */
#define GUEST_GDT	0x5000
#define GUEST_GDTR	0x5020
#define GUEST_IDTR	0x5030
#define GUEST_IDT	0x6000
#define GUEST_STACK	0x8000		/* its end */
#define GUEST_RAM	0x10000		/* bytes of RAM, from 0 */
#define GUEST_MMIO	0x100000	/* nobody has memory there */

#define GUEST_VECTOR	0x41

#endif /* TESTS_BENCH_GUEST_ABI_H */

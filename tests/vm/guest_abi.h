/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guests in guest_code.S and their host agree on. Read by the
 * assembler, too.
 */
#ifndef TESTS_VM_GUEST_ABI_H
#define TESTS_VM_GUEST_ABI_H

/* Guest physical addresses, all within reach of real mode. */
#define GUEST_CODE		0x1000
#define GUEST_DATA		0x3000
#define GUEST_DATA_SIZE		1024
#define GUEST_TOUCH		0x10000  /* pages that only guest_touch writes */
#define GUEST_RAM		0x80000  /* bytes of RAM, from 0 */
#define GUEST_MMIO		0xd0000

#define GUEST_PORT_NUMBER	0x10
#define GUEST_PORT_SUM		0x14
#define GUEST_PORT_STRING	0x18
#define GUEST_PORT_END		0xf4

#endif /* TESTS_VM_GUEST_ABI_H */

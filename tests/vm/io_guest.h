/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests in real mode that make accesses to devices, on the guests of
 * guest.h. Read by the assembler, too.
 */
#ifndef TESTS_VM_IO_GUEST_H
#define TESTS_VM_IO_GUEST_H

#define IO_CODE		0x5000
#define IO_FLAG		0x6000	/* io_order: what was posted last */

#define IO_MMIO_A	0xd0000	/* a page each: nobody has memory there */
#define IO_MMIO_B	0xd1000
#define IO_PORT_A	0x300
#define IO_PORT_B	0x310

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Programs; each ends as guest_sum does, with what it says in eax. */
extern const uint8_t io_sum[];		/* param: rounds; the sum of IO_PORT_A */
extern const uint8_t io_mmio_sum[];	/* param: rounds; the sum of IO_MMIO_A */
extern const uint8_t io_string[];	/* reads 16 bytes of IO_PORT_A, writes them there */
extern const uint8_t io_post[];		/* param: rounds, 0: 2^32; posts 1, 2, ... to IO_MMIO_A */
extern const uint8_t io_post_wait[];	/* the same, each when IO_FLAG says that the last has come */
extern const uint8_t io_post_two[];	/* the same, in turn to IO_MMIO_A and 16 bytes further; 0: a read came too early */
extern const uint8_t io_post_widths[];	/* 1, 2, 4 and 8 bytes to IO_MMIO_A, and 4 to the last two; 1 */
extern const uint8_t io_order_post[];	/* param: rounds; see io_posted.c */
extern const uint8_t io_order_read[];	/* param: rounds; ends with the first bad round */

/* As guest_start(), for a program of this file. */
int io_guest_start(uint8_t *ram, const void *program, uint32_t param);
#endif

#endif /* TESTS_VM_IO_GUEST_H */

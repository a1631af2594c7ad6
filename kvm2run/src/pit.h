/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 8254 timer of a PC: three counters, and port 0x61 with the gate and
 * the output of the third. Its owner has the lock.
 *
 * bpf/pit.bpf.c makes a program for the kernel of it: no calls of a library,
 * no pointers.
 */
#ifndef KVM2RUN_PIT_H
#define KVM2RUN_PIT_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_PORT	0x40
#define PIT_PORTS	4
#define PIT_GATE_PORT	0x61
#define PIT_HZ		1193182ULL

struct pit_counter {
	uint32_t reload;	/* 1 to 0x10000 */
	uint8_t mode;
	uint8_t access;		/* 1 low, 2 high, 3 both bytes */
	bool bcd;
	bool gate;
	bool armed;		/* it has a count */
	bool write_high;	/* the byte that is written next */
	bool read_high;
	uint8_t written_low;
	bool latched;
	uint16_t latch;
	bool status_latched;
	uint8_t status;
	uint64_t start_ns;
};

/* @now_ns: set before each call, and never back */
struct pit {
	struct pit_counter counters[3];
	uint64_t now_ns;
};

void pit_init(struct pit *pit);
uint8_t pit_read(struct pit *pit, unsigned int offset);
void pit_write(struct pit *pit, unsigned int offset, uint8_t value);
uint8_t pit_read_gate(const struct pit *pit);
void pit_write_gate(struct pit *pit, uint8_t value);

/* The output of a counter. */
bool pit_output(const struct pit *pit, unsigned int counter);

/*
 * When the output of counter 0 rises for the first time after @after_ns.
 * Return: the time; UINT64_MAX for never.
 */
uint64_t pit_next_edge(const struct pit *pit, uint64_t after_ns);

#endif

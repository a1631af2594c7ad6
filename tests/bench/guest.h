/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same guest for both sides: what is in its RAM, and how its registers
 * are when it starts. Addresses are the same for guest and host programs:
 * long mode maps the first GiB as it is.
 */
#ifndef TESTS_BENCH_GUEST_H
#define TESTS_BENCH_GUEST_H

#include <stdint.h>

#include "guest_abi.h"

#define GUEST_CR0	0x80000031ULL	/* PG NE ET PE */
#define GUEST_CR4	0x20ULL		/* PAE */
#define GUEST_EFER	0x500ULL	/* LMA LME */

enum guest_mode {
	GUEST_REAL,
	GUEST_LONG,
};

/* The programs; see guest_code.S. */
extern const uint8_t guest_real[];
extern const uint8_t guest_long[];
extern const uint8_t guest_endless[];
extern const uint8_t guest_touch[];	/* rdi, rsi, rcx */
extern const uint8_t guest_in[];	/* rdi, rsi */
extern const uint8_t guest_store[];	/* rdi, rsi */
extern const uint8_t guest_interrupts[];
extern const uint8_t guest_handler[];

/**
 * struct guest_start - where a guest begins
 * @mode:    of the processor
 * @program: one of the above
 * @rdi:     of the program
 * @rsi:     of the program
 * @rcx:     of the program
 */
struct guest_start {
	enum guest_mode mode;
	const uint8_t *program;
	uint64_t rdi;
	uint64_t rsi;
	uint64_t rcx;
};

/**
 * guest_alloc() - memory for a guest, present, never to be freed
 * Return: the memory; NULL there is none.
 */
void *guest_alloc(uint64_t size);

/**
 * guest_load() - GUEST_RAM bytes of RAM with the programs and page tables
 * Return: the RAM; NULL no memory.
 */
void *guest_load(void);

/* The instruction pointer at the start of a program. */
uint64_t guest_rip(const uint8_t *program);

#endif /* TESTS_BENCH_GUEST_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the multiboot guests share: processors, counted instructions that
 * exit, arguments, the serial port. Flat 32-bit mode, no paging.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_CPUS_MAX		8

/* No RAM, no device: accesses exit to the VMM, which answers all ones. */
#define GUEST_MMIO		0xe0000000U

/* No device is at these ports. */
#define GUEST_PORT		0x2000

/**
 * struct guest_cpu - a processor and what it has done
 * @io:		accesses to ports that exit: each element of rep outs, but
 *		all elements of one rep ins together
 */
struct guest_cpu {
	uint32_t id;
	uint32_t io;
	uint32_t mmio;
	uint32_t cpuid;
	uint32_t hlt;
	volatile uint32_t done;
};

extern struct guest_cpu guest_cpus[GUEST_CPUS_MAX];
extern uint32_t guest_nr_cpus;

/* Timer interrupts so far, by processor; written by the handler. */
extern volatile uint32_t guest_ticks[GUEST_CPUS_MAX];

/* The multiboot information, as the loader left it. */
extern const uint32_t *guest_multiboot;
extern const char *guest_cmdline;

/* The compiler may call these for initialisers and copies, too. */
void *memset(void *to, int value, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);

/* ---- the program: each guest defines these ---- */

/* Run by every processor, at the same time. */
void guest_work(struct guest_cpu *cpu);

/* Run by the first one when all have returned from guest_work(). */
void guest_end(struct guest_cpu *cpu);

/* ---- instructions that exit, counted in @cpu ---- */

void guest_out8(struct guest_cpu *cpu, uint16_t port, uint8_t value);
void guest_out16(struct guest_cpu *cpu, uint16_t port, uint16_t value);
void guest_out32(struct guest_cpu *cpu, uint16_t port, uint32_t value);
uint8_t guest_in8(struct guest_cpu *cpu, uint16_t port);
uint32_t guest_in32(struct guest_cpu *cpu, uint16_t port);
void guest_outs8(struct guest_cpu *cpu, uint16_t port, const void *data, uint32_t count);

/* @data: @count bytes, at most 1024, that do not cross a page */
void guest_ins8(struct guest_cpu *cpu, uint16_t port, void *data, uint32_t count);

uint32_t guest_read32(struct guest_cpu *cpu, uint32_t address);
void guest_write32(struct guest_cpu *cpu, uint32_t address, uint32_t value);
uint32_t guest_cpuid(struct guest_cpu *cpu, uint32_t leaf);

/* One hlt with interrupts on. They are off before and after. */
void guest_hlt(struct guest_cpu *cpu);

/* ---- the local APIC's timer; it counts at 1 GHz, as KVM's does ---- */

void guest_timer_once(uint32_t ns);
void guest_timer_periodic(uint32_t ns);

/* ---- interrupts and exceptions: of all processors ---- */

/* @handler: address of what ends with iret; it begins with interrupts off */
void guest_set_gate(uint32_t vector, uint32_t handler);

/* ---- arguments: "name=number" words of the command line ---- */

uint32_t guest_number(const char *name, uint32_t otherwise);
bool guest_has_word(const char *word);

/* ---- output ---- */

void guest_print(struct guest_cpu *cpu, const char *text);
void guest_print_number(struct guest_cpu *cpu, uint32_t number);
void guest_print_hex(struct guest_cpu *cpu, uint32_t number);

/* The digits of @number. Return: how many. */
uint32_t guest_format(char digits[static 11], uint32_t number);

/* Ends the VMM with status value << 1 | 1. */
void __attribute__((noreturn)) guest_exit(struct guest_cpu *cpu, uint32_t value);

/* ---- fw_cfg ---- */

void guest_fw_cfg(struct guest_cpu *cpu, uint16_t key, void *data, uint32_t bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers as gdb numbers them: one list makes target.xml, the g packet
 * and p and P, and says which kvm2 record each comes from.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm2.h>

#include "buffer.h"
#include "target.h"

/* Longest register in bytes. */
#define REGISTER_BYTES_MAX	64

/**
 * struct gdb_register - one register
 * @feature:	index of features[]
 * @bits:	as gdb sees it
 * @offset:	first byte in the value of the record
 * @size:	bytes from there on; zeros follow up to @bits
 * @record_size: bytes that a record of it needs
 * @template_offset: of its record in registers->template, if it is in the g
 *		packet
 */
struct gdb_register {
	char name[24];
	const char *type;
	const char *group;
	uint8_t feature;
	bool is_tag_word;
	uint16_t bits;
	uint16_t set;
	uint16_t offset;
	uint16_t size;
	uint16_t record_size;
	uint16_t attributes;
	uint32_t template_offset;
	uint64_t number;
};

/**
 * struct registers - those of a VM
 * @wide:	64-bit layout; else that of the i386
 * @nr_general:	the first ones are in the g packet
 * @template:	records of the g packet's registers, without values
 */
struct registers {
	struct gdb_register *all;
	unsigned int count;
	unsigned int nr_general;
	bool wide;
	void *template;
	size_t template_size;
};

/**
 * registers_init() - the registers that vcpus have
 * @list: records as of KVM2_STATE_LIST | KVM2_STATE_HEADERS, @size bytes: which
 *	  registers there are; KVM2_ATTR_FAILED: nobody can read it
 * Return: 0; -ENOMEM.
 */
int registers_init(struct registers *registers, bool wide, const void *list, size_t size);
void registers_fini(struct registers *registers);

/* The target description, with everything in it. */
void registers_describe(const struct registers *registers, struct buffer *xml);

/* Index of a name; -ENOENT. */
int registers_find(const struct registers *registers, const char *name);

/**
 * register_read() - a register's bytes as gdb wants them
 * @records: filled copy of registers->template, or NULL: ask @target
 * @value:   out: bits / 8 bytes
 * Return: bytes; -ENODATA nobody can read it; a negative errno of get_state.
 */
int register_read(const struct registers *registers, unsigned int index, const void *records,
		  struct target *target, unsigned int vcpu, uint8_t value[REGISTER_BYTES_MAX]);

/**
 * register_write() - give a register a value
 * @value: bits / 8 bytes
 * Return: 0; a negative errno of set_state; -EIO it does not hold what was
 *	   written.
 */
int register_write(const struct registers *registers, unsigned int index, struct target *target,
		   unsigned int vcpu, const uint8_t *value);

/* One register of up to 8 bytes, by tag. Return: 0 or a negative errno. */
int state_get_u64(struct target *target, unsigned int vcpu, uint16_t set, uint64_t number,
		  uint64_t *value);
int state_set_u64(struct target *target, unsigned int vcpu, uint16_t set, uint64_t number,
		  uint32_t size, uint64_t value);

#endif

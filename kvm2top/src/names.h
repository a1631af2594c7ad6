/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What exit reasons and VMs are called. Names of reasons come from the running
 * kernel's own text, so that new ones need no new release.
 */
#ifndef KVM2TOP_NAMES_H
#define KVM2TOP_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "model.h"

struct names;

/* NULL: no memory. */
struct names *names_create(void);
void names_destroy(struct names *names);

/**
 * names_add_format() - learn the reasons of an event
 * @text: the format file of kvm_exit or kvm_userspace_exit
 * Return: 0 or a negative errno.
 */
int names_add_format(struct names *names, const char *text);

/* The same, from tracefs, and the administrator's rules for names of VMs. */
void names_load(struct names *names);

/* "hlt"; "vmx:0x4e" where the kernel has no name. Returns @buffer. */
const char *names_reason(struct names *names, enum model_kind kind, uint32_t isa, uint32_t code,
			 uint32_t raw, char buffer[static MODEL_NAME_SIZE]);

/* Give a name to everything in the model that has none. Reads /proc once for each new VM. */
void names_fill(struct names *names, struct model *model);

/* A port, an MSR and so on, for people. */
const char *names_detail(uint32_t detail, uint64_t value, char buffer[static MODEL_NAME_SIZE]);

/* "port read", ... */
const char *names_detail_kind(uint32_t detail);

/* What KVM calls one of its counters; NULL: it is none of KVM's. */
const char *names_counter(enum shared_counter counter);

#endif /* KVM2TOP_NAMES_H */

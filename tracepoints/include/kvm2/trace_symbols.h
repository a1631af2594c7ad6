/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libkvm2trace: names of a guest's addresses, from its kernel's vmlinux (or
 * any ELF file with symbols) or System.map.
 *
 * A kernel may have moved itself by an offset when it booted. Where exits of
 * known kinds happen tells by how much: a halt is in the idle loop.
 */
#ifndef KVM2_TRACE_SYMBOLS_H
#define KVM2_TRACE_SYMBOLS_H

#include <kvm2/trace.h>

struct kvm2_trace_symbols;

/* NULL when there is no memory. */
struct kvm2_trace_symbols *kvm2_trace_symbols_create(void);
void kvm2_trace_symbols_destroy(struct kvm2_trace_symbols *symbols);

/**
 * kvm2_trace_symbols_load() - read a file's symbols
 * @symbols: once
 * Return: their number; -EINVAL the file has none; -ENOMEM; or what reading
 *	   it gave.
 */
ssize_t kvm2_trace_symbols_load(struct kvm2_trace_symbols *symbols,
				const char *path);

/* The guest is @offset higher than the file says, and that is certain. */
void kvm2_trace_symbols_move(struct kvm2_trace_symbols *symbols,
			     uint64_t offset);

/**
 * kvm2_trace_symbols_learn() - look where an exit was
 * @reason: of the processor's exit
 * @rip:    of the guest
 *
 * For a Linux kernel that may have moved. Nothing happens once the offset is
 * known.
 *
 * Return: true: it is known now.
 */
bool kvm2_trace_symbols_learn(struct kvm2_trace_symbols *symbols,
			      const char *reason, uint64_t rip);

/* The offset; false: it is not known, and a moved kernel has no names. */
bool kvm2_trace_symbols_offset(const struct kvm2_trace_symbols *symbols,
			       uint64_t *offset);

/**
 * kvm2_trace_symbols_find() - name an address
 * @offset: out: how far behind the symbol's beginning
 * Return: the name, as long as @symbols lives; NULL: there is none.
 */
const char *kvm2_trace_symbols_find(const struct kvm2_trace_symbols *symbols,
				    uint64_t address, uint64_t *offset);

#endif /* KVM2_TRACE_SYMBOLS_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders of kvm_set_memory_map and kvm_get_dirty_log. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_compat.h"
#include "kvm2_options.h"
#include "kvm2_print.h"
#include "kvm2_task.h"
#include "kvm2_xlat.h"
#include "xmalloc.h"

#include <linux/kvm2.h>

#define PAGE_BYTES	4096
/* Linux 6.12 takes no more. */
#define REGIONS_MAX	32764

static const struct xlat_data region_flag_data[] = {
#define X(bit, name, text) { 1ULL << (bit), "KVM2_REGION_" #name },
	KVM2_REGION_FLAG_NAMES(X)
#undef X
};
KVM2_XLAT_FLAGS(region_flags, region_flag_data);

static bool
print_region(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const struct kvm2_memory_region *region = elem_buf;

	tprint_struct_begin();
	PRINT_FIELD_X(*region, gpa);
	tprint_struct_next();
	PRINT_FIELD_X(*region, size);
	tprint_struct_next();
	PRINT_FIELD_ADDR64(*region, address);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(*region, flags, region_flags, "KVM2_REGION_???");
	if (region->reserved) {
		tprint_struct_next();
		PRINT_FIELD_X(*region, reserved);
	}
	tprint_struct_end();
	return true;
}

/* First and last address: "0x1000-0x4fff", as in /proc/PID/kvm2. */
static void
print_range(uint64_t first, uint64_t size)
{
	PRINT_VAL_X(first);
	STRACE_PRINTS("-");
	PRINT_VAL_X(first + size - 1);
}

static bool
print_run(struct tcb *const tcp, void *elem_buf, size_t elem_size, void *data)
{
	const struct kvm2_dirty_run *run = elem_buf;

	print_range(run->gpa, run->pages * PAGE_BYTES);
	return true;
}

static void
print_runs(struct tcb *const tcp, const kernel_ulong_t addr, size_t count)
{
	struct kvm2_dirty_run run;

	kvm2_print_array(tcp, addr, count, &run, sizeof(run), print_run);
}

/* ---- what a new map changes ---- */

/* A call between its entry and its exit, when there is more to print then. */
struct map_call {
	uint64_t dirty;			/* 0: nothing was left open */
	uint32_t nr_dirty;
	bool diff;
	struct kvm2_memory_region *regions;	/* for @diff */
	size_t nr_regions;
};

static void
free_map_call(void *data)
{
	struct map_call *call = data;

	free(call->regions);
	free(call);
}

static struct map_call *
begin_map_call(struct tcb *const tcp, const struct kvm2_memory_map *map)
{
	struct map_call *call = xzalloc(sizeof(*call));

	if (map->nr_dirty) {
		call->dirty = map->dirty;
		call->nr_dirty = map->nr_dirty;
	}
	if (kvm2_options.diff && map->nr_regions <= REGIONS_MAX) {
		call->nr_regions = map->nr_regions;
		if (map->nr_regions)
			call->regions = xcalloc(map->nr_regions,
						sizeof(*call->regions));
		call->diff = !map->nr_regions ||
			     !umoven(tcp, map->regions,
				     map->nr_regions * sizeof(*call->regions),
				     call->regions);
	}
	if ((!call->dirty && !call->diff) ||
	    set_tcb_priv_data(tcp, call, free_map_call)) {
		free_map_call(call);
		return NULL;
	}
	return call;
}

static bool
same_memory(const struct kvm2_memory_region *a,
	    const struct kvm2_memory_region *b)
{
	return a->gpa == b->gpa && a->size == b->size &&
	       a->address == b->address &&
	       !((a->flags ^ b->flags) & KVM2_REGION_READ_ONLY);
}

static const struct kvm2_memory_region *
find_region(const struct kvm2_memory_region *map, size_t count,
	    const struct kvm2_memory_region *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (same_memory(&map[i], wanted))
			return &map[i];
	return NULL;
}

static void
print_change(const char *sign, const struct kvm2_memory_region *region,
	     size_t *changes)
{
	if (*changes == max_strlen)
		STRACE_PRINTS(" ...");
	if ((*changes)++ >= max_strlen)
		return;
	STRACE_PRINTF(" %s", sign);
	print_range(region->gpa, region->size);
	if (region->flags & KVM2_REGION_FLAGS) {
		const char *sep = "(";

#define X(bit, name, text)						\
		if (region->flags & (1U << (bit))) {			\
			STRACE_PRINTF("%s%s", sep, text);		\
			sep = "|";					\
		}
		KVM2_REGION_FLAG_NAMES(X)
#undef X
		STRACE_PRINTS(")");
	}
}

/* "-" left, "+" came, "~" only its dirty log begins or ends. */
static void
print_diff(const struct kvm2_process *process, const struct map_call *map)
{
	size_t changes = 0;

	STRACE_PRINTS(" /*");
	if (!process->map_known)
		STRACE_PRINTS(" the map before is not known");
	for (size_t i = 0; process->map_known && i < process->nr_regions; i++)
		if (!find_region(map->regions, map->nr_regions, &process->map[i]))
			print_change("-", &process->map[i], &changes);
	for (size_t i = 0; process->map_known && i < map->nr_regions; i++) {
		const struct kvm2_memory_region *new = &map->regions[i];
		const struct kvm2_memory_region *old =
			find_region(process->map, process->nr_regions, new);

		if (!old)
			print_change("+", new, &changes);
		else if (old->flags != new->flags)
			print_change("~", new, &changes);
	}
	if (process->map_known && !changes)
		STRACE_PRINTS(" no change");
	STRACE_PRINTS(" */");
}

/* ---- kvm_set_memory_map ---- */

static void
print_memory_map(struct tcb *const tcp, const struct kvm2_memory_map *map,
		 const kernel_ulong_t addr, const kernel_ulong_t size)
{
	struct kvm2_memory_region region;

	tprint_struct_begin();
	tprints_field_name("regions");
	kvm2_print_array(tcp, map->regions, map->nr_regions, &region,
			 sizeof(region), print_region);
	tprint_struct_next();
	PRINT_FIELD_U(*map, nr_regions);
	tprint_struct_next();
	PRINT_FIELD_X(*map, flags);
	tprint_struct_next();
	PRINT_FIELD_ADDR64(*map, dirty);
	tprint_struct_next();
	PRINT_FIELD_U(*map, nr_dirty);
	if (map->reserved) {
		tprint_struct_next();
		PRINT_FIELD_X(*map, reserved);
	}
	print_nonzero_bytes(tcp, tprint_struct_next, addr, sizeof(*map),
			    MIN(size, get_pagesize()), QUOTE_FORCE_HEX);
	tprint_struct_end();
}

SYS_FUNC(kvm_set_memory_map)
{
	const kernel_ulong_t addr = tcp->u_arg[0];
	const kernel_ulong_t size = tcp->u_arg[1];
	struct kvm2_memory_map map;
	struct map_call *call = NULL;

	static_assert(sizeof(map) == KVM2_MEMORY_MAP_SIZE_VER0,
		      "kvm2_memory_map has grown: print the new members");
	if (entering(tcp)) {
		kvm2_first_arg("map");
		if (size < sizeof(map)) {
			printaddr(addr);
		} else if (!umove_or_printaddr(tcp, addr, &map)) {
			print_memory_map(tcp, &map, addr, size);
			call = begin_map_call(tcp, &map);
		}
		if (call && call->dirty)
			return 0;
		kvm2_next_arg("size");
		PRINT_VAL_U(size);
		return call ? 0 : RVAL_DECODED;
	}

	call = get_tcb_priv_data(tcp);
	if (!call)
		return 0;
	if (call->dirty) {
		if (!syserror(tcp)) {
			tprint_value_changed();
			tprint_struct_begin();
			tprints_field_name("dirty");
			print_runs(tcp, call->dirty,
				   MIN((kernel_ulong_t) tcp->u_rval,
				       call->nr_dirty));
			tprint_struct_end();
		}
		kvm2_next_arg("size");
		PRINT_VAL_U(size);
	}
	if (call->diff && !syserror(tcp)) {
		struct kvm2_process *process =
			kvm2_process_get(kvm2_task_get(tcp->pid)->tgid);

		print_diff(process, call);
		kvm2_process_set_map(process, call->regions, call->nr_regions);
		call->regions = NULL;
	}
	return 0;
}

/* ---- kvm_get_dirty_log ---- */

SYS_FUNC(kvm_get_dirty_log)
{
	const kernel_ulong_t addr = tcp->u_arg[0];
	const kernel_ulong_t size = tcp->u_arg[1];
	struct kvm2_dirty_log log;

	static_assert(sizeof(log) == KVM2_DIRTY_LOG_SIZE_VER0,
		      "kvm2_dirty_log has grown: print the new members");
	if (entering(tcp)) {
		kvm2_first_arg("log");
		if (size < sizeof(log)) {
			printaddr(addr);
		} else if (!umove_or_printaddr(tcp, addr, &log)) {
			tprint_struct_begin();
			PRINT_FIELD_X(log, gpa);
			tprint_struct_next();
			PRINT_FIELD_X(log, size);
			tprint_struct_next();
			PRINT_FIELD_U(log, max_pages);
			tprint_struct_next();
			PRINT_FIELD_ADDR64(log, runs);
			tprint_struct_next();
			PRINT_FIELD_U(log, nr_runs);
			tprint_struct_next();
			PRINT_FIELD_X(log, flags);
			print_nonzero_bytes(tcp, tprint_struct_next, addr,
					    sizeof(log),
					    MIN(size, get_pagesize()),
					    QUOTE_FORCE_HEX);
			tprint_struct_end();
		}
		return 0;
	}

	if (!syserror(tcp) && size >= sizeof(log) && verbose(tcp) &&
	    !umove(tcp, addr, &log)) {
		tprint_value_changed();
		tprint_struct_begin();
		tprints_field_name("runs");
		print_runs(tcp, log.runs,
			   MIN((kernel_ulong_t) tcp->u_rval, log.nr_runs));
		tprint_struct_next();
		PRINT_FIELD_U(log, pages);
		tprint_struct_next();
		PRINT_FIELD_X(log, next);
		tprint_struct_end();
	}
	kvm2_next_arg("size");
	PRINT_VAL_U(size);
	return 0;
}

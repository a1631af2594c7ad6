// SPDX-License-Identifier: GPL-2.0
/*
 * map_replace_256: a guest has RAM in two pieces, of which its code needs the
 * first, and 256 regions that are replaced by 256 others: each is moved to
 * another guest address. The peer does that with one ioctl a region, which
 * moves its slot; that is the change of a region that costs it least, but for
 * a change of flags. map_replace_256_memory puts other memory at the same
 * addresses, where the peer has to delete and create each: two ioctls.
 *
 * In the two rows no vcpu has used the regions. In those with _used one has
 * touched all of them before each replacement, so that there are mappings to
 * be taken away.
 */
#include "row.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "classic.h"
#include "clock.h"
#include "ours.h"
#include "sample.h"

#define NR_REGIONS	256
#define REGION_SIZE	0x10000ULL
#define AREA		(NR_REGIONS * REGION_SIZE)
#define FIRST_GPA	0x10000000ULL

#define WARM_UP		1
#define TIMES		5

/* How the next map differs. */
enum replace {
	REPLACE_ADDRESSES,
	REPLACE_MEMORY,
};

struct variant {
	enum replace replace;
	bool used;
};

struct replacement {
	struct variant variant;
	struct classic classic;
	struct kvm2_memory_region regions[2][1 + NR_REGIONS];
	unsigned int current;
};

/* Both maps: [0] is the RAM. */
static int init(struct replacement *rep, const struct variant *variant)
{
	uint8_t *ram = guest_load();
	uint8_t *memory = guest_alloc(2 * AREA);
	unsigned int map, i;

	if (!ram || !memory)
		return -ENOMEM;
	rep->variant = *variant;
	for (map = 0; map < 2; map++) {
		uint64_t gpa = FIRST_GPA;
		uint8_t *address = memory;

		if (variant->replace == REPLACE_ADDRESSES)
			gpa += map * AREA;
		else
			address += map * AREA;
		rep->regions[map][0] = (struct kvm2_memory_region){
			.size = GUEST_RAM,
			.address = (uintptr_t)ram,
		};
		for (i = 0; i < NR_REGIONS; i++)
			rep->regions[map][1 + i] = (struct kvm2_memory_region){
				.gpa = gpa + i * REGION_SIZE,
				.size = REGION_SIZE,
				.address = (uintptr_t)address + i * REGION_SIZE,
			};
	}
	return 0;
}

/* Let the guest touch each region of the current map, as long as it is used. */
static struct guest_start touching(const struct replacement *rep)
{
	return (struct guest_start){
		.mode = GUEST_LONG,
		.program = rep->variant.used ? guest_touch : guest_long,
		.rdi = rep->regions[rep->current][1].gpa,
		.rsi = REGION_SIZE,
		.rcx = NR_REGIONS,
	};
}

/* ---- ours ---- */

static int touch_ours(void *arg)
{
	struct guest_start start = touching(arg);
	int r = ours_start(&start);

	return r ? r : ours_exit();
}

static int replace_ours(void *arg)
{
	struct replacement *rep = arg;

	rep->current ^= 1;
	return ours_map(rep->regions[rep->current], 1 + NR_REGIONS);
}

static int take_ours(const void *arg, double *figure)
{
	static struct replacement rep;
	const struct clock_series series = {
		.op = replace_ours,
		.before = touch_ours,
		.arg = &rep,
		.times = TIMES,
		.warm_up = WARM_UP,
		.sleeps = true,
	};
	int r;

	r = init(&rep, arg);
	if (!r)
		r = ours_create();
	if (!r)
		r = ours_map(rep.regions[0], 1 + NR_REGIONS);
	return r ? r : clock_median(&series, figure);
}

/* ---- the peer ---- */

static int touch_peer(void *arg)
{
	struct guest_start start = touching(arg);
	struct replacement *rep = arg;
	int r = classic_start(&rep->classic, &start);

	return r ? r : classic_exit(&rep->classic);
}

static int map_peer(const struct replacement *rep, unsigned int slot)
{
	const struct kvm2_memory_region *region =
		&rep->regions[rep->current][slot];

	return classic_map(&rep->classic, slot, region->gpa, region->size,
			   (void *)(uintptr_t)region->address);
}

static int replace_peer(void *arg)
{
	struct replacement *rep = arg;
	unsigned int slot;
	int r = 0;

	rep->current ^= 1;
	for (slot = 1; slot <= NR_REGIONS && !r; slot++) {
		/* KVM does not give a slot other memory. */
		if (rep->variant.replace == REPLACE_MEMORY)
			r = classic_map(&rep->classic, slot, 0, 0, NULL);
		if (!r)
			r = map_peer(rep, slot);
	}
	return r;
}

static int take_peer(const void *arg, double *figure)
{
	static struct replacement rep;
	const struct clock_series series = {
		.op = replace_peer,
		.before = touch_peer,
		.arg = &rep,
		.times = TIMES,
		.warm_up = WARM_UP,
		.sleeps = true,
	};
	unsigned int slot;
	int r;

	r = init(&rep, arg);
	if (!r)
		r = classic_create(&rep.classic, CLASSIC_SPLIT);
	for (slot = 0; slot <= NR_REGIONS && !r; slot++)
		r = map_peer(&rep, slot);
	return r ? r : clock_median(&series, figure);
}

int memory_map_rows(void)
{
	static const struct {
		struct variant variant;
		const char *name;
		const char *peer_name;
	} rows[] = {
		{ { REPLACE_ADDRESSES, false }, "map_replace_256",
		  "256 ioctls that move" },
		{ { REPLACE_ADDRESSES, true }, "map_replace_256_used",
		  "256 ioctls that move" },
		{ { REPLACE_MEMORY, false }, "map_replace_256_memory",
		  "256 that delete, 256 that create" },
		{ { REPLACE_MEMORY, true }, "map_replace_256_memory_used",
		  "256 that delete, 256 that create" },
	};
	unsigned int i;
	int r = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && !r; i++) {
		const struct probe ours = { take_ours, &rows[i].variant };
		const struct probe peer = { take_peer, &rows[i].variant };
		struct row row = {
			.name = rows[i].name,
			.unit = "instructions",
			.peer_name = rows[i].peer_name,
			.goal = 0.1,
		};

		r = sample_median(&ours, &row.ours);
		if (!r)
			r = sample_median(&peer, &row.peer);
		if (!r)
			row_print(&row);
	}
	return r;
}

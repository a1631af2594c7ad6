// SPDX-License-Identifier: GPL-2.0
/*
 * port_exit_roundtrip: from user space into the guest, to its next write to
 * a port, and back, once.
 *
 * The peer is KVM_RUN at its best: a thread alone with its descriptors, so
 * that taking one costs no atomic operation, and of the three places that
 * the interrupt controllers can be emulated in the cheapest one. That is user
 * space, local APICs included, which ours has in the kernel; the rows _lapic
 * compare with the peer that has them there too.
 */
#include "row.h"

#include <errno.h>
#include <stddef.h>

#include "classic.h"
#include "clock.h"
#include "ours.h"
#include "sample.h"

#define WARM_UP		1000
#define EXITS		10000

static const struct guest_start starts[] = {
	[GUEST_REAL] = { .mode = GUEST_REAL, .program = guest_real },
	[GUEST_LONG] = { .mode = GUEST_LONG, .program = guest_long },
};

struct peer {
	enum guest_mode mode;
	enum classic_irqchip irqchip;
};

static int exit_ours(void *arg)
{
	(void)arg;
	return ours_exit();
}

static int exit_peer(void *arg)
{
	return classic_exit(arg);
}

static int take_ours(const void *arg, double *figure)
{
	const struct clock_series series = {
		.op = exit_ours,
		.times = EXITS,
		.warm_up = WARM_UP,
	};
	enum guest_mode mode = *(const enum guest_mode *)arg;
	void *ram = guest_load();
	int r;

	if (!ram)
		return -ENOMEM;
	r = ours_begin(ram, &starts[mode]);
	return r ? r : clock_median(&series, figure);
}

static int take_peer(const void *arg, double *figure)
{
	struct classic classic;
	const struct clock_series series = {
		.op = exit_peer,
		.arg = &classic,
		.times = EXITS,
		.warm_up = WARM_UP,
	};
	const struct peer *peer = arg;
	void *ram = guest_load();
	int r;

	if (!ram)
		return -ENOMEM;
	r = classic_create(&classic, peer->irqchip);
	if (!r)
		r = classic_map(&classic, 0, 0, GUEST_RAM, ram);
	if (!r)
		r = classic_start(&classic, &starts[peer->mode]);
	return r ? r : clock_median(&series, figure);
}

static int measure(struct row *row, struct row *lapic, enum guest_mode mode)
{
	static const struct {
		enum classic_irqchip irqchip;
		const char *name;
	} peers[] = {
		{ CLASSIC_NONE,		"KVM_RUN, no irqchip" },
		{ CLASSIC_SPLIT,	"KVM_RUN, split irqchip" },
		{ CLASSIC_KERNEL,	"KVM_RUN, kernel irqchip" },
	};
	struct probe ours = { take_ours, &mode };
	unsigned int i;
	int r;

	r = sample_median(&ours, &row->ours);
	for (i = 0; i < sizeof(peers) / sizeof(peers[0]) && !r; i++) {
		struct peer peer = { mode, peers[i].irqchip };
		struct probe probe = { take_peer, &peer };
		double figure;

		r = sample_median(&probe, &figure);
		if (!r && (!i || figure < row->peer)) {
			row->peer = figure;
			row->peer_name = peers[i].name;
		}
		if (peers[i].irqchip == CLASSIC_SPLIT) {
			lapic->peer = figure;
			lapic->peer_name = peers[i].name;
		}
	}
	if (r)
		return r;
	row_print(row);
	lapic->ours = row->ours;
	row_print(lapic);
	return 0;
}

int port_exit_rows(void)
{
	static const struct {
		enum guest_mode mode;
		const char *name;
		const char *lapic_name;
	} modes[] = {
		{ GUEST_LONG, "port_exit_roundtrip",
		  "port_exit_roundtrip_lapic" },
		{ GUEST_REAL, "port_exit_roundtrip_real",
		  "port_exit_roundtrip_real_lapic" },
	};
	unsigned int i;
	int r = 0;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]) && !r; i++) {
		struct row row = {
			.name = modes[i].name,
			.unit = "instructions",
			.goal = 1.0,
		};
		struct row lapic = row;

		lapic.name = modes[i].lapic_name;
		r = measure(&row, &lapic, modes[i].mode);
	}
	return r;
}

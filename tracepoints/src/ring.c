// SPDX-License-Identifier: LGPL-2.1
// The rings of several processors, merged by time.
#include "ring.h"

/* To the next event of the page; what is broken is a loss. */
static void ring_step(struct ring *ring)
{
	const int ret = page_next(&ring->page, &ring->data, &ring->size);

	if (ret <= 0)
		ring->data = NULL;
	if (ret < 0)
		ring->lost = KVM2_TRACE_LOST_UNKNOWN;
	ring->time_ns = ring->page.time_ns;
}

/* The next event of the ring: 1 there is one, 0 none now, or an error. */
static int ring_fill(struct ring *ring)
{
	while (!ring->data && !ring->is_empty) {
		const void *bytes;
		uint64_t lost;
		size_t size;
		const int ret = ring->next_page(ring, &bytes, &size);

		if (ret < 0)
			return ret;
		if (!ret) {
			ring->is_empty = true;
			break;
		}
		if (page_open(&ring->page, bytes, size, &lost)) {
			ring->lost = KVM2_TRACE_LOST_UNKNOWN;
			continue;
		}
		if (lost == KVM2_TRACE_LOST_UNKNOWN ||
		    ring->lost == KVM2_TRACE_LOST_UNKNOWN ||
		    lost > KVM2_TRACE_LOST_UNKNOWN - ring->lost)
			ring->lost = lost || ring->lost ?
				     KVM2_TRACE_LOST_UNKNOWN : 0;
		else
			ring->lost += lost;
		ring_step(ring);
	}
	return ring->data ? 1 : 0;
}

/* Hand over the gap before the ring's next event, then the event. */
static int ring_take(struct ring *ring, kvm2_trace_record_fn *take,
		     void *context)
{
	struct kvm2_trace_record record = {
		.time_ns = ring->time_ns,
		.cpu = ring->cpu,
		.lost = ring->lost,
	};
	int ret;

	if (ring->lost) {
		ring->lost = 0;
		return take(&record, context);
	}
	record.data = ring->data;
	record.size = ring->size;
	ret = take(&record, context);
	ring_step(ring);
	return ret;
}

/* The ring with the earliest event, and when another one's turn comes. */
static int find_first(struct ring *const *rings, size_t nr,
		      struct ring **first, uint64_t *turn_ns)
{
	*first = NULL;
	*turn_ns = UINT64_MAX;
	for (size_t i = 0; i < nr; i++) {
		struct ring *ring = rings[i];
		const int ret = ring_fill(ring);

		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		if (!*first || ring->time_ns < (*first)->time_ns) {
			if (*first)
				*turn_ns = (*first)->time_ns;
			*first = ring;
		} else if (ring->time_ns < *turn_ns) {
			*turn_ns = ring->time_ns;
		}
	}
	return 0;
}

int rings_read(struct ring *const *rings, size_t nr, uint64_t until_ns,
	       kvm2_trace_record_fn *take, void *context)
{
	struct ring *ring;
	uint64_t turn_ns;
	int ret;

	for (size_t i = 0; i < nr; i++)
		rings[i]->is_empty = false;
	for (;;) {
		ret = find_first(rings, nr, &ring, &turn_ns);
		if (ret)
			return ret;
		if (!ring || ring->time_ns > until_ns)
			return 0;
		if (turn_ns > until_ns)
			turn_ns = until_ns;
		do {
			ret = ring_take(ring, take, context);
			if (ret)
				return ret < 0 ? ret : 1;
			ret = ring_fill(ring);
			if (ret < 0)
				return ret;
		} while (ret && ring->time_ns <= turn_ns);
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of a vcpu's state: what they have, and that all of it can be read, in
 * any order, and written back.
 */
#include "state_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

#define MAX_RECORDS	1024

static __thread struct state before, after;

static void list_has_exact_size(void)
{
	int needed, r;

	fixture_give_host_cpuid();
	needed = kvm2_sys_get_state(KVM2_SELF, NULL, 0, KVM2_STATE_LIST);
	tap_ok(needed > 5000 && needed % 8 == 0,
	       "a list with size 0 returns the bytes needed (%d)", needed);
	r = kvm2_sys_get_state(KVM2_SELF, before.data, needed,
			       KVM2_STATE_LIST);
	tap_is(r, needed, "a buffer of that size suffices");
	r = kvm2_sys_get_state(KVM2_SELF, before.data, needed - 8,
			       KVM2_STATE_LIST);
	tap_is(r, -ENOSPC, "a smaller one does not");
	r = kvm2_sys_get_state(KVM2_SELF, before.data, 16, KVM2_STATE_LIST);
	tap_is(r, -ENOSPC, "nor does one for a single header");
}

static void list_is_ordered(void)
{
	struct kvm2_record *record = NULL, *last = NULL;
	bool ordered = true, in_full = true, named[NR_SETS] = {};
	size_t bytes = 0;
	int set;

	fixture_give_host_cpuid();
	fixture_list(&before, 0);
	while ((record = fixture_next(&before, record))) {
		if (last && (record->set < last->set ||
			     (record->set == last->set &&
			      record->number <= last->number)))
			ordered = false;
		if (record->attributes & KVM2_ATTR_FAILED || !record->size)
			in_full = false;
		named[record->set] = true;
		last = record;
	}
	tap_ok(ordered, "a list is ordered by set, then by number");
	tap_ok(in_full, "no listed record is marked or empty");
	tap_ok(!named[KVM2_SET_HOST_CPUID],
	       "host_cpuid is listed only when it is asked for");
	named[KVM2_SET_HOST_CPUID] = true;
	/* What XSTATE has depends on the processor. */
	named[KVM2_SET_XSTATE] = true;
	for (set = 1; set < NR_SETS && named[set]; set++)
		;
	tap_is(set, NR_SETS, "every other set is listed");

	for (set = 1; set < NR_SETS; set++) {
		if (set == KVM2_SET_HOST_CPUID)
			continue;
		fixture_list(&after, KVM2_STATE_SET(set));
		bytes += after.used;
	}
	tap_is(bytes, before.used, "the lists of the sets make up the whole");
	tap_is(kvm2_sys_get_state(KVM2_SELF, NULL, 0, KVM2_STATE_LIST |
				  KVM2_STATE_SET(NR_SETS)), -EINVAL,
	       "an unknown set cannot be listed");
}

static void list_filters(void)
{
	struct kvm2_record *record = NULL, *header = NULL;
	bool writable = true, stable = true;
	int n = 0, headers = 0, filtered = 0;

	fixture_give_host_cpuid();
	fixture_list(&before, 0);
	while ((record = fixture_next(&before, record))) {
		n++;
		if (!(record->attributes &
		      (KVM2_ATTR_READ_ONLY | KVM2_ATTR_VOLATILE)))
			filtered++;
	}
	fixture_list(&after, KVM2_STATE_HEADERS);
	tap_is(after.used, n * sizeof(*record),
	       "headers alone come without values");
	header = (void *)after.data;
	while ((record = fixture_next(&before, record)))
		headers += !memcmp(record, &header[headers], sizeof(*record));
	tap_is(headers, n, "they are those of the list with values");

	fixture_list(&after, PORTABLE);
	while ((record = fixture_next(&after, record))) {
		writable = writable &&
			   !(record->attributes & KVM2_ATTR_READ_ONLY);
		stable = stable && !(record->attributes & KVM2_ATTR_VOLATILE);
		filtered--;
	}
	tap_ok(writable, "the writable records have none that is read-only");
	tap_ok(stable, "the stable records have none that is volatile");
	tap_is(filtered, 0, "all the others are there");
}

/*
 * Read all that @before has, from a buffer that has other values, in the order
 * of @records. Return: how many are different then, -1 if it is refused.
 */
static int read_again(struct kvm2_record *const *records, int n,
		      bool has_attributes)
{
	static __thread struct state copy;
	struct kvm2_record *record = NULL;
	uint8_t *next = (uint8_t *)copy.data;
	int r, i, different = 0;

	for (i = 0; i < n; i++) {
		record = (void *)next;
		*record = *records[i];
		if (!has_attributes)
			record->attributes = 0xffff;
		memset(record->value, 0xa5,
		       KVM2_RECORD_BYTES(record->size) - sizeof(*record));
		next += KVM2_RECORD_BYTES(record->size);
	}
	copy.used = next - (uint8_t *)copy.data;
	r = kvm2_sys_get_state(KVM2_SELF, copy.data, copy.used, 0);
	if (r < 0)
		return -1;
	for (i = 0, record = NULL; i < n; i++) {
		record = fixture_next(&copy, record);
		if (memcmp(record, records[i], sizeof(*record)) ||
		    (!(record->attributes & KVM2_ATTR_VOLATILE) &&
		     memcmp(record->value, records[i]->value,
			    KVM2_RECORD_BYTES(record->size) - sizeof(*record))))
			different++;
	}
	return different;
}

static void swap(struct kvm2_record **a, struct kvm2_record **b)
{
	struct kvm2_record *c = *a;

	*a = *b;
	*b = c;
}

/* What is read often comes in the order and with the attributes of a list. */
static void listed_records_can_be_read(void)
{
	static struct kvm2_record *records[MAX_RECORDS];
	struct kvm2_record *record = NULL;
	uint32_t random = 1;
	int i, n = 0;

	fixture_give_host_cpuid();
	fixture_list(&before, 0);
	while ((record = fixture_next(&before, record)) && n < MAX_RECORDS)
		records[n++] = record;
	tap_ok(n > 200 && !record, "there are %d records", n);
	tap_is(read_again(records, n, true), 0,
	       "all that is listed can be read by one call, and is the same");
	tap_is(read_again(records, n, false), 0,
	       "attributes of the caller's mean nothing");
	for (i = 0; i < n / 2; i++)
		swap(&records[i], &records[n - 1 - i]);
	tap_is(read_again(records, n, true), 0, "they can be read backwards");
	for (i = n - 1; i > 0; i--) {
		random = random * 1664525 + 1013904223;
		swap(&records[i], &records[(random >> 8) % (i + 1)]);
	}
	tap_is(read_again(records, n, true), 0, "and in any order");
	for (i = 1; i < n; i += 2)
		records[i] = records[i - 1];
	tap_is(read_again(records, n, true), 0, "and twice in a call");
}

static void listed_records_can_be_written(void)
{
	struct kvm2_record *record = NULL;
	uint8_t value[KVM2_VALUE_MAX];
	int r, wider = 0, refused = 0;

	fixture_give_host_cpuid();
	fixture_list(&before, 0);
	while ((record = fixture_next(&before, record))) {
		if (record->size < KVM2_VALUE_MAX &&
		    fixture_get(record->set, record->number, value,
				record->size + 1) != -EINVAL)
			wider++;
		r = fixture_set(record->set, record->number, record->value,
				record->size);
		if (record->attributes & KVM2_ATTR_READ_ONLY ?
		    r != -EACCES : r < 0)
			refused++;
	}
	tap_is(wider, 0, "a record wider than its register is refused");
	tap_is(refused, 0, "each can be written back alone, but not a read-only one");
}

/* Records that are traced are read one by one, not in runs. */
static bool trace_records(bool on)
{
	int fd = open("/sys/kernel/tracing/events/kvm2/kvm2_state/enable",
		      O_WRONLY);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, on ? "1" : "0", 1) == 1;
	close(fd);
	return done;
}

static void traced_reads(void)
{
	int r;

	fixture_give_host_cpuid();
	fixture_list(&before, KVM2_STATE_STABLE);
	memcpy(&after, &before, sizeof(after));
	if (!trace_records(true)) {
		tap_skip("no tracefs", "a traced read");
		return;
	}
	r = kvm2_sys_get_state(KVM2_SELF, after.data, after.used, 0);
	trace_records(false);
	tap_is(r, after.used, "a read can be traced");
	tap_ok(fixture_is_same(&before, &after), "and reads the same");
}

int main(void)
{
	fixture_init();
	fixture_run(list_has_exact_size);
	fixture_run(list_is_ordered);
	fixture_run(list_filters);
	fixture_run(listed_records_can_be_read);
	fixture_run(listed_records_can_be_written);
	fixture_run(traced_reads);
	return tap_end();
}

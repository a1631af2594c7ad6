// SPDX-License-Identifier: GPL-2.0
// The flight recorder: what happened last, when a guest has died of it.
#include "flight.h"

#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/kvm.h>

#define NS_PER_SECOND	UINT64_C(1000000000)

/* Each exit to user space is reported so, those of kvm2 too. */
static const char *const deaths[] = { "kvm:kvm_userspace_exit" };

/* A kvm2_trace_filter_fn: a triple fault, and what KVM cannot go on after. */
static int want_deaths(struct kvm2_trace_decoder *decoder, const char *system,
		       const char *name, char *text, size_t size, void *context)
{
	(void)decoder;
	(void)system;
	(void)name;
	(void)context;
	snprintf(text, size, "reason==%d||reason==%d||reason==%d",
		 KVM_EXIT_SHUTDOWN, KVM_EXIT_INTERNAL_ERROR,
		 KVM_EXIT_FAIL_ENTRY);
	return 1;
}

int flight_init(struct flight *flight, const struct options *options)
{
	const struct kvm2_trace_config config = {
		.prefix = "kvm2trace",
		.events = deaths,
		.nr_events = sizeof(deaths) / sizeof(deaths[0]),
		.required = true,
		.pids = options->pids,
		.nr_pids = options->nr_pids,
		.buffer_kb = 16,
		.filter = want_deaths,
	};
	int ret;

	memset(flight, 0, sizeof(*flight));
	flight->options = options;
	flight->alarm = kvm2_trace_source_create();
	flight->decoder = kvm2_trace_decoder_create();
	if (!flight->alarm || !flight->decoder) {
		fprintf(stderr, "kvm2trace: start: %s\n", strerror(ENOMEM));
		return -ENOMEM;
	}
	ret = kvm2_trace_source_open(flight->alarm, &config, flight->decoder);
	if (ret < 0)
		fprintf(stderr, "kvm2trace: %s\n",
			kvm2_trace_source_message(flight->alarm));
	return ret < 0 ? ret : 0;
}

void flight_fini(struct flight *flight)
{
	kvm2_trace_source_destroy(flight->alarm);
	kvm2_trace_decoder_destroy(flight->decoder);
	memset(flight, 0, sizeof(*flight));
}

/* A kvm2_trace_record_fn. */
static int take_death(const struct kvm2_trace_record *record, void *context)
{
	struct flight *flight = context;
	struct kvm2_trace_event event;
	uint64_t error;

	if (!record->data || kvm2_trace_decode(flight->decoder, record, &event))
		return 0;
	/* An error of the call has no reason that means anything. */
	if (kvm2_trace_event_number(&event, "errno", &error) &&
	    (int64_t)error < 0)
		return 0;
	snprintf(flight->why, sizeof(flight->why), "%s",
		 event.reason ? event.reason : "?");
	flight->tid = event.tid;
	return 0;
}

int flight_look(struct flight *flight)
{
	const int err = kvm2_trace_source_read(flight->alarm, UINT64_MAX,
					       take_death, flight);

	return err < 0 ? err : *flight->why != '\0';
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* "FILE", then "FILE.1", "FILE.2" */
static void make_name(const struct flight *flight, char *name, size_t size)
{
	if (flight->files)
		snprintf(name, size, "%s.%u", flight->options->file,
			 flight->files);
	else
		snprintf(name, size, "%s", flight->options->file);
}

static int write_file(struct flight *flight, struct kvm2_trace_source *source,
		      const struct kvm2_trace_decoder *decoder,
		      uint64_t epoch_ns, const char *name)
{
	const uint64_t now = now_ns();
	struct record record;
	uint64_t pages;
	int err;

	err = record_init(&record, source, name);
	record.is_flight = true;
	record.since_ns = now > flight->options->flight_ns ?
			  now - flight->options->flight_ns : 0;
	do {
		pages = record.pages;
		if (!err)
			err = record_drain(&record);
	} while (!err && record.pages != pages);
	if (!err)
		err = record_finish(&record, decoder, epoch_ns);
	record_fini(&record);
	return err;
}

int flight_write(struct flight *flight, struct kvm2_trace_source *source,
		 const struct kvm2_trace_decoder *decoder, uint64_t epoch_ns,
		 const char *why)
{
	char name[4096];
	int err;
	int end;

	make_name(flight, name, sizeof(name));
	err = kvm2_trace_source_stop(source);
	if (!err)
		err = write_file(flight, source, decoder, epoch_ns, name);
	end = kvm2_trace_source_start(source);
	err = err ? err : end;
	if (err) {
		fprintf(stderr, "kvm2trace: %s: %s\n", name, strerror(-err));
		return err;
	}
	if (*flight->why)
		fprintf(stderr, "kvm2trace: %s: %s of thread %d\n", name, why,
			flight->tid);
	else
		fprintf(stderr, "kvm2trace: %s: %s\n", name, why);
	flight->why[0] = '\0';
	flight->files++;
	return 0;
}

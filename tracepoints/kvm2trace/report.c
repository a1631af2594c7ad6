// SPDX-License-Identifier: GPL-2.0
// Showing what was recorded: the same as live, from a file.
#include "report.h"

#include "session.h"

#include <kvm2/trace_file.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines are put in order after so many records. */
#define BATCH	4096

/**
 * struct report - one run
 * @session:	what becomes of events
 * @file:	where they come from
 * @records:	up to now
 */
struct report {
	struct session session;
	struct kvm2_trace_file *file;
	uint64_t records;
};

/* A kvm2_trace_record_fn. */
static int take_record(const struct kvm2_trace_record *record, void *context)
{
	struct report *report = context;
	struct session *session = &report->session;
	int ret;

	if (!report->records++)
		session->start_ns = record->time_ns;
	ret = session_record(record, session);
	if (ret || report->records % BATCH)
		return ret;
	return session_advance(session, record->time_ns);
}

/* Where the guest's kernel is may be told by events late in the file. */
static int learn(struct report *report)
{
	struct session *session = &report->session;
	struct kvm2_trace_file *file;
	uint64_t offset;
	int ret;

	if (!session->symbols ||
	    kvm2_trace_symbols_offset(session->symbols, &offset))
		return 0;
	file = kvm2_trace_file_create();
	if (!file)
		return -ENOMEM;
	/* The formats are known already. */
	ret = kvm2_trace_file_open(file, session->options->file,
				   session->decoder);
	if (!ret)
		ret = kvm2_trace_file_read(file, session_learn, session);
	kvm2_trace_file_destroy(file);
	if (!ret)
		fprintf(stderr, "kvm2trace: where the guest's kernel is could not be found out: give --kaslr\n");
	return ret < 0 ? ret : 0;
}

static int show(struct report *report)
{
	struct session *session = &report->session;
	int ret;

	session->view.epoch_ns = kvm2_trace_file_epoch_ns(report->file);
	ret = learn(report);
	if (!ret)
		ret = kvm2_trace_file_read(report->file, take_record, report);
	if (ret >= 0) {
		const int end = session_finish(session);

		ret = end ? end : 0;
	}
	if (!ret && session->options->count)
		ret = session_table(session, session->now_ns, true);
	session_flush(session);
	session_close_view(session);
	return ret;
}

static int run(struct report *report)
{
	const struct options *options = report->session.options;
	const struct session *session = &report->session;
	int ret = kvm2_trace_file_open(report->file, options->file,
				       session->decoder);

	if (ret) {
		fprintf(stderr, "kvm2trace: %s: %s\n", options->file,
			kvm2_trace_file_message(report->file));
		return EXIT_FAILURE;
	}
	ret = show(report);
	if (ret || (session->write_err && session->write_err != -EPIPE)) {
		fprintf(stderr, "kvm2trace: %s: %s\n",
			ret ? options->file : "output",
			strerror(ret ? -ret : -session->write_err));
		return EXIT_FAILURE;
	}
	fprintf(stderr, "kvm2trace: %llu events, %llu%s lost\n",
		(unsigned long long)session->events,
		(unsigned long long)session->lost,
		session->lost_more ? " or more" : "");
	return options->strict && (session->lost || session->lost_more) ?
	       OPTIONS_STATUS_LOST : EXIT_SUCCESS;
}

int report_run(const struct options *options)
{
	struct report report = { 0 };
	int status = EXIT_FAILURE;
	int err;

	signal(SIGPIPE, SIG_IGN);
	report.file = kvm2_trace_file_create();
	err = report.file ? session_init(&report.session, options, stdout,
					 kvm2_trace_file_lookup, report.file) :
			    -ENOMEM;
	if (!err)
		status = run(&report);
	else if (err == -ENOMEM)
		fprintf(stderr, "kvm2trace: start: %s\n", strerror(ENOMEM));
	session_fini(&report.session);
	kvm2_trace_file_destroy(report.file);
	return status;
}

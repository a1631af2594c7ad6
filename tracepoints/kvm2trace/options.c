// SPDX-License-Identifier: GPL-2.0
// The command line of kvm2trace: one table for parsing and for --help.
#include "options.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND	UINT64_C(1000000000)
#define TAIL_MAX	1000
#define BUFFER_KB_MAX	(1024 * 1024)

/**
 * struct option_row - one option
 * @letter:	short name, or 0
 * @name:	long name
 * @argument:	what --help calls its argument; NULL: it has none
 * @help:	one line; a line feed begins another one
 * @read:	take @text (NULL without @argument); 0 or -EINVAL
 */
struct option_row {
	char letter;
	const char *name;
	const char *argument;
	const char *help;
	int (*read)(struct options *options, const char *text);
};

/* A whole number from 1 to @max; 0 is an error too, and never wanted. */
static uint64_t read_number(const char *text, uint64_t max)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	return errno || *end || value > max ? 0 : value;
}

/* Seconds with decimals, in ns; 0 is an error. */
static uint64_t read_seconds(const char *text)
{
	double value;
	char *end;

	if ((*text < '0' || *text > '9') && *text != '.')
		return 0;
	errno = 0;
	value = strtod(text, &end);
	if (errno || *end || !(value >= 0.001 && value <= 1e9))
		return 0;
	return (uint64_t)(value * (double)NS_PER_SECOND);
}

static int read_pids(struct options *options, const char *text)
{
	while (*text) {
		const size_t length = strcspn(text, ",");
		char digits[16];
		pid_t pid;

		if (length >= sizeof(digits) ||
		    options->nr_pids == OPTIONS_PIDS_MAX)
			return -EINVAL;
		memcpy(digits, text, length);
		digits[length] = '\0';
		pid = (pid_t)read_number(digits, INT_MAX);
		if (!pid)
			return -EINVAL;
		options->pids[options->nr_pids++] = pid;
		text += length;
		if (*text == ',' && !*++text)
			return -EINVAL;
	}
	return options->nr_pids ? 0 : -EINVAL;
}

/* "kvm:kvm_pio", "kvm2:*", "kvm"; "kvm_pio" is that event of any of KVM's. */
static int add_event(struct options *options, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	char *name = options->names[options->nr_events];

	if (!length || options->nr_events == OPTIONS_EVENTS_MAX ||
	    length + strlen("kvm*:") >= OPTIONS_NAME_SIZE)
		return -EINVAL;
	if (colon && (colon == text || colon == text + length - 1 ||
		      memchr(colon + 1, ':', length - (size_t)(colon + 1 - text))))
		return -EINVAL;
	snprintf(name, OPTIONS_NAME_SIZE, "%s%.*s",
		 !colon && memchr(text, '_', length) ? "kvm*:" : "",
		 (int)length, text);
	options->events[options->nr_events++] = name;
	return 0;
}

/* "NAME=..." is a condition, but "trace=" and "event=" name events. */
static int read_event(struct options *options, const char *text)
{
	if (strchr(text, '=')) {
		if (strncmp(text, "trace=", 6) && strncmp(text, "event=", 6))
			return filter_parse(&options->filter, text);
		text += 6;
	}
	for (;;) {
		const size_t length = strcspn(text, ",");

		if (add_event(options, text, length))
			return -EINVAL;
		if (!text[length])
			return 0;
		text += length + 1;
	}
}

static int read_count(struct options *options, const char *text)
{
	(void)text;
	options->count = true;
	return 0;
}

static int read_every(struct options *options, const char *text)
{
	options->every_ns = read_seconds(text);
	return options->every_ns ? 0 : -EINVAL;
}

static int read_tail(struct options *options, const char *text)
{
	options->tail = read_number(text, TAIL_MAX);
	return options->tail ? 0 : -EINVAL;
}

static int read_limit(struct options *options, const char *text)
{
	options->limit = read_number(text, UINT64_MAX);
	return options->limit ? 0 : -EINVAL;
}

static int read_for(struct options *options, const char *text)
{
	options->for_ns = read_seconds(text);
	return options->for_ns ? 0 : -EINVAL;
}

static int read_raw(struct options *options, const char *text)
{
	(void)text;
	options->raw = true;
	return 0;
}

static int read_file(struct options *options, const char *text)
{
	options->file = text;
	return *text ? 0 : -EINVAL;
}

static int read_flight(struct options *options, const char *text)
{
	options->flight_ns = read_seconds(text);
	return options->flight_ns ? 0 : -EINVAL;
}

static int read_symbols(struct options *options, const char *text)
{
	options->symbols = text;
	return *text ? 0 : -EINVAL;
}

static int read_offset(struct options *options, const char *text)
{
	char *end;

	errno = 0;
	options->offset = strtoull(text, &end, 0);
	options->has_offset = true;
	return *text < '0' || *text > '9' || errno || *end ? -EINVAL : 0;
}

static int read_json(struct options *options, const char *text)
{
	(void)text;
	options->json = true;
	return 0;
}

static int read_perfetto(struct options *options, const char *text)
{
	(void)text;
	options->perfetto = true;
	return 0;
}

static int read_each(struct options *options, const char *text)
{
	(void)text;
	options->each = true;
	return 0;
}

static int read_follow(struct options *options, const char *text)
{
	(void)text;
	options->follow = true;
	return 0;
}

static int read_relative(struct options *options, const char *text)
{
	(void)text;
	options->stamp = VIEW_STAMP_RELATIVE;
	return 0;
}

/* -t, -tt, -ttt, as those who know strace expect. */
static int read_day(struct options *options, const char *text)
{
	static const enum view_stamp stamps[] = {
		VIEW_STAMP_DAY, VIEW_STAMP_DAY_US, VIEW_STAMP_EPOCH,
	};

	(void)text;
	if (options->day == sizeof(stamps) / sizeof(stamps[0]))
		return 0;
	options->stamp = stamps[options->day++];
	return 0;
}

static int read_total(struct options *options, const char *text)
{
	(void)text;
	options->total = true;
	return 0;
}

static int read_buffer(struct options *options, const char *text)
{
	options->buffer_kb = read_number(text, BUFFER_KB_MAX);
	return options->buffer_kb ? 0 : -EINVAL;
}

static int read_strict(struct options *options, const char *text)
{
	(void)text;
	options->strict = true;
	return 0;
}

static int read_help(struct options *options, const char *text)
{
	(void)text;
	options->help = true;
	return 0;
}

static int read_version(struct options *options, const char *text)
{
	(void)text;
	options->version = true;
	return 0;
}

static const struct option_row rows[] = {
	{ 'p', "pid", "PID[,PID...]",
	  "only these processes, with all their threads; end with the\n"
	  "last of them; may be given again",
	  read_pids },
	{ 'f', "follow", NULL, "and the processes that they create",
	  read_follow },
	{ 'e', "event", "[SYSTEM:]EVENT[,...]",
	  "only these events, with * and ? and []; may be given again\n"
	  "(default: kvm2:* and kvm:*)\n"
	  "-e reason=[!]WORD,...  exits of the processor for these reasons\n"
	  "-e user=[!]WORD,...    exits to user space for these reasons\n"
	  "-e vm=[!]ID|NAME,...  -e vcpu=[!]N[-N],...  of these\n"
	  "-e took=TIME           exits as long or longer, as 50us or 1ms\n"
	  "-e FIELD=[!]N[-N],...  with such a field, as port=0x3f8",
	  read_event },
	{ 'c', "count", NULL,
	  "print no lines: count exits, and print a table at the end",
	  read_count },
	{ 0, "every", "SECONDS",
	  "with -c: print the table each so often; on a terminal it\n"
	  "stays in place, and the key q ends",
	  read_every },
	{ 0, "tail", "LINES",
	  "with -c: the last so many lines below the table",
	  read_tail },
	{ 'n', "limit", "COUNT", "end after so many events", read_limit },
	{ 0, "for", "SECONDS", "end after so long", read_for },
	{ 0, "events", NULL, "a line for each event, not for each exit",
	  read_each },
	{ 0, "raw", NULL, "the same, in the kernel's own words", read_raw },
	{ 'o', "output", "FILE",
	  "record to FILE, for kvm2trace report, trace-cmd and\n"
	  "KernelShark; print nothing",
	  read_file },
	{ 0, "flight", "SECONDS",
	  "with -o: write only when a guest dies of a triple fault, an\n"
	  "internal error or a refused entry, or at SIGUSR1: what happened\n"
	  "so long before",
	  read_flight },
	{ 0, "symbols", "FILE",
	  "name the guest's addresses, from its vmlinux or System.map",
	  read_symbols },
	{ 0, "kaslr", "OFFSET",
	  "that the guest's kernel has moved by; without, it is found out",
	  read_offset },
	{ 0, "json", NULL, "an object in JSON for each line", read_json },
	{ 0, "perfetto", NULL, "a trace that Perfetto's viewer loads",
	  read_perfetto },
	{ 't', "time", NULL,
	  "begin lines with the time of day; -tt: with microseconds;\n"
	  "-ttt: with the seconds since 1970",
	  read_day },
	{ 'r', "relative", NULL, "begin with the time since the line before",
	  read_relative },
	{ 'T', "total", NULL, "end with the whole time of each exit",
	  read_total },
	{ 'b', "buffer", "KIB",
	  "KiB of buffer for each processor (default: 2048)", read_buffer },
	{ 0, "strict", NULL, "exit with status 3 if events were lost",
	  read_strict },
	{ 'h', "help", NULL, "print this text", read_help },
	{ 'V', "version", NULL, "print the version", read_version },
};

#define NR_ROWS	(sizeof(rows) / sizeof(rows[0]))

/* Long options without a letter are numbered from here. */
#define LONG_ONLY	256

static void make_getopt_tables(struct option longs[static NR_ROWS + 1],
			       char shorts[static 2 * NR_ROWS + 2])
{
	char *next = shorts;

	*next++ = ':';
	for (size_t i = 0; i < NR_ROWS; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument :
						      no_argument,
			.val = LONG_ONLY + (int)i,
		};
		if (!rows[i].letter)
			continue;
		*next++ = rows[i].letter;
		if (rows[i].argument)
			*next++ = ':';
	}
	*next = '\0';
	memset(&longs[NR_ROWS], 0, sizeof(longs[0]));
}

static const struct option_row *find_row(int code)
{
	if (code >= LONG_ONLY)
		return &rows[code - LONG_ONLY];
	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].letter == code)
			return &rows[i];
	return NULL;
}

bool options_want_event(const struct options *options, const char *system,
			const char *name)
{
	char event[128];

	snprintf(event, sizeof(event), "%s:%s", system, name);
	for (size_t i = 0; i < options->nr_events; i++) {
		const char *pattern = options->events[i];

		if (!fnmatch(pattern, strchr(pattern, ':') ? event : system, 0))
			return true;
	}
	return !options->nr_events;
}

/* Where an exit ends is told by the entry alone. */
static bool sees_exits(const struct options *options)
{
	return options_want_event(options, "kvm", "kvm_entry") &&
	       (options_want_event(options, "kvm", "kvm_exit") ||
		options_want_event(options, "kvm", "kvm_userspace_exit") ||
		options_want_event(options, "kvm2", "kvm2_exit"));
}

/* What makes no sense together. */
static int check_combination(const struct options *options,
			     char message[static OPTIONS_MESSAGE_SIZE])
{
	const bool is_live = options->every_ns || options->for_ns ||
			     options->buffer_kb || options->command ||
			     options->flight_ns;
	const bool has_form = options->json || options->perfetto;
	const char *wrong = NULL;

	if ((options->every_ns || options->tail) && !options->count)
		wrong = "--every and --tail are for the table: give -c too";
	else if (options->is_report && (is_live || !options->file))
		wrong = "report needs one FILE, and options of a live trace do not go with it";
	else if (options->has_offset && !options->symbols)
		wrong = "--kaslr is for symbols: give --symbols too";
	else if (options->flight_ns && !options->file)
		wrong = "--flight writes a file: give -o too";
	else if (options->json && options->perfetto)
		wrong = "--json and --perfetto are two forms: give one";
	else if (has_form && (options->count || options->raw))
		wrong = "--json and --perfetto have neither a table nor raw lines";
	else if (options->file && !options->is_report &&
		 (options->count || has_form || options->limit))
		wrong = "-o records and prints nothing: give -c, -n and forms to kvm2trace report";
	else if (options->count &&
		 (filter_has(&options->filter, FILTER_TOOK) ||
		  filter_has(&options->filter, FILTER_FIELD)))
		wrong = "the table counts by vm, vcpu, reason and user: other conditions of -e are for lines";
	else if (filter_has(&options->filter, FILTER_TOOK) && !options->folds)
		wrong = "took= is for exits: their ends have to be traced";
	if (!wrong)
		return 0;
	snprintf(message, OPTIONS_MESSAGE_SIZE, "%s", wrong);
	return -EINVAL;
}

int options_parse(struct options *options, int argc, char *argv[],
		  char message[static OPTIONS_MESSAGE_SIZE])
{
	struct option longs[NR_ROWS + 1];
	char shorts[2 * NR_ROWS + 3];
	int code;

	memset(options, 0, sizeof(*options));
	options->is_report = argc > 1 && !strcmp(argv[1], "report");
	argc -= options->is_report;
	argv += options->is_report;
	/* What follows the command are the command's own options. */
	shorts[0] = '+';
	make_getopt_tables(longs, shorts + 1);
	optind = 0;
	while ((code = getopt_long(argc, argv, shorts + options->is_report,
				   longs, NULL)) != -1) {
		const struct option_row *row;

		if (code == ':' || code == '?') {
			snprintf(message, OPTIONS_MESSAGE_SIZE, "%s: %s",
				 argv[optind - 1],
				 code == ':' ? "an argument is missing" :
					       "no such option");
			return -EINVAL;
		}
		row = find_row(code);
		if (row->read(options, optarg)) {
			snprintf(message, OPTIONS_MESSAGE_SIZE,
				 "--%s: bad %s: %s", row->name, row->argument,
				 optarg);
			return -EINVAL;
		}
	}
	if (options->is_report && argc - optind == 1 && !options->file)
		options->file = argv[optind];
	else if (optind < argc)
		options->command = argv + optind;
	options->folds = !options->raw && !options->each && sees_exits(options);
	options->filter.has_folds = options->folds;
	return check_combination(options, message);
}

void options_help(FILE *out)
{
	fprintf(out, "Usage: kvm2trace [OPTION...] [COMMAND [ARGUMENT...]]\n"
		     "       kvm2trace report [OPTION...] FILE\n"
		     "Print what the virtual machines of this host do, from "
		     "KVM's trace events.\n\n");
	for (size_t i = 0; i < NR_ROWS; i++) {
		const char *help = rows[i].help;
		char names[40];

		snprintf(names, sizeof(names), "%s%c%s--%s%s%s",
			 rows[i].letter ? "-" : "  ",
			 rows[i].letter ? rows[i].letter : ' ',
			 rows[i].letter ? ", " : " ", rows[i].name,
			 rows[i].argument ? " " : "",
			 rows[i].argument ? rows[i].argument : "");
		while (*help) {
			const size_t length = strcspn(help, "\n");

			fprintf(out, "  %-26s%.*s\n",
				help == rows[i].help ? names : "", (int)length,
				help);
			help += length + (help[length] == '\n');
		}
	}
	fprintf(out, "\nExit status: 0, 1 after a failure, 2 for a wrong "
		     "command line,\n3 if events were lost and that is a "
		     "failure; else that of the command.\n");
}

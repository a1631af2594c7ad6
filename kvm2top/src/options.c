// SPDX-License-Identifier: GPL-2.0
// The command line of kvm2top: one table for parsing and for --help.
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"

#define NS_PER_SECOND	1e9
#define ROWS_MAX	65536
#define ROWS_DEFAULT	1024
#define IDLE_DEFAULT_NS	UINT64_C(60000000000)

/**
 * struct option_row - one option
 * @letter:	short name, or 0
 * @name:	long name
 * @argument:	what --help calls its argument; NULL: it has none
 * @help:	for --help; a line feed begins another line
 * @read:	take @text (NULL without @argument); 0 or -EINVAL, with or
 *		without a @message
 */
struct option_row {
	char letter;
	const char *name;
	const char *argument;
	const char *help;
	int (*read)(struct options *options, const char *text, char *message);
};

static int read_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno || *end || *value > max ? -EINVAL : 0;
}

static int read_pid(struct options *options, const char *text, char *message)
{
	uint64_t pid;

	(void)message;
	if (read_number(text, INT_MAX, &pid) || !pid)
		return -EINVAL;
	options->pid = (pid_t)pid;
	return 0;
}

static int read_delay(struct options *options, const char *text, char *message)
{
	char *end;
	const double seconds = strtod(text, &end);

	(void)message;
	if (end == text || *end || !(seconds >= OPTIONS_DELAY_MIN && seconds <= OPTIONS_DELAY_MAX))
		return -EINVAL;
	options->delay_ns = (uint64_t)(seconds * NS_PER_SECOND);
	return 0;
}

static int read_count(struct options *options, const char *text, char *message)
{
	(void)message;
	return read_number(text, UINT64_MAX, &options->count) || !options->count ? -EINVAL : 0;
}

static int read_tier(struct options *options, const char *text, char *message)
{
	uint64_t tier;

	(void)message;
	if (read_number(text, 2, &tier))
		return -EINVAL;
	options->tier = (int)tier;
	return 0;
}

static int read_rows(struct options *options, const char *text, char *message)
{
	uint64_t rows;

	(void)message;
	if (read_number(text, ROWS_MAX, &rows) || !rows)
		return -EINVAL;
	options->rows = (unsigned int)rows;
	return 0;
}

static int read_idle(struct options *options, const char *text, char *message)
{
	uint64_t seconds;

	(void)message;
	if (read_number(text, 86400, &seconds))
		return -EINVAL;
	options->idle_ns = seconds * (uint64_t)NS_PER_SECOND;
	return 0;
}

static int read_collector(struct options *options, const char *text, char *message)
{
	(void)message;
	options->collector = text;
	return *text ? 0 : -EINVAL;
}

static int read_file(struct options *options, const char *text, char *message)
{
	(void)message;
	options->file = text;
	return *text ? 0 : -EINVAL;
}

static int read_group(struct options *options, const char *text, char *message)
{
	static const char *const groups[TREE_NR_GROUPS] = {
		[TREE_BY_VCPU] = "vcpu", [TREE_BY_VM] = "vm", [TREE_BY_HOST] = "host",
	};

	(void)message;
	for (int i = 0; i < TREE_NR_GROUPS; i++) {
		if (strcmp(groups[i], text))
			continue;
		options->group = (enum tree_group)i;
		return 0;
	}
	return -EINVAL;
}

static int read_sort(struct options *options, const char *text, char *message)
{
	options->ascending = *text == '+';
	text += options->ascending;
	options->sort = column_find(text, strlen(text));
	if (options->sort)
		return 0;
	snprintf(message, OPTIONS_MESSAGE_SIZE, "there is no column '%.40s'; --help names them", text);
	return -EINVAL;
}

static int read_columns(struct options *options, const char *text, char *message)
{
	options->nr_columns = 0;
	options->columns_chosen = true;
	while (*text) {
		const size_t length = strcspn(text, ",");
		const struct column *column = column_find(text, length);

		if (!column || options->nr_columns == OPTIONS_COLUMNS_MAX) {
			snprintf(message, OPTIONS_MESSAGE_SIZE, "there is no column '%.*s'; --help names them",
				 (int)(length < 40 ? length : 40), text);
			return -EINVAL;
		}
		options->columns[options->nr_columns++] = column;
		text += length;
		text += *text == ',';
	}
	return options->nr_columns ? 0 : -EINVAL;
}

static int read_filter(struct options *options, const char *text, char *message)
{
	char what[CONDITION_MESSAGE_SIZE];

	condition_destroy(options->filter);
	options->filter = condition_parse(text, what);
	options->filter_text = text;
	if (options->filter)
		return 0;
	snprintf(message, OPTIONS_MESSAGE_SIZE, "%s", what);
	return -EINVAL;
}

static int read_when(struct options *options, const char *text, char *message)
{
	char what[CONDITION_MESSAGE_SIZE];

	condition_destroy(options->when);
	options->when = condition_parse(text, what);
	if (options->when)
		return 0;
	snprintf(message, OPTIONS_MESSAGE_SIZE, "%s", what);
	return -EINVAL;
}

static int read_action(struct options *options, const char *text, char *message)
{
	(void)message;
	options->action = text;
	return action_is_valid(text) ? 0 : -EINVAL;
}

static int read_record(struct options *options, const char *text, char *message)
{
	(void)message;
	options->record = text;
	return *text ? 0 : -EINVAL;
}

static int read_replay(struct options *options, const char *text, char *message)
{
	(void)message;
	options->replay = text;
	return *text ? 0 : -EINVAL;
}

static int read_listen(struct options *options, const char *text, char *message)
{
	(void)message;
	options->listen = text;
	if (options->output == OPTIONS_SCREEN)
		options->output = OPTIONS_QUIET;
	return *text ? 0 : -EINVAL;
}

static int read_symbols(struct options *options, const char *text, char *message)
{
	(void)message;
	options->symbols = text;
	return *text ? 0 : -EINVAL;
}

static int read_no_colour(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->no_colour = true;
	return 0;
}

static int read_batch(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	if (options->output == OPTIONS_SCREEN || options->output == OPTIONS_QUIET)
		options->output = OPTIONS_TEXT;
	return 0;
}

static int read_json(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->output = OPTIONS_JSON;
	return 0;
}

static int read_csv(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->output = OPTIONS_CSV;
	return 0;
}

static int read_metrics(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->output = OPTIONS_METRICS;
	return 0;
}

static int read_keep(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->keep_privileges = true;
	return 0;
}

static int read_help(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->help = true;
	return 0;
}

static int read_version(struct options *options, const char *text, char *message)
{
	(void)text;
	(void)message;
	options->version = true;
	return 0;
}

static const struct option_row rows[] = {
	{ 'p', "pid", "PID", "only the VM of that process", read_pid },
	{ 'd', "delay", "SECONDS", "between refreshes, by default 1", read_delay },
	{ 't', "tier", "0|1|2", "0: KVM's counters, at no cost; 1: reasons (the default);\n2: their times, too",
	  read_tier },
	{ 'g', "by", "vcpu|vm|host", "what is between the host and the reasons, by default vcpu", read_group },
	{ 's', "sort", "[+]COLUMN", "the largest first; with + the smallest", read_sort },
	{ 'c', "columns", "COLUMN,...", "the columns to show", read_columns },
	{ 'f', "filter", "CONDITION", "only VMs for which it holds, as 'exits > 10k && name ~ web'",
	  read_filter },
	{ 'b', "batch", NULL, "write text, one refresh below the other", read_batch },
	{ 'n', "count", "COUNT", "end after so many refreshes", read_count },
	{ 0, "json", NULL, "write a JSON object in a line for each refresh", read_json },
	{ 0, "csv", NULL, "write lines of values with commas between them", read_csv },
	{ 0, "openmetrics", NULL, "write an OpenMetrics exposition for each refresh", read_metrics },
	{ 0, "output", "FILE", "write that to FILE instead of standard output", read_file },
	{ 0, "listen", "WHERE", "serve OpenMetrics at unix:PATH or a port of 127.0.0.1", read_listen },
	{ 'o', "record", "FILE", "record every refresh, besides", read_record },
	{ 0, "replay", "FILE", "show a recording", read_replay },
	{ 0, "when", "CONDITION", "when it begins to hold for a VM,", read_when },
	{ 0, "do", "ACTION", "record:SECONDS[:FILE] its events, exec:COMMAND, or quit", read_action },
	{ 0, "symbols", "FILE[+OFFSET]", "names for addresses in the guests: a System.map", read_symbols },
	{ 0, "rows", "COUNT", "room for so many vcpus, by default 1024", read_rows },
	{ 0, "idle", "SECONDS", "without a VM, before the module kvm is let go, so that it can be\nunloaded; by default 60, "
	  "0: never", read_idle },
	{ 0, "collector", "NAME", "where the numbers come from: bpf, hist, stream, stats", read_collector },
	{ 0, "no-color", NULL, "use no colours", read_no_colour },
	{ 0, "keep-privileges", NULL, "do not give them up when everything is attached", read_keep },
	{ 'h', "help", NULL, "show this", read_help },
	{ 'V', "version", NULL, "show the version", read_version },
};

#define NR_ROWS		(sizeof(rows) / sizeof(rows[0]))

static void set_defaults(struct options *options)
{
	memset(options, 0, sizeof(*options));
	options->delay_ns = (uint64_t)NS_PER_SECOND;
	options->tier = 1;
	options->rows = ROWS_DEFAULT;
	options->idle_ns = IDLE_DEFAULT_NS;
	options->sort = column_find("exits", strlen("exits"));
	for (size_t i = 0; i < nr_columns; i++)
		if (columns[i].shown)
			options->columns[options->nr_columns++] = &columns[i];
}

int options_parse(struct options *options, int argc, char **argv,
		  char message[static OPTIONS_MESSAGE_SIZE])
{
	struct option longs[NR_ROWS + 1] = { 0 };
	char letters[2 * NR_ROWS + 2] = ":";
	size_t length = 1;
	int which;

	set_defaults(options);
	message[0] = '\0';
	for (size_t i = 0; i < NR_ROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].argument ? required_argument : no_argument;
		longs[i].val = 256 + (int)i;
		if (!rows[i].letter)
			continue;
		letters[length++] = rows[i].letter;
		if (rows[i].argument)
			letters[length++] = ':';
	}
	optind = 0;
	opterr = 0;
	while ((which = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = 0;

		if (which == '?' || which == ':') {
			snprintf(message, OPTIONS_MESSAGE_SIZE, "%s '%.60s'",
				 which == ':' ? "a value is missing for" : "there is no option", argv[optind - 1]);
			return -EINVAL;
		}
		while (which < 256 ? rows[i].letter != which : (int)i != which - 256)
			i++;
		if (!rows[i].read(options, optarg, message))
			continue;
		if (!message[0])
			snprintf(message, OPTIONS_MESSAGE_SIZE, "--%s takes %s, not '%.60s'", rows[i].name,
				 rows[i].argument ? rows[i].argument : "nothing", optarg ? optarg : "");
		return -EINVAL;
	}
	if (optind < argc) {
		snprintf(message, OPTIONS_MESSAGE_SIZE, "'%.60s' is no option", argv[optind]);
		return -EINVAL;
	}
	if (!options->when != !options->action) {
		snprintf(message, OPTIONS_MESSAGE_SIZE, "--when and --do need each other");
		return -EINVAL;
	}
	return 0;
}

void options_fini(struct options *options)
{
	condition_destroy(options->filter);
	condition_destroy(options->when);
	options->filter = NULL;
	options->when = NULL;
}

static void print_row(FILE *file, const struct option_row *row)
{
	const char *help = row->help;
	char left[64];
	size_t length;

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		 row->letter ? "," : " ", row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
	length = strcspn(help, "\n");
	fprintf(file, "  %-28s %.*s\n", left, (int)length, help);
	while (help[length]) {
		help += length + 1;
		length = strcspn(help, "\n");
		fprintf(file, "  %-28s %.*s\n", "", (int)length, help);
	}
}

void options_print_help(FILE *file)
{
	fputs("Usage: kvm2top [OPTION]...\nShow which VMs leave the guest, why, and what it costs.\n\n", file);
	for (size_t i = 0; i < NR_ROWS; i++)
		print_row(file, &rows[i]);
	fputs("\nColumns, * those shown by default:\n", file);
	for (size_t i = 0; i < nr_columns; i++)
		fprintf(file, "  %s%-12s%s", columns[i].shown ? "*" : " ", columns[i].key,
			i % 5 == 4 || i + 1 == nr_columns ? "\n" : "");
}

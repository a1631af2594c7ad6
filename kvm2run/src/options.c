// SPDX-License-Identifier: GPL-2.0
// Options: one table for parsing and for --help.
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define RAM_BYTES_DEFAULT (128ULL << 20)

static int parse_api(struct options *options, const char *value, struct failure *failure)
{
	int api = kvm2_api_find(value);

	if (api < 0)
		return failure_set(failure, EINVAL, "--api %s: not kvm2 or classic", value);
	options->api = (enum kvm2_api)api;
	options->has_api = true;
	return 0;
}

/* A number with an optional suffix; @suffix: out, 0 if there is none. */
static int parse_number(const char *value, uint64_t *number, char *suffix)
{
	char *end;

	errno = 0;
	*number = strtoull(value, &end, 0);
	if (errno || end == value || *value == '-' || (*end && end[1]))
		return -EINVAL;
	*suffix = *end;
	return 0;
}

static int parse_cpus(struct options *options, const char *value, struct failure *failure)
{
	uint64_t cpus;
	char suffix;

	if (parse_number(value, &cpus, &suffix) || suffix || !cpus || cpus > OPTIONS_CPUS_MAX)
		return failure_set(failure, EINVAL, "--cpus %s: not a number from 1 to %u", value,
				   OPTIONS_CPUS_MAX);
	options->cpus = (unsigned int)cpus;
	return 0;
}

static int parse_mem(struct options *options, const char *value, struct failure *failure)
{
	static const struct {
		char suffix;
		unsigned int shift;
	} units[] = {
		{ 0, 20 }, { 'K', 10 }, { 'k', 10 }, { 'M', 20 }, { 'm', 20 }, { 'G', 30 },
		{ 'g', 30 },
	};
	uint64_t number;
	char suffix;

	if (!parse_number(value, &number, &suffix)) {
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (units[i].suffix != suffix)
				continue;
			options->ram_bytes = number << units[i].shift;
			if (number <= LAYOUT_RAM_MAX >> units[i].shift &&
			    options->ram_bytes >= LAYOUT_RAM_MIN && !(options->ram_bytes & 4095))
				return 0;
		}
	}
	return failure_set(failure, EINVAL,
		"--mem %s: not a size from 2M to 1024G in steps of 4K, such as 64M (without a suffix: MiB)",
		value);
}

static int parse_name(struct options *options, const char *value, struct failure *failure)
{
	if (!*value || strlen(value) >= KVM2_VM_NAME_SIZE)
		return failure_set(failure, EINVAL, "--name %s: not 1 to %u bytes", value,
				   KVM2_VM_NAME_SIZE - 1);
	options->name = value;
	return 0;
}

static int parse_append(struct options *options, const char *value, struct failure *failure)
{
	(void)failure;
	options->append = value;
	return 0;
}

static int add_file(const char **files, unsigned int *nr, unsigned int max, const char *option,
		    const char *value, struct failure *failure)
{
	if (!*value || *value == ' ' || *value == ',')
		return failure_set(failure, EINVAL, "--%s: no file named", option);
	if (*nr == max)
		return failure_set(failure, EINVAL, "--%s %s: more than %u files", option, value,
				   max);
	files[(*nr)++] = value;
	return 0;
}

static int parse_initrd(struct options *options, const char *value, struct failure *failure)
{
	return add_file(options->initrds, &options->nr_initrds, OPTIONS_FILES_MAX, "initrd", value,
			failure);
}

static int parse_module(struct options *options, const char *value, struct failure *failure)
{
	return add_file(options->modules, &options->nr_modules, OPTIONS_FILES_MAX, "module", value,
			failure);
}

static int parse_disk(struct options *options, const char *value, struct failure *failure)
{
	return add_file(options->disks, &options->nr_disks, OPTIONS_DISKS_MAX, "disk", value,
			failure);
}

static int parse_address(const char *option, const char *value, bool *has, uint64_t *address,
			 struct failure *failure)
{
	char suffix;

	if (parse_number(value, address, &suffix) || suffix)
		return failure_set(failure, EINVAL, "--%s %s: not an address, such as 0x7c00",
				   option, value);
	*has = true;
	return 0;
}

static int parse_load(struct options *options, const char *value, struct failure *failure)
{
	return parse_address("load", value, &options->wish.has_load, &options->wish.load, failure);
}

static int parse_entry(struct options *options, const char *value, struct failure *failure)
{
	return parse_address("entry", value, &options->wish.has_entry, &options->wish.entry,
			     failure);
}

static int parse_wait(struct options *options, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	options->wait = true;
	return 0;
}

static int parse_no_apic(struct options *options, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	options->no_apic = true;
	return 0;
}

static int parse_device_process(struct options *options, const char *value,
				struct failure *failure)
{
	(void)value;
	(void)failure;
	options->device_process = true;
	return 0;
}

static int parse_virtio_console(struct options *options, const char *value,
				struct failure *failure)
{
	(void)value;
	(void)failure;
	options->virtio_console = true;
	return 0;
}

static int parse_bpf_pit(struct options *options, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	options->bpf_pit = true;
	return 0;
}

static int parse_kernel(struct options *options, const char *value, struct failure *failure)
{
	if (!*value || options->image)
		return failure_set(failure, EINVAL, "--kernel %s: only one file can be started",
				   value);
	options->image = value;
	return 0;
}

static int parse_help(struct options *options, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	options->help = true;
	return 0;
}

static int parse_version(struct options *options, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	options->version = true;
	return 0;
}

/* @argument: NULL if the option takes none */
static const struct option_row {
	const char *name;
	char letter;
	const char *argument;
	const char *help;
	int (*parse)(struct options *options, const char *value, struct failure *failure);
} rows[] = {
	{ "api", 0, "kvm2|classic",
	  "system calls to use (default: kvm2, else classic)", parse_api },
	{ "cpus", 'c', "N", "vcpus, 1 to 8 (default: 1)", parse_cpus },
	{ "mem", 'm', "SIZE", "RAM, in MiB or with K, M, G (default: 128M)", parse_mem },
	{ "name", 'n', "NAME", "name of the VM (default: the image's)", parse_name },
	{ "kernel", 'k', "FILE", "the same as IMAGE", parse_kernel },
	{ "append", 'a', "CMDLINE", "command line for the guest", parse_append },
	{ "initrd", 'i', "FILE", "initial RAM disk; repeated: one after the other", parse_initrd },
	{ "module", 0, "'FILE [ARGS]'", "multiboot module; may be repeated", parse_module },
	{ "disk", 'd', "FILE[,readonly]", "virtio disk; may be repeated", parse_disk },
	{ "virtio-console", 0, NULL, "standard input goes to a virtio console",
	  parse_virtio_console },
	{ "bpf-pit", 0, NULL, "the timer is a BPF program in the kernel", parse_bpf_pit },
	{ "load", 0, "ADDRESS", "take IMAGE as flat, load it here (0x7c00)",
	  parse_load },
	{ "entry", 0, "ADDRESS", "take IMAGE as flat, start it here (as --load)",
	  parse_entry },
	{ "no-apic", 0, NULL, "one processor without APIC: PIC and PIT alone", parse_no_apic },
	{ "device-process", 0, NULL, "the serial port in a process of its own",
	  parse_device_process },
	{ "wait", 'w', NULL, "start the guest after a line or SIGCONT only", parse_wait },
	{ "help", 'h', NULL, "show this help", parse_help },
	{ "version", 'V', NULL, "show the version", parse_version },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

void options_print_help(FILE *to)
{
	char left[64];

	fprintf(to, "Usage: kvm2run [OPTION]... IMAGE\n"
		    "Run a guest, Linux, a multiboot kernel or a flat binary, with standard input\n"
		    "and output as its serial port.\n\n");
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct option_row *row = &rows[i];

		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name,
			 row->argument ? " " : "", row->argument ? row->argument : "");
		fprintf(to, "  %-27s %s\n", left, row->help);
	}
	fprintf(to, "\nCtrl-A x ends the guest, Ctrl-A Ctrl-A sends Ctrl-A.\n"
		    "A write of V to port 0xf4 ends kvm2run with status V << 1 | 1; its own statuses\n"
		    "are even. See kvm2run(8).\n");
}

/* getopt_long()'s view of the table. Its val is the row, after all letters. */
#define VAL_FIRST 256

static const struct option_row *find_row(int val)
{
	if (val >= VAL_FIRST)
		return &rows[val - VAL_FIRST];
	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].letter == val)
			return &rows[i];
	return NULL;
}

static int refuse(int argc, char **argv, int val, struct failure *failure)
{
	const char *word = argv[optind - 1 < argc ? optind - 1 : argc - 1];

	if (val == ':')
		return failure_set(failure, EINVAL, "%s: needs an argument", word);
	if (optopt && optopt < VAL_FIRST)
		return failure_set(failure, EINVAL, "-%c: unknown option", optopt);
	if (optopt)
		return failure_set(failure, EINVAL, "%s: takes no argument", word);
	return failure_set(failure, EINVAL, "%s: unknown or ambiguous option", word);
}

/* What only the new API can do chooses it. */
static int need_kvm2(struct options *options, const char *option, const char *why,
		     struct failure *failure)
{
	if (options->has_api && options->api == KVM2_API_CLASSIC)
		return failure_set(failure, EINVAL, "--%s: needs --api kvm2; %s", option, why);
	options->api = KVM2_API_KVM2;
	options->has_api = true;
	return 0;
}

static int check_together(struct options *options, struct failure *failure)
{
	int err = 0;

	if (options->no_apic && options->cpus > 1)
		return failure_set(failure, EINVAL,
			"--no-apic: a processor without APIC is alone; leave out --cpus %u",
			options->cpus);
	if (options->no_apic)
		err = need_kvm2(options, "no-apic",
				"the classic API cannot hide an APIC that it has in the kernel",
				failure);
	if (!err && options->device_process)
		err = need_kvm2(options, "device-process",
				"the classic API has no sockets for a guest's I/O", failure);
	if (!err && options->nr_disks)
		err = need_kvm2(options, "disk",
				"without it there is nothing that a disk could interrupt by",
				failure);
	if (!err && options->virtio_console)
		err = need_kvm2(options, "virtio-console",
				"without it there is nothing that a console could interrupt by",
				failure);
	if (!err && options->bpf_pit)
		err = need_kvm2(options, "bpf-pit",
				"the classic API gives no ports to BPF programs", failure);
	return err;
}

int options_parse(struct options *options, int argc, char **argv, struct failure *failure)
{
	struct option longs[NR_ROWS + 1] = { 0 };
	char shorts[2 * NR_ROWS + 2] = ":";
	size_t nr_shorts = 1;
	int val;
	int err;

	memset(options, 0, sizeof(*options));
	options->cpus = 1;
	options->ram_bytes = RAM_BYTES_DEFAULT;

	for (size_t i = 0; i < NR_ROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].argument ? required_argument : no_argument;
		longs[i].val = VAL_FIRST + (int)i;
		if (!rows[i].letter)
			continue;
		shorts[nr_shorts++] = rows[i].letter;
		if (rows[i].argument)
			shorts[nr_shorts++] = ':';
	}

	optind = 0;	/* a new scan, also in tests */
	while ((val = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = val == '?' || val == ':' ? NULL : find_row(val);

		if (!row)
			return refuse(argc, argv, val, failure);
		err = row->parse(options, optarg, failure);
		if (err)
			return err;
		if (options->help || options->version)
			return 0;
	}

	if (optind == argc && !options->image)
		return failure_set(failure, EINVAL, "no IMAGE named");
	if (optind + !options->image < argc)
		return failure_set(failure, EINVAL, "%s: only one IMAGE can be started",
				   argv[optind + !options->image]);
	if (!options->image)
		options->image = argv[optind];
	return check_together(options, failure);
}

// SPDX-License-Identifier: GPL-2.0
/* Exits of kvm_enter_guest from words. */
#include "payload.h"

#include <errno.h>
#include <linux/kvm2_names.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes of a number of the ABI's own, for reasons that it has no name for. */
#define RAW_MAX 256
#define INSTRUCTION_MAX 15
#define EMULATION 1
#define EMULATION_HAS_INSTRUCTION 1

struct field;

/**
 * struct build - an exit in the making
 * @data_bytes: of io.data, raw bytes, or numbers of data that were given
 * @given:      bit n: field n was
 */
struct build {
	struct payload *payload;
	size_t data_bytes;
	uint32_t given;
	char *message;
};

struct word {
	uint64_t value;
	const char *name;
};

/**
 * struct field - one that can be given
 * @offset: in struct kvm2_run
 * @size:   bytes of it, or of an element
 * @count:  elements, 0 for a single number
 * @words:  names for values, ends with NULL; or NULL
 * @parse:  NULL for numbers
 */
struct field {
	const char *name;
	size_t offset;
	size_t size;
	size_t count;
	const struct word *words;
	int (*parse)(struct build *build, const struct field *field, const char *value);
};

struct exit_kind {
	size_t size;
	const struct field *fields;
	int (*finish)(struct build *build);
};

static const struct word directions[] = { { KVM2_IO_IN, "in" }, { KVM2_IO_OUT, "out" }, { 0 } };
static const struct word msr_reasons[] = {
	{ KVM2_MSR_EXIT_INVALID, "invalid" },
	{ KVM2_MSR_EXIT_UNKNOWN, "unknown" },
	{ KVM2_MSR_EXIT_FILTER, "filter" },
	{ 0 },
};
static const struct word msrs[] = {
#define X(index, text) { index, text },
	KVM2_MSR_NAMES(X)
#undef X
	{ 0 },
};
static const struct word vectors[] = {
	{ 0, "#DE" }, { 1, "#DB" }, { 2, "NMI" }, { 3, "#BP" }, { 4, "#OF" }, { 5, "#BR" },
	{ 6, "#UD" }, { 7, "#NM" }, { 8, "#DF" }, { 10, "#TS" }, { 11, "#NP" }, { 12, "#SS" },
	{ 13, "#GP" }, { 14, "#PF" }, { 16, "#MF" }, { 17, "#AC" }, { 18, "#MC" }, { 19, "#XM" },
	{ 0 },
};
/* Of linux/kvm.h, without what all of a kind begin with. */
static const struct word suberrors[] = {
	{ EMULATION, "emulation" },
	{ 2, "simul_ex" },
	{ 3, "delivery_ev" },
	{ 4, "unexpected_exit_reason" },
	{ 0 },
};
static const struct word system_events[] = {
	{ 1, "shutdown" }, { 2, "reset" }, { 3, "crash" }, { 4, "wakeup" },
	{ 5, "suspend" }, { 6, "sev_term" }, { 0 },
};
static const struct word notify_flags[] = { { 1, "context_invalid" }, { 0 } };
static const struct word hyperv_types[] = { { 1, "synic" }, { 2, "hcall" }, { 3, "syndbg" }, { 0 } };
static const struct word fault_flags[] = { { 8, "private" }, { 0 } };

static int refuse(struct build *build, const char *name, const char *value, const char *why)
{
	snprintf(build->message, PAYLOAD_MESSAGE_SIZE, "%.60s=%.40s: %s", name, value, why);
	return -EINVAL;
}

/* "out", but also "KVM2_IO_OUT", as strace prints it. */
static bool is_word(const char *text, const char *word)
{
	size_t length = strlen(text);
	size_t wanted = strlen(word);

	if (length < wanted || strcasecmp(text + length - wanted, word))
		return false;
	return length == wanted || text[length - wanted - 1] == '_';
}

static bool parse_number(const char *text, const struct word *words, uint64_t *number)
{
	char *end;

	for (; words && words->name; words++) {
		if (is_word(text, words->name)) {
			*number = words->value;
			return true;
		}
	}
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return !errno && !*end;
}

static int put_number(struct build *build, const struct field *field, size_t index, const char *text)
{
	uint64_t number;

	if (!parse_number(text, field->words, &number))
		return refuse(build, field->name, text, "neither a number nor a word of this field");
	if (field->size < sizeof(number) && number >> (8 * field->size))
		return refuse(build, field->name, text, "too large for this field");
	/* Little endian, as the ABI is. */
	memcpy((char *)&build->payload->run + field->offset + index * field->size, &number,
	       field->size);
	return 0;
}

static int parse_numbers(struct build *build, const struct field *field, const char *value)
{
	char text[32];
	size_t index = 0;

	for (;;) {
		size_t length = strcspn(value, ",");
		int ret;

		if (length >= sizeof(text))
			return refuse(build, field->name, value, "no number is that long");
		if (index == field->count)
			return refuse(build, field->name, value, "too many numbers");
		memcpy(text, value, length);
		text[length] = '\0';
		ret = put_number(build, field, index++, text);
		if (ret)
			return ret;
		if (!value[length])
			break;
		value += length + 1;
	}
	build->data_bytes = index;
	return 0;
}

static int hex_digit(char digit)
{
	const char *digits = "0123456789abcdef";
	const char *place = digit ? strchr(digits, digit | 0x20) : NULL;

	return place ? (int)(place - digits) : -1;
}

/* Return: how many bytes, -1 if it is no even number of hexadecimal digits or too many. */
static int parse_hex(const char *text, unsigned char *bytes, size_t room)
{
	size_t count = 0;

	for (; *text; text += 2) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || count == room)
			return -1;
		bytes[count++] = (unsigned char)(high << 4 | low);
	}
	return (int)count;
}

static int parse_raw(struct build *build, const struct field *field, const char *value)
{
	int count = parse_hex(value, (unsigned char *)&build->payload->run + field->offset, RAW_MAX);

	if (count < 0)
		return refuse(build, field->name, value, "not 1 to 256 bytes as hexadecimal digits");
	build->data_bytes = (size_t)count;
	return 0;
}

/* One character of a string: "\n", "\x41", "\0"; NULL if it is none. */
static const char *take_character(const char *text, unsigned char *byte)
{
	static const char letters[] = "abtnvfr";
	const char *place;

	if (*text != '\\') {
		*byte = (unsigned char)*text;
		return text + 1;
	}
	text++;
	if (*text == 'x') {
		int high = hex_digit(text[1]);
		int low = high < 0 ? -1 : hex_digit(text[2]);

		if (low < 0)
			return NULL;
		*byte = (unsigned char)(high << 4 | low);
		return text + 3;
	}
	if (*text >= '0' && *text <= '7') {
		unsigned int value = 0;

		for (int i = 0; i < 3 && *text >= '0' && *text <= '7'; i++)
			value = value * 8 + (unsigned int)(*text++ - '0');
		*byte = (unsigned char)value;
		return value < 256 ? text : NULL;
	}
	place = *text ? strchr(letters, *text) : NULL;
	*byte = place ? (unsigned char)('\a' + (place - letters)) : (unsigned char)*text;
	return *text ? text + 1 : NULL;
}

/* "0x1234" is a number of io.size bytes, all else a string. */
static int parse_io_data(struct build *build, const struct field *field, const char *value)
{
	struct kvm2_exit_io *io = &build->payload->run.io;
	const size_t room = PAYLOAD_MAX - offsetof(struct kvm2_run, io.data);
	uint64_t number;

	if (!strncmp(value, "0x", 2)) {
		if (!parse_number(value, NULL, &number) || number > UINT32_MAX)
			return refuse(build, field->name, value, "not a number of 4 bytes at most");
		memcpy(io->data, &number, 4);
		/* As wide as the access, which may come later. */
		build->data_bytes = 0;
		return 0;
	}
	while (*value) {
		if (build->data_bytes == room)
			return refuse(build, field->name, "...", "longer than strace can poke");
		value = take_character(value, &io->data[build->data_bytes++]);
		if (!value)
			return refuse(build, field->name, "...", "a bad \\ sequence");
	}
	return 0;
}

/* After a failed emulation: a flag, then a length and so many bytes, in data[0] to data[2]. */
static int parse_instruction(struct build *build, const struct field *field, const char *value)
{
	struct kvm2_exit_internal_error *error = &build->payload->run.internal_error;
	unsigned char *bytes = (unsigned char *)&error->data[1];
	int count = parse_hex(value, bytes + 1, INSTRUCTION_MAX);

	if (count < 1)
		return refuse(build, field->name, value, "not 1 to 15 bytes as hexadecimal digits");
	bytes[0] = (unsigned char)count;
	error->suberror = EMULATION;
	error->data[0] |= EMULATION_HAS_INSTRUCTION;
	if (error->ndata < 3)
		error->ndata = 3;
	return 0;
}

#define NUMBER(name_, member_, words_)					\
	{ .name = name_, .offset = offsetof(struct kvm2_run, member_),	\
	  .size = sizeof(((struct kvm2_run *)0)->member_), .words = words_ }
#define NUMBERS(name_, member_)						\
	{ .name = name_, .offset = offsetof(struct kvm2_run, member_),	\
	  .size = sizeof(__u64),					\
	  .count = sizeof(((struct kvm2_run *)0)->member_) / sizeof(__u64), \
	  .parse = parse_numbers }
#define OTHER(name_, member_, parse_)					\
	{ .name = name_, .offset = offsetof(struct kvm2_run, member_), .parse = parse_ }
/* All have it: it is in memory before the rest, so it is poked, too. */
#define FLAGS { .name = "run_flags", .offset = offsetof(struct kvm2_run, flags), .size = 4 }

static const struct field no_fields[] = { FLAGS, { 0 } };
static const struct field unknown_fields[] = {
	NUMBER("kvm_reason", unknown.kvm_reason, NULL),
	NUMBER("hardware_reason", unknown.hardware_reason, NULL),
	FLAGS, { 0 },
};
static const struct field io_fields[] = {
	NUMBER("port", io.port, NULL),
	NUMBER("size", io.size, NULL),
	NUMBER("direction", io.direction, directions),
	NUMBER("count", io.count, NULL),
	OTHER("data", io.data, parse_io_data),
	FLAGS, { 0 },
};
static const struct field mmio_fields[] = {
	NUMBER("gpa", mmio.gpa, NULL),
	NUMBER("len", mmio.len, NULL),
	NUMBER("write", mmio.is_write, NULL),
	NUMBER("data", mmio.data, NULL),
	NUMBER("is_write", mmio.is_write, NULL),
	FLAGS, { 0 },
};
static const struct field hypercall_fields[] = {
	NUMBER("nr", hypercall.nr, NULL),
	NUMBER("ret", hypercall.ret, NULL),
	NUMBERS("args", hypercall.args),
	NUMBER("flags", hypercall.flags, NULL),
	FLAGS, { 0 },
};
static const struct field msr_fields[] = {
	NUMBER("index", msr.index, msrs),
	NUMBER("reason", msr.reason, msr_reasons),
	NUMBER("data", msr.data, NULL),
	NUMBER("error", msr.error, NULL),
	FLAGS, { 0 },
};
static const struct field debug_fields[] = {
	NUMBER("exception", debug.exception, vectors),
	NUMBER("pc", debug.pc, NULL),
	NUMBER("dr6", debug.dr6, NULL),
	NUMBER("dr7", debug.dr7, NULL),
	FLAGS, { 0 },
};
static const struct field fail_entry_fields[] = {
	NUMBER("hardware_reason", fail_entry.hardware_reason, NULL),
	NUMBER("cpu", fail_entry.cpu, NULL),
	FLAGS, { 0 },
};
static const struct field internal_error_fields[] = {
	NUMBER("suberror", internal_error.suberror, suberrors),
	NUMBERS("data", internal_error.data),
	OTHER("instruction", internal_error.data, parse_instruction),
	NUMBER("ndata", internal_error.ndata, NULL),
	FLAGS, { 0 },
};
static const struct field exception_fields[] = {
	NUMBER("exception", exception.exception, vectors),
	NUMBER("error_code", exception.error_code, NULL),
	FLAGS, { 0 },
};
static const struct field system_event_fields[] = {
	NUMBER("type", system_event.type, system_events),
	NUMBERS("data", system_event.data),
	NUMBER("ndata", system_event.ndata, NULL),
	FLAGS, { 0 },
};
static const struct field notify_fields[] = {
	NUMBER("flags", notify.flags, notify_flags),
	FLAGS, { 0 },
};
static const struct field hyperv_fields[] = {
	NUMBER("type", hyperv.type, hyperv_types),
	NUMBER("msr", hyperv.msr, msrs),
	NUMBER("input", hyperv.input, NULL),
	NUMBER("result", hyperv.result, NULL),
	NUMBERS("params", hyperv.params),
	FLAGS, { 0 },
};
static const struct word apic_types[] = { { KVM2_APIC_EOI, "eoi" }, { KVM2_APIC_INTA, "inta" }, { 0 } };

static const struct field apic_fields[] = {
	NUMBER("type", apic.type, apic_types),
	NUMBER("vector", apic.vector, NULL),
	NUMBER("error", apic.error, NULL),
	FLAGS, { 0 },
};

static const struct field device_fields[] = {
	NUMBER("cookie", device.cookie, NULL),
	NUMBER("error", device.error, NULL),
	FLAGS, { 0 },
};

static const struct field memory_fault_fields[] = {
	NUMBER("gpa", memory_fault.gpa, NULL),
	NUMBER("size", memory_fault.size, NULL),
	NUMBER("flags", memory_fault.flags, fault_flags),
	FLAGS, { 0 },
};
static const struct field raw_fields[] = { OTHER("bytes", unknown, parse_raw), FLAGS, { 0 } };

/* Whether the field was given. */
static bool has(const struct build *build, const struct field *fields, const char *name)
{
	for (unsigned int i = 0; fields[i].name; i++)
		if (!strcmp(fields[i].name, name))
			return build->given & (1U << i);
	return false;
}

static int finish_io(struct build *build)
{
	struct kvm2_exit_io *io = &build->payload->run.io;
	const bool data = has(build, io_fields, "data");
	uint64_t bytes;

	if (!io->size)
		io->size = 1;
	if (io->size != 1 && io->size != 2 && io->size != 4) {
		snprintf(build->message, PAYLOAD_MESSAGE_SIZE, "size=%u: an access has 1, 2 or 4 bytes",
			 io->size);
		return -EINVAL;
	}
	if (data && !has(build, io_fields, "direction"))
		io->direction = KVM2_IO_OUT;
	if (!has(build, io_fields, "count"))
		io->count = build->data_bytes > io->size ?
			    (__u32)((build->data_bytes + io->size - 1) / io->size) : 1;
	bytes = (uint64_t)io->size * io->count;
	if (bytes > PAYLOAD_MAX - offsetof(struct kvm2_run, io.data)) {
		snprintf(build->message, PAYLOAD_MESSAGE_SIZE,
			 "io: size times count is %llu bytes, more than strace can poke",
			 (unsigned long long)bytes);
		return -EINVAL;
	}
	build->payload->size = offsetof(struct kvm2_run, io.data) + bytes;
	return 0;
}

static int finish_mmio(struct build *build)
{
	struct kvm2_exit_mmio *mmio = &build->payload->run.mmio;

	if (!has(build, mmio_fields, "len"))
		mmio->len = 4;
	if (has(build, mmio_fields, "data") && !has(build, mmio_fields, "write") &&
	    !has(build, mmio_fields, "is_write"))
		mmio->is_write = 1;
	return 0;
}

static int finish_internal_error(struct build *build)
{
	struct kvm2_exit_internal_error *error = &build->payload->run.internal_error;

	if (has(build, internal_error_fields, "data") && !has(build, internal_error_fields, "ndata") &&
	    error->ndata < build->data_bytes)
		error->ndata = (__u32)build->data_bytes;
	return 0;
}

static int finish_system_event(struct build *build)
{
	if (!has(build, system_event_fields, "ndata"))
		build->payload->run.system_event.ndata = (__u32)build->data_bytes;
	return 0;
}

static int finish_raw(struct build *build)
{
	build->payload->size += build->data_bytes;
	return 0;
}

#define KIND(NAME_, member_, ...)					\
	[KVM2_EXIT_##NAME_] = { sizeof(((struct kvm2_run *)0)->member_), __VA_ARGS__ }
static const struct exit_kind kinds[] = {
	KIND(UNKNOWN, unknown, unknown_fields, NULL),
	KIND(IO, io, io_fields, finish_io),
	KIND(MMIO, mmio, mmio_fields, finish_mmio),
	KIND(HYPERCALL, hypercall, hypercall_fields, NULL),
	KIND(RDMSR, msr, msr_fields, NULL),
	KIND(WRMSR, msr, msr_fields, NULL),
	KIND(DEBUG, debug, debug_fields, NULL),
	[KVM2_EXIT_SHUTDOWN] = { .fields = no_fields },
	KIND(FAIL_ENTRY, fail_entry, fail_entry_fields, NULL),
	KIND(INTERNAL_ERROR, internal_error, internal_error_fields, finish_internal_error),
	KIND(EXCEPTION, exception, exception_fields, NULL),
	KIND(SYSTEM_EVENT, system_event, system_event_fields, finish_system_event),
	KIND(NOTIFY, notify, notify_fields, NULL),
	[KVM2_EXIT_BUS_LOCK] = { .fields = no_fields },
	KIND(HYPERV, hyperv, hyperv_fields, NULL),
	KIND(MEMORY_FAULT, memory_fault, memory_fault_fields, NULL),
	KIND(APIC, apic, apic_fields, NULL),
	KIND(DEVICE, device, device_fields, NULL),
};
static const struct exit_kind raw_kind = { .fields = raw_fields, .finish = finish_raw };

static const struct word reasons[] = {
#define X(value, name, text) { value, text },
	KVM2_EXIT_REASONS(X)
#undef X
	{ 0 },
};
_Static_assert(COUNT(reasons) == COUNT(kinds) + 1, "an exit reason has no fields");

static int set_field(struct build *build, const struct field *fields, const char *word)
{
	const char *equals = strchr(word, '=');
	const size_t length = equals ? (size_t)(equals - word) : 0;

	for (unsigned int i = 0; length && fields[i].name; i++) {
		const struct field *field = &fields[i];

		if (strlen(field->name) != length || strncmp(field->name, word, length))
			continue;
		if (build->given & (1U << i))
			return refuse(build, field->name, equals + 1, "given twice");
		build->given |= 1U << i;
		return field->parse ? field->parse(build, field, equals + 1) :
				      put_number(build, field, 0, equals + 1);
	}
	snprintf(build->message, PAYLOAD_MESSAGE_SIZE,
		 equals ? "%.60s: this exit has no such field" : "%.60s: not of the form field=value",
		 word);
	return -EINVAL;
}

int payload_build(struct payload *payload, char *const words[], int count,
		  char message[static PAYLOAD_MESSAGE_SIZE])
{
	struct build build = { .payload = payload, .message = message };
	const struct exit_kind *kind;
	uint64_t reason;

	memset(payload, 0, sizeof(*payload));
	if (!count || !parse_number(words[0], reasons, &reason) || reason > UINT32_MAX) {
		snprintf(message, PAYLOAD_MESSAGE_SIZE, count ? "%.60s: no exit reason" : "no exit reason",
			 count ? words[0] : "");
		return -EINVAL;
	}
	kind = reason < COUNT(kinds) ? &kinds[reason] : &raw_kind;
	payload->run.exit_reason = (__u32)reason;
	payload->size = offsetof(struct kvm2_run, unknown) + kind->size;
	for (int i = 1; i < count; i++) {
		int ret = set_field(&build, kind->fields, words[i]);

		if (ret)
			return ret;
	}
	return kind->finish ? kind->finish(&build) : 0;
}

static void list_kind(const char *name, const struct field *fields, void (*print)(const char *line))
{
	char line[256];
	size_t length = (size_t)snprintf(line, sizeof(line), "%-15s", name);

	for (; fields->name; fields++)
		length += (size_t)snprintf(line + length, sizeof(line) - length, " %s=", fields->name);
	print(line);
}

void payload_list(void (*print)(const char *line))
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		list_kind(reasons[i].name, kinds[i].fields, print);
	list_kind("NUMBER", raw_fields, print);
}

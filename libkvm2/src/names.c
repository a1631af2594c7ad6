// SPDX-License-Identifier: LGPL-2.1
/* Names of system calls, exits, register sets and registers, both ways. */
#include <kvm2/kvm2.h>

#include <linux/kvm2_names.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

struct name {
	uint32_t value;
	const char *text;
};

static const struct name syscalls[] = {
#define X(nr, name) { nr, #name },
	KVM2_SYSCALLS(X)
#undef X
};

static const struct name exit_reasons[] = {
#define X(value, name, text) { value, text },
	KVM2_EXIT_REASONS(X)
#undef X
};

static const struct name sets[] = {
#define X(value, name, text) { value, text },
	KVM2_SETS(X)
#undef X
};

static const struct name mp_states[] = {
#define X(value, name, text) { value, text },
	KVM2_MP_STATES(X)
#undef X
};

/* Ascending, for find_sorted(). */
static const struct name msrs[] = {
#define X(index, text) { index, text },
	KVM2_MSR_NAMES(X)
#undef X
};

static const struct name lapic_registers[] = {
#define X(number, text) { number, text },
	KVM2_LAPIC_NAMES(X)
#undef X
};

static const struct name xstate_components[] = {
#define X(number, text) { number, text },
	KVM2_XSTATE_NAMES(X)
#undef X
};

static const struct fixed {
	struct kvm2_register reg;
	const char *name;
} fixed_registers[] = {
#define X(set, number, size, attributes, name, text)			\
	{ { KVM2_SET_##set, attributes, size, number }, text },
	KVM2_REGISTERS(X)
#undef X
};

/* Names of low parts. The table of whole registers comes first in a search. */
static const struct fixed parts[] = {
#define GPR(number, e, x, l)						\
	{ { KVM2_SET_GPR, 0, 4, number }, e },				\
	{ { KVM2_SET_GPR, 0, 2, number }, x },				\
	{ { KVM2_SET_GPR, 0, 1, number }, l },
	GPR(KVM2_GPR_RAX, "eax", "ax", "al")
	GPR(KVM2_GPR_RCX, "ecx", "cx", "cl")
	GPR(KVM2_GPR_RDX, "edx", "dx", "dl")
	GPR(KVM2_GPR_RBX, "ebx", "bx", "bl")
	GPR(KVM2_GPR_RSP, "esp", "sp", "spl")
	GPR(KVM2_GPR_RBP, "ebp", "bp", "bpl")
	GPR(KVM2_GPR_RSI, "esi", "si", "sil")
	GPR(KVM2_GPR_RDI, "edi", "di", "dil")
	GPR(KVM2_GPR_R8, "r8d", "r8w", "r8b")
	GPR(KVM2_GPR_R9, "r9d", "r9w", "r9b")
	GPR(KVM2_GPR_R10, "r10d", "r10w", "r10b")
	GPR(KVM2_GPR_R11, "r11d", "r11w", "r11b")
	GPR(KVM2_GPR_R12, "r12d", "r12w", "r12b")
	GPR(KVM2_GPR_R13, "r13d", "r13w", "r13b")
	GPR(KVM2_GPR_R14, "r14d", "r14w", "r14b")
	GPR(KVM2_GPR_R15, "r15d", "r15w", "r15b")
#undef GPR
	{ { KVM2_SET_CONTROL, 0, 4, KVM2_CONTROL_RIP }, "eip" },
	{ { KVM2_SET_CONTROL, 0, 4, KVM2_CONTROL_RFLAGS }, "eflags" },
};

/* Sets whose registers have numbers, and for some words: "msr:lstar". */
static const struct numbered {
	uint32_t set;
	uint32_t size;
	uint16_t attributes;
	uint64_t max;
	const struct name *names;
	size_t nr_names;
} numbered_sets[] = {
	{ .set = KVM2_SET_XSTATE, .max = 62,
	  .names = xstate_components, .nr_names = COUNT(xstate_components) },
	{ .set = KVM2_SET_MSR, .size = 8, .max = UINT32_MAX,
	  .names = msrs, .nr_names = COUNT(msrs) },
	{ .set = KVM2_SET_CPUID, .size = sizeof(struct kvm2_cpuid), .max = UINT64_MAX },
	{ .set = KVM2_SET_HOST_CPUID, .size = sizeof(struct kvm2_cpuid), .max = UINT64_MAX,
	  .attributes = KVM2_ATTR_READ_ONLY },
	{ .set = KVM2_SET_LAPIC, .size = 4, .max = 0x3f,
	  .names = lapic_registers, .nr_names = COUNT(lapic_registers) },
};

#define VECTOR_BYTES	64
#define VECTOR_PREFIX	3

static const struct fixed vectors[] = {
	{ { KVM2_SET_VECTOR, 0, VECTOR_BYTES, 0 }, "zmm" },
	{ { KVM2_SET_VECTOR, 0, 32, 0 }, "ymm" },
	{ { KVM2_SET_VECTOR, 0, 16, 0 }, "xmm" },
};

static const char *find_value(const struct name *names, size_t count,
			      uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].value == value)
			return names[i].text;
	return NULL;
}

static int compare_value(const void *key, const void *entry)
{
	uint64_t value = *(const uint64_t *)key;
	uint64_t other = ((const struct name *)entry)->value;

	return (value > other) - (value < other);
}

static const char *find_sorted(const struct name *names, size_t count,
			       uint64_t value)
{
	const struct name *found = count ? bsearch(&value, names, count, sizeof(*names),
						   compare_value) : NULL;

	return found ? found->text : NULL;
}

static const struct numbered *numbered_find(uint32_t set)
{
	for (size_t i = 0; i < COUNT(numbered_sets); i++)
		if (numbered_sets[i].set == set)
			return &numbered_sets[i];
	return NULL;
}

static const struct fixed *fixed_find(uint32_t set, uint64_t number)
{
	for (size_t i = 0; i < COUNT(fixed_registers); i++)
		if (fixed_registers[i].reg.set == set &&
		    fixed_registers[i].reg.number == number)
			return &fixed_registers[i];
	return NULL;
}

static bool is_vector(uint32_t set, uint64_t number)
{
	return set == KVM2_SET_VECTOR && number <= KVM2_VECTOR_ZMM31;
}

static bool is_cpuid(uint32_t set)
{
	return set == KVM2_SET_CPUID || set == KVM2_SET_HOST_CPUID;
}

const char *kvm2_syscall_name(uint32_t nr)
{
	return find_value(syscalls, COUNT(syscalls), nr);
}

const char *kvm2_exit_reason_name(uint32_t reason)
{
	return find_value(exit_reasons, COUNT(exit_reasons), reason);
}

const char *kvm2_set_name(uint32_t set)
{
	return find_value(sets, COUNT(sets), set);
}

const char *kvm2_mp_state_name(uint32_t state)
{
	return find_value(mp_states, COUNT(mp_states), state);
}

const char *kvm2_msr_name(uint32_t index)
{
	return find_sorted(msrs, COUNT(msrs), index);
}

/* ---- writing: no stdio, so that signal handlers may ---- */

static char *put_text(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length + 1);
	return at + length;
}

static char *put_number(char *at, uint64_t number, unsigned int base)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (count)
		*at++ = digits[--count];
	*at = '\0';
	return at;
}

const char *kvm2_register_name(uint32_t set, uint64_t number,
			       char name[static KVM2_NAME_SIZE])
{
	const struct fixed *fixed = fixed_find(set, number);
	const struct numbered *numbered = numbered_find(set);
	const char *word;
	char *at;

	if (fixed) {
		put_text(name, fixed->name);
	} else if (is_vector(set, number)) {
		put_number(put_text(name, vectors[0].name), number, 10);
	} else if (numbered && number <= numbered->max) {
		at = put_text(put_text(name, kvm2_set_name(set)), ":");
		word = find_sorted(numbered->names, numbered->nr_names, number);
		if (word) {
			put_text(at, word);
		} else if (is_cpuid(set)) {
			at = put_number(put_text(at, "0x"), number >> 32, 16);
			put_number(put_text(at, "."), (uint32_t)number, 10);
		} else {
			put_number(put_text(at, "0x"), number, 16);
		}
	} else {
		return NULL;
	}
	return name;
}

/* ---- reading ---- */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Decimal, or hexadecimal after 0x. Returns what follows, NULL: no number. */
static const char *get_number(const char *text, uint64_t max, uint64_t *number)
{
	unsigned int base = 10;
	const char *start;
	uint64_t value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	for (start = text; digit_of(*text) < (int)base; text++) {
		unsigned int digit = (unsigned int)digit_of(*text);

		if (value > (UINT64_MAX - digit) / base)
			return NULL;
		value = value * base + digit;
	}
	if (text == start || value > max)
		return NULL;
	*number = value;
	return text;
}

static const struct kvm2_register *find_text(const struct fixed *table,
					     size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return &table[i].reg;
	return NULL;
}

/* "zmm3": the prefix is in a table, the number follows without zeros. */
static int find_vector(const char *name, struct kvm2_register *reg)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const char *text = name + VECTOR_PREFIX;
		uint64_t number;
		const char *end;

		if (strncmp(name, vectors[i].name, VECTOR_PREFIX))
			continue;
		if (text[0] == '0' && text[1] != '\0')
			return -ENOENT;
		end = get_number(text, KVM2_VECTOR_ZMM31, &number);
		if (!end || *end)
			return -ENOENT;
		*reg = vectors[i].reg;
		reg->number = number;
		return 0;
	}
	return -ENOENT;
}

static int find_number(const struct numbered *numbered, const char *text,
		       uint64_t *number)
{
	uint64_t index = 0;
	const char *end;

	for (size_t i = 0; i < numbered->nr_names; i++) {
		if (!strcmp(numbered->names[i].text, text)) {
			*number = numbered->names[i].value;
			return 0;
		}
	}
	if (!is_cpuid(numbered->set)) {
		end = get_number(text, numbered->max, number);
	} else {
		end = get_number(text, UINT32_MAX, number);
		if (end && *end == '.')
			end = get_number(end + 1, UINT32_MAX, &index);
		if (end)
			*number = *number << 32 | index;
	}
	return end && !*end ? 0 : -ENOENT;
}

int kvm2_register_find(const char *name, struct kvm2_register *reg)
{
	const struct kvm2_register *found = find_text(fixed_registers, COUNT(fixed_registers), name);
	uint64_t number;

	if (!found)
		found = find_text(parts, COUNT(parts), name);
	if (found) {
		*reg = *found;
		return 0;
	}

	for (size_t i = 0; i < COUNT(numbered_sets); i++) {
		const struct numbered *numbered = &numbered_sets[i];
		const char *set = kvm2_set_name(numbered->set);
		size_t length = strlen(set);

		if (strncmp(name, set, length) || name[length] != ':')
			continue;
		if (find_number(numbered, name + length + 1, &number) < 0)
			return -ENOENT;
		*reg = (struct kvm2_register){
			.set = (uint16_t)numbered->set,
			.attributes = numbered->attributes,
			.size = numbered->size,
			.number = number,
		};
		return 0;
	}
	return find_vector(name, reg);
}

int kvm2_register_size(uint32_t set, uint64_t number)
{
	const struct fixed *fixed = fixed_find(set, number);
	const struct numbered *numbered = numbered_find(set);

	if (fixed)
		return (int)fixed->reg.size;
	if (is_vector(set, number))
		return VECTOR_BYTES;
	if (numbered && number <= numbered->max)
		return (int)numbered->size;
	return -ENOENT;
}

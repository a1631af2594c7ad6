// SPDX-License-Identifier: LGPL-2.1
// The words for exits, errors and registers, from the lists beside the ABI.
#include <kvm2/trace.h>

#include <linux/kvm2.h>
#include <linux/kvm2_names.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct number_name {
	uint64_t number;
	const char *name;
};

struct register_name {
	uint32_t set;
	uint64_t number;
	const char *name;
};

#define X(value, name, text) { value, text },
static const struct number_name exit_names[] = { KVM2_EXIT_REASONS(X) };
static const struct number_name set_names[] = { KVM2_SETS(X) };
#undef X

#define X(number, text) { number, text },
static const struct number_name msr_names[] = { KVM2_MSR_NAMES(X) };
static const struct number_name lapic_names[] = { KVM2_LAPIC_NAMES(X) };
static const struct number_name xstate_names[] = { KVM2_XSTATE_NAMES(X) };
#undef X

#define X(set, number, size, attributes, name, text) \
	{ KVM2_SET_##set, number, text },
static const struct register_name register_names[] = { KVM2_REGISTERS(X) };
#undef X

/* Of the kernel alone: the call is made again, or becomes EINTR. */
static const struct number_name restart_names[] = {
	{ 512, "ERESTARTSYS" },
	{ 513, "ERESTARTNOINTR" },
	{ 514, "ERESTARTNOHAND" },
	{ 516, "ERESTART_RESTARTBLOCK" },
};

#define FIND(table, number) \
	find_name(table, sizeof(table) / sizeof((table)[0]), number)

static const char *find_name(const struct number_name *table, size_t length,
			     uint64_t number)
{
	for (size_t i = 0; i < length; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

static const char *name_or_unknown(const char *name, uint64_t number,
				   char *buffer)
{
	if (name)
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%s", name);
	else
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "UNKNOWN(%llu)",
			 (unsigned long long)number);
	return buffer;
}

const char *kvm2_trace_exit_name(uint32_t reason,
				 char buffer[static KVM2_TRACE_NAME_SIZE])
{
	return name_or_unknown(FIND(exit_names, reason), reason, buffer);
}

const char *kvm2_trace_errno_name(int error,
				  char buffer[static KVM2_TRACE_NAME_SIZE])
{
	/* The least number has no positive one. */
	const int positive = error == INT_MIN ? 0 : abs(error);
	const char *name = positive ? strerrorname_np(positive) : NULL;

	if (!name)
		name = FIND(restart_names, (uint64_t)positive);
	if (name)
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%s", name);
	else
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%d", error);
	return buffer;
}

static const char *find_register(uint32_t set, uint64_t number)
{
	const size_t length = sizeof(register_names) / sizeof(register_names[0]);

	for (size_t i = 0; i < length; i++)
		if (register_names[i].set == set &&
		    register_names[i].number == number)
			return register_names[i].name;
	return NULL;
}

/* "msr:lstar", or "msr:0x1234" for one without a name */
static void numbered_name(const char *set, const char *name, uint64_t number,
			  char *buffer)
{
	if (name)
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%.12s:%.26s", set, name);
	else
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%.19s:0x%llx", set,
			 (unsigned long long)number);
}

const char *kvm2_trace_register_name(uint32_t set, uint64_t number,
				     uint32_t size,
				     char buffer[static KVM2_TRACE_NAME_SIZE])
{
	const char *name = find_register(set, number);
	const char *set_name = FIND(set_names, set);
	char unknown[KVM2_TRACE_NAME_SIZE];

	if (name)
		return name_or_unknown(name, number, buffer);

	switch (set) {
	case KVM2_SET_VECTOR:
		if (number > KVM2_VECTOR_ZMM31)
			break;
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%cmm%u",
			 size <= 16 ? 'x' : size <= 32 ? 'y' : 'z',
			 (unsigned int)number);
		return buffer;
	case KVM2_SET_MSR:
		name = FIND(msr_names, number);
		break;
	case KVM2_SET_LAPIC:
		name = FIND(lapic_names, number);
		break;
	case KVM2_SET_XSTATE:
		name = FIND(xstate_names, number);
		break;
	case KVM2_SET_CPUID:
	case KVM2_SET_HOST_CPUID:
		snprintf(buffer, KVM2_TRACE_NAME_SIZE, "%s:0x%x.%x", set_name,
			 (uint32_t)(number >> 32), (uint32_t)number);
		return buffer;
	}
	if (!set_name)
		set_name = name_or_unknown(NULL, set, unknown);
	numbered_name(set_name, name, number, buffer);
	return buffer;
}

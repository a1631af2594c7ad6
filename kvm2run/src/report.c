// SPDX-License-Identifier: GPL-2.0
// Exits and registers as text.
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_WIDTH 80

struct text {
	char *at;
	size_t left;
	size_t column;
};

static void __attribute__((format(printf, 2, 3))) print(struct text *text, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	if ((size_t)n >= text->left)
		n = text->left ? (int)text->left - 1 : 0;
	text->at += n;
	text->left -= (size_t)n;
	text->column += (size_t)n;
}

static void new_line(struct text *text)
{
	if (!text->column)
		return;
	print(text, "\n");
	text->column = 0;
}

static void print_shutdown(struct text *text, const struct kvm2_run *run)
{
	(void)run;
	print(text, ": triple fault");
}

static void print_fail_entry(struct text *text, const struct kvm2_run *run)
{
	print(text, ": the processor refused the guest's state, reason 0x%" PRIx64 " on cpu %u",
	      (uint64_t)run->fail_entry.hardware_reason, run->fail_entry.cpu);
}

static void print_data(struct text *text, uint32_t nr, const __u64 *data)
{
	for (uint32_t i = 0; i < nr && i < KVM2_ERROR_DATA_MAX; i++)
		print(text, "%s0x%" PRIx64, i ? " " : ", data ", (uint64_t)data[i]);
}

/* KVM_INTERNAL_ERROR_* of linux/kvm.h */
static const char *const suberrors[] = {
	[1] = "an instruction that KVM cannot emulate",
	[2] = "simultaneous exceptions",
	[3] = "delivery of an event failed",
	[4] = "an unexpected exit",
};

static void print_internal_error(struct text *text, const struct kvm2_run *run)
{
	uint32_t suberror = run->internal_error.suberror;

	if (suberror < sizeof(suberrors) / sizeof(suberrors[0]) && suberrors[suberror])
		print(text, ": %s", suberrors[suberror]);
	else
		print(text, ": suberror UNKNOWN(%u)", suberror);
	print_data(text, run->internal_error.ndata, run->internal_error.data);
}

static void print_unknown(struct text *text, const struct kvm2_run *run)
{
	print(text, ": KVM's reason %" PRIu64 ", hardware reason 0x%" PRIx64,
	      (uint64_t)run->unknown.kvm_reason, (uint64_t)run->unknown.hardware_reason);
}

static void print_debug(struct text *text, const struct kvm2_run *run)
{
	print(text, ": exception %u at 0x%" PRIx64 " without a debugger", run->debug.exception,
	      (uint64_t)run->debug.pc);
}

static void print_exception(struct text *text, const struct kvm2_run *run)
{
	print(text, ": vector %u, error code 0x%x", run->exception.exception,
	      run->exception.error_code);
}

static void print_system_event(struct text *text, const struct kvm2_run *run)
{
	print(text, ": type %u", run->system_event.type);
	print_data(text, run->system_event.ndata, run->system_event.data);
}

static void print_memory_fault(struct text *text, const struct kvm2_run *run)
{
	if (run->memory_fault.gpa == ~0ULL)
		print(text, ": the host cannot provide memory");
	else
		print(text, ": the host cannot provide memory at 0x%" PRIx64,
		      (uint64_t)run->memory_fault.gpa);
}

static void print_apic(struct text *text, const struct kvm2_run *run)
{
	print(text, ": the APIC bus has failed: error %u", run->apic.error);
}

static void print_device(struct text *text, const struct kvm2_run *run)
{
	print(text, ": the device process 0x%" PRIx64 " has failed: error %u",
	      (uint64_t)run->device.cookie, run->device.error);
}

static void (*const details[])(struct text *text, const struct kvm2_run *run) = {
	[KVM2_EXIT_UNKNOWN] = print_unknown,
	[KVM2_EXIT_DEBUG] = print_debug,
	[KVM2_EXIT_SHUTDOWN] = print_shutdown,
	[KVM2_EXIT_FAIL_ENTRY] = print_fail_entry,
	[KVM2_EXIT_INTERNAL_ERROR] = print_internal_error,
	[KVM2_EXIT_EXCEPTION] = print_exception,
	[KVM2_EXIT_SYSTEM_EVENT] = print_system_event,
	[KVM2_EXIT_MEMORY_FAULT] = print_memory_fault,
	[KVM2_EXIT_APIC] = print_apic,
	[KVM2_EXIT_DEVICE] = print_device,
};

void report_exit(const struct kvm2_run *run, char *text, size_t size)
{
	struct text out = { text, size, 0 };
	const char *name = kvm2_exit_reason_name(run->exit_reason);

	if (name)
		print(&out, "%s", name);
	else
		print(&out, "UNKNOWN(%u)", run->exit_reason);
	if (run->exit_reason < sizeof(details) / sizeof(details[0]) && details[run->exit_reason])
		details[run->exit_reason](&out, run);
}

static void print_number(struct text *text, const char *name, uint64_t value)
{
	char word[64];
	int n = snprintf(word, sizeof(word), "%s=%0*" PRIx64, name, 16, value);

	if (text->column && text->column + 1 + (size_t)n > LINE_WIDTH)
		new_line(text);
	print(text, "%s%s", text->column ? " " : "", word);
}

static void print_segment(struct text *text, const char *name, const void *value)
{
	struct kvm2_segment segment;

	memcpy(&segment, value, sizeof(segment));
	new_line(text);
	print(text, "%-4s selector=%04x base=%016" PRIx64 " limit=%08x access=%04x%s", name,
	      segment.selector, (uint64_t)segment.base, segment.limit, segment.access,
	      segment.access & KVM2_SEGMENT_UNUSABLE ? " unusable" : "");
}

static void print_table(struct text *text, const char *name, const void *value)
{
	struct kvm2_descriptor_table table;

	memcpy(&table, value, sizeof(table));
	new_line(text);
	print(text, "%-4s base=%016" PRIx64 " limit=%04x", name, (uint64_t)table.base, table.limit);
}

void report_registers(const struct kvm2_records *records, char *text, size_t size)
{
	struct text out = { text, size, 0 };
	const struct kvm2_record *record = NULL;
	char buffer[KVM2_NAME_SIZE];
	uint32_t set = 0;

	if (size)
		*text = 0;
	while ((record = kvm2_records_next(records, record))) {
		const char *name = kvm2_register_name(record->set, record->number, buffer);
		uint64_t value = 0;

		if (!name || records->headers)
			continue;
		if (record->set != set)
			new_line(&out);
		set = record->set;
		if (set == KVM2_SET_SEGMENT && record->size == sizeof(struct kvm2_segment)) {
			print_segment(&out, name, record->value);
		} else if (set == KVM2_SET_DESCRIPTOR &&
			   record->size == sizeof(struct kvm2_descriptor_table)) {
			print_table(&out, name, record->value);
		} else if (record->size <= sizeof(value)) {
			memcpy(&value, record->value, record->size);
			print_number(&out, name, value);
		}
	}
	new_line(&out);
}

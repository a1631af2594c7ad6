// SPDX-License-Identifier: GPL-2.0
/* What gdb's command `monitor` can ask for, one table. */
#include "monitor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kvm2/kvm2.h>

#include "kaslr.h"

#define LINE_MAX_BYTES	256

/**
 * struct line - a command at work
 * @place:    of a vcpu that is held
 * @argument: what follows its name, "" nothing
 */
struct line {
	struct session *session;
	struct place place;
	const char *argument;
	struct buffer *text;
};

static void say_error(const struct line *line, const char *what, int error)
{
	buffer_printf(line->text, "%s: %s\n", what, strerror(error < 0 ? -error : error));
}

/* A number as C writes it. Return: false, and it is said: it is none. */
static bool read_number(const struct line *line, const char *what, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(line->argument, &end, 0);
	if (*line->argument && *line->argument != '-' && !*end && !errno)
		return true;
	buffer_printf(line->text, "%s is expected\n", what);
	return false;
}

/* Return: false, and it is said: neither. */
static bool read_switch(const struct line *line, bool *on)
{
	*on = !strcmp(line->argument, "on");
	if (*on || !strcmp(line->argument, "off"))
		return true;
	buffer_text(line->text, "on or off is expected\n");
	return false;
}

/* ---- memory ---- */

static const char *size_name(uint64_t bytes)
{
	return bytes == 1ULL << 30 ? "1 GiB" : bytes == 1 << 22 ? "4 MiB" :
	       bytes == 1 << 21 ? "2 MiB" : "4 KiB";
}

static void run_pt(const struct line *line)
{
	struct vm *vm = line->place.vm;
	struct walk_result result;
	uint64_t address;
	int ret;

	if (!read_number(line, "an address", &address))
		return;
	ret = vm_translate(vm, line->place.vcpu, address, &result);
	for (unsigned int i = 0; i < result.nr_levels && ret >= 0; i++)
		buffer_printf(line->text, "entry at %#" PRIx64 ": %#" PRIx64 "\n",
			      result.tables[i], result.entries[i]);
	if (ret < 0)
		say_error(line, "the page tables", ret);
	else if (!ret)
		buffer_printf(line->text, "%#" PRIx64 " is not mapped\n", address);
	else if (!result.page_size)
		buffer_printf(line->text, "%#" PRIx64 " is physical %#" PRIx64 ", without paging\n",
			      address, result.gpa);
	else
		buffer_printf(line->text, "%#" PRIx64 " is physical %#" PRIx64 ", in a page of %s, r%c%c, %s\n",
			      address, result.gpa, size_name(result.page_size),
			      result.writable ? 'w' : '-', result.executable ? 'x' : '-',
			      result.user ? "user" : "supervisor");
}

#define MEM_ROWS_MAX	100
#define MEM_WALKS_MAX	(1 << 22)

#define CR4_LA57	(1 << 12)

/* Where the next page is, or what is not mapped ends. Return: 0: there is none. */
static uint64_t next_address(const struct walk_mode *mode, uint64_t address, uint64_t size)
{
	/* Between the halves, or behind what 32 bits reach. */
	if (!size)
		return address >> 63 || address >> 32 == 1 ? 0 : ~0ULL << (mode->cr4 & CR4_LA57 ? 56 : 47);
	return (address & ~(size - 1)) + size;
}

/* "rwxu" of what is mapped, "" of what is not. @mapped: as of walk() */
static void describe_access(char text[static 5], int mapped, const struct walk_result *result)
{
	*text = 0;
	if (mapped > 0)
		snprintf(text, 5, "r%c%c%c", result->writable ? 'w' : '-', result->executable ? 'x' : '-',
			 result->user ? 'u' : '-');
}

static void run_mem(const struct line *line)
{
	struct vm *vm = line->place.vm;
	char now[5];
	char access[5] = "";
	struct walk_result result;
	struct walk_mode mode;
	uint64_t address = 0;
	uint64_t start = 0;
	unsigned int rows = 0;
	int mapped = vm_mode(vm, line->place.vcpu, &mode);

	if (*line->argument && !read_number(line, "an address", &address))
		return;
	for (unsigned int i = 0; mapped >= 0 && rows < MEM_ROWS_MAX && i < MEM_WALKS_MAX; i++) {
		mapped = vm_translate(vm, line->place.vcpu, address, &result);
		if (mapped == 1 && !result.page_size) {
			buffer_text(line->text, "addresses are physical ones, without paging\n");
			return;
		}
		describe_access(now, mapped, &result);
		if (mapped < 0 || strcmp(now, access)) {
			if (*access && ++rows)
				buffer_printf(line->text, "0x%016" PRIx64 " to 0x%016" PRIx64 " %s\n", start,
					      address - 1, access);
			start = address;
			memcpy(access, now, sizeof(access));
		}
		address = mapped < 0 ? address : next_address(&mode, address, result.page_size);
		if (!address) {
			if (*access)
				buffer_printf(line->text, "0x%016" PRIx64 " to the end         %s\n", start, access);
			return;
		}
	}
	if (mapped < 0)
		say_error(line, "the page tables", mapped);
	else
		buffer_printf(line->text, "and more: monitor mem %#" PRIx64 "\n", *access ? start : address);
}

static void run_phys(const struct line *line)
{
	struct vm *vm = line->place.vm;
	bool on = vm->physical;

	if (*line->argument && !read_switch(line, &on))
		return;
	vm->physical = on;
	buffer_printf(line->text, "addresses are %s\n", on ? "physical" : "linear");
}

static void run_as(const struct line *line)
{
	struct vm *vm = line->place.vm;
	struct walk_mode mode;
	uint64_t cr3;

	if (!strcmp(line->argument, "off")) {
		vm->has_address_space = false;
	} else if (*line->argument) {
		if (!read_number(line, "a value of CR3, or off", &cr3))
			return;
		vm->address_space = cr3;
		vm->has_address_space = true;
	}
	if (vm->has_address_space)
		buffer_printf(line->text, "all vcpus are seen with CR3 %#" PRIx64 "\n", vm->address_space);
	else if (!vm_mode(vm, line->place.vcpu, &mode))
		buffer_printf(line->text, "each vcpu is seen with its own CR3, this one with %#" PRIx64 "\n",
			      mode.cr3);
}

static void run_kaslr(const struct line *line)
{
	const struct kernel *kernel = line->session->host->kernel;
	uint64_t slide;
	int err;

	if (!kernel) {
		buffer_text(line->text, "kvm2gdb was not given the guest's kernel: --vmlinux\n");
		return;
	}
	err = kaslr_find(line->place.vm, kernel, &slide);
	if (err)
		buffer_printf(line->text, "%s is not the kernel that the vcpus run now\n",
			      kernel_path(kernel));
	else
		buffer_printf(line->text, "the kernel is %#" PRIx64 " above its addresses in %s\n", slide,
			      kernel_path(kernel));
}

/* ---- interrupts ---- */

#define LAPIC_REGISTERS	64

static const struct {
	uint8_t number;
	const char *name;
} lapic_registers[] = {
	{ 0x02, "id" }, { 0x03, "version" }, { 0x08, "tpr" }, { 0x0a, "ppr" }, { 0x0d, "ldr" },
	{ 0x0e, "dfr" }, { 0x0f, "svr" }, { 0x28, "esr" }, { 0x30, "icr" }, { 0x31, "icr2" },
	{ 0x32, "lvt timer" }, { 0x33, "lvt thermal" }, { 0x34, "lvt perf" }, { 0x35, "lvt lint0" },
	{ 0x36, "lvt lint1" }, { 0x37, "lvt error" }, { 0x38, "timer initial" },
	{ 0x39, "timer current" }, { 0x3e, "timer divide" },
};

#define LAPIC_ISR	0x10
#define LAPIC_IRR	0x20

static int read_lapic(const struct line *line, uint32_t registers[static LAPIC_REGISTERS])
{
	struct target *target = line->place.vm->target;
	uint64_t data[3 * LAPIC_REGISTERS];
	struct kvm2_records records;
	uint64_t value;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	for (size_t i = 0; i < sizeof(lapic_registers) / sizeof(lapic_registers[0]); i++)
		kvm2_records_add(&records, KVM2_SET_LAPIC, lapic_registers[i].number, NULL, 4);
	for (unsigned int i = 0; i < 8; i++) {
		kvm2_records_add(&records, KVM2_SET_LAPIC, LAPIC_ISR + i, NULL, 4);
		kvm2_records_add(&records, KVM2_SET_LAPIC, LAPIC_IRR + i, NULL, 4);
	}
	ret = target->ops->get_state(target, line->place.vcpu, data, records.used, 0);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; i < LAPIC_REGISTERS; i++)
		registers[i] = kvm2_records_get_u64(&records, KVM2_SET_LAPIC, i, &value) ? 0 : (uint32_t)value;
	return 0;
}

static void say_vectors(const struct line *line, const char *name, const uint32_t bits[static 8])
{
	buffer_text(line->text, name);
	for (unsigned int vector = 0; vector < 256; vector++)
		if (bits[vector / 32] & 1U << vector % 32)
			buffer_printf(line->text, " %#x", vector);
	buffer_char(line->text, '\n');
}

static void run_lapic(const struct line *line)
{
	uint32_t registers[LAPIC_REGISTERS];
	int err = read_lapic(line, registers);

	if (err) {
		say_error(line, "the local APIC", err);
		return;
	}
	for (size_t i = 0; i < sizeof(lapic_registers) / sizeof(lapic_registers[0]); i++)
		buffer_printf(line->text, "%-13s %#x\n", lapic_registers[i].name,
			      registers[lapic_registers[i].number]);
	say_vectors(line, "in service   ", &registers[LAPIC_ISR]);
	say_vectors(line, "requested    ", &registers[LAPIC_IRR]);
}

#define RFLAGS_IF	(1 << 9)

static void run_irq(const struct line *line)
{
	struct target *target = line->place.vm->target;
	struct kvm2_event_exception exception = { 0 };
	struct kvm2_event_interrupt interrupt = { 0 };
	struct kvm2_event_nmi nmi = { 0 };
	uint32_t registers[LAPIC_REGISTERS];
	uint64_t data[32];
	struct kvm2_records records;
	uint64_t shadow = 0;
	uint64_t rflags = 0;
	int ret;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, NULL, sizeof(exception));
	kvm2_records_add(&records, KVM2_SET_EVENTS, KVM2_EVENTS_INTERRUPT, NULL, sizeof(interrupt));
	kvm2_records_add(&records, KVM2_SET_EVENTS, KVM2_EVENTS_NMI, NULL, sizeof(nmi));
	kvm2_records_add(&records, KVM2_SET_EVENTS, KVM2_EVENTS_SHADOW, NULL, 4);
	ret = target->ops->get_state(target, line->place.vcpu, data, records.used, 0);
	if (ret < 0) {
		say_error(line, "the pending events", ret);
		return;
	}
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, &rflags);
	kvm2_records_get(&records, KVM2_SET_EVENTS, KVM2_EVENTS_EXCEPTION, &exception, sizeof(exception));
	kvm2_records_get(&records, KVM2_SET_EVENTS, KVM2_EVENTS_INTERRUPT, &interrupt, sizeof(interrupt));
	kvm2_records_get(&records, KVM2_SET_EVENTS, KVM2_EVENTS_NMI, &nmi, sizeof(nmi));
	kvm2_records_get_u64(&records, KVM2_SET_EVENTS, KVM2_EVENTS_SHADOW, &shadow);
	buffer_printf(line->text, "interrupts are %s%s%s\n", rflags & RFLAGS_IF ? "on" : "off",
		      shadow & KVM2_SHADOW_STI ? ", shadow of sti" : "",
		      shadow & KVM2_SHADOW_MOV_SS ? ", shadow of mov ss" : "");
	if (exception.state != KVM2_EXCEPTION_NONE)
		buffer_printf(line->text, "exception %u is %s\n", exception.vector,
			      exception.state == KVM2_EXCEPTION_PENDING ? "pending" : "being delivered");
	if (interrupt.injected)
		buffer_printf(line->text, "interrupt %#x is being delivered\n", interrupt.vector);
	if (nmi.injected || nmi.pending || nmi.masked)
		buffer_printf(line->text, "NMI:%s%s%s\n", nmi.injected ? " being delivered" : "",
			      nmi.pending ? " pending" : "", nmi.masked ? " masked" : "");
	if (!read_lapic(line, registers)) {
		say_vectors(line, "in service", &registers[LAPIC_ISR]);
		say_vectors(line, "requested", &registers[LAPIC_IRR]);
	}
}

/* ---- the rest ---- */

static void run_exits(const struct line *line)
{
	const struct session_host *host = line->session->host;
	int err = host->exits ? host->exits(host->context, line->place.vm->target->pid, line->text) :
				-ENOSYS;

	if (err)
		say_error(line, "the counters of KVM, which are in debugfs", err);
}

#define AGE_BYTES	200

static void run_age(const struct line *line)
{
	struct target *target = line->place.vm->target;
	char text[AGE_BYTES] = "the vcpu stands: registers are those of now";

	if (target->ops->tell_age)
		target->ops->tell_age(target, line->place.vcpu, text, sizeof(text));
	buffer_printf(line->text, "%s\n", text);
}

static void run_step_irq(const struct line *line)
{
	struct vm *vm = line->place.vm;
	bool on = !vm->block_irq;

	if (*line->argument && !read_switch(line, &on))
		return;
	vm->block_irq = !on;
	buffer_printf(line->text, "single steps let interrupts %s\n", on ? "in" : "wait");
}

static void run_writer(const struct line *line)
{
	const struct vm *vm = line->place.vm;
	const struct stop *stop = &vm->watch_stop;

	if (stop->reason == STOP_NONE) {
		buffer_text(line->text, "no watchpoint was hit yet\n");
		return;
	}
	buffer_printf(line->text, "%#" PRIx64 " was %s by ", stop->address, stop->reason == STOP_WATCH ? "written" : "accessed");
	if (*stop->writers)
		buffer_printf(line->text, "%s\n", stop->writers);
	else
		buffer_printf(line->text, "vcpu %u\n", (unsigned int)vm->target->vcpus[vm->watch_vcpu].id);
}

static void run_exit(const struct line *line)
{
	line->session->is_last = true;
	buffer_text(line->text, "kvm2gdb ends when gdb has gone\n");
}

static void run_help(const struct line *line);

static const struct {
	const char *name;
	const char *argument;
	const char *help;
	bool needs_vcpu;
	void (*run)(const struct line *line);
} lines[] = {
	{ "help", "", "what there is", false, run_help },
	{ "age", "", "how old the registers are that were read last", true, run_age },
	{ "as", "[CR3|off]", "see memory as an address space that no vcpu need use now", true, run_as },
	{ "exit", "", "wait for no other gdb after this one", false, run_exit },
	{ "exits", "", "how often the guest was left, and why", true, run_exits },
	{ "irq", "", "interrupts and exceptions on their way", true, run_irq },
	{ "kaslr", "", "by how much the guest's kernel has moved", true, run_kaslr },
	{ "lapic", "", "the local APIC", true, run_lapic },
	{ "mem", "[ADDRESS]", "what is mapped, from this address on", true, run_mem },
	{ "phys", "[on|off]", "take addresses as physical ones", true, run_phys },
	{ "pt", "ADDRESS", "follow the page tables", true, run_pt },
	{ "step-irq", "[on|off]", "let interrupts in during single steps", true, run_step_irq },
	{ "writer", "", "who hit the watchpoint that was hit last", true, run_writer },
};

static void run_help(const struct line *line)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		buffer_printf(line->text, "%-8s %-9s  %s\n", lines[i].name, lines[i].argument, lines[i].help);
}

void monitor_run(struct session *session, struct place place, const char *text,
		 struct buffer *out)
{
	struct line line = { session, place, "", out };
	const size_t length = strcspn(text, " ");

	line.argument = text + length + strspn(text + length, " ");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strlen(lines[i].name) != length || strncmp(lines[i].name, text, length))
			continue;
		if (*line.argument && !*lines[i].argument)
			buffer_printf(out, "%s takes no argument\n", lines[i].name);
		else if (lines[i].needs_vcpu && (!place.vm || place.vm->exited ||
						 place.vm->target->vcpus[place.vcpu].gone))
			buffer_text(out, "no guest is attached to\n");
		else if (lines[i].needs_vcpu && place.vm->vcpus[place.vcpu].running)
			buffer_text(out, "the vcpu is running\n");
		else
			lines[i].run(&line);
		return;
	}
	buffer_text(out, "no such command; there are:\n");
	run_help(&line);
}

void command_monitor(struct session *session, struct cursor *cursor)
{
	char line[LINE_MAX_BYTES];
	struct buffer text;
	long length = -EMSGSIZE;

	if (cursor_left(cursor) / 2 < sizeof(line))
		length = hex_decode(cursor->at, cursor_left(cursor), line);
	if (length < 0) {
		reply_errno(session, (int)length);
		return;
	}
	while (length && line[length - 1] == ' ')
		length--;
	line[length] = 0;
	buffer_init(&text, SESSION_PACKET_BYTES / 2);
	monitor_run(session, session->general, line, &text);
	if (text.used)
		buffer_hex(&session->reply, text.data, text.used);
	else
		reply_ok(session);
	buffer_fini(&text);
}

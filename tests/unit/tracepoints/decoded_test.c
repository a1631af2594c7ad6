// SPDX-License-Identifier: LGPL-2.1
// What the kernel leaves raw has words.  The values are put together by hand from the manuals: Intel SDM volume 3C, 28.2
// and 25.9; AMD APM volume 2, 15.7 to 15.29 and appendix C.
#include <kvm2/trace.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode.h"
#include "recorded.h"

static struct kvm2_trace_decoder *decoder;

/* @fields: "name=value", apart by spaces; the others are 0. */
struct example {
	const char *event;
	const char *fields;
	const char *text;
};

static const struct format *find_event(const char *name)
{
	const struct kvm2_trace_format *format;
	size_t id = 0;

	while ((format = decoder_next(decoder, &id)))
		if (!strcmp(format->format->name, name))
			return format->format;
	fail_msg("no event %s", name);
	return NULL;
}

static void check(const struct example *example)
{
	const struct format *format = find_event(example->event);
	const uint16_t number = (uint16_t)format->id;
	struct kvm2_trace_record record = { .size = format->bytes };
	unsigned char *bytes = calloc(1, record.size);
	char *fields = strdup(example->fields);
	struct kvm2_trace_event event;
	char text[512];
	char *rest;

	memcpy(bytes, &number, sizeof(number));
	for (char *word = strtok_r(fields, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');
		const struct format_field *field;
		uint64_t bits;

		*value++ = '\0';
		field = format_find(format, word);
		if (!field)
			fail_msg("%s has no %s", example->event, word);
		bits = strtoull(value, NULL, 0);
		memcpy(bytes + field->offset, &bits, field->size);
	}
	free(fields);
	record.data = bytes;
	assert_int_equal(kvm2_trace_decode(decoder, &record, &event), 0);
	kvm2_trace_text(decoder, &event, false, text, sizeof(text));
	free(bytes);
	if (strcmp(text, example->text))
		fail_msg("%s %s\nis   %s\nnot  %s", example->event, example->fields, text, example->text);
}

#define CHECK_ALL(examples)							\
	for (size_t i = 0; i < sizeof(examples) / sizeof((examples)[0]); i++)	\
		check(&(examples)[i])

static void vmx_qualifications_have_words(void **state)
{
	static const struct example examples[] = {
		{ "kvm_exit", "isa=1 exit_reason=10 guest_rip=0x1000", "CPUID rip=0x1000" },
		/* 0x3f8, 1 byte, out; then in, 4 bytes, string, rep. */
		{ "kvm_exit", "isa=1 exit_reason=30 info1=0x3f80000 guest_rip=1",
		  "IO_INSTRUCTION out port=0x3f8 size=1 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=30 info1=0x1f0003b guest_rip=1",
		  "IO_INSTRUCTION in port=0x1f0 size=4 rep string rip=0x1" },
		/* mov to cr3 from rax; mov from cr8 to r9; clts; lmsw. */
		{ "kvm_exit", "isa=1 exit_reason=28 info1=0x3 guest_rip=1", "CR_ACCESS cr3=rax rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=28 info1=0x918 guest_rip=1", "CR_ACCESS r9=cr8 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=28 info1=0x20 guest_rip=1", "CR_ACCESS clts rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=28 info1=0x10030 guest_rip=1", "CR_ACCESS lmsw 0x1 rip=0x1" },
		/* mov to dr7 from rdx; mov from dr6 to rbx. */
		{ "kvm_exit", "isa=1 exit_reason=29 info1=0x207 guest_rip=1", "DR_ACCESS dr7=rdx rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=29 info1=0x316 guest_rip=1", "DR_ACCESS rbx=dr6 rip=0x1" },
		/* A write where nothing is, its address known, in the translation itself; a fetch where r and w are allowed. */
		{ "kvm_exit", "isa=1 exit_reason=48 info1=0x182 guest_rip=1",
		  "EPT_VIOLATION write allowed=none final rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=48 info1=0x19c guest_rip=1",
		  "EPT_VIOLATION fetch allowed=r|w final rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=48 info1=0x81 guest_rip=1",
		  "EPT_VIOLATION read allowed=none page_table rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=44 info1=0x1300 guest_rip=1", "APIC_ACCESS write icr rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=44 info1=0x0080 guest_rip=1", "APIC_ACCESS read tpr rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=56 info1=0xb0 guest_rip=1", "APIC_WRITE write eoi rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=45 info1=0x31 guest_rip=1", "EOI_INDUCED vector=0x31 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=14 info1=0x7000 guest_rip=1", "INVLPG address=0x7000 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=9 info1=0x80000028 guest_rip=1",
		  "TASK_SWITCH selector=0x28 by jmp rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=75 info1=1 guest_rip=1", "NOTIFY context_invalid rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=0x80000021 info1=4 guest_rip=1",
		  "INVALID_STATE FAILED_VMENTRY entry=0x4 rip=0x1" },
		/* One that has no words here, and one that the kernel has no name for. */
		{ "kvm_exit", "isa=1 exit_reason=54 info1=0x77 guest_rip=1", "WBINVD qualification=0x77 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=99 guest_rip=1", "vmx:0x63 rip=0x1" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void interruption_information_has_words(void **state)
{
	static const struct example examples[] = {
		/* A page fault of user mode, a write, at 0x5000: valid, has an error code, type 3, vector 14. */
		{ "kvm_exit", "isa=1 exit_reason=0 intr_info=0x80000b0e error_code=6 info1=0x5000 guest_rip=1",
		  "EXCEPTION_NMI exception #PF error=write|user address=0x5000 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=0 intr_info=0x80000202 guest_rip=1", "EXCEPTION_NMI nmi 0x2 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=0 intr_info=0x80000301 info1=0x4000 guest_rip=1",
		  "EXCEPTION_NMI exception #DB dr6=0x4000 rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=1 intr_info=0x800000ec guest_rip=1",
		  "EXTERNAL_INTERRUPT irq 0xec rip=0x1" },
		{ "kvm_exit", "isa=1 exit_reason=1 intr_info=0xec guest_rip=1", "EXTERNAL_INTERRUPT rip=0x1" },
		/* What was being delivered. */
		{ "kvm_exit", "isa=1 exit_reason=48 info1=0x181 info2=0x80000031 guest_rip=1",
		  "EPT_VIOLATION read allowed=none final while delivering irq 0x31 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x400 info1=0x100000004 info2=0x1000 intr_info=0x80000b0d error_code=0x18 guest_rip=1",
		  "npf gpa=0x1000 user|final while delivering exception #GP error=0x18 rip=0x1" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void svm_exit_information_has_words(void **state)
{
	static const struct example examples[] = {
		{ "kvm_exit", "isa=2 exit_reason=0x78 guest_rip=0x1000", "hlt rip=0x1000" },
		/* Out to 0x3f8 of a byte; in from 0x60 of 2 bytes, string, rep. */
		{ "kvm_exit", "isa=2 exit_reason=0x7b info1=0x3f80010 info2=2 guest_rip=1",
		  "io out port=0x3f8 size=1 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x7b info1=0x60002d guest_rip=1",
		  "io in port=0x60 size=2 rep string rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x7c info1=1 guest_rip=1", "msr write rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x7c guest_rip=1", "msr read rip=0x1" },
		/* With decode assists; and without. */
		{ "kvm_exit", "isa=2 exit_reason=0x10 info1=0x8000000000000002 guest_rip=1",
		  "write_cr0 cr0=rdx rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x3 info1=0x800000000000000f guest_rip=1",
		  "read_cr3 r15=cr3 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x14 guest_rip=1", "write_cr4 cr4 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x37 info1=1 guest_rip=1", "write_dr7 dr7=rcx rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x26 info1=3 guest_rip=1", "read_dr6 rbx=dr6 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x4e info1=0x3 info2=0x5008 guest_rip=1",
		  "PF excp #PF address=0x5008 error=present|write rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x4d info1=0x10 guest_rip=1", "GP excp #GP error=0x10 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x43 guest_rip=1", "BP excp #BP rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x400 info1=0x100000006 info2=0xfee000b0 guest_rip=1",
		  "npf gpa=0xfee000b0 write|user|final rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x400 info1=0x200000014 info2=0x3000 guest_rip=1",
		  "npf gpa=0x3000 user|fetch|page_table rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x79 info1=0x9000 guest_rip=1", "invlpg address=0x9000 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x75 info1=0x80 guest_rip=1", "swint vector=0x80 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x65 guest_rip=1", "cr0_sel_write cr0 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x7d info1=0x30 info2=0x1000000000 guest_rip=1",
		  "task_switch selector=0x30 by iret rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x401 info1=0xc00f1 info2=0x100000003 guest_rip=1",
		  "avic_incomplete_ipi icr=0xc00f1 not_running index=3 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x402 info1=0x1000000b0 info2=0x31 guest_rip=1",
		  "avic_unaccelerated_access write eoi vector=0x31 rip=0x1" },
		{ "kvm_exit", "isa=2 exit_reason=0x89 info1=1 info2=2 guest_rip=1", "wbinvd info1=0x1 info2=0x2 rip=0x1" },
		/* A processor that is neither. */
		{ "kvm_exit", "isa=3 exit_reason=7 info1=1 info2=2 intr_info=3 guest_rip=1",
		  "isa3:0x7 info1=0x1 info2=0x2 intr_info=0x3 rip=0x1" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void registers_and_leaves_have_names(void **state)
{
	static const struct example examples[] = {
		{ "kvm_msr", "write=1 ecx=0xc0000080 data=0xd01", "write efer=0xd01" },
		{ "kvm_msr", "ecx=0x10 data=0x1234", "read tsc=0x1234" },
		{ "kvm_msr", "ecx=0x12345 exception=1", "read 0x12345 #GP" },
		{ "kvm_cr", "rw=1 cr=0 val=0x80010011", "write cr0=0x80010011 (pe|et|wp|pg)" },
		{ "kvm_cr", "rw=1 cr=4 val=0x300020", "write cr4=0x300020 (pae|smep|smap)" },
		{ "kvm_cr", "cr=3 val=0x1000", "read cr3=0x1000" },
		{ "kvm_cpuid", "function=0x80000008 rax=0x3030 found=1",
		  "0x80000008.0x0 address_sizes eax=0x3030 ebx=0x0 ecx=0x0 edx=0x0" },
		{ "kvm_cpuid", "function=0x40000000 found=1",
		  "0x40000000.0x0 hypervisor eax=0x0 ebx=0x0 ecx=0x0 edx=0x0" },
		{ "kvm_cpuid", "function=0x7777", "0x7777.0x0 eax=0x0 ebx=0x0 ecx=0x0 edx=0x0 not_found" },
		/* ICR: vector 0xfd, fixed, all but self; INIT. */
		{ "kvm_apic", "rw=1 reg=0x300 val=0xc00fd", "write icr=0xc00fd (fixed vector=0xfd all_but_self)" },
		{ "kvm_apic", "rw=1 reg=0x300 val=0x4500", "write icr=0x4500 (init vector=0x0)" },
		{ "kvm_apic", "rw=1 reg=0x320 val=0x200ec", "write lvt_timer=0x200ec (vector=0xec periodic)" },
		{ "kvm_apic", "rw=1 reg=0x350 val=0x10700", "write lvt_lint0=0x10700 (vector=0x0 extint masked)" },
		{ "kvm_apic", "reg=0x80 val=0x20", "read tpr=0x20" },
		{ "kvm_apic", "reg=0x999 val=1", "read 0x999=0x1" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void accesses_and_faults_have_words(void **state)
{
	static const struct example examples[] = {
		{ "kvm_pio", "rw=1 port=0x3f8 size=1 count=1 val=0x41", "out port=0x3f8 size=1 value=0x41" },
		{ "kvm_pio", "port=0x60 size=2 count=3 val=0x1234", "in port=0x60 size=2 count=3 value=0x1234..." },
		{ "kvm_mmio", "type=2 len=4 gpa=0xfee000b0 val=7", "write gpa=0xfee000b0 size=4 value=0x7" },
		{ "kvm_mmio", "type=0 len=8 gpa=0xfed00000 val=7", "read unsatisfied gpa=0xfed00000 size=8" },
		{ "kvm_page_fault", "fault_address=0x1000 error_code=0x100000007 guest_rip=0x10",
		  "address=0x1000 present|write|user|final rip=0x10" },
		{ "kvm_page_fault", "fault_address=0x1000", "address=0x1000 read" },
		{ "kvm_inj_exception", "exception=14 has_error=1 error_code=2", "#PF error=write" },
		{ "kvm_inj_exception", "exception=6 reinjected=1", "#UD reinjected" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void hypercalls_have_names(void **state)
{
	static const struct example examples[] = {
		{ "kvm_hypercall", "nr=5 a0=0 a1=3", "kick_cpu(0x0, 0x3, 0x0, 0x0)" },
		{ "kvm_hypercall", "nr=12 a0=0x1000 a1=1 a2=0x10", "map_gpa_range(0x1000, 0x1, 0x10, 0x0)" },
		{ "kvm_hypercall", "nr=99", "0x63(0x0, 0x0, 0x0, 0x0)" },
		{ "kvm_hv_hypercall", "code=0x5c fast=1 ingpa=0x1000", "post_message fast var=0 rep=0/0 in=0x1000 out=0x0" },
		{ "kvm_xen_hypercall", "nr=29 a0=1 cpl=3", "sched_op(0x1, 0x0, 0x0, 0x0, 0x0, 0x0) cpl=3" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void user_exits_have_the_words_of_the_kernel(void **state)
{
	static const struct example examples[] = {
		{ "kvm_userspace_exit", "reason=9", "fail_entry" },
		{ "kvm_userspace_exit", "reason=2 errno=-4", "EINTR" },
		{ "kvm_userspace_exit", "reason=77", "UNKNOWN(77)" },
	};

	(void)state;
	CHECK_ALL(examples);
}

/* Linux tells it since 6.14. */
static void an_entry_tells_what_it_injects(void **state)
{
	static const struct example examples[] = {
		{ "kvm_entry", "rip=0x1000 intr_info=0x80000031", "rip=0x1000 injects irq 0x31" },
		{ "kvm_entry", "rip=0x1000 intr_info=0x80000b0e error_code=2 immediate_exit=1",
		  "rip=0x1000 injects exception #PF error=write immediate_exit" },
	};
	struct kvm2_trace_decoder *usual = decoder;
	unsigned int nr;

	(void)state;
	decoder = recorded_load("6.18", &nr);
	CHECK_ALL(examples);
	kvm2_trace_decoder_destroy(decoder);
	decoder = usual;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_tells_what_it_injects),
		cmocka_unit_test(vmx_qualifications_have_words),
		cmocka_unit_test(interruption_information_has_words),
		cmocka_unit_test(svm_exit_information_has_words),
		cmocka_unit_test(registers_and_leaves_have_names),
		cmocka_unit_test(accesses_and_faults_have_words),
		cmocka_unit_test(hypercalls_have_names),
		cmocka_unit_test(user_exits_have_the_words_of_the_kernel),
	};
	unsigned int nr;
	int failed;

	decoder = recorded_load("6.12", &nr);
	failed = cmocka_run_group_tests_name("decoded", tests, NULL, NULL);
	kvm2_trace_decoder_destroy(decoder);
	return failed;
}

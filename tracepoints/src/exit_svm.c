// SPDX-License-Identifier: LGPL-2.1
// EXITINFO1 and 2. Source: AMD APM volume 2, 15.8 to 15.15 and appendix C.
#include "exit_info.h"

#include "bits.h"

#include <linux/kvm2_names.h>

/* Exit codes. Source: uapi/asm/svm.h. */
enum {
	SVM_READ_CR0 = 0x000, SVM_WRITE_CR0 = 0x010, SVM_READ_DR0 = 0x020,
	SVM_WRITE_DR0 = 0x030, SVM_EXCEPTION = 0x040, SVM_EXCEPTION_END = 0x060,
	SVM_CR0_SEL_WRITE = 0x065, SVM_SWINT = 0x075, SVM_INVLPG = 0x079,
	SVM_IOIO = 0x07b, SVM_MSR = 0x07c, SVM_TASK_SWITCH = 0x07d,
	SVM_NPF = 0x400, SVM_AVIC_INCOMPLETE_IPI = 0x401,
	SVM_AVIC_UNACCELERATED = 0x402,
};

#define PAGE_FAULT	14

/* The register is there only if the processor helps, for a plain mov. */
static void put_register(struct text *text, const char *kind, bool is_write,
			 const struct exit_info *info)
{
	const unsigned int number = info->reason & 15;
	const char *const gpr = exit_info_gpr(info->info1 & 15);
	const bool is_known = *kind == 'd' || info->info1 >> 63;

	text_char(text, ' ');
	if (!is_known)
		text_printf(text, "%sr%u", kind, number);
	else if (is_write)
		text_printf(text, "%sr%u=%s", kind, number, gpr);
	else
		text_printf(text, "%s=%sr%u", gpr, kind, number);
}

static void put_exception(struct text *text, const struct exit_info *info)
{
	const unsigned int vector = info->reason - SVM_EXCEPTION;

	text_char(text, ' ');
	bit_vector(text, vector);
	if (vector == PAGE_FAULT) {
		text_string(text, " address=");
		text_hex(text, info->info2);
		text_string(text, " error=");
		bit_page_fault(text, info->info1);
	} else if (info->info1) {
		text_string(text, " error=");
		text_hex(text, info->info1);
	}
}

static void put_io(struct text *text, uint64_t info1)
{
	const struct exit_info_io io = {
		.is_in = info1 & 1,
		.is_string = info1 >> 2 & 1,
		.is_repeated = info1 >> 3 & 1,
		.port = info1 >> 16 & 0xffff,
		.size = info1 >> 4 & 7,		/* a bit for 1, 2 and 4 */
	};

	exit_info_io(text, &io);
}

static void put_task_switch(struct text *text, const struct exit_info *info)
{
	text_printf(text, " selector=0x%x by %s",
		    (unsigned int)(info->info1 & 0xffff),
		    info->info2 >> 36 & 1 ? "iret" :
		    info->info2 >> 38 & 1 ? "jmp" : "call or gate");
	if (info->info2 >> 44 & 1) {
		text_string(text, " error=");
		text_hex(text, info->info2 & UINT32_MAX);
	}
}

static void put_npf(struct text *text, const struct exit_info *info)
{
	text_string(text, " gpa=");
	text_hex(text, info->info2);
	text_char(text, ' ');
	bit_page_fault(text, info->info1);
}

static void put_avic(struct text *text, const struct exit_info *info)
{
#define X(number, text) { (number) << 4, text },
	static const struct bit_name registers[] = { KVM2_LAPIC_NAMES(X) };
#undef X
	static const struct bit_name causes[] = {
		{ 0, "bad_type" }, { 1, "not_running" }, { 2, "bad_target" },
		{ 3, "bad_page" },
	};

	if (info->reason == SVM_AVIC_INCOMPLETE_IPI) {
		text_string(text, " icr=");
		text_hex(text, info->info1);
		text_char(text, ' ');
		bit_name(text, BITS(causes), info->info2 >> 32);
		text_printf(text, " index=%u", (unsigned int)info->info2 & 0x1ff);
		return;
	}
	text_string(text, info->info1 >> 32 & 1 ? " write " : " read ");
	bit_name(text, BITS(registers), info->info1 & 0xff0);
	text_string(text, " vector=");
	text_hex(text, info->info2 & UINT32_MAX);
}

static void put_rest(struct text *text, const struct exit_info *info)
{
	if (info->info1) {
		text_string(text, " info1=");
		text_hex(text, info->info1);
	}
	if (info->info2) {
		text_string(text, " info2=");
		text_hex(text, info->info2);
	}
}

static void put_other(struct text *text, const struct exit_info *info)
{
	switch (info->reason) {
	case SVM_CR0_SEL_WRITE:
		text_string(text, " cr0");
		break;
	case SVM_SWINT:
		text_string(text, " vector=");
		text_hex(text, info->info1 & 0xff);
		break;
	case SVM_INVLPG:
		text_string(text, " address=");
		text_hex(text, info->info1);
		break;
	case SVM_IOIO:
		put_io(text, info->info1);
		break;
	case SVM_MSR:
		text_string(text, info->info1 & 1 ? " write" : " read");
		break;
	case SVM_TASK_SWITCH:
		put_task_switch(text, info);
		break;
	case SVM_NPF:
		put_npf(text, info);
		break;
	case SVM_AVIC_INCOMPLETE_IPI:
	case SVM_AVIC_UNACCELERATED:
		put_avic(text, info);
		break;
	default:
		put_rest(text, info);
		break;
	}
}

void exit_info_svm(struct text *text, const struct exit_info *info)
{
	if (info->reason < SVM_WRITE_CR0)
		put_register(text, "c", false, info);
	else if (info->reason < SVM_READ_DR0)
		put_register(text, "c", true, info);
	else if (info->reason < SVM_WRITE_DR0)
		put_register(text, "d", false, info);
	else if (info->reason < SVM_EXCEPTION)
		put_register(text, "d", true, info);
	else if (info->reason < SVM_EXCEPTION_END)
		put_exception(text, info);
	else
		put_other(text, info);
	exit_info_event(text, " while delivering ", info->intr_info,
			info->error_code);
}

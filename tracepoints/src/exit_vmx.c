// SPDX-License-Identifier: LGPL-2.1
// Exit qualifications. Source: Intel SDM volume 3C, 28.2.1 and appendix C.
#include "exit_info.h"

#include "bits.h"

#include <linux/kvm2_names.h>

/* Basic exit reasons. Source: asm/vmx.h. */
enum {
	VMX_EXCEPTION_NMI = 0, VMX_EXTERNAL_INTERRUPT = 1, VMX_TASK_SWITCH = 9,
	VMX_INVLPG = 14, VMX_CR_ACCESS = 28, VMX_DR_ACCESS = 29, VMX_IO = 30,
	VMX_INVALID_STATE = 33, VMX_MSR_LOAD_FAIL = 34, VMX_APIC_ACCESS = 44,
	VMX_EOI_INDUCED = 45, VMX_EPT_VIOLATION = 48, VMX_APIC_WRITE = 56,
	VMX_NOTIFY = 75,
};

static void put_cr_access(struct text *text, uint64_t info)
{
	const unsigned int cr = info & 15;
	const char *const gpr = exit_info_gpr(info >> 8 & 15);

	switch (info >> 4 & 3) {
	case 0:
		text_printf(text, " cr%u=%s", cr, gpr);
		break;
	case 1:
		text_printf(text, " %s=cr%u", gpr, cr);
		break;
	case 2:
		text_string(text, " clts");
		break;
	case 3:
		text_printf(text, " lmsw %s0x%x", info >> 6 & 1 ? "memory " : "",
			    (unsigned int)(info >> 16 & 0xffff));
		break;
	}
}

static void put_task_switch(struct text *text, uint64_t info)
{
	static const char *const sources[] = { "call", "iret", "jmp", "gate" };

	text_printf(text, " selector=0x%x by %s", (unsigned int)(info & 0xffff),
		    sources[info >> 30 & 3]);
}

static void put_apic_access(struct text *text, uint64_t info)
{
	static const struct bit_name types[] = {
		{ 0, "read" }, { 1, "write" }, { 2, "fetch" }, { 3, "event" },
		{ 4, "monitor" }, { 10, "physical event" },
		{ 15, "physical access" },
	};
#define X(number, text) { (number) << 4, text },
	static const struct bit_name registers[] = { KVM2_LAPIC_NAMES(X) };
#undef X

	text_char(text, ' ');
	bit_name(text, BITS(types), info >> 12 & 15);
	text_char(text, ' ');
	bit_name(text, BITS(registers), info & 0xfff);
}

static void put_ept_violation(struct text *text, uint64_t info)
{
	static const struct bit_name access[] = {
		{ 0, "read" }, { 1, "write" }, { 2, "fetch" },
	};
	static const struct bit_name allowed[] = {
		{ 0, "r" }, { 1, "w" }, { 2, "x" }, { 3, "user_x" },
	};

	text_char(text, ' ');
	bit_names(text, BITS(access), info & 7);
	text_string(text, " allowed=");
	if (info >> 3 & 15)
		bit_names(text, BITS(allowed), info >> 3 & 15);
	else
		text_string(text, "none");
	if (info >> 7 & 1)
		text_string(text, info >> 8 & 1 ? " final" : " page_table");
	if (info >> 12 & 1)
		text_string(text, " nmi_unblocked");
	/* Less common: what advanced EPT and supervisor shadow stacks say. */
	if (info & ~UINT64_C(0x11ff)) {
		text_string(text, " more=");
		text_hex(text, info & ~UINT64_C(0x11ff));
	}
}

static void put_exception(struct text *text, const struct exit_info *info)
{
	const unsigned int vector = info->intr_info & 0xff;

	if (vector == 14)
		text_string(text, " address=");
	else if (vector == 1)
		text_string(text, " dr6=");
	else
		return;
	text_hex(text, info->info1);
}

static void put_labelled(struct text *text, const char *label, uint64_t value)
{
	text_string(text, label);
	text_hex(text, value);
}

void exit_info_vmx(struct text *text, const struct exit_info *info)
{
	const uint64_t info1 = info->info1;

	switch (info->reason & 0xffff) {
	case VMX_EXCEPTION_NMI:
		exit_info_event(text, " ", info->intr_info, info->error_code);
		put_exception(text, info);
		break;
	case VMX_EXTERNAL_INTERRUPT:
		exit_info_event(text, " ", info->intr_info, info->error_code);
		break;
	case VMX_TASK_SWITCH:
		put_task_switch(text, info1);
		break;
	case VMX_INVLPG:
		put_labelled(text, " address=", info1);
		break;
	case VMX_CR_ACCESS:
		put_cr_access(text, info1);
		break;
	case VMX_DR_ACCESS:
		text_printf(text, info1 >> 4 & 1 ? " %2$s=dr%1$u" :
						   " dr%1$u=%2$s",
			    (unsigned int)(info1 & 7),
			    exit_info_gpr(info1 >> 8 & 15));
		break;
	case VMX_IO:
		exit_info_io(text, &(struct exit_info_io){
			.is_in = info1 >> 3 & 1,
			.is_string = info1 >> 4 & 1,
			.is_repeated = info1 >> 5 & 1,
			.port = info1 >> 16 & 0xffff,
			.size = (info1 & 7) + 1,
		});
		break;
	case VMX_INVALID_STATE:
	case VMX_MSR_LOAD_FAIL:
		put_labelled(text, " entry=", info1);
		break;
	case VMX_APIC_ACCESS:
		put_apic_access(text, info1);
		break;
	case VMX_EOI_INDUCED:
		put_labelled(text, " vector=", info1 & 0xff);
		break;
	case VMX_EPT_VIOLATION:
		put_ept_violation(text, info1);
		break;
	case VMX_APIC_WRITE:
		put_apic_access(text, 1 << 12 | (info1 & 0xfff));
		break;
	case VMX_NOTIFY:
		text_string(text, info1 & 1 ? " context_invalid" : "");
		break;
	default:
		if (info1)
			put_labelled(text, " qualification=", info1);
		break;
	}
	exit_info_event(text, " while delivering ", (uint32_t)info->info2, 0);
}

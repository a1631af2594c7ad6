// SPDX-License-Identifier: GPL-2.0
/* What a VMCB's state-save area says. */
#include "vmcb.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Offsets in the state-save area. */
#define SAVE_ES			0x00
#define SAVE_CS			0x10
#define SAVE_SS			0x20
#define SAVE_DS			0x30
#define SAVE_FS			0x40
#define SAVE_GS			0x50
#define SAVE_GDTR		0x60
#define SAVE_LDTR		0x70
#define SAVE_IDTR		0x80
#define SAVE_TR			0x90
#define SAVE_CPL		0xcb
#define SAVE_CR3		0x150
#define SAVE_RFLAGS		0x170
#define SAVE_STAR		0x200
#define SAVE_LSTAR		0x208
#define SAVE_CSTAR		0x210
#define SAVE_SFMASK		0x218
#define SAVE_KERNEL_GS_BASE	0x220
#define SAVE_SYSENTER_CS	0x228
#define SAVE_SYSENTER_ESP	0x230
#define SAVE_SYSENTER_EIP	0x238
#define SAVE_PAT		0x268

#define NESTED_PAGING		1

/* 20 bits of a limit count bytes. */
#define LIMIT_BYTES_MAX		0xfffff

#define TYPE_ACCESSED		1
#define TYPE_BUSY		2

static uint64_t word_at(const unsigned char *save, size_t offset)
{
	uint64_t word;

	memcpy(&word, save + offset, sizeof(word));
	return word;
}

/* Selector, attributes, limit, base. */
static struct kvm_segment segment_at(const unsigned char *save, size_t offset)
{
	uint16_t attributes;
	struct kvm_segment segment = { .base = word_at(save, offset + 8) };

	memcpy(&segment.selector, save + offset, 2);
	memcpy(&attributes, save + offset + 2, 2);
	memcpy(&segment.limit, save + offset + 4, 4);
	segment.type = attributes & 15;
	segment.s = attributes >> 4 & 1;
	segment.dpl = attributes >> 5 & 3;
	segment.present = attributes >> 7 & 1;
	segment.avl = attributes >> 8 & 1;
	segment.l = attributes >> 9 & 1;
	segment.db = attributes >> 10 & 1;
	segment.g = segment.limit > LIMIT_BYTES_MAX;
	segment.unusable = !segment.present;
	return segment;
}

/* A descriptor that was loaded has been accessed. */
static struct kvm_segment data_at(const unsigned char *save, size_t offset)
{
	struct kvm_segment segment = segment_at(save, offset);

	if (segment.present)
		segment.type |= TYPE_ACCESSED;
	return segment;
}

static struct kvm_dtable table_at(const unsigned char *save, size_t offset)
{
	struct kvm_dtable table = { .base = word_at(save, offset + 8) };

	memcpy(&table.limit, save + offset + 4, 2);
	return table;
}

void vmcb_regs(const struct classic_look *look, struct kvm_regs *regs)
{
	const unsigned long long *from = look->regs;

	*regs = (struct kvm_regs){
		.rax = from[0], .rcx = from[1], .rdx = from[2], .rbx = from[3],
		.rsp = from[4], .rbp = from[5], .rsi = from[6], .rdi = from[7],
		.r8 = from[8], .r9 = from[9], .r10 = from[10], .r11 = from[11],
		.r12 = from[12], .r13 = from[13], .r14 = from[14], .r15 = from[15],
		.rip = from[16], .rflags = word_at(look->save, SAVE_RFLAGS),
	};
}

void vmcb_sregs(const struct classic_look *look, struct kvm_sregs2 *sregs)
{
	const bool paged = look->nested_paging & NESTED_PAGING;

	*sregs = (struct kvm_sregs2){
		.es = data_at(look->save, SAVE_ES),
		.cs = segment_at(look->save, SAVE_CS),
		.ss = segment_at(look->save, SAVE_SS),
		.ds = data_at(look->save, SAVE_DS),
		.fs = data_at(look->outer_save, SAVE_FS),
		.gs = data_at(look->outer_save, SAVE_GS),
		.tr = segment_at(look->outer_save, SAVE_TR),
		.ldt = segment_at(look->outer_save, SAVE_LDTR),
		.gdt = table_at(look->save, SAVE_GDTR),
		.idt = table_at(look->save, SAVE_IDTR),
		.cr0 = look->cr0, .cr2 = look->cr2, .cr4 = look->cr4,
		/* With nested paging the guest writes it as it likes. */
		.cr3 = paged ? word_at(look->save, SAVE_CR3) : look->cr3,
		.cr8 = look->has_apic ? look->tpr >> 4 & 15 : look->cr8,
		.efer = look->efer, .apic_base = look->apic_base,
	};
	sregs->ss.dpl = look->save[SAVE_CPL] & 3;
	if (sregs->ss.unusable)
		sregs->ss.db = 0;
	sregs->tr.type |= TYPE_BUSY;
}

static const struct {
	uint32_t index;
	uint16_t offset;
} msrs[] = {
	{ 0xc0000081, SAVE_STAR }, { 0xc0000082, SAVE_LSTAR }, { 0xc0000083, SAVE_CSTAR },
	{ 0xc0000084, SAVE_SFMASK }, { 0xc0000102, SAVE_KERNEL_GS_BASE },
	{ 0x174, SAVE_SYSENTER_CS }, { 0x175, SAVE_SYSENTER_ESP }, { 0x176, SAVE_SYSENTER_EIP },
	{ 0x277, SAVE_PAT },
};

int vmcb_msr_at(unsigned int number, uint32_t *index)
{
	if (number >= sizeof(msrs) / sizeof(msrs[0]))
		return -ENOENT;
	*index = msrs[number].index;
	return 0;
}

int vmcb_msr(const struct classic_look *look, uint32_t index, uint64_t *value)
{
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		if (msrs[i].index != index)
			continue;
		*value = word_at(look->outer_save, msrs[i].offset);
		return 0;
	}
	return -ENODATA;
}

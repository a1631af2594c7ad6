/* SPDX-License-Identifier: LGPL-2.1 */
/* What the processor says about an exit, beside its reason. */
#ifndef TRACE_EXIT_INFO_H
#define TRACE_EXIT_INFO_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>

/* Values of the field isa. Source: KVM_ISA_*, arch/x86/kvm/trace.h. */
enum { ISA_VMX = 1, ISA_SVM = 2 };

/**
 * struct exit_info - as the trace events have it
 * @reason:	basic exit reason, or exit code
 * @info1:	VMX: exit qualification; SVM: EXITINFO1
 * @info2:	VMX: IDT vectoring information; SVM: EXITINFO2
 * @intr_info:	VMX: interruption information; SVM: EXITINTINFO
 * @error_code:	of @intr_info
 */
struct exit_info {
	uint32_t reason;
	uint64_t info1;
	uint64_t info2;
	uint32_t intr_info;
	uint32_t error_code;
};

/* Append what they mean, each word with a space in front; may be nothing. */
void exit_info_vmx(struct text *text, const struct exit_info *info);
void exit_info_svm(struct text *text, const struct exit_info *info);

/* " during IRQ 0x20": an event that is marked as valid. */
void exit_info_event(struct text *text, const char *label, uint32_t event,
		     uint32_t error_code);

/* " out port=0x3f8 size=1 rep string" */
struct exit_info_io {
	bool is_in;
	bool is_string;
	bool is_repeated;
	unsigned int port;
	unsigned int size;
};

void exit_info_io(struct text *text, const struct exit_info_io *io);

/* A general register by its number in instructions. */
const char *exit_info_gpr(unsigned int number);

#endif /* TRACE_EXIT_INFO_H */

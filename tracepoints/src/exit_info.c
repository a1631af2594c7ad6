// SPDX-License-Identifier: LGPL-2.1
// Exit information that Intel's and AMD's processors have in common.
#include "exit_info.h"

#include "bits.h"

/* Both have the same layout. Sources: Intel SDM 3C, 25.9.2; AMD APM 2, 15.7.2. */
#define EVENT_VECTOR		0xff
#define EVENT_TYPE(event)	((event) >> 8 & 7)
#define EVENT_HAS_ERROR		(1u << 11)
#define EVENT_IS_VALID		(1u << 31)

const char *exit_info_gpr(unsigned int number)
{
	static const char *const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};

	return names[number & 15];
}

void exit_info_event(struct text *text, const char *label, uint32_t event,
		     uint32_t error_code)
{
	static const char *const types[] = {
		"irq", "type1", "nmi", "exception", "int", "icebp", "soft",
		"other",
	};
	const unsigned int vector = event & EVENT_VECTOR;

	if (!(event & EVENT_IS_VALID))
		return;
	text_string(text, label);
	text_string(text, types[EVENT_TYPE(event)]);
	text_char(text, ' ');
	if (EVENT_TYPE(event) == 3 || EVENT_TYPE(event) == 6)
		bit_vector(text, vector);
	else
		text_hex(text, vector);
	if (!(event & EVENT_HAS_ERROR))
		return;
	text_string(text, " error=");
	if (EVENT_TYPE(event) == 3 && vector == 14)
		bit_page_fault(text, error_code);
	else
		text_hex(text, error_code);
}

void exit_info_io(struct text *text, const struct exit_info_io *io)
{
	text_string(text, io->is_in ? " in port=" : " out port=");
	text_hex(text, io->port);
	text_string(text, " size=");
	text_decimal(text, io->size);
	if (io->is_repeated)
		text_string(text, " rep");
	if (io->is_string)
		text_string(text, " string");
}

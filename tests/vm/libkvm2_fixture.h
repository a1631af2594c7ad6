/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One VM on one API for all tests of libkvm2_test, and guests of some lines of
 * 16-bit code at CODE, started from the same reset state.
 */
#ifndef _TESTS_VM_LIBKVM2_FIXTURE_H
#define _TESTS_VM_LIBKVM2_FIXTURE_H

#include "tap.h"

#include <kvm2/kvm2.h>

#define PAGE		4096ULL
#define CODE		0x1000
#define BUFFER		0x2000	/* what guests read and write */
#define SWAPPED		0x8000	/* a page whose memory is exchanged */
#define RAM_BYTES	0x10000ULL
#define LOGGED		0x10000ULL	/* memory with a dirty log: es */
#define LOGGED_PAGES	16ULL
#define READ_ONLY	0x90000ULL	/* gs */
#define HOLE		0xa0000ULL	/* nothing is there: fs */
#define END_PORT	0xf4
#define MSR_UNKNOWN	0x12345	/* no processor has it */

#define STATE_BYTES	65536

struct fixture {
	const char *api;
	enum kvm2_api number;
	struct kvm2_machine *machine;
	struct kvm2_vcpu *vcpu;
	struct kvm2_run run;
	char *ram;
	char *logged;
	char *read_only;
	char *other_page;
	/* records of the reset state, and room for others */
	struct kvm2_records reset;
	uint64_t reset_data[STATE_BYTES / 8];
	uint64_t data[STATE_BYTES / 8];
	uint64_t data2[STATE_BYTES / 8];
};

/* END is a guest's last line, AT the address of a label in it. */
#define GUEST(name, code)						\
	asm(".pushsection .rodata\n.code16\n"				\
	    #name "_start:\n" code #name "_end:\n"			\
	    ".code64\n.popsection\n");					\
	extern const char name##_start[], name##_end[]

#define AT(name, label)	"(" #label " - " #name "_start + 0x1000)"
#define END		"outb %al, $0xf4\n"

GUEST(guest_out,
	"movb $0x12, %al; outb %al, $0x10\n"
	"movw $0x3456, %ax; outw %ax, $0x11\n"
	"movl $0x789abcde, %eax; outl %eax, $0x12\n" END);

GUEST(guest_spin, "1: jmp 1b\n");

void *map_memory(size_t bytes);
/* Three regions, the logged and the swapped one as asked for. */
int set_map(struct fixture *f, const char *swapped, uint32_t log_flags,
	    struct kvm2_dirty_run *dirty, uint32_t nr_dirty);
void list_into(struct fixture *f, struct kvm2_records *records, uint64_t *data,
	       uint32_t flags);
/* Those without a result end the test where they fail. */
void must(int ret, const char *what);
/* Show which record was refused. */
void note_failed(const struct fixture *f, const struct kvm2_records *records);
void set_segment(struct fixture *f, uint64_t number, uint16_t selector);
uint64_t get(struct fixture *f, uint32_t set, uint64_t number);
int set(struct fixture *f, uint32_t set_number, uint64_t number, uint64_t value);
void reset(struct fixture *f);
void start_code(struct fixture *f, const char *code, size_t bytes);
int enter(struct fixture *f);
/* Enter: is the exit such an access? If not, what it is is noted. */
bool enter_io(struct fixture *f, uint8_t direction, uint16_t port, uint8_t size);
/* The same for the last line of a guest. */
bool ends(struct fixture *f);
bool enter_mmio(struct fixture *f, uint64_t gpa, uint32_t len, uint32_t is_write);

#define start(f, name)	start_code(f, name##_start, name##_end - name##_start)

#define OK(passed, sentence)	tap_ok(passed, "%s: %s", f->api, sentence)
#define IS(actual, expected, sentence) tap_is(actual, expected, "%s: %s", f->api, sentence)

/* The tests, each file's in their order. */
void test_exits(struct fixture *f);
void test_triple_fault(struct fixture *f);
void test_state(struct fixture *f);
void test_nonsense(struct fixture *f);
void test_memory(struct fixture *f);
void test_threads(struct fixture *f);

#endif /* _TESTS_VM_LIBKVM2_FIXTURE_H */

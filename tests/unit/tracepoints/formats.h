/* SPDX-License-Identifier: LGPL-2.1 */
/* Format files as the kernel shows them, and records that fit them. */
#ifndef TEST_FORMATS_H
#define TEST_FORMATS_H

#include <stdint.h>

#define FORMAT(name, id, fields, print)					\
	"name: " name "\nID: " #id "\nformat:\n"			\
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"	\
	fields "\nprint fmt: " print "\n"

#define FIELD(type, name, offset, size, sign)				\
	"\tfield:" type " " name ";\toffset:" #offset ";\tsize:" #size	\
	";\tsigned:" #sign ";\n"

/* What every record begins with. */
struct common {
	uint16_t type;
	uint8_t flags;
	uint8_t preempt_count;
	int32_t pid;
};

enum { ID_EXIT = 700, ID_STATE, ID_LOOP, ID_KVM_EXIT, ID_USERSPACE_EXIT, ID_OTHER };

struct exit_record {
	struct common common;
	uint64_t vm;
	uint32_t vcpu;
	uint32_t reason;
	int32_t ret;
	uint64_t detail0;
	uint64_t detail1;
};

static const char exit_format[] = FORMAT("kvm2_exit", 700,
	FIELD("u64", "vm", 8, 8, 0) FIELD("u32", "vcpu", 16, 4, 0)
	FIELD("u32", "reason", 20, 4, 0) FIELD("int", "ret", 24, 4, 1)
	FIELD("u64", "detail0", 32, 8, 0) FIELD("u64", "detail1", 40, 8, 0),
	"\"vm=%llu vcpu=%u reason=%s ret=%d detail0=0x%llx detail1=0x%llx\", "
	"REC->vm, REC->vcpu, __print_symbolic(REC->reason , { 0, \"unknown\" } "
	", { 1, \"io\" } , { 2, \"mmio\" }), REC->ret, REC->detail0, REC->detail1");

struct state_record {
	struct common common;
	uint64_t vm;
	uint32_t vcpu;
	int32_t accessor;
	uint64_t number;
	uint64_t value;
	uint32_t size;
	int32_t err;
	uint16_t set;
	uint8_t is_set;
};

static const char state_format[] = FORMAT("kvm2_state", 701,
	FIELD("u64", "vm", 8, 8, 0) FIELD("u32", "vcpu", 16, 4, 0)
	FIELD("pid_t", "accessor", 20, 4, 1) FIELD("u64", "number", 24, 8, 0)
	FIELD("u64", "value", 32, 8, 0) FIELD("u32", "size", 40, 4, 0)
	FIELD("int", "err", 44, 4, 1) FIELD("u16", "set", 48, 2, 0)
	FIELD("bool", "is_set", 50, 1, 0),
	"\"vm=%llu vcpu=%u accessor=%d op=%s set=%s number=0x%llx size=%u "
	"value=0x%llx err=%d\", REC->vm, REC->vcpu, REC->accessor, "
	"REC->is_set ? \"set\" : \"get\", __print_symbolic(REC->set , "
	"{ 1, \"gpr\" } , { 9, \"msr\" }), REC->number, REC->size, REC->value, "
	"REC->err");

struct loop_record {
	struct common common;
	uint64_t vm;
	uint32_t vcpu;
	uint32_t why;
};

static const char loop_format[] = FORMAT("kvm2_loop", 702,
	FIELD("u64", "vm", 8, 8, 0) FIELD("u32", "vcpu", 16, 4, 0)
	FIELD("u32", "why", 20, 4, 0),
	"\"vm=%llu vcpu=%u why=%s\", REC->vm, REC->vcpu, "
	"__print_symbolic(REC->why , { 0, \"gate\" } , { 2, \"retry\" })");

struct kvm_exit_record {
	struct common common;
	uint32_t exit_reason;
	uint32_t pad;
	uint64_t guest_rip;
	uint32_t isa;
	uint32_t vcpu_id;
};

/* The two instruction sets with a part of their names, as in Linux 6.12. */
static const char kvm_exit_format[] = FORMAT("kvm_exit", 703,
	FIELD("unsigned int", "exit_reason", 8, 4, 0)
	FIELD("unsigned long", "guest_rip", 16, 8, 0)
	FIELD("u32", "isa", 24, 4, 0)
	FIELD("unsigned int", "vcpu_id", 28, 4, 0),
	"\"vcpu %u reason %s%s%s rip 0x%lx\", REC->vcpu_id, (REC->isa == 1) ? "
	"__print_symbolic(REC->exit_reason & 0xffff, { 12, \"HLT\" }, "
	"{ 30, \"IO_INSTRUCTION\" }) : __print_symbolic(REC->exit_reason, "
	"{ 0x078, \"hlt\" }, { 0x07b, \"io\" }), (REC->isa == 1 && "
	"REC->exit_reason & ~0xffff) ? \" \" : \"\", (REC->isa == 1) ? "
	"__print_flags(REC->exit_reason & ~0xffff, \" \", { 0x80000000, "
	"\"FAILED_VMENTRY\" }) : \"\", REC->guest_rip");

struct userspace_exit_record {
	struct common common;
	uint32_t reason;
	int32_t error;
};

static const char userspace_exit_format[] = FORMAT("kvm_userspace_exit", 704,
	FIELD("__u32", "reason", 8, 4, 0) FIELD("int", "errno", 12, 4, 1),
	"\"reason %s (%d)\", REC->errno < 0 ? (REC->errno == -4 ? \"restart\" : "
	"\"error\") : __print_symbolic(REC->reason, { 2, \"KVM_EXIT_IO\" }, "
	"{ 29, \"KVM_EXIT_X86_RDMSR\" }), REC->errno < 0 ? -REC->errno : REC->reason");

/* One that the library knows nothing special about. */
struct other_record {
	struct common common;
	uint32_t vcpu_id;
};

static const char other_format[] = FORMAT("kvm_other", 705,
	FIELD("unsigned int", "vcpu_id", 8, 4, 0),
	"\"vcpu %u\", REC->vcpu_id");

#endif /* TEST_FORMATS_H */

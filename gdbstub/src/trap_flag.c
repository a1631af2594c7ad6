// SPDX-License-Identifier: GPL-2.0
/*
 * The trap flag in RFLAGS, by which KVM makes single steps. It hides the flag
 * from us, but not from the guest.
 *
 * What steps leave behind: a copy that the instruction makes of RFLAGS, or an
 * exception instead of it, has the flag, too, and the guest would trap by itself
 * when it loads the copy long after gdb has let it go. So the flag is taken out
 * of copies: of pushf, of syscall (in r11), and of frames of interrupts and
 * exceptions that are still where the processor put them.
 *
 * Where the flag gets lost: popf and iret load another one, an exception clears
 * it, and so does KVM after an instruction that it has emulated, which may be
 * any that accesses memory. The next step is to set it anew then; a table has
 * the instructions after which it is there.
 */
#include "vm.h"

#include <errno.h>
#include <string.h>

#include <kvm2/kvm2.h>

#include "x86.h"

#define CR0_PE		(1 << 0)
#define EFER_LMA	(1 << 10)
#define RFLAGS_VM	(1 << 17)

#define ACCESS_LONG	(1 << 13)
#define ACCESS_BIG	(1 << 14)

#define TSS_STACK0	4	/* of CPL 0, in either layout */
#define TSS_IST1	36
#define TSS_BYTES	104

#define FRAME_ALIGN	15ULL

/* An instruction and its length at most. */
#define NEAR_BYTES	15

/* ---- memory ---- */

/* Return: all of it was read. */
static bool peek(struct vm *vm, unsigned int vcpu, uint64_t address, void *data, size_t size)
{
	return vm_read_linear(vm, vcpu, address, data, size) == size;
}

/* Take the flag out of a copy of RFLAGS, whose second byte has it. */
static void clear_copy(struct vm *vm, unsigned int vcpu, uint64_t address)
{
	struct walk_result result;
	uint8_t byte;

	if (!peek(vm, vcpu, address + 1, &byte, 1) || !(byte & RFLAGS_TF >> 8) ||
	    vm_translate_linear(vm, vcpu, address + 1, &result) != 1)
		return;
	byte &= (uint8_t)~(RFLAGS_TF >> 8);
	vm_write_physical(vm, result.gpa, &byte, 1);
}

/* ---- the instruction ---- */

/* Of pushf: bytes that it pushes. */
static unsigned int pushed_bytes(const struct step *step, bool has_size_prefix)
{
	if (step->is_long)
		return has_size_prefix ? 2 : 8;
	return step->is_big != has_size_prefix ? 4 : 2;
}

/* Of an opcode: the flag is there after it, with any operand or with registers only. */
enum keeps {
	KEEPS_NOT,
	KEEPS,
	KEEPS_WITH_REGISTERS,
};

#define ARITHMETIC(opcode)						\
	[(opcode) ... (opcode) + 3] = KEEPS_WITH_REGISTERS,		\
	[(opcode) + 4 ... (opcode) + 5] = KEEPS

static const uint8_t one_byte[256] = {
	ARITHMETIC(0x00), ARITHMETIC(0x08), ARITHMETIC(0x10), ARITHMETIC(0x18),
	ARITHMETIC(0x20), ARITHMETIC(0x28), ARITHMETIC(0x30), ARITHMETIC(0x38),
	[0x40 ... 0x4f] = KEEPS,			/* inc, dec */
	[0x50 ... 0x5f] = KEEPS,			/* push, pop */
	[0x63] = KEEPS_WITH_REGISTERS,			/* movsxd */
	[0x68] = KEEPS, [0x6a] = KEEPS,			/* push */
	[0x69] = KEEPS_WITH_REGISTERS, [0x6b] = KEEPS_WITH_REGISTERS,	/* imul */
	[0x70 ... 0x7f] = KEEPS,			/* jcc */
	[0x80 ... 0x8b] = KEEPS_WITH_REGISTERS,		/* arithmetic, test, xchg, mov */
	[0x8d] = KEEPS,					/* lea */
	[0x90 ... 0x99] = KEEPS,			/* nop, xchg, cbw, cwd */
	[0xa8 ... 0xa9] = KEEPS,			/* test */
	[0xb0 ... 0xbf] = KEEPS,			/* mov */
	[0xc0 ... 0xc1] = KEEPS_WITH_REGISTERS,		/* shifts */
	[0xc2 ... 0xc3] = KEEPS,			/* ret */
	[0xc6 ... 0xc7] = KEEPS_WITH_REGISTERS,		/* mov */
	[0xd0 ... 0xd3] = KEEPS_WITH_REGISTERS,		/* shifts */
	[0xe8 ... 0xe9] = KEEPS, [0xeb] = KEEPS,	/* call, jmp */
	[0xf5] = KEEPS, [0xf8 ... 0xf9] = KEEPS, [0xfc ... 0xfd] = KEEPS,	/* flags */
	[0xf6 ... 0xf7] = KEEPS_WITH_REGISTERS,		/* test, not, neg, mul, div */
	[0xfe ... 0xff] = KEEPS_WITH_REGISTERS,		/* inc, dec, call, jmp, push */
};

static const uint8_t after_0f[256] = {
	[0x1f] = KEEPS,					/* nop */
	[0x40 ... 0x4f] = KEEPS_WITH_REGISTERS,		/* cmovcc */
	[0x80 ... 0x8f] = KEEPS,			/* jcc */
	[0x90 ... 0x9f] = KEEPS_WITH_REGISTERS,		/* setcc */
	[0xa3 ... 0xa5] = KEEPS_WITH_REGISTERS,		/* bt, shld */
	[0xab ... 0xad] = KEEPS_WITH_REGISTERS,		/* bts, shrd */
	[0xaf] = KEEPS_WITH_REGISTERS,			/* imul */
	[0xb6 ... 0xb7] = KEEPS_WITH_REGISTERS,		/* movzx */
	[0xba ... 0xbf] = KEEPS_WITH_REGISTERS,		/* bits, movsx */
	[0xc8 ... 0xcf] = KEEPS,			/* bswap */
};

static bool keeps(const uint8_t *code, size_t size)
{
	const uint8_t *table = one_byte;

	if (size && *code == 0x0f) {
		table = after_0f;
		code++;
		size--;
	}
	if (!size || table[*code] == KEEPS_NOT)
		return false;
	return table[*code] == KEEPS || (size > 1 && code[1] >= 0xc0);
}

static void decode(struct step *step, const uint8_t *code, size_t size)
{
	static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3 };
	bool has_size_prefix = false;
	size_t at = 0;

	while (at < size && (memchr(prefixes, code[at], sizeof(prefixes)) ||
			     (step->is_long && (code[at] & 0xf0) == 0x40)))
		has_size_prefix |= code[at++] == 0x66;
	if (at < size && code[at] == 0x9c)
		step->pushes = pushed_bytes(step, has_size_prefix);
	step->keeps_flag = keeps(code + at, size - at);
	step->is_syscall = at + 1 < size && code[at] == 0x0f && code[at + 1] == 0x05;
}

/* ---- frames ---- */

/* One with RIP, CS and RFLAGS below @count words that end at @top. Return: it is of this step. */
static bool clear_frame(struct vm *vm, unsigned int vcpu, const struct step *step, uint64_t top,
			unsigned int count)
{
	const unsigned int bytes = step->word_bytes;
	const uint64_t mask = bytes == 8 ? ~0ULL : (1ULL << bytes * 8) - 1;
	const uint64_t at = top - (count + 3) * bytes;
	uint64_t words[3] = { 0 };

	for (unsigned int i = 0; i < 3; i++)
		if (!peek(vm, vcpu, at + i * bytes, &words[i], bytes))
			return false;
	if (((words[0] - step->rip) & mask) > NEAR_BYTES || (words[1] & 0xffff) != step->cs ||
	    !(words[2] & RFLAGS_TF))
		return false;
	clear_copy(vm, vcpu, at + 2 * bytes);
	return true;
}

/* On the stack it was on, or on one that the TSS names. Return: there was one. */
static bool clear_frames(struct vm *vm, unsigned int vcpu, const struct step *step)
{
	const bool is_wide = step->word_bytes == 8;
	uint8_t tss[TSS_BYTES];
	struct kvm2_segment tr;
	struct kvm2_records records;
	uint64_t data[8];
	uint64_t top = 0;

	if (clear_frame(vm, vcpu, step, is_wide ? step->stack & ~FRAME_ALIGN : step->stack, is_wide ? 2 : 0))
		return true;
	if (step->word_bytes == 2)
		return false;
	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_TR, NULL, sizeof(tr));
	if (vm->target->ops->get_state(vm->target, vcpu, data, records.used, 0) < 0)
		return false;
	kvm2_records_get(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_TR, &tr, sizeof(tr));
	if (!peek(vm, vcpu, tr.base, tss, sizeof(tss)))
		return false;
	memcpy(&top, tss + TSS_STACK0, step->word_bytes);
	if (clear_frame(vm, vcpu, step, top, 2))
		return true;
	for (unsigned int at = TSS_IST1; is_wide && at < TSS_IST1 + 7 * 8; at += 8) {
		memcpy(&top, tss + at, 8);
		if (top && clear_frame(vm, vcpu, step, top & ~FRAME_ALIGN, 2))
			return true;
	}
	return false;
}

/* ---- a step ---- */

/* Return: it can be read. */
static bool read_step(struct vm *vm, unsigned int vcpu, struct step *step, uint64_t *flags)
{
	struct kvm2_segment cs;
	struct kvm2_segment ss;
	struct kvm2_records records;
	uint64_t data[32];
	uint64_t efer;
	uint64_t cr0;

	kvm2_records_init(&records, data, sizeof(data));
	kvm2_records_add(&records, KVM2_SET_GPR, KVM2_GPR_RSP, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, NULL, 8);
	kvm2_records_add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, NULL, sizeof(cs));
	kvm2_records_add(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_SS, NULL, sizeof(ss));
	if (vm->target->ops->get_state(vm->target, vcpu, data, records.used, 0) < 0)
		return false;
	kvm2_records_get_u64(&records, KVM2_SET_GPR, KVM2_GPR_RSP, &step->stack);
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &step->rip);
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, flags);
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, &efer);
	kvm2_records_get_u64(&records, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, &cr0);
	kvm2_records_get(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &cs, sizeof(cs));
	kvm2_records_get(&records, KVM2_SET_SEGMENT, KVM2_SEGMENT_SS, &ss, sizeof(ss));
	step->is_long = efer & EFER_LMA && cs.access & ACCESS_LONG;
	step->is_big = cs.access & ACCESS_BIG;
	step->word_bytes = efer & EFER_LMA ? 8 : cr0 & CR0_PE && !(*flags & RFLAGS_VM) ? 4 : 2;
	step->cs = cs.selector;
	step->pc = cs.base + step->rip;
	if (!step->is_long)
		step->stack = ss.base + (ss.access & ACCESS_BIG ? step->stack & 0xffffffff : step->stack & 0xffff);
	return true;
}

/* The step's copy of RFLAGS. Noted before, as nobody may be there to take the flag out of it. */
static void note_copy(struct vm *vm, unsigned int vcpu, struct step *step)
{
	const struct target_ops *ops = vm->target->ops;
	struct walk_result result;

	if (!step->pushes || step->is_guests || !ops->note_copy ||
	    vm_translate_linear(vm, vcpu, step->stack - step->pushes + 1, &result) != 1)
		return;
	ops->note_copy(vm->target, vcpu, step->pc, result.gpa);
	step->is_noted = true;
}

static void forget_copy(struct vm *vm, unsigned int vcpu, struct step *step)
{
	if (step->is_noted)
		vm->target->ops->note_copy(vm->target, vcpu, 0, 0);
	step->is_noted = false;
}

void trap_flag_begin(struct vm *vm, unsigned int vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	struct step step = { .is_guests = v->step.is_guests };
	uint8_t code[NEAR_BYTES];
	uint64_t flags;

	step.is_known = read_step(vm, vcpu, &step, &flags);
	/* While a step is set KVM does not tell whether the guest steps by itself. */
	if (step.is_known && !v->debug.step)
		step.is_guests = flags & RFLAGS_TF;
	if (step.is_known)
		decode(&step, code, vm_read_linear(vm, vcpu, step.pc, code, sizeof(code)));
	forget_copy(vm, vcpu, &v->step);
	note_copy(vm, vcpu, &step);
	v->step = step;
}

int trap_flag_set(struct vm *vm, unsigned int vcpu)
{
	const struct target_ops *ops = vm->target->ops;
	int err = ops->set_trap_flag ? ops->set_trap_flag(vm->target, vcpu) : -EOPNOTSUPP;

	vm->vcpus[vcpu].flag_is_lost = err;
	return err;
}

void trap_flag_end(struct vm *vm, unsigned int vcpu, uint64_t pc)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	struct step *step = &v->step;
	bool is_near = pc - step->pc <= NEAR_BYTES;
	uint64_t flags;

	v->flag_is_lost = !step->is_known || !step->keeps_flag || pc == step->pc;
	if (!step->is_known || step->is_guests || pc == step->pc) {
		forget_copy(vm, vcpu, step);
		return;
	}
	step->is_known = false;
	if (is_near && step->pushes)
		clear_copy(vm, vcpu, step->stack - step->pushes);
	else if (!is_near && clear_frames(vm, vcpu, step))
		v->flag_is_lost = true;
	forget_copy(vm, vcpu, step);
	if (step->is_syscall && !state_get_u64(vm->target, vcpu, KVM2_SET_GPR, KVM2_GPR_R11, &flags) &&
	    flags & RFLAGS_TF)
		state_set_u64(vm->target, vcpu, KVM2_SET_GPR, KVM2_GPR_R11, 8, flags & ~RFLAGS_TF);
}

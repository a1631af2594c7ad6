/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The kvm2 ABI: system call numbers, structures, and the one list of names
 * for exit reasons, register sets and registers that every part prints.
 *
 * All structures are fixed width and carry pointers as __u64. Those passed
 * with a size may grow: the kernel accepts a shorter one (missing fields are
 * zero) and a longer one whose unknown part is zero, else -E2BIG.
 */
#ifndef _UAPI_LINUX_KVM2_H
#define _UAPI_LINUX_KVM2_H

#include <linux/types.h>

/* X(number, name): the system calls, x86-64 only. */
#define KVM2_SYSCALLS(X)			\
	X(600, kvm_create_vm)			\
	X(601, kvm_create_vcpu)			\
	X(602, kvm_enter_guest)			\
	X(603, kvm_get_state)			\
	X(604, kvm_set_state)			\
	X(605, kvm_set_memory_map)		\
	X(606, kvm_get_dirty_log)		\
	X(607, kvm_attach_io)			\
	X(608, kvm_attach_irq)			\
	X(609, kvm_apic_message)

#ifndef __NR_kvm_create_vm
#define __NR_kvm_create_vm		600
#define __NR_kvm_create_vcpu		601
#define __NR_kvm_enter_guest		602
#define __NR_kvm_get_state		603
#define __NR_kvm_set_state		604
#define __NR_kvm_set_memory_map		605
#define __NR_kvm_get_dirty_log		606
#define __NR_kvm_attach_io		607
#define __NR_kvm_attach_irq		608
#define __NR_kvm_apic_message		609
#endif

/*
 * int kvm_create_vm(int kvm_fd, const struct kvm2_vm_config *, size_t size)
 */

#define KVM2_VM_NAME_SIZE		32

/* vm_config.flags */
#define KVM2_VM_EXIT_BUS_LOCK		(1ULL << 0)  /* exit on split locks */
/*
 * Processors without a local APIC, as far as the guest can see: LINT0 is the
 * INTR pin and LINT1 the NMI pin, and MSR 0x1b does not exist.
 */
#define KVM2_VM_HIDDEN_APIC		(1ULL << 1)
#define KVM2_VM_FLAGS			(KVM2_VM_EXIT_BUS_LOCK | \
					 KVM2_VM_HIDDEN_APIC)

/* vm_config.msr_exits: which failing MSR accesses go to user space */
#define KVM2_MSR_EXIT_INVALID		(1 << 0)  /* access that KVM refuses */
#define KVM2_MSR_EXIT_UNKNOWN		(1 << 1)  /* MSR that KVM does not know */
#define KVM2_MSR_EXIT_FILTER		(1 << 2)  /* reserved: denied by a filter */

/**
 * struct kvm2_vm_config - what a new VM is like
 * @flags:		KVM2_VM_*
 * @hypercall_exits:	bit n: hypercall number n exits (only bit 12,
 *			KVM_HC_MAP_GPA_RANGE, in Linux 6.12)
 * @bsp_vcpu_id:	the vcpu that starts runnable; the others wait for SIPI
 * @msr_exits:		KVM2_MSR_EXIT_*
 * @notify_window:	exit NOTIFY after so many cycles without an event
 *			window, 0 = off (VMX only, else -EOPNOTSUPP)
 * @reserved:		0
 * @name:		NUL-terminated, for people; shown by /proc/PID/kvm2
 */
struct kvm2_vm_config {
	__u64 flags;
	__u64 hypercall_exits;
	__u32 bsp_vcpu_id;
	__u32 msr_exits;
	__u32 notify_window;
	__u32 reserved;
	char name[KVM2_VM_NAME_SIZE];
};

#define KVM2_VM_CONFIG_SIZE_VER0	64

/*
 * int kvm_create_vcpu(u32 id, u32 flags)
 *
 * Returns 0 for a new vcpu, 1 when a parked one was adopted with its state.
 */

#define KVM2_VCPU_NEW			(1 << 0)  /* -EEXIST rather than adopt */
#define KVM2_VCPU_FLAGS			(KVM2_VCPU_NEW)

/*
 * int kvm_enter_guest(struct kvm2_run *, size_t size,
 *		       const sigset_t *mask, size_t masksize)
 */

/* X(value, NAME, "text"): why kvm_enter_guest() returned 0. */
#define KVM2_EXIT_REASONS(X)			\
	X(0,  UNKNOWN,		"unknown")	\
	X(1,  IO,		"io")		\
	X(2,  MMIO,		"mmio")		\
	X(3,  HYPERCALL,	"hypercall")	\
	X(4,  RDMSR,		"rdmsr")	\
	X(5,  WRMSR,		"wrmsr")	\
	X(6,  DEBUG,		"debug")	\
	X(7,  SHUTDOWN,		"shutdown")	\
	X(8,  FAIL_ENTRY,	"fail_entry")	\
	X(9,  INTERNAL_ERROR,	"internal_error") \
	X(10, EXCEPTION,	"exception")	\
	X(11, SYSTEM_EVENT,	"system_event")	\
	X(12, NOTIFY,		"notify")	\
	X(13, BUS_LOCK,		"bus_lock")	\
	X(14, HYPERV,		"hyperv")	\
	X(15, MEMORY_FAULT,	"memory_fault")	\
	X(16, APIC,		"apic")		\
	X(17, DEVICE,		"device")

enum kvm2_exit_reason {
#define X(value, name, text) KVM2_EXIT_##name = value,
	KVM2_EXIT_REASONS(X)
#undef X
};

/* run.flags, read at each entry */
#define KVM2_RUN_IMMEDIATE_EXIT		(1U << 0)  /* complete, then -EINTR */
#define KVM2_RUN_FLAGS			(KVM2_RUN_IMMEDIATE_EXIT)

#define KVM2_IO_DATA_MAX		1024
#define KVM2_ERROR_DATA_MAX		16

/**
 * struct kvm2_exit_unknown - an exit that this ABI has no name for
 * @kvm_reason:		KVM_EXIT_* of linux/kvm.h
 * @hardware_reason:	VMX basic exit reason or SVM exit code, if known
 */
struct kvm2_exit_unknown {
	__u64 kvm_reason;
	__u64 hardware_reason;
};

/* io.direction */
#define KVM2_IO_IN			0
#define KVM2_IO_OUT			1

/**
 * struct kvm2_exit_io - the guest accessed an I/O port
 * @port:	the port
 * @size:	bytes per access: 1, 2 or 4
 * @direction:	KVM2_IO_*
 * @count:	accesses, more than 1 for string instructions
 * @data:	size * count bytes: written by the guest (OUT), or the reply
 *		that the next entry reads (IN)
 */
struct kvm2_exit_io {
	__u16 port;
	__u8  size;
	__u8  direction;
	__u32 count;
	__u8  data[KVM2_IO_DATA_MAX];
};

/**
 * struct kvm2_exit_mmio - the guest accessed an address without memory
 * @gpa:	guest physical address
 * @len:	bytes, 1 to 8; wider accesses come as several exits
 * @is_write:	1 for a write
 * @data:	written by the guest, or the reply that the next entry reads
 */
struct kvm2_exit_mmio {
	__u64 gpa;
	__u32 len;
	__u32 is_write;
	__u8  data[8];
};

/**
 * struct kvm2_exit_hypercall - a hypercall of vm_config.hypercall_exits
 * @nr:		KVM_HC_*
 * @ret:	reply: what the guest finds in rax
 * @args:	rbx, rcx, rdx, rsi and 0, 0
 * @flags:	bit 0: the guest is in long mode
 */
struct kvm2_exit_hypercall {
	__u64 nr;
	__u64 ret;
	__u64 args[6];
	__u64 flags;
};

/**
 * struct kvm2_exit_msr - an MSR access that vm_config.msr_exits sends out
 * @index:	the MSR
 * @reason:	one KVM2_MSR_EXIT_* bit
 * @data:	value written (WRMSR), or the reply (RDMSR)
 * @error:	reply: not 0 gives the guest #GP
 */
struct kvm2_exit_msr {
	__u32 index;
	__u32 reason;
	__u64 data;
	__u32 error;
	__u32 reserved;
};

/**
 * struct kvm2_debug_event - a debug event in the guest
 * @exception:	vector: 1 #DB, 3 #BP; of a vcpu's state 0, if it has been entered
 *		or told anew what to stop for since
 * @reserved:	0
 * @pc:		linear address: cs.base + rip
 * @dr6:	reason for a #DB
 * @dr7:	breakpoints in force
 */
struct kvm2_debug_event {
	__u32 exception;
	__u32 reserved;
	__u64 pc;
	__u64 dr6;
	__u64 dr7;
};

/* Entry to the guest failed in hardware. */
struct kvm2_exit_fail_entry {
	__u64 hardware_reason;
	__u32 cpu;
	__u32 reserved;
};

/* internal_error.suberror: KVM_INTERNAL_ERROR_* of linux/kvm.h */
struct kvm2_exit_internal_error {
	__u32 suberror;
	__u32 ndata;
	__u64 data[KVM2_ERROR_DATA_MAX];
};

struct kvm2_exit_exception {
	__u32 exception;
	__u32 error_code;
};

/* system_event.type: KVM_SYSTEM_EVENT_* of linux/kvm.h */
struct kvm2_exit_system_event {
	__u32 type;
	__u32 ndata;
	__u64 data[KVM2_ERROR_DATA_MAX];
};

/* notify.flags: KVM_NOTIFY_CONTEXT_INVALID of linux/kvm.h */
struct kvm2_exit_notify {
	__u64 flags;
};

/**
 * struct kvm2_exit_hyperv - a Hyper-V enlightenment that user space serves
 * @type:	KVM_EXIT_HYPERV_* of linux/kvm.h
 * @msr:	SYNIC and SYNDBG: the MSR written
 * @input:	HCALL: the input value; else the control word
 * @result:	reply: HCALL result, SYNDBG status
 * @params:	HCALL: params; SYNIC: event and message page;
 *		SYNDBG: send page, recv page, pending page
 */
struct kvm2_exit_hyperv {
	__u32 type;
	__u32 msr;
	__u64 input;
	__u64 result;
	__u64 params[3];
};

/**
 * struct kvm2_exit_memory_fault - guest memory that the host cannot provide
 * @gpa:	first address, page aligned; ~0 when the kernel does not say
 * @size:	bytes, 0 when the kernel does not say
 * @flags:	KVM_MEMORY_EXIT_FLAG_* of linux/kvm.h
 *
 * The instruction has not been executed: the next entry tries again.
 */
struct kvm2_exit_memory_fault {
	__u64 gpa;
	__u64 size;
	__u64 flags;
};

/**
 * struct kvm2_exit_apic - a local APIC has something to say, and no bus
 * @type:	KVM2_APIC_EOI: a level interrupt has been served
 *		KVM2_APIC_INTA: LINT0 as ExtINT asks for a vector
 * @vector:	EOI: the vector; INTA: the reply, or KVM2_EXTINT_NONE
 * @error:	why it does not go to the bus: 0 none is attached; a positive
 *		errno: the bus died of it
 * @reserved:	0
 */
struct kvm2_exit_apic {
	__u32 type;
	__u32 vector;
	__u32 error;
	__u32 reserved;
};

/**
 * struct kvm2_exit_device - the process behind a socket has failed
 * @cookie:	of a range that it served
 * @error:	EPIPE it closed the socket or died; EPROTO it sent what no
 *		device may send; else the error of the socket
 * @reserved:	0
 *
 * Reported once for each socket. The ranges of the socket then belong to
 * nobody: what was under way, and every access that follows, is an ordinary
 * exit.
 */
struct kvm2_exit_device {
	__u64 cookie;
	__u32 error;
	__u32 reserved;
};

/**
 * struct kvm2_run - one entry to the guest and the exit that ended it
 * @flags:		in: KVM2_RUN_*
 * @exit_reason:	out: enum kvm2_exit_reason
 *
 * The caller's own memory, read and written with get_user() and put_user().
 * Only the members that an exit uses are written. If that faults the call
 * returns -EFAULT and the next call delivers the same exit again. The reply
 * to an exit is a field of the same structure, read by the next entry.
 */
struct kvm2_run {
	__u32 flags;
	__u32 exit_reason;
	union {
		struct kvm2_exit_unknown unknown;
		struct kvm2_exit_io io;
		struct kvm2_exit_mmio mmio;
		struct kvm2_exit_hypercall hypercall;
		struct kvm2_exit_msr msr;
		struct kvm2_debug_event debug;
		struct kvm2_exit_fail_entry fail_entry;
		struct kvm2_exit_internal_error internal_error;
		struct kvm2_exit_exception exception;
		struct kvm2_exit_system_event system_event;
		struct kvm2_exit_notify notify;
		struct kvm2_exit_hyperv hyperv;
		struct kvm2_exit_memory_fault memory_fault;
		struct kvm2_exit_apic apic;
		struct kvm2_exit_device device;
	};
};

#define KVM2_RUN_SIZE_VER0		1040

/*
 * int kvm_get_state(int vcpu, void *records, size_t size, u32 flags)
 * int kvm_set_state(int vcpu, void *records, size_t size, u32 flags)
 *
 * The buffer is a sequence of records. get fills the values of the records
 * it is given, or, with a KVM2_STATE_LIST flag, writes the records itself.
 * Both return the bytes used. When one record is refused, nothing is
 * applied, and its attributes get KVM2_ATTR_FAILED in the caller's buffer.
 */

/* vcpu: the caller's own, else a thread pidfd (PIDFD_THREAD) */
#define KVM2_SELF			(-1)

/**
 * struct kvm2_record - one register as a tag and a value
 * @set:	enum kvm2_set
 * @attributes:	out: KVM2_ATTR_*; ignored on input
 * @size:	bytes of @value. Smaller than the register: its low bytes
 *		(eax of rax, xmm of zmm); a set leaves the others unchanged
 * @number:	which register of the set
 * @value:	little endian, padded with zeros to a multiple of 8
 */
struct kvm2_record {
	__u16 set;
	__u16 attributes;
	__u32 size;
	__u64 number;
	__u8  value[];
};

/* Bytes that a record with @size bytes of value occupies. */
#define KVM2_RECORD_BYTES(size)		(16 + (((size) + 7) & ~7U))
#define KVM2_VALUE_MAX			8192

/* record.attributes; none: read-write */
#define KVM2_ATTR_READ_ONLY		(1 << 0)  /* kvm_set_state refuses it */
#define KVM2_ATTR_GUEST_READ_ONLY	(1 << 1)  /* the guest cannot write it */
#define KVM2_ATTR_VOLATILE		(1 << 2)  /* changes without the guest */
#define KVM2_ATTR_FAILED		(1 << 15) /* the call failed here */

/* X(bit, NAME, "text") of the attributes above */
#define KVM2_ATTRIBUTES(X)				\
	X(0,  READ_ONLY,	"read-only")		\
	X(1,  GUEST_READ_ONLY,	"guest-read-only")	\
	X(2,  VOLATILE,		"volatile")		\
	X(15, FAILED,		"failed")

/* flags of kvm_get_state; kvm_set_state has none */
#define KVM2_STATE_LIST			(1U << 0)  /* write all records of the vcpu */
#define KVM2_STATE_HEADERS		(1U << 1)  /* LIST: headers without values */
#define KVM2_STATE_WRITABLE		(1U << 2)  /* LIST: leave out READ_ONLY */
#define KVM2_STATE_STABLE		(1U << 3)  /* LIST: leave out VOLATILE */
#define KVM2_STATE_FLAGS		0xfU
#define KVM2_STATE_SET_SHIFT		16
#define KVM2_STATE_SET_MASK		0xffff0000U
/* LIST: only this set; HOST_CPUID is listed only so */
#define KVM2_STATE_SET(set)		((__u32)(set) << KVM2_STATE_SET_SHIFT)

/* X(value, NAME, "text"): the register sets */
#define KVM2_SETS(X)				\
	X(1,  GPR,		"gpr")		\
	X(2,  CONTROL,		"control")	\
	X(3,  SEGMENT,		"segment")	\
	X(4,  DESCRIPTOR,	"descriptor")	\
	X(5,  X87,		"x87")		\
	X(6,  VECTOR,		"vector")	\
	X(7,  XSTATE,		"xstate")	\
	X(8,  DEBUG,		"debug")	\
	X(9,  MSR,		"msr")		\
	X(10, CPUID,		"cpuid")	\
	X(11, HOST_CPUID,	"host_cpuid")	\
	X(12, LAPIC,		"lapic")	\
	X(13, EVENTS,		"events")	\
	X(14, MP,		"mp")		\
	X(15, TSC,		"tsc")		\
	X(16, GUEST_DEBUG,	"guest_debug")

enum kvm2_set {
#define X(value, name, text) KVM2_SET_##name = value,
	KVM2_SETS(X)
#undef X
};

/*
 * X(SET, number, size, attributes, NAME, "text"): the registers of fixed
 * number. Sets numbered otherwise:
 *   VECTOR	0-31: zmm0-31 (size 16 xmm, 32 ymm, 64 zmm)
 *   XSTATE	XSAVE component number (9 PKRU, 17/18 AMX, ...), raw bytes of
 *		those that no other set covers
 *   MSR	the index; size 8
 *   CPUID	function << 32 | index; struct kvm2_cpuid; size 0 in a set
 *		removes the leaf
 *   HOST_CPUID	the same, read-only: what the host can give a guest
 *   LAPIC	register offset >> 4; size 4
 */
#define KVM2_REGISTERS(X)						\
	X(GPR, 0, 8, 0, RAX, "rax")					\
	X(GPR, 1, 8, 0, RCX, "rcx")					\
	X(GPR, 2, 8, 0, RDX, "rdx")					\
	X(GPR, 3, 8, 0, RBX, "rbx")					\
	X(GPR, 4, 8, 0, RSP, "rsp")					\
	X(GPR, 5, 8, 0, RBP, "rbp")					\
	X(GPR, 6, 8, 0, RSI, "rsi")					\
	X(GPR, 7, 8, 0, RDI, "rdi")					\
	X(GPR, 8, 8, 0, R8, "r8")					\
	X(GPR, 9, 8, 0, R9, "r9")					\
	X(GPR, 10, 8, 0, R10, "r10")					\
	X(GPR, 11, 8, 0, R11, "r11")					\
	X(GPR, 12, 8, 0, R12, "r12")					\
	X(GPR, 13, 8, 0, R13, "r13")					\
	X(GPR, 14, 8, 0, R14, "r14")					\
	X(GPR, 15, 8, 0, R15, "r15")					\
	X(CONTROL, 0, 8, 0, RIP, "rip")					\
	X(CONTROL, 1, 8, 0, RFLAGS, "rflags")				\
	X(CONTROL, 2, 8, 0, CR0, "cr0")					\
	X(CONTROL, 3, 8, 0, CR2, "cr2")					\
	X(CONTROL, 4, 8, 0, CR3, "cr3")					\
	X(CONTROL, 5, 8, 0, CR4, "cr4")					\
	X(CONTROL, 6, 8, 0, CR8, "cr8")					\
	X(CONTROL, 7, 8, 0, EFER, "efer")				\
	X(CONTROL, 8, 8, 0, XCR0, "xcr0")				\
	X(CONTROL, 9, 8, 0, APIC_BASE, "apic_base")			\
	X(CONTROL, 10, 8, 0, PDPTR0, "pdptr0")				\
	X(CONTROL, 11, 8, 0, PDPTR1, "pdptr1")				\
	X(CONTROL, 12, 8, 0, PDPTR2, "pdptr2")				\
	X(CONTROL, 13, 8, 0, PDPTR3, "pdptr3")				\
	X(CONTROL, 14, 4, KVM2_ATTR_READ_ONLY, PENDING_EXIT, "pending_exit") \
	X(SEGMENT, 0, 16, 0, ES, "es")					\
	X(SEGMENT, 1, 16, 0, CS, "cs")					\
	X(SEGMENT, 2, 16, 0, SS, "ss")					\
	X(SEGMENT, 3, 16, 0, DS, "ds")					\
	X(SEGMENT, 4, 16, 0, FS, "fs")					\
	X(SEGMENT, 5, 16, 0, GS, "gs")					\
	X(SEGMENT, 6, 16, 0, LDTR, "ldtr")				\
	X(SEGMENT, 7, 16, 0, TR, "tr")					\
	X(DESCRIPTOR, 0, 16, 0, GDTR, "gdtr")				\
	X(DESCRIPTOR, 1, 16, 0, IDTR, "idtr")				\
	X(X87, 0, 10, 0, ST0, "st0")					\
	X(X87, 1, 10, 0, ST1, "st1")					\
	X(X87, 2, 10, 0, ST2, "st2")					\
	X(X87, 3, 10, 0, ST3, "st3")					\
	X(X87, 4, 10, 0, ST4, "st4")					\
	X(X87, 5, 10, 0, ST5, "st5")					\
	X(X87, 6, 10, 0, ST6, "st6")					\
	X(X87, 7, 10, 0, ST7, "st7")					\
	X(X87, 8, 2, 0, FCW, "fcw")					\
	X(X87, 9, 2, 0, FSW, "fsw")					\
	X(X87, 10, 1, 0, FTW, "ftw")					\
	X(X87, 11, 2, 0, FOP, "fop")					\
	X(X87, 12, 8, 0, FIP, "fip")					\
	X(X87, 13, 8, 0, FDP, "fdp")					\
	X(VECTOR, 32, 4, 0, MXCSR, "mxcsr")				\
	X(VECTOR, 64, 8, 0, K0, "k0")					\
	X(VECTOR, 65, 8, 0, K1, "k1")					\
	X(VECTOR, 66, 8, 0, K2, "k2")					\
	X(VECTOR, 67, 8, 0, K3, "k3")					\
	X(VECTOR, 68, 8, 0, K4, "k4")					\
	X(VECTOR, 69, 8, 0, K5, "k5")					\
	X(VECTOR, 70, 8, 0, K6, "k6")					\
	X(VECTOR, 71, 8, 0, K7, "k7")					\
	X(DEBUG, 0, 8, 0, DR0, "dr0")					\
	X(DEBUG, 1, 8, 0, DR1, "dr1")					\
	X(DEBUG, 2, 8, 0, DR2, "dr2")					\
	X(DEBUG, 3, 8, 0, DR3, "dr3")					\
	X(DEBUG, 6, 8, 0, DR6, "dr6")					\
	X(DEBUG, 7, 8, 0, DR7, "dr7")					\
	X(EVENTS, 0, 24, 0, EXCEPTION, "exception")			\
	X(EVENTS, 1, 8, 0, INTERRUPT, "interrupt")			\
	X(EVENTS, 2, 8, 0, NMI, "nmi")					\
	X(EVENTS, 3, 4, 0, SHADOW, "shadow")				\
	X(EVENTS, 4, 8, 0, SMI, "smi")					\
	X(EVENTS, 5, 4, 0, TRIPLE_FAULT, "triple_fault")		\
	X(EVENTS, 6, 4, 0, SIPI_VECTOR, "sipi_vector")			\
	X(EVENTS, 7, 4, 0, EXTINT, "extint")				\
	X(MP, 0, 4, 0, STATE, "mp_state")				\
	X(TSC, 0, 8, KVM2_ATTR_VOLATILE, VALUE, "tsc")		\
	X(TSC, 1, 8, 0, OFFSET, "tsc_offset")			\
	X(TSC, 2, 4, 0, KHZ, "tsc_khz")				\
	X(GUEST_DEBUG, 0, 4, 0, CONTROL, "debug_control")		\
	X(GUEST_DEBUG, 1, 8, 0, BREAKPOINT0, "breakpoint0")		\
	X(GUEST_DEBUG, 2, 8, 0, BREAKPOINT1, "breakpoint1")		\
	X(GUEST_DEBUG, 3, 8, 0, BREAKPOINT2, "breakpoint2")		\
	X(GUEST_DEBUG, 4, 8, 0, BREAKPOINT3, "breakpoint3")		\
	X(GUEST_DEBUG, 5, 8, 0, BREAKPOINT_DR7, "breakpoint_dr7")	\
	X(GUEST_DEBUG, 6, 32, KVM2_ATTR_READ_ONLY, EVENT, "debug_event")

enum kvm2_register_number {
#define X(set, number, size, attributes, name, text) \
	KVM2_##set##_##name = number,
	KVM2_REGISTERS(X)
#undef X
	KVM2_VECTOR_ZMM0 = 0,
	KVM2_VECTOR_ZMM31 = 31,
};

/* segment.access: bits 0-7 and 12-15 as in a descriptor, and: */
#define KVM2_SEGMENT_UNUSABLE		(1 << 8)

struct kvm2_segment {
	__u64 base;
	__u32 limit;
	__u16 selector;
	__u16 access;
};

struct kvm2_descriptor_table {
	__u64 base;
	__u16 limit;
	__u16 reserved[3];
};

#define KVM2_CPUID_INDEXED		(1 << 0)  /* the index matters */

struct kvm2_cpuid {
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u32 flags;
	__u32 reserved;
};

/* exception.state */
#define KVM2_EXCEPTION_NONE		0
#define KVM2_EXCEPTION_PENDING		1  /* side effects not yet done */
#define KVM2_EXCEPTION_INJECTED		2  /* being delivered */

struct kvm2_event_exception {
	__u8  state;
	__u8  vector;
	__u8  has_error_code;
	__u8  has_payload;
	__u32 error_code;
	__u64 payload;
	__u64 reserved;
};

struct kvm2_event_interrupt {
	__u8 injected;
	__u8 vector;
	__u8 soft;
	__u8 reserved[5];
};

struct kvm2_event_nmi {
	__u8 injected;
	__u8 pending;
	__u8 masked;
	__u8 reserved[5];
};

struct kvm2_event_smi {
	__u8 in_smm;
	__u8 pending;
	__u8 inside_nmi;
	__u8 latched_init;
	__u8 reserved[4];
};

/* EVENTS shadow: bits */
#define KVM2_SHADOW_MOV_SS		(1 << 0)
#define KVM2_SHADOW_STI			(1 << 1)

/* EVENTS extint: the vector that INTA gave, else */
#define KVM2_EXTINT_NONE		0xffffffffU

/* X(value, NAME, "text"): MP mp_state */
#define KVM2_MP_STATES(X)			\
	X(0, RUNNABLE,		"runnable")	\
	X(1, UNINITIALIZED,	"uninitialized") \
	X(2, INIT_RECEIVED,	"init_received") \
	X(3, HALTED,		"halted")	\
	X(4, SIPI_RECEIVED,	"sipi_received")

enum kvm2_mp_state {
#define X(value, name, text) KVM2_MP_##name = value,
	KVM2_MP_STATES(X)
#undef X
};

/* GUEST_DEBUG debug_control: bits */
#define KVM2_DEBUG_ENABLE		(1 << 0)
#define KVM2_DEBUG_SINGLE_STEP		(1 << 1)
#define KVM2_DEBUG_SW_BREAKPOINTS	(1 << 2)  /* #BP comes to us */
#define KVM2_DEBUG_HW_BREAKPOINTS	(1 << 3)  /* breakpoint0-3, _dr7 */
#define KVM2_DEBUG_BLOCK_IRQ		(1 << 4)  /* no interrupts in a step */
/*
 * A debug event stops the vcpu thread with SIGSTOP of the kernel's for its
 * ptracer, unseen by the VMM. Without a tracer, which may have died, the vcpu is
 * not entered: the signal stops the process, until the bit is cleared and SIGCONT
 * sent. Only the tracer of the thread may set this bit.
 */
#define KVM2_DEBUG_STOP		(1 << 5)
/*
 * One shot: at the next entry inject #BP or #DB into the guest, for a
 * breakpoint that is the guest's own. Reads as 0.
 */
#define KVM2_DEBUG_INJECT_BP		(1 << 6)
#define KVM2_DEBUG_INJECT_DB		(1 << 7)
/*
 * An exit that few guests survive, SHUTDOWN, FAIL_ENTRY or INTERNAL_ERROR, stops
 * the vcpu thread with SIGSTOP of the kernel's for its ptracer, before the VMM
 * sees it. It has the exit when the thread goes on. Without a tracer nothing
 * is changed. Only the tracer of the thread may set this bit.
 */
#define KVM2_DEBUG_STOP_FATAL		(1 << 8)
#define KVM2_DEBUG_CONTROL		0x1ffU

/*
 * int kvm_set_memory_map(const struct kvm2_memory_map *, size_t size)
 *
 * Replaces the whole guest physical memory map at once; no vcpu ever sees
 * part of it. Regions that are the same in the old map keep their dirty log.
 * Returns the number of dirty runs written to @dirty.
 */

#define KVM2_REGION_LOG_DIRTY		(1 << 0)
#define KVM2_REGION_READ_ONLY		(1 << 1)  /* writes exit as MMIO */
#define KVM2_REGION_FLAGS		(KVM2_REGION_LOG_DIRTY | \
					 KVM2_REGION_READ_ONLY)

/* X(bit, NAME, "text") */
#define KVM2_REGION_FLAG_NAMES(X)		\
	X(0, LOG_DIRTY,		"log_dirty")	\
	X(1, READ_ONLY,		"read_only")

/**
 * struct kvm2_memory_region - guest physical addresses backed by memory
 * @gpa:	page aligned
 * @size:	bytes, page aligned, not 0
 * @address:	where the memory is in the caller's address space
 * @flags:	KVM2_REGION_*
 * @reserved:	0
 */
struct kvm2_memory_region {
	__u64 gpa;
	__u64 size;
	__u64 address;
	__u32 flags;
	__u32 reserved;
};

/* Consecutive dirty pages: @pages pages of 4096 bytes from @gpa on. */
struct kvm2_dirty_run {
	__u64 gpa;
	__u64 pages;
};

/**
 * struct kvm2_memory_map - the whole map
 * @regions:	address of struct kvm2_memory_region[@nr_regions], any order
 * @nr_regions:	0 for an empty map
 * @flags:	0
 * @dirty:	address of struct kvm2_dirty_run[@nr_dirty] for the dirty
 *		pages of regions that leave the map or stop logging; 0: they
 *		are dropped. Too few: -ENOSPC, and nothing has changed.
 * @nr_dirty:	room in @dirty
 * @reserved:	0
 */
struct kvm2_memory_map {
	__u64 regions;
	__u32 nr_regions;
	__u32 flags;
	__u64 dirty;
	__u32 nr_dirty;
	__u32 reserved;
};

#define KVM2_MEMORY_MAP_SIZE_VER0	32

/*
 * int kvm_get_dirty_log(struct kvm2_dirty_log *, size_t size)
 *
 * Takes dirty pages out of the log: each reported page is clean afterwards
 * and logged anew by the next write. Returns the number of runs written.
 */

/**
 * struct kvm2_dirty_log - a part of the dirty log, limited in work
 * @gpa:	first address, page aligned
 * @size:	bytes, page aligned; need not match any region
 * @max_pages:	report at most so many pages; 0: no limit
 * @runs:	address of struct kvm2_dirty_run[@nr_runs]
 * @nr_runs:	room in @runs
 * @flags:	0
 * @pages:	out: pages reported
 * @next:	out: the address to go on from; @gpa + @size when all is done
 */
struct kvm2_dirty_log {
	__u64 gpa;
	__u64 size;
	__u64 max_pages;
	__u64 runs;
	__u32 nr_runs;
	__u32 flags;
	__u64 pages;
	__u64 next;
};

#define KVM2_DIRTY_LOG_SIZE_VER0	56

/*
 * int kvm_apic_message(const struct kvm2_apic_message *, size_t size)
 *
 * One message to the local APICs, as on the APIC bus. Returns how many APICs
 * took it; those that have it pending already count, too.
 */

/*
 * X(value, NAME, "text"): what an APIC message is. INTERRUPT, LINT and VECTOR
 * go to the local APICs, EOI and INTA come from them.
 */
#define KVM2_APIC_TYPES(X)			\
	X(1, INTERRUPT,		"interrupt")	\
	X(2, LINT,		"lint")		\
	X(3, VECTOR,		"vector")	\
	X(4, EOI,		"eoi")		\
	X(5, INTA,		"inta")

enum kvm2_apic_type {
#define X(value, name, text) KVM2_APIC_##name = value,
	KVM2_APIC_TYPES(X)
#undef X
};

/* X(value, NAME, "text"): how an interrupt is delivered */
#define KVM2_DELIVERY_MODES(X)			\
	X(0, FIXED,		"fixed")	\
	X(1, LOWEST,		"lowest")	\
	X(2, SMI,		"smi")		\
	X(4, NMI,		"nmi")		\
	X(5, INIT,		"init")		\
	X(6, STARTUP,		"startup")	\
	X(7, EXTINT,		"extint")

enum kvm2_delivery_mode {
#define X(value, name, text) KVM2_DELIVERY_##name = value,
	KVM2_DELIVERY_MODES(X)
#undef X
};

/* apic_message.flags */
#define KVM2_APIC_LOGICAL		(1 << 0)  /* INTERRUPT: dest is logical */
#define KVM2_APIC_LEVEL			(1 << 1)  /* INTERRUPT: level triggered */
#define KVM2_APIC_ASSERT		(1 << 2)  /* LINT: the pin is high;
						   * INTERRUPT: INIT, not its
						   * de-assert */
#define KVM2_APIC_FLAGS			0x7

/**
 * struct kvm2_apic_message - what travels on the APIC bus
 * @type:	enum kvm2_apic_type
 * @flags:	KVM2_APIC_*
 * @mode:	INTERRUPT: enum kvm2_delivery_mode
 * @vector:	INTERRUPT, VECTOR, EOI: the vector
 * @pin:	LINT: 0 or 1
 * @reserved:	0
 * @dest:	INTERRUPT: APIC id or logical destination; the others: vcpu id
 * @id:		INTA: which; VECTOR: the INTA that it answers
 *
 * INTERRUPT	from an IOAPIC or a device. EXTINT counts as a rising edge of
 *		LINT0 of the destination, which the INTA ends.
 * LINT		the level of a pin of one vcpu. It acts as its LVT entry says;
 *		with the APIC hidden or disabled, pin 0 is INTR, pin 1 NMI.
 * INTA		the vcpu takes an interrupt of LINT0 in ExtINT mode, and waits
 *		for VECTOR of the same @id and @dest.
 * EOI		@vector, delivered as LEVEL before, has been served by @dest
 */
struct kvm2_apic_message {
	__u16 type;
	__u16 flags;
	__u8  mode;
	__u8  vector;
	__u8  pin;
	__u8  reserved;
	__u32 dest;
	__u32 id;
};

#define KVM2_APIC_MESSAGE_SIZE_VER0	16

/*
 * int kvm_attach_irq(const struct kvm2_irq *, size_t size)
 */

/* X(value, NAME, "text"): what is attached */
#define KVM2_IRQ_TYPES(X)			\
	X(1, BUS,		"bus")		\
	X(2, MSI,		"msi")

enum kvm2_irq_type {
#define X(value, name, text) KVM2_IRQ_##name = value,
	KVM2_IRQ_TYPES(X)
#undef X
};

/* irq.flags, io.flags */
#define KVM2_DETACH			(1 << 0)

/**
 * struct kvm2_irq - a source of interrupts
 * @type:	enum kvm2_irq_type
 * @flags:	KVM2_DETACH
 * @fd:		BUS: an AF_UNIX socket of type SOCK_SEQPACKET; each record is
 *		a struct kvm2_apic_message. There is one bus at most. To
 *		detach it, -1.
 *		MSI: an eventfd; each signal sends the message
 * @data:	MSI: of the message
 * @address:	MSI: of the message. Bits 40-63: bits 8-31 of the APIC id
 *
 * An eventfd that is attached again gets the new message; to detach it, only
 * @fd counts.
 */
struct kvm2_irq {
	__u32 type;
	__u32 flags;
	__s32 fd;
	__u32 data;
	__u64 address;
};

#define KVM2_IRQ_SIZE_VER0		24

/*
 * int kvm_attach_io(const struct kvm2_io *, size_t size)
 */

/* X(value, NAME, "text"): who answers in a range */
#define KVM2_IO_TYPES(X)			\
	X(1, EVENTFD,		"eventfd")	\
	X(2, SOCKET,		"socket")	\
	X(3, BPF,		"bpf")

enum kvm2_io_type {
#define X(value, name, text) KVM2_IO_##name = value,
	KVM2_IO_TYPES(X)
#undef X
};

/* io.flags, besides KVM2_DETACH */
#define KVM2_IO_PORTS			(1 << 1)  /* I/O ports, not memory */
#define KVM2_IO_DATAMATCH		(1 << 2)  /* EVENTFD: only this value */
#define KVM2_IO_POSTED			(1 << 3)  /* SOCKET: writes want no reply */
#define KVM2_IO_BATCHED			(1 << 4)  /* POSTED: many in one record */
#define KVM2_IO_FLAGS			0x1f

/**
 * struct kvm2_io - a range of ports or addresses, and who answers there
 * @type:	enum kvm2_io_type
 * @flags:	KVM2_IO_*
 * @address:	first port or guest physical address
 * @size:	bytes; EVENTFD: of the write, 1, 2, 4, 8, or 0 for any
 * @datamatch:	EVENTFD: with KVM2_IO_DATAMATCH, the value
 * @cookie:	in each message of the range, and in its exit
 * @fd:		EVENTFD: an eventfd, which each write signals
 *		SOCKET: an AF_UNIX socket of type SOCK_SEQPACKET that carries
 *		struct kvm2_io_message; it may serve any number of ranges
 *		BPF: a program of type BPF_PROG_TYPE_SYSCALL, whose context is
 *		struct kvm2_io_access
 * @reserved:	0
 *
 * Ranges of sockets and programs do not overlap: -EEXIST. Memory of the map
 * counts for more than a range. To detach, an EVENTFD wants all members as
 * they were given; the others want type, KVM2_IO_PORTS, address and size.
 */
struct kvm2_io {
	__u32 type;
	__u32 flags;
	__u64 address;
	__u64 size;
	__u64 datamatch;
	__u64 cookie;
	__s32 fd;
	__u32 reserved;
};

#define KVM2_IO_SIZE_VER0		48

/* X(value, NAME, "text"): what an I/O message is */
#define KVM2_IO_OPS(X)				\
	X(1, READ,		"read")		\
	X(2, WRITE,		"write")	\
	X(3, POSTED_WRITE,	"posted_write")	\
	X(4, FLUSH,		"flush")	\
	X(5, REPLY,		"reply")	\
	X(6, POSTED_BATCH,	"posted_batch")

enum kvm2_io_op {
#define X(value, name, text) KVM2_IO_OP_##name = value,
	KVM2_IO_OPS(X)
#undef X
};

/**
 * struct kvm2_io_message - one record on the socket of a range
 * @id:		of the transaction; a reply repeats it
 * @op:		enum kvm2_io_op
 * @ports:	1: an I/O port; 0: guest physical memory
 * @size:	bytes of an access
 * @address:	port or address; POSTED_BATCH: 0
 * @cookie:	of the range
 * @count:	accesses, more than 1 for string instructions
 * @vcpu:	who makes them
 * @data:	@size * @count bytes: WRITE, POSTED_WRITE, and the REPLY to a
 *		READ; @count struct kvm2_io_posted: POSTED_BATCH. No other
 *		record has any.
 *
 * READ, WRITE and FLUSH want one REPLY each, whose @id alone counts and the
 * rest of whose header is 0. The posted ones have none. The process takes
 * records in the order in which they come: a reply says that all before it is
 * done.
 *
 * Posted writes to ranges with KVM2_IO_BATCHED come some milliseconds later,
 * if nothing wants them earlier, and as many as there are in one record of at
 * most KVM2_IO_BATCH_MAX bytes: one POSTED_BATCH after the other, each of
 * writes that one vcpu made to one range in one size, one after the other.
 * A write that finds no room comes by itself, as a POSTED_WRITE.
 */
struct kvm2_io_message {
	__u32 id;
	__u16 op;
	__u8  ports;
	__u8  size;
	__u64 address;
	__u64 cookie;
	__u32 count;
	__u32 vcpu;
	__u8  data[];
};

/**
 * struct kvm2_io_posted - a write of a POSTED_BATCH
 * @address:	port or address
 * @value:	the bytes that were written, then 0
 */
struct kvm2_io_posted {
	__u64 address;
	__u64 value;
};

#define KVM2_IO_BATCH_MAX		4096

/* kvm2_io_access.verdict */
#define KVM2_BPF_PASS			0  /* to the VMM, as if unattached */
#define KVM2_BPF_HANDLED		1  /* data is the answer */

/**
 * struct kvm2_io_access - context of a program that answers for a range
 * @address:	port or guest physical address
 * @data:	written by the guest; or the answer to a read
 * @time_ns:	CLOCK_MONOTONIC
 * @cookie:	of the range
 * @vcpu:	who makes the access
 * @size:	bytes: 1, 2, 4 or 8
 * @is_write:	1 for a write
 * @ports:	1: an I/O port
 * @verdict:	KVM2_BPF_*, 0 at first
 * @reserved:	0
 */
struct kvm2_io_access {
	__u64 address;
	__u64 data;
	__u64 time_ns;
	__u64 cookie;
	__u32 vcpu;
	__u32 size;
	__u32 is_write;
	__u32 ports;
	__u32 verdict;
	__u32 reserved;
};

#endif /* _UAPI_LINUX_KVM2_H */

/* SPDX-License-Identifier: LGPL-2.1 */
/*
 * libkvm2: the kvm2 system calls, the same calls on the classic /dev/kvm,
 * and helpers for records and names.
 *
 * Five groups, each with a page in section 3 of the manual:
 *   kvm2_sys(3)		the system calls as they are
 *   kvm2_machine(3)	VM, memory map and dirty log on either API
 *   kvm2_vcpu(3)	vcpus: guest entry and state on either API
 *   kvm2_records(3)	tag/value records in a buffer of the caller
 *   kvm2_names(3)	names of exits, register sets, registers, MSRs
 *
 * All functions return 0 or more, or a negative errno; errno itself means
 * nothing after them. None prints or exits. Unless said otherwise they may
 * block, pointers are borrowed for the call, and what a pointer parameter
 * points to is left alone on an error.
 */
#ifndef KVM2_KVM2_H
#define KVM2_KVM2_H

#include <linux/kvm2.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- the system calls, kvm2_sys(3) ---- */

/*
 * Thin: no check, no conversion but that of errno into the return value.
 * The errors of each call are those of its page in section 2 of the manual.
 * -ENOSYS: the kernel has no kvm2, or no module for this processor is loaded.
 */

/**
 * kvm2_sys_create_vm() - bind a new VM to the address space of the caller
 * @kvm_fd: /dev/kvm, open for read and write; may be closed afterwards
 * @config: what the VM is like
 * @size:   bytes of @config: sizeof(struct kvm2_vm_config)
 * Return: 0 or a negative errno of kvm_create_vm(2).
 */
int kvm2_sys_create_vm(int kvm_fd, const struct kvm2_vm_config *config,
		       size_t size);

/**
 * kvm2_sys_create_vcpu() - bind a vcpu to the calling thread
 * @id:    vcpu id, also its initial APIC id
 * @flags: KVM2_VCPU_*
 * Return: 0 new; 1 a parked vcpu was adopted; or a negative errno of
 *	   kvm_create_vcpu(2).
 */
int kvm2_sys_create_vcpu(uint32_t id, uint32_t flags);

/**
 * kvm2_sys_enter_guest() - run the calling thread's vcpu until it exits
 * @run:      read (replies, flags) and written (the exit)
 * @size:     bytes of @run: sizeof(struct kvm2_run)
 * @mask:     signals blocked while the guest runs, or NULL
 * @masksize: bytes of the kernel's signal set: KVM2_SIGSET_SIZE, or 0
 * Return: 0 @run holds an exit, else a negative errno of kvm_enter_guest(2).
 */
int kvm2_sys_enter_guest(struct kvm2_run *run, size_t size,
			 const sigset_t *mask, size_t masksize);

/* Bytes of a signal set that the kernel reads: the first of a sigset_t. */
#define KVM2_SIGSET_SIZE		8

/**
 * kvm2_sys_get_state() - read registers of a vcpu
 * @vcpu:    KVM2_SELF, or a thread pidfd (kvm2_thread_pidfd_open())
 * @records: @size bytes of records, 8 byte aligned
 * @size:    bytes of @records
 * @flags:   KVM2_STATE_*
 * Return: bytes used, with KVM2_STATE_LIST and @size 0 those needed; or a
 *	   negative errno of kvm_get_state(2).
 */
int kvm2_sys_get_state(int vcpu, void *records, size_t size, uint32_t flags);

/**
 * kvm2_sys_set_state() - write registers of a vcpu
 * @vcpu:    KVM2_SELF, or a thread pidfd (kvm2_thread_pidfd_open())
 * @records: @size bytes of records; only their attributes are written
 * @size:    bytes of @records
 * @flags:   0
 * Return: bytes used, or a negative errno of kvm_set_state(2).
 */
int kvm2_sys_set_state(int vcpu, void *records, size_t size, uint32_t flags);

/**
 * kvm2_sys_set_memory_map() - replace the guest physical memory map
 * @map:  the whole new map; its arrays are the caller's
 * @size: bytes of @map: sizeof(struct kvm2_memory_map)
 * Return: dirty runs written to @map->dirty, or a negative errno of
 *	   kvm_set_memory_map(2).
 */
int kvm2_sys_set_memory_map(const struct kvm2_memory_map *map, size_t size);

/**
 * kvm2_sys_get_dirty_log() - take dirty pages of a range out of the log
 * @log:  the range and limits; its out members are written
 * @size: bytes of @log: sizeof(struct kvm2_dirty_log)
 * Return: runs written to @log->runs, or a negative errno of
 *	   kvm_get_dirty_log(2).
 */
int kvm2_sys_get_dirty_log(struct kvm2_dirty_log *log, size_t size);

/**
 * kvm2_sys_attach_io() - say who answers in a range of ports or addresses
 * @io:   the range, and an eventfd, a socket or a BPF program
 * @size: bytes of @io: sizeof(struct kvm2_io)
 * Return: 0 or a negative errno of kvm_attach_io(2).
 */
int kvm2_sys_attach_io(const struct kvm2_io *io, size_t size);

/**
 * kvm2_sys_attach_irq() - attach the APIC bus, or an eventfd that sends an MSI
 * @irq:  what is attached or detached
 * @size: bytes of @irq: sizeof(struct kvm2_irq)
 * Return: 0 or a negative errno of kvm_attach_irq(2).
 */
int kvm2_sys_attach_irq(const struct kvm2_irq *irq, size_t size);

/**
 * kvm2_sys_apic_message() - send one message to the local APICs
 * @message: an interrupt, or the level of a pin
 * @size:    bytes of @message: sizeof(struct kvm2_apic_message)
 * Return: how many APICs took it, or a negative errno of
 *	   kvm_apic_message(2).
 */
int kvm2_sys_apic_message(const struct kvm2_apic_message *message,
			  size_t size);

/**
 * kvm2_thread_pidfd_open() - a file descriptor that names one thread
 * @tid: thread id, as from gettid(2) or the vcpu lines of /proc/PID/kvm2
 *
 * For kvm2_sys_get_state() and kvm2_sys_set_state() on a vcpu of another
 * thread or process. It is close-on-exec and names this thread only: when
 * the thread has ended, calls with it return -ESRCH.
 *
 * Return: the file descriptor, which the caller closes; -EINVAL @tid is not
 *	   positive, or the kernel is older than 6.9; -ESRCH no such thread;
 *	   -EMFILE, -ENFILE, -ENOMEM.
 * Source: pidfd_open(2) with PIDFD_THREAD, kernel/pid.c, v6.12.
 */
int kvm2_thread_pidfd_open(pid_t tid);

/* ---- a VM on either API, kvm2_machine(3) ---- */

/**
 * enum kvm2_api - what a machine is made with
 * @KVM2_API_KVM2:	the kvm2 system calls
 * @KVM2_API_CLASSIC:	the ioctls of /dev/kvm, on any kernel with KVM
 */
enum kvm2_api {
	KVM2_API_KVM2,
	KVM2_API_CLASSIC,
};

/**
 * kvm2_api_name() - "kvm2" or "classic"
 * Return: a constant string; NULL for another value.
 */
const char *kvm2_api_name(enum kvm2_api api);

/**
 * kvm2_api_find() - the API of a name
 * @name: "kvm2" or "classic"
 * Return: enum kvm2_api, or -ENOENT.
 */
int kvm2_api_find(const char *name);

/**
 * kvm2_api_probe() - can this process create a VM with an API?
 *
 * Nothing is created. A later kvm2_machine_create() may still fail.
 *
 * Return: 0; -ENOSYS the kernel has no kvm2, or no module for this processor
 *	   is loaded; -EOPNOTSUPP KVM lacks what the classic API needs (see
 *	   kvm2_machine_create()); other errors of open(2) on /dev/kvm, of
 *	   which -ENOENT says that there is no KVM and -EACCES that this user
 *	   may not use it; -EINVAL no such API.
 */
int kvm2_api_probe(enum kvm2_api api);

/* A VM. Opaque; any thread of the process may use it, memory calls too. */
struct kvm2_machine;

/**
 * kvm2_machine_create() - create a VM
 * @api:     which API
 * @config:  as for kvm_create_vm(2); NULL: all zero
 * @machine: out: the VM, for kvm2_machine_destroy()
 *
 * On both APIs the VM has local APICs in the kernel and nothing else (no
 * PIC, IOAPIC or PIT), 32-bit x2APIC ids, exception payloads and the triple
 * fault event. The classic API needs a kernel of 6.0 or later.
 *
 * With KVM2_API_KVM2 the VM belongs to the address space: there is one at
 * most, and it lives until the process ends or calls exec.
 *
 * Return: 0; -EEXIST the address space has a VM (kvm2); -EOPNOTSUPP KVM
 *	   lacks a capability this needs; -EINVAL unknown API, flags or values
 *	   in @config; -ENOMEM, -EMFILE; errors of open(2) on /dev/kvm, and
 *	   -ENOSYS, as for kvm2_api_probe().
 * Source: Documentation/virt/kvm/api.rst, v6.12.
 */
int kvm2_machine_create(enum kvm2_api api, const struct kvm2_vm_config *config,
			struct kvm2_machine **machine);

/**
 * kvm2_machine_destroy() - let go of a VM
 * @machine: consumed; NULL is allowed
 *
 * All its struct kvm2_vcpu must have been destroyed. A classic VM ends; that
 * of KVM2_API_KVM2 stays with the address space, and the memory of its map
 * must stay too, or be taken out by an empty map before.
 */
void kvm2_machine_destroy(struct kvm2_machine *machine);

/**
 * kvm2_machine_api() - the API a machine was created with
 */
enum kvm2_api kvm2_machine_api(const struct kvm2_machine *machine);

/**
 * kvm2_machine_set_memory_map() - replace the guest physical memory map
 * @machine: the VM
 * @map:     as for kvm_set_memory_map(2); the memory its regions name must
 *	     stay mapped until it has left the map
 *
 * With KVM2_API_KVM2 no vcpu ever sees a part of the new map. With
 * KVM2_API_CLASSIC regions are deleted, changed and created one by one, so a
 * vcpu that runs meanwhile can see RAM missing (an MMIO exit) and may dirty
 * pages that the harvest misses: keep vcpus out of the guest during the call.
 * When a step fails the steps before are undone.
 *
 * Context: any thread; calls for one machine wait for each other.
 * Return: dirty runs written to @map->dirty; -EINVAL flags, alignment, wrap,
 *	   overlap, an address outside user space; -EEXIST a region covers
 *	   memory of KVM's own; -E2BIG too many; -ENOSPC @map->nr_dirty is too
 *	   small; -ENOMEM; -EFAULT a bad array (kvm2); -EIO the VM is dead. On
 *	   an error the old map is in force, but for -ENOTRECOVERABLE
 *	   (classic): a step could not be undone either, and the VM is of no
 *	   more use.
 */
int kvm2_machine_set_memory_map(struct kvm2_machine *machine,
				const struct kvm2_memory_map *map);

/**
 * kvm2_machine_get_dirty_log() - take dirty pages of a range out of the log
 * @machine: the VM
 * @log:     as for kvm_get_dirty_log(2); its out members are written
 *
 * Each reported page is clean afterwards and logged anew by the next write.
 * On both APIs no more pages are reported than @log->max_pages and no more
 * runs than @log->nr_runs; those left stay in the log, and @log->next says
 * where to go on.
 *
 * Context: any thread, while vcpus run.
 * Return: runs written to @log->runs; -ENOSPC @log->nr_runs is 0; -EINVAL
 *	   alignment, wrap, size 0, flags; -ENOMEM; -EFAULT a bad array (kvm2);
 *	   -EIO the VM is dead. When pages have been taken before an error, their runs are
 *	   returned instead.
 */
int kvm2_machine_get_dirty_log(struct kvm2_machine *machine,
			       struct kvm2_dirty_log *log);

/* ---- vcpus on either API, kvm2_vcpu(3) ---- */

/* A vcpu. Opaque; for the thread that created it. */
struct kvm2_vcpu;

/**
 * kvm2_vcpu_create() - make the calling thread a vcpu
 * @machine: the VM; must outlive the vcpu
 * @id:      vcpu id, also its initial APIC id
 * @flags:   KVM2_VCPU_*
 * @vcpu:    out: the vcpu, for kvm2_vcpu_destroy() by this thread
 *
 * A vcpu is parked, with its state, when its thread has ended (kvm2) or has
 * destroyed the handle (classic); creating it again adopts it.
 *
 * The vcpu config->bsp_vcpu_id starts in the reset state; the others wait for
 * INIT and SIPI. A vcpu has no CPUID leaves at first, see
 * kvm2_vcpu_set_host_cpuid().
 *
 * Return: 0 new; 1 a parked vcpu was adopted; -EEXIST @id is in use, or is
 *	   parked and KVM2_VCPU_NEW was given; -EBUSY the thread is a vcpu;
 *	   -EINVAL unknown flags, @id too large; -ENOMEM; -EMFILE (classic);
 *	   -EINTR a fatal signal; -EIO the VM is dead.
 */
int kvm2_vcpu_create(struct kvm2_machine *machine, uint32_t id,
		     uint32_t flags, struct kvm2_vcpu **vcpu);

/**
 * kvm2_vcpu_destroy() - let go of a vcpu
 * @vcpu: consumed; NULL is allowed
 *
 * The vcpu of the machine stays: see kvm2_vcpu_create(). With KVM2_API_KVM2
 * it remains with the thread until that ends.
 *
 * Context: the thread that created it, or any when that thread has ended.
 */
void kvm2_vcpu_destroy(struct kvm2_vcpu *vcpu);

/**
 * kvm2_vcpu_id() - the id a vcpu was created with
 */
uint32_t kvm2_vcpu_id(const struct kvm2_vcpu *vcpu);

/**
 * kvm2_vcpu_enter() - run the guest until an exit that user space must see
 * @vcpu: the vcpu
 * @run:  in: flags, and the reply to the exit that the last call delivered,
 *	  in the member that it had; out: exit_reason and its member. The
 *	  first call wants it zeroed. Bytes that an exit does not use keep
 *	  what they held.
 * @mask: signals blocked while the guest runs, NULL: as they are. A signal
 *	  that only @mask lets through ends the call and stays pending.
 *
 * Context: the thread that created the vcpu.
 * Return: 0 @run holds an exit; -EINTR a signal, kvm2_vcpu_kick() or
 *	   KVM2_RUN_IMMEDIATE_EXIT: no exit, but a reply was taken in (with
 *	   the classic API also after a stop that ran no handler, such as
 *	   by ptrace; call again); -EPERM not this thread's vcpu; -EINVAL
 *	   unknown flags; -EIO the VM is dead.
 * Source: Documentation/virt/kvm/api.rst, section 5, v6.12.
 */
int kvm2_vcpu_enter(struct kvm2_vcpu *vcpu, struct kvm2_run *run,
		    const sigset_t *mask);

/**
 * kvm2_vcpu_kick() - make the current or the next kvm2_vcpu_enter() end
 * @vcpu: the vcpu
 *
 * To be called by the handler of a signal that others send to the vcpu's
 * thread. The signal alone ends an entry only if it comes while the guest
 * runs; with this, one that comes just before ends it too, with -EINTR. Kicks
 * do not add up; one is gone with the next -EINTR.
 *
 * Context: the thread that created the vcpu; async-signal-safe.
 */
void kvm2_vcpu_kick(struct kvm2_vcpu *vcpu);

/**
 * kvm2_vcpu_get_state() - read registers
 * @vcpu:    the vcpu
 * @records: @size bytes of records, 8 byte aligned; with KVM2_STATE_LIST
 *	     room for them
 * @size:    bytes of @records
 * @flags:   KVM2_STATE_*
 *
 * As kvm_get_state(2) with KVM2_SELF. With the classic API: EVENTS extint and
 * sipi_vector read as none and 0, since no ioctl tells them.
 *
 * Context: the thread that created the vcpu.
 * Return: bytes used, with KVM2_STATE_LIST and @size 0 those needed; -EINVAL
 *	   a malformed record or buffer, unknown flags; -ENOENT no such
 *	   register; -ENOSPC the list needs more room; -EPERM not this
 *	   thread's vcpu; -ENOMEM; -EIO the VM is dead. The record that
 *	   failed has KVM2_ATTR_FAILED, see kvm2_records_failed().
 */
int kvm2_vcpu_get_state(struct kvm2_vcpu *vcpu, void *records, size_t size,
			uint32_t flags);

/**
 * kvm2_vcpu_set_state() - write registers
 * @vcpu:    the vcpu
 * @records: @size bytes of records; only their attributes are written
 * @size:    bytes of @records
 * @flags:   0
 *
 * As kvm_set_state(2) with KVM2_SELF: all of it is applied or nothing, the
 * order of records does not matter, a value narrower than its register leaves
 * the rest unchanged, and writing what a register holds has no effect. A new
 * rip abandons the exit whose reply is due; the classic API has to finish its
 * instruction first, which may write guest memory (ins).
 *
 * Context: the thread that created the vcpu.
 * Return: bytes used; -EINVAL a malformed record or buffer, flags, a value
 *	   that is not allowed; -ENOENT no such register; -EACCES the register
 *	   is read-only; -EPERM not this thread's vcpu, or KVM2_DEBUG_STOP*;
 *	   -EBUSY a change of CPUID after the first entry, or an event to
 *	   inject while one is pending; -E2BIG too many CPUID leaves; -ENOMEM;
 *	   -EIO the VM is dead. The record that failed has KVM2_ATTR_FAILED.
 */
int kvm2_vcpu_set_state(struct kvm2_vcpu *vcpu, void *records, size_t size,
			uint32_t flags);

/**
 * kvm2_vcpu_get_u64() - read one register of up to 8 bytes
 * @vcpu:   the vcpu
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @value:  out: zero extended
 * Context: the thread that created the vcpu.
 * Return: 0; -EINVAL the register is wider; else as kvm2_vcpu_get_state().
 */
int kvm2_vcpu_get_u64(struct kvm2_vcpu *vcpu, uint32_t set, uint64_t number,
		      uint64_t *value);

/**
 * kvm2_vcpu_set_u64() - write one register of up to 8 bytes
 * @vcpu:   the vcpu
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @value:  written in the register's own width
 * Context: the thread that created the vcpu.
 * Return: 0; -EINVAL the register is wider, or narrower than @value; else as
 *	   kvm2_vcpu_set_state().
 */
int kvm2_vcpu_set_u64(struct kvm2_vcpu *vcpu, uint32_t set, uint64_t number,
		      uint64_t value);

/**
 * kvm2_vcpu_set_host_cpuid() - give a vcpu all CPUID leaves the host can give
 * @vcpu: the vcpu; must not have entered the guest
 *
 * All of HOST_CPUID becomes CPUID, with the vcpu id as the initial APIC id in
 * leaves 1, 0xb, 0x1f and 0x8000001e.
 *
 * Context: the thread that created the vcpu.
 * Return: 0; else as kvm2_vcpu_set_state().
 */
int kvm2_vcpu_set_host_cpuid(struct kvm2_vcpu *vcpu);

/* ---- records, kvm2_records(3) ---- */

/**
 * struct kvm2_records - a buffer of records, being built or read
 * @data:    the caller's buffer, 8 byte aligned
 * @size:    bytes of @data
 * @used:    bytes of @data that hold records
 * @headers: as written with KVM2_STATE_HEADERS: no values follow
 *
 * The functions below read and write @data within @used and @size only,
 * whatever is in it, and allocate nothing. Pointers to records are borrowed
 * from @data. Context: any; async-signal-safe.
 */
struct kvm2_records {
	void *data;
	size_t size;
	size_t used;
	bool headers;
};

/**
 * kvm2_records_init() - begin with an empty buffer
 * @records: the caller's storage; nothing has to be freed
 * @data:    the caller's buffer, 8 byte aligned; borrowed
 * @size:    bytes of @data
 * Return: 0; -EINVAL @data is not aligned.
 */
int kvm2_records_init(struct kvm2_records *records, void *data, size_t size);

/**
 * kvm2_records_add() - append a record
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @value:  @size bytes, little endian; NULL: zeros, to be filled by a get
 * @size:   bytes, at most KVM2_VALUE_MAX; fewer than the register has: its
 *	    low part
 * Return: 0; -EINVAL @set or @size do not fit; -ENOSPC the buffer is full.
 */
int kvm2_records_add(struct kvm2_records *records, uint32_t set,
		     uint64_t number, const void *value, uint32_t size);

/**
 * kvm2_records_add_u64() - append a record of up to 8 bytes
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @value:  the value
 * @size:   bytes, 1 to 8
 * Return: 0; -EINVAL @set or @size do not fit, or @value needs more than
 *	   @size; -ENOSPC the buffer is full.
 */
int kvm2_records_add_u64(struct kvm2_records *records, uint32_t set,
			 uint64_t number, uint64_t value, uint32_t size);

/**
 * kvm2_records_next() - go through all records
 * @record: the record before, NULL: begin
 * Return: the next record; NULL after the last one, and before one that does
 *	   not fit in the buffer (see kvm2_records_check()).
 */
struct kvm2_record *kvm2_records_next(const struct kvm2_records *records,
				      const struct kvm2_record *record);

/**
 * kvm2_records_check() - are all bytes in use well-formed records?
 * Return: the number of records; -EINVAL.
 */
int kvm2_records_check(const struct kvm2_records *records);

/**
 * kvm2_records_find() - the first record of a register
 * @set:    enum kvm2_set
 * @number: which register of the set
 * Return: the record; NULL there is none.
 */
struct kvm2_record *kvm2_records_find(const struct kvm2_records *records,
				      uint32_t set, uint64_t number);

/**
 * kvm2_records_failed() - the record that made the last call fail
 * Return: the first record with KVM2_ATTR_FAILED; NULL there is none.
 */
struct kvm2_record *kvm2_records_failed(const struct kvm2_records *records);

/**
 * kvm2_records_get_u64() - the value of a record of up to 8 bytes
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @value:  out: zero extended
 * Return: 0; -ENOENT no such record; -EINVAL its value is wider than 8 bytes,
 *	   or absent.
 */
int kvm2_records_get_u64(const struct kvm2_records *records, uint32_t set,
			 uint64_t number, uint64_t *value);

/**
 * kvm2_records_get() - copy the value of a record
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @value:  out: @size bytes; if the record has fewer, zeros follow
 * @size:   bytes of @value
 * Return: bytes of the record's value, which may be fewer than @size; -ENOENT
 *	   no such record; -EINVAL its value is wider than @size, or absent.
 */
int kvm2_records_get(const struct kvm2_records *records, uint32_t set,
		     uint64_t number, void *value, size_t size);

/* ---- names, kvm2_names(3) ---- */

/*
 * The words of linux/kvm2.h and linux/kvm2_names.h. Each function returns a
 * constant string, or NULL for an unknown value, which is for the caller to
 * show: UNKNOWN(75). Context: any; async-signal-safe.
 */

/* "kvm_enter_guest" for __NR_kvm_enter_guest */
const char *kvm2_syscall_name(uint32_t nr);

/* "mmio" for KVM2_EXIT_MMIO */
const char *kvm2_exit_reason_name(uint32_t reason);

/* "control" for KVM2_SET_CONTROL */
const char *kvm2_set_name(uint32_t set);

/* "halted" for KVM2_MP_HALTED */
const char *kvm2_mp_state_name(uint32_t state);

/* "lstar" for MSR 0xc0000082 */
const char *kvm2_msr_name(uint32_t index);

/* Room for any name that kvm2_register_name() writes, with its NUL. */
#define KVM2_NAME_SIZE			40

/**
 * kvm2_register_name() - the name of a register
 * @set:    enum kvm2_set
 * @number: which register of the set
 * @name:   room for a name
 *
 * A word alone ("rax", "cr0", "zmm3", "dr7"), or for the sets that number
 * their registers otherwise the name of the set and, after a colon, a word or
 * a number ("msr:lstar", "msr:0x1234", "cpuid:0x7.1", "lapic:tpr",
 * "xstate:pkru"). kvm2_register_find() reads them all back.
 *
 * Return: @name; NULL there is no such register.
 */
const char *kvm2_register_name(uint32_t set, uint64_t number,
			       char name[static KVM2_NAME_SIZE]);

/**
 * struct kvm2_register - which register, and what it is like
 * @set:	enum kvm2_set
 * @attributes:	KVM2_ATTR_* that it has always; some may be added by a get
 * @size:	bytes
 * @number:	which register of the set
 */
struct kvm2_register {
	uint16_t set;
	uint16_t attributes;
	uint32_t size;
	uint64_t number;
};

/**
 * kvm2_register_find() - the register of a name
 * @name: as kvm2_register_name() writes it, or of a low part: "eax", "ax",
 *	  "al", "r8d", "r8w", "r8b", "eip", "eflags", "xmm3", "ymm3"
 * @reg:  out: the register, with the size of that part
 * Return: 0; -ENOENT no register has this name.
 */
int kvm2_register_find(const char *name, struct kvm2_register *reg);

/**
 * kvm2_register_size() - the width of a register
 * @set:    enum kvm2_set
 * @number: which register of the set
 * Return: bytes; -ENOENT no such register. For XSTATE the size is the
 *	   processor's affair and 0 is returned: ask with KVM2_STATE_LIST.
 */
int kvm2_register_size(uint32_t set, uint64_t number);

#endif /* KVM2_KVM2_H */

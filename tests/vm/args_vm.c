// SPDX-License-Identifier: GPL-2.0
/* kvm_create_vm() and kvm_create_vcpu(), and calls without VM or vcpu. */
#include "args.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tap.h"

#define NEW_NR		610  /* the first number without a call */

/* A structure with the tail that a newer user space would have. */
struct long_config {
	struct kvm2_vm_config config;
	uint8_t tail[4096 - sizeof(struct kvm2_vm_config)];
};

static struct kvm2_run run;
static struct guest_rip {
	struct kvm2_record head;
	uint64_t value;
} rip = { .head = { .set = KVM2_SET_CONTROL, .size = 8 } };
static struct kvm2_memory_map map;
static struct kvm2_dirty_run dirty_run;
static struct kvm2_dirty_log dirty_log = {
	.size = 4096, .runs = (uintptr_t)&dirty_run, .nr_runs = 1,
};

void args_no_vm(void)
{
	const struct args_row rows[] = {
		{ "kvm_create_vcpu without a VM",
		  CREATE_VCPU(0, 0), -ENXIO },
		{ "kvm_create_vcpu without a VM, unknown flag",
		  CREATE_VCPU(0, 2), -EINVAL },
		{ "kvm_enter_guest without a VM",
		  ENTER_GUEST(&run, sizeof(run), NULL, 0), -ENXIO },
		{ "kvm_get_state without a VM",
		  GET_STATE(KVM2_SELF, &rip, sizeof(rip), 0), -ENXIO },
		{ "kvm_set_state without a VM",
		  SET_STATE(KVM2_SELF, &rip, sizeof(rip), 0), -ENXIO },
		{ "kvm_set_memory_map without a VM",
		  SET_MEMORY_MAP(&map, sizeof(map)), -ENXIO },
		{ "kvm_get_dirty_log without a VM",
		  GET_DIRTY_LOG(&dirty_log, sizeof(dirty_log)), -ENXIO },
	};

	args_check(rows, ARRAY_SIZE(rows));
}

/* File descriptors that are not what the call wants. */
static void check_kvm_fd(int kvm_fd)
{
	struct kvm2_vm_config config = {};
	int closed = dup(kvm_fd);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int read_only = open("/dev/kvm", O_RDONLY | O_CLOEXEC);
	int write_only = open("/dev/kvm", O_WRONLY | O_CLOEXEC);
	int path = open("/dev/kvm", O_PATH | O_CLOEXEC);
	int folder = open("/dev", O_RDONLY | O_CLOEXEC);
	int classic_vm = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	const struct args_row rows[] = {
		{ "kvm_create_vm, fd -1",
		  CREATE_VM(-1, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, closed fd",
		  CREATE_VM(closed, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, fd out of range",
		  CREATE_VM(1 << 30, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, /dev/null",
		  CREATE_VM(null, &config, sizeof(config)), -EINVAL },
		{ "kvm_create_vm, a folder",
		  CREATE_VM(folder, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, /dev/kvm read-only",
		  CREATE_VM(read_only, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, /dev/kvm write-only",
		  CREATE_VM(write_only, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, /dev/kvm with O_PATH",
		  CREATE_VM(path, &config, sizeof(config)), -EBADF },
		{ "kvm_create_vm, fd of a classic VM",
		  CREATE_VM(classic_vm, &config, sizeof(config)), -EINVAL },
	};

	if (closed < 0 || null < 0 || read_only < 0 || write_only < 0 ||
	    path < 0 || folder < 0 || classic_vm < 0)
		tap_die("file descriptors");
	close(closed);
	args_check(rows, ARRAY_SIZE(rows));
	close(classic_vm);
	close(folder);
	close(path);
	close(write_only);
	close(read_only);
	close(null);
}

static void check_config_bits(int kvm_fd)
{
	struct kvm2_vm_config config = {};
	struct args_row row = {
		"kvm_create_vm, unknown flag",
		CREATE_VM(kvm_fd, &config, sizeof(config)), -EINVAL
	};

	args_check_bits64(&row, &config.flags, KVM2_VM_FLAGS);
	row.what = "kvm_create_vm, reserved";
	args_check_bits32(&row, &config.reserved, 0);
	row.what = "kvm_create_vm, unknown MSR exit";
	args_check_bits32(&row, &config.msr_exits,
			  KVM2_MSR_EXIT_INVALID | KVM2_MSR_EXIT_UNKNOWN |
			  KVM2_MSR_EXIT_FILTER);
	row.what = "kvm_create_vm, hypercall exit that there is not";
	row.expected = -EOPNOTSUPP;
	args_check_bits64(&row, &config.hypercall_exits, 1 << 12);
}

static int extension(int kvm_fd, int cap)
{
	int r = ioctl(kvm_fd, KVM_CHECK_EXTENSION, cap);

	if (r < 0)
		tap_die("KVM_CHECK_EXTENSION");
	return r;
}

static void check_config(int kvm_fd)
{
#define CONFIG(...)	CREATE_VM(kvm_fd,				\
				  (&(struct kvm2_vm_config){ __VA_ARGS__ }), \
				  sizeof(struct kvm2_vm_config))
	int notify = extension(kvm_fd, KVM_CAP_X86_NOTIFY_VMEXIT);
	int bus_lock = extension(kvm_fd, KVM_CAP_X86_BUS_LOCK_EXIT);
	int max_id = extension(kvm_fd, KVM_CAP_MAX_VCPU_ID);
	struct kvm2_vm_config unterminated = {};
	const struct args_row rows[] = {
		{ "kvm_create_vm, name without an end",
		  CREATE_VM(kvm_fd, &unterminated, sizeof(unterminated)),
		  -EINVAL },
		{ "kvm_create_vm, bsp_vcpu_id too large",
		  CONFIG(.bsp_vcpu_id = max_id), -EINVAL },
		{ "kvm_create_vm, bsp_vcpu_id much too large",
		  CONFIG(.bsp_vcpu_id = UINT32_MAX), -EINVAL },
		{ "kvm_create_vm, notify_window is as the processor is",
		  CONFIG(.notify_window = 1), notify ? 0 : -EOPNOTSUPP, FORK },
		{ "kvm_create_vm, EXIT_BUS_LOCK is as the processor is",
		  CONFIG(.flags = KVM2_VM_EXIT_BUS_LOCK),
		  bus_lock ? 0 : -EOPNOTSUPP, FORK },
		/* Not wrong; in children, since there can be but one VM. */
		{ "kvm_create_vm takes the longest name",
		  CONFIG(.name = "0123456789012345678901234567890"), 0, FORK },
		{ "kvm_create_vm takes the largest bsp_vcpu_id",
		  CONFIG(.bsp_vcpu_id = max_id - 1), 0, FORK },
		{ "kvm_create_vm takes all MSR exits",
		  CONFIG(.msr_exits = 7), 0, FORK },
		{ "kvm_create_vm takes the hypercall exit that there is",
		  CONFIG(.hypercall_exits = 1 << 12), 0, FORK },
	};

	memset(unterminated.name, 'x', sizeof(unterminated.name));
	args_check(rows, ARRAY_SIZE(rows));
	check_config_bits(kvm_fd);
}

void args_create_vm(int kvm_fd)
{
	static struct kvm2_vm_config config;
	static struct long_config zero_tail, first_set, last_set;
	const struct args_row rows[] = {
		{ "kvm_create_vm, size 0",
		  CREATE_VM(kvm_fd, &config, 0), -EINVAL },
		{ "kvm_create_vm, size 1",
		  CREATE_VM(kvm_fd, &config, 1), -EINVAL },
		{ "kvm_create_vm, size one short",
		  CREATE_VM(kvm_fd, &config, sizeof(config) - 1), -EINVAL },
		{ "kvm_create_vm, a set byte behind",
		  CREATE_VM(kvm_fd, &first_set, sizeof(config) + 1), -E2BIG },
		{ "kvm_create_vm, the last byte of a page set",
		  CREATE_VM(kvm_fd, &last_set, 4096), -E2BIG },
		{ "kvm_create_vm, size above a page",
		  CREATE_VM(kvm_fd, &zero_tail, 4097), -E2BIG },
		{ "kvm_create_vm, size 2^32 + right size",
		  CREATE_VM(kvm_fd, &config, (1L << 32) + sizeof(config)),
		  -E2BIG },
		{ "kvm_create_vm, size -1",
		  CREATE_VM(kvm_fd, &config, -1), -E2BIG },
		{ "kvm_create_vm takes a longer config of zeros",
		  CREATE_VM(kvm_fd, &zero_tail, sizeof(config) + 8), 0, FORK },
		{ "kvm_create_vm takes a page of zeros",
		  CREATE_VM(kvm_fd, &zero_tail, 4096), 0, FORK },
		{ "kvm_create_vm takes a config in read-only memory",
		  CREATE_VM(kvm_fd, args_read_only, sizeof(config)), 0, FORK },
	};
	struct args_row pointer = {
		"kvm_create_vm, config",
		CREATE_VM(kvm_fd, &config, sizeof(config)), 0
	};

	first_set.tail[0] = 1;
	last_set.tail[sizeof(last_set.tail) - 1] = 0x80;
	args_check(rows, ARRAY_SIZE(rows));
	args_check_pointer(&pointer, &pointer.args[1], sizeof(config), 0);
	check_kvm_fd(kvm_fd);
	check_config(kvm_fd);
}

void args_no_vcpu(int kvm_fd)
{
	static struct kvm2_vm_config config;
	const struct args_row rows[] = {
		{ "a second VM", CREATE_VM(kvm_fd, &config, sizeof(config)),
		  -EEXIST },
		{ "a second VM, by another thread",
		  CREATE_VM(kvm_fd, &config, sizeof(config)), -EEXIST,
		  THREAD },
		{ "a second VM, by a CLONE_VM child",
		  CREATE_VM(kvm_fd, &config, sizeof(config)), -EEXIST,
		  CLONE_VM_CHILD },
		{ "a forked child has no VM and may create one",
		  CREATE_VM(kvm_fd, &config, sizeof(config)), 0, FORK },
		{ "kvm_create_vcpu in a forked child",
		  CREATE_VCPU(0, 0), -ENXIO, FORK },
		{ "kvm_set_memory_map in a forked child",
		  SET_MEMORY_MAP(&map, sizeof(map)), -ENXIO, FORK },
		{ "kvm_enter_guest without a vcpu",
		  ENTER_GUEST(&run, sizeof(run), NULL, 0), -ENXIO },
		{ "kvm_get_state without a vcpu",
		  GET_STATE(KVM2_SELF, &rip, sizeof(rip), 0), -ENXIO },
		{ "kvm_get_state without a vcpu, a list",
		  GET_STATE(KVM2_SELF, NULL, 0, KVM2_STATE_LIST), -ENXIO },
		{ "kvm_set_state without a vcpu",
		  SET_STATE(KVM2_SELF, &rip, sizeof(rip), 0), -ENXIO },
	};

	args_check(rows, ARRAY_SIZE(rows));
}

void args_create_vcpu(int kvm_fd)
{
	int max_id = extension(kvm_fd, KVM_CAP_MAX_VCPU_ID);
	struct args_row flags = {
		"kvm_create_vcpu, unknown flag", CREATE_VCPU(0, 0), -EINVAL
	};
	const struct args_row rows[] = {
		{ "kvm_create_vcpu, id too large",
		  CREATE_VCPU(max_id, 0), -EINVAL },
		{ "kvm_create_vcpu, id -1", CREATE_VCPU(-1, 0), -EINVAL },
		{ "kvm_create_vcpu, all flags", CREATE_VCPU(0, -1), -EINVAL },
	};

	args_check_bits32(&flags, &flags.args[1], KVM2_VCPU_FLAGS);
	args_check(rows, ARRAY_SIZE(rows));
}

void args_second_vcpu(int kvm_fd)
{
	static struct kvm2_vm_config config;
	const struct args_row rows[] = {
		{ "a second vcpu for the thread", CREATE_VCPU(1, 0), -EBUSY },
		{ "the same vcpu again", CREATE_VCPU(0, 0), -EBUSY },
		{ "a vcpu that another thread has",
		  CREATE_VCPU(0, 0), -EEXIST, THREAD },
		{ "a vcpu that another thread has, as a new one",
		  CREATE_VCPU(0, KVM2_VCPU_NEW), -EEXIST, THREAD },
		{ "a vcpu that another thread has, by a CLONE_VM child",
		  CREATE_VCPU(0, 0), -EEXIST, CLONE_VM_CHILD },
		{ "a new vcpu for another thread", CREATE_VCPU(1, 0), 0,
		  THREAD },
		{ "a parked vcpu as a new one",
		  CREATE_VCPU(1, KVM2_VCPU_NEW), -EEXIST, THREAD },
		{ "a parked vcpu is adopted", CREATE_VCPU(1, 0), 1, THREAD },
		{ "a parked vcpu is adopted by a CLONE_VM child",
		  CREATE_VCPU(1, 0), 1, CLONE_VM_CHILD },
		{ "kvm_enter_guest of a thread without a vcpu",
		  ENTER_GUEST(&run, sizeof(run), NULL, 0), -ENXIO, THREAD },
		{ "kvm_enter_guest of a CLONE_VM child without a vcpu",
		  ENTER_GUEST(&run, sizeof(run), NULL, 0), -ENXIO,
		  CLONE_VM_CHILD },
		{ "kvm_enter_guest of a forked child",
		  ENTER_GUEST(&run, sizeof(run), NULL, 0), -ENXIO, FORK },
		{ "kvm_get_state of a forked child",
		  GET_STATE(KVM2_SELF, &rip, sizeof(rip), 0), -ENXIO, FORK },
		{ "kvm_set_state of a forked child",
		  SET_STATE(KVM2_SELF, &rip, sizeof(rip), 0), -ENXIO, FORK },
		{ "a second VM, by a thread that has a vcpu",
		  CREATE_VM(kvm_fd, &config, sizeof(config)), -EEXIST },
	};

	args_check(rows, ARRAY_SIZE(rows));
}

void args_numbers(void)
{
	static const enum args_caller foreign[] = { X32, IA32 };
	static const char *const names[] = { [X32] = "x32", [IA32] = "ia32" };
	struct args_row row = { .expected = -ENOSYS };
	char what[64];
	size_t i;

	row.what = "the number behind the last call";
	row.nr = NEW_NR;
	args_check(&row, 1);
	row.what = "the number before the first call";
	row.nr = __NR_kvm_create_vm - 1;
	args_check(&row, 1);

	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		row.caller = foreign[i];
#define X(number, name)							\
		snprintf(what, sizeof(what), "%s by the %s ABI", #name,	\
			 names[row.caller]);				\
		row.what = what;					\
		row.nr = number;					\
		args_check(&row, 1);
		KVM2_SYSCALLS(X)
#undef X
	}
}

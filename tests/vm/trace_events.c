// SPDX-License-Identifier: GPL-2.0
/*
 * Makes kvm2 report one event after the other, and prints for each what
 * kvm2trace has to show of it: a line that shall contain these words.
 * Used by trace_test, under a kvm2 kernel.
 */
#include <kvm2/kvm2.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RAM_BYTES	0x10000
#define ROM_GPA		0x100000
#define ROM_BYTES	0x1000
#define CODE		0x1000
#define DATA		0x8000

static unsigned long long vm;
static uint8_t *ram;
static uint8_t *rom;
static atomic_int vcpu_tid;
static atomic_bool is_spinning;

/* Real mode, all segments at 0 but es, which points to no memory. */
static const uint8_t code[] = {
	0xba, 0xf8, 0x03,			/* mov $0x3f8, %dx */
	0xb0, 0x41,				/* mov $'A', %al */
	0xee,					/* out %al, (%dx) */
	0xba, 0x60, 0x00,			/* mov $0x60, %dx */
	0xed,					/* in (%dx), %ax */
	0xa3, 0x00, 0x80,			/* mov %ax, DATA */
	0xba, 0xe9, 0x00,			/* mov $0xe9, %dx */
	0xbf, 0x00, 0x80,			/* mov $DATA, %di */
	0xb9, 0x03, 0x00,			/* mov $3, %cx */
	0xf3, 0x6c,				/* rep insb */
	0xb8, 0x00, 0x20,			/* mov $0x2000, %ax */
	0x8e, 0xc0,				/* mov %ax, %es */
	0x26, 0xc6, 0x06, 0x10, 0x00, 0x55,	/* movb $0x55, %es:0x10 */
	0x26, 0xa0, 0x20, 0x00,			/* mov %es:0x20, %al */
	0x66, 0xb9, 0x45, 0x23, 0x01, 0x00,	/* mov $0x12345, %ecx */
	0x66, 0xb8, 0x78, 0x56, 0x00, 0x00,	/* mov $0x5678, %eax */
	0x66, 0x31, 0xd2,			/* xor %edx, %edx */
	0x0f, 0x30,				/* wrmsr */
	0x0f, 0x32,				/* rdmsr */
	0xeb, 0xfe,				/* jmp . */
#define device_code	(sizeof(code) - 21)
	0xb0, 0x77,				/* mov $0x77, %al */
	0xba, 0x00, 0x03,			/* mov $0x300, %dx */
	0xee,					/* out %al, (%dx) */
	0x26, 0xa2, 0x08, 0x00,			/* mov %al, %es:8 */
	0xba, 0x20, 0x03,			/* mov $0x320, %dx */
	0xec,					/* in (%dx), %al */
	0xba, 0xe9, 0x00,			/* mov $0xe9, %dx */
	0xee,					/* out %al, (%dx) */
	0xeb, 0xfe, 0x90,			/* jmp . */
};

static void die(const char *what, int err)
{
	fprintf(stderr, "trace_events: %s: %s\n", what, strerror(-err));
	exit(1);
}

static int check(int ret, const char *what)
{
	if (ret < 0)
		die(what, ret);
	return ret;
}

/* Words that a line of kvm2trace shall contain. */
static void __attribute__((format(printf, 2, 3)))
expect(const char *event, const char *format, ...)
{
	va_list args;

	printf("%-18s ", event);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static unsigned long long read_proc(const char *format)
{
	unsigned long long value = 0;
	FILE *file = fopen("/proc/self/kvm2", "re");

	if (!file || fscanf(file, format, &value) != 1)
		die("/proc/self/kvm2", -EIO);
	fclose(file);
	return value;
}

static void set_map(uint32_t nr_regions, int kept, int added, int removed)
{
	struct kvm2_memory_region regions[] = {
		{ .size = RAM_BYTES, .address = (uintptr_t)ram,
		  .flags = KVM2_REGION_LOG_DIRTY },
		{ .gpa = ROM_GPA, .size = ROM_BYTES,
		  .address = (uintptr_t)rom,
		  .flags = KVM2_REGION_READ_ONLY },
	};
	const struct kvm2_memory_map map = {
		.regions = (uintptr_t)regions, .nr_regions = nr_regions,
	};
	unsigned long long generation;

	check(kvm2_sys_set_memory_map(&map, sizeof(map)), "set_memory_map");
	generation = read_proc("vm %*u vcpus %*u generation %llu");
	expect("kvm2_map", "vm=%llu generation=%llu kept=%d added=%d removed=%d harvested_runs=0 duration_ns=",
	       vm, generation, kept, added, removed);
	for (uint32_t i = 0; i < nr_regions; i++)
		expect("kvm2_map_region", "vm=%llu generation=%llu gpa=0x%" PRIx64
		       " size=0x%" PRIx64 " address=0x%" PRIx64 " flags=%s",
		       vm, generation, (uint64_t)regions[i].gpa,
		       (uint64_t)regions[i].size, (uint64_t)regions[i].address,
		       i ? "read_only" : "log_dirty");
}

static void fail_map(void)
{
	const struct kvm2_memory_region region = {
		.gpa = 0x200000, .size = RAM_BYTES, .address = 1 << 12,
		.flags = 1U << 31,
	};
	const struct kvm2_memory_map map = {
		.regions = (uintptr_t)&region, .nr_regions = 1,
	};

	if (kvm2_sys_set_memory_map(&map, sizeof(map)) >= 0)
		die("a wrong map was taken", 0);
}

struct one_record {
	struct kvm2_record header;
	uint8_t value[64];
};

static int set_register(uint16_t set, uint64_t number, const void *value,
			uint32_t size)
{
	_Alignas(8) struct one_record record = {
		.header = { .set = set, .number = number, .size = size },
	};

	memcpy(record.value, value, size);
	return kvm2_sys_set_state(KVM2_SELF, &record, KVM2_RECORD_BYTES(size), 0);
}

static int get_register(int vcpu, uint16_t set, uint64_t number, void *value,
			uint32_t size)
{
	_Alignas(8) struct one_record record = {
		.header = { .set = set, .number = number, .size = size },
	};
	int ret = kvm2_sys_get_state(vcpu, &record, KVM2_RECORD_BYTES(size), 0);

	memcpy(value, record.value, size);
	return ret;
}

static void make_state_events(void)
{
	struct kvm2_segment cs = {
		.limit = 0xffff, .access = 0x9b,
	};
	const uint64_t rip = CODE;
	uint64_t value;
	int err;

	check(set_register(KVM2_SET_SEGMENT, KVM2_SEGMENT_CS, &cs, sizeof(cs)),
	      "set cs");
	expect("kvm2_state", "set cs=0x0... size=16 by=%d", vcpu_tid);
	check(set_register(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, 8), "set rip");
	expect("kvm2_state", "set rip=0x1000 size=8 by=%d", vcpu_tid);

	value = 0x1122334455667788;
	check(set_register(KVM2_SET_GPR, KVM2_GPR_RBX, &value, 8), "set rbx");
	expect("kvm2_state", "set rbx=0x1122334455667788 size=8 by=%d", vcpu_tid);
	check(get_register(KVM2_SELF, KVM2_SET_GPR, KVM2_GPR_RBX, &value, 4),
	      "get ebx");
	expect("kvm2_state", "get rbx=0x55667788 size=4 by=%d", vcpu_tid);

	value = 0x123000;
	check(set_register(KVM2_SET_MSR, 0x175, &value, 8), "set an msr");
	expect("kvm2_state", "set msr:sysenter_esp=0x123000 size=8 by=%d",
	       vcpu_tid);

	err = get_register(KVM2_SELF, KVM2_SET_GPR, 99, &value, 8);
	if (err >= 0)
		die("there is a register 99", err);
	expect("kvm2_state", "get gpr:0x63 size=8 by=%d failed: %s", vcpu_tid,
	       strerrorname_np(-err));
}

/* What is expected of the exit in @run, said in our own words. */
static void expect_exit(const struct kvm2_run *run)
{
	uint64_t data = 0;

	switch (run->exit_reason) {
	case KVM2_EXIT_IO:
		memcpy(&data, run->io.data, run->io.size * run->io.count);
		if (run->io.direction == KVM2_IO_OUT)
			expect("kvm2_exit", "io out port=0x%x size=%u value=0x%0*" PRIx64,
			       run->io.port, run->io.size, run->io.size * 2,
			       data);
		else if (run->io.count > 1)
			expect("kvm2_exit", "io in port=0x%x size=%u count=%u",
			       run->io.port, run->io.size, run->io.count);
		else
			expect("kvm2_exit", "io in port=0x%x size=%u",
			       run->io.port, run->io.size);
		break;
	case KVM2_EXIT_MMIO:
		memcpy(&data, run->mmio.data, run->mmio.is_write ?
					      run->mmio.len : 0);
		expect("kvm2_exit", "mmio gpa=0x%" PRIx64 " data=0x%" PRIx64,
		       (uint64_t)run->mmio.gpa, data);
		break;
	case KVM2_EXIT_RDMSR:
		expect("kvm2_exit", "rdmsr msr:0x%x", run->msr.index);
		break;
	case KVM2_EXIT_WRMSR:
		expect("kvm2_exit", "wrmsr msr:0x%x=0x%" PRIx64, run->msr.index,
		       (uint64_t)run->msr.data);
		break;
	case KVM2_EXIT_DEBUG:
		expect("kvm2_debug_trap", "exception=%u pc=0x%" PRIx64
		       " dr6=0x%" PRIx64 " dr7=0x%" PRIx64 " delivered=0",
		       run->debug.exception, (uint64_t)run->debug.pc,
		       (uint64_t)run->debug.dr6, (uint64_t)run->debug.dr7);
		expect("kvm2_exit", "debug pc=0x%" PRIx64 " dr6=0x%" PRIx64,
		       (uint64_t)run->debug.pc, (uint64_t)run->debug.dr6);
		break;
	default:
		fprintf(stderr, "trace_events: exit %u\n", run->exit_reason);
		exit(1);
	}
}

static void set_debug(uint32_t control)
{
	check(set_register(KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL,
			   &control, sizeof(control)), "set debug control");
	expect("kvm2_state", "set debug_control=0x%x size=4 by=%d", control,
	       vcpu_tid);
}

static void make_exits(struct kvm2_run *run)
{
	static const uint32_t expected[] = {
		KVM2_EXIT_IO, KVM2_EXIT_IO, KVM2_EXIT_IO, KVM2_EXIT_MMIO,
		KVM2_EXIT_MMIO, KVM2_EXIT_WRMSR, KVM2_EXIT_RDMSR,
	};
	static const char *const names[] = {
		[KVM2_EXIT_IO] = "io", [KVM2_EXIT_MMIO] = "mmio",
		[KVM2_EXIT_WRMSR] = "wrmsr", [KVM2_EXIT_RDMSR] = "rdmsr",
	};

	set_debug(KVM2_DEBUG_ENABLE | KVM2_DEBUG_SINGLE_STEP);
	check(kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0), "enter");
	expect_exit(run);
	set_debug(0);

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		check(kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0), "enter");
		if (run->exit_reason != expected[i])
			die("another exit than expected", 0);
		expect_exit(run);
		expect("kvm2_enter", "completes %s", names[expected[i]]);
		if (run->exit_reason == KVM2_EXIT_IO &&
		    run->io.direction == KVM2_IO_IN)
			memcpy(run->io.data, "ab", 2);
		run->msr.error = 0;
	}
	run->flags = KVM2_RUN_IMMEDIATE_EXIT;
	if (kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0) != -EINTR)
		die("an immediate exit", 0);
	expect("kvm2_enter", "completes rdmsr immediate");
	expect("kvm2_exit", "EINTR");
	run->flags = 0;
}

static void make_dirty_events(void)
{
	struct kvm2_dirty_run runs[4];
	struct kvm2_dirty_log log = {
		.size = RAM_BYTES, .runs = (uintptr_t)runs, .nr_runs = 4,
	};

	check(kvm2_sys_get_dirty_log(&log, sizeof(log)), "get_dirty_log");
	if (!log.pages)
		die("the guest's write is not in the log", 0);
	expect("kvm2_dirty", "vm=%llu gpa=0x0 size=0x%x max_pages=0 pages=%" PRIu64
	       " next=0x%" PRIx64 " err=0", vm, RAM_BYTES, (uint64_t)log.pages,
	       (uint64_t)log.next);
}

/* Answers whatever wants an answer. */
static void *device_thread(void *arg)
{
	struct {
		struct kvm2_io_message header;
		uint8_t data[KVM2_IO_DATA_MAX];
	} message;
	int fd = *(int *)arg;

	while (recv(fd, &message, sizeof(message), 0) > 0) {
		struct kvm2_io_message reply = {
			.id = message.header.id, .op = KVM2_IO_OP_REPLY,
		};

		if (message.header.op != KVM2_IO_OP_POSTED_WRITE &&
		    send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			break;
	}
	return NULL;
}

static void attach(uint32_t type, uint32_t flags, uint64_t address, uint64_t cookie, int fd)
{
	const struct kvm2_io io = {
		.type = type, .flags = flags, .address = address, .size = 0x10,
		.cookie = cookie, .fd = fd,
	};

	check(kvm2_sys_attach_io(&io, sizeof(io)), "attach_io");
}

/* A program that answers 0x5a. */
static int load_program(void)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .imm = 0x5a,
		  .off = offsetof(struct kvm2_io_access, data) },
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .imm = KVM2_BPF_HANDLED,
		  .off = offsetof(struct kvm2_io_access, verdict) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL, .prog_flags = BPF_F_SLEEPABLE,
		.insns = (uintptr_t)program, .insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t)"GPL",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		die("load the program", -errno);
	return fd;
}

/* Devices and pins, for the vcpu of the calling thread. */
static void make_device_events(struct kvm2_run *run)
{
	const struct kvm2_apic_message pin = { .type = KVM2_APIC_LINT, .pin = 1 };
	uint64_t rip = CODE + device_code;
	pthread_t thread;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		die("socketpair", -errno);
	attach(KVM2_IO_SOCKET, KVM2_IO_PORTS, 0x300, 0xc0, ends[0]);
	attach(KVM2_IO_SOCKET, KVM2_IO_POSTED, 0x20000, 0xc1, ends[0]);
	attach(KVM2_IO_BPF, KVM2_IO_PORTS, 0x320, 0xc2, load_program());
	if (pthread_create(&thread, NULL, device_thread, &ends[1]))
		die("pthread_create", -EAGAIN);

	check(set_register(KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, 8), "set rip");
	memset(run, 0, sizeof(*run));
	check(kvm2_sys_enter_guest(run, sizeof(*run), NULL, 0), "enter_guest");
	expect("kvm2_io_send", "cookie=0xc0 id=1 op=write space=ports address=0x300 size=1 count=1 value=0x77");
	expect("kvm2_io_reply", "cookie=0xc0 id=1 bytes=0 value=0x0 wait_ns=");
	expect("kvm2_io_posted", "cookie=0xc1 space=memory address=0x20008 size=1 value=0x77 err=0");
	expect("kvm2_bpf", "cookie=0xc2 op=read space=ports address=0x320 size=1 value=0x5a verdict=1");
	expect("kvm2_io_flush", "cookie=0xc0 id=2 posted=1 wait_ns=");
	expect("kvm2_exit", "io out port=0xe9 size=1 value=0x5a");

	check(kvm2_sys_apic_message(&pin, sizeof(pin)), "apic_message");
	expect("kvm2_lint", "pin=1 level=0 ret=0");
	expect("kvm2_apic_bus", "in type=lint dest=0x0 mode=fixed vector=0x0 pin=1 flags=0x0 id=0 ret=0");
	shutdown(ends[1], SHUT_RDWR);
	pthread_join(thread, NULL);
}

static void *vcpu_thread(void *arg)
{
	static struct kvm2_run run;

	vcpu_tid = gettid();
	check(kvm2_sys_create_vcpu(0, 0), "create_vcpu");
	if (arg) {
		expect("kvm2_vcpu", "vm=%llu vcpu=0 op=adopt tid=%d", vm, vcpu_tid);
		make_device_events(&run);
		return NULL;
	}
	expect("kvm2_vcpu", "vm=%llu vcpu=0 op=create tid=%d", vm, vcpu_tid);
	make_state_events();
	make_exits(&run);
	make_dirty_events();

	/* In the guest, until SIGUSR1. */
	is_spinning = true;
	run.flags = 0;
	kvm2_sys_enter_guest(&run, sizeof(run), NULL, 0);
	return NULL;
}

/* From outside the vcpu's thread, while it is in the guest. */
static void make_foreign_events(void)
{
	uint64_t rip;
	int pidfd;

	pidfd = check(kvm2_thread_pidfd_open(vcpu_tid), "pidfd_open");
	check(get_register(pidfd, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, &rip, 8),
	      "get rip of another thread");
	expect("kvm2_state", "get rip=0x%" PRIx64 " size=8 by=%d", rip, gettid());
	close(pidfd);
}

static void on_signal(int number)
{
	(void)number;
}

int main(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct kvm2_vm_config config = {
		.name = "trace", .msr_exits = KVM2_MSR_EXIT_UNKNOWN |
					      KVM2_MSR_EXIT_INVALID,
	};
	pthread_t thread;
	int fd;

	sigaction(SIGUSR1, &action, NULL);
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/kvm", -errno);
	check(kvm2_sys_create_vm(fd, &config, sizeof(config)), "create_vm");
	vm = read_proc("vm %llu");
	expect("kvm2_vm", "vm=%llu op=create", vm);

	ram = mmap(NULL, RAM_BYTES + ROM_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		die("mmap", -errno);
	rom = ram + RAM_BYTES;
	memcpy(ram + CODE, code, sizeof(code));
	set_map(2, 0, 2, 0);
	set_map(1, 1, 0, 1);
	fail_map();

	if (pthread_create(&thread, NULL, vcpu_thread, NULL))
		die("pthread_create", -EAGAIN);
	while (!is_spinning)
		usleep(1000);
	usleep(20000);
	make_foreign_events();
	set_map(2, 1, 1, 0);
	expect("kvm2_loop", "vm=%llu vcpu=0 why=", vm);

	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	expect("kvm2_vcpu", "vm=%llu vcpu=0 op=park tid=%d", vm, vcpu_tid);
	if (pthread_create(&thread, NULL, vcpu_thread, ram))
		die("pthread_create", -EAGAIN);
	pthread_join(thread, NULL);
	expect("kvm2_vm", "vm=%llu op=destroy", vm);
	return 0;
}

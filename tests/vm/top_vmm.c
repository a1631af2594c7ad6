// SPDX-License-Identifier: GPL-2.0
/*
 * A VMM for tests of kvm2top: many vcpus for little, each of which makes a
 * known number of exits.
 *
 *	top_vmm VMS VCPUS CPUIDS [halt] [stats]
 *
 * So many VMs with so many vcpus each. One thread runs all in turn until they
 * have executed CPUIDS cpuid instructions and a hlt each. With "halt" each has
 * a thread and KVM's APIC, so that it stays halted in the kernel. With "stats"
 * it holds the file of each vcpu's statistics, as QEMU does. It says "ready"
 * and stays until it is killed; for each SIGUSR1 the vcpus do it all again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define CODE		0x1000
#define MEMORY		0x2000
#define STACK_BYTES	(64 * 1024)

/* mov si, CPUIDS; cpuid; dec si; jnz cpuid; hlt; jmp to the first */
static uint8_t code[] = { 0xbe, 0, 0, 0x0f, 0xa2, 0x4e, 0x75, 0xfb, 0xf4, 0xeb, 0xf5 };

struct vcpu {
	int fd;
	struct kvm_run *run;
};

static void die(const char *what)
{
	fprintf(stderr, "top_vmm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int call(int fd, unsigned long request, void *argument, const char *what)
{
	const int result = ioctl(fd, request, argument);

	if (result < 0)
		die(what);
	return result;
}

static int create_vm(int kvm, bool halts, void *memory)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY, .userspace_addr = (uintptr_t)memory };
	const int vm = call(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");

	call(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	if (halts)
		call(vm, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	return vm;
}

static struct vcpu create_vcpu(int kvm, int vm, unsigned int id, bool halts, bool stats)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };
	const int size = call(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	struct vcpu vcpu;

	vcpu.fd = call(vm, KVM_CREATE_VCPU, (void *)(uintptr_t)id, "KVM_CREATE_VCPU");
	vcpu.run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu.fd, 0);
	if (vcpu.run == MAP_FAILED)
		die("mmap");
	call(vcpu.fd, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	call(vcpu.fd, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	call(vcpu.fd, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	if (halts)
		call(vcpu.fd, KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");
	if (stats)
		call(vcpu.fd, KVM_GET_STATS_FD, NULL, "KVM_GET_STATS_FD");
	return vcpu;
}

static void run(const struct vcpu *vcpu)
{
	if (ioctl(vcpu->fd, KVM_RUN, NULL) && errno != EINTR)
		die("KVM_RUN");
	if (vcpu->run->exit_reason != KVM_EXIT_HLT)
		exit(2);
}

static void *run_for_ever(void *argument)
{
	const struct vcpu *vcpu = argument;

	/* It is halted in there. */
	while (!ioctl(vcpu->fd, KVM_RUN, NULL) || errno == EINTR)
		;
	return NULL;
}

static void raise_limit(unsigned int files)
{
	struct rlimit limit = { .rlim_cur = files, .rlim_max = files };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
}

int main(int argc, char **argv)
{
	const unsigned int vms = argc > 3 ? (unsigned int)atoi(argv[1]) : 0;
	const unsigned int vcpus = argc > 3 ? (unsigned int)atoi(argv[2]) : 0;
	const unsigned int all = vms * vcpus;
	bool halts = false;
	bool stats = false;
	struct vcpu *list;
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t again;
	void *memory;
	int number;
	int kvm;

	for (int i = 4; i < argc; i++) {
		halts |= !strcmp(argv[i], "halt");
		stats |= !strcmp(argv[i], "stats");
	}
	if (!all) {
		fprintf(stderr, "usage: top_vmm VMS VCPUS CPUIDS [halt] [stats]\n");
		return 2;
	}
	raise_limit(2 * all + vms + 64);
	sigemptyset(&again);
	sigaddset(&again, SIGUSR1);
	sigprocmask(SIG_BLOCK, &again, NULL);
	code[1] = (uint8_t)atoi(argv[3]);
	code[2] = (uint8_t)(atoi(argv[3]) >> 8);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	list = calloc(all, sizeof(*list));
	if (memory == MAP_FAILED || !list)
		die("memory");
	memcpy((char *)memory + CODE, code, sizeof(code));
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm");
	for (unsigned int i = 0; i < vms; i++) {
		const int vm = create_vm(kvm, halts, memory);

		for (unsigned int j = 0; j < vcpus; j++)
			list[i * vcpus + j] = create_vcpu(kvm, vm, j, halts, stats);
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (unsigned int i = 0; halts && i < all; i++) {
		errno = pthread_create(&thread, &attr, run_for_ever, &list[i]);
		if (errno)
			die("a thread");
	}
	do {
		for (unsigned int i = 0; !halts && i < all; i++)
			run(&list[i]);
		puts("ready");
		fflush(stdout);
	} while (!sigwait(&again, &number));
	return 1;
}

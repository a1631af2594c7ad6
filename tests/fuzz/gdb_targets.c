// SPDX-License-Identifier: GPL-2.0
/*
 * gdb:		what gdb sends; after a NUL a byte that says what happens to the
 *		guest, or that gdb leaves and comes. With a '+' at its start frames are acknowledged
 * agent:	an agent expression
 */
#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "fake_target.h"
#include "kernel.h"
#include "session.h"

/* Each may run through many expressions. */
#define EVENTS_MAX	32

/* Bytes that nothing else that happens needs. */
#define GDB_LEAVES	0xfe
#define GDB_COMES	0xff

#define DR6_STEP	(1 << 14)

static int attach(void *context, pid_t pid, bool wide, struct vm **vm, const char **why)
{
	(void)context;
	(void)wide;
	if (pid != FAKE_PID + 1) {
		*why = "this process has no VM";
		return -ENOENT;
	}
	struct fake *fake = fake_create();

	fake->base.pid = pid;
	return vm_create(&fake->base, wide, vm);
}

/* All that is started is the same, and nothing of it is outside of us. */
static int start(void *context, char *const arguments[], bool wide, struct vm **vm, const char **why)
{
	static pid_t last = FAKE_PID + 1;
	struct fake *fake;
	int err;

	(void)context;
	if (!*arguments[0] || strcmp(arguments[0], "a")) {
		*why = "no such program";
		return -ENOENT;
	}
	fake = fake_create();
	fake->base.pid = ++last;
	err = vm_create(&fake->base, wide, vm);
	if (!err)
		(*vm)->target->is_started = true;
	return err;
}

static int list_vms(void *context, struct buffer *xml)
{
	(void)context;
	buffer_text(xml, "<item/>\n");
	return 0;
}

/* Files are those of the folder it runs in. */
static const struct session_host *get_host(void)
{
	static struct session_host host = { .attach = attach, .start = start, .vms = list_vms, .comes_back = true };
	static struct kernel *kernel;

	if (!kernel) {
		if (kernel_open("/proc/self/exe", &kernel))
			abort();
		host.kernel = kernel;
		host.folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return &host;
}

/* What may happen to a vcpu that runs. */
static void happen(struct fake *fake, uint8_t what)
{
	const unsigned int vcpu = what % FAKE_VCPUS;
	uint64_t rip = fake_register(fake, vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RIP);
	struct target_event event = { .kind = TARGET_DEBUG, .vcpu = vcpu };

	if (!fake->running[vcpu])
		return;
	switch (what / FAKE_VCPUS % 10) {
	case 8:
	case 9:
		event.kind = what & 16 ? TARGET_WRITE : TARGET_OTHERS_WRITE;
		event.gpa = (uint64_t)(what >> 5) % FAKE_PAGES * 4096;
		event.writer = (struct target_writer){ .kind = TARGET_WRITER_THREAD + what % 3, .tid = what, .comm = "writer" };
		fake->memory[event.gpa + 0x10] ^= what;
		break;
	case 0:
		event.debug = (struct kvm2_debug_event){ .exception = 3, .pc = rip };
		break;
	case 1:
		rip++;
		event.debug = (struct kvm2_debug_event){ .exception = 1, .pc = rip, .dr6 = DR6_STEP };
		break;
	case 2:
		event.debug = (struct kvm2_debug_event){
			.exception = 1, .pc = rip, .dr6 = what >> 4, .dr7 = fake->debug[vcpu].dr7,
		};
		break;
	case 3:
		event.kind = TARGET_HELD;
		break;
	case 4:
		event.kind = TARGET_VCPU_GONE;
		fake->base.vcpus[vcpu].gone = true;
		fake->gone[vcpu] = true;
		break;
	case 5:
		event = (struct target_event){ .kind = TARGET_EXITED, .status = what << 8 };
		fake->exited = true;
		break;
	case 6:
		event.kind = TARGET_CRASHED;
		event.text = "it cannot go on";
		event.is_emulation = what & 32;
		break;
	default:
		/* On to the next breakpoint. */
		for (rip++; rip < FAKE_MEMORY_BYTES && fake->memory[rip] != 0xcc; rip++)
			;
		event.debug = (struct kvm2_debug_event){ .exception = 3, .pc = rip };
		break;
	}
	fake_set_register(fake, vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, rip);
	fake->event = event;
	fake->has_event = true;
}

/* Whatever was asked for, the guest is left as it was, if it is still there. */
static void check_left(const struct fake *after)
{
	bool left = !after->detached || (!after->exited && after->patches);

	for (unsigned int i = 0; i < FAKE_PAGES && !after->exited; i++)
		left |= after->is_watched[i];
	for (unsigned int i = 0; i < FAKE_VCPUS && !left && !after->exited; i++) {
		const struct target_debug *debug = &after->debug[i];

		left = !after->gone[i] && (debug->step || debug->software || debug->dr7 & 0xff);
	}
	if (!left)
		return;
	fprintf(stderr, "fuzz: left behind: %d int3s, DR7 %llx and %llx, detached %d\n", after->patches,
		(unsigned long long)after->debug[0].dr7, (unsigned long long)after->debug[1].dr7,
		after->detached);
	abort();
}

static void set_acks(struct session *session, bool on)
{
	session->no_ack = !on;
	session->reader.no_checksum = !on;
}

static void run_gdb(const uint8_t *bytes, size_t size)
{
	const bool is_acked = size && bytes[0] == '+';
	struct session session;
	unsigned int events = 0;
	struct fake after = { 0 };
	struct fake *fake = fake_create();
	struct vm *vm;

	fake->after = &after;
	if (session_init(&session, get_host(), true))
		abort();
	if (vm_create(&fake->base, true, &vm) || session_add_vm(&session, vm))
		abort();
	set_acks(&session, is_acked);
	while (size) {
		const uint8_t *nul = memchr(bytes, 0, size);
		const size_t length = nul ? (size_t)(nul - bytes) : size;

		session_input(&session, bytes, length);
		bytes += length;
		size -= length;
		if (size > 1 && bytes[1] == GDB_LEAVES) {
			session_leave(&session);
			set_acks(&session, is_acked);
		} else if (size > 1 && bytes[1] == GDB_COMES) {
			session_come(&session);
		} else if (size > 1 && !after.detached && events++ < EVENTS_MAX) {
			happen(fake, bytes[1]);
		}
		session_poll(&session);
		buffer_clear(&session.out);
		bytes += size > 1 ? 2 : size;
		size -= size > 1 ? 2 : size;
	}
	session_fini(&session);
	check_left(&after);
}

/* ---- expressions ---- */

static int read_register(void *context, unsigned int number, uint64_t *value)
{
	(void)context;
	*value = number * 0x1111ULL;
	return number < 100 ? 0 : -ENOENT;
}

static int read_memory(void *context, uint64_t address, void *data, size_t size)
{
	(void)context;
	if (address > 0x10000)
		return -EFAULT;
	memset(data, (uint8_t)address, size);
	return 0;
}

static int get_variable(void *context, unsigned int number, uint64_t *value)
{
	(void)number;
	*value = *(uint64_t *)context;
	return 0;
}

static int set_variable(void *context, unsigned int number, uint64_t value)
{
	(void)number;
	*(uint64_t *)context = value;
	return 0;
}

static void print(void *context, const char *text, size_t length)
{
	volatile char last = length ? text[length - 1] : 0;

	(void)context;
	(void)last;
}

static void run_agent(const uint8_t *bytes, size_t size)
{
	uint64_t variable = 7;
	uint64_t value;
	const struct agent_access access = {
		.context = &variable,
		.read_register = read_register,
		.read_memory = read_memory,
		.get_variable = get_variable,
		.set_variable = set_variable,
		.print = print,
	};

	agent_evaluate(bytes, size, &access, &value);
}

static const char *const packets[] = {
	"$", "#00", "\x03", "?", "!", "Hg0", "Hc-1", "g", "G", "p", "P", "m1000,10", "x1000,10",
	"M1000,1:cc", "X1000,1:", "Z0,1000,1", "z0,1000,1", "Z1,1000,1", "Z2,2000,8", "Z4,2000,4",
	"Z2,1010,4", "Z2,1ff0,20", "z2,1010,4",
	"QTinit", "QTDP:1:2000:E:0:0-", "QTDP:1:1001:E:2:0-", "QTDP:-1:2000:R1-", "QTDP:-1:1001:SM0,0,10X3,2e0001",
	"QTDV:1:5:0:78", "QTStart", "QTStop", "QTFrame:0", "QTFrame:ffffffff", "QTFrame:pc:2000", "QTBuffer:circular:1",
	"QTBuffer:size:100", "qTStatus", "qTP:1:2000", "qTV:1", "qTBuffer:0,40", "QTDisconnected:1", "QTSave:", "qTfP", "qXfer:traceframe-info:read::0,fff",
	";X3,220027", ";cmds:1,X3,220027", "D", "c", "s", "vCont?", "vCont;c", "vCont;s:1;c",
	"vCont;r1000,1010:1", "vCont;t", "vCtrlC", "vStopped", "vAttach;78", "vRun;61", "vRun;61;2d62;", "vRun;", "vKill;79", "k", "qAttached:79", "qSupported:multiprocess+",
	"qfThreadInfo", "qXfer:features:read:target.xml:0,fff", "qXfer:threads:read::0,fff",
	"qSearch:memory:0;1000;", "qCRC:0,100", "QNonStop:1", "QStartNoAckMode", "p77.1", "qRcmd,",
	"qRcmd,7074203078313030", "qRcmd,6c61706963", "qRcmd,697271", "qRcmd,7068797320", "6f6e",
	"qRcmd,617320", "qRcmd,6b61736c72", "qRcmd,73746570", "qXfer:osdata:read::0,fff",
	"qXfer:osdata:read:vms:0,fff", "qXfer:osdata:read:vcpus:0,fff", "qXfer:osdata:read:memory:0,fff",
	"qXfer:exec-file:read:77:0,fff", "qOffsets", "vFile:open:2e2f,0,0", "vFile:open:67,0,0",
	"vFile:pread:0,10,0", "vFile:fstat:0", "vFile:close:0", "vFile:setfs:0",
	":", ",", ";", "-1", "}", "*", "\0", NULL,
};

static const struct fuzz_target targets[] = {
	{ "gdb", run_gdb, packets },
	{ "agent", run_agent, packets },
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

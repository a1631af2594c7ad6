// SPDX-License-Identifier: GPL-2.0
/* kvm2gdb: gdb on a pipe or a socket, guests by ptrace, a watching process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"
#include "inspect.h"
#include "journal.h"
#include "kernel.h"
#include "launch.h"
#include "listen.h"
#include "options.h"
#include "privileges.h"
#include "process.h"
#include "server.h"
#include "session.h"
#include "target_classic.h"
#include "target_kvm2.h"
#include "thread.h"
#include "vmm_scan.h"
#include "vms.h"

static int hold(pid_t pid, struct target **target, const char **why)
{
	int err = target_kvm2_attach(pid, target);

	return err == -ENOENT || err == -ENOSYS ? target_classic_attach(pid, target, why) : err;
}

/* Without a stop, if there is a way. */
static int inspect(pid_t pid, struct target **target, const char **why)
{
	int err = inspect_kvm2_attach(pid, target);
	int reason;

	if (err != -ENOENT && err != -ENOSYS)
		return err;
	reason = inspect_copy_attach(pid, target, why);
	if (!reason || *why || reason == -ENOENT)
		return reason;
	err = inspect_stop_attach(pid, target, why);
	if (!err)
		fprintf(stderr, "kvm2gdb: process %d: each look at registers stops a vcpu for a moment: %s\n",
			(int)pid, reason == -EOPNOTSUPP ? "only those of AMD's processors can be read otherwise" :
			reason == -EPERM ? "BPF, which could read them, is for root" : strerror(-reason));
	return err;
}

/**
 * struct work - the worker's
 * @process:	that the command line names, or has started
 * @server:	whom it works for
 * @launch:	a program on its way
 * @message:	why it did not come far
 */
struct work {
	const struct options *options;
	struct process process;
	const struct server *server;
	struct launch launch;
	char message[LAUNCH_MESSAGE_SIZE];
};

static int attach(void *context, pid_t pid, bool wide, struct vm **vm, const char **why)
{
	const struct work *work = context;
	struct target *target;
	int err = work->options->inspect ? inspect(pid, &target, why) : hold(pid, &target, why);

	if (*why)
		return err;
	if (err == -ENOENT)
		*why = "this process has no VM";
	else if (err == -ESRCH)
		*why = "no such process";
	else if (err == -EPERM || err == -EACCES)
		*why = "not allowed to trace this process";
	if (err)
		return err;
	target->started = vmm_scan_started(pid);
	return vm_create(target, wide, vm);
}

/* A program has been started: its guest, from its first instruction on. */
static int attach_launched(struct work *work, bool wide, struct vm **vm, const char **why)
{
	const struct launch_limits limits = { work->options->wait_s, work->server->gdb, work->server->parent };
	const pid_t pid = work->launch.pid;
	int err = launch_wait(&work->launch, &limits, work->message);

	if (err)
		*why = work->message;
	else
		err = attach(work, pid, wide, vm, why);
	if (err) {
		launch_abort(&work->launch);
		return err;
	}
	(*vm)->target->is_started = true;
	launch_end(&work->launch);
	return 0;
}

/* gdb does not show why, but its terminal has our stderr as well. */
static int tell_not_started(const struct work *work, int err, const char *why)
{
	if (why == work->message)
		fprintf(stderr, "kvm2gdb: %s\n", why);
	else
		fprintf(stderr, "kvm2gdb: %s: attach: %s\n", work->launch.program, why ? why : strerror(-err));
	return err;
}

/* As session_host.start. */
static int start(void *context, char *const arguments[], bool wide, struct vm **vm, const char **why)
{
	struct work *work = context;
	int err = launch_begin(&work->launch, arguments, work->message);

	if (err)
		*why = work->message;
	else
		err = attach_launched(work, wide, vm, why);
	if (err)
		return tell_not_started(work, err, *why);
	/* The same program again, for who listens: it waits for this one now. */
	if (work->options->program) {
		process_close(&work->process);
		process_open(&work->process, (*vm)->target->pid, -1, work->message);
	}
	return 0;
}

static int list_vms(void *context, struct buffer *xml)
{
	(void)context;
	return vms_list(xml);
}

static int count_exits(void *context, pid_t pid, struct buffer *text)
{
	(void)context;
	return vms_exits(pid, text);
}

/* What is said on stderr gdb's console may have no place for. */
static int save_frames(void *context, const struct vm *vm)
{
	const struct work *work = context;
	int err = frames_write(work->options->frames, vm);

	if (err)
		fprintf(stderr, "kvm2gdb: %s: %s\n", work->options->frames, strerror(-err));
	return err;
}

/* With the privileges that are left. Return: 0; 1, and it is said: there can be no such file. */
static int try_frames(const struct options *options)
{
	int err = options->frames ? frames_try(options->frames) : 0;

	if (err)
		fprintf(stderr, "kvm2gdb: %s: %s\n", options->frames, strerror(-err));
	return err != 0;
}

/* Return: 0; 1, and it is said: they cannot be dropped. */
static int drop_privileges(void)
{
	int err = privileges_drop();

	if (err)
		fprintf(stderr, "kvm2gdb: give up privileges: %s\n", strerror(-err));
	return err != 0;
}

/* Return: 0; 1, and it is said: something is not there. */
static int open_files(const struct options *options, struct session_host *host, struct kernel **kernel)
{
	int err = options->vmlinux ? kernel_open(options->vmlinux, kernel) : 0;

	if (err) {
		fprintf(stderr, "kvm2gdb: %s: %s\n", options->vmlinux,
			err == -EINVAL ? "no ELF file with symbols" : strerror(-err));
		return 1;
	}
	host->kernel = *kernel;
	if (!options->files)
		return 0;
	host->folder = open(options->files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (host->folder < 0)
		fprintf(stderr, "kvm2gdb: %s: %s\n", options->files, strerror(errno));
	return host->folder < 0;
}

/* As server.attach, unless gdb has it already: it was traced on. */
static int attach_named(struct session *session)
{
	const struct work *work = session->host->context;
	const pid_t pid = work->process.pid;
	const char *why = NULL;
	struct vm *vm;
	int err = 0;

	for (unsigned int i = 0; i < session->nr_vms; i++)
		if (session->vms[i]->target->pid == pid)
			return 0;
	if (!pid)
		return 0;
	if (process_has_ended(&work->process))
		err = -ESRCH;
	if (!err)
		err = attach(session->host->context, pid, true, &vm, &why);
	/* That its number is still its own is certain now. */
	if (!err && process_has_ended(&work->process)) {
		vm_destroy(vm);
		err = -ESRCH;
	}
	if (!err)
		err = session_add_vm(session, vm);
	if (!err)
		return 0;
	fprintf(stderr, "kvm2gdb: process %d: attach: %s\n", (int)pid,
		why ? why : err == -ESRCH ? "no such process" : strerror(-err));
	return 1;
}

/* All that is named on the command line. Return: 0; 1, and it is said: it is not there. */
static int open_named(struct work *work, struct session_host *host, struct kernel **kernel, struct listener *listener)
{
	const struct options *options = work->options;
	char message[LISTEN_MESSAGE_SIZE];

	_Static_assert(LISTEN_MESSAGE_SIZE >= PROCESS_MESSAGE_SIZE, "one is for both");
	if (open_files(options, host, kernel))
		return 1;
	if (!process_open(&work->process, options->pid, options->pidfd, message) &&
	    (!options->listen || !listen_open(listener, options->listen, message)))
		return 0;
	fprintf(stderr, "kvm2gdb: %s\n", message);
	return 1;
}

/* With all privileges still. Return: 0; 1, and it is said: it cannot be started. */
static int begin_program(struct work *work)
{
	if (!work->options->program)
		return 0;
	if (!launch_begin(&work->launch, work->options->program, work->message) &&
	    !process_open(&work->process, work->launch.pid, -1, work->message))
		return 0;
	fprintf(stderr, "kvm2gdb: %s\n", work->message);
	return 1;
}

/* Return: 0; 1, and it is said: its guest is not there. */
static int hold_program(struct work *work, struct session *session)
{
	const char *why = NULL;
	struct vm *vm;
	int err;

	if (!work->options->program)
		return 0;
	err = attach_launched(work, true, &vm, &why);
	if (err)
		return tell_not_started(work, err, why) != 0;
	return session_add_vm(session, vm) != 0;
}

/* The guest runs until gdb is there, but for one that is started. */
static int work(const struct options *options, int parent)
{
	struct work work = { .options = options, .process.fd = -1 };
	struct session_host host = {
		.attach = attach, .start = options->inspect ? NULL : start, .program = options->program, .vms = list_vms, .exits = count_exits, .folder = -1,
		.save_frames = options->frames ? save_frames : NULL, .comes_back = options->listen && !options->once, .context = &work,
	};
	struct session session;
	struct server server = {
		.session = &session, .attach = attach_named, .process = &work.process, .listener.fd = -1, .parent = parent, .gdb = options->listen ? -1 : STDIN_FILENO,
	};
	struct kernel *kernel = NULL;
	int status = 1;

	work.server = &server;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	/* A whole packet, so that we need not wait in the middle. */
	if (!options->listen)
		fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 2 * SESSION_PACKET_BYTES);
	if (!threads_init() && !open_named(&work, &host, &kernel, &server.listener) && !begin_program(&work) &&
	    !drop_privileges() && !try_frames(options)) {
		session_init(&session, &host, true);
		status = hold_program(&work, &session) || server_run(&server);
		session_fini(&session);
	}
	launch_abort(&work.launch);
	listen_close(&server.listener);
	process_close(&work.process);
	kernel_close(kernel);
	return status;
}

int main(int argc, char **argv)
{
	char message[OPTIONS_MESSAGE_SIZE];
	struct options options;
	int status;
	pid_t worker;
	int parent;

	if (options_parse(&options, argc, argv, message)) {
		fprintf(stderr, "kvm2gdb: %s\nTry kvm2gdb --help.\n", message);
		return 2;
	}
	if (options.help || options.version) {
		if (options.help)
			options_help(stdout);
		else
			puts("kvm2gdb " KVM2_VERSION);
		return fflush(stdout) ? 1 : 0;
	}
	parent = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (parent < 0 || journal_init()) {
		perror("kvm2gdb");
		return 1;
	}
	worker = fork();
	if (worker < 0) {
		perror("kvm2gdb");
		return 1;
	}
	if (!worker) {
		setsid();
		return work(&options, parent);
	}
	/* ^C is for gdb, which shares the terminal, unless it is elsewhere. */
	if (!options.listen)
		signal(SIGINT, SIG_IGN);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (options.pidfd >= 0)
		close(options.pidfd);
	if (drop_privileges())
		return 1;
	status = journal_watch(worker);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

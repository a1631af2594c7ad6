// SPDX-License-Identifier: GPL-2.0
/* kvm2gdb: gdb on a pipe or a socket, guests by ptrace, a watching process. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect.h"
#include "journal.h"
#include "kernel.h"
#include "listen.h"
#include "options.h"
#include "session.h"
#include "target_classic.h"
#include "target_kvm2.h"
#include "thread.h"
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

static int attach(void *context, pid_t pid, bool wide, struct vm **vm, const char **why)
{
	const struct options *options = context;
	struct target *target;
	int err = options->inspect ? inspect(pid, &target, why) : hold(pid, &target, why);

	if (*why)
		return err;
	if (err == -ENOENT)
		*why = "this process has no VM";
	else if (err == -ESRCH)
		*why = "no such process";
	else if (err == -EPERM || err == -EACCES)
		*why = "not allowed to trace this process";
	return err ? err : vm_create(target, wide, vm);
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

/**
 * struct connection - with gdb
 * @in, @out: the same for a socket
 */
struct connection {
	int in;
	int out;
};

static bool send_all(struct session *session, int out)
{
	size_t done = 0;

	while (done < session->out.used) {
		ssize_t n = write(out, session->out.data + done, session->out.used - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	buffer_clear(&session->out);
	return true;
}

/* Files of guests, while any runs. Return: how many. */
static nfds_t add_guests(const struct session *session, struct pollfd *fds)
{
	nfds_t count = 0;

	for (unsigned int i = 0; i < session->nr_vms && session_is_running(session); i++) {
		const struct target *target = session->vms[i]->target;
		int fd = target->ops->event_fd ? target->ops->event_fd(target) : -1;

		if (fd >= 0)
			fds[count++] = (struct pollfd){ fd, POLLIN, 0 };
	}
	return count;
}

/* Until gdb closes, or the process that was started dies. */
static void serve(struct session *session, const struct connection *gdb, int children, int parent)
{
	static uint8_t data[65536];
	struct pollfd fds[3 + SESSION_VMS_MAX] = {
		{ gdb->in, POLLIN, 0 }, { children, POLLIN, 0 }, { parent, POLLIN, 0 },
	};

	bool news = true;

	while (!session->ended && send_all(session, gdb->out)) {
		struct signalfd_siginfo info;
		ssize_t n;

		/* While all stand only a signal has news. */
		if (news || session_is_running(session)) {
			threads_collect();
			session_poll(session);
			news = false;
		}
		if (session->out.used)
			continue;
		if (poll(fds, 3 + add_guests(session, fds + 3), session_is_running(session) ? 200 : -1) < 0 && errno != EINTR)
			return;
		if (fds[2].revents)
			return;
		news = fds[1].revents;
		if (news && read(children, &info, sizeof(info)) < 0)
			continue;
		if (fds[0].revents) {
			n = read(gdb->in, data, sizeof(data));
			if (n <= 0)
				return;
			session_input(session, data, (size_t)n);
		}
	}
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

/* Return: 0; 1, and it is said: there is no gdb. */
static int connect_gdb(const struct options *options, int parent, struct connection *gdb)
{
	char message[LISTEN_MESSAGE_SIZE];

	*gdb = (struct connection){ STDIN_FILENO, STDOUT_FILENO };
	if (!options->listen) {
		/* A whole packet, so that we need not wait in the middle. */
		fcntl(gdb->out, F_SETPIPE_SZ, 2 * SESSION_PACKET_BYTES);
		return 0;
	}
	gdb->in = listen_accept(options->listen, parent, message);
	gdb->out = gdb->in;
	if (gdb->in >= 0)
		return 0;
	fprintf(stderr, "kvm2gdb: %s\n", message);
	return 1;
}

static int attach_first(struct session *session, pid_t pid)
{
	const char *why = NULL;
	struct vm *vm;
	int err = attach(session->host->context, pid, true, &vm, &why);

	if (!err)
		err = session_add_vm(session, vm);
	if (!err)
		return 0;
	fprintf(stderr, "kvm2gdb: process %d: attach: %s\n", (int)pid, why ? why : strerror(-err));
	return 1;
}

static int work(const struct options *options, int parent)
{
	struct session_host host = {
		.attach = attach, .vms = list_vms, .exits = count_exits, .folder = -1,
		.context = (void *)(uintptr_t)options,
	};
	struct kernel *kernel = NULL;
	struct connection gdb;
	struct session session;
	sigset_t set;
	int children;
	int err = threads_init();

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (err || children < 0)
		return 1;
	/* The guest runs until gdb is there. */
	if (open_files(options, &host, &kernel) || connect_gdb(options, parent, &gdb))
		return 1;
	session_init(&session, &host, true);
	err = options->pid ? attach_first(&session, options->pid) : 0;
	if (!err) {
		serve(&session, &gdb, children, parent);
		session_fini(&session);
	}
	kernel_close(kernel);
	return err;
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
	signal(SIGINT, SIG_IGN);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	status = journal_watch(worker);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// SPDX-License-Identifier: GPL-2.0
/* kvm2gdb: gdb on stdin and stdout, guests by ptrace, a watching process. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal.h"
#include "options.h"
#include "session.h"
#include "target_classic.h"
#include "target_kvm2.h"
#include "thread.h"

static int attach(void *context, pid_t pid, bool wide, struct vm **vm, const char **why)
{
	struct target *target;
	int err = target_kvm2_attach(pid, &target);

	(void)context;
	if (err == -ENOENT || err == -ENOSYS)
		err = target_classic_attach(pid, &target, why);
	if (err == -ENOENT)
		*why = "this process has no VM";
	else if (err == -ESRCH)
		*why = "no such process";
	else if (err == -EPERM || err == -EACCES)
		*why = "not allowed to trace this process";
	return err ? err : vm_create(target, wide, vm);
}

static bool send_all(struct session *session)
{
	size_t done = 0;

	while (done < session->out.used) {
		ssize_t n = write(STDOUT_FILENO, session->out.data + done, session->out.used - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	buffer_clear(&session->out);
	return true;
}

/* Until gdb closes, or the process that was started dies. */
static void serve(struct session *session, int children, int parent)
{
	static uint8_t data[65536];
	struct pollfd fds[] = {
		{ STDIN_FILENO, POLLIN, 0 }, { children, POLLIN, 0 }, { parent, POLLIN, 0 },
	};

	while (!session->ended && send_all(session)) {
		struct signalfd_siginfo info;
		ssize_t n;

		threads_collect();
		session_poll(session);
		if (session->out.used)
			continue;
		if (poll(fds, 3, session_is_running(session) ? 200 : -1) < 0 && errno != EINTR)
			return;
		if (fds[2].revents)
			return;
		if (fds[1].revents && read(children, &info, sizeof(info)) < 0)
			continue;
		if (fds[0].revents) {
			n = read(STDIN_FILENO, data, sizeof(data));
			if (n <= 0)
				return;
			session_input(session, data, (size_t)n);
		}
	}
}

static int work(pid_t pid, int parent)
{
	const struct session_host host = { .attach = attach };
	struct session session;
	struct vm *vm = NULL;
	const char *why = NULL;
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
	session_init(&session, &host, true);
	if (pid) {
		err = attach(NULL, pid, true, &vm, &why);
		if (!err)
			err = session_add_vm(&session, vm);
		if (err) {
			fprintf(stderr, "kvm2gdb: process %d: attach: %s\n", (int)pid,
				why ? why : strerror(-err));
			return 1;
		}
	}
	serve(&session, children, parent);
	session_fini(&session);
	return 0;
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
		return work(options.pid, parent);
	}
	signal(SIGINT, SIG_IGN);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	status = journal_watch(worker);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

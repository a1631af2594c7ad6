// SPDX-License-Identifier: GPL-2.0
// What is done when a condition begins to hold.
#include "action.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "columns.h"

#define PATH_SIZE	512
#define SECONDS_MAX	3600

enum action_kind { ACTION_RECORD, ACTION_EXEC, ACTION_QUIT };

/**
 * struct order - what the child is told
 * @pid:	of the VM's process
 * @seconds:	how long
 * @file:	where to
 */
struct order {
	pid_t pid;
	double seconds;
	char file[PATH_SIZE];
};

struct action {
	enum action_kind kind;
	const struct condition *condition;
	const char *text;		/* the file or the command; "": a file's name is made */
	double seconds;
	bool quiet;
	bool holds;
	bool wants_end;
	int child_fd;
	pid_t child;
	pid_t command;
};

static bool parse(const char *what, struct action *action)
{
	char *end;

	action->text = "";
	if (!strcmp(what, "quit")) {
		action->kind = ACTION_QUIT;
		return true;
	}
	if (!strncmp(what, "exec:", 5)) {
		action->kind = ACTION_EXEC;
		action->text = what + 5;
		return *action->text;
	}
	if (strncmp(what, "record:", 7))
		return false;
	action->kind = ACTION_RECORD;
	action->seconds = strtod(what + 7, &end);
	if (end == what + 7 || !(action->seconds > 0 && action->seconds <= SECONDS_MAX))
		return false;
	end += *end == 's';
	if (*end == ':')
		action->text = end + 1;
	return !*end || *action->text;
}

bool action_is_valid(const char *what)
{
	struct action action = { 0 };

	return parse(what, &action);
}

/* What kvm2top has changed for itself is no business of other programs. */
static void be_ordinary(bool quiet)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	if (!quiet)
		return;
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
}

/* ---- the child that may record ---- */

/* kvm2trace is beside kvm2top, or where programs are. */
static void run_trace(const struct order *order, bool quiet)
{
	char self[PATH_SIZE];
	char path[PATH_SIZE + 16];
	char pid[16];
	char seconds[32];
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	be_ordinary(quiet);
	/* Its owner has to be there. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(pid, sizeof(pid), "%d", (int)order->pid);
	snprintf(seconds, sizeof(seconds), "%.3f", order->seconds);
	if (length > 0) {
		self[length] = '\0';
		snprintf(path, sizeof(path), "%s/kvm2trace", dirname(self));
		execl(path, "kvm2trace", "-p", pid, "--for", seconds, "-o", order->file, (char *)NULL);
	}
	execlp("kvm2trace", "kvm2trace", "-p", pid, "--for", seconds, "-o", order->file, (char *)NULL);
	fprintf(stderr, "kvm2top: kvm2trace: %s\n", strerror(errno));
	_exit(127);
}

static void obey(int fd, bool quiet)
{
	struct order order;
	pid_t trace = 0;

	signal(SIGINT, SIG_IGN);
	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		/* Who has ended is not waited for all the time. */
		if (poll(&poll_fd, 1, trace ? 200 : -1) < 0 && errno != EINTR)
			break;
		if (trace && waitpid(trace, NULL, WNOHANG) == trace)
			trace = 0;
		if (!poll_fd.revents)
			continue;
		n = recv(fd, &order, sizeof(order), 0);
		if (n <= 0)
			break;
		/* One at a time. */
		if (n != (ssize_t)sizeof(order) || trace)
			continue;
		order.file[sizeof(order.file) - 1] = '\0';
		trace = fork();
		if (!trace)
			run_trace(&order, quiet);
		if (trace < 0)
			trace = 0;
	}
	if (trace) {
		kill(trace, SIGTERM);
		waitpid(trace, NULL, 0);
	}
	_exit(0);
}

static int start_child(struct action *action)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	action->child = fork();
	if (action->child < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!action->child) {
		close(fds[0]);
		obey(fds[1], action->quiet);
	}
	close(fds[1]);
	action->child_fd = fds[0];
	return 0;
}

/* ---- the action ---- */

struct action *action_create(const struct condition *condition, const char *what, bool quiet,
			     char message[static ACTION_MESSAGE_SIZE])
{
	struct action *action = calloc(1, sizeof(*action));
	int error = 0;

	if (!action)
		return NULL;
	action->child_fd = -1;
	action->condition = condition;
	action->quiet = quiet;
	if (!parse(what, action))
		error = -EINVAL;
	else if (action->kind == ACTION_RECORD)
		error = start_child(action);
	if (error) {
		snprintf(message, ACTION_MESSAGE_SIZE, "--do %.60s: %s", what, strerror(-error));
		action_destroy(action);
		return NULL;
	}
	return action;
}

void action_destroy(struct action *action)
{
	if (!action)
		return;
	if (action->child_fd >= 0)
		close(action->child_fd);
	if (action->child > 0)
		waitpid(action->child, NULL, 0);
	if (action->command > 0)
		waitpid(action->command, NULL, 0);
	free(action);
}

static void record(struct action *action, const struct vm *vm, const char *name)
{
	struct order order = { .pid = (pid_t)vm->tgid, .seconds = action->seconds };
	const time_t now = time(NULL);
	char stamp[32] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	if (action->text[0])
		snprintf(order.file, sizeof(order.file), "%s", action->text);
	else
		snprintf(order.file, sizeof(order.file), "kvm2top-%s-%s.dat", name, stamp);
	send(action->child_fd, &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void execute(struct action *action, const struct vm *vm, const char *name)
{
	char pid[16];

	if (action->command > 0 && waitpid(action->command, NULL, WNOHANG) == 0)
		return;
	action->command = fork();
	if (action->command)
		return;
	be_ordinary(action->quiet);
	snprintf(pid, sizeof(pid), "%u", vm->tgid);
	setenv("KVM2TOP_VM", name, 1);
	setenv("KVM2TOP_PID", pid, 1);
	execl("/bin/sh", "sh", "-c", action->text, (char *)NULL);
	_exit(127);
}

/* A name may not lead to another folder. */
static void safe_name(const struct vm *vm, char *name, size_t size)
{
	column_node_name(&vm->node, name, size);
	for (char *at = name; *at; at++)
		if (*at == '/' || (unsigned char)*at <= ' ')
			*at = '_';
}

void action_look(struct action *action, const struct model *model)
{
	const struct vm *vm = model->interval_ns ? condition_find(action->condition, model) : NULL;
	char name[MODEL_NAME_SIZE];
	const bool begins = vm && !action->holds;

	action->holds = vm;
	if (!begins)
		return;
	safe_name(vm, name, sizeof(name));
	switch (action->kind) {
	case ACTION_RECORD:
		record(action, vm, name);
		break;
	case ACTION_EXEC:
		execute(action, vm, name);
		break;
	case ACTION_QUIT:
		action->wants_end = true;
		break;
	}
}

bool action_wants_end(const struct action *action)
{
	return action->wants_end;
}

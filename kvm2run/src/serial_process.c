// SPDX-License-Identifier: GPL-2.0
// The serial port's process: its loop, and what it says on the line.
#include "serial_process.h"

#include <errno.h>
#include <fcntl.h>
#include <kvm2/kvm2.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io_server.h"
#include "ports.h"
#include "serial.h"

/* How long it may take to end when it is asked to, or has been killed. */
#define END_MS		2000

enum line_type {
	LINE_OUTPUT,		/* from the process: bytes that the guest wrote */
	LINE_INTERRUPT,		/* from it: one byte, the level */
	LINE_MORE,		/* from it: room for one LINE_INPUT */
	LINE_INPUT,		/* to it: bytes for the guest */
};

struct line_message {
	uint8_t type;
	uint8_t bytes[SERIAL_OUT_BYTES];
};

static int send_line(int fd, enum line_type type, const uint8_t *bytes, size_t len, int flags)
{
	struct line_message message = { .type = (uint8_t)type };
	ssize_t n;

	memcpy(message.bytes, bytes, len);
	do {
		n = send(fd, &message, 1 + len, MSG_NOSIGNAL | flags);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Return: bytes of the message; 0 when the other end is closed. */
static size_t receive_line(int fd, struct line_message *message)
{
	ssize_t n;

	do {
		n = recv(fd, message, sizeof(*message), 0);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

/* ---- in the process ---- */

enum { CHILD_IO = 3, CHILD_LINE };

/* @input: the bytes from @taken to @filled are for the guest */
struct child {
	struct ports ports;
	struct serial serial;
	uint8_t input[SERIAL_OUT_BYTES];
	size_t taken;
	size_t filled;
};

/* Nobody hears us any more: our end, too. */
static void say(enum line_type type, const uint8_t *bytes, size_t len)
{
	if (send_line(CHILD_LINE, type, bytes, len, 0))
		_exit(0);
}

static void child_write(void *context, const uint8_t *data, size_t len)
{
	(void)context;
	say(LINE_OUTPUT, data, len);
}

static bool child_read(void *context, bool take, uint8_t *byte)
{
	struct child *child = context;

	if (child->taken == child->filled)
		return false;
	if (!take)
		return true;
	*byte = child->input[child->taken++];
	if (child->taken == child->filled)
		say(LINE_MORE, NULL, 0);
	return true;
}

static void child_interrupt(void *context, bool high)
{
	const uint8_t level = high;

	(void)context;
	say(LINE_INTERRUPT, &level, 1);
}

static void child_hear(struct child *child)
{
	struct line_message message;
	size_t n = receive_line(CHILD_LINE, &message);

	if (!n)
		_exit(0);
	if (message.type != LINE_INPUT || child->taken != child->filled)
		return;
	memcpy(child->input, message.bytes, n - 1);
	child->taken = 0;
	child->filled = n - 1;
	ports_poke(&child->ports, SERIAL_PORT);
}

/* What comes from the terminal is for kvm2run, which ends us. */
static void leave_terminal(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTSTP, SIGHUP };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
}

/* Put the two sockets where they belong; all other files are closed. */
static bool keep_files(int io_fd, int line_fd)
{
	int line = fcntl(line_fd, F_DUPFD, CHILD_LINE + 1);

	return line >= 0 && dup2(io_fd, CHILD_IO) >= 0 && dup2(line, CHILD_LINE) >= 0 &&
	       !syscall(SYS_close_range, CHILD_LINE + 1, ~0U, 0);
}

static _Noreturn void child_main(pid_t parent, int io_fd, int line_fd)
{
	static struct child child;
	const struct serial_backend backend = {
		.write = child_write,
		.read = child_read,
		.context = &child,
		.interrupt = child_interrupt,
	};
	struct pollfd fds[] = {
		{ .fd = CHILD_IO, .events = POLLIN },
		{ .fd = CHILD_LINE, .events = POLLIN },
	};

	prctl(PR_SET_NAME, "kvm2run-serial");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	leave_terminal();
	if (getppid() != parent || !keep_files(io_fd, line_fd))
		_exit(1);
	ports_init(&child.ports);
	serial_init(&child.serial, &backend);
	if (ports_add(&child.ports, SERIAL_PORT, SERIAL_PORTS, &serial_ops, &child.serial))
		_exit(1);
	say(LINE_MORE, NULL, 0);
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			child_hear(&child);
		if (fds[0].revents && io_server_serve(CHILD_IO, &child.ports) <= 0)
			_exit(0);
	}
}

/* ---- in kvm2run ---- */

void serial_process_init(struct serial_process *process)
{
	memset(process, 0, sizeof(*process));
	process->io_fd = -1;
	process->line_fd = -1;
	pthread_mutex_init(&process->lock, NULL);
}

int serial_process_fork(struct serial_process *process, struct failure *failure)
{
	pid_t parent = getpid();
	int io[2], line[2];
	int error;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, io) < 0)
		return failure_set(failure, errno, "serial port: socketpair: %s", strerror(errno));
	process->io_fd = io[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) < 0) {
		error = errno;
		close(io[1]);
		return failure_set(failure, error, "serial port: socketpair: %s", strerror(error));
	}
	process->line_fd = line[0];
	pid = fork();
	error = errno;
	if (!pid)
		child_main(parent, io[1], line[1]);
	close(io[1]);
	close(line[1]);
	if (pid < 0)
		return failure_set(failure, error, "serial port: fork: %s", strerror(error));
	process->pid = pid;
	return 0;
}

/* Return: it has ended, within @ms milliseconds. */
static bool wait_end(const struct serial_process *process, int ms)
{
	struct pollfd end = { .events = POLLIN };
	bool ended;

	end.fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (end.fd < 0)
		return false;
	ended = poll(&end, 1, ms) == 1;
	close(end.fd);
	return ended;
}

int serial_process_explain(const struct serial_process *process, int error,
			   struct failure *failure)
{
	siginfo_t end = { 0 };

	if (error == EPIPE && wait_end(process, END_MS) &&
	    !waitid(P_PID, (id_t)process->pid, &end, WEXITED | WNOHANG | WNOWAIT) && end.si_pid) {
		if (end.si_code == CLD_EXITED)
			return failure_set(failure, error,
				"serial port: its process %d has ended, with status %d",
				process->pid, end.si_status);
		return failure_set(failure, error, "serial port: its process %d was killed: %s",
				   process->pid, strsignal(end.si_status));
	}
	return failure_set(failure, error, "serial port: its process %d: %s", process->pid,
			   error == EPROTO ? "sends what no device may send" : strerror(error));
}

/*
 * It has said that there is room; if there is none it is not what we have
 * started, and nobody waits for it. Context: the lock is held.
 */
static void give_input(struct serial_process *process)
{
	uint8_t bytes[SERIAL_OUT_BYTES];
	size_t n = 0;

	while (process->takes_input && n < sizeof(bytes) &&
	       console_read(process->console, true, &bytes[n]))
		n++;
	if (!n)
		return;
	process->wants_input = false;
	if (send_line(process->line_fd, LINE_INPUT, bytes, n, MSG_DONTWAIT) == -EAGAIN)
		kill(process->pid, SIGKILL);
}

void serial_process_input(struct serial_process *process)
{
	pthread_mutex_lock(&process->lock);
	if (process->wants_input)
		give_input(process);
	pthread_mutex_unlock(&process->lock);
}

static void *line_main(void *argument)
{
	struct serial_process *process = argument;
	struct line_message message;
	struct failure failure;
	size_t n;

	prctl(PR_SET_NAME, "serial line");
	while ((n = receive_line(process->line_fd, &message))) {
		switch ((enum line_type)message.type) {
		case LINE_OUTPUT:
			console_write(process->console, message.bytes, n - 1);
			break;
		case LINE_INTERRUPT:
			process->interrupt(process->context, n > 1 && message.bytes[0]);
			break;
		case LINE_MORE:
			pthread_mutex_lock(&process->lock);
			process->wants_input = true;
			give_input(process);
			pthread_mutex_unlock(&process->lock);
			break;
		case LINE_INPUT:
			break;
		}
	}
	if (!process->stopping) {
		serial_process_explain(process, EPIPE, &failure);
		process->failed(process->context, &failure);
	}
	return NULL;
}

int serial_process_attach(struct serial_process *process, struct failure *failure)
{
	const struct kvm2_io io = {
		.type = KVM2_IO_SOCKET,
		.flags = KVM2_IO_PORTS | KVM2_IO_POSTED,
		.address = SERIAL_PORT,
		.size = SERIAL_PORTS,
		.fd = process->io_fd,
	};
	int err = kvm2_sys_attach_io(&io, sizeof(io));

	if (err)
		return failure_set(failure, -err, "serial port: attach its process: %s",
				   strerror(-err));
	err = pthread_create(&process->thread, NULL, line_main, process);
	if (err)
		return failure_set(failure, err, "serial port: start thread: %s", strerror(err));
	process->started = true;
	return 0;
}

void serial_process_stop(struct serial_process *process)
{
	process->stopping = true;
	/* The end of its transactions is its end, after all that came before. */
	if (process->io_fd >= 0)
		shutdown(process->io_fd, SHUT_RDWR);
	if (process->pid) {
		if (!wait_end(process, END_MS))
			kill(process->pid, SIGKILL);
		if (process->started)
			pthread_join(process->thread, NULL);
		waitpid(process->pid, NULL, 0);
	}
	if (process->io_fd >= 0)
		close(process->io_fd);
	if (process->line_fd >= 0)
		close(process->line_fd);
	process->pid = 0;
	process->started = false;
	process->io_fd = -1;
	process->line_fd = -1;
	pthread_mutex_destroy(&process->lock);
}

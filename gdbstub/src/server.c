// SPDX-License-Identifier: GPL-2.0
/* Conversations with gdb, one after the other, and the guests meanwhile. */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "thread.h"

/* What is polled; a guest's files follow. */
enum {
	GDB,
	CALLERS,
	CHILDREN,
	PARENT,
	PROCESS,
	GUESTS,
};

/**
 * struct line - to gdb, and what else has news
 * @out: what is written to it, which server.gdb may be, too
 * @had_one: there was a conversation before
 * @children: file descriptor of SIGCHLD
 */
struct line {
	struct server *server;
	int out;
	bool had_one;
	bool has_ended;
	int status;
	int children;
};

static bool is_there(const struct line *line)
{
	return line->server->gdb >= 0;
}

static bool send_all(const struct line *line)
{
	struct buffer *out = &line->server->session->out;
	size_t done = 0;

	while (done < out->used) {
		ssize_t n = write(line->out, out->data + done, out->used - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	buffer_clear(out);
	return true;
}

/* ---- one comes, one goes ---- */

static void hang_up(struct line *line)
{
	struct server *server = line->server;
	struct session *session = server->session;

	if (!is_there(line))
		return;
	line->has_ended |= session->is_last || !session->host->comes_back;
	if (server->gdb != STDIN_FILENO)
		close(server->gdb);
	server->gdb = -1;
	line->out = -1;
	line->had_one = true;
	session_leave(session);
}

static void begin(struct line *line, int in, int out)
{
	struct server *server = line->server;

	server->gdb = in;
	line->out = out;
	session_come(server->session);
	if (!server->attach(server->session))
		return;
	/* Whatever is in the way now need not be when another one comes. */
	line->status = !line->had_one;
	line->has_ended |= line->status;
	hang_up(line);
}

/* ---- news ---- */

static void take_caller(struct line *line)
{
	int fd = listen_accept(&line->server->listener, is_there(line));

	if (fd >= 0)
		begin(line, fd, fd);
}

static void read_gdb(struct line *line)
{
	static uint8_t data[65536];
	ssize_t n = read(line->server->gdb, data, sizeof(data));

	if (n > 0)
		session_input(line->server->session, data, (size_t)n);
	else if (!n || errno != EINTR)
		hang_up(line);
}

/* While nobody is there: is there anything that another gdb could want? */
static bool is_worth_waiting(const struct line *line)
{
	const struct server *server = line->server;

	if (!process_has_ended(server->process) || server->session->left.nr_vms)
		return true;
	fprintf(stderr, "kvm2gdb: process %d has ended\n", (int)server->process->pid);
	return false;
}

/* Files of guests, while any runs. Return: how many files there are. */
static nfds_t add_guests(const struct session *session, struct pollfd *fds)
{
	nfds_t count = GUESTS;

	for (unsigned int i = 0; i < session->nr_vms + session->left.nr_vms && session_is_running(session); i++) {
		const struct target *target = i < session->nr_vms ? session->vms[i]->target :
					      session->left.vms[i - session->nr_vms]->target;
		int fd = target->ops->event_fd ? target->ops->event_fd(target) : -1;

		if (fd >= 0)
			fds[count++] = (struct pollfd){ fd, POLLIN, 0 };
	}
	return count;
}

/* Return: something may have happened to a guest, or be told of one. */
static bool wait_for_news(struct line *line)
{
	const struct server *server = line->server;
	const bool is_running = session_is_running(server->session);
	/* What it ended with is heard of once. */
	const int process = is_there(line) || process_has_ended(server->process) ? -1 : server->process->fd;
	struct pollfd fds[GUESTS + SESSION_VMS_MAX] = {
		[GDB] = { server->gdb, POLLIN, 0 },
		[CALLERS] = { server->listener.fd, POLLIN, 0 },
		[CHILDREN] = { line->children, POLLIN, 0 },
		[PARENT] = { server->parent, POLLIN, 0 },
		[PROCESS] = { process, POLLIN, 0 },
	};
	struct signalfd_siginfo info;

	if (poll(fds, add_guests(server->session, fds), is_running ? 200 : -1) < 0) {
		line->has_ended |= errno != EINTR;
		return false;
	}
	line->has_ended |= fds[PARENT].revents != 0;
	/* One that has gone makes room for the next. */
	if (fds[GDB].revents)
		read_gdb(line);
	else if (fds[CALLERS].revents)
		take_caller(line);
	if (fds[CHILDREN].revents && read(line->children, &info, sizeof(info)) > 0)
		return true;
	/* In non-stop mode what is still to be told follows what gdb has taken. */
	return fds[GDB].revents && server->session->non_stop;
}

static void serve(struct line *line)
{
	struct session *session = line->server->session;
	bool news = true;

	while (!line->has_ended) {
		if (is_there(line) && !send_all(line)) {
			hang_up(line);
			continue;
		}
		/* While all stand only a signal has news. */
		if (news || session_is_running(session)) {
			threads_collect();
			session_poll(session);
			news = false;
		}
		if (session->out.used)
			continue;
		if (!is_there(line) && !is_worth_waiting(line))
			break;
		news = wait_for_news(line);
	}
}

int server_run(struct server *server)
{
	struct line line = { .server = server, .out = -1 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	line.children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (line.children < 0)
		return 1;
	server->gdb = -1;
	if (server->listener.fd < 0)
		begin(&line, STDIN_FILENO, STDOUT_FILENO);
	serve(&line);
	hang_up(&line);
	close(line.children);
	return line.status;
}

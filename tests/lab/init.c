// SPDX-License-Identifier: GPL-2.0
/*
 * The lab's first process: mounts, runs one command, looks through the kernel's log, reports and reboots.
 *
 * The launcher (tests/lab/lab) leaves in the folder named by lab= on the kernel's command line
 *     command    a shell script: environment, folder, the user's command
 *     settings   lines NAME=VALUE, see enum setting
 * and gives three virtio ports: lab.out and lab.err for what the command prints, lab.status for the verdict.  Only
 * "done STATUS\n" there says that the lab went through; no other way to end leaves that word behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPLAT_LINES 80
#define KMEMLEAK    "/sys/kernel/debug/kmemleak"

enum setting {
	KEEP,		/* folders below which the checkout and its build lie, seen through the tmpfs over them; ':' between */
	WRITABLE,	/* the one folder the command may write to */
	MODULES,	/* modules to load, ':' between */
	TTY,		/* ROWS:COLUMNS if the command gets a terminal (hvc0) */
	ONE_STREAM,	/* 1: stdout and stderr are the same pipe */
	IGNORE_SPLAT,	/* 1: kernel warnings are not looked for */
	NR_SETTINGS
};

static const char *const setting_names[NR_SETTINGS] = {
	[KEEP]		= "KEEP",
	[WRITABLE]	= "WRITABLE",
	[MODULES]	= "MODULES",
	[TTY]		= "TTY",
	[ONE_STREAM]	= "ONE_STREAM",
	[IGNORE_SPLAT]	= "IGNORE_SPLAT",
};

static const struct {
	const char	*type;
	const char	*where;
	const char	*options;
} mounts[] = {
	{ "proc",	"/proc",			NULL },
	{ "sysfs",	"/sys",				NULL },
	{ "devtmpfs",	"/dev",				NULL },
	{ "devpts",	"/dev/pts",			"mode=620,ptmxmode=666" },
	{ "tmpfs",	"/dev/shm",			"mode=1777" },
	{ "mqueue",	"/dev/mqueue",			NULL },
	{ "hugetlbfs",	"/dev/hugepages",		NULL },
	{ "tmpfs",	"/run",				"mode=755" },
	{ "tmpfs",	"/tmp",				"mode=1777" },
	{ "tmpfs",	"/var/tmp",			"mode=1777" },
	{ "debugfs",	"/sys/kernel/debug",		NULL },
	{ "tracefs",	"/sys/kernel/tracing",		NULL },
	{ "securityfs",	"/sys/kernel/security",		NULL },
	{ "configfs",	"/sys/kernel/config",		NULL },
	{ "bpf",	"/sys/fs/bpf",			"mode=700" },
	{ "cgroup2",	"/sys/fs/cgroup",		NULL },
};

/* What the kernel says when something is wrong with it, whatever it goes on to say. */
static const char *const splats[] = {
	"WARNING:", "BUG:", "Oops", "kernel BUG at", "KASAN", "KFENCE", "UBSAN:", "ODEBUG:", "Kernel panic",
	"INFO: task ", "INFO: rcu", "rcu: INFO: ", "suspicious RCU usage", "trying to register non-static key",
};

static char *settings[NR_SETTINGS];
static int out = STDOUT_FILENO;
static int err = STDERR_FILENO;
static int status_port = -1;

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		size -= n;
	}
}

__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	n = snprintf(text, sizeof(text), "lab: ");
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - n - 2, format, args);
	va_end(args);
	strcat(text, settings[TTY] ? "\r\n" : "\n");
	write_all(err, text, strlen(text));
}

__attribute__((noreturn))
static void leave(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

__attribute__((noreturn))
static void die(const char *what, const char *which)
{
	say("%s %s: %s", what, which, strerror(errno));
	leave();
}

static void make_folders(const char *path)
{
	char copy[4096];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", path);
	for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	mkdir(copy, 0755);
}

static char *read_file(const char *path)
{
	size_t size = 0;
	size_t room = 4096;
	char *text = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (!text || fd < 0)
		die("cannot read", path);
	while ((n = read(fd, text + size, room - size - 1)) > 0) {
		size += n;
		if (room - size > 1)
			continue;
		room *= 2;
		text = realloc(text, room);
		if (!text)
			die("no memory for", path);
	}
	text[size] = '\0';
	close(fd);
	return text;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	write_all(fd, text, strlen(text));
	close(fd);
}

static void read_settings(const char *folder)
{
	char path[4096];
	char *line;
	char *rest;

	snprintf(path, sizeof(path), "%s/settings", folder);
	for (line = strtok_r(read_file(path), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t length = strcspn(line, "=");
		int i;

		for (i = 0; i < NR_SETTINGS; i++)
			if (strlen(setting_names[i]) == length && !strncmp(line, setting_names[i], length) &&
			    line[length] == '=' && line[length + 1])
				settings[i] = line + length + 1;
	}
}

/*
 * Whatever of the checkout lies below /tmp or /run would vanish below the tmpfs there: hold a bind mount of it at /mnt,
 * which every Debian has, and bring it back over the tmpfs.
 */
static void mount_all(void)
{
	char *keep = settings[KEEP];
	size_t i;

	if (keep && mount(keep, "/mnt", NULL, MS_BIND, NULL))
		die("cannot keep", keep);
	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (!strncmp(mounts[i].where, "/dev/", 5))
			mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, mounts[i].options) && errno != ENODEV)
			die("cannot mount", mounts[i].where);
	}
	if (keep) {
		make_folders(keep);
		if (mount("/mnt", keep, NULL, MS_MOVE, NULL))
			die("cannot bring back", keep);
	}
	if (mount("writable", settings[WRITABLE], "9p", 0, "trans=virtio,version=9p2000.L,msize=262144,cache=mmap"))
		die("cannot mount", settings[WRITABLE]);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("/proc/self/fd/0", "/dev/stdin");
	(void)!symlink("/proc/self/fd/1", "/dev/stdout");
	(void)!symlink("/proc/self/fd/2", "/dev/stderr");
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

static int open_port(const char *name)
{
	static const char folder[] = "/sys/class/virtio-ports";
	char path[512];
	char *found;
	struct dirent *entry;
	DIR *ports = opendir(folder);
	int fd = -1;

	while (ports && fd < 0 && (entry = readdir(ports))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/name", folder, entry->d_name);
		found = read_file(path);
		found[strcspn(found, "\n")] = '\0';
		if (!strcmp(found, name)) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_WRONLY | O_CLOEXEC);
		}
		free(found);
	}
	if (ports)
		closedir(ports);
	return fd;
}

static void load_modules(void)
{
	char *rest;
	char *path;

	if (!settings[MODULES])
		return;
	for (path = strtok_r(settings[MODULES], ":", &rest); path; path = strtok_r(NULL, ":", &rest)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			die("cannot load", path);
		close(fd);
	}
}

/* In the child: a session of its own, on the terminal or on pipes. */
__attribute__((noreturn))
static void run_command(const char *folder, int out_pipe, int err_pipe)
{
	char path[4096];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (settings[TTY]) {
		struct winsize size = { .ws_row = 25, .ws_col = 80 };
		int tty = open("/dev/hvc0", O_RDWR);

		sscanf(settings[TTY], "%hu:%hu", &size.ws_row, &size.ws_col);
		ioctl(tty, TIOCSCTTY, 1);
		ioctl(tty, TIOCSWINSZ, &size);
		dup2(tty, 0);
		dup2(tty, 1);
		dup2(tty, 2);
		if (tty > 2)
			close(tty);
	} else {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(out_pipe, 1);
		dup2(err_pipe, 2);
		if (null > 2)
			close(null);
	}
	snprintf(path, sizeof(path), "%s/command", folder);
	execl("/bin/sh", "sh", path, (char *)NULL);
	_exit(127);
}

/* Pass on what has come; false at the end of the pipe or, without data, of the wait. */
static bool relay(int from, int to)
{
	char data[65536];
	ssize_t n = read(from, data, sizeof(data));

	if (n <= 0)
		return false;
	write_all(to, data, n);
	return true;
}

/* Run the command and all it leaves behind; return its exit status as a shell would say it. */
static int command(const char *folder)
{
	struct pollfd fds[3];
	int out_pipe[2];
	int err_pipe[2];
	sigset_t child;
	bool ended = false;
	pid_t pid;
	int status = 0;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (pipe2(out_pipe, O_CLOEXEC | O_NONBLOCK) || pipe2(err_pipe, O_CLOEXEC | O_NONBLOCK))
		die("cannot make", "pipes");
	/* Only the reading ends are ours; the command's must block. */
	fcntl(out_pipe[1], F_SETFL, 0);
	fcntl(err_pipe[1], F_SETFL, 0);

	pid = fork();
	if (pid < 0)
		die("cannot fork", "the command");
	if (!pid)
		run_command(folder, out_pipe[1], settings[ONE_STREAM] ? out_pipe[1] : err_pipe[1]);

	fds[0] = (struct pollfd){ .fd = out_pipe[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = err_pipe[0], .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN };
	while (!ended) {
		struct signalfd_siginfo info;
		pid_t gone;
		int one;

		if (poll(fds, 3, -1) < 0)
			continue;
		relay(out_pipe[0], out);
		relay(err_pipe[0], err);
		while (read(fds[2].fd, &info, sizeof(info)) > 0)
			;
		while ((gone = waitpid(-1, &one, WNOHANG)) > 0) {
			if (gone == pid) {
				status = WIFEXITED(one) ? WEXITSTATUS(one) : 128 + WTERMSIG(one);
				ended = true;
			}
		}
	}
	while (relay(out_pipe[0], out) || relay(err_pipe[0], err))
		;
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	while (relay(out_pipe[0], out) || relay(err_pipe[0], err))
		;
	close(fds[2].fd);
	close(out_pipe[0]);
	close(out_pipe[1]);
	close(err_pipe[0]);
	close(err_pipe[1]);
	return status;
}

static bool is_splat(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(splats) / sizeof(splats[0]); i++)
		if (strstr(text, splats[i]))
			return true;
	return false;
}

/* Show the kernel's log from the first splat on; true if there is one. */
static bool show_splat(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	unsigned int shown = 0;
	ssize_t n;

	while (fd >= 0) {
		char *text;

		n = read(fd, record, sizeof(record) - 1);
		/* EPIPE: records were overwritten before they could be read; what is left is read on. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		/* "priority,sequence,time,flags;text": the facility above bit 3 is 0 if the kernel itself speaks. */
		text = strchr(record, ';');
		if (!text || strtoul(record, NULL, 10) >> 3)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (!shown && !is_splat(text))
			continue;
		if (!shown)
			say("the kernel complained:");
		if (shown++ < SPLAT_LINES)
			say("| %s", text);
	}
	if (shown > SPLAT_LINES)
		say("| ... and %u lines more", shown - SPLAT_LINES);
	if (fd >= 0)
		close(fd);
	return shown;
}

/*
 * A leak is reported from its second scan on, and only if older than 5 s then (mm/kmemleak.c, MSECS_MIN_AGE): what was
 * freed by RCU or a work item in the meantime does not count.  The first scan, which takes seconds, is part of these.
 */
static bool show_leaks(void)
{
	struct timespec old_enough;
	char *report;
	char *line;
	char *rest;
	unsigned int shown = 0;

	if (access(KMEMLEAK, W_OK))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &old_enough);
	old_enough.tv_sec += 6;
	write_file(KMEMLEAK, "scan");
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &old_enough, NULL) == EINTR)
		;
	write_file(KMEMLEAK, "scan");
	report = read_file(KMEMLEAK);
	for (line = strtok_r(report, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!shown)
			say("kmemleak found:");
		if (shown++ < SPLAT_LINES)
			say("| %s", line);
	}
	free(report);
	return shown;
}

int main(void)
{
	const char *folder = getenv("lab");
	char verdict[64];
	bool bad = false;
	int status;

	if (getpid() != 1 || !folder) {
		fprintf(stderr, "init: this is the lab's first process, started by tests/lab/lab\n");
		return 2;
	}
	umask(022);
	read_settings(folder);
	mount_all();
	out = open_port("lab.out");
	err = open_port("lab.err");
	status_port = open_port("lab.status");
	if (out < 0 || err < 0 || status_port < 0)
		die("no", "port");
	loopback_up();
	load_modules();
	write_all(status_port, "started\n", 8);
	status = command(folder);
	if (!settings[IGNORE_SPLAT]) {
		bad |= show_leaks();
		bad |= show_splat();
	}
	umount(settings[WRITABLE]);
	snprintf(verdict, sizeof(verdict), "%s %d\n", bad ? "splat" : "done", status);
	write_all(status_port, verdict, strlen(verdict));
	leave();
}

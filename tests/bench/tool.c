// SPDX-License-Identifier: GPL-2.0
/* Programs beside guests: started, watched, ended. */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS		2
#define READY_TRIES	60000

void tool_pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

uint64_t tool_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const char *program_path(const char *name, char path[static 256])
{
	ssize_t length = readlink("/proc/self/exe", path, 200);
	char *slash;

	if ((strncmp(name, "kvm2", 4) && strncmp(name, "top_", 4)) || length < 0)
		return name;
	path[length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash + 1, name);
	return path;
}

char *tool_text(const struct running *running)
{
	const int fd = open(running->output, O_RDONLY | O_CLOEXEC);
	struct stat stat = { 0 };
	ssize_t n = 0;
	char *text;

	if (fd >= 0)
		fstat(fd, &stat);
	text = malloc((size_t)stat.st_size + 1);
	if (text && fd >= 0)
		n = read(fd, text, (size_t)stat.st_size);
	if (text)
		text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static bool says(const struct running *running, const char *word)
{
	char *text = tool_text(running);
	const bool found = text && strstr(text, word);

	free(text);
	return found;
}

/* What the tool's terminal shows, into the file. */
static void *read_terminal(void *arg)
{
	const struct running *running = arg;
	const int fd = open(running->output, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	char text[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(running->terminal, text, sizeof(text))) > 0)
		if (write(fd, text, (size_t)n) != n)
			break;
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void run(const struct running *running, const struct tool *tool)
{
	char path[256];

	/* perf wants to open its file in any case. */
	if (chdir("/tmp"))
		_exit(127);
	if (tool->has_screen) {
		setenv("TERM", "xterm", 1);
	} else {
		const int fd = open(running->output, O_CREAT | O_WRONLY | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execvp(program_path(tool->args[0], path), (char **)(uintptr_t)tool->args);
	_exit(127);
}

int tool_start(struct running *running, const struct tool *tool)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	static unsigned int number;
	const uint64_t begun = tool_now_ns();

	running->terminal = -1;
	snprintf(running->output, sizeof(running->output), "/tmp/bench-%d-%u", (int)getpid(), number++);
	unlink(running->output);
	running->pid = tool->has_screen ? forkpty(&running->terminal, NULL, NULL, &size) : fork();
	if (running->pid < 0)
		return -errno;
	if (!running->pid)
		run(running, tool);
	if (tool->has_screen && pthread_create(&running->reader, NULL, read_terminal, running))
		return -ENOMEM;
	for (int i = 0; i < READY_TRIES; i++) {
		tool_pause_ms(LOOK_MS);
		if (says(running, tool->ready))
			break;
		if (waitpid(running->pid, NULL, WNOHANG) == running->pid) {
			char *text = tool_text(running);

			running->pid = 0;
			fprintf(stderr, "%s does not run: %s\n", tool->args[0], text ? text : "");
			free(text);
			return -ESRCH;
		}
	}
	running->ready_ns = tool_now_ns() - begun;
	tool_pause_ms(1000);
	return 0;
}

void tool_stop(struct running *running)
{
	if (running->pid > 0) {
		kill(running->pid, SIGINT);
		waitpid(running->pid, NULL, 0);
		if (running->terminal >= 0) {
			pthread_join(running->reader, NULL);
			close(running->terminal);
		}
	}
	running->pid = 0;
}

uint64_t tool_cpu_ns(const struct running *running)
{
	char path[300];
	struct dirent *entry;
	uint64_t all = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)running->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		unsigned long long ns = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)running->pid, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (file && fscanf(file, "%llu", &ns) == 1)
			all += ns;
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return all;
}

uint64_t tool_rss_bytes(const struct running *running)
{
	unsigned long long pages = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)running->pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * tool_cpu, exits_shown, first_screen, rss, refresh_4096: what kvm2top itself
 * takes, and what it shows, beside perf kvm stat live. Goals that are amounts
 * are made ratios to the peer that was measured.
 */
#include "row.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"
#include "top_guest.h"

#define BUSY_NS		UINT64_C(3000000000)
#define SHOWN_ROUNDS	400
#define REFRESHES	5
/*
 * 60 ms where perf takes 210: both of a real processor. The lab's emulated
 * one takes many times as long for either.
 */
#define FIRST_SCREEN_MS	60.0
#define FIRST_PERF_MS	210.0
#define RSS_BYTES	16e6
#define REFRESH_MS	5.0
#define MS		1e6

static const struct tool live = { { "kvm2top", NULL }, "tier 1", true };
static const struct tool json = { { "kvm2top", "-t", "2", "--json", NULL }, "\"tier\":2", false };
static const struct tool perf = { { "perf", "kvm", "stat", "live", "-a", NULL }, "Analyze events", true };

#define PERF_NAME	"perf kvm stat live"

/* Make exits for so long. */
static int be_busy(uint64_t ns)
{
	const uint64_t end = tool_now_ns() + ns;
	int r = 0;

	while (!r && tool_now_ns() < end)
		r = top_guest_round(NULL);
	return r;
}

static int start_beside(struct running *running, const struct tool *tool)
{
	const int r = top_guest_setup();

	return r ? r : tool_start(running, tool);
}

static double row_goal(double limit, double peer)
{
	return peer > 0 ? limit / peer : NO_GOAL;
}

/* ---- processor ---- */

static int measure_cpu(const struct tool *tool, double *percent)
{
	struct running running = { 0 };
	uint64_t begun;
	uint64_t used;
	int r = start_beside(&running, tool);

	if (r)
		return r;
	begun = tool_now_ns();
	used = tool_cpu_ns(&running);
	r = be_busy(BUSY_NS);
	used = tool_cpu_ns(&running) - used;
	*percent = 100.0 * (double)used / (double)(tool_now_ns() - begun);
	tool_stop(&running);
	return r;
}

int top_tool_cpu_rows(void)
{
	struct row row = { .name = "tool_cpu", .unit = "% of a processor", .peer_name = PERF_NAME, .goal = 1 };
	int r = measure_cpu(&live, &row.ours);

	if (!r)
		r = measure_cpu(&perf, &row.peer);
	if (!r)
		row_print(&row);
	return r;
}

/* ---- what is shown ---- */

/* The host's count of CPUID exits in the last line. */
static double count_json(const char *text)
{
	static const char name[] = "\"kind\":\"cpu\",\"name\":\"cpuid\"";
	const char *last = text;
	const char *found;

	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strchr(line, '\n'))
			last = line;
	found = strstr(last, name);
	found = found ? strstr(found, "\"total\":") : NULL;
	return found ? strtod(found + strlen("\"total\":"), NULL) : 0;
}

/* Each table has those since the one before. */
static double count_perf(const char *text)
{
	double sum = 0;

	for (const char *at = strstr(text, " cpuid "); at; at = strstr(at + 1, " cpuid "))
		sum += strtod(at + strlen(" cpuid "), NULL);
	return sum;
}

static int measure_shown(const struct tool *tool, double (*count)(const char *text), double *percent)
{
	struct running running = { 0 };
	int r = start_beside(&running, tool);
	char *text;

	for (int i = 0; !r && i < SHOWN_ROUNDS; i++)
		r = top_guest_round(NULL);
	/* Some refreshes more. */
	tool_pause_ms(4000);
	tool_stop(&running);
	text = tool_text(&running);
	if (!r && !text)
		r = -ENOMEM;
	if (!r)
		*percent = 100 * count(text) / (SHOWN_ROUNDS * TOP_GUEST_CPUIDS);
	free(text);
	return r;
}

int top_exits_shown_rows(void)
{
	struct row row = { .name = "exits_shown", .unit = "% of those made", .peer_name = PERF_NAME, .goal = NO_GOAL };
	int r = measure_shown(&json, count_json, &row.ours);

	if (!r)
		r = measure_shown(&perf, count_perf, &row.peer);
	if (!r)
		row_print(&row);
	return r;
}

/* ---- the first screen, and memory ---- */

static int measure_start(const struct tool *tool, double *ms, double *rss)
{
	struct running running = { 0 };
	int r = start_beside(&running, tool);

	if (r)
		return r;
	*ms = (double)running.ready_ns / MS;
	r = be_busy(BUSY_NS);
	*rss = (double)tool_rss_bytes(&running);
	tool_stop(&running);
	return r;
}

/* @limit_peer: what the peer took where the limit was set; 0: as it takes here */
static int start_row(struct row *row, double limit, double limit_peer)
{
	double ms[2];
	double rss[2];
	const bool is_time = !strcmp(row->unit, "ms");
	int r = measure_start(&live, &ms[0], &rss[0]);

	if (!r)
		r = measure_start(&perf, &ms[1], &rss[1]);
	if (r)
		return r;
	row->ours = is_time ? ms[0] : rss[0];
	row->peer = is_time ? ms[1] : rss[1];
	row->goal = row_goal(limit, limit_peer > 0 ? limit_peer : row->peer);
	row_print(row);
	return 0;
}

int top_first_screen_rows(void)
{
	struct row row = { .name = "first_screen", .unit = "ms", .peer_name = PERF_NAME };

	return start_row(&row, FIRST_SCREEN_MS, FIRST_PERF_MS);
}

int top_rss_rows(void)
{
	struct row row = { .name = "rss", .unit = "bytes", .peer_name = PERF_NAME };

	return start_row(&row, RSS_BYTES, 0);
}

/* ---- a refresh with very many vcpus ---- */

static const struct tool vmm = { { "top_vmm", "16", "256", "5", NULL }, "ready", false };
static const struct tool many = {
	{ "kvm2top", "-b", "-g", "host", "--rows", "8192", "-d", "1", NULL }, "4096 vcpus", false,
};

static unsigned int count_word(const char *text, const char *word)
{
	unsigned int n = 0;

	for (const char *at = text; at && (at = strstr(at, word)); at++)
		n++;
	return n;
}

static int measure_refresh(double *ms)
{
	struct running running = { 0 };
	unsigned int refreshes;
	uint64_t used;
	char *text;
	int r = tool_start(&running, &many);

	if (r)
		return r;
	text = tool_text(&running);
	refreshes = count_word(text, "4096 vcpus");
	free(text);
	used = tool_cpu_ns(&running);
	tool_pause_ms(REFRESHES * 1000);
	used = tool_cpu_ns(&running) - used;
	tool_stop(&running);
	text = tool_text(&running);
	refreshes = count_word(text, "4096 vcpus") - refreshes;
	free(text);
	*ms = refreshes ? (double)used / refreshes / MS : 0;
	return refreshes ? 0 : -EIO;
}

/* As kvm_stat -d does: every counter of every VM is a file. */
static void read_folder(const char *folder, unsigned int *read_files)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		char path[600];
		char text[64];
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || entry->d_type != DT_REG)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text)) > 0)
			++*read_files;
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

static int measure_debugfs(double *ms)
{
	static const char top[] = "/sys/kernel/debug/kvm";
	unsigned int files = 0;
	struct dirent *entry;
	uint64_t begun;
	DIR *dir = opendir(top);

	if (!dir)
		return -errno;
	begun = tool_now_ns();
	while ((entry = readdir(dir))) {
		char path[300];

		snprintf(path, sizeof(path), "%s/%s", top, entry->d_name);
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			read_folder(path, &files);
	}
	*ms = (double)(tool_now_ns() - begun) / MS;
	closedir(dir);
	return files ? 0 : -ENOENT;
}

int top_refresh_rows(void)
{
	struct row row = {
		.name = "refresh_4096", .unit = "ms",
		.peer_name = "kvm_stat -d's reads of debugfs, VMs only",
	};
	struct running running = { 0 };
	int r = tool_start(&running, &vmm);

	if (r)
		return r;
	r = measure_refresh(&row.ours);
	if (!r)
		r = measure_debugfs(&row.peer);
	kill(running.pid, SIGTERM);
	tool_stop(&running);
	row.goal = row_goal(REFRESH_MS, row.peer);
	if (!r)
		row_print(&row);
	return r;
}

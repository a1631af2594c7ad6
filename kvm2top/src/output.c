// SPDX-License-Identifier: GPL-2.0
// What is the same in all forms: the header's lines, sparklines; and text for people.
#include "output.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND	UINT64_C(1000000000)

/* "1,204,331" */
static void print_grouped(uint64_t value, char *buffer, size_t size)
{
	char digits[24];
	const int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	size_t at = 0;

	for (int i = 0; i < length && at + 2 < size; i++) {
		if (i && (length - i) % 3 == 0)
			buffer[at++] = ',';
		buffer[at++] = digits[i];
	}
	buffer[at] = '\0';
}

/* The part of the vcpus' time that counting takes. */
static double cost_percent(const struct output *output, const struct model *model)
{
	if (!model->nr_vcpus || !model->interval_ns)
		return 0;
	return 100 * (double)output->status.cost_ns * (double)model->host.recent.exits /
	       ((double)model->interval_ns * model->nr_vcpus);
}

void output_summary(const struct output *output, const struct model *model, char *buffer, size_t size)
{
	const time_t seconds = (time_t)(output->wall_ns / NS_PER_SECOND);
	char clock[16] = "";
	char cost[48];
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (!output->status.tier)
		snprintf(cost, sizeof(cost), "cost 0");
	else if (!output->status.cost_ns)
		snprintf(cost, sizeof(cost), model->kernel_unknown ? "cost not known" : "cost not yet measured");
	else
		snprintf(cost, sizeof(cost), "cost %uns = %.1f%%", output->status.cost_ns,
			 cost_percent(output, model));
	snprintf(buffer, size, "%s  %u VMs %u vcpus  tier %d %s%s  %s  self %.1f%% %.0f MB", clock, model->nr_vms,
		 model->nr_vcpus, output->status.tier, output->collector,
		 output->status.detached ? " (waiting for a VM)" : "", cost, output->cpu_percent,
		 (double)output->rss_bytes / 1e6);
}

bool output_completeness(const struct output *output, const struct model *model, char *buffer,
			 size_t size)
{
	const struct tally *total = &model->host.total;
	const bool is_right = (model->kernel_unknown || total->exits == total->kernel) && !model->lost &&
			      !model->no_memory;
	char seen[32];
	char kernel[32];
	char lost[32];

	print_grouped(total->exits, seen, sizeof(seen));
	print_grouped(total->kernel, kernel, sizeof(kernel));
	print_grouped(total->kernel > total->exits ? total->kernel - total->exits : model->lost, lost,
		      sizeof(lost));
	if (model->kernel_unknown) {
		print_grouped(model->lost, lost, sizeof(lost));
		snprintf(buffer, size, "seen %s  lost %s  KVM's own count is not known%s", seen, lost,
			 model->no_memory ? "  OUT OF MEMORY" : "");
	} else if (!output->status.tier)
		snprintf(buffer, size, "kvm %s  (tier 0: KVM's own counters)", kernel);
	else
		snprintf(buffer, size, "seen %s %s kvm %s  lost %s%s", seen,
			 total->exits == total->kernel ? "=" : total->exits < total->kernel ? "<" : ">", kernel,
			 lost, model->no_memory ? "  OUT OF MEMORY" : "");
	return is_right;
}

void output_levels(const struct node *node, unsigned int width, uint8_t *levels)
{
	const unsigned int nr = node->nr_history < width ? node->nr_history : width;
	const uint8_t *history = node->history + node->nr_history - nr;
	double most = 0;

	memset(levels, 0, width);
	for (unsigned int i = 0; i < nr; i++)
		most = fmax(most, model_history(history[i]));
	for (unsigned int i = 0; i < nr; i++) {
		const double rate = model_history(history[i]);

		levels[width - nr + i] = rate > 0 ? (uint8_t)fmax(1, ceil(8 * rate / most)) : 0;
	}
}

/* ---- text ---- */

static void print_cell(FILE *file, const struct column *column, const struct model *model,
		       const struct tree_line *line)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	char cell[COLUMN_CELL_SIZE];

	if (column->format == COLUMN_HISTORY) {
		uint8_t levels[64];

		output_levels(line->node, (unsigned int)column->width, levels);
		for (int i = 0; i < column->width; i++)
			fputs(blocks[levels[i]], file);
		return;
	}
	column_print(column, model, line->node, cell);
	if (!strcmp(column->key, "name"))
		fprintf(file, "%*s%-*s", line->depth * 2, "", column->width - line->depth * 2, cell);
	else if (column->format == COLUMN_TEXT)
		fprintf(file, "%-*s", column->width, cell);
	else
		fprintf(file, "%*s", column->width, cell);
}

void output_text(FILE *file, const struct output *output, const struct model *model,
		 const struct tree *tree)
{
	char line[256];

	output_summary(output, model, line, sizeof(line));
	fprintf(file, "%s\n", line);
	output_completeness(output, model, line, sizeof(line));
	fprintf(file, "%s\n", line);
	if (output->status.missing[0])
		fprintf(file, "for more: %s\n", output->status.missing);
	for (size_t i = 0; i < output->nr_columns; i++) {
		const struct column *column = output->columns[i];

		fprintf(file, column->format == COLUMN_TEXT || column->format == COLUMN_HISTORY ? "%s%-*s" : "%s%*s",
			i ? " " : "", column->width, column->title);
	}
	fputc('\n', file);
	for (size_t i = 0; i < tree->nr_lines; i++) {
		for (size_t j = 0; j < output->nr_columns; j++) {
			if (j)
				fputc(' ', file);
			print_cell(file, output->columns[j], model, &tree->lines[i]);
		}
		fputc('\n', file);
	}
	fputc('\n', file);
	fflush(file);
}

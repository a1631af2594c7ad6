/* SPDX-License-Identifier: GPL-2.0 */
/* A refresh, written for people or for machines. Pure but for the FILE. */
#ifndef KVM2TOP_OUTPUT_H
#define KVM2TOP_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "collector.h"
#include "columns.h"
#include "model.h"
#include "tree.h"

/**
 * struct output - what is said besides the model
 * @collector:	its name
 * @status:	how it goes
 * @cpu_percent, @rss_bytes: of kvm2top itself
 * @wall_ns:	CLOCK_REALTIME of the refresh
 * @columns:	to show
 * @watched:	the process of which @details are; 0: none
 */
struct output {
	const char *collector;
	struct collector_status status;
	double cpu_percent;
	uint64_t rss_bytes;
	uint64_t wall_ns;
	const struct column *const *columns;
	size_t nr_columns;
	pid_t watched;
	const struct collector_detail *details;
	size_t nr_details;
};

/* Lines of the header: who there is and what it costs; is it complete? */
void output_summary(const struct output *output, const struct model *model, char *buffer, size_t size);

/* Return: the number is right. */
bool output_completeness(const struct output *output, const struct model *model, char *buffer,
			 size_t size);

void output_text(FILE *file, const struct output *output, const struct model *model,
		 const struct tree *tree);
void output_json(FILE *file, const struct output *output, const struct model *model);
void output_csv_header(FILE *file);
void output_csv(FILE *file, const struct output *output, const struct model *model,
		const struct tree *tree);
void output_metrics(FILE *file, const struct output *output, const struct model *model);

/* Levels of a sparkline for the last @width refreshes, 0 to 8; right-aligned. */
void output_levels(const struct node *node, unsigned int width, uint8_t *levels);

#endif /* KVM2TOP_OUTPUT_H */

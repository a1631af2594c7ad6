/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of the table. Each file that measures has functions of the type
 * row_fn; main.c lists them.
 */
#ifndef TESTS_BENCH_ROW_H
#define TESTS_BENCH_ROW_H

/* No goal was set for this row. */
#define NO_GOAL 0.0

/**
 * struct row - one line of the table
 * @name:      of the row
 * @unit:      of @ours and @peer
 * @peer_name: what is measured beside ours
 * @goal:      the ratio of ours to the peer's that is not to be exceeded
 */
struct row {
	const char *name;
	const char *unit;
	const char *peer_name;
	double goal;
	double ours;
	double peer;
};

/**
 * row_print() - hand a row over to the script that makes the table
 */
void row_print(const struct row *row);

/**
 * row_fn - measure and print some rows
 * Return: 0 or a negative errno.
 */
typedef int row_fn(void);

row_fn port_exit_rows;		/* port_exit.c */
row_fn read_by_vmm_rows;	/* device.c, as the next two */
row_fn read_by_socket_rows;
row_fn read_by_bpf_rows;
row_fn posted_write_rows;	/* device_write.c, as the next */
row_fn doorbell_rows;
row_fn irqfd_delivery_rows;	/* interrupt.c */
row_fn registers_rows;		/* registers.c */
row_fn memory_map_rows;		/* memory_map.c */
row_fn tracepoint_off_rows;	/* tracepoint_off.c */
row_fn tracepoint_on_rows;	/* tracepoint_on.c */
row_fn top_cost_t0_rows;	/* top.c, as the next two */
row_fn top_cost_t1_rows;
row_fn top_cost_t2_rows;
row_fn top_tool_cpu_rows;	/* top_show.c, as all below */
row_fn top_exits_shown_rows;
row_fn top_first_screen_rows;
row_fn top_rss_rows;
row_fn top_refresh_rows;

#endif /* TESTS_BENCH_ROW_H */

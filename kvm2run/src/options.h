/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of kvm2run. */
#ifndef KVM2RUN_OPTIONS_H
#define KVM2RUN_OPTIONS_H

#include <kvm2/kvm2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "failure.h"
#include "image.h"

#define OPTIONS_CPUS_MAX	8
#define OPTIONS_FILES_MAX	32
#define OPTIONS_DISKS_MAX	4

/* Strings are borrowed from argv. */
struct options {
	bool help;
	bool version;
	bool wait;
	bool no_apic;
	bool device_process;
	bool virtio_console;
	bool bpf_pit;
	bool has_api;
	enum kvm2_api api;
	unsigned int cpus;
	uint64_t ram_bytes;
	const char *name;	/* NULL: from the image */
	const char *append;	/* NULL: no command line */
	const char *initrds[OPTIONS_FILES_MAX];
	unsigned int nr_initrds;
	const char *modules[OPTIONS_FILES_MAX];	/* "FILE" or "FILE ARGUMENTS" */
	unsigned int nr_modules;
	const char *disks[OPTIONS_DISKS_MAX];	/* "FILE" or "FILE,readonly" */
	unsigned int nr_disks;
	struct image_wish wish;
	const char *image;	/* IMAGE, or that of --kernel */
};

/**
 * options_parse() - read a command line
 * @argv:	reordered: options first
 * Return: 0; -EINVAL with what is wrong in @failure. With --help or
 * --version the rest is not looked at.
 */
int options_parse(struct options *options, int argc, char **argv, struct failure *failure);

void options_print_help(FILE *to);

#endif

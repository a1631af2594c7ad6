/* SPDX-License-Identifier: GPL-2.0 */
/* Exits of kvm_enter_guest from words: "mmio", "gpa=0xfee000b0", "write=1". */
#ifndef KVM2INJECT_PAYLOAD_H
#define KVM2INJECT_PAYLOAD_H

#include <linux/kvm2.h>
#include <stddef.h>

/* strace pokes no more into one argument. */
#define PAYLOAD_MAX		1024
#define PAYLOAD_MESSAGE_SIZE	160

/**
 * struct payload - the start of a run structure, as far as the exit uses it
 * @size: bytes of @run that count
 */
struct payload {
	struct kvm2_run run;
	size_t size;
};

/**
 * payload_build() - make an exit from words
 * @words:   the reason, by name or number, then fields as "name=value"
 * @message: what is wrong with them, on an error
 * Return: 0; -EINVAL.
 */
int payload_build(struct payload *payload, char *const words[], int count,
		  char message[static PAYLOAD_MESSAGE_SIZE]);

/**
 * payload_list() - a line for each reason with the fields that it takes
 * @print: called with each, without a newline; the line is borrowed
 */
void payload_list(void (*print)(const char *line));

#endif

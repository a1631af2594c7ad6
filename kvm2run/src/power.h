/* SPDX-License-Identifier: GPL-2.0 */
/* The ports by which a guest ends its run: status, reset, power off. */
#ifndef KVM2RUN_POWER_H
#define KVM2RUN_POWER_H

#include "ending.h"
#include "ports.h"

/* @end: called by the vcpu that writes; the access then returns. */
struct power {
	void (*end)(void *context, struct ending ending);
	void *context;
};

/* Return: 0 or a negative errno of ports_add(). */
int power_add_ports(struct power *power, struct ports *ports);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the BPF iterator tells of a VMM's files. Included by both sides. */
#ifndef CLASSIC_RECORD_H
#define CLASSIC_RECORD_H

enum classic_record_kind {
	CLASSIC_SLOT = 1,	/* @fd of the VM; @gpa, @bytes, @host, @flags */
	CLASSIC_VCPU,		/* @fd of the vcpu; @id, @tid */
	CLASSIC_MORE,		/* there are more slots than could be told */
};

/* @vm: tells VMs apart; no address to be used. @id: of the slot or the vcpu. */
struct classic_record {
	unsigned int kind;
	unsigned int fd;
	unsigned long long vm;
	unsigned long long gpa;
	unsigned long long bytes;
	unsigned long long host;
	unsigned int flags;
	unsigned int id;
	int tid;
	unsigned int address_space;
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vcpus that there are, as the iterators and the rows of the BPF programs
 * show them: both are put together here, and KVM's own count is compared with
 * what was seen.
 *
 * What is told to the model goes on from where it was when the tier changes or
 * the programs are attached anew: exits in between are not counted at all.
 */
#ifndef KVM2TOP_VCPUS_H
#define KVM2TOP_VCPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

/* Where addresses are not known a thread stands for its vcpu. */
#define VCPUS_THREAD_KEY(tid)	(UINT64_C(1) << 62 | (tid))

/**
 * struct vcpus_counts - a row at one moment
 * @exits, @user: what was seen
 * @kernel:	  KVM's own count, without what was skipped; 0: not known
 */
struct vcpus_counts {
	uint64_t exits;
	uint64_t user;
	uint64_t kernel;
};

struct vcpus;

/* NULL: no memory. */
struct vcpus *vcpus_create(void);
void vcpus_destroy(struct vcpus *vcpus);

/*
 * Programs were attached for @tier, the @epoch-th time: then all iterators are
 * read once, then this ends. @late: new vcpus have run without being seen.
 */
void vcpus_attach(struct vcpus *vcpus, int tier, uint64_t epoch, bool late);
void vcpus_attached(struct vcpus *vcpus);

/* A refresh: begin, all records, all rows, end. */
void vcpus_begin(struct vcpus *vcpus);
void vcpus_record(struct vcpus *vcpus, struct model *model, const struct shared_vcpu *record);

/**
 * vcpus_row() - a row of a vcpu
 * Return: the vcpu; NULL: no memory, or it has to wait for the next refresh, to
 * learn of which VM it is.
 */
struct vcpu *vcpus_row(struct vcpus *vcpus, struct model *model, const struct shared_row *row,
		       const struct vcpus_counts *counts);
void vcpus_end(struct vcpus *vcpus, struct model *model);

/* No iterator has shown the vcpu of that row for a while, and it has not run. */
bool vcpus_is_gone(const struct vcpus *vcpus, const struct shared_row *row);

/* How many the iterators have shown last. */
unsigned int vcpus_alive(const struct vcpus *vcpus);

#endif /* KVM2TOP_VCPUS_H */

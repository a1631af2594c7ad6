/* SPDX-License-Identifier: GPL-2.0 */
/* Why a run ended. The first ending counts; later ones are dropped. */
#ifndef KVM2RUN_ENDING_H
#define KVM2RUN_ENDING_H

enum ending_kind {
	ENDING_NONE,
	ENDING_EXIT_PORT,	/* the guest's status, value << 1 | 1 */
	ENDING_RESET,		/* the guest asked for a reset */
	ENDING_POWER_OFF,	/* the guest switched itself off */
	ENDING_USER,		/* Ctrl-A x */
	ENDING_SIGNAL,		/* value is the signal */
	ENDING_CRASH,		/* the guest cannot go on; value is a vcpu */
	ENDING_FAILURE,		/* kvm2run cannot go on */
};

struct ending {
	enum ending_kind kind;
	unsigned int value;
};

#endif

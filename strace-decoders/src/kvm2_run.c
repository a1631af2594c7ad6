/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoder of kvm_enter_guest: "{reply to the last exit} => {the next exit}".
 *
 * Only what the kernel reads or writes is shown, unless everything is asked
 * for: before, flags and the reply that is due; after, the reason and what
 * belongs to it.
 */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_compat.h"
#include "kvm2_exit.h"
#include "kvm2_print.h"
#include "kvm2_task.h"
#include "kvm2_xlat.h"

#include <linux/kvm2.h>

static const struct xlat_data run_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_RUN_IMMEDIATE_EXIT),
};
KVM2_XLAT_FLAGS(run_flags, run_flag_data);

static void
print_before(struct tcb *const tcp, const kernel_ulong_t addr,
	     const kernel_ulong_t size)
{
	const struct kvm2_task *task = kvm2_task_get(tcp->pid);
	const bool full = kvm2_full(tcp);
	struct kvm2_run run;

	if (size < KVM2_RUN_SIZE_VER0) {
		printaddr(addr);
		return;
	}
	if (kvm2_exit_fetch(tcp, addr, &run)) {
		printaddr(addr);
		return;
	}
	tprint_struct_begin();
	PRINT_FIELD_FLAGS(run, flags, run_flags, "KVM2_RUN_???");
	if (full) {
		tprint_struct_next();
		kvm2_exit_print(&run, true);
	} else if (task->reply != KVM2_REPLY_NONE) {
		kvm2_exit_print_reply(&run, 0);
	}
	print_nonzero_bytes(tcp, tprint_struct_next, addr, sizeof(run),
			    MIN(size, get_pagesize()), QUOTE_FORCE_HEX);
	tprint_struct_end();
}

/*
 * What became of the reply: a success or a signal has taken it in; after
 * EFAULT it is due still.
 */
static void
update_reply(struct tcb *const tcp, const struct kvm2_run *run)
{
	struct kvm2_task *task = kvm2_task_get(tcp->pid);

	if (!syserror(tcp))
		task->reply = run && kvm2_exit_has_reply(run) ?
			      KVM2_REPLY_DUE : KVM2_REPLY_NONE;
	else if (tcp->u_error != EFAULT && tcp->u_error != EINVAL &&
		 tcp->u_error != E2BIG && tcp->u_error != ENOSYS)
		task->reply = KVM2_REPLY_NONE;
}

/* The kernel has read it before, so also when the call has failed. */
static void
print_mask(struct tcb *const tcp, const kernel_ulong_t addr,
	   const kernel_ulong_t size)
{
	uint64_t mask;

	if (size != sizeof(mask) || umove(tcp, addr, &mask))
		printaddr(addr);
	else
		STRACE_PRINTS(sprintsigmask_n("", &mask, sizeof(mask)));
}

SYS_FUNC(kvm_enter_guest)
{
	const kernel_ulong_t addr = tcp->u_arg[0];
	const kernel_ulong_t size = tcp->u_arg[1];
	struct kvm2_run run;
	bool fetched;
	int result = 0;

	static_assert(sizeof(run) == KVM2_RUN_SIZE_VER0,
		      "kvm2_run has grown: print the new members");
	if (entering(tcp)) {
		kvm2_first_arg("run");
		kvm2_print_vcpu(tcp);
		print_before(tcp, addr, size);
		return 0;
	}

	fetched = !syserror(tcp) && size >= KVM2_RUN_SIZE_VER0 &&
		  !kvm2_exit_fetch(tcp, addr, &run);
	if (fetched) {
		tprint_value_changed();
		tprint_struct_begin();
		kvm2_exit_print(&run, kvm2_full(tcp));
		tprint_struct_end();
		tcp->auxstr = kvm2_exit_name(run.exit_reason);
		result = RVAL_STR;
	}
	update_reply(tcp, fetched ? &run : NULL);

	kvm2_next_arg("size");
	PRINT_VAL_U(size);
	kvm2_next_arg("mask");
	print_mask(tcp, tcp->u_arg[2], tcp->u_arg[3]);
	kvm2_next_arg("masksize");
	PRINT_VAL_U(tcp->u_arg[3]);
	return result;
}

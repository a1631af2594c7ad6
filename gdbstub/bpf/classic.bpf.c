// SPDX-License-Identifier: GPL-2.0
/*
 * A stop of a vcpu's thread at a debug exit, before the VMM sees it.
 *
 * The signal is SIGSTOP: when the debugger dies with the signal on its way the
 * VMM stands, until the watching process has put all in order. Any other would
 * end it.
 */
#include "files.h"

/* Off once the debugger has let go. */
int armed = 0;

SEC("raw_tp/kvm_userspace_exit")
int debug_exit(struct bpf_raw_tracepoint_args *ctx)
{
	/* First what few exits are: this runs for every one of every guest. */
	if ((u32)ctx->args[0] == KVM_EXIT_DEBUG && !(int)ctx->args[1] && armed &&
	    (int)(bpf_get_current_pid_tgid() >> 32) == vmm)
		bpf_send_signal_thread(SIGSTOP);
	return 0;
}

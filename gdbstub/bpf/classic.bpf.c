// SPDX-License-Identifier: GPL-2.0
/*
 * A stop of a vcpu's thread at an exit that is gdb's, before the VMM sees it.
 *
 * The signal is SIGSTOP: when the debugger dies with the signal on its way the
 * VMM stands, until the watching process has put all in order. Any other would
 * end it.
 */
#include "files.h"

/* Debug exits, and those that few guests survive: gdb looks before the VMM. */
#define EXITS	(1ULL << KVM_EXIT_DEBUG | 1ULL << KVM_EXIT_SHUTDOWN | 1ULL << KVM_EXIT_FAIL_ENTRY | 1ULL << KVM_EXIT_INTERNAL_ERROR)

/* Off once the debugger has let go. */
int armed = 0;

SEC("raw_tp/kvm_userspace_exit")
int debug_exit(struct bpf_raw_tracepoint_args *ctx)
{
	const u64 exit = 1ULL << (ctx->args[0] & 63);

	/* First what few exits are: this runs for every one of every guest. */
	if (exit & EXITS && (u32)ctx->args[0] < 64 && !(int)ctx->args[1] && armed &&
	    (int)(bpf_get_current_pid_tgid() >> 32) == vmm)
		bpf_send_signal_thread(SIGSTOP);
	return 0;
}

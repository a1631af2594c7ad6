/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check that the records of a kvm_set_state that is refused are shown with the
 * one it was refused for: as the kernel does, it gets its mark in the call, by
 * injection (the option pokes KVM2_ATTR_FAILED into the first record).
 */
#include "tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kvm2.h"

int
main(void)
{
	static const struct record8 all[] = {
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80000000),
		RECORD8(KVM2_SET_GPR, KVM2_GPR_RAX, 1),
	};
	struct record8 *const records = tail_memdup(all, sizeof(all));

	for (int again = 0; again < 2; again++) {
		call(__NR_kvm_set_state, -1, PTR(records), sizeof(all), 0);
		/* The second time the mark is an old one. */
		printf("kvm_set_state(" SELF ", [cr0=0x80000000, rax=0x1]%s, 48, 0) = %s"
		       " (INJECTED: args, retval)\n",
		       again ? "" : " => [cr0<failed>]", errstr);
	}
	puts("+++ exited with 0 +++");
	return 0;
}

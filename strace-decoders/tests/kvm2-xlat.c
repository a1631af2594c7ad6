/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Check how constants of the kvm2 syscalls are printed. */
#include "tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kvm2.h"

int
main(void)
{
	TAIL_ALLOC_OBJECT_CONST_PTR(struct kvm2_run, run);
	struct record8 *const records = tail_alloc(2 * sizeof(*records));

	call(__NR_kvm_create_vcpu, 1, KVM2_VCPU_NEW, 0, 0);
	printf("kvm_create_vcpu(1, " XLAT_KNOWN(0x1, "KVM2_VCPU_NEW") ") = %s (INJECTED)\n",
	       errstr);

	memset(run, 0, sizeof(*run));
	run->flags = KVM2_RUN_IMMEDIATE_EXIT;
	run->exit_reason = KVM2_EXIT_WRMSR;
	run->msr.index = 0xc0000082;
	run->msr.reason = 1;
	call(__NR_kvm_enter_guest, PTR(run), sizeof(*run), 0, 0);
	printf("kvm_enter_guest({flags=" XLAT_KNOWN(0x1, "KVM2_RUN_IMMEDIATE_EXIT")
	       ", msr={error=0}} => {exit_reason=" XLAT_KNOWN(5, "KVM2_EXIT_WRMSR")
	       ", msr={index=0xc0000082%s, reason=" XLAT_KNOWN(0x1, "KVM2_MSR_EXIT_INVALID")
	       ", data=0}}, 1040, NULL, 0) = %s (KVM2_EXIT_WRMSR) (INJECTED)\n",
	       XLAT_RAW ? "" : " /* lstar */", errstr);

	*records = (struct record8) RECORD8(KVM2_SET_MP, KVM2_MP_STATE, KVM2_MP_HALTED);
	call(__NR_kvm_get_state, -1, PTR(records), 24, KVM2_STATE_LIST);
	printf("kvm_get_state(" SELF ", [mp_state[8]=" XLAT_KNOWN(3, "KVM2_MP_HALTED") "], 24, "
	       XLAT_KNOWN(0x1, "KVM2_STATE_LIST") ") = %s (INJECTED)\n", errstr);

	puts("+++ exited with 0 +++");
	return 0;
}

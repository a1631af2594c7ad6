/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Check that -e kvm2=full,regs:... chooses what is printed of registers. */
#include "tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kvm2.h"

int
main(void)
{
	static const struct record8 all[] = {
		RECORD8(KVM2_SET_GPR, KVM2_GPR_RAX, 1),
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, 0x10202),
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_CR0, 0x80050033),
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_CR3, 0x1000),
		RECORD8(KVM2_SET_CONTROL, KVM2_CONTROL_CR4, 0x6f0),
		RECORD8(KVM2_SET_MSR, 0xc0000080, 0xd01),
		RECORD8(KVM2_SET_DEBUG, KVM2_DEBUG_DR6, 0),
	};
	struct record8 *const records = tail_memdup(all, sizeof(all));

	call(__NR_kvm_set_state, -1, PTR(records), sizeof(all), 0);
	printf("kvm_set_state(" SELF ", [rflags=0x10202 /* RF|IF */"
	       ", cr0=0x80050033 /* PG|AM|WP|NE|ET|MP|PE */, cr3=0x1000"
	       ", cr4=0x6f0 /* OSXMMEXCPT|OSFXSR|PGE|MCE|PAE|PSE */"
	       ", msr:efer=0xd01 /* NX|LMA|LME|SCE */, ...], %zu, 0) = %s\n",
	       sizeof(all), errstr);
	puts("+++ exited with 0 +++");
	return 0;
}

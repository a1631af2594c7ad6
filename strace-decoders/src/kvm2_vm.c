/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders of kvm_create_vm and kvm_create_vcpu. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_compat.h"
#include "kvm2_print.h"
#include "kvm2_task.h"
#include "kvm2_xlat.h"

#include <linux/kvm2.h>

static const struct xlat_data vm_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_VM_EXIT_BUS_LOCK),
	KVM2_XLAT_ENTRY(KVM2_VM_HIDDEN_APIC),
};
KVM2_XLAT_FLAGS(vm_flags, vm_flag_data);

static const struct xlat_data msr_exit_data[] = {
	KVM2_XLAT_ENTRY(KVM2_MSR_EXIT_INVALID),
	KVM2_XLAT_ENTRY(KVM2_MSR_EXIT_UNKNOWN),
	KVM2_XLAT_ENTRY(KVM2_MSR_EXIT_FILTER),
};
KVM2_XLAT_FLAGS(msr_exits, msr_exit_data);

static const struct xlat_data vcpu_flag_data[] = {
	KVM2_XLAT_ENTRY(KVM2_VCPU_NEW),
};
KVM2_XLAT_FLAGS(vcpu_flags, vcpu_flag_data);

static void
print_vm_config(struct tcb *const tcp, const kernel_ulong_t addr,
		const kernel_ulong_t size)
{
	struct kvm2_vm_config config;

	static_assert(sizeof(config) == KVM2_VM_CONFIG_SIZE_VER0,
		      "kvm2_vm_config has grown: print the new members");
	if (size < sizeof(config)) {
		printaddr(addr);
		return;
	}
	if (umove_or_printaddr(tcp, addr, &config))
		return;

	tprint_struct_begin();
	PRINT_FIELD_FLAGS(config, flags, vm_flags, "KVM2_VM_???");
	tprint_struct_next();
	PRINT_FIELD_X(config, hypercall_exits);
	tprint_struct_next();
	PRINT_FIELD_U(config, bsp_vcpu_id);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(config, msr_exits, msr_exits, "KVM2_MSR_EXIT_???");
	tprint_struct_next();
	PRINT_FIELD_U(config, notify_window);
	if (config.reserved) {
		tprint_struct_next();
		PRINT_FIELD_X(config, reserved);
	}
	tprint_struct_next();
	PRINT_FIELD_CSTRING(config, name);
	print_nonzero_bytes(tcp, tprint_struct_next, addr, sizeof(config),
			    MIN(size, get_pagesize()), QUOTE_FORCE_HEX);
	tprint_struct_end();
}

SYS_FUNC(kvm_create_vm)
{
	if (entering(tcp)) {
		kvm2_first_arg("kvm_fd");
		printfd(tcp, tcp->u_arg[0]);
		kvm2_next_arg("config");
		print_vm_config(tcp, tcp->u_arg[1], tcp->u_arg[2]);
		kvm2_next_arg("size");
		PRINT_VAL_U(tcp->u_arg[2]);
		return 0;
	}
	/* A VM starts with an empty map. */
	if (!syserror(tcp))
		kvm2_process_set_map(kvm2_process_get(kvm2_task_get(tcp->pid)->tgid),
				     NULL, 0);
	return 0;
}

SYS_FUNC(kvm_create_vcpu)
{
	const unsigned int id = tcp->u_arg[0];
	const unsigned int flags = tcp->u_arg[1];

	if (entering(tcp)) {
		kvm2_first_arg("id");
		PRINT_VAL_U(id);
		kvm2_next_arg("flags");
		printflags(vcpu_flags, flags, "KVM2_VCPU_???");
		return 0;
	}
	if (!syserror(tcp)) {
		struct kvm2_task *task = kvm2_task_get(tcp->pid);

		task->vcpu = id;
		/* An adopted one may have an exit behind it. */
		task->reply = tcp->u_rval ? KVM2_REPLY_UNKNOWN : KVM2_REPLY_NONE;
	}
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1
// The events of KVM, for people: what the kernel leaves raw has words here.
#include "events.h"

#include "bits.h"
#include "exit_info.h"

#include <linux/kvm2.h>
#include <linux/kvm2_names.h>

static void put(struct text *text, const char *label, uint64_t value)
{
	text_string(text, label);
	text_hex(text, value);
}

static void put_msr(struct text *text, uint64_t number)
{
	char name[KVM2_TRACE_NAME_SIZE];

	/* "msr:tsc": that it is an MSR is known here. */
	kvm2_trace_register_name(KVM2_SET_MSR, number, 8, name);
	text_string(text, name + strlen("msr:"));
}

/* ---- exits and entries ---- */

static void put_exit_info(struct text *text, uint64_t isa,
			  const struct exit_info *info)
{
	if (isa == ISA_VMX) {
		exit_info_vmx(text, info);
	} else if (isa == ISA_SVM) {
		exit_info_svm(text, info);
	} else {
		put(text, " info1=", info->info1);
		put(text, " info2=", info->info2);
		put(text, " intr_info=", info->intr_info);
	}
}

/* Source: KVM_REQ_*, linux/kvm_host.h and asm/kvm_host.h, v6.18. */
static void put_requests(struct text *text, uint64_t requests)
{
	static const struct bit_name names[] = {
		{ 0, "tlb_flush" }, { 1, "vm_dead" }, { 2, "unblock" },
		{ 3, "dirty_ring_soft_full" }, { 8, "migrate_timer" },
		{ 9, "report_tpr_access" }, { 10, "triple_fault" },
		{ 11, "mmu_sync" }, { 12, "clock_update" },
		{ 13, "load_mmu_pgd" }, { 14, "event" }, { 15, "apf_halt" },
		{ 16, "steal_update" }, { 17, "nmi" }, { 18, "pmu" },
		{ 19, "pmi" }, { 20, "smi" }, { 21, "masterclock_update" },
		{ 23, "scan_ioapic" }, { 24, "global_clock_update" },
		{ 25, "apic_page_reload" }, { 27, "ioapic_eoi_exit" },
		{ 31, "load_eoi_exitmap" }, { 33, "apicv_update" },
		{ 34, "tlb_flush_current" }, { 35, "tlb_flush_guest" },
		{ 36, "apf_ready" }, { 37, "msr_filter_changed" },
	};

	if (!requests)
		return;
	text_string(text, " requests=");
	bit_names(text, BITS(names), requests);
}

void print_kvm_exit(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t *values = event->values;
	const struct exit_info info = {
		.reason = (uint32_t)values[KVM_EXIT_REASON],
		.info1 = values[KVM_EXIT_INFO1],
		.info2 = values[KVM_EXIT_INFO2],
		.intr_info = (uint32_t)values[KVM_EXIT_INTR_INFO],
		.error_code = (uint32_t)values[KVM_EXIT_ERROR_CODE],
	};

	text_string(text, event->reason);
	put_exit_info(text, values[KVM_EXIT_ISA], &info);
	put(text, " rip=", values[KVM_EXIT_RIP]);
	put_requests(text, values[KVM_EXIT_REQUESTS]);
}

void print_nested_vmexit_inject(const struct kvm2_trace_event *event,
				struct text *text)
{
	const uint64_t *values = event->values;
	const struct exit_info info = {
		.reason = (uint32_t)values[0],
		.info1 = values[2],
		.info2 = values[3],
		.intr_info = (uint32_t)values[4],
		.error_code = (uint32_t)values[5],
	};

	text_string(text, event->reason);
	put_exit_info(text, values[1], &info);
}

enum { ENTRY_RIP, ENTRY_IMMEDIATE, ENTRY_INTR_INFO, ENTRY_ERROR_CODE };

void print_kvm_entry(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t *values = event->values;

	put(text, "rip=", values[ENTRY_RIP]);
	exit_info_event(text, " injects ", (uint32_t)values[ENTRY_INTR_INFO],
			(uint32_t)values[ENTRY_ERROR_CODE]);
	if (values[ENTRY_IMMEDIATE])
		text_string(text, " immediate_exit");
}

enum { USER_REASON, USER_ERRNO };

void print_kvm_userspace_exit(const struct kvm2_trace_event *event,
			      struct text *text)
{
	text_string(text, event->reason);
}

/* ---- I/O ---- */

enum { PIO_OUT, PIO_PORT, PIO_SIZE, PIO_COUNT, PIO_VALUE };

void print_kvm_pio(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t *values = event->values;

	text_printf(text, "%s port=0x%x size=%u", values[PIO_OUT] ? "out" : "in",
		    (unsigned int)values[PIO_PORT],
		    (unsigned int)values[PIO_SIZE]);
	if (values[PIO_COUNT] != 1)
		text_printf(text, " count=%u", (unsigned int)values[PIO_COUNT]);
	text_string(text, " value=0x");
	text_hex_digits(text, values[PIO_VALUE],
			values[PIO_SIZE] == 1 ? 2 : values[PIO_SIZE] == 2 ? 4 : 8);
	if (values[PIO_COUNT] > 1)
		text_string(text, "...");
}

enum { MMIO_TYPE, MMIO_LENGTH, MMIO_GPA, MMIO_VALUE };

void print_kvm_mmio(const struct kvm2_trace_event *event, struct text *text)
{
	/* Source: KVM_TRACE_MMIO_*, trace/events/kvm.h. */
	static const struct bit_name types[] = {
		{ 0, "read unsatisfied" }, { 1, "read" }, { 2, "write" },
	};
	const uint64_t *values = event->values;

	bit_name(text, BITS(types), values[MMIO_TYPE]);
	put(text, " gpa=", values[MMIO_GPA]);
	text_printf(text, " size=%u", (unsigned int)values[MMIO_LENGTH]);
	if (values[MMIO_TYPE])
		put(text, " value=", values[MMIO_VALUE]);
}

/* ---- registers ---- */

enum { MSR_WRITE, MSR_NUMBER, MSR_DATA, MSR_EXCEPTION };

void print_kvm_msr(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t *values = event->values;

	text_string(text, values[MSR_WRITE] ? "write " : "read ");
	put_msr(text, values[MSR_NUMBER]);
	if (values[MSR_WRITE] || !values[MSR_EXCEPTION])
		put(text, "=", values[MSR_DATA]);
	if (values[MSR_EXCEPTION])
		text_string(text, " #GP");
}

enum { CR_WRITE, CR_NUMBER, CR_VALUE };

/* Source: Intel SDM volume 3A, 2.5. */
void print_kvm_cr(const struct kvm2_trace_event *event, struct text *text)
{
	static const struct bit_name cr0[] = {
		{ 0, "pe" }, { 1, "mp" }, { 2, "em" }, { 3, "ts" }, { 4, "et" },
		{ 5, "ne" }, { 16, "wp" }, { 18, "am" }, { 29, "nw" },
		{ 30, "cd" }, { 31, "pg" },
	};
	static const struct bit_name cr4[] = {
		{ 0, "vme" }, { 1, "pvi" }, { 2, "tsd" }, { 3, "de" },
		{ 4, "pse" }, { 5, "pae" }, { 6, "mce" }, { 7, "pge" },
		{ 8, "pce" }, { 9, "osfxsr" }, { 10, "osxmmexcpt" },
		{ 11, "umip" }, { 12, "la57" }, { 13, "vmxe" }, { 14, "smxe" },
		{ 16, "fsgsbase" }, { 17, "pcide" }, { 18, "osxsave" },
		{ 19, "kl" }, { 20, "smep" }, { 21, "smap" }, { 22, "pke" },
		{ 23, "cet" }, { 24, "pks" }, { 28, "lam_sup" },
	};
	const uint64_t *values = event->values;

	text_printf(text, "%s cr%u", values[CR_WRITE] ? "write" : "read",
		    (unsigned int)values[CR_NUMBER]);
	put(text, "=", values[CR_VALUE]);
	if (!values[CR_VALUE] || (values[CR_NUMBER] && values[CR_NUMBER] != 4))
		return;
	text_string(text, " (");
	if (values[CR_NUMBER])
		bit_names(text, BITS(cr4), values[CR_VALUE]);
	else
		bit_names(text, BITS(cr0), values[CR_VALUE]);
	text_char(text, ')');
}

enum {
	CPUID_FUNCTION, CPUID_INDEX, CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX,
	CPUID_FOUND, CPUID_MAX_BASIC,
};

/* Sources: Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E. */
static const struct bit_name cpuid_leaves[] = {
	{ 0x0, "vendor" }, { 0x1, "features" }, { 0x2, "caches" },
	{ 0x3, "serial" }, { 0x4, "cache_parameters" }, { 0x5, "mwait" },
	{ 0x6, "thermal_power" }, { 0x7, "features7" },
	{ 0x9, "direct_cache_access" }, { 0xa, "perfmon" },
	{ 0xb, "topology" }, { 0xd, "xsave" }, { 0xf, "rdt_monitoring" },
	{ 0x10, "rdt_allocation" }, { 0x12, "sgx" }, { 0x14, "pt" },
	{ 0x15, "tsc_frequency" }, { 0x16, "frequency" }, { 0x17, "soc" },
	{ 0x18, "tlb" }, { 0x19, "key_locker" }, { 0x1a, "hybrid" },
	{ 0x1b, "pconfig" }, { 0x1c, "last_branch" }, { 0x1d, "tiles" },
	{ 0x1e, "tmul" }, { 0x1f, "topology2" }, { 0x20, "history_reset" },
	{ 0x21, "tdx" }, { 0x23, "perfmon_ext" }, { 0x24, "avx10" },
	{ 0x40000000, "hypervisor" }, { 0x40000001, "hypervisor_features" },
	{ 0x40000002, "hv_version" }, { 0x40000003, "hv_features" },
	{ 0x40000004, "hv_recommendations" }, { 0x40000005, "hv_limits" },
	{ 0x40000006, "hv_hardware" }, { 0x40000010, "timing" },
	{ 0x80000000, "extended" }, { 0x80000001, "extended_features" },
	{ 0x80000002, "brand" }, { 0x80000003, "brand2" },
	{ 0x80000004, "brand3" }, { 0x80000005, "l1" }, { 0x80000006, "l2" },
	{ 0x80000007, "power" }, { 0x80000008, "address_sizes" },
	{ 0x8000000a, "svm" }, { 0x80000019, "tlb_1g" },
	{ 0x8000001a, "optimizations" }, { 0x8000001b, "ibs" },
	{ 0x8000001c, "lwp" }, { 0x8000001d, "cache_topology" },
	{ 0x8000001e, "topology_ext" }, { 0x8000001f, "sev" },
	{ 0x80000020, "qos" }, { 0x80000021, "extended_features2" },
	{ 0x80000022, "perfmon_v2" }, { 0x80000023, "multi_key" },
	{ 0x80000026, "topology_ext2" }, { 0xc0000000, "centaur" },
	{ 0xc0000001, "centaur_features" },
};

void print_kvm_cpuid(const struct kvm2_trace_event *event, struct text *text)
{
	const uint64_t *values = event->values;
	const char *name = bit_find(BITS(cpuid_leaves), values[CPUID_FUNCTION]);

	put(text, "", values[CPUID_FUNCTION]);
	put(text, ".", values[CPUID_INDEX]);
	if (name) {
		text_char(text, ' ');
		text_string(text, name);
	}
	put(text, " eax=", values[CPUID_EAX]);
	put(text, " ebx=", values[CPUID_EBX]);
	put(text, " ecx=", values[CPUID_ECX]);
	put(text, " edx=", values[CPUID_EDX]);
	if (!values[CPUID_FOUND])
		text_string(text, " not_found");
	if (values[CPUID_MAX_BASIC])
		text_string(text, " used_max_basic");
}

/* ---- local APIC ---- */

/* Source: Intel SDM volume 3A, 11.5.1 and 11.6.1. */
static const char *const delivery_modes[] = {
	"fixed", "lowest", "smi", "reserved", "nmi", "init", "sipi", "extint",
};

enum { APIC_WRITE, APIC_REGISTER, APIC_VALUE };
enum { LAPIC_ICR = 0x300, LAPIC_LVTT = 0x320, LAPIC_LVTERR = 0x370 };

static void put_icr(struct text *text, uint64_t icr)
{
	static const char *const shorthands[] = {
		"", " self", " all", " all_but_self",
	};

	text_printf(text, " (%s vector=0x%x%s%s)", delivery_modes[icr >> 8 & 7],
		    (unsigned int)(icr & 0xff), icr >> 11 & 1 ? " logical" : "",
		    shorthands[icr >> 18 & 3]);
}

static void put_lvt(struct text *text, uint64_t reg, uint64_t lvt)
{
	static const char *const timer_modes[] = {
		"oneshot", "periodic", "tsc_deadline", "reserved",
	};

	text_printf(text, " (vector=0x%x", (unsigned int)(lvt & 0xff));
	if (reg == LAPIC_LVTT)
		text_printf(text, " %s", timer_modes[lvt >> 17 & 3]);
	else
		text_printf(text, " %s", delivery_modes[lvt >> 8 & 7]);
	text_string(text, lvt >> 16 & 1 ? " masked)" : ")");
}

void print_kvm_apic(const struct kvm2_trace_event *event, struct text *text)
{
#define X(number, text) { (number) << 4, text },
	static const struct bit_name registers[] = { KVM2_LAPIC_NAMES(X) };
#undef X
	const uint64_t reg = event->values[APIC_REGISTER];
	const uint64_t value = event->values[APIC_VALUE];

	text_string(text, event->values[APIC_WRITE] ? "write " : "read ");
	bit_name(text, BITS(registers), reg);
	put(text, "=", value);
	if (reg == LAPIC_ICR)
		put_icr(text, value);
	else if (reg >= LAPIC_LVTT && reg <= LAPIC_LVTERR)
		put_lvt(text, reg, value);
}

/* ---- faults ---- */

enum { FAULT_ADDRESS, FAULT_ERROR, FAULT_RIP };

void print_kvm_page_fault(const struct kvm2_trace_event *event,
			  struct text *text)
{
	put(text, "address=", event->values[FAULT_ADDRESS]);
	text_char(text, ' ');
	bit_page_fault(text, event->values[FAULT_ERROR]);
	if (event->values[FAULT_RIP])
		put(text, " rip=", event->values[FAULT_RIP]);
}

enum { INJ_VECTOR, INJ_HAS_ERROR, INJ_ERROR, INJ_AGAIN };

/* Source: Intel SDM volume 3A, 6.13. */
void print_kvm_inj_exception(const struct kvm2_trace_event *event,
			     struct text *text)
{
	const uint64_t *values = event->values;

	bit_vector(text, (unsigned int)values[INJ_VECTOR]);
	if (values[INJ_HAS_ERROR]) {
		text_string(text, " error=");
		if (values[INJ_VECTOR] == 14)
			bit_page_fault(text, values[INJ_ERROR]);
		else
			text_hex(text, values[INJ_ERROR]);
	}
	if (values[INJ_AGAIN])
		text_string(text, " reinjected");
}

/* ---- hypercalls ---- */

void print_kvm_hypercall(const struct kvm2_trace_event *event,
			 struct text *text)
{
	/* Source: KVM_HC_*, uapi/linux/kvm_para.h. */
	static const struct bit_name names[] = {
		{ 1, "vapic_poll_irq" }, { 2, "mmu_op" }, { 3, "features" },
		{ 4, "ppc_map_magic_page" }, { 5, "kick_cpu" },
		{ 6, "mips_get_clock_freq" }, { 7, "mips_exit_vm" },
		{ 8, "mips_console_output" }, { 9, "clock_pairing" },
		{ 10, "send_ipi" }, { 11, "sched_yield" },
		{ 12, "map_gpa_range" },
	};
	const uint64_t *values = event->values;

	bit_name(text, BITS(names), values[0]);
	put(text, "(", values[1]);
	put(text, ", ", values[2]);
	put(text, ", ", values[3]);
	put(text, ", ", values[4]);
	text_char(text, ')');
}

void print_kvm_hv_hypercall(const struct kvm2_trace_event *event,
			    struct text *text)
{
	/* Source: HVCALL_*, asm-generic/hyperv-tlfs.h, v6.12. */
	static const struct bit_name names[] = {
		{ 0x02, "flush_address_space" }, { 0x03, "flush_address_list" },
		{ 0x08, "notify_long_spin_wait" }, { 0x0b, "send_ipi" },
		{ 0x13, "flush_address_space_ex" },
		{ 0x14, "flush_address_list_ex" }, { 0x15, "send_ipi_ex" },
		{ 0x50, "get_vp_registers" }, { 0x51, "set_vp_registers" },
		{ 0x5c, "post_message" }, { 0x5d, "signal_event" },
		{ 0x69, "post_debug_data" }, { 0x6a, "retrieve_debug_data" },
		{ 0x6b, "reset_debug_session" }, { 0x7e, "retarget_interrupt" },
		{ 0xaf, "flush_guest_space" }, { 0xb0, "flush_guest_list" },
	};
	const uint64_t *values = event->values;

	bit_name(text, BITS(names), values[0]);
	text_string(text, values[1] ? " fast" : " slow");
	text_printf(text, " var=%u rep=%u/%u", (unsigned int)values[2],
		    (unsigned int)values[4], (unsigned int)values[3]);
	put(text, " in=", values[5]);
	put(text, " out=", values[6]);
}

void print_kvm_xen_hypercall(const struct kvm2_trace_event *event,
			     struct text *text)
{
	/* Source: __HYPERVISOR_*, xen/interface/xen.h, v6.12. */
	static const struct bit_name names[] = {
		{ 0, "set_trap_table" }, { 1, "mmu_update" }, { 2, "set_gdt" },
		{ 3, "stack_switch" }, { 4, "set_callbacks" },
		{ 5, "fpu_taskswitch" }, { 8, "set_debugreg" },
		{ 12, "memory_op" }, { 13, "multicall" },
		{ 14, "update_va_mapping" }, { 15, "set_timer_op" },
		{ 17, "xen_version" }, { 18, "console_io" },
		{ 20, "grant_table_op" }, { 21, "vm_assist" }, { 23, "iret" },
		{ 24, "vcpu_op" }, { 26, "mmuext_op" }, { 29, "sched_op" },
		{ 30, "callback_op" }, { 32, "event_channel_op" },
		{ 33, "physdev_op" }, { 34, "hvm_op" }, { 35, "sysctl" },
		{ 36, "domctl" }, { 40, "xenpmu_op" }, { 41, "dm_op" },
	};
	const uint64_t *values = event->values;

	bit_name(text, BITS(names), values[0]);
	for (unsigned int i = 1; i <= 6; i++)
		put(text, i == 1 ? "(" : ", ", values[i]);
	text_printf(text, ") cpl=%u", (unsigned int)values[7]);
}

/* Source: GHCB specification, 4.1: its exit codes are those of SVM. */
void print_kvm_vmgexit(const struct kvm2_trace_event *event, struct text *text)
{
	static const struct bit_name names[] = {
		{ 0x72, "cpuid" }, { 0x7b, "io" }, { 0x7c, "msr" },
		{ 0x6e, "rdtsc" }, { 0x6f, "rdpmc" }, { 0x76, "invd" },
		{ 0x81, "vmmcall" }, { 0x87, "rdtscp" }, { 0x89, "wbinvd" },
		{ 0x8a, "monitor" }, { 0x8b, "mwait" },
		{ 0x80000001, "mmio_read" }, { 0x80000002, "mmio_write" },
		{ 0x80000003, "nmi_complete" },
		{ 0x80000004, "ap_hlt_loop" }, { 0x80000005, "ap_jump_table" },
		{ 0x80000010, "page_state_change" },
		{ 0x80000011, "guest_request" }, { 0x80000013, "ap_creation" },
		{ 0x8000fffd, "hypervisor_features" },
		{ 0x8000fffe, "termination" }, { 0x8000ffff, "unsupported" },
	};
	const struct exit_info info = {
		.reason = (uint32_t)event->values[0],
		.info1 = event->values[1],
		.info2 = event->values[2],
	};

	bit_name(text, BITS(names), event->values[0]);
	exit_info_svm(text, &info);
}

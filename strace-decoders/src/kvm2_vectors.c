/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that the kvm2 calls and the ioctls of /dev/kvm share. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_vectors.h"

#include "kvm2_xlat.h"

static const struct xlat_data vector_data[] = {
	{ 0,	"#DE" },
	{ 1,	"#DB" },
	{ 2,	"NMI" },
	{ 3,	"#BP" },
	{ 4,	"#OF" },
	{ 5,	"#BR" },
	{ 6,	"#UD" },
	{ 7,	"#NM" },
	{ 8,	"#DF" },
	{ 10,	"#TS" },
	{ 11,	"#NP" },
	{ 12,	"#SS" },
	{ 13,	"#GP" },
	{ 14,	"#PF" },
	{ 16,	"#MF" },
	{ 17,	"#AC" },
	{ 18,	"#MC" },
	{ 19,	"#XM" },
	{ 20,	"#VE" },
	{ 21,	"#CP" },
	{ 28,	"#HV" },
	{ 29,	"#VC" },
	{ 30,	"#SX" },
};

KVM2_XLAT_SORTED(vectors, vector_data);
const struct xlat *const kvm2_vectors = vectors;

static const struct xlat_data exit_data[] = {
	{ 0,	"KVM_EXIT_UNKNOWN" },
	{ 1,	"KVM_EXIT_EXCEPTION" },
	{ 2,	"KVM_EXIT_IO" },
	{ 3,	"KVM_EXIT_HYPERCALL" },
	{ 4,	"KVM_EXIT_DEBUG" },
	{ 5,	"KVM_EXIT_HLT" },
	{ 6,	"KVM_EXIT_MMIO" },
	{ 7,	"KVM_EXIT_IRQ_WINDOW_OPEN" },
	{ 8,	"KVM_EXIT_SHUTDOWN" },
	{ 9,	"KVM_EXIT_FAIL_ENTRY" },
	{ 10,	"KVM_EXIT_INTR" },
	{ 11,	"KVM_EXIT_SET_TPR" },
	{ 12,	"KVM_EXIT_TPR_ACCESS" },
	{ 16,	"KVM_EXIT_NMI" },
	{ 17,	"KVM_EXIT_INTERNAL_ERROR" },
	{ 21,	"KVM_EXIT_WATCHDOG" },
	{ 24,	"KVM_EXIT_SYSTEM_EVENT" },
	{ 26,	"KVM_EXIT_IOAPIC_EOI" },
	{ 27,	"KVM_EXIT_HYPERV" },
	{ 29,	"KVM_EXIT_X86_RDMSR" },
	{ 30,	"KVM_EXIT_X86_WRMSR" },
	{ 31,	"KVM_EXIT_DIRTY_RING_FULL" },
	{ 32,	"KVM_EXIT_AP_RESET_HOLD" },
	{ 33,	"KVM_EXIT_X86_BUS_LOCK" },
	{ 34,	"KVM_EXIT_XEN" },
	{ 37,	"KVM_EXIT_NOTIFY" },
	{ 39,	"KVM_EXIT_MEMORY_FAULT" },
};

KVM2_XLAT_SORTED(classic_exits, exit_data);
const struct xlat *const kvm2_classic_exits = classic_exits;

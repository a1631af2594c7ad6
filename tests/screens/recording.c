// SPDX-License-Identifier: GPL-2.0
// Writes recordings for the tests of kvm2top's screens: recording FILE [lost | details | tier1 | vms COUNT]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "record.h"

#define SECOND		UINT64_C(1000000000)
#define REFRESHES	12
#define BEGAN		UINT64_C(1767225600)	/* 2026-01-01 00:00:00 UTC */
#define SVM_IO		0x7b
#define SVM_HLT		0x78
#define SVM_NPF		241			/* 0x400, dense */
#define SVM_CPUID	0x72

/**
 * struct part - a vcpu of the story
 * @rate:	exits a second
 * @from, @to:	the refreshes in which it is there
 */
struct part {
	uint32_t tgid;
	const char *vm;
	const char *kind;
	bool is_kvm2;
	uint32_t id;
	uint64_t rate;
	uint64_t from;
	uint64_t to;
};

static const struct part parts[] = {
	{ 1001, "web", "libvirt", false, 0, 12000, 1, REFRESHES },
	{ 1001, "web", "libvirt", false, 1, 30000, 1, REFRESHES },
	{ 1002, "db", "qemu", false, 0, 800, 1, REFRESHES },
	{ 1003, "next", "kvm2run", true, 0, 5000, 1, REFRESHES },
	{ 1004, "batch", "firecracker", false, 0, 400, 3, 8 },
};

static const struct {
	uint32_t code;
	const char *name;
	uint64_t percent;
	unsigned int bucket;
	uint64_t ns;
} reasons[] = {
	{ SVM_IO, "io", 60, 32, 18000 },
	{ SVM_NPF, "npf", 20, 24, 4600 },
	{ SVM_CPUID, "cpuid", 15, 18, 1500 },
	{ SVM_HLT, "hlt", 5, 60, 2300000 },
};

static bool has_times = true;

static void tell_reasons(struct model *model, struct vcpu *vcpu, uint64_t exits)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const uint64_t count = exits * reasons[i].percent / 100;
		struct reason *reason = model_reason(model, vcpu, MODEL_CPU, SHARED_SVM, reasons[i].code, 0, count);
		struct shared_slot slot = { .count = count, .total_ns = count * reasons[i].ns,
					    .max_ns = reasons[i].ns * 9 };
		struct reason *root = model_root(reason);

		slot.part_ns[PHASE_KERNEL] = slot.total_ns / 4;
		slot.part_ns[reasons[i].code == SVM_HLT ? PHASE_HALT : PHASE_USER] =
			slot.total_ns - slot.part_ns[PHASE_KERNEL];
		slot.hist[reasons[i].bucket] = (uint32_t)(count - count / 10);
		slot.hist[reasons[i].bucket + 7] = (uint32_t)(count / 10);
		if (has_times)
			model_times(model, reason, &slot);
		if (!root->name)
			root->name = strdup(reasons[i].name);
	}
}

static void tell_part(struct model *model, const struct part *part, uint64_t refresh, bool lost)
{
	const struct model_identity identity = {
		.tgid = part->tgid, .start_ns = 1, .kvm = part->tgid, .is_kvm2 = part->is_kvm2, .vm = part->is_kvm2,
		.id = part->id, .tid = part->tgid + 100 + part->id, .comm = "vmm",
	};
	const uint64_t seconds = refresh - part->from + 1;
	/* It goes up and down, so that there is a line to see. */
	const uint64_t exits = part->rate * seconds + part->rate / 4 * (seconds % 3) / 100 * 100;
	const uint64_t phases[NR_PHASES] = {
		[PHASE_GUEST] = seconds * SECOND / 2, [PHASE_KERNEL] = seconds * SECOND / 4,
		[PHASE_USER] = seconds * SECOND / 8, [PHASE_READY] = seconds * SECOND / 16,
		[PHASE_HALT] = seconds * SECOND / 16,
	};
	struct vcpu *vcpu;
	struct vm *vm;

	if (refresh < part->from || refresh > part->to)
		return;
	vcpu = model_vcpu(model, &identity);
	vm = model_vm_of(vcpu);
	snprintf(vm->name, sizeof(vm->name), "%s", part->vm);
	snprintf(vm->kind, sizeof(vm->kind), "%s", part->kind);
	vcpu->cpu = (int)part->id;
	model_exits(model, vcpu, exits, exits * 6 / 10, exits + (lost && part->tgid == 1002 ? seconds * 10 : 0));
	if (has_times)
		model_phases(model, vcpu, phases);
	tell_reasons(model, vcpu, exits);
}

/* What somebody sees who looks at the first VM's details from the second refresh on. */
static size_t tell_details(struct collector_detail *list, uint64_t refresh)
{
	static const struct collector_detail each[] = {
		{ DETAIL_PORT_WRITE, 0x3f8, 9000 }, { DETAIL_PORT_WRITE, 0x80, 40 }, { DETAIL_PORT_READ, 0x3fd, 3600 },
		{ DETAIL_CPUID, 0, 3150 }, { DETAIL_MSR_WRITE, 0x6e0, 1200 }, { DETAIL_PAGE_FAULT, 0xfee00000, 4100 },
		{ DETAIL_PAGE_FAULT, 0xb8000, 100 }, { DETAIL_MMIO_WRITE, 0xfec00000, 700 }, { DETAIL_HYPERCALL, 5, 2 },
		{ DETAIL_RIP, 0xffffffff81000040, 21000 },
	};
	const size_t nr = sizeof(each) / sizeof(each[0]);

	memcpy(list, each, sizeof(each));
	/* Some come every time, some more and more often. */
	for (size_t i = 0; i < nr; i++)
		list[i].count *= i % 2 ? (refresh - 1) * refresh / 2 : refresh - 1;
	return nr;
}

static void tell_many(struct model *model, uint64_t refresh, unsigned int vms)
{
	static char names[4096][16];

	for (unsigned int i = 0; i < vms && i < 4096; i++) {
		struct part part = { .tgid = 2000 + i, .vm = names[i], .kind = "many", .rate = 100 + i, .from = 1,
				     .to = REFRESHES };

		snprintf(names[i], sizeof(names[i]), "vm%04u", i);
		tell_part(model, &part, refresh, false);
	}
}

int main(int argc, char **argv)
{
	const bool lost = argc > 2 && !strcmp(argv[2], "lost");
	const bool details = argc > 2 && !strcmp(argv[2], "details");
	const unsigned int vms = argc > 3 ? (unsigned int)atoi(argv[3]) : 0;
	FILE *file = argc > 1 ? fopen(argv[1], "we") : NULL;
	struct recorder *recorder = file ? recorder_create(file) : NULL;
	struct collector_detail list[16];
	struct model model;
	int error = 0;

	if (!recorder)
		return 2;
	has_times = !(argc > 2 && !strcmp(argv[2], "tier1"));
	model_init(&model);
	for (uint64_t refresh = 1; !error && refresh <= REFRESHES; refresh++) {
		struct output output = {
			.collector = "bpf", .status = { .tier = has_times ? 2 : 1, .best = 2, .cost_ns = 74,
						      .missing = has_times ? "" : "something that this host has not" },
			.cpu_percent = 0.4, .rss_bytes = 9000000, .wall_ns = (BEGAN + refresh) * SECOND,
		};

		if (details && refresh > 1) {
			output.watched = (pid_t)parts[0].tgid;
			output.details = list;
			output.nr_details = tell_details(list, refresh);
		}
		model_begin(&model, refresh * SECOND);
		for (size_t i = 0; !vms && i < sizeof(parts) / sizeof(parts[0]); i++)
			tell_part(&model, &parts[i], refresh, lost);
		tell_many(&model, refresh, vms);
		model_end(&model);
		error = recorder_write(recorder, &output, &model);
	}
	recorder_destroy(recorder);
	fclose(file);
	model_fini(&model);
	return error ? 1 : 0;
}

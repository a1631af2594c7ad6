/* SPDX-License-Identifier: GPL-2.0 */
/* A model with two VMs for tests of what shows it. */
#ifndef KVM2TOP_FIXTURE_H
#define KVM2TOP_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvm2top/src/model.h"

#define FIXTURE_SECOND	UINT64_C(1000000000)

static inline struct vcpu *fixture_vcpu(struct model *model, uint32_t tgid, uint32_t id, uint64_t exits,
					uint64_t hlt)
{
	const struct model_identity identity = {
		.tgid = tgid, .start_ns = 1, .kvm = tgid, .id = id, .tid = tgid + id, .comm = "vmm",
	};
	struct vcpu *vcpu = model_vcpu(model, &identity);

	model_exits(model, vcpu, exits, exits / 2, exits);
	model_reason(model, vcpu, MODEL_CPU, SHARED_SVM, 0x78, 0, hlt);
	model_reason(model, vcpu, MODEL_CPU, SHARED_SVM, 0x7b, 0, exits - hlt);
	return vcpu;
}

/* web: vcpu 0 with 1000, vcpu 1 with 3000 exits a second; db: vcpu 0 with 200. Of these 100 are hlt, the others io. */
static inline void fixture_init(struct model *model)
{
	struct reason *reason;
	struct vm *vm;

	model_init(model);
	for (uint64_t second = 1; second <= 2; second++) {
		model_begin(model, second * FIXTURE_SECOND);
		fixture_vcpu(model, 100, 0, second * 1000, second * 100);
		fixture_vcpu(model, 100, 1, second * 3000, second * 100);
		fixture_vcpu(model, 200, 0, second * 200, second * 100);
		model_end(model);
	}
	for (vm = model->vms; vm; vm = vm->next)
		snprintf(vm->name, sizeof(vm->name), "%s", vm->tgid == 100 ? "web" : "db");
	for (reason = model->host.reasons; reason; reason = reason->next)
		reason->name = strdup(reason->code == 0x78 ? "hlt" : "io");
}

#endif /* KVM2TOP_FIXTURE_H */

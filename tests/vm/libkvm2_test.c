// SPDX-License-Identifier: GPL-2.0
/*
 * libkvm2 on real guests: every test is run on both APIs and must find the
 * same, but for what is marked. One VM for each API does all tests.
 */
#include "libkvm2_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fixture fixture;

/* What each API lists in the reset state, headers alone; not run: empty. */
static struct kvm2_records listed[2];
static uint64_t listed_data[2][STATE_BYTES / 8];

static void create(struct fixture *f)
{
	struct kvm2_vm_config config = {
		.name = "libkvm2_test",
		.msr_exits = KVM2_MSR_EXIT_UNKNOWN,
	};
	struct kvm2_vm_config bad = { .flags = 1ULL << 63 };
	struct kvm2_machine *second = NULL;

	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL, "unknown VM flags are refused");
	memset(bad.name, 'x', sizeof(bad.name));
	bad.flags = 0;
	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL, "a name without an end is refused");
	bad = (struct kvm2_vm_config){ .msr_exits = 1U << 31 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL, "unknown MSR exits are refused");
	bad = (struct kvm2_vm_config){ .bsp_vcpu_id = 1U << 30 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EINVAL,
	   "a BSP that cannot be is refused");
	bad = (struct kvm2_vm_config){ .hypercall_exits = 1ULL << 60 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EOPNOTSUPP,
	   "hypercalls that KVM has not are not supported");
	bad = (struct kvm2_vm_config){ .flags = KVM2_VM_EXIT_BUS_LOCK, .notify_window = 1 };
	IS(kvm2_machine_create(f->number, &bad, &second), -EOPNOTSUPP,
	   "exits that the processor has not are not supported");
	must(kvm2_machine_create(f->number, &config, &f->machine), "create a machine");
	OK(kvm2_machine_api(f->machine) == f->number, "a machine knows its API");
	if (f->number == KVM2_API_KVM2)
		IS(kvm2_machine_create(f->number, &config, &second), -EEXIST,
		   "a process has one VM");

	f->ram = map_memory(RAM_BYTES);
	f->logged = map_memory(LOGGED_PAGES * PAGE);
	f->read_only = map_memory(PAGE);
	f->other_page = map_memory(PAGE);
	IS(set_map(f, f->ram + SWAPPED, KVM2_REGION_LOG_DIRTY, NULL, 0), 0, "a map can be set");

	IS(kvm2_vcpu_create(f->machine, 0, KVM2_VCPU_NEW, &f->vcpu), 0, "a vcpu can be created");
	OK(f->vcpu && kvm2_vcpu_id(f->vcpu) == 0, "and knows its id");
	IS(kvm2_vcpu_set_host_cpuid(f->vcpu), 0, "it can have the host's CPUID");
	list_into(f, &f->reset, f->reset_data, KVM2_STATE_WRITABLE | KVM2_STATE_STABLE);
	list_into(f, &listed[f->number], listed_data[f->number], KVM2_STATE_HEADERS);

	/* 16-bit code where it is put, not at the top of the address space. */
	{
		struct kvm2_segment *cs = (struct kvm2_segment *)
			kvm2_records_find(&f->reset, KVM2_SET_SEGMENT, KVM2_SEGMENT_CS)->value;
		uint64_t *rsp = (uint64_t *)
			kvm2_records_find(&f->reset, KVM2_SET_GPR, KVM2_GPR_RSP)->value;

		cs->base = 0;
		cs->selector = 0;
		*rsp = 0x7000;
	}
}

static void test_api(enum kvm2_api api)
{
	struct fixture *f = &fixture;
	int ret = kvm2_api_probe(api);

	memset(f, 0, sizeof(*f));
	f->number = api;
	f->api = kvm2_api_name(api);
	if (ret < 0) {
		tap_skip(strerror(-ret), "%s: every test", f->api);
		return;
	}
	create(f);
	test_exits(f);
	test_state(f);
	test_memory(f);
	test_threads(f);
	test_nonsense(f);
	test_triple_fault(f);
	kvm2_vcpu_destroy(f->vcpu);
	kvm2_machine_destroy(f->machine);
}

/* MSRs aside: the kvm2 kernel leaves out those that KVM only pretends to have. */
static int count_missing(const struct kvm2_records *from, const struct kvm2_records *in)
{
	const struct kvm2_record *record = NULL;
	char name[KVM2_NAME_SIZE];
	int missing = 0;

	while ((record = kvm2_records_next(from, record))) {
		const struct kvm2_record *other;

		if (record->set == KVM2_SET_MSR)
			continue;
		other = kvm2_records_find(in, record->set, record->number);
		if (other && other->size == record->size && other->attributes == record->attributes)
			continue;
		tap_note("%s is missing or different",
			 kvm2_register_name(record->set, record->number, name));
		missing++;
	}
	return missing;
}

static void compare_apis(void)
{
	if (!listed[KVM2_API_KVM2].used || !listed[KVM2_API_CLASSIC].used)
		return;
	tap_is(count_missing(&listed[0], &listed[1]) + count_missing(&listed[1], &listed[0]), 0,
	       "both APIs list the same registers, with the same width and attributes");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--api") && kvm2_api_find(argv[2]) >= 0) {
		test_api(kvm2_api_find(argv[2]));
	} else if (argc == 1) {
		test_api(KVM2_API_CLASSIC);
		test_api(KVM2_API_KVM2);
		compare_apis();
	} else {
		fprintf(stderr, "usage: libkvm2_test [--api kvm2|classic]\n");
		return 2;
	}
	return tap_end();
}

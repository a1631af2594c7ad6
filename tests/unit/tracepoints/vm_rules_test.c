// SPDX-License-Identifier: LGPL-2.1
// vm_rules.c: what the rules make of a process.
#include <kvm2/trace_vm_name.h>

#include "vm_rules.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "kind name" of the process, with @more rules in front. */
static const char *name_with(const char *more, const struct vm_facts *facts)
{
	struct kvm2_trace_vm_rules *rules = kvm2_trace_vm_rules_create();
	struct kvm2_trace_vm_name name;
	static char text[128];

	assert_non_null(rules);
	assert_int_equal(kvm2_trace_vm_rules_add(rules, more, strlen(more), NULL),
			 0);
	vm_rules_apply(rules, facts, &name);
	snprintf(text, sizeof(text), "%s %s", name.kind, name.name);
	kvm2_trace_vm_rules_destroy(rules);
	return text;
}

static const char *name_of(const struct vm_facts *facts)
{
	return name_with("", facts);
}

/* Words of @line become arguments; the first is the program. */
static struct vm_facts facts_of(const char *line, const char *cgroup)
{
	struct vm_facts facts = { .args_size = strlen(line) + 1 };

	snprintf(facts.program, sizeof(facts.program), "%.*s",
		 (int)strcspn(line, " "), line);
	snprintf(facts.comm, sizeof(facts.comm), "%.15s", facts.program);
	snprintf(facts.cgroup, sizeof(facts.cgroup), "%s", cgroup);
	memcpy(facts.args, line, strlen(line) + 1);
	for (char *c = facts.args; *c; c++)
		if (*c == ' ')
			*c = '\0';
	return facts;
}

static const char *name_line(const char *line, const char *cgroup)
{
	const struct vm_facts facts = facts_of(line, cgroup);

	return name_of(&facts);
}

static void qemu_is_named_by_its_name_option(void **state)
{
	(void)state;
	assert_string_equal(name_line("qemu-system-x86_64 -name web1 -m 1G", "/"),
			    "qemu web1");
	assert_string_equal(name_line("qemu-system-x86_64 -name guest=web2,debug-threads=on", "/"),
			    "qemu web2");
	assert_string_equal(name_line("kvm -id 100 -name debug-threads=on,guest=a,,b", "/"),
			    "qemu a,b");
	assert_string_equal(name_line("qemu-kvm -uuid 1234-5678", "/"),
			    "qemu 1234-5678");
	assert_string_equal(name_line("qemu-system-x86_64 -m 1G", "/"),
			    "qemu qemu-system-x86");
}

static void libvirt_is_known_by_its_cgroup(void **state)
{
	(void)state;
	assert_string_equal(name_line("qemu-system-x86_64 -name guest=x",
		"/machine.slice/machine-qemu\\x2d12\\x2dmail\\x2dserver.scope/libvirt/emulator"),
		"libvirt mail-server");
	assert_string_equal(name_line("qemu-system-x86_64 -name guest=x",
		"/machine.slice/machine-qemu\\x2d3\\x2dx.y.scope"), "libvirt x.y");
}

static void other_vmms_have_their_own_options(void **state)
{
	(void)state;
	assert_string_equal(name_line("firecracker --id 551e7604 --api-sock /run/f.socket", "/"),
			    "firecracker 551e7604");
	assert_string_equal(name_line("firecracker --api-sock /run/fc/b7.socket", "/"),
			    "firecracker b7");
	assert_string_equal(name_line("cloud-hypervisor --api-socket path=/run/ch/db.sock", "/"),
			    "cloud-hypervisor db");
	assert_string_equal(name_line("cloud-hypervisor --api-socket /run/ch/db2.sock", "/"),
			    "cloud-hypervisor db2");
	assert_string_equal(name_line("crosvm run --name borealis --cpus 2", "/"),
			    "crosvm borealis");
	assert_string_equal(name_line("crosvm run -s=/run/vm7.sock", "/"),
			    "crosvm vm7");
	assert_string_equal(name_line("lkvm run --name=guest-77 -m 64", "/"),
			    "kvmtool guest-77");
	assert_string_equal(name_line("lkvm run -m 64", "/"), "kvmtool lkvm");
}

static void kvm2run_is_named_by_its_vm_or_its_option(void **state)
{
	struct vm_facts facts = facts_of("kvm2run --name first image", "/");

	(void)state;
	assert_string_equal(name_of(&facts), "kvm2run first");
	facts.has_kvm2 = true;
	snprintf(facts.kvm2, sizeof(facts.kvm2), "second");
	assert_string_equal(name_of(&facts), "kvm2run second");
	snprintf(facts.program, sizeof(facts.program), "myvmm");
	snprintf(facts.comm, sizeof(facts.comm), "myvmm");
	assert_string_equal(name_of(&facts), "kvm2 second");
}

static void an_unknown_vmm_is_named_by_container_service_or_process(void **state)
{
	(void)state;
	assert_string_equal(name_line("myvmm", "/system.slice/docker-0a1b.scope"),
			    "container 0a1b");
	assert_string_equal(name_line("myvmm", "/system.slice/myvmm@7.service"),
			    "service myvmm@7");
	assert_string_equal(name_line("myvmm",
		"/user.slice/user@1000.service/app.slice/shell.scope"),
		"process myvmm");
	assert_string_equal(name_line("myvmm", ""), "process myvmm");
}

static void an_option_without_a_value_names_nothing(void **state)
{
	(void)state;
	assert_string_equal(name_line("kvm2run --name", "/"), "process kvm2run");
	assert_string_equal(name_line("kvm2run --name=", "/"), "process kvm2run");
	assert_string_equal(name_line("kvm2run --named x", "/"), "process kvm2run");
}

static void rules_of_the_administrator_come_first(void **state)
{
	const struct vm_facts facts = facts_of("myvmm --tenant blue --disk=/d/x.img", "/");

	(void)state;
	assert_string_equal(name_with("# ours\n\nours myvmm option --tenant\n",
				      &facts), "ours blue");
	assert_string_equal(name_with("a other option --tenant\nb my*|x path --disk",
				      &facts), "b x");
}

static void a_wrong_rule_is_named_by_its_line_and_none_is_added(void **state)
{
	struct kvm2_trace_vm_rules *rules = kvm2_trace_vm_rules_create();
	static const char *const wrong[] = {
		"a * comm\nb\n", "a * comm\nb *\n", "a * comm\nb * nonsense\n",
		"a * comm\nb * option\n", "a * comm\nb * item x\n",
		"a * comm\nkind-of-more-than-23-bytes * comm",
		"a * comm\nb * option 1 2 3 4 5 6 7 8 9\n",
	};
	struct kvm2_trace_vm_name name;
	const struct vm_facts facts = facts_of("myvmm", "/");

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned int line = 0;

		assert_int_equal(kvm2_trace_vm_rules_add(rules, wrong[i],
							 strlen(wrong[i]), &line),
				 -EINVAL);
		assert_int_equal(line, 2);
	}
	vm_rules_apply(rules, &facts, &name);
	assert_string_equal(name.kind, "process");
	kvm2_trace_vm_rules_destroy(rules);
}

static void a_terminal_is_safe_from_names(void **state)
{
	struct vm_facts facts = facts_of("kvm2run --name x\033[2Jy", "/");

	(void)state;
	assert_string_equal(name_of(&facts), "kvm2run x?[2Jy");
	memset(facts.args, 'n', sizeof(facts.args));
	memcpy(facts.args, "-name", 6);
	facts.args_size = sizeof(facts.args) - 1;
	facts.args[sizeof(facts.args) - 1] = '\0';
	snprintf(facts.program, sizeof(facts.program), "qemu");
	assert_int_equal(strlen(name_of(&facts)), strlen("qemu ") +
			 KVM2_TRACE_VM_NAME_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_is_named_by_its_name_option),
		cmocka_unit_test(libvirt_is_known_by_its_cgroup),
		cmocka_unit_test(other_vmms_have_their_own_options),
		cmocka_unit_test(kvm2run_is_named_by_its_vm_or_its_option),
		cmocka_unit_test(an_unknown_vmm_is_named_by_container_service_or_process),
		cmocka_unit_test(an_option_without_a_value_names_nothing),
		cmocka_unit_test(rules_of_the_administrator_come_first),
		cmocka_unit_test(a_wrong_rule_is_named_by_its_line_and_none_is_added),
		cmocka_unit_test(a_terminal_is_safe_from_names),
	};

	return cmocka_run_group_tests_name("vm_rules", tests, NULL, NULL);
}

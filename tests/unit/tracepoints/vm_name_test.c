// SPDX-License-Identifier: LGPL-2.1
// vm_name.c: a real process, and a real file of rules.
#include <kvm2/trace_vm_name.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct kvm2_trace_vm_rules *rules_from(const char *text)
{
	struct kvm2_trace_vm_rules *rules = kvm2_trace_vm_rules_create();
	char path[] = "/tmp/kvm2-vm-names-XXXXXX";
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(kvm2_trace_vm_rules_load(rules, path, NULL), 0);
	unlink(path);
	return rules;
}

static void a_process_is_named_by_its_command_line(void **state)
{
	struct kvm2_trace_vm_rules *rules = rules_from("test sh|dash|bash option --vm\n");
	struct kvm2_trace_vm_name name = { "", "" };
	int pipes[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		dup2(pipes[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", "echo; kill -STOP $$", "sh", "--vm",
		      "web1", NULL);
		_exit(1);
	}
	/* What it says first, it says after the exec. */
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(kvm2_trace_vm_name(rules, pid, &name), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_string_equal(name.kind, "test");
	assert_string_equal(name.name, "web1");
	assert_int_equal(kvm2_trace_vm_name(rules, pid, &name), -ESRCH);
	kvm2_trace_vm_rules_destroy(rules);
}

static void *name_by_thread(void *rules)
{
	static struct kvm2_trace_vm_name name;

	pthread_setname_np(pthread_self(), "another");
	return kvm2_trace_vm_name(rules, gettid(), &name) ? NULL : &name;
}

static void a_thread_has_the_name_of_its_process(void **state)
{
	struct kvm2_trace_vm_rules *rules = rules_from("self vm_name_test comm\n");
	struct kvm2_trace_vm_name *name;
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, name_by_thread, rules), 0);
	pthread_join(thread, &result);
	assert_non_null(result);
	name = result;
	assert_string_equal(name->kind, "self");
	assert_string_equal(name->name, "vm_name_test");
	kvm2_trace_vm_rules_destroy(rules);
}

static void a_file_of_rules_may_be_missing_only_by_default(void **state)
{
	struct kvm2_trace_vm_rules *rules = kvm2_trace_vm_rules_create();
	unsigned int line = 7;

	(void)state;
	assert_int_equal(kvm2_trace_vm_rules_load(rules, "/proc/self/no-rules", &line),
			 -ENOENT);
	assert_int_equal(line, 0);
	if (access(KVM2_TRACE_VM_RULES_FILE, F_OK))
		assert_int_equal(kvm2_trace_vm_rules_load(rules, NULL, NULL), 0);
	assert_int_equal(kvm2_trace_vm_rules_load(rules, "/proc/self", NULL),
			 -EISDIR);
	/* It never ends. */
	assert_int_equal(kvm2_trace_vm_rules_load(rules, "/dev/zero", NULL),
			 -EFBIG);
	kvm2_trace_vm_rules_destroy(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_named_by_its_command_line),
		cmocka_unit_test(a_thread_has_the_name_of_its_process),
		cmocka_unit_test(a_file_of_rules_may_be_missing_only_by_default),
	};

	return cmocka_run_group_tests_name("vm_name", tests, NULL, NULL);
}

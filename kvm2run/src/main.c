// SPDX-License-Identifier: GPL-2.0
// kvm2run: the order of things, what is said to the user, and exit statuses.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "events.h"
#include "machine.h"
#include "options.h"

/* Odd statuses are the guest's: value << 1 | 1. */
#define STATUS_OK	0
#define STATUS_USAGE	2
#define STATUS_FAILED	4
#define STATUS_CRASHED	6

static void say(const char *text)
{
	fprintf(stderr, "kvm2run: %s\n", text);
}

/* Why an API cannot be used, and what to do. */
static int api_failure(struct failure *failure, enum kvm2_api api, int err)
{
	static const struct {
		int error;
		const char *why;
	} reasons[] = {
		{ ENOSYS, "this kernel has no kvm2 system calls, or KVM is not loaded; boot a kernel with CONFIG_KVM2, or use --api classic" },
		{ ENOENT, "/dev/kvm does not exist; load kvm-intel or kvm-amd, or enable virtualisation" },
		{ EACCES, "/dev/kvm: permission denied; join the group kvm, or be root" },
		{ EOPNOTSUPP, "KVM of this kernel lacks what is needed; it takes Linux 5.16 or later" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == -err)
			return failure_set(failure, -err, "--api %s: %s", kvm2_api_name(api),
					   reasons[i].why);
	return failure_set(failure, -err, "--api %s: %s", kvm2_api_name(api), strerror(-err));
}

static int choose_api(const struct options *options, enum kvm2_api *api, struct failure *failure)
{
	int err;

	*api = options->has_api ? options->api : KVM2_API_KVM2;
	err = kvm2_api_probe(*api);
	if (err == -ENOSYS && !options->has_api) {
		*api = KVM2_API_CLASSIC;
		err = kvm2_api_probe(*api);
		if (!err)
			say("this kernel has no kvm2 system calls: using the classic API of /dev/kvm (boot a kernel with CONFIG_KVM2 for the other)");
	}
	return err ? api_failure(failure, *api, err) : 0;
}

static void say_waiting(const struct machine *machine)
{
	fprintf(stderr, "kvm2run: waiting for a line or SIGCONT: pid %d", getpid());
	for (unsigned int i = 0; i < machine->nr_vcpus; i++)
		fprintf(stderr, ", vcpu %u tid %d", i, machine->vcpus[i].tid);
	fprintf(stderr, "\n");
}

/* Die of the signal that ended the run, so that a shell sees it. */
static int die_of(int signo)
{
	sigset_t set;

	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	raise(signo);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return STATUS_FAILED;
}

static int finish(const struct machine *machine)
{
	switch (machine->ending.kind) {
	case ENDING_EXIT_PORT:
		return (int)(machine->ending.value & 0xff);
	case ENDING_RESET:
		say("the guest asked for a reset");
		return STATUS_OK;
	case ENDING_POWER_OFF:
	case ENDING_USER:
		return STATUS_OK;
	case ENDING_SIGNAL:
		return die_of((int)machine->ending.value);
	case ENDING_CRASH:
		fprintf(stderr, "kvm2run: vcpu %u: %s", machine->ending.value, machine->report);
		return STATUS_CRASHED;
	case ENDING_FAILURE:
	case ENDING_NONE:
		break;
	}
	say(machine->failure.text);
	return STATUS_FAILED;
}

static int run(struct machine *machine, const struct options *options)
{
	struct events events;
	struct failure failure;
	enum kvm2_api api;
	int status = STATUS_FAILED;
	int err;

	err = choose_api(options, &api, &failure);
	if (err)
		goto out;
	err = machine_init(machine, options, api, &failure);
	if (err)
		goto out;
	if (machine->boot.image.notice)
		fprintf(stderr, "kvm2run: %s: %s\n", options->image, machine->boot.image.notice);
	err = events_init(&events, machine);
	if (err) {
		failure_set(&failure, -err, "signalfd: %s", strerror(-err));
		goto out;
	}

	err = machine_start(machine, api, &failure);
	if (!err) {
		if (options->wait && !machine->ended) {
			say_waiting(machine);
			events_wait_start(&events);
		}
		machine_go(machine);
		events_run(&events);
	}
	machine_join(machine);
	if (!err)
		status = finish(machine);
	events_fini(&events);
out:
	if (err)
		say(failure.text);
	machine_fini(machine);
	return status;
}

int main(int argc, char **argv)
{
	static struct machine machine;
	struct options options;
	struct failure failure;

	prctl(PR_SET_NAME, "kvm2run");
	if (options_parse(&options, argc, argv, &failure)) {
		say(failure.text);
		fprintf(stderr, "Try 'kvm2run --help'.\n");
		return STATUS_USAGE;
	}
	if (options.help) {
		options_print_help(stdout);
		return STATUS_OK;
	}
	if (options.version) {
		printf("kvm2run %s\n", KVM2_VERSION);
		return STATUS_OK;
	}
	return run(&machine, &options);
}

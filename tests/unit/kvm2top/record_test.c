// SPDX-License-Identifier: GPL-2.0
// A recording shows what there was; a broken one breaks nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector.h"
#include "fixture.h"
#include "record.h"

static char path[] = "/tmp/kvm2top-record-XXXXXX";

static void read_second(struct model *model, uint64_t second)
{
	struct shared_slot slot = { .count = second * 10, .total_ns = second * 10000, .max_ns = 5000,
				    .part_ns = { [PHASE_KERNEL] = second * 10000 } };
	uint64_t phases[NR_PHASES] = { [PHASE_GUEST] = second * 600, [PHASE_HALT] = second * 400 };
	uint64_t counters[NR_COUNTERS] = { [COUNTER_EXITS] = second * 1000, [COUNTER_CPU_NS] = second * 77 };
	struct reason *reason;
	struct vcpu *vcpu;

	slot.hist[20] = (uint32_t)(second * 10);
	model_begin(model, second * FIXTURE_SECOND);
	vcpu = fixture_vcpu(model, 100, 0, second * 1000, second * 100);
	model_phases(model, vcpu, phases);
	model_counters(model, vcpu, counters, true);
	reason = model_reason(model, vcpu, MODEL_CPU, SHARED_SVM, 0x72, 0, second * 10);
	model_times(model, reason, &slot);
	/* One comes, one goes. */
	if (second > 1)
		fixture_vcpu(model, 100, 1, second * 3000, second * 100);
	if (second < 3)
		fixture_vcpu(model, 200, 0, second * 200, second * 100);
	model_end(model);
}

static void name_all(struct model *model)
{
	struct reason *reason;
	struct vm *vm;

	for (vm = model->vms; vm; vm = vm->next)
		snprintf(vm->name, sizeof(vm->name), "vm%u", vm->tgid);
	for (reason = model->host.reasons; reason; reason = reason->next)
		if (!reason->name)
			reason->name = strdup(reason->code == 0x78 ? "hlt" : "other");
}

static struct output output_of(uint64_t second)
{
	return (struct output){
		.collector = "bpf", .status = { .tier = 2, .cost_ns = 70, .missing = "more" }, .cpu_percent = 1.5,
		.rss_bytes = 9000000, .wall_ns = second * FIXTURE_SECOND,
	};
}

/* Three refreshes; the JSON of each. */
static int setup(void **state)
{
	FILE *file = fdopen(mkstemp(path), "w");
	struct recorder *recorder = recorder_create(file);
	static char *texts[3];
	struct model model;

	model_init(&model);
	for (uint64_t second = 1; second <= 3; second++) {
		struct output output = output_of(second);
		size_t size;
		FILE *text = open_memstream(&texts[second - 1], &size);

		read_second(&model, second);
		name_all(&model);
		assert_int_equal(recorder_write(recorder, &output, &model), 0);
		output_json(text, &output, &model);
		fclose(text);
	}
	recorder_destroy(recorder);
	fclose(file);
	model_fini(&model);
	*state = texts;
	return 0;
}

static int teardown(void **state)
{
	char **texts = *state;

	for (int i = 0; i < 3; i++)
		free(texts[i]);
	unlink(path);
	return 0;
}

static struct collector *open_recording(const char *name)
{
	const struct collector_config config = { .recording = name };
	char message[COLLECTOR_MESSAGE_SIZE];
	struct collector *collector = NULL;

	collector_replay.open(&collector, &config, message);
	return collector;
}

static int read_one(struct collector *collector, struct model *model)
{
	int status;

	model_begin(model, collector_replay.now_ns(collector));
	status = collector_replay.read(collector, model);
	model_end(model);
	return status;
}

static void check(struct collector *collector, const struct model *model, const char *wanted)
{
	struct output output = { .columns = NULL };
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	collector_replay.status(collector, &output.status);
	output.collector = output.status.past->collector;
	output.cpu_percent = output.status.past->cpu_percent;
	output.rss_bytes = output.status.past->rss_bytes;
	output.wall_ns = output.status.past->wall_ns;
	output_json(file, &output, model);
	fclose(file);
	assert_string_equal(text, wanted);
	free(text);
}

static void every_refresh_comes_back_as_it_was(void **state)
{
	char **texts = *state;
	struct collector *collector = open_recording(path);
	struct model model;

	assert_non_null(collector);
	model_init(&model);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read_one(collector, &model), 0);
		check(collector, &model, texts[i]);
	}
	assert_int_equal(read_one(collector, &model), 1);
	/* Again, from the start. */
	model_fini(&model);
	model_init(&model);
	collector_replay.rewind(collector);
	assert_int_equal(read_one(collector, &model), 0);
	check(collector, &model, texts[0]);
	collector_replay.close(collector);
	model_fini(&model);
}

static size_t load(uint8_t **bytes)
{
	FILE *file = fopen(path, "r");
	size_t size;

	*bytes = malloc(1 << 16);
	size = fread(*bytes, 1, 1 << 16, file);
	fclose(file);
	return size;
}

static int play(const uint8_t *bytes, size_t size, int *frames)
{
	char name[] = "/tmp/kvm2top-broken-XXXXXX";
	const int fd = mkstemp(name);
	struct collector *collector;
	struct model model;
	int status = -EBADMSG;

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	collector = open_recording(name);
	unlink(name);
	*frames = 0;
	if (!collector)
		return status;
	model_init(&model);
	while (!(status = read_one(collector, &model)))
		++*frames;
	collector_replay.close(collector);
	model_fini(&model);
	return status;
}

static void one_that_is_cut_off_ends_before(void **state)
{
	uint8_t *bytes;
	const size_t size = load(&bytes);
	int frames;
	int last = 0;

	(void)state;
	for (size_t length = 0; length < size; length += 7) {
		const int status = play(bytes, length, &frames);

		assert_true(status == 1 || status == -EBADMSG);
		assert_true(frames >= last && frames < 3);
		last = frames;
	}
	assert_int_equal(last, 2);
	free(bytes);
}

static void one_that_is_broken_breaks_nothing(void **state)
{
	uint8_t *bytes;
	const size_t size = load(&bytes);
	uint32_t random = 1;
	int frames;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		uint8_t old[4];
		size_t at[4];

		for (int j = 0; j < 4; j++) {
			random = random * 1664525 + 1013904223;
			at[j] = sizeof(RECORD_MAGIC) - 1 + random % (size - sizeof(RECORD_MAGIC) + 1);
			old[j] = bytes[at[j]];
			bytes[at[j]] = (uint8_t)(random >> 24);
		}
		assert_true(play(bytes, size, &frames) != 0);
		for (int j = 3; j >= 0; j--)
			bytes[at[j]] = old[j];
	}
	assert_int_equal(play(bytes, size, &frames), 1);
	assert_int_equal(frames, 3);
	free(bytes);
}

static void what_is_none_is_refused(void **state)
{
	(void)state;
	assert_null(open_recording("/dev/null"));
	assert_null(open_recording("/nonexistent/x"));
	assert_null(open_recording("kvm2top/kvm2top.8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refresh_comes_back_as_it_was),
		cmocka_unit_test(one_that_is_cut_off_ends_before),
		cmocka_unit_test(one_that_is_broken_breaks_nothing),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

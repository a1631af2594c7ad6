// SPDX-License-Identifier: GPL-2.0
// The collector that needs BPF: iterators read KVM's own counters, programs at the tracepoints count by reason.
#include "collector.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "format.h"
#include "top.skel.h"
#include "uevents.h"
#include "vcpus.h"

#define ROWS_MIN	64
#define ROWS_MAX	65536
#define SLOTS_A_ROW	4
#define SLOTS_MAX	65535
#define LINKS_MAX	16
#define ENTRY_NS	20	/* the way into a program, which it cannot measure itself */
#define ITER_BUFFER	(64 * 1024)
#define CONSISTENT_TRIES 200

struct collector {
	struct top *top;
	int tier;
	bool raw;		/* by the records of events: KVM is a module without BTF */
	bool is_module;
	bool detached;
	uint64_t idle_ns;		/* without a vcpu for so long a module is let go; 0: never */
	uint64_t busy_at_ns;		/* when there was one last */
	unsigned int nr_rows;
	unsigned int nr_slots;
	size_t rows_size;
	size_t clocks_size;
	size_t slots_size;
	size_t listed_size;
	struct shared_vcpu *listed;
	struct shared_row *rows;
	struct shared_clock *clocks;
	struct shared_slot *slots;
	struct bpf_link *links[LINKS_MAX];
	unsigned int nr_links;
	struct bpf_link *watches[LINKS_MAX];
	unsigned int nr_watches;
	struct bpf_link *iter_files;
	struct bpf_link *iter_tasks;
	bool has_iters;
	struct vcpus *vcpus;
	struct shared_vcpu *record;	/* being put together */
	size_t record_size;
	char *buffer;
	int uevents;
	uint64_t last_lost;
};

uint64_t collector_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* ---- what libbpf says, kept for the message ---- */

static char last_warning[COLLECTOR_MESSAGE_SIZE];

static int keep_warning(enum libbpf_print_level level, const char *format, va_list args)
{
	/* The first is the cause. */
	if (level == LIBBPF_WARN && !last_warning[0]) {
		vsnprintf(last_warning, sizeof(last_warning), format, args);
		last_warning[strcspn(last_warning, "\n")] = '\0';
	}
	return 0;
}

/* ---- loading ---- */

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static unsigned int power_of_two(unsigned int wanted)
{
	unsigned int value = ROWS_MIN;

	while (value < wanted && value < ROWS_MAX)
		value *= 2;
	return value;
}

static int read_offset(const char *text, const char *name, const volatile uint16_t *at)
{
	struct format_field field;
	int error = text ? format_field(text, name, &field) : -ENOENT;

	if (!error)
		*(uint16_t *)(uintptr_t)at = (uint16_t)field.offset;
	return error;
}

/* The layout of the records, for programs that have only these. */
static int read_formats(struct top *top)
{
	char *exit_text = format_load("kvm/kvm_exit");
	char *user_text = format_load("kvm/kvm_userspace_exit");
	int error = read_offset(exit_text, "exit_reason", &top->rodata->exit_reason_at);

	if (!error)
		error = read_offset(exit_text, "isa", &top->rodata->exit_isa_at);
	if (!error)
		error = read_offset(exit_text, "vcpu_id", &top->rodata->exit_vcpu_at);
	if (!error)
		error = read_offset(user_text, "reason", &top->rodata->user_reason_at);
	if (!error)
		error = read_offset(user_text, "errno", &top->rodata->user_error_at);
	free(exit_text);
	free(user_text);
	return error;
}

static void choose_programs(struct top *top, bool raw, bool iters)
{
	bpf_program__set_autoload(top->progs.count_exit_btf, !raw);
	bpf_program__set_autoload(top->progs.time_exit_btf, !raw);
	bpf_program__set_autoload(top->progs.time_entry_btf, !raw);
	bpf_program__set_autoload(top->progs.count_user_btf, !raw);
	bpf_program__set_autoload(top->progs.time_user_btf, !raw);
	bpf_program__set_autoload(top->progs.count_exit_raw, raw);
	bpf_program__set_autoload(top->progs.time_exit_raw, raw);
	bpf_program__set_autoload(top->progs.time_entry_raw, raw);
	bpf_program__set_autoload(top->progs.count_user_raw, raw);
	bpf_program__set_autoload(top->progs.time_user_raw, raw);
	bpf_program__set_autoload(top->progs.iter_files, iters);
	bpf_program__set_autoload(top->progs.iter_tasks, iters);
}

/* @cast: the iterators may tell the verifier what is at an address. */
static int load_as(struct collector *collector, const struct collector_config *config, bool raw,
		   bool iters, bool cast)
{
	struct top *top = top__open();
	int error;

	if (!top)
		return -errno;
	collector->nr_rows = power_of_two(config->nr_rows);
	collector->nr_slots = collector->nr_rows * SLOTS_A_ROW;
	if (collector->nr_slots > SLOTS_MAX)
		collector->nr_slots = SLOTS_MAX;
	top->rodata->nr_rows = collector->nr_rows;
	top->rodata->nr_slots = collector->nr_slots;
	top->rodata->may_cast = cast;
	top->bss->only_tgid = (uint32_t)config->pid;
	choose_programs(top, raw, iters);
	error = raw ? read_formats(top) : 0;
	if (!error)
		error = bpf_map__set_max_entries(top->maps.rows, collector->nr_rows);
	if (!error)
		error = bpf_map__set_max_entries(top->maps.clocks, collector->nr_rows);
	if (!error)
		error = bpf_map__set_max_entries(top->maps.slots, collector->nr_slots);
	if (!error)
		error = bpf_map__set_max_entries(top->maps.listed, collector->nr_rows);
	if (!error)
		error = top__load(top);
	if (error) {
		top__destroy(top);
		return error;
	}
	collector->top = top;
	collector->raw = raw;
	collector->has_iters = iters;
	return 0;
}

static int load(struct collector *collector, const struct collector_config *config, bool raw,
		bool iters)
{
	int error = load_as(collector, config, raw, iters, true);

	if (error && error != -EPERM && error != -ENOMEM && iters) {
		last_warning[0] = '\0';
		error = load_as(collector, config, raw, iters, false);
	}
	return error;
}

static void *map_memory(struct bpf_map *map, size_t *size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	*size = ((size_t)bpf_map__value_size(map) * bpf_map__max_entries(map) + page - 1) & ~(page - 1);
	memory = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/* ---- attaching ---- */

/* The tracepoint of another API may not be there: that is no error. */
static int attach(struct bpf_link **links, unsigned int *nr_links, struct bpf_program *program,
		  const char *optional)
{
	struct bpf_link *link;
	int error;

	if (bpf_program__fd(program) < 0)
		return 0;
	link = optional ? bpf_program__attach_raw_tracepoint(program, optional) :
			  bpf_program__attach(program);
	error = libbpf_get_error(link);
	if (error)
		return optional ? 0 : error;
	links[(*nr_links)++] = link;
	return 0;
}

static void detach(struct bpf_link **links, unsigned int *nr_links)
{
	while (*nr_links)
		bpf_link__destroy(links[--*nr_links]);
}

/* One that failed to attach is not left to count a part. */
static int attach_tier(struct collector *collector, int tier)
{
	struct top *top = collector->top;
	struct bpf_program *const counting[] = {
		top->progs.count_exit_btf, top->progs.count_exit_raw,
		top->progs.count_user_btf, top->progs.count_user_raw,
	};
	struct bpf_program *const timing[] = {
		top->progs.time_switch, top->progs.time_wakeup,
		top->progs.time_exit_btf, top->progs.time_exit_raw,
		top->progs.time_entry_btf, top->progs.time_entry_raw,
		top->progs.time_user_btf, top->progs.time_user_raw,
	};
	struct bpf_program *const *programs = tier == 2 ? timing : counting;
	const size_t nr = tier == 2 ? sizeof(timing) / sizeof(timing[0]) :
				      sizeof(counting) / sizeof(counting[0]);
	int error = 0;

	top->bss->epoch++;
	if (!tier)
		return 0;
	if (tier == 2) {
		/* What was going on when it was last attached is long over. */
		for (unsigned int i = 0; i < collector->nr_rows; i++) {
			collector->clocks[i].since_ns = 0;
			collector->clocks[i].exit_ns = 0;
			collector->clocks[i].phase = PHASE_KERNEL;
			collector->clocks[i].under = PHASE_KERNEL;
		}
		attach(collector->links, &collector->nr_links, top->progs.time_enter_kvm2, "kvm2_enter");
		attach(collector->links, &collector->nr_links, top->progs.time_user_kvm2, "kvm2_exit");
	} else {
		attach(collector->links, &collector->nr_links, top->progs.count_user_kvm2, "kvm2_exit");
	}
	for (size_t i = 0; !error && i < nr; i++)
		error = attach(collector->links, &collector->nr_links, programs[i], NULL);
	if (error)
		detach(collector->links, &collector->nr_links);
	return error;
}

/* ---- iterators ---- */

static void take_record(struct collector *collector, struct model *model, struct shared_vcpu *record)
{
	if (collector->raw)
		record->vcpu = VCPUS_THREAD_KEY(record->tid);
	if (collector->top->bss->only_tgid && collector->top->bss->only_tgid != record->tgid)
		return;
	vcpus_record(collector->vcpus, model, record);
}

static int read_iterator(struct collector *collector, struct bpf_link *link, struct model *model)
{
	char *const record = (char *)collector->record;
	const size_t whole = sizeof(*collector->record);
	const volatile uint32_t *nr_listed = &collector->top->bss->nr_listed;
	ssize_t n;
	int fd;

	if (!link)
		return 0;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return fd;
	collector->record_size = 0;
	collector->top->bss->nr_listed = 0;
	while ((n = read(fd, collector->buffer, ITER_BUFFER)) > 0 || (n < 0 && errno == EAGAIN)) {
		for (ssize_t at = 0; at < n;) {
			size_t part = whole - collector->record_size;

			if (part > (size_t)(n - at))
				part = (size_t)(n - at);
			memcpy(record + collector->record_size, collector->buffer + at, part);
			collector->record_size += part;
			at += (ssize_t)part;
			if (collector->record_size < whole)
				continue;
			collector->record_size = 0;
			take_record(collector, model, collector->record);
		}
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	for (uint32_t i = 0; i < *nr_listed && i < collector->nr_rows; i++)
		take_record(collector, model, &collector->listed[i]);
	return (int)n;
}

static int read_iterators(struct collector *collector, struct model *model)
{
	int error;

	vcpus_begin(collector->vcpus);
	if (!collector->has_iters)
		return 0;
	error = read_iterator(collector, collector->iter_files, model);
	if (!error)
		error = read_iterator(collector, collector->iter_tasks, model);
	return error;
}

/* ---- rows ---- */

/*
 * @row as of one moment, while it is being written: KVM's count first, the own
 * count last. What stays different is a difference.
 */
static void read_consistent(const struct shared_row *row, struct vcpus_counts *counts)
{
	const volatile struct shared_row *live = row;

	for (int i = 0; i < CONSISTENT_TRIES; i++) {
		counts->exits = live->exits;
		counts->kernel = live->kernel - live->skipped;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (counts->kernel - row->kernel_base == counts->exits && live->exits == counts->exits)
			return;
		__builtin_ia32_pause();
	}
}

static void read_times(struct collector *collector, struct model *model, uint32_t number,
		       unsigned int code, struct reason *reason)
{
	const uint16_t slot = collector->clocks[number].slots[code];

	if (reason && slot && slot < collector->nr_slots)
		model_times(model, reason, &collector->slots[slot]);
}

static void read_phases(struct collector *collector, struct model *model, uint32_t number,
			struct vcpu *vcpu, uint64_t now)
{
	const volatile struct shared_clock *clock = &collector->clocks[number];
	uint64_t phases[NR_PHASES];
	const uint64_t since = clock->since_ns;
	const uint32_t phase = clock->phase;

	for (int i = 0; i < NR_PHASES; i++)
		phases[i] = clock->total_ns[i];
	/* A change just now would be counted twice: then the running phase has to wait. */
	if (since && since == clock->since_ns && phase < NR_PHASES && now > since)
		phases[phase] += now - since;
	model_phases(model, vcpu, phases);
}

/* Return: all of it was told. */
static bool read_row(struct collector *collector, struct model *model, uint32_t number, uint64_t now)
{
	const struct shared_row *row = &collector->rows[number];
	struct vcpus_counts counts;
	struct reason *reason;
	struct vcpu *vcpu;

	read_consistent(row, &counts);
	counts.user = row->user_exits;
	vcpu = vcpus_row(collector->vcpus, model, row, &counts);
	if (!vcpu)
		return false;
	for (int word = 0; word < SHARED_REASONS / 64; word++) {
		for (uint64_t used = row->used[word]; used; used &= used - 1) {
			const unsigned int code = (unsigned int)(word * 64 + __builtin_ctzll(used));

			reason = model_reason(model, vcpu, MODEL_CPU, row->isa, code, row->other,
					      row->counts[code]);
			if (collector->tier == 2)
				read_times(collector, model, number, code, reason);
		}
	}
	for (uint64_t used = row->user_used; used; used &= used - 1) {
		const unsigned int code = (unsigned int)__builtin_ctzll(used);

		model_reason(model, vcpu, row->is_kvm2 ? MODEL_USER_KVM2 : MODEL_USER, 0, code, code,
			     row->user_counts[code]);
	}
	if (collector->tier == 2)
		read_phases(collector, model, number, vcpu, now);
	return true;
}

static void free_row(struct collector *collector, uint32_t number)
{
	struct shared_row *row = &collector->rows[number];
	struct shared_clock *clock = &collector->clocks[number];

	/* Its slots stay with the row, for whoever has it next. */
	for (int i = 0; i < SHARED_REASONS; i++) {
		if (!clock->slots[i] || clock->slots[i] >= collector->nr_slots)
			continue;
		memset(&collector->slots[clock->slots[i]], 0, sizeof(*collector->slots));
	}
	memset(clock, 0, offsetof(struct shared_clock, slots));
	memset(row->used, 0, sizeof(row->used));
	row->user_used = 0;
	memset(row->counts, 0, sizeof(row->counts));
	memset(row->user_counts, 0, sizeof(row->user_counts));
	__atomic_store_n(&row->ready, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&row->vcpu, SHARED_ROW_GONE, __ATOMIC_RELEASE);
}

static bool process_is_gone(uint32_t tgid)
{
	return kill((pid_t)tgid, 0) && errno == ESRCH;
}

static void read_rows(struct collector *collector, struct model *model, uint64_t now)
{
	for (uint32_t i = 0; i < collector->nr_rows; i++) {
		const struct shared_row *row = &collector->rows[i];

		if (__atomic_load_n(&row->vcpu, __ATOMIC_ACQUIRE) <= SHARED_ROW_GONE ||
		    !__atomic_load_n(&row->ready, __ATOMIC_ACQUIRE))
			continue;
		if (!read_row(collector, model, i, now))
			continue;
		if (collector->has_iters ? vcpus_is_gone(collector->vcpus, row) : process_is_gone(row->tgid))
			free_row(collector, i);
	}
}

/* ---- a module is not held for nothing ---- */

static void let_go_or_take(struct collector *collector)
{
	const uint64_t now = collector_now_ns();
	bool made = false;
	pid_t pid;

	while (uevents_next(collector->uevents, &pid))
		made = true;

	/* Attaching to records takes privileges, which are gone. */
	if (!collector->is_module || collector->raw || !collector->tier || !collector->has_iters ||
	    !collector->idle_ns)
		return;
	if (vcpus_alive(collector->vcpus) || made) {
		collector->busy_at_ns = now;
		if (collector->detached && !attach_tier(collector, collector->tier)) {
			collector->detached = false;
			vcpus_attach(collector->vcpus, collector->tier, collector->top->bss->epoch, true);
			read_iterators(collector, NULL);
			vcpus_attached(collector->vcpus);
		}
		return;
	}
	if (collector->detached || now - collector->busy_at_ns < collector->idle_ns)
		return;
	detach(collector->links, &collector->nr_links);
	detach(collector->watches, &collector->nr_watches);
	collector->detached = true;
}

/* ---- the operations ---- */

static void close_bpf(struct collector *collector)
{
	if (!collector)
		return;
	detach(collector->links, &collector->nr_links);
	detach(collector->watches, &collector->nr_watches);
	bpf_link__destroy(collector->iter_files);
	bpf_link__destroy(collector->iter_tasks);
	if (collector->rows)
		munmap(collector->rows, collector->rows_size);
	if (collector->clocks)
		munmap(collector->clocks, collector->clocks_size);
	if (collector->slots)
		munmap(collector->slots, collector->slots_size);
	if (collector->listed)
		munmap(collector->listed, collector->listed_size);
	if (collector->uevents >= 0)
		close(collector->uevents);
	top__destroy(collector->top);
	vcpus_destroy(collector->vcpus);
	free(collector->record);
	free(collector->buffer);
	free(collector);
}

/* The other programs do without what the iterators need, and the other way round. */
static int load_some(struct collector *collector, const struct collector_config *config)
{
	const bool raw = collector->is_module && !exists("/sys/kernel/btf/kvm");
	int error = load(collector, config, raw, true);

	if (error == -EPERM || error == -ENOMEM)
		return error;
	if (error && !raw)
		error = load(collector, config, true, true);
	if (error)
		error = load(collector, config, raw, false);
	if (error && !raw)
		error = load(collector, config, true, false);
	return error;
}

static void explain(int error, char message[static COLLECTOR_MESSAGE_SIZE])
{
	if (error == -EPERM || error == -EACCES || geteuid())
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "BPF: not permitted: run it as root, or with "
			 "CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE");
	else if (!exists("/sys/kernel/btf/vmlinux"))
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "BPF: this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
	else if (!exists("/sys/module/kvm"))
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "BPF: this kernel has no KVM, or its module is not loaded");
	else
		snprintf(message, COLLECTOR_MESSAGE_SIZE, "BPF: %s (%.150s)", strerror(-error), last_warning);
}

static int set_tier(struct collector *collector, int tier)
{
	const int old = collector->tier;
	int error;

	detach(collector->links, &collector->nr_links);
	error = attach_tier(collector, tier);
	if (error) {
		attach_tier(collector, old);
		return error;
	}
	collector->detached = false;
	collector->tier = tier;
	vcpus_attach(collector->vcpus, tier, collector->top->bss->epoch, false);
	read_iterators(collector, NULL);
	vcpus_attached(collector->vcpus);
	return 0;
}

static int open_bpf(struct collector **out, const struct collector_config *config,
		    char message[static COLLECTOR_MESSAGE_SIZE])
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int error = -ENOMEM;

	if (!collector)
		return -ENOMEM;
	last_warning[0] = '\0';
	libbpf_set_print(keep_warning);
	collector->idle_ns = config->idle_ns;
	collector->busy_at_ns = collector_now_ns();
	collector->uevents = -1;
	collector->is_module = exists("/sys/module/kvm/initstate");
	collector->record = malloc(sizeof(*collector->record));
	collector->buffer = malloc(ITER_BUFFER);
	collector->vcpus = vcpus_create();
	if (!collector->record || !collector->buffer || !collector->vcpus)
		goto err;
	error = load_some(collector, config);
	if (error)
		goto err;
	error = -ENOMEM;
	collector->rows = map_memory(collector->top->maps.rows, &collector->rows_size);
	collector->clocks = map_memory(collector->top->maps.clocks, &collector->clocks_size);
	collector->slots = map_memory(collector->top->maps.slots, &collector->slots_size);
	collector->listed = map_memory(collector->top->maps.listed, &collector->listed_size);
	if (!collector->rows || !collector->clocks || !collector->slots || !collector->listed)
		goto err;
	if (collector->has_iters) {
		collector->iter_files = bpf_program__attach_iter(collector->top->progs.iter_files, NULL);
		collector->iter_tasks = bpf_program__attach_iter(collector->top->progs.iter_tasks, NULL);
		if (!collector->iter_files || !collector->iter_tasks) {
			error = -errno;
			goto err;
		}
	}
	if (collector->is_module)
		collector->uevents = uevents_open();
	error = set_tier(collector, config->tier);
	if (error)
		goto err;
	/* BTF took much more than what stays. */
	malloc_trim(0);
	*out = collector;
	return 0;
err:
	explain(error, message);
	close_bpf(collector);
	return error;
}

static int read_bpf(struct collector *collector, struct model *model)
{
	const struct top__bss *bss = collector->top->bss;
	const uint64_t now = collector_now_ns();
	uint64_t lost;
	int error;

	error = read_iterators(collector, model);
	if (error)
		return error;
	if (collector->tier)
		read_rows(collector, model, now);
	vcpus_end(collector->vcpus, model);
	let_go_or_take(collector);
	lost = bss->rows_full;
	model->lost += lost - collector->last_lost;
	collector->last_lost = lost;
	return 0;
}

static int watch(struct collector *collector, pid_t pid)
{
	struct top *top = collector->top;
	const struct {
		struct bpf_program *program;
		const char *tracepoint;
	} watches[] = {
		{ top->progs.detail_pio, "kvm_pio" },
		{ top->progs.detail_msr, "kvm_msr" },
		{ top->progs.detail_mmio, "kvm_mmio" },
		{ top->progs.detail_fault, "kvm_page_fault" },
		{ top->progs.detail_hypercall, "kvm_hypercall" },
		{ top->progs.detail_cpuid, "kvm_cpuid" },
		{ top->progs.detail_rip, "kvm_exit" },
	};
	struct shared_detail_key key;
	const int fd = bpf_map__fd(top->maps.details);

	detach(collector->watches, &collector->nr_watches);
	while (!bpf_map_get_next_key(fd, NULL, &key))
		bpf_map_delete_elem(fd, &key);
	top->bss->detail_tgid = (uint32_t)pid;
	if (!pid)
		return 0;
	for (size_t i = 0; i < sizeof(watches) / sizeof(watches[0]); i++)
		attach(collector->watches, &collector->nr_watches, watches[i].program, watches[i].tracepoint);
	return collector->nr_watches ? 0 : -ENOENT;
}

static size_t details(struct collector *collector, struct collector_detail *list, size_t room)
{
	const int fd = bpf_map__fd(collector->top->maps.details);
	struct shared_detail_key key;
	struct shared_detail_key *last = NULL;
	struct shared_detail_key previous;
	size_t nr = 0;

	while (nr < room && !bpf_map_get_next_key(fd, last, &key)) {
		uint64_t count;

		if (key.tgid == collector->top->bss->detail_tgid && !bpf_map_lookup_elem(fd, &key, &count))
			list[nr++] = (struct collector_detail){
				.detail = key.detail, .value = key.value, .count = count,
			};
		previous = key;
		last = &previous;
	}
	return nr;
}

static int wake_fd(struct collector *collector)
{
	return collector->detached ? collector->uevents : -1;
}

static void status(struct collector *collector, struct collector_status *state)
{
	const struct top__bss *bss = collector->top->bss;

	state->tier = collector->tier;
	state->best = 2;
	state->cost_ns = 0;
	if (collector->tier && bss->cost_samples)
		state->cost_ns = (unsigned int)(bss->cost_ns / bss->cost_samples) + ENTRY_NS;
	state->detached = collector->detached;
	state->missing = "";
	if (collector->raw)
		state->missing = "BTF of the module kvm: the records of events are used, which costs more";
	else if (!collector->has_iters)
		state->missing = "struct kvm_vcpu in the kernel's BTF: no counters of KVM, nothing to compare with";
	else if (bss->slots_full)
		state->missing = "room for times of more reasons: --rows";
	else if (bss->details_full)
		state->missing = "room for more details: some are not shown";
}

const struct collector_ops collector_bpf = {
	.name = "bpf",
	.open = open_bpf,
	.set_tier = set_tier,
	.read = read_bpf,
	.watch = watch,
	.details = details,
	.wake_fd = wake_fd,
	.status = status,
	.close = close_bpf,
};

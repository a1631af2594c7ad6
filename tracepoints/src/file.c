// SPDX-License-Identifier: LGPL-2.1
/*
 * Reading trace files. Nothing in them is trusted: every length is checked
 * against what is there, and what is allocated is bounded by constants or by
 * the size of the file.
 *
 * Source: trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5) of trace-cmd 3.1.
 */
#include <kvm2/trace_file.h>

#include "file.h"
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#define MESSAGE_SIZE		256
#define CPUS_MAX		8192
#define FORMATS_MAX		8192
#define OPTIONS_MAX		100000
#define TASKS_MAX		(1 << 20)
#define PAGE_BYTES_MAX		(1 << 20)
/* Of what a file calls compressed. */
#define SECTION_BYTES_MAX	(64 << 20)
#define CHUNK_BYTES_MAX		(16 << 20)
#define CACHE_BYTES_MAX		(512 << 20)
#define SECTION_COMPRESSED	1

/* A part of the file that is being read. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

/* Compressed pages: where they are, in the file and unpacked. */
struct chunk {
	const uint8_t *bytes;
	size_t size;
	uint64_t offset;
	size_t unpacked;
};

/**
 * struct cpu - the pages of one processor
 * @ring:	first, so that a pointer to it is one to this
 * @file:	which file
 * @bytes:	the pages, or NULL if they are compressed
 * @chunks:	@nr_chunks compressed parts, by offset
 * @offset:	of the next page: from @bytes, or in what is unpacked
 * @end:	behind the last page
 * @cached:	number of the chunk in @cache, -1: none
 * @cache:	a chunk, unpacked
 * @cache_size:	room there
 */
struct cpu {
	struct ring ring;
	struct kvm2_trace_file *file;
	const uint8_t *bytes;
	struct chunk *chunks;
	size_t nr_chunks;
	uint64_t offset;
	uint64_t end;
	ssize_t cached;
	uint8_t *cache;
	size_t cache_size;
};

/* A thread's name. */
struct task {
	int tid;
	int tgid;
	char comm[KVM2_TRACE_COMM_SIZE];
	char process[KVM2_TRACE_PROCESS_SIZE];
};

/**
 * struct kvm2_trace_file - a file
 * @bytes:	all of it
 * @size:	bytes
 * @mapped:	@bytes are mapped, and end with this object
 * @page_size:	bytes of a sub-buffer
 * @cpus:	@nr_cpus struct cpu, by their rings
 * @cache_bytes: of all caches
 * @tasks:	@nr_tasks names, by tid
 * @nr_formats:	events that the decoder has been taught
 * @is_zstd:	how it is compressed, if it is
 * @epoch_ns:	from the events' clock to the time since 1970
 * @message:	what is wrong
 */
struct kvm2_trace_file {
	const uint8_t *bytes;
	size_t size;
	bool mapped;
	size_t page_size;
	struct ring **cpus;
	size_t nr_cpus;
	size_t cache_bytes;
	struct task *tasks;
	size_t nr_tasks;
	size_t nr_formats;
	bool is_zstd;
	uint64_t epoch_ns;
	char message[MESSAGE_SIZE];
};

static int __attribute__((format(printf, 3, 4)))
fail(struct kvm2_trace_file *file, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(file->message, sizeof(file->message), format, args);
	va_end(args);
	return err;
}

struct kvm2_trace_file *kvm2_trace_file_create(void)
{
	return calloc(1, sizeof(struct kvm2_trace_file));
}

void kvm2_trace_file_destroy(struct kvm2_trace_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->nr_cpus; i++) {
		struct cpu *cpu = (struct cpu *)file->cpus[i];

		free(cpu->chunks);
		free(cpu->cache);
		free(cpu);
	}
	free(file->cpus);
	free(file->tasks);
	if (file->mapped)
		munmap((void *)file->bytes, file->size);
	free(file);
}

const char *kvm2_trace_file_message(const struct kvm2_trace_file *file)
{
	return file->message;
}

uint64_t kvm2_trace_file_epoch_ns(const struct kvm2_trace_file *file)
{
	return file->epoch_ns;
}

/* ---- numbers and strings ---- */

/* @length bytes; NULL: there are not so many, and the reader is at its end. */
static const uint8_t *take_bytes(struct reader *reader, uint64_t length)
{
	const uint8_t *from = reader->at;

	if (length > (uint64_t)(reader->end - reader->at)) {
		reader->at = reader->end;
		return NULL;
	}
	reader->at += length;
	return from;
}

static bool take_number(struct reader *reader, void *number, size_t size)
{
	const uint8_t *from = take_bytes(reader, size);

	if (from)
		memcpy(number, from, size);
	return from;
}

/* A NUL-terminated string, in place. */
static const char *take_string(struct reader *reader)
{
	const char *from = (const char *)reader->at;
	const uint8_t *end = memchr(from, '\0',
				    (size_t)(reader->end - reader->at));

	reader->at = end ? end + 1 : reader->end;
	return end ? from : NULL;
}

/* What begins at @offset of the file. */
static struct reader reader_at(const struct kvm2_trace_file *file,
			       uint64_t offset)
{
	const uint8_t *end = file->bytes + file->size;

	return (struct reader){
		offset <= file->size ? file->bytes + offset : end, end,
	};
}

/* ---- tasks ---- */

static int compare_tasks(const void *left, const void *right)
{
	const struct task *a = left;
	const struct task *b = right;

	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

static int add_task(struct kvm2_trace_file *file, const struct task *task)
{
	if (file->nr_tasks == TASKS_MAX)
		return 0;
	if (!(file->nr_tasks & (file->nr_tasks - 1))) {
		const size_t size = file->nr_tasks ? file->nr_tasks * 2 : 1;
		void *grown = reallocarray(file->tasks, size,
					   sizeof(*file->tasks));

		if (!grown)
			return fail(file, -ENOMEM, "%s", strerror(ENOMEM));
		file->tasks = grown;
	}
	file->tasks[file->nr_tasks++] = *task;
	return 0;
}

/* The next line, copied without its end; false: there is none. */
static bool take_line(struct reader *reader, char *line, size_t size)
{
	const size_t left = (size_t)(reader->end - reader->at);
	const uint8_t *end;
	size_t length;

	if (!left)
		return false;
	end = memchr(reader->at, '\n', left);
	length = end ? (size_t)(end - reader->at) : left;
	snprintf(line, size, "%.*s", (int)(length < size ? length : size - 1),
		 (const char *)reader->at);
	reader->at += length + (end ? 1 : 0);
	return true;
}

/* "TID COMM" lines. */
static int parse_cmdlines(struct kvm2_trace_file *file, struct reader reader)
{
	struct task task;
	char line[64];
	int err = 0;

	while (!err && take_line(&reader, line, sizeof(line))) {
		int skip = 0;

		memset(&task, 0, sizeof(task));
		if (sscanf(line, "%d %n", &task.tid, &skip) != 1 ||
		    task.tid <= 0)
			continue;
		snprintf(task.comm, sizeof(task.comm), "%.15s", line + skip);
		err = add_task(file, &task);
	}
	return err;
}

/* What our writer has to say: see file_write.c. */
static int parse_version(struct kvm2_trace_file *file, struct reader reader)
{
	struct task task;
	char line[128];
	int err = 0;

	if (!take_line(&reader, line, sizeof(line)) ||
	    strncmp(line, "kvm2trace ", strlen("kvm2trace ")))
		return 0;
	while (!err && take_line(&reader, line, sizeof(line))) {
		unsigned long long epoch_ns;
		int skip = 0;

		memset(&task, 0, sizeof(task));
		if (sscanf(line, "epoch_ns %llu", &epoch_ns) == 1) {
			file->epoch_ns = epoch_ns;
		} else if (sscanf(line, "task %d %d %15[^/]/%n", &task.tid,
				  &task.tgid, task.comm, &skip) == 3 &&
			   task.tid > 0 && skip) {
			snprintf(task.process, sizeof(task.process), "%.31s",
				 line + skip);
			err = add_task(file, &task);
		}
	}
	return err;
}

void kvm2_trace_file_lookup(struct kvm2_trace_task *task, void *context)
{
	const struct kvm2_trace_file *file = context;
	const struct task key = { .tid = task->tid };
	const struct task *found;
	const struct task *last = file->tasks + file->nr_tasks;

	if (!task->tid)
		snprintf(task->comm, sizeof(task->comm), "<idle>");
	found = file->nr_tasks ? bsearch(&key, file->tasks, file->nr_tasks,
					 sizeof(key), compare_tasks) : NULL;
	if (!found)
		return;
	/* There may be two of a thread, of which one knows more. */
	while (found > file->tasks && found[-1].tid == task->tid)
		found--;
	for (; found < last && found->tid == task->tid; found++) {
		if (*found->comm)
			memcpy(task->comm, found->comm, sizeof(task->comm));
		if (!found->tgid)
			continue;
		task->tgid = found->tgid;
		memcpy(task->process, found->process, sizeof(task->process));
	}
	task->comm[sizeof(task->comm) - 1] = '\0';
	if (!*task->process)
		memcpy(task->process, task->comm, sizeof(task->comm));
}

/* ---- formats ---- */

static int parse_format(struct kvm2_trace_file *file, struct reader *reader,
			const char *system, struct kvm2_trace_decoder *decoder)
{
	const uint8_t *text;
	uint64_t size;
	int err;

	if (!take_number(reader, &size, sizeof(size)))
		return fail(file, -EINVAL, "the list of events is cut off");
	text = take_bytes(reader, size);
	if (!text)
		return fail(file, -EINVAL, "a format of %.32s is cut off",
			    system);
	if (++file->nr_formats > FORMATS_MAX)
		return fail(file, -EINVAL, "there are too many events");
	err = kvm2_trace_decoder_add(decoder, system, (const char *)text, size);
	/* One that is not understood is shown as unknown. */
	return err == -ENOMEM ? fail(file, err, "%s", strerror(ENOMEM)) : 0;
}

static int parse_formats(struct kvm2_trace_file *file, struct reader *reader,
			 const char *system, struct kvm2_trace_decoder *decoder)
{
	uint32_t nr;
	int err = 0;

	if (!take_number(reader, &nr, sizeof(nr)))
		return fail(file, -EINVAL, "the list of events is cut off");
	for (uint32_t i = 0; i < nr && !err; i++)
		err = parse_format(file, reader, system, decoder);
	return err;
}

static int parse_systems(struct kvm2_trace_file *file, struct reader *reader,
			 struct kvm2_trace_decoder *decoder)
{
	uint32_t nr;
	int err = 0;

	if (!take_number(reader, &nr, sizeof(nr)))
		return fail(file, -EINVAL, "the list of systems is cut off");
	for (uint32_t i = 0; i < nr && !err; i++) {
		const char *system = take_string(reader);

		if (!system)
			return fail(file, -EINVAL,
				    "the list of systems is cut off");
		err = parse_formats(file, reader, system, decoder);
	}
	return err;
}

/* ---- pages ---- */

static int unpack(struct cpu *cpu, ssize_t nr)
{
	struct kvm2_trace_file *file = cpu->file;
	const struct chunk *chunk = &cpu->chunks[nr];
	size_t got;

	if (cpu->cached == nr)
		return 0;
	if (cpu->cache_size < chunk->unpacked) {
		uint8_t *grown;

		file->cache_bytes += chunk->unpacked - cpu->cache_size;
		if (file->cache_bytes > CACHE_BYTES_MAX)
			return -EFBIG;
		grown = realloc(cpu->cache, chunk->unpacked);
		if (!grown)
			return -ENOMEM;
		cpu->cache = grown;
		cpu->cache_size = chunk->unpacked;
	}
	cpu->cached = -1;
	got = ZSTD_decompress(cpu->cache, chunk->unpacked, chunk->bytes,
			      chunk->size);
	if (ZSTD_isError(got) || got != chunk->unpacked)
		return -EINVAL;
	cpu->cached = nr;
	return 0;
}

/* The chunk that has what is at @offset when unpacked; -1: none. */
static ssize_t find_chunk(const struct cpu *cpu, uint64_t offset)
{
	size_t low = 0;
	size_t high = cpu->nr_chunks;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct chunk *chunk = &cpu->chunks[middle];

		if (offset < chunk->offset)
			high = middle;
		else if (offset - chunk->offset >= chunk->unpacked)
			low = middle + 1;
		else
			return (ssize_t)middle;
	}
	return -1;
}

/* Where the page at @offset is; NULL: nowhere, and errno tells why. */
static const void *find_page(struct cpu *cpu, uint64_t offset)
{
	const struct chunk *chunk;
	ssize_t nr;
	int err;

	if (cpu->bytes)
		return cpu->bytes + offset;
	nr = find_chunk(cpu, offset);
	err = nr < 0 ? -EINVAL : unpack(cpu, nr);
	if (err) {
		errno = -err;
		return NULL;
	}
	chunk = &cpu->chunks[nr];
	if (chunk->unpacked - (offset - chunk->offset) < cpu->file->page_size) {
		errno = EINVAL;
		return NULL;
	}
	return cpu->cache + (offset - chunk->offset);
}

static int next_page(struct ring *ring, const void **bytes, size_t *size)
{
	struct cpu *cpu = (struct cpu *)ring;
	const size_t page_size = cpu->file->page_size;

	if (cpu->end - cpu->offset < page_size)
		return 0;
	*bytes = find_page(cpu, cpu->offset);
	if (!*bytes)
		return -errno;
	*size = page_size;
	cpu->offset += page_size;
	return 1;
}

/* NULL: there are too many, or there is no memory: the message says it. */
static struct cpu *add_cpu(struct kvm2_trace_file *file, int nr)
{
	struct ring **cpus;
	struct cpu *cpu;

	if (file->nr_cpus == CPUS_MAX) {
		fail(file, -EINVAL, "there are too many processors");
		return NULL;
	}
	cpus = reallocarray(file->cpus, file->nr_cpus + 1, sizeof(*cpus));
	cpu = cpus ? calloc(1, sizeof(*cpu)) : NULL;
	if (cpus)
		file->cpus = cpus;
	if (!cpu) {
		fail(file, -ENOMEM, "%s", strerror(ENOMEM));
		return NULL;
	}
	file->cpus[file->nr_cpus++] = &cpu->ring;
	cpu->ring.cpu = nr;
	cpu->ring.next_page = next_page;
	cpu->file = file;
	cpu->cached = -1;
	return cpu;
}

static int add_plain_cpu(struct kvm2_trace_file *file, int nr, uint64_t offset,
			 uint64_t size)
{
	struct cpu *cpu;

	if (offset > file->size || size > file->size - offset)
		return fail(file, -EINVAL, "the data of cpu %d is cut off", nr);
	if (!size)
		return 0;
	cpu = add_cpu(file, nr);
	if (!cpu)
		return -EINVAL;
	cpu->bytes = file->bytes + offset;
	cpu->end = size;
	return 0;
}

static int parse_chunks(struct cpu *cpu, struct reader *reader, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct chunk *chunk = &cpu->chunks[i];
		uint32_t sizes[2];

		if (!take_number(reader, sizes, sizeof(sizes)) || !sizes[1] ||
		    sizes[1] > CHUNK_BYTES_MAX)
			return -EINVAL;
		chunk->bytes = take_bytes(reader, sizes[0]);
		if (!chunk->bytes)
			return -EINVAL;
		chunk->size = sizes[0];
		chunk->unpacked = sizes[1];
		chunk->offset = cpu->end;
		cpu->end += sizes[1];
		cpu->nr_chunks++;
	}
	return 0;
}

static int add_packed_cpu(struct kvm2_trace_file *file, int nr, uint64_t offset,
			  uint64_t size)
{
	struct reader reader = reader_at(file, offset);
	struct cpu *cpu;
	uint32_t nr_chunks;

	if (!size)
		return 0;
	if (!take_number(&reader, &nr_chunks, sizeof(nr_chunks)) ||
	    nr_chunks > (size_t)(reader.end - reader.at) / 8)
		return fail(file, -EINVAL, "the data of cpu %d is broken", nr);
	cpu = add_cpu(file, nr);
	if (!cpu)
		return -EINVAL;
	cpu->chunks = calloc((size_t)nr_chunks + 1, sizeof(*cpu->chunks));
	if (!cpu->chunks)
		return fail(file, -ENOMEM, "%s", strerror(ENOMEM));
	if (parse_chunks(cpu, &reader, nr_chunks))
		return fail(file, -EINVAL, "the data of cpu %d is broken", nr);
	return 0;
}

/* ---- version 6 ---- */

/* A name, and a text with its size before it. */
static bool skip_header(struct reader *reader, const char *name)
{
	const char *found = take_string(reader);
	uint64_t size;

	return found && !strcmp(found, name) &&
	       take_number(reader, &size, sizeof(size)) &&
	       take_bytes(reader, size);
}

static int parse_options_6(struct kvm2_trace_file *file, struct reader *reader)
{
	for (int i = 0; i < OPTIONS_MAX; i++) {
		struct reader option;
		uint16_t id;
		uint32_t size;
		int err = 0;

		if (!take_number(reader, &id, sizeof(id)))
			break;
		if (id == FILE_OPTION_DONE)
			return 0;
		if (!take_number(reader, &size, sizeof(size)))
			break;
		option.at = take_bytes(reader, size);
		if (!option.at)
			break;
		option.end = option.at + size;
		if (id == FILE_OPTION_VERSION)
			err = parse_version(file, option);
		if (err)
			return err;
	}
	return fail(file, -EINVAL, "the options are cut off");
}

static int parse_6(struct kvm2_trace_file *file, struct reader *reader,
		   struct kvm2_trace_decoder *decoder)
{
	struct reader cmdlines;
	const uint8_t *kind;
	uint32_t size;
	uint64_t long_size;
	uint32_t nr_cpus;
	int err;

	if (!skip_header(reader, "header_page") ||
	    !skip_header(reader, "header_event"))
		return fail(file, -EINVAL, "the header is broken");
	err = parse_formats(file, reader, "ftrace", decoder);
	if (!err)
		err = parse_systems(file, reader, decoder);
	if (err)
		return err;
	/* kallsyms, and formats of trace_printk() */
	for (int i = 0; i < 2; i++)
		if (!take_number(reader, &size, sizeof(size)) ||
		    !take_bytes(reader, size))
			return fail(file, -EINVAL, "the symbols are cut off");
	if (!take_number(reader, &long_size, sizeof(long_size)))
		return fail(file, -EINVAL, "the names of threads are cut off");
	cmdlines.at = take_bytes(reader, long_size);
	if (!cmdlines.at)
		return fail(file, -EINVAL, "the names of threads are cut off");
	cmdlines.end = cmdlines.at + long_size;
	err = parse_cmdlines(file, cmdlines);
	if (err)
		return err;
	if (!take_number(reader, &nr_cpus, sizeof(nr_cpus)) ||
	    nr_cpus > CPUS_MAX)
		return fail(file, -EINVAL, "the number of processors is wrong");
	kind = take_bytes(reader, 10);
	if (kind && !memcmp(kind, "options  ", 10)) {
		err = parse_options_6(file, reader);
		if (err)
			return err;
		kind = take_bytes(reader, 10);
	}
	if (!kind || memcmp(kind, "flyrecord", 10))
		return fail(file, -EINVAL, "there are no events in it");
	for (uint32_t i = 0; i < nr_cpus && !err; i++) {
		uint64_t place[2];

		if (!take_number(reader, place, sizeof(place)))
			return fail(file, -EINVAL, "the data is cut off");
		err = add_plain_cpu(file, (int)i, place[0], place[1]);
	}
	return err;
}

/* ---- version 7 ---- */

/* A section in memory; @owned is to be freed. */
struct section {
	struct reader reader;
	uint8_t *owned;
};

static int open_section(struct kvm2_trace_file *file, uint64_t offset,
			unsigned int id, struct section *section)
{
	struct reader reader = reader_at(file, offset);
	uint16_t found[2];
	uint32_t sizes[2];
	uint64_t size;
	size_t got;

	section->owned = NULL;
	if (!take_number(&reader, found, sizeof(found)) || found[0] != id ||
	    !take_bytes(&reader, sizeof(uint32_t)) ||
	    !take_number(&reader, &size, sizeof(size)))
		return fail(file, -EINVAL, "section %u is broken", id);
	section->reader.at = take_bytes(&reader, size);
	if (!section->reader.at)
		return fail(file, -EINVAL, "section %u is cut off", id);
	section->reader.end = reader.at;
	if (!(found[1] & SECTION_COMPRESSED))
		return 0;
	if (!file->is_zstd)
		return fail(file, -EOPNOTSUPP,
			    "it is compressed otherwise than with zstd");
	if (!take_number(&section->reader, sizes, sizeof(sizes)) ||
	    sizes[0] > (size_t)(section->reader.end - section->reader.at) ||
	    sizes[1] > SECTION_BYTES_MAX || !sizes[1])
		return fail(file, -EINVAL, "section %u is broken", id);
	section->owned = malloc(sizes[1]);
	if (!section->owned)
		return fail(file, -ENOMEM, "%s", strerror(ENOMEM));
	got = ZSTD_decompress(section->owned, sizes[1], section->reader.at,
			      sizes[0]);
	if (ZSTD_isError(got) || got != sizes[1]) {
		free(section->owned);
		section->owned = NULL;
		return fail(file, -EINVAL, "section %u is broken", id);
	}
	section->reader.at = section->owned;
	section->reader.end = section->owned + sizes[1];
	return 0;
}

/* The events of one tracefs instance: the first one is read. */
static int parse_buffer(struct kvm2_trace_file *file, struct reader option)
{
	struct reader header;
	uint64_t offset;
	uint32_t page_size;
	uint32_t nr_cpus;
	uint16_t found[2];
	uint64_t size;
	bool is_packed;
	int err = 0;

	if (file->nr_cpus)
		return 0;
	if (!take_number(&option, &offset, sizeof(offset)) ||
	    !take_string(&option) || !take_string(&option) ||
	    !take_number(&option, &page_size, sizeof(page_size)) ||
	    !take_number(&option, &nr_cpus, sizeof(nr_cpus)) ||
	    page_size < PAGE_BYTES_MIN || page_size > PAGE_BYTES_MAX ||
	    nr_cpus > CPUS_MAX)
		return fail(file, -EINVAL, "the list of processors is broken");
	file->page_size = page_size;
	header = reader_at(file, offset);
	if (!take_number(&header, found, sizeof(found)) ||
	    !take_bytes(&header, sizeof(uint32_t)) ||
	    !take_number(&header, &size, sizeof(size)))
		return fail(file, -EINVAL, "the section of events is broken");
	is_packed = found[1] & SECTION_COMPRESSED;
	if (is_packed && !file->is_zstd)
		return fail(file, -EOPNOTSUPP,
			    "it is compressed otherwise than with zstd");
	for (uint32_t i = 0; i < nr_cpus && !err; i++) {
		uint32_t cpu;
		uint64_t place[2];

		if (!take_number(&option, &cpu, sizeof(cpu)) ||
		    !take_number(&option, place, sizeof(place)))
			return fail(file, -EINVAL,
				    "the list of processors is cut off");
		err = is_packed ?
		      add_packed_cpu(file, (int)cpu, place[0], place[1]) :
		      add_plain_cpu(file, (int)cpu, place[0], place[1]);
	}
	return err;
}

static int parse_section(struct kvm2_trace_file *file, unsigned int id,
			 struct reader option,
			 struct kvm2_trace_decoder *decoder)
{
	struct section section;
	uint64_t offset;
	uint64_t size;
	int err;

	if (!take_number(&option, &offset, sizeof(offset)))
		return fail(file, -EINVAL, "an option is broken");
	err = open_section(file, offset, id, &section);
	if (err)
		return err;
	if (id == FILE_OPTION_FTRACE_EVENTS) {
		err = parse_formats(file, &section.reader, "ftrace", decoder);
	} else if (id == FILE_OPTION_EVENT_FORMATS) {
		err = parse_systems(file, &section.reader, decoder);
	} else if (take_number(&section.reader, &size, sizeof(size))) {
		if (size < (uint64_t)(section.reader.end - section.reader.at))
			section.reader.end = section.reader.at + size;
		err = parse_cmdlines(file, section.reader);
	}
	free(section.owned);
	return err;
}

static int parse_option_7(struct kvm2_trace_file *file, unsigned int id,
			  struct reader option,
			  struct kvm2_trace_decoder *decoder)
{
	switch (id) {
	case FILE_OPTION_BUFFER:
		return parse_buffer(file, option);
	case FILE_OPTION_VERSION:
		return parse_version(file, option);
	case FILE_OPTION_FTRACE_EVENTS:
	case FILE_OPTION_EVENT_FORMATS:
	case FILE_OPTION_CMDLINES:
		return parse_section(file, id, option, decoder);
	default:
		return 0;
	}
}

/* Returns 1 when there is another section of options, at *@offset. */
static int parse_options_7(struct kvm2_trace_file *file, uint64_t *offset,
			   int *left, struct kvm2_trace_decoder *decoder)
{
	struct section section;
	int ret = open_section(file, *offset, FILE_OPTION_DONE, &section);

	*offset = 0;
	while (!ret) {
		struct reader *reader = &section.reader;
		struct reader option;
		uint16_t id;
		uint32_t size;

		if (!take_number(reader, &id, sizeof(id)) ||
		    !take_number(reader, &size, sizeof(size)) ||
		    !(option.at = take_bytes(reader, size)) || !--*left) {
			ret = fail(file, -EINVAL, "the options are cut off");
			break;
		}
		option.end = option.at + size;
		if (id == FILE_OPTION_DONE) {
			take_number(&option, offset, sizeof(*offset));
			ret = *offset != 0;
			break;
		}
		ret = parse_option_7(file, id, option, decoder);
	}
	free(section.owned);
	return ret;
}

static int parse_7(struct kvm2_trace_file *file, struct reader *reader,
		   struct kvm2_trace_decoder *decoder)
{
	const char *packing = take_string(reader);
	int left = OPTIONS_MAX;
	uint64_t offset;
	int ret;

	if (!packing || !take_string(reader) ||
	    !take_number(reader, &offset, sizeof(offset)))
		return fail(file, -EINVAL, "the header is broken");
	file->is_zstd = !strcmp(packing, "zstd");
	do
		ret = parse_options_7(file, &offset, &left, decoder);
	while (ret == 1);
	return ret;
}

/* ---- the file ---- */

int kvm2_trace_file_load(struct kvm2_trace_file *file, const void *bytes,
			 size_t size, struct kvm2_trace_decoder *decoder)
{
	struct reader reader;
	const uint8_t *magic;
	const uint8_t *how;
	const char *version;
	uint32_t page_size;
	int err;

	if (file->bytes && file->bytes != bytes)
		return fail(file, -EINVAL, "%s", strerror(EINVAL));
	file->bytes = bytes;
	file->size = size;
	reader = reader_at(file, 0);
	magic = take_bytes(&reader, FILE_MAGIC_BYTES);
	if (!magic || memcmp(magic, FILE_MAGIC, FILE_MAGIC_BYTES))
		return fail(file, -EINVAL, "this is no trace file");
	version = take_string(&reader);
	how = take_bytes(&reader, 2);
	if (!version || !how ||
	    !take_number(&reader, &page_size, sizeof(page_size)))
		return fail(file, -EINVAL, "the header is cut off");
	if (how[0] || how[1] != 8)
		return fail(file, -EOPNOTSUPP,
			    "it is from a machine that is not little endian with 64 bits");
	if (page_size < PAGE_BYTES_MIN || page_size > PAGE_BYTES_MAX)
		return fail(file, -EINVAL, "the size of pages is wrong");
	file->page_size = page_size;
	if (!strcmp(version, "6"))
		err = parse_6(file, &reader, decoder);
	else if (!strcmp(version, "7"))
		err = parse_7(file, &reader, decoder);
	else
		err = fail(file, -EOPNOTSUPP,
			   "version %.8s of the format is not known", version);
	if (!err && file->nr_tasks)
		qsort(file->tasks, file->nr_tasks, sizeof(*file->tasks),
		      compare_tasks);
	return err;
}

int kvm2_trace_file_open(struct kvm2_trace_file *file, const char *path,
			 struct kvm2_trace_decoder *decoder)
{
	struct stat stat;
	void *bytes;
	int fd;

	if (file->bytes)
		return fail(file, -EINVAL, "%s", strerror(EINVAL));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(file, -errno, "%s", strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode) || !stat.st_size) {
		close(fd);
		return fail(file, -EINVAL, "this is no trace file");
	}
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		const int err = -errno;

		close(fd);
		return fail(file, err, "%s", strerror(-err));
	}
	close(fd);
	file->bytes = bytes;
	file->mapped = true;
	return kvm2_trace_file_load(file, bytes, (size_t)stat.st_size, decoder);
}

int kvm2_trace_file_read(struct kvm2_trace_file *file,
			 kvm2_trace_record_fn *take, void *context)
{
	return rings_read(file->cpus, file->nr_cpus, UINT64_MAX, take, context);
}

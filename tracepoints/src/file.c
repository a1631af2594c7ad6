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
#include "file_pages.h"
#include "file_tasks.h"
#include "message.h"
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#define FORMATS_MAX		8192
#define OPTIONS_MAX		100000
#define PAGE_BYTES_MAX		(1 << 20)
/* Of what a file calls compressed. */
#define SECTION_BYTES_MAX	(64 << 20)
#define SECTION_COMPRESSED	1

/**
 * struct kvm2_trace_file - a file
 * @pages:	all of it, and where its pages are
 * @mapped:	its bytes are mapped, and end with this object
 * @tasks:	names of threads
 * @nr_formats:	events that the decoder has been taught
 * @is_zstd:	how it is compressed, if it is
 * @epoch_ns:	from the events' clock to the time since 1970
 * @message:	what is wrong
 */
struct kvm2_trace_file {
	struct file_pages pages;
	bool mapped;
	struct file_tasks tasks;
	size_t nr_formats;
	bool is_zstd;
	uint64_t epoch_ns;
	struct message message;
};

#define fail(file, ...)	message_set(&(file)->message, __VA_ARGS__)

struct kvm2_trace_file *kvm2_trace_file_create(void)
{
	struct kvm2_trace_file *file = calloc(1, sizeof(*file));

	if (file)
		file->pages.message = &file->message;
	return file;
}

void kvm2_trace_file_destroy(struct kvm2_trace_file *file)
{
	if (!file)
		return;
	if (file->mapped)
		munmap((void *)file->pages.bytes, file->pages.size);
	file_pages_fini(&file->pages);
	file_tasks_fini(&file->tasks);
	free(file);
}

const char *kvm2_trace_file_message(const struct kvm2_trace_file *file)
{
	return file->message.text;
}

uint64_t kvm2_trace_file_epoch_ns(const struct kvm2_trace_file *file)
{
	return file->epoch_ns;
}

/* What begins at @offset of the file. */
static struct reader reader_at(const struct kvm2_trace_file *file,
			       uint64_t offset)
{
	return reader_from(file->pages.bytes, file->pages.size, offset);
}

/* ---- tasks ---- */

static int add_task(struct kvm2_trace_file *file, const struct file_task *task)
{
	const int err = file_tasks_add(&file->tasks, task);

	return err ? fail(file, err, "%s", strerror(-err)) : 0;
}

/* "TID COMM" lines. */
static int parse_cmdlines(struct kvm2_trace_file *file, struct reader reader)
{
	struct file_task task;
	char line[64];
	int err = 0;

	while (!err && reader_line(&reader, line, sizeof(line))) {
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
	struct file_task task;
	char line[128];
	int err = 0;

	if (!reader_line(&reader, line, sizeof(line)) ||
	    strncmp(line, "kvm2trace ", strlen("kvm2trace ")))
		return 0;
	while (!err && reader_line(&reader, line, sizeof(line))) {
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

	if (!task->tid)
		snprintf(task->comm, sizeof(task->comm), "<idle>");
	file_tasks_find(&file->tasks, task);
}

/* ---- formats ---- */

static int parse_format(struct kvm2_trace_file *file, struct reader *reader,
			const char *system, struct kvm2_trace_decoder *decoder)
{
	const uint8_t *text;
	uint64_t size;
	int err;

	if (!reader_number(reader, &size, sizeof(size)))
		return fail(file, -EINVAL, "the list of events is cut off");
	text = reader_bytes(reader, size);
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

	if (!reader_number(reader, &nr, sizeof(nr)))
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

	if (!reader_number(reader, &nr, sizeof(nr)))
		return fail(file, -EINVAL, "the list of systems is cut off");
	for (uint32_t i = 0; i < nr && !err; i++) {
		const char *system = reader_string(reader);

		if (!system)
			return fail(file, -EINVAL,
				    "the list of systems is cut off");
		err = parse_formats(file, reader, system, decoder);
	}
	return err;
}

/* ---- version 6 ---- */

/* A name, and a text with its size before it. */
static bool skip_header(struct reader *reader, const char *name)
{
	const char *found = reader_string(reader);
	uint64_t size;

	return found && !strcmp(found, name) &&
	       reader_number(reader, &size, sizeof(size)) &&
	       reader_bytes(reader, size);
}

static int parse_options_6(struct kvm2_trace_file *file, struct reader *reader)
{
	for (int i = 0; i < OPTIONS_MAX; i++) {
		struct reader option;
		uint16_t id;
		uint32_t size;
		int err = 0;

		if (!reader_number(reader, &id, sizeof(id)))
			break;
		if (id == FILE_OPTION_DONE)
			return 0;
		if (!reader_number(reader, &size, sizeof(size)))
			break;
		option.at = reader_bytes(reader, size);
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
		if (!reader_number(reader, &size, sizeof(size)) ||
		    !reader_bytes(reader, size))
			return fail(file, -EINVAL, "the symbols are cut off");
	if (!reader_number(reader, &long_size, sizeof(long_size)))
		return fail(file, -EINVAL, "the names of threads are cut off");
	cmdlines.at = reader_bytes(reader, long_size);
	if (!cmdlines.at)
		return fail(file, -EINVAL, "the names of threads are cut off");
	cmdlines.end = cmdlines.at + long_size;
	err = parse_cmdlines(file, cmdlines);
	if (err)
		return err;
	if (!reader_number(reader, &nr_cpus, sizeof(nr_cpus)) ||
	    nr_cpus > FILE_CPUS_MAX)
		return fail(file, -EINVAL, "the number of processors is wrong");
	kind = reader_bytes(reader, 10);
	if (kind && !memcmp(kind, "options  ", 10)) {
		err = parse_options_6(file, reader);
		if (err)
			return err;
		kind = reader_bytes(reader, 10);
	}
	if (!kind || memcmp(kind, "flyrecord", 10))
		return fail(file, -EINVAL, "there are no events in it");
	for (uint32_t i = 0; i < nr_cpus && !err; i++) {
		uint64_t place[2];

		if (!reader_number(reader, place, sizeof(place)))
			return fail(file, -EINVAL, "the data is cut off");
		err = file_pages_add(&file->pages, (int)i, place[0], place[1]);
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
	if (!reader_number(&reader, found, sizeof(found)) || found[0] != id ||
	    !reader_bytes(&reader, sizeof(uint32_t)) ||
	    !reader_number(&reader, &size, sizeof(size)))
		return fail(file, -EINVAL, "section %u is broken", id);
	section->reader.at = reader_bytes(&reader, size);
	if (!section->reader.at)
		return fail(file, -EINVAL, "section %u is cut off", id);
	section->reader.end = reader.at;
	if (!(found[1] & SECTION_COMPRESSED))
		return 0;
	if (!file->is_zstd)
		return fail(file, -EOPNOTSUPP,
			    "it is compressed otherwise than with zstd");
	if (!reader_number(&section->reader, sizes, sizeof(sizes)) ||
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

	if (file->pages.nr_cpus)
		return 0;
	if (!reader_number(&option, &offset, sizeof(offset)) ||
	    !reader_string(&option) || !reader_string(&option) ||
	    !reader_number(&option, &page_size, sizeof(page_size)) ||
	    !reader_number(&option, &nr_cpus, sizeof(nr_cpus)) ||
	    page_size < PAGE_BYTES_MIN || page_size > PAGE_BYTES_MAX ||
	    nr_cpus > FILE_CPUS_MAX)
		return fail(file, -EINVAL, "the list of processors is broken");
	file->pages.page_size = page_size;
	header = reader_at(file, offset);
	if (!reader_number(&header, found, sizeof(found)) ||
	    !reader_bytes(&header, sizeof(uint32_t)) ||
	    !reader_number(&header, &size, sizeof(size)))
		return fail(file, -EINVAL, "the section of events is broken");
	is_packed = found[1] & SECTION_COMPRESSED;
	if (is_packed && !file->is_zstd)
		return fail(file, -EOPNOTSUPP,
			    "it is compressed otherwise than with zstd");
	for (uint32_t i = 0; i < nr_cpus && !err; i++) {
		uint32_t cpu;
		uint64_t place[2];

		if (!reader_number(&option, &cpu, sizeof(cpu)) ||
		    !reader_number(&option, place, sizeof(place)))
			return fail(file, -EINVAL,
				    "the list of processors is cut off");
		err = is_packed ?
		      file_pages_add_packed(&file->pages, (int)cpu, place[0],
					    place[1]) :
		      file_pages_add(&file->pages, (int)cpu, place[0],
				     place[1]);
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

	if (!reader_number(&option, &offset, sizeof(offset)))
		return fail(file, -EINVAL, "an option is broken");
	err = open_section(file, offset, id, &section);
	if (err)
		return err;
	if (id == FILE_OPTION_FTRACE_EVENTS) {
		err = parse_formats(file, &section.reader, "ftrace", decoder);
	} else if (id == FILE_OPTION_EVENT_FORMATS) {
		err = parse_systems(file, &section.reader, decoder);
	} else if (reader_number(&section.reader, &size, sizeof(size))) {
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

		if (!reader_number(reader, &id, sizeof(id)) ||
		    !reader_number(reader, &size, sizeof(size)) ||
		    !(option.at = reader_bytes(reader, size)) || !--*left) {
			ret = fail(file, -EINVAL, "the options are cut off");
			break;
		}
		option.end = option.at + size;
		if (id == FILE_OPTION_DONE) {
			reader_number(&option, offset, sizeof(*offset));
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
	const char *packing = reader_string(reader);
	int left = OPTIONS_MAX;
	uint64_t offset;
	int ret;

	if (!packing || !reader_string(reader) ||
	    !reader_number(reader, &offset, sizeof(offset)))
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

	if (file->pages.bytes && file->pages.bytes != bytes)
		return fail(file, -EINVAL, "%s", strerror(EINVAL));
	file->pages.bytes = bytes;
	file->pages.size = size;
	reader = reader_at(file, 0);
	magic = reader_bytes(&reader, FILE_MAGIC_BYTES);
	if (!magic || memcmp(magic, FILE_MAGIC, FILE_MAGIC_BYTES))
		return fail(file, -EINVAL, "this is no trace file");
	version = reader_string(&reader);
	how = reader_bytes(&reader, 2);
	if (!version || !how ||
	    !reader_number(&reader, &page_size, sizeof(page_size)))
		return fail(file, -EINVAL, "the header is cut off");
	if (how[0] || how[1] != 8)
		return fail(file, -EOPNOTSUPP,
			    "it is from a machine that is not little endian with 64 bits");
	if (page_size < PAGE_BYTES_MIN || page_size > PAGE_BYTES_MAX)
		return fail(file, -EINVAL, "the size of pages is wrong");
	file->pages.page_size = page_size;
	if (!strcmp(version, "6"))
		err = parse_6(file, &reader, decoder);
	else if (!strcmp(version, "7"))
		err = parse_7(file, &reader, decoder);
	else
		err = fail(file, -EOPNOTSUPP,
			   "version %.8s of the format is not known", version);
	if (!err)
		file_tasks_sort(&file->tasks);
	return err;
}

int kvm2_trace_file_open(struct kvm2_trace_file *file, const char *path,
			 struct kvm2_trace_decoder *decoder)
{
	struct stat stat;
	void *bytes;
	int fd;

	if (file->pages.bytes)
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
	file->pages.bytes = bytes;
	file->mapped = true;
	return kvm2_trace_file_load(file, bytes, (size_t)stat.st_size, decoder);
}

int kvm2_trace_file_read(struct kvm2_trace_file *file,
			 kvm2_trace_record_fn *take, void *context)
{
	return rings_read(file->pages.cpus, file->pages.nr_cpus, UINT64_MAX,
			  take, context);
}

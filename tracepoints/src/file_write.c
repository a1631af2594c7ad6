// SPDX-License-Identifier: LGPL-2.1
/*
 * Writing trace files, version 6. The pages of each processor have to be in
 * one piece, so they wait in files without a name until the end.
 *
 * What the format has no place for goes where it has a text of no fixed form,
 * the version of the program: lines "epoch_ns N" and "task TID TGID COMM/NAME".
 *
 * Source: trace-cmd.dat.v6(5) of trace-cmd 3.1.
 */
#include <kvm2/trace_file.h>

#include "decode.h"
#include "file.h"
#include "page_build.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define COPY_BYTES		(1 << 16)
#define CPUS_MAX		8192
/* Of a sub-buffer, see page.c. */
#define HEADER_BYTES		16

/* How sub-buffers look, for readers that have to be told; %ld: bytes of events. */
static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:%ld;\tsigned:1;\n";

static const char header_event[] =
	"# compressed entry header\n"
	"\ttype_len    :    5 bits\n"
	"\ttime_delta  :   27 bits\n"
	"\tarray       :   32 bits\n"
	"\n"
	"\tpadding     : type == 29\n"
	"\ttime_extend : type == 30\n"
	"\ttime_stamp : type == 31\n"
	"\tdata max type_len  == 28\n";

/* The pages of one processor, up to now, and the one that is made of events, if any. */
struct spool {
	int fd;
	uint64_t bytes;
	struct page_build page;
};

/**
 * struct kvm2_trace_writer - a file that grows
 * @path:	where it will be
 * @folder:	where that is
 * @spools:	@nr_spools, by processor; fd -1: nothing yet
 * @words:	the version and the tasks, as text
 * @comms:	the tasks as in saved_cmdlines
 * @out:	the file, at the end
 * @temporary:	its name until it is complete, NULL: not made
 * @err:	the first thing that went wrong with @out
 */
struct kvm2_trace_writer {
	char *path;
	char *folder;
	struct spool *spools;
	size_t nr_spools;
	char *words;
	char *comms;
	FILE *out;
	char *temporary;
	int err;
};

struct kvm2_trace_writer *kvm2_trace_writer_create(void)
{
	return calloc(1, sizeof(struct kvm2_trace_writer));
}

void kvm2_trace_writer_destroy(struct kvm2_trace_writer *writer)
{
	if (!writer)
		return;
	for (size_t i = 0; i < writer->nr_spools; i++) {
		if (writer->spools[i].fd >= 0)
			close(writer->spools[i].fd);
		page_build_fini(&writer->spools[i].page);
	}
	if (writer->out)
		fclose(writer->out);
	if (writer->temporary)
		unlink(writer->temporary);
	free(writer->temporary);
	free(writer->spools);
	free(writer->words);
	free(writer->comms);
	free(writer->folder);
	free(writer->path);
	free(writer);
}

static int make_spool(const struct kvm2_trace_writer *writer)
{
	char name[4096];
	int fd;

	fd = open(writer->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not all file systems can do without a name. */
	if (snprintf(name, sizeof(name), "%s/.kvm2trace-XXXXXX",
		     writer->folder) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

int kvm2_trace_writer_open(struct kvm2_trace_writer *writer, const char *path)
{
	char *name;
	int fd;

	if (writer->path)
		return -EINVAL;
	writer->path = strdup(path);
	writer->folder = strdup(path);
	if (!writer->path || !writer->folder)
		return -ENOMEM;
	/* The folder may be a part of the string, or a constant. */
	name = writer->folder;
	writer->folder = strdup(dirname(name));
	free(name);
	if (!writer->folder)
		return -ENOMEM;
	/* Whether it can be written is to be known now, not at the end. */
	fd = make_spool(writer);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int write_all(int fd, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size) {
		const ssize_t put = write(fd, from, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		from += put;
		size -= (size_t)put;
	}
	return 0;
}

static int need_spool(struct kvm2_trace_writer *writer, int cpu,
		      struct spool **spool)
{
	if (cpu < 0 || cpu >= CPUS_MAX || !writer->path)
		return -EINVAL;
	if ((size_t)cpu >= writer->nr_spools) {
		const size_t nr = (size_t)cpu + 1;
		void *grown = reallocarray(writer->spools, nr,
					   sizeof(*writer->spools));

		if (!grown)
			return -ENOMEM;
		writer->spools = grown;
		for (; writer->nr_spools < nr; writer->nr_spools++)
			writer->spools[writer->nr_spools] =
				(struct spool){ .fd = -1 };
	}
	*spool = &writer->spools[cpu];
	if ((*spool)->fd < 0)
		(*spool)->fd = make_spool(writer);
	return (*spool)->fd < 0 ? (*spool)->fd : 0;
}

static int append(struct spool *spool, const void *bytes, size_t size)
{
	const int err = write_all(spool->fd, bytes, size);

	if (!err)
		spool->bytes += size;
	return err;
}

/* The page that is made of events is full, or the last one. */
static int flush_page(struct spool *spool)
{
	int err;

	if (!spool->page.used)
		return 0;
	err = append(spool, spool->page.bytes, spool->page.size);
	if (!err)
		page_build_clear(&spool->page);
	return err;
}

int kvm2_trace_writer_page(struct kvm2_trace_writer *writer, int cpu,
			   const void *bytes, size_t size)
{
	struct spool *spool;
	int err = need_spool(writer, cpu, &spool);

	if (!err)
		err = flush_page(spool);
	return err ? err : append(spool, bytes, size);
}

int kvm2_trace_writer_event(struct kvm2_trace_writer *writer, int cpu,
			    uint64_t time_ns, const void *data, size_t size)
{
	struct spool *spool;
	int err = need_spool(writer, cpu, &spool);

	if (!err && !spool->page.bytes)
		err = page_build_init(&spool->page,
				      (size_t)sysconf(_SC_PAGESIZE));
	if (err)
		return err;
	err = page_build_add(&spool->page, time_ns, data, size);
	if (err != -ENOSPC)
		return err;
	err = flush_page(spool);
	return err ? err : page_build_add(&spool->page, time_ns, data, size);
}

static int add_words(char **words, const char *more)
{
	const size_t used = *words ? strlen(*words) : 0;
	const size_t length = strlen(more);
	char *grown = realloc(*words, used + length + 1);

	if (!grown)
		return -ENOMEM;
	memcpy(grown + used, more, length + 1);
	*words = grown;
	return 0;
}

int kvm2_trace_writer_task(struct kvm2_trace_writer *writer,
			   const struct kvm2_trace_task *task)
{
	char line[128];
	char comm[KVM2_TRACE_COMM_SIZE];
	int err;

	snprintf(comm, sizeof(comm), "%s", *task->comm ? task->comm : "?");
	/* What ends a name may not be in it. */
	for (char *c = comm; *c; c++)
		*c = *c == '/' || *c == '\n' ? '|' : *c;
	snprintf(line, sizeof(line), "%d %s\n", task->tid, comm);
	err = add_words(&writer->comms, line);
	if (err)
		return err;
	snprintf(line, sizeof(line), "task %d %d %s/%s\n", task->tid,
		 task->tgid, comm, task->process);
	return add_words(&writer->words, line);
}

/* ---- the file ---- */

static void put_bytes(struct kvm2_trace_writer *writer, const void *bytes,
		      size_t size)
{
	if (size && fwrite(bytes, size, 1, writer->out) != 1 && !writer->err)
		writer->err = errno ? -errno : -EIO;
}

static void put_u16(struct kvm2_trace_writer *writer, uint16_t value)
{
	put_bytes(writer, &value, sizeof(value));
}

static void put_u32(struct kvm2_trace_writer *writer, uint32_t value)
{
	put_bytes(writer, &value, sizeof(value));
}

static void put_u64(struct kvm2_trace_writer *writer, uint64_t value)
{
	put_bytes(writer, &value, sizeof(value));
}

/* With its NUL. */
static void put_string(struct kvm2_trace_writer *writer, const char *string)
{
	put_bytes(writer, string, strlen(string) + 1);
}

static void put_option(struct kvm2_trace_writer *writer, enum file_option id,
		       const char *text)
{
	put_u16(writer, (uint16_t)id);
	put_u32(writer, (uint32_t)strlen(text) + 1);
	put_string(writer, text);
}

/*
 * A file of tracefs with its size before it.
 * @name:	what precedes that
 * @without:	what it is where there is no tracefs
 */
static void put_tracefs(struct kvm2_trace_writer *writer,
			struct kvm2_trace_source *source, const char *name,
			const char *path, const char *without)
{
	size_t size = source ? 0 : strlen(without);
	char *text = NULL;

	if (source && kvm2_trace_source_file(source, path, &text, &size))
		size = 0;
	if (name)
		put_string(writer, name);
	put_u64(writer, size);
	put_bytes(writer, source ? text : without, size);
	free(text);
}

static void put_formats(struct kvm2_trace_writer *writer,
			const struct kvm2_trace_decoder *decoder,
			const char *system)
{
	const struct kvm2_trace_format *format;
	size_t index = 0;
	uint32_t nr = 0;

	while ((format = decoder_next(decoder, &index)))
		nr += !strcmp(format->system, system);
	put_u32(writer, nr);
	index = 0;
	while ((format = decoder_next(decoder, &index))) {
		if (strcmp(format->system, system))
			continue;
		put_u64(writer, format->text_size);
		put_bytes(writer, format->text, format->text_size);
	}
}

/* Is there none of the same system before it? */
static bool is_first_of(const struct kvm2_trace_decoder *decoder,
			const struct kvm2_trace_format *format)
{
	const struct kvm2_trace_format *other;
	size_t index = 0;

	while ((other = decoder_next(decoder, &index)) && other != format)
		if (!strcmp(other->system, format->system))
			return false;
	return strcmp(format->system, "ftrace");
}

static void put_systems(struct kvm2_trace_writer *writer,
			const struct kvm2_trace_decoder *decoder)
{
	const struct kvm2_trace_format *format;
	size_t index = 0;
	uint32_t nr = 0;

	while ((format = decoder_next(decoder, &index)))
		nr += is_first_of(decoder, format);
	put_u32(writer, nr);
	index = 0;
	while ((format = decoder_next(decoder, &index))) {
		if (!is_first_of(decoder, format))
			continue;
		put_string(writer, format->system);
		put_formats(writer, decoder, format->system);
	}
}

static void put_options(struct kvm2_trace_writer *writer,
			struct kvm2_trace_source *source,
			const char *clock)
{
	struct utsname name;
	char line[512];
	char *text = NULL;
	size_t size;

	put_bytes(writer, "options  ", 10);
	if (clock)
		put_option(writer, FILE_OPTION_TRACECLOCK, clock);
	if (!uname(&name)) {
		snprintf(line, sizeof(line), "%.64s %.64s %.64s %.64s",
			 name.sysname, name.nodename, name.release,
			 name.machine);
		put_option(writer, FILE_OPTION_UNAME, line);
	}
	put_option(writer, FILE_OPTION_VERSION, writer->words);
	for (size_t i = 0; source && i < writer->nr_spools; i++) {
		snprintf(line, sizeof(line), "per_cpu/cpu%zu/stats", i);
		text = NULL;
		if (!kvm2_trace_source_file(source, line, &text, &size)) {
			char *stat = NULL;

			if (asprintf(&stat, "CPU: %zu\n%s", i, text) >= 0)
				put_option(writer, FILE_OPTION_CPUSTAT, stat);
			free(stat);
		}
		free(text);
	}
	put_u16(writer, FILE_OPTION_DONE);
}

static void put_header(struct kvm2_trace_writer *writer,
		       const struct kvm2_trace_decoder *decoder,
		       struct kvm2_trace_source *source, const char *clock)
{
	static const char how[2] = { 0, 8 };
	char page[sizeof(header_page) + 24];

	put_bytes(writer, FILE_MAGIC, FILE_MAGIC_BYTES);
	put_string(writer, "6");
	put_bytes(writer, how, sizeof(how));
	put_u32(writer, (uint32_t)sysconf(_SC_PAGESIZE));
	snprintf(page, sizeof(page), header_page,
		 sysconf(_SC_PAGESIZE) - HEADER_BYTES);
	put_tracefs(writer, source, "header_page", "/events/header_page", page);
	put_tracefs(writer, source, "header_event", "/events/header_event",
		    header_event);
	put_formats(writer, decoder, "ftrace");
	put_systems(writer, decoder);
	put_u32(writer, 0);		/* kallsyms */
	put_u32(writer, 0);		/* formats of trace_printk() */
	put_tracefs(writer, source, NULL, "/saved_cmdlines",
		    writer->comms ? writer->comms : "");
	put_u32(writer, (uint32_t)writer->nr_spools);
	put_options(writer, source, clock);
}

static int copy_spool(struct kvm2_trace_writer *writer, struct spool *spool)
{
	static char buffer[COPY_BYTES];
	uint64_t left = spool->bytes;

	if (spool->fd < 0)
		return 0;
	if (lseek(spool->fd, 0, SEEK_SET) < 0)
		return -errno;
	while (left && !writer->err) {
		const ssize_t got = read(spool->fd, buffer, left < COPY_BYTES ?
					 (size_t)left : COPY_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		put_bytes(writer, buffer, (size_t)got);
		left -= (uint64_t)got;
	}
	return writer->err;
}

/* Where the pages are, the clock if an option has told of it, and the pages. */
static int put_pages(struct kvm2_trace_writer *writer, const char *clock)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	static const char zeros[4096];
	uint64_t offset;
	long here;
	int err = 0;

	put_bytes(writer, "flyrecord", 10);
	here = ftell(writer->out);
	if (here < 0)
		return -errno;
	offset = (uint64_t)here + writer->nr_spools * 16;
	if (clock)
		offset += sizeof(uint64_t) + strlen(clock);
	offset = (offset + page - 1) / page * page;
	for (size_t i = 0; i < writer->nr_spools; i++) {
		put_u64(writer, offset);
		put_u64(writer, writer->spools[i].bytes);
		offset += writer->spools[i].bytes;
	}
	if (clock) {
		put_u64(writer, strlen(clock));
		put_bytes(writer, clock, strlen(clock));
	}
	for (here = ftell(writer->out); here > 0 && (uint64_t)here % page;) {
		uint64_t gap = page - (uint64_t)here % page;

		gap = gap < sizeof(zeros) ? gap : sizeof(zeros);
		put_bytes(writer, zeros, gap);
		here += (long)gap;
	}
	for (size_t i = 0; i < writer->nr_spools && !err; i++)
		err = copy_spool(writer, &writer->spools[i]);
	return err ? err : writer->err;
}

static int make_out(struct kvm2_trace_writer *writer)
{
	int fd;

	if (asprintf(&writer->temporary, "%s/.kvm2trace-XXXXXX",
		     writer->folder) < 0) {
		writer->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(writer->temporary, O_CLOEXEC);
	if (fd < 0) {
		const int err = -errno;

		free(writer->temporary);
		writer->temporary = NULL;
		return err;
	}
	/* What anybody's new file would have. */
	fchmod(fd, 0640);
	writer->out = fdopen(fd, "w");
	if (!writer->out) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

int kvm2_trace_writer_finish(struct kvm2_trace_writer *writer,
			     const struct kvm2_trace_decoder *decoder,
			     struct kvm2_trace_source *source,
			     uint64_t epoch_ns)
{
	char *tasks = writer->words;
	char *clock = NULL;
	char line[96];
	size_t size;
	int err;

	if (!writer->path || writer->out)
		return -EINVAL;
	writer->words = NULL;
	snprintf(line, sizeof(line), "%s\nepoch_ns %llu\n", FILE_VERSION_WORDS,
		 (unsigned long long)epoch_ns);
	err = add_words(&writer->words, line);
	if (!err && tasks)
		err = add_words(&writer->words, tasks);
	free(tasks);
	for (size_t i = 0; i < writer->nr_spools && !err; i++)
		err = flush_page(&writer->spools[i]);
	if (!err)
		err = make_out(writer);
	if (err)
		return err;
	if (source)
		kvm2_trace_source_file(source, "trace_clock", &clock, &size);
	else
		clock = strdup("[mono]\n");
	put_header(writer, decoder, source, clock);
	err = put_pages(writer, clock);
	free(clock);
	if (fclose(writer->out) && !err)
		err = errno ? -errno : -EIO;
	writer->out = NULL;
	if (!err && rename(writer->temporary, writer->path))
		err = -errno;
	if (err)
		return err;
	free(writer->temporary);
	writer->temporary = NULL;
	return 0;
}

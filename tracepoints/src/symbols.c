// SPDX-License-Identifier: LGPL-2.1
// Names of a guest's addresses; only this file knows libelf.
#include <kvm2/trace_symbols.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

/* More than any kernel has. */
#define SYMBOLS_MAX		(4 << 20)
#define NAMES_BYTES_MAX		(256 << 20)
/* Beyond this nothing belongs to a symbol whose end is not known. */
#define REACH			(1 << 20)
/*
 * Where Linux puts its text, and in which steps it moves.
 * Source: Documentation/arch/x86/x86_64/mm.rst, CONFIG_PHYSICAL_ALIGN, v6.12.
 */
#define TEXT_FIRST		UINT64_C(0xffffffff80000000)
#define TEXT_LAST		UINT64_C(0xffffffffc0000000)
#define STEP			UINT64_C(0x200000)
#define NR_STEPS		((TEXT_LAST - TEXT_FIRST) / STEP)
/* So many places have to agree, and so many more than for another offset. */
#define VOTES_MIN		3
#define PLACES_MAX		256

/* @size 0: it ends where the next one begins. */
struct symbol {
	uint64_t address;
	uint64_t size;
	size_t name;
};

/**
 * struct kvm2_trace_symbols - a file's symbols
 * @symbols:	@nr of them, by address
 * @names:	their names, with a NUL each: @nr_names bytes
 * @is_moved:	the offset is known
 * @offset:	of the guest to the file
 * @places:	@nr_places addresses that have voted
 * @votes:	for each step
 */
struct kvm2_trace_symbols {
	struct symbol *symbols;
	size_t nr;
	size_t symbols_size;
	char *names;
	size_t nr_names;
	size_t names_size;
	bool is_moved;
	uint64_t offset;
	uint64_t places[PLACES_MAX];
	size_t nr_places;
	unsigned int votes[NR_STEPS];
};

struct kvm2_trace_symbols *kvm2_trace_symbols_create(void)
{
	return calloc(1, sizeof(struct kvm2_trace_symbols));
}

void kvm2_trace_symbols_destroy(struct kvm2_trace_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->symbols);
	free(symbols->names);
	free(symbols);
}

/* ---- reading ---- */

static int add_symbol(struct kvm2_trace_symbols *symbols, uint64_t address,
		      uint64_t size, const char *name)
{
	const size_t length = strlen(name) + 1;

	if (symbols->nr == SYMBOLS_MAX ||
	    symbols->nr_names + length > NAMES_BYTES_MAX)
		return -EFBIG;
	if (symbols->nr == symbols->symbols_size) {
		const size_t more = symbols->nr ? symbols->nr * 2 : 1024;
		void *grown = reallocarray(symbols->symbols, more,
					   sizeof(*symbols->symbols));

		if (!grown)
			return -ENOMEM;
		symbols->symbols = grown;
		symbols->symbols_size = more;
	}
	if (symbols->names_size - symbols->nr_names < length) {
		const size_t more = (symbols->names_size + length) * 2;
		char *grown = realloc(symbols->names, more);

		if (!grown)
			return -ENOMEM;
		symbols->names = grown;
		symbols->names_size = more;
	}
	memcpy(symbols->names + symbols->nr_names, name, length);
	symbols->symbols[symbols->nr++] = (struct symbol){
		.address = address, .size = size, .name = symbols->nr_names,
	};
	symbols->nr_names += length;
	return 0;
}

/* Code, and labels of assembler, but not what the compiler makes up. */
static bool is_code(Elf *elf, const GElf_Sym *sym, const char *name)
{
	const unsigned int type = GELF_ST_TYPE(sym->st_info);
	GElf_Shdr header;
	Elf_Scn *section;

	if (!*name || *name == '.' || *name == '$' ||
	    (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC))
		return false;
	section = elf_getscn(elf, sym->st_shndx);
	return sym->st_shndx != SHN_UNDEF && sym->st_shndx < SHN_LORESERVE &&
	       section && gelf_getshdr(section, &header) &&
	       (header.sh_flags & SHF_EXECINSTR);
}

static int read_table(struct kvm2_trace_symbols *symbols, Elf *elf,
		      Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t nr;
	int err = 0;

	if (!data || !header->sh_entsize)
		return 0;
	nr = data->d_size / header->sh_entsize;
	for (size_t i = 0; i < nr && i < SYMBOLS_MAX && !err; i++) {
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym))
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (name && is_code(elf, &sym, name))
			err = add_symbol(symbols, sym.st_value, sym.st_size,
					 name);
	}
	return err;
}

static int read_elf(struct kvm2_trace_symbols *symbols, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int err = 0;

	while (!err && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_SYMTAB)
			err = read_table(symbols, elf, section, &header);
	return err;
}

/* Lines "ffffffff81000000 T _stext". */
static int read_map(struct kvm2_trace_symbols *symbols, FILE *file)
{
	char line[1024];
	int err = 0;

	while (!err && fgets(line, sizeof(line), file)) {
		unsigned long long address;
		char name[512];
		char type;

		if (sscanf(line, "%llx %c %511s", &address, &type, name) != 3)
			return -EINVAL;
		if (strchr("tTwW", type))
			err = add_symbol(symbols, address, 0, name);
	}
	return err;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left;
	const struct symbol *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	/* Of several names for one place, one that says its size. */
	if (!a->size != !b->size)
		return a->size ? 1 : -1;
	return a->name < b->name ? 1 : a->name > b->name ? -1 : 0;
}

static int read_file(struct kvm2_trace_symbols *symbols, int fd)
{
	Elf *elf;
	FILE *file;
	int err;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -EINVAL;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		err = read_elf(symbols, elf);
		elf_end(elf);
		return err;
	}
	elf_end(elf);
	fd = dup(fd);
	file = fd < 0 ? NULL : fdopen(fd, "re");
	if (!file)
		return -errno;
	rewind(file);
	err = read_map(symbols, file);
	fclose(file);
	return err;
}

ssize_t kvm2_trace_symbols_load(struct kvm2_trace_symbols *symbols,
				const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = symbols->nr ? -EINVAL : read_file(symbols, fd);
	close(fd);
	if (err)
		return err;
	if (!symbols->nr)
		return -EINVAL;
	qsort(symbols->symbols, symbols->nr, sizeof(*symbols->symbols),
	      compare_symbols);
	/* What is not where Linux is does not move. */
	if (symbols->symbols[symbols->nr - 1].address < TEXT_FIRST)
		symbols->is_moved = true;
	return (ssize_t)symbols->nr;
}

/* ---- names ---- */

static const struct symbol *find_symbol(
		const struct kvm2_trace_symbols *symbols, uint64_t address)
{
	const struct symbol *symbol;
	size_t low = 0;
	size_t high = symbols->nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (symbols->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	symbol = &symbols->symbols[low - 1];
	return address - symbol->address < (symbol->size ? symbol->size :
							  REACH) ? symbol : NULL;
}

const char *kvm2_trace_symbols_find(const struct kvm2_trace_symbols *symbols,
				    uint64_t address, uint64_t *offset)
{
	const struct symbol *symbol;

	if (!symbols->is_moved)
		return NULL;
	symbol = find_symbol(symbols, address - symbols->offset);
	if (!symbol)
		return NULL;
	*offset = address - symbols->offset - symbol->address;
	return symbols->names + symbol->name;
}

void kvm2_trace_symbols_move(struct kvm2_trace_symbols *symbols,
			     uint64_t offset)
{
	symbols->is_moved = true;
	symbols->offset = offset;
}

bool kvm2_trace_symbols_offset(const struct kvm2_trace_symbols *symbols,
			       uint64_t *offset)
{
	*offset = symbols->offset;
	return symbols->is_moved;
}

/* ---- by how much it has moved ---- */

/* Where Linux halts, and where it asks for registers: parts of names. */
static const struct {
	const char *reason;
	const char *function;
} habits[] = {
	{ "hlt", "safe_halt" }, { "hlt", "default_idle" },
	{ "hlt", "acpi_idle" }, { "hlt", "halt" },
	{ "msr", "write_msr" }, { "msr", "read_msr" },
	{ "msr", "msr_write" }, { "msr", "msr_read" },
	{ "msr", "wrmsr" }, { "msr", "rdmsr" },
	{ "cpuid", "cpuid" },
};

/* "hlt" and "HLT", "msr" and "MSR_WRITE" */
static bool is_reason(const char *reason, const char *word)
{
	return !strncasecmp(reason, word, strlen(word));
}

/* Others happen everywhere, and would only take up the room for places. */
static bool has_habits(const char *reason)
{
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
		if (is_reason(reason, habits[i].reason))
			return true;
	return false;
}

static bool is_habit(const char *reason, const char *function)
{
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
		if (is_reason(reason, habits[i].reason) &&
		    strstr(function, habits[i].function))
			return true;
	return false;
}

static void vote(struct kvm2_trace_symbols *symbols, const char *reason,
		 uint64_t rip)
{
	for (size_t step = 0; step < NR_STEPS; step++) {
		const struct symbol *symbol =
			find_symbol(symbols, rip - step * STEP);

		if (symbol && is_habit(reason, symbols->names + symbol->name))
			symbols->votes[step]++;
	}
}

bool kvm2_trace_symbols_learn(struct kvm2_trace_symbols *symbols,
			      const char *reason, uint64_t rip)
{
	unsigned int second = 0;
	size_t best = 0;

	if (symbols->is_moved || !reason || !has_habits(reason) ||
	    rip < TEXT_FIRST || rip >= TEXT_LAST ||
	    symbols->nr_places == PLACES_MAX)
		return symbols->is_moved;
	for (size_t i = 0; i < symbols->nr_places; i++)
		if (symbols->places[i] == rip)
			return false;
	symbols->places[symbols->nr_places++] = rip;
	vote(symbols, reason, rip);
	for (size_t step = 1; step < NR_STEPS; step++)
		if (symbols->votes[step] > symbols->votes[best])
			best = step;
	for (size_t step = 0; step < NR_STEPS; step++)
		if (step != best && symbols->votes[step] > second)
			second = symbols->votes[step];
	if (symbols->votes[best] < VOTES_MIN ||
	    symbols->votes[best] < second + VOTES_MIN - 1)
		return false;
	kvm2_trace_symbols_move(symbols, best * STEP);
	return true;
}

// SPDX-License-Identifier: LGPL-2.1
// The rules that name VMs: read from text, and applied to a process.
#include "vm_rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX	8
#define LINE_MAX_BYTES	512

/* Where the names of each VMM are was read in its manual. */
static const char builtin[] =
	/* What the VM was created with beats what a command line says. */
	"kvm2run          kvm2run*          kvm2\n"
	"kvm2             *                 kvm2\n"
	"libvirt          *                 cgroup machine-qemu-*-{}.scope\n"
	"libvirt-lxc      *                 cgroup machine-lxc-*-{}.scope\n"
	"qemu             qemu*|kvm         item guest -name\n"
	"qemu             qemu*|kvm         option -uuid\n"
	"firecracker      firecracker*      option --id\n"
	"firecracker      firecracker*      path --api-sock\n"
	"cloud-hypervisor cloud-hyper*      item-path path --api-socket\n"
	"crosvm           crosvm*           option --name -n\n"
	"crosvm           crosvm*           path --socket -s\n"
	"kvmtool          lkvm*|kvmtool*    option --name -n\n"
	"stratovirt       stratovirt*       option -name\n"
	"kvm2run          kvm2run*          option --name\n"
	"nspawn           *                 cgroup machine-{}.scope\n"
	"container        *                 cgroup libpod-{}.scope\n"
	"container        *                 cgroup docker-{}.scope\n"
	"container        *                 cgroup crio-{}.scope\n"
	"container        *                 cgroup cri-containerd-{}.scope\n"
	"container        *                 cgroup docker/{}\n"
	"container        *                 cgroup kubepods/*/{}\n"
	/* A VMM of a known kind without a name. */
	"qemu             qemu*|kvm         comm\n"
	"firecracker      firecracker*      comm\n"
	"cloud-hypervisor cloud-hyper*      comm\n"
	"crosvm           crosvm*           comm\n"
	"kvmtool          lkvm*|kvmtool*    comm\n"
	"service          *                 leaf {}.service\n";

struct rule;

/* Writes the name and returns true, if the rule finds one. */
typedef bool rule_fn(const struct rule *rule, const struct vm_facts *facts,
		     char name[static KVM2_TRACE_VM_NAME_SIZE]);

/**
 * struct rule - one line
 * @next:	the rule that is tried after this one
 * @find:	where its name comes from
 * @kind:	what it says
 * @program:	patterns with | between
 * @words:	arguments of @find, parts of @text
 * @nr_words:	number of @words
 * @text:	the line, cut into words
 */
struct rule {
	struct rule *next;
	rule_fn *find;
	const char *kind;
	const char *program;
	const char *words[WORDS_MAX];
	unsigned int nr_words;
	char text[];
};

struct kvm2_trace_vm_rules {
	struct rule *first;
};

static bool copy_name(const char *from, size_t length,
		      char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	if (!length)
		return false;
	snprintf(name, KVM2_TRACE_VM_NAME_SIZE, "%.*s", (int)length, from);
	return true;
}

/* ---- sources of names ---- */

static bool find_kvm2(const struct rule *rule, const struct vm_facts *facts,
		      char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	(void)rule;
	return facts->has_kvm2 &&
	       copy_name(facts->kvm2, strlen(facts->kvm2), name);
}

static bool find_comm(const struct rule *rule, const struct vm_facts *facts,
		      char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	(void)rule;
	return copy_name(facts->comm, strlen(facts->comm), name);
}

/* The value of one of the options @names; the last one given, NULL: none. */
static const char *find_option(const struct vm_facts *facts,
			       const char *const *names, unsigned int nr)
{
	const char *const end = facts->args + facts->args_size;
	const char *found = NULL;

	for (const char *arg = facts->args; arg < end;) {
		const char *next = arg + strnlen(arg, (size_t)(end - arg)) + 1;

		for (unsigned int i = 0; i < nr; i++) {
			const size_t length = strlen(names[i]);

			if (strncmp(arg, names[i], length))
				continue;
			if (!arg[length] && next < end)
				found = next;
			else if (arg[length] == '=')
				found = arg + length + 1;
		}
		arg = next;
	}
	return found;
}

static bool find_in_option(const struct rule *rule,
			   const struct vm_facts *facts,
			   char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	const char *value = find_option(facts, rule->words, rule->nr_words);

	return value && copy_name(value, strlen(value), name);
}

/* The file's name in a path, without what follows its last dot. */
static bool copy_file(const char *path,
		      char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	const char *dot = strrchr(file, '.');

	return copy_name(file, dot > file ? (size_t)(dot - file) : strlen(file),
			 name);
}

static bool find_in_path(const struct rule *rule, const struct vm_facts *facts,
			 char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	const char *value = find_option(facts, rule->words, rule->nr_words);

	return value && copy_file(value, name);
}

/* Up to the next single comma; two are one that belongs to the value. */
static const char *copy_item(const char *from, char *item, size_t size)
{
	size_t length = 0;

	for (; *from && (*from != ',' || from[1] == ','); from++) {
		from += *from == ',';
		if (length + 1 < size)
			item[length++] = *from;
	}
	item[length] = '\0';
	return *from ? from + 1 : from;
}

/*
 * "value,key=value,...": the value of the rule's first word, else the first
 * item if it has no key.
 */
static bool get_item(const struct rule *rule, const struct vm_facts *facts,
		     char item[static LINE_MAX_BYTES])
{
	const char *value = find_option(facts, rule->words + 1,
					rule->nr_words - 1);
	const size_t length = strlen(rule->words[0]);
	char first[LINE_MAX_BYTES] = "";

	for (const char *from = value; from && *from;) {
		const bool is_first = from == value;

		from = copy_item(from, item, LINE_MAX_BYTES);
		if (!strncmp(item, rule->words[0], length) &&
		    item[length] == '=') {
			memmove(item, item + length + 1,
				strlen(item + length + 1) + 1);
			return true;
		}
		if (is_first && !strchr(item, '='))
			memcpy(first, item, sizeof(first));
	}
	memcpy(item, first, sizeof(first));
	return *first;
}

static bool find_in_item(const struct rule *rule, const struct vm_facts *facts,
			 char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	char item[LINE_MAX_BYTES] = "";

	return get_item(rule, facts, item) &&
	       copy_name(item, strlen(item), name);
}

static bool find_in_item_path(const struct rule *rule,
			      const struct vm_facts *facts,
			      char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	char item[LINE_MAX_BYTES] = "";

	return get_item(rule, facts, item) && copy_file(item, name);
}

/* systemd writes bytes that a unit's name cannot have as \xHH. */
static void unescape(const char *from, char *to, size_t size)
{
	size_t length = 0;

	while (*from && length + 1 < size) {
		unsigned int byte;

		if (from[0] == '\\' && from[1] == 'x' &&
		    strspn(from + 2, "0123456789abcdefABCDEF") >= 2 &&
		    sscanf(from + 2, "%2x", &byte) == 1 && byte) {
			to[length++] = (char)byte;
			from += 4;
		} else {
			to[length++] = *from++;
		}
	}
	to[length] = '\0';
}

/*
 * Does @text match @pattern? "*" is anything but "/", as little as possible;
 * "{}" the name, which is as much as possible of one part of the path.
 */
static bool match(const char *pattern, const char *text, const char **name,
		  size_t *length)
{
	for (; *pattern && strncmp(pattern, "{}", 2) && *pattern != '*';
	     pattern++, text++)
		if (*pattern != *text)
			return false;
	if (!*pattern)
		return !*text || *text == '/';
	if (*pattern == '*') {
		do {
			if (match(pattern + 1, text, name, length))
				return true;
		} while (*text && *text++ != '/');
		return false;
	}
	for (size_t most = strcspn(text, "/"); most; most--) {
		if (!match(pattern + 2, text + most, name, length))
			continue;
		*name = text;
		*length = most;
		return true;
	}
	return false;
}

static bool match_cgroup(const struct rule *rule, const char *path,
			 char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	const char *from;
	size_t length;

	for (unsigned int i = 0; i < rule->nr_words; i++)
		if (match(rule->words[i], path, &from, &length))
			return copy_name(from, length, name);
	return false;
}

/* A pattern may begin at each part of the path, the innermost first. */
static bool find_in_cgroup(const struct rule *rule,
			   const struct vm_facts *facts,
			   char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	char path[sizeof(facts->cgroup)];

	unescape(facts->cgroup, path, sizeof(path));
	for (char *part = path + strlen(path); part > path; part--)
		if (part[-1] == '/' && match_cgroup(rule, part, name))
			return true;
	return false;
}

static bool find_in_leaf(const struct rule *rule, const struct vm_facts *facts,
			 char name[static KVM2_TRACE_VM_NAME_SIZE])
{
	char path[sizeof(facts->cgroup)];
	const char *slash;

	unescape(facts->cgroup, path, sizeof(path));
	slash = strrchr(path, '/');
	return slash && match_cgroup(rule, slash + 1, name);
}

static const struct {
	const char *word;
	rule_fn *find;
	unsigned int words_min;
} sources[] = {
	{ "kvm2",	find_kvm2,		0 },
	{ "comm",	find_comm,		0 },
	{ "option",	find_in_option,		1 },
	{ "path",	find_in_path,		1 },
	{ "item",	find_in_item,		2 },
	{ "item-path",	find_in_item_path,	2 },
	{ "cgroup",	find_in_cgroup,		1 },
	{ "leaf",	find_in_leaf,		1 },
};

/* ---- text to rules ---- */

/* A list of rules is freed up to @end. */
static void free_rules(struct rule *rule, const struct rule *end)
{
	while (rule != end) {
		struct rule *next = rule->next;

		free(rule);
		rule = next;
	}
}

static int set_source(struct rule *rule, const char *word)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strcmp(word, sources[i].word))
			continue;
		rule->find = sources[i].find;
		return rule->nr_words < sources[i].words_min ? -EINVAL : 0;
	}
	return -EINVAL;
}

/* Returns 1 and a rule, 0 for an empty line, or a negative errno. */
static int parse_line(const char *line, size_t length, struct rule **out)
{
	const char *words[WORDS_MAX + 3];
	unsigned int nr = 0;
	struct rule *rule;
	char *rest;
	int err;

	if (length > LINE_MAX_BYTES || memchr(line, '\0', length))
		return -EINVAL;
	rule = calloc(1, sizeof(*rule) + length + 1);
	if (!rule)
		return -ENOMEM;
	memcpy(rule->text, line, length);
	for (char *word = strtok_r(rule->text, " \t\r", &rest);
	     word && *word != '#'; word = strtok_r(NULL, " \t\r", &rest)) {
		if (nr == WORDS_MAX + 3) {
			free(rule);
			return -EINVAL;
		}
		words[nr++] = word;
	}
	if (nr < 3) {
		free(rule);
		return nr ? -EINVAL : 0;
	}
	rule->kind = words[0];
	rule->program = words[1];
	rule->nr_words = nr - 3;
	memcpy(rule->words, words + 3, rule->nr_words * sizeof(words[0]));
	err = set_source(rule, words[2]);
	if (err || strlen(rule->kind) >= KVM2_TRACE_VM_KIND_SIZE) {
		free(rule);
		return -EINVAL;
	}
	*out = rule;
	return 1;
}

int kvm2_trace_vm_rules_add(struct kvm2_trace_vm_rules *rules,
			    const char *text, size_t size, unsigned int *line)
{
	struct rule *const old = rules->first;
	struct rule *first = old;
	struct rule **end = &first;
	unsigned int number = 0;

	while (size) {
		const char *newline = memchr(text, '\n', size);
		const size_t length = newline ? (size_t)(newline - text) : size;
		int ret;

		number++;
		ret = parse_line(text, length, end);
		if (ret < 0) {
			*end = old;
			free_rules(first, old);
			if (line)
				*line = number;
			return ret;
		}
		if (ret) {
			end = &(*end)->next;
			*end = old;
		}
		text += length + (newline != NULL);
		size -= length + (newline != NULL);
	}
	rules->first = first;
	return 0;
}

struct kvm2_trace_vm_rules *kvm2_trace_vm_rules_create(void)
{
	struct kvm2_trace_vm_rules *rules = calloc(1, sizeof(*rules));

	if (rules && kvm2_trace_vm_rules_add(rules, builtin, strlen(builtin),
					     NULL)) {
		free(rules);
		return NULL;
	}
	return rules;
}

void kvm2_trace_vm_rules_destroy(struct kvm2_trace_vm_rules *rules)
{
	if (!rules)
		return;
	free_rules(rules->first, NULL);
	free(rules);
}

/* ---- a process ---- */

/* "kvm|qemu*": does one of the patterns match the program, or its name? */
static bool is_program(const char *patterns, const struct vm_facts *facts)
{
	while (*patterns) {
		const size_t length = strcspn(patterns, "|");
		char pattern[LINE_MAX_BYTES + 1];

		snprintf(pattern, sizeof(pattern), "%.*s", (int)length,
			 patterns);
		if (!fnmatch(pattern, facts->program, 0) ||
		    !fnmatch(pattern, facts->comm, 0))
			return true;
		patterns += length + (patterns[length] == '|');
	}
	return false;
}

/* What a process calls itself goes to terminals. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void vm_rules_apply(const struct kvm2_trace_vm_rules *rules,
		    const struct vm_facts *facts,
		    struct kvm2_trace_vm_name *name)
{
	const struct rule *rule = rules->first;

	while (rule && !(is_program(rule->program, facts) &&
			 rule->find(rule, facts, name->name)))
		rule = rule->next;
	snprintf(name->kind, sizeof(name->kind), "%s",
		 rule ? rule->kind : "process");
	if (!rule)
		snprintf(name->name, sizeof(name->name), "%.63s",
			 *facts->comm ? facts->comm :
			 *facts->program ? facts->program : "?");
	make_printable(name->name);
}

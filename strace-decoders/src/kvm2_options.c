/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of the decoders of the kvm2 syscalls. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm2_options.h"

#include "mmap_cache.h"

#include <linux/kvm2.h>

struct kvm2_options kvm2_options = {
	.sets = UINT64_MAX,
};

static const struct {
	unsigned int set;
	const char *name;
} sets[] = {
#define X(value, name, text) { value, text },
	KVM2_SETS(X)
#undef X
};

static const struct {
	const char *name;
	bool *option;
	bool value;
} words[] = {
	{ "brief",	&kvm2_options.full,	false },
	{ "full",	&kvm2_options.full,	true },
	{ "diff",	&kvm2_options.diff,	true },
	{ "vcpu",	&kvm2_options.vcpu,	true },
	{ "summary",	&kvm2_options.summary,	true },
	{ "classic",	&kvm2_options.classic,	true },
};

static bool
is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !strncmp(text, word, length);
}

static bool
add_set(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (is_word(text, length, sets[i].name)) {
			kvm2_options.sets |= 1ULL << sets[i].set;
			return true;
		}
	}
	return false;
}

static bool
set_option(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_word(text, length, words[i].name)) {
			*words[i].option = words[i].value;
			return true;
		}
	}
	return false;
}

/* "regs:gpr,control,diff": the list of sets goes on as long as there are sets. */
void
kvm2_options_parse(const char *const text)
{
	const char prefix[] = "regs:";
	const char *word = text;
	bool in_sets = false;

	for (;;) {
		size_t length = strcspn(word, ",");
		const char *set = STR_STRIP_PREFIX(word, prefix);
		bool known;

		if (set != word) {
			kvm2_options.sets = 0;
			in_sets = true;
			known = add_set(set, length - (set - word));
		} else if (in_sets && add_set(word, length)) {
			known = true;
		} else {
			in_sets = false;
			known = set_option(word, length);
		}
		if (!known)
			error_msg_and_die("invalid -e kvm2= argument: '%s'",
					  text);
		word += length;
		if (!*word)
			break;
		word++;
	}
	/* Where a struct kvm_run is mapped has to be known. */
	if (kvm2_options.classic || kvm2_options.summary)
		mmap_cache_enable();
}

// SPDX-License-Identifier: GPL-2.0
// Which format an image file has.
#include "image.h"

#include <errno.h>
#include <string.h>

#include "image_flat.h"
#include "image_linux.h"
#include "image_multiboot.h"

/* Files that are certainly no flat binaries, so that nobody runs one as such. */
static const struct signature {
	size_t offset;
	const char *bytes;
	size_t len;
	const char *what;
} signatures[] = {
	{ 0, "\177ELF", 4,
	  "an ELF file without a multiboot header in its first 8192 bytes" },
	{ 0, "\x1f\x8b", 2, "compressed with gzip; uncompress it first" },
	{ 0, "\xfd" "7zXZ", 5, "compressed with xz; uncompress it first" },
	{ 0, "\x28\xb5\x2f\xfd", 4, "compressed with zstd; uncompress it first" },
	{ 0, "MZ", 2, "a DOS or EFI program" },
	{ 0, "#!", 2, "a script" },
	{ 0, "!<arch>", 7, "an archive of object files or a Debian package" },
};

static const char *find_signature(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const struct signature *s = &signatures[i];

		if (len >= s->offset + s->len &&
		    !memcmp(data + s->offset, s->bytes, s->len))
			return s->what;
	}
	return NULL;
}

int image_parse(const uint8_t *data, size_t len, const struct image_wish *wish,
		struct image *image, struct failure *failure)
{
	size_t header;
	const char *what;

	memset(image, 0, sizeof(*image));
	if (!len)
		return failure_set(failure, EINVAL, "the file is empty");

	if (!wish->has_load && !wish->has_entry) {
		if (image_multiboot_find(data, len, &header))
			return image_multiboot_parse(data, len, header, image, failure);
		if (image_linux_is(data, len))
			return image_linux_parse(data, len, image, failure);
		what = find_signature(data, len);
		if (what)
			return failure_set(failure, ENOEXEC,
				"not a known format: %s; kvm2run starts Linux, multiboot kernels and flat binaries (--load ADDRESS takes any file as flat)",
				what);
	}
	return image_flat_parse(len, wish, image, failure);
}

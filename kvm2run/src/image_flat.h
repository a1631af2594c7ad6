/* SPDX-License-Identifier: GPL-2.0 */
/* A flat binary: all of the file at one address, started in real mode. */
#ifndef KVM2RUN_IMAGE_FLAT_H
#define KVM2RUN_IMAGE_FLAT_H

#include <stddef.h>

#include "failure.h"
#include "image.h"

#define IMAGE_FLAT_LOAD		0x7c00ULL	/* where firmware puts a boot sector */

/* As image_parse(); the content does not matter. */
int image_flat_parse(size_t len, const struct image_wish *wish,
		     struct image *image, struct failure *failure);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Check that -X raw prints numbers for names, and no comments. */
#define XLAT_RAW 1
#include "kvm2-xlat.c"

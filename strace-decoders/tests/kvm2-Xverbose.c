/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Check that -X verbose prints numbers and names. */
#define XLAT_VERBOSE 1
#include "kvm2-xlat.c"

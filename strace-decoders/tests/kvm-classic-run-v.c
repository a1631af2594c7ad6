/* SPDX-License-Identifier: GPL-2.0-or-later */
#define VERBOSE 1
#include "kvm-classic-run.c"

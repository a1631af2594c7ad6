/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * strace's tables of names, made of the lists of the ABI itself rather than
 * of .in files, so that a name exists once.
 */
#ifndef KVM2_XLAT_H
#define KVM2_XLAT_H

/* A table of values (printxval) from an array of struct xlat_data. */
#define KVM2_XLAT_VALUES(name_, data_)					\
	static const struct xlat name_[1] = { {				\
		.data = data_,						\
		.size = ARRAY_SIZE(data_),				\
		.type = XT_NORMAL,					\
	} }

/* The same in ascending order, searched by halves. */
#define KVM2_XLAT_SORTED(name_, data_)					\
	static const struct xlat name_[1] = { {				\
		.data = data_,						\
		.size = ARRAY_SIZE(data_),				\
		.type = XT_SORTED,					\
	} }

/* A table of flags (printflags). */
#define KVM2_XLAT_FLAGS(name_, data_)	KVM2_XLAT_VALUES(name_, data_)

/* One constant by its own name. */
#define KVM2_XLAT_ENTRY(value_)	{ (value_), #value_ }

#endif /* KVM2_XLAT_H */

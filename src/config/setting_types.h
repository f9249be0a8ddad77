/* SPDX-License-Identifier: Apache-2.0 */
/* setting_types - what values of settings can be, and how they are read, shown and freed.
 *
 * A field is what struct settings holds of one setting; it starts as all zero, which is
 * an empty list, and text that is not there yet.
 */
#ifndef WAVEBREAK_CONFIG_SETTING_TYPES_H
#define WAVEBREAK_CONFIG_SETTING_TYPES_H

#include "base/bytes.h"

#include <stdio.h>

#define SETTING_WHY_SIZE 160

struct setting_type {
	const char *words; /* "time": how the manual calls a value */
	const char *is_no; /* "a time such as 10m": what a wrong value is not */
	const char *unit;  /* what least and most count where that is not the value itself */
	bool is_list;
	/* The words that a value may be, NULL-ended, or NULL where it is not one of a few. */
	const char *const *choices;

	/* Sets the field, or adds to a list. `setting` is its full name, "ban.never", for
	 * entries that remember it. Returns 0, -EINVAL, -ERANGE (too large for the type),
	 * -EEXIST (is in the list already), -EDOM (a network with bits after its length),
	 * -EADDRNOTAVAIL (an answer outside of 127.0.0.0/8), -E2BIG (a network that is everybody), or -ENOMEM. */
	int (*take)(void *field, struct bytes value, const char *setting);
	/* What least and most bound: a number that sorts as the values do, or how many `unit`s
	 * there are. 0 where a text or list is empty. */
	uint64_t (*measure)(const void *field);
	/* Reads least or most of a row as such a number. */
	int (*bound)(struct bytes text, uint64_t *ret);
	/* In a form that can be read back. */
	void (*print)(const void *field, FILE *out);
	void (*clear)(void *field);
};

#define SETTING_TYPE(type, c_type, words) extern const struct setting_type setting_type_##type;
#include "config/setting_types.def"
#undef SETTING_TYPE

#endif

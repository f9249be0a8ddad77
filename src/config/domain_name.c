/* SPDX-License-Identifier: Apache-2.0 */
#include "config/domain_name.h"

#define NAME_MOST 253
#define LABEL_MOST 63

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool label_is_good(struct bytes label)
{
	if (label.size == 0 || label.size > LABEL_MOST)
		return false;
	for (size_t i = 0; i < label.size; i++) {
		char c = lower(label.data[i]);

		if (!(c >= 'a' && c <= 'z') && !char_is_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool domain_name_is_good(struct bytes name)
{
	struct bytes label = name;
	size_t dot;

	if (name.size > NAME_MOST)
		return false;
	for (;;) {
		dot = bytes_find_char(name, '.');
		label = bytes_first(name, dot);
		if (!label_is_good(label))
			return false;
		if (dot == name.size)
			return !bytes_are_digits(label);
		name = bytes_skip(name, dot + 1);
	}
}

bool domain_names_are_equal(struct bytes a, struct bytes b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

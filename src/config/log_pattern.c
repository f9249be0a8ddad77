/* SPDX-License-Identifier: Apache-2.0 */
#include "config/log_pattern.h"

#include <fnmatch.h>
#include <limits.h>

#define WILDCARDS "*?["

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool log_pattern_is_one(const char *path)
{
	return strpbrk(name_of(path), WILDCARDS) != NULL;
}

bool log_pattern_is_good(struct bytes path)
{
	bool wildcard = false;

	for (size_t i = 0; i < path.size; i++) {
		wildcard |= path.data[i] && strchr(WILDCARDS, path.data[i]);
		if (wildcard && path.data[i] == '/')
			return false;
	}
	return true;
}

/* A part of a name that rotation put there, with the '.' or '-' before it: ".1", ".gz",
 * "-20260727". */
static bool is_of_rotation(struct bytes part)
{
	static const char *const compressions[] = { ".gz", ".zst", ".xz", ".bz2", ".Z" };
	struct bytes number = bytes_skip(part, 1);

	if (bytes_are_digits(number))
		return number.size == 8 || number.size == 10 || (number.size <= 3 && part.data[0] == '.');
	for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++)
		if (bytes_equal(part, bytes_of(compressions[i])))
			return true;
	return false;
}

static bool is_compressed(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && !char_is_digit(dot[1]) && is_of_rotation(bytes_of(dot));
}

/* The name as it was before it was rotated. Returns whether that is another one. */
static bool unrotated(const char *name, char out[NAME_MAX + 1])
{
	size_t length = strlen(name), used = 0;

	if (length > NAME_MAX)
		return false;
	for (size_t at = 0, end; at < length; at = end) {
		end = at + 1 + strcspn(name + at + 1, ".-");
		if (at > 0 && is_of_rotation(bytes_make(name + at, end - at)))
			continue;
		memcpy(out + used, name + at, end - at);
		used += end - at;
	}
	out[used] = '\0';
	return used < length;
}

static bool matches(const char *pattern, const char *name)
{
	return fnmatch(name_of(pattern), name, FNM_PERIOD) == 0;
}

bool log_pattern_takes(const char *pattern, const char *name)
{
	char before[NAME_MAX + 1];

	if (!matches(pattern, name) || is_compressed(name))
		return false;
	return !unrotated(name, before) || !matches(pattern, before);
}

bool log_pattern_takes_rotated(const char *pattern, const char *name)
{
	char before[NAME_MAX + 1];

	return unrotated(name, before) && matches(pattern, before);
}

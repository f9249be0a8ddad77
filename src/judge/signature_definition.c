/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/signature_definition.h"

#include <ctype.h>
#include <errno.h>

static const struct definition built_in[] = {
	{ BYTES_LITERAL("addr"), BYTES_LITERAL("(?<addr>[0-9A-Fa-f:.]{2,45})") },
	{ BYTES_LITERAL("port"), BYTES_LITERAL("(?<port>[0-9]{1,5})") },
	{ BYTES_LITERAL("reply"), BYTES_LITERAL("(?<reply>[2-5][0-9]{2})") },
};

bool signature_name_is_good(struct bytes name)
{
	if (name.size == 0 || name.size > SIGNATURE_NAME_MAX || name.data[0] < 'a' ||
	    name.data[0] > 'z')
		return false;
	for (size_t i = 0; i < name.size; i++)
		if (!char_is_digit(name.data[i]) && name.data[i] != '-' &&
		    (name.data[i] < 'a' || name.data[i] > 'z'))
			return false;
	return true;
}

static const struct definition *find(const struct definition *list, size_t count, struct bytes name)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(list[i].name, name))
			return &list[i];
	return NULL;
}

static const struct definition *find_any(const struct definitions *definitions, struct bytes name)
{
	const struct definition *found =
		find(built_in, sizeof(built_in) / sizeof(built_in[0]), name);

	return found ? found : find(definitions->list, definitions->count, name);
}

int definitions_add(struct definitions *definitions, struct bytes name, struct bytes text)
{
	if (find_any(definitions, name))
		return -EEXIST;
	if (definitions->count >= SIGNATURE_DEFINITIONS_MAX)
		return -ENOSPC;
	definitions->list[definitions->count++] = (struct definition){ name, text };
	return 0;
}

/* The name in "{name}" at that place, empty when this is no definition. PCRE2 has its own use
 * for braces: quantifiers, which begin with a digit, and after "\x", "\p" and the like. */
static struct bytes name_at(struct bytes text, size_t i)
{
	const struct bytes none = { NULL, 0 };
	struct bytes name = bytes_skip(text, i + 1);

	if (text.data[i] != '{' || (i >= 1 && text.data[i - 1] == '\\') ||
	    (i >= 2 && text.data[i - 2] == '\\' && isalpha((unsigned char)text.data[i - 1])))
		return none;
	name.size = bytes_find_char(name, '}');
	return i + 1 + name.size < text.size && signature_name_is_good(name) ? name : none;
}

int definitions_expand(const struct definitions *definitions, struct bytes text, char *out,
		       size_t *ret_size, struct bytes *ret_unknown)
{
	size_t used = 0;

	for (size_t i = 0; i < text.size; i++) {
		struct bytes name = name_at(text, i), part = bytes_make(text.data + i, 1);

		if (name.size) {
			const struct definition *definition = find_any(definitions, name);

			*ret_unknown = name;
			if (!definition)
				return -ENOENT;
			part = definition->text;
			i += name.size + 1;
		}
		if (used + part.size > SIGNATURE_TEXT_MAX)
			return -E2BIG;
		memcpy(out + used, part.data, part.size);
		used += part.size;
	}
	*ret_size = used;
	return 0;
}

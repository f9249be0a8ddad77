/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/docker.h"

/* "0041" as UTF-8. A half of a surrogate pair is written as the three bytes it would be by itself:
 * Go, which writes these lines, escapes none but U+2028, U+2029 and what is below a blank. */
static size_t put_code(struct bytes digits, char *out)
{
	unsigned code = 0;

	if (digits.size < 4)
		return 0;
	for (size_t i = 0; i < 4; i++) {
		int value = char_hex_value(digits.data[i]);

		if (value < 0)
			return 0;
		code = code << 4 | (unsigned)value;
	}
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* Takes what stands after a backslash. Returns how many bytes were written, 0 for no escape. */
static size_t take_escape(struct bytes *rest, char *out)
{
	static const char names[] = "\"\\/nrtbf", means[] = "\"\\/\n\r\t\b\f";
	const char *at = rest->size ? memchr(names, rest->data[0], sizeof(names) - 1) : NULL;
	size_t size;

	if (at) {
		out[0] = means[at - names];
		*rest = bytes_skip(*rest, 1);
		return 1;
	}
	if (rest->size == 0 || rest->data[0] != 'u')
		return 0;
	size = put_code(bytes_skip(*rest, 1), out);
	*rest = bytes_skip(*rest, size ? 5 : 0);
	return size;
}

/* Up to the quote that ends the string, which is taken too. An escape is longer than what it
 * stands for, so there is room. */
static bool take_string(struct bytes *rest, char *room, struct bytes *ret, bool *ret_newline)
{
	size_t used = 0;

	for (;;) {
		size_t plain = 0;

		while (plain < rest->size && rest->data[plain] != '"' && rest->data[plain] != '\\')
			plain++;
		if (plain == rest->size)
			return false;
		if (rest->data[plain] == '"' && used == 0) {
			*ret = bytes_first(*rest, plain);
			*rest = bytes_skip(*rest, plain + 1);
			return true;
		}
		/* "...\n" is all that most texts have to be unescaped of. */
		if (used == 0 && bytes_starts_with(bytes_skip(*rest, plain), BYTES_LITERAL("\\n\""))) {
			*ret = bytes_first(*rest, plain);
			*ret_newline = true;
			*rest = bytes_skip(*rest, plain + 3);
			return true;
		}
		memcpy(room + used, rest->data, plain);
		used += plain;
		*rest = bytes_skip(*rest, plain);
		if (rest->data[0] == '"')
			break;
		*rest = bytes_skip(*rest, 1);
		plain = take_escape(rest, room + used);
		if (plain == 0)
			return false;
		used += plain;
	}
	*rest = bytes_skip(*rest, 1);
	*ret = bytes_make(room, used);
	return true;
}

static bool take_literal(struct bytes *rest, struct bytes literal)
{
	if (!bytes_starts_with(*rest, literal))
		return false;
	*rest = bytes_skip(*rest, literal.size);
	return true;
}

bool docker_read(struct bytes line, char *room, struct docker_line *ret)
{
	struct bytes rest = line, stamp, last = BYTES_LITERAL(",\"time\":\"");
	bool newline = false;
	size_t at, end;

	if (!take_literal(&rest, BYTES_LITERAL("{\"log\":\"")) || !take_string(&rest, room, &ret->text, &newline) ||
	    !take_literal(&rest, BYTES_LITERAL(",\"stream\":\"")))
		return false;
	ret->of_stderr = bytes_starts_with(rest, BYTES_LITERAL("stderr\""));
	at = bytes_find(rest, last);
	if (at == rest.size)
		return false;
	stamp = bytes_skip(rest, at + last.size);
	end = bytes_find_char(stamp, '"');
	if (!bytes_equal(bytes_skip(stamp, end), BYTES_LITERAL("\"}")))
		return false;
	ret->stamp = bytes_first(stamp, end);
	if (ret->text.size && ret->text.data[ret->text.size - 1] == '\n') {
		ret->text.size--;
		newline = true;
	}
	ret->partial = !newline;
	return true;
}

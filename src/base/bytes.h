/* SPDX-License-Identifier: Apache-2.0 */
/* bytes - a view of bytes that somebody else owns.
 *
 * Everything that comes from outside (a log line, a reply, a file) is passed on as
 * a view, never as a NUL-terminated string: it may hold NUL, and it may be cut.
 * A view is valid as long as what it looks at; nothing here allocates.
 */
#ifndef WAVEBREAK_BASE_BYTES_H
#define WAVEBREAK_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const char *data;
	size_t size;
};

/* For printf: printf("%.*s", BYTES_FMT(view)). Untrusted text goes through text_escape first. */
#define BYTES_FMT(b) (int)(b).size, (b).data

#define BYTES_LITERAL(s) ((struct bytes){ (s), sizeof(s) - 1 })

static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){ text, strlen(text) };
}

static inline struct bytes bytes_make(const char *data, size_t size)
{
	return (struct bytes){ data, size };
}

/* Of ASCII letters alone, whatever the locale. */
static inline char char_to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool bytes_starts_with(struct bytes b, struct bytes start)
{
	return b.size >= start.size && (start.size == 0 || memcmp(b.data, start.data, start.size) == 0);
}

/* Equal but for the case of ASCII letters. */
static inline bool bytes_equal_any_case(struct bytes a, struct bytes b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (char_to_lower(a.data[i]) != char_to_lower(b.data[i]))
			return false;
	return true;
}

/* What is left after the first `count` bytes (nothing, when there are fewer). */
static inline struct bytes bytes_skip(struct bytes b, size_t count)
{
	if (count > b.size)
		count = b.size;
	return (struct bytes){ b.data + count, b.size - count };
}

static inline struct bytes bytes_first(struct bytes b, size_t count)
{
	return (struct bytes){ b.data, count < b.size ? count : b.size };
}

/* Offset of the first `c`, or b.size when there is none. */
static inline size_t bytes_find_char(struct bytes b, char c)
{
	const char *at = b.size ? memchr(b.data, c, b.size) : NULL;

	return at ? (size_t)(at - b.data) : b.size;
}

/* Offset of the first occurrence of `part`, or b.size when there is none. */
static inline size_t bytes_find(struct bytes b, struct bytes part)
{
	const char *at;

	if (part.size == 0)
		return 0;
	if (part.size > b.size)
		return b.size;
	at = memmem(b.data, b.size, part.data, part.size);
	return at ? (size_t)(at - b.data) : b.size;
}

static inline bool bytes_contain(struct bytes b, struct bytes part)
{
	return part.size == 0 || bytes_find(b, part) < b.size;
}

/* The same, faster where the text is a line and the part a few words. */
bool bytes_contain_text(struct bytes text, struct bytes part);

static inline bool char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 0 to 15, or -1. */
static inline int char_hex_value(char c)
{
	if (char_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decimal ones and nothing else. */
static inline bool bytes_are_digits(struct bytes b)
{
	for (size_t i = 0; i < b.size; i++)
		if (!char_is_digit(b.data[i]))
			return false;
	return b.size > 0;
}

/* FNV-1a, 32 bits: of what is put together from parts, each goes on from the one before. Not for
 * what a stranger chooses. */
#define BYTES_HASH_BEGIN 2166136261U
static inline uint32_t bytes_hash(uint32_t hash, struct bytes b)
{
	for (size_t i = 0; i < b.size; i++)
		hash = (hash ^ (uint8_t)b.data[i]) * 16777619U;
	return hash;
}

/* Without blanks, tabs, CR and LF at both ends. */
static inline struct bytes bytes_trim(struct bytes b)
{
	while (b.size && (char_is_blank(b.data[0]) || b.data[0] == '\r' || b.data[0] == '\n'))
		b = bytes_skip(b, 1);
	while (b.size && (char_is_blank(b.data[b.size - 1]) || b.data[b.size - 1] == '\r' ||
			  b.data[b.size - 1] == '\n'))
		b.size--;
	return b;
}

/* Decimal digits and nothing else, at most `most`. Returns 0, -EINVAL or -ERANGE. */
int bytes_to_u64(struct bytes b, uint64_t most, uint64_t *ret);

#endif

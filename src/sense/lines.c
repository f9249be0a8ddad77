/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Four of the longest lines: what is moved to the front for want of a newline stays small
 * beside what is read. Larger is no faster, and this stays in the second-level cache. */
#define BUFFER_SIZE (4 * LINE_SIZE_MAX)

static ssize_t read_descriptor(void *source, char *buffer, size_t size)
{
	const int *fd = source;
	ssize_t n;

	do
		n = read(*fd, buffer, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int lines_init_from(struct lines *lines, lines_read_fn *read_fn, void *source)
{
	*lines = (struct lines){ .read = read_fn, .source = source, .fd = -1, .buffer = malloc(BUFFER_SIZE) };
	return lines->buffer ? 0 : -ENOMEM;
}

int lines_init(struct lines *lines, int fd)
{
	int r = lines_init_from(lines, read_descriptor, &lines->fd);

	lines->fd = fd;
	return r;
}

void lines_clear(struct lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
}

static int read_more(struct lines *lines)
{
	ssize_t n;

	if (lines->from) {
		memmove(lines->buffer, lines->buffer + lines->from, lines->to - lines->from);
		lines->to -= lines->from;
		lines->from = 0;
	}
	if (lines->before_read)
		lines->before_read(lines->context);
	n = lines->read(lines->source, lines->buffer + lines->to, BUFFER_SIZE - lines->to);
	if (n < 0)
		return (int)n;
	lines->ended = n == 0;
	lines->to += (size_t)n;
	return 0;
}

/* Gives `size` bytes, of which `taken` are used up. */
static int give(struct lines *lines, size_t size, size_t taken, struct bytes *ret_line,
		bool *ret_cut)
{
	*ret_cut = size > LINE_SIZE_MAX;
	*ret_line = bytes_make(lines->buffer + lines->from, *ret_cut ? LINE_SIZE_MAX : size);
	lines->from += taken;
	return 1;
}

int lines_next(struct lines *lines, struct bytes *ret_line, bool *ret_cut)
{
	for (;;) {
		struct bytes rest =
			bytes_make(lines->buffer + lines->from, lines->to - lines->from);
		size_t size = bytes_find_char(rest, '\n');
		bool whole = size < rest.size;
		int r;

		if (lines->skips) {
			lines->from += whole ? size + 1 : rest.size;
			lines->skips = !whole;
		} else if (whole) {
			return give(lines, size, size + 1, ret_line, ret_cut);
		} else if (rest.size > LINE_SIZE_MAX) {
			lines->skips = true;
			return give(lines, rest.size, rest.size, ret_line, ret_cut);
		} else if (lines->ended && rest.size) {
			return give(lines, rest.size, rest.size, ret_line, ret_cut);
		}
		if (lines->skips || !whole) {
			if (lines->ended)
				return 0;
			r = read_more(lines);
			if (r < 0)
				return r;
		}
	}
}

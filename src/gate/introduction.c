/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/introduction.h"

/* A reply ends with the line that has a blank, or nothing, after its code (RFC 5321 section 4.2.1). */
static bool is_last_line(const struct introduction *introduction)
{
	return introduction->column < 4 || introduction->head[3] != '-';
}

static enum introduction_step answer(struct introduction *introduction, struct bytes *ret_line)
{
	size_t end;

	if (introduction->head[0] != '2')
		return INTRODUCTION_REFUSED;
	end = bytes_find_char(introduction->lines, '\n') + 1;
	*ret_line = bytes_first(introduction->lines, end);
	introduction->lines = bytes_skip(introduction->lines, end);
	return introduction->lines.size ? INTRODUCTION_SAY : INTRODUCTION_OVER;
}

enum introduction_step introduction_take(struct introduction *introduction, struct bytes *input, struct bytes *ret_line)
{
	while (input->size) {
		char c = input->data[0];
		bool last;

		*input = bytes_skip(*input, 1);
		if (++introduction->heard > INTRODUCTION_REPLIES_MOST)
			return INTRODUCTION_REFUSED;
		if (c == '\r')
			continue;
		if (c != '\n') {
			if (introduction->column < sizeof(introduction->head))
				introduction->head[introduction->column] = c;
			introduction->column++;
			continue;
		}
		last = is_last_line(introduction);
		introduction->column = 0;
		if (last)
			return answer(introduction, ret_line);
	}
	return INTRODUCTION_LISTEN;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/replies.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void reply_line(struct replies *replies, const char *format, ...)
{
	char line[REPLY_LINE_MOST - 1]; /* with its NUL, and without CRLF */
	va_list arguments;
	size_t size;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	size = n < 0 ? 0 : (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	assert(replies->room - replies->size >= size + 2);
	memcpy(replies->data + replies->size, line, size);
	memcpy(replies->data + replies->size + size, "\r\n", 2);
	replies->size += size + 2;
}

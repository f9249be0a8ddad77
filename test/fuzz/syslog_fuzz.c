/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: the head of a log line. The views have to lie within the line, and follow each
 * other in it. */
#include "wire/syslog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct bytes part, struct bytes line)
{
	if (part.size && (part.data < line.data || part.data + part.size > line.data + line.size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stamp_clock clock = { .now_s = 1785157501, .utc_offset_s = 7200 };
	struct bytes line = bytes_make((const char *)data, size);
	struct syslog_line head;
	uint64_t wall_s;

	syslog_split(line, &head);
	check(head.stamp, line);
	check(head.host, line);
	check(head.tag, line);
	check(head.pid, line);
	check(head.message, line);
	check(head.text, line);
	if (head.stamp_form == STAMP_RFC3164 && syslog_time(&head, &clock, &wall_s) == 0 &&
	    wall_s > clock.now_s + 86400)
		abort();
	if (head.stamp_form != STAMP_RFC3164)
		syslog_time(&head, &clock, &wall_s);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as lines of a list of xt_recent: what is taken has an address and says the same again. */
#include "wire/recent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct bytes line)
{
	struct recent_entry entry, again;
	char text[ADDR_TEXT_SIZE], built[160];
	int r = recent_parse(line, &entry);

	if (r == -EBADMSG)
		return;
	if (r != 0 || (entry.addr.family != ADDR_IPV4 && entry.addr.family != ADDR_IPV6))
		abort();
	snprintf(built, sizeof(built), "src=%s ttl: 0 last_seen: %" PRIu64 " oldest_pkt: 0",
		 addr_format(&entry.addr, text), entry.last_seen);
	if (recent_parse(bytes_of(built), &again) != 0 || !addr_equal(&entry.addr, &again.addr) ||
	    entry.last_seen != again.last_seen)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_make((const char *)data, size);

	while (rest.size) {
		size_t end = bytes_find_char(rest, '\n');

		look_at(bytes_first(rest, end));
		rest = bytes_skip(rest, end + 1);
	}
	return 0;
}

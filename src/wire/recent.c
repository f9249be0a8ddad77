/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/recent.h"

#include <errno.h>

#define SOURCE BYTES_LITERAL("src=")
#define LAST_SEEN BYTES_LITERAL(" last_seen: ")

int recent_parse(struct bytes line, struct recent_entry *ret)
{
	struct bytes address, seen;
	size_t at = bytes_find(line, LAST_SEEN);

	if (!bytes_starts_with(line, SOURCE) || at == line.size)
		return -EBADMSG;
	address = bytes_skip(line, SOURCE.size);
	address = bytes_first(address, bytes_find_char(address, ' '));
	seen = bytes_skip(line, at + LAST_SEEN.size);
	seen = bytes_first(seen, bytes_find_char(seen, ' '));
	if (addr_parse(address, &ret->addr) < 0 || bytes_to_u64(seen, UINT64_MAX, &ret->last_seen) < 0)
		return -EBADMSG;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an address and as a network: what is taken is written in a form that is taken
 * again as the same, and contains what it says. */
#include "base/prefix.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_address(struct bytes text)
{
	char written[ADDR_TEXT_SIZE], unit_written[ADDR_UNIT_TEXT_SIZE];
	struct addr addr, again, unit;

	if (addr_parse(text, &addr) < 0)
		return;
	must(addr.family == ADDR_IPV4 || addr.family == ADDR_IPV6);
	must(addr_parse(bytes_of(addr_format(&addr, written)), &again) == 0);
	must(addr_equal(&addr, &again));
	unit = addr_unit(&addr);
	must(strlen(addr_unit_format(&unit, unit_written)) < sizeof(unit_written));
}

static void check_prefix(struct bytes text)
{
	char written[PREFIX_TEXT_SIZE];
	struct prefix prefix, again, around;
	struct prefix_set set = { 0 };
	struct addr unit;
	int r = prefix_parse(text, &prefix);

	must(r == 0 || r == -EINVAL || r == -ERANGE || r == -EDOM);
	if (r < 0)
		return;
	must(prefix.length <= (prefix.addr.family == ADDR_IPV4 ? 32 : 128));
	must(prefix_parse(bytes_of(prefix_format(&prefix, written)), &again) == 0);
	must(memcmp(&prefix, &again, sizeof(prefix)) == 0);
	around = prefix_around(&prefix.addr, prefix.length);
	must(memcmp(&prefix, &around, sizeof(prefix)) == 0);
	must(prefix_contains(&prefix, &prefix.addr));
	must(prefix_set_add(&set, &prefix, "fuzz") == 0);
	unit = addr_unit(&prefix.addr);
	must(prefix_set_find(&set, &unit) == set.entries);
	must(prefix_set_remove(&set, &prefix));
	prefix_set_clear(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size);

	check_address(text);
	check_prefix(text);
	return 0;
}

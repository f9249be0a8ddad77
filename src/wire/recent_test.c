/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/recent.h"

#include <errno.h>

static const struct {
	const char *line;
	int result;
	const char *address;
	uint64_t last_seen;
} rows[] = {
	{ "src=192.0.2.7 ttl: 0 last_seen: 4300774112 oldest_pkt: 1 4300774112", 0, "192.0.2.7", 4300774112 },
	{ "src=192.0.2.7 ttl: 64 last_seen: 12 oldest_pkt: 3 4, 5, 12", 0, "192.0.2.7", 12 },
	{ "src=2001:0db8:0001:0002:0000:0000:0000:0000 ttl: 0 last_seen: 18446744073709551615 oldest_pkt: 1 1", 0,
	  "2001:db8:1:2::", UINT64_MAX },
	{ "src=192.0.2.7 ttl: 0 last_seen: 7", 0, "192.0.2.7", 7 },
	{ "", -EBADMSG, NULL, 0 },
	{ "src=", -EBADMSG, NULL, 0 },
	{ "src=192.0.2.7", -EBADMSG, NULL, 0 },
	{ "src=192.0.2.7 ttl: 0 last_seen: ", -EBADMSG, NULL, 0 },
	{ "src=192.0.2.7 ttl: 0 last_seen: -1 oldest_pkt: 1", -EBADMSG, NULL, 0 },
	{ "src=192.0.2.7 ttl: 0 last_seen: 18446744073709551616 oldest_pkt: 1", -EBADMSG, NULL, 0 },
	{ "src=192.0.2.256 ttl: 0 last_seen: 7 oldest_pkt: 1", -EBADMSG, NULL, 0 },
	{ "src= last_seen: 7", -EBADMSG, NULL, 0 },
	{ " src=192.0.2.7 ttl: 0 last_seen: 7", -EBADMSG, NULL, 0 },
};

static void test_lines(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recent_entry entry;
		char text[ADDR_TEXT_SIZE];

		assert_int_equal(recent_parse(bytes_of(rows[i].line), &entry), rows[i].result);
		if (rows[i].result < 0)
			continue;
		assert_string_equal(addr_format(&entry.addr, text), rows[i].address);
		assert_true(entry.last_seen == rows[i].last_seen);
	}
}

/* It is a view: nothing behind its end is looked at. */
static void test_a_line_that_is_cut_anywhere(void **state)
{
	static const char line[] = "src=192.0.2.7 ttl: 0 last_seen: 4300774112 oldest_pkt: 1 4300774112";
	size_t begin_of_number = (size_t)(strstr(line, "43") - line);
	struct recent_entry entry;

	for (size_t size = 0; size < sizeof(line); size++)
		assert_int_equal(recent_parse(bytes_make(line, size), &entry), size > begin_of_number ? 0 : -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_line_that_is_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which list goes where; what each backend does with it is in the tests of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/backend.h"

#include "act/ipset.h"
#include "act/test_network.h"
#include "act/test_rules.h"

#define MINUTE_MS 60000

static const struct ban_table_limits table_limits = {
	.ban_for_ms = MINUTE_MS, .alive_ms = MINUTE_MS, .most = 1000, .ports = { TEST_RULES_PORT }, .port_count = 1,
};

static const struct backend_limits nft = { .kind = BACKEND_NFT, .ban_for_ms = MINUTE_MS, .most = 1000 };
static const struct backend_limits ipset = {
	.kind = BACKEND_IPSET, .list = "wbtest", .ban_for_ms = MINUTE_MS, .most = 1000,
};

static struct ban_change change(const char *text, enum ban_list list)
{
	return (struct ban_change){ .unit = test_address(text), .timeout_ms = MINUTE_MS, .list = list };
}

static uint64_t remaining(struct ban_backend *backend, const char *text)
{
	struct addr unit = test_address(text);
	uint64_t ms;

	assert_int_equal(backend_query(backend, &unit, &ms), 0);
	return ms;
}

static void test_nft_is_the_table(void **state)
{
	struct ban_change banned = change("127.0.5.1", BAN_LIST_BANNED);
	struct ban_table *table = NULL;
	struct ban_backend *backend;

	test_network_or_skip();
	assert_int_equal(backend_open(NULL, &nft, &table, &backend), 0);
	/* As long as the kernel refuses one, nobody is banned and nothing is wrong. */
	assert_int_equal(backend_apply(backend, &banned, 1), 0);
	assert_int_equal(remaining(backend, "127.0.5.1"), 0);
	assert_int_equal(backend_clear(backend), 0);

	assert_int_equal(ban_create(&table_limits, &table), 0);
	assert_int_equal(backend_apply(backend, &banned, 1), 0);
	assert_in_range(remaining(backend, "127.0.5.1"), 1, MINUTE_MS);
	assert_int_equal(backend_alive(backend), 0);
	assert_int_equal(backend_clear(backend), 0);
	assert_int_equal(remaining(backend, "127.0.5.1"), 0);
	backend_close(backend);
	ban_destroy(table);
}

static void test_with_another_one_the_table_takes_no_bans(void **state)
{
	struct ban_change changes[] = {
		change("127.0.5.1", BAN_LIST_BANNED),
		change("127.0.5.2", BAN_LIST_SUSPECT),
		change("127.0.5.3", BAN_LIST_SUSPECT),
		change("127.0.5.4", BAN_LIST_BANNED),
	};
	struct addr banned = changes[0].unit;
	struct ban_table *table = NULL;
	struct ban_backend *backend;
	uint64_t in_table;
	int r;

	test_network_or_skip();
	r = backend_open(NULL, &ipset, &table, &backend);
	if (r == -EOPNOTSUPP)
		skip();
	assert_int_equal(r, 0);
	for (int with_table = 0; with_table < 2; with_table++) {
		if (with_table)
			assert_int_equal(ban_create(&table_limits, &table), 0);
		assert_int_equal(backend_apply(backend, changes, 4), 0);
		assert_true(remaining(backend, "127.0.5.1") && remaining(backend, "127.0.5.4"));
		assert_false(remaining(backend, "127.0.5.2") || remaining(backend, "127.0.5.3"));
		assert_int_equal(backend_clear(backend), 0);
		assert_false(remaining(backend, "127.0.5.1"));
	}
	assert_int_equal(backend_apply(backend, changes, 4), 0);
	assert_int_equal(ban_query(table, &banned, 1, &in_table), 0);
	assert_int_equal(in_table, 0);

	/* At rest it takes nothing, and comes back with nobody in it. */
	backend_rest(backend);
	assert_false(ipset_look("wbtest").there[0]);
	assert_int_equal(backend_apply(backend, changes, 1), 0);
	assert_int_equal(remaining(backend, "127.0.5.1"), 0);
	assert_int_equal(backend_alive(backend), -ENOENT);
	assert_int_equal(backend_apply(backend, changes, 1), 0);
	assert_true(remaining(backend, "127.0.5.1"));
	backend_close(backend);
	ban_destroy(table);
}

static void test_what_a_reload_can_leave_as_it_is(void **state)
{
	struct backend_limits other = ipset;
	struct ban_table *table = NULL;
	struct ban_backend *backend;
	int r;

	test_network_or_skip();
	r = backend_open(NULL, &ipset, &table, &backend);
	if (r == -EOPNOTSUPP)
		skip();
	assert_int_equal(r, 0);
	other.ban_for_ms = 2 * MINUTE_MS;
	other.most = 500;
	assert_true(backend_takes(backend, &other));
	other.list = "another";
	assert_false(backend_takes(backend, &other));
	other = ipset;
	other.most = 2000;
	assert_false(backend_takes(backend, &other));
	assert_false(backend_takes(backend, &nft));
	backend_close(backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nft_is_the_table),
		cmocka_unit_test(test_with_another_one_the_table_takes_no_bans),
		cmocka_unit_test(test_what_a_reload_can_leave_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

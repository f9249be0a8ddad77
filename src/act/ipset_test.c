/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of the kernel's own in a private network namespace; those of an administrator are made by ipset(8). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/ipset.h"

#include "act/test_network.h"
#include "act/test_rules.h"
#include "base/clock.h"

#include <string.h>

#define MINUTE_MS 60000
#define RULE4 "iptables-legacy -A INPUT -p tcp --dport 2525 --syn -m set --match-set wbtest4 src -j DROP"
#define RULE6 "ip6tables-legacy -A INPUT -p tcp --dport 2525 --syn -m set --match-set wbtest6 src -j DROP"

/* Skips where the kernel has no ipset. */
static int try_open(uint32_t most, struct ipset **ret)
{
	return ipset_open("wbtest", MINUTE_MS, most, ret);
}

#define open_or_skip(most, ret)                         \
	do {                                            \
		int opened = try_open(most, ret);       \
		if (opened == -EOPNOTSUPP)              \
			skip();                         \
		assert_int_equal(opened, 0);            \
	} while (0)

static int change(struct ipset *ipset, const char *text, uint64_t timeout_ms)
{
	const struct ban_change one = { .unit = test_address(text), .timeout_ms = timeout_ms };

	return ipset_apply(ipset, &one, 1);
}

static bool is_banned(struct ipset *ipset, const char *text)
{
	struct addr unit = test_address(text);
	uint64_t remaining;

	assert_int_equal(ipset_query(ipset, &unit, &remaining), 0);
	return remaining > 0;
}

static void test_who_is_banned_is_dropped_and_who_is_not_comes_in(void **state)
{
	struct ipset *ipset;

	test_network_or_skip();
	open_or_skip(1000, &ipset);
	test_rules_or_skip(RULE4);
	test_rules_or_skip(RULE6);
	test_rules_listen();
	test_rules_own_ipv6("2001:db8:0:1::5");
	test_rules_own_ipv6("2001:db8:0:2::5");
	assert_int_equal(change(ipset, "127.0.5.1", MINUTE_MS), 0);
	assert_int_equal(change(ipset, "2001:db8:0:1::", MINUTE_MS), 0);
	assert_true(is_banned(ipset, "127.0.5.1") && is_banned(ipset, "2001:db8:0:1::"));
	assert_false(test_rules_let_in("127.0.5.1"));
	assert_true(test_rules_let_in("127.0.5.2"));
	assert_false(test_rules_let_in("2001:db8:0:1::5"));
	assert_true(test_rules_let_in("2001:db8:0:2::5"));

	/* Again, and an end of what is not there, are no errors. */
	assert_int_equal(change(ipset, "127.0.5.1", 2 * MINUTE_MS), 0);
	assert_int_equal(change(ipset, "127.0.5.9", 0), 0);
	assert_int_equal(change(ipset, "127.0.5.1", 0), 0);
	assert_false(is_banned(ipset, "127.0.5.1"));
	assert_true(test_rules_let_in("127.0.5.1"));
	assert_int_equal(ipset_clear(ipset), 0);
	assert_true(test_rules_let_in("2001:db8:0:1::5"));

	/* A rule refers to them: they stay, and nobody is in them. */
	assert_int_equal(change(ipset, "127.0.5.1", MINUTE_MS), 0);
	ipset_close(ipset);
	assert_true(ipset_look("wbtest").there[0]);
	assert_int_equal(ipset_look("wbtest").references[0], 1);
	assert_true(test_rules_let_in("127.0.5.1"));
}

static void test_what_it_made_it_takes_away(void **state)
{
	struct ipset_facts facts;
	struct ipset *ipset;

	test_network_or_skip();
	open_or_skip(1000, &ipset);
	facts = ipset_look("wbtest");
	assert_int_equal(facts.error, 0);
	assert_true(facts.there[0] && facts.there[1] && !facts.unfit[0] && !facts.unfit[1]);
	assert_int_equal(facts.most[0], 1000);
	ipset_close(ipset);
	facts = ipset_look("wbtest");
	assert_false(facts.there[0] || facts.there[1]);
}

static void test_many_and_too_many(void **state)
{
	static struct ban_change changes[1500];
	struct ipset *ipset;

	test_network_or_skip();
	open_or_skip(1000, &ipset);
	for (unsigned i = 0; i < 1500; i++) {
		changes[i] = (struct ban_change){ .unit = test_address("127.3.0.0"), .timeout_ms = MINUTE_MS };
		changes[i].unit.octets[2] = (uint8_t)(i >> 8);
		changes[i].unit.octets[3] = (uint8_t)i;
	}
	assert_int_equal(ipset_apply(ipset, changes, 900), 0);
	assert_true(is_banned(ipset, "127.3.3.131")); /* number 899 */
	/* What is left out takes nothing else with it. */
	assert_int_equal(ipset_apply(ipset, changes, 1500), -ENOSPC);
	assert_true(is_banned(ipset, "127.3.0.0"));
	changes[0].timeout_ms = 0;
	assert_int_equal(ipset_apply(ipset, changes, 1), 0);
	assert_false(is_banned(ipset, "127.3.0.0"));
	ipset_close(ipset);
}

static void test_a_ban_ends_by_itself(void **state)
{
	uint64_t until;
	struct ipset *ipset;

	test_network_or_skip();
	open_or_skip(1000, &ipset);
	assert_int_equal(change(ipset, "127.0.6.1", 500), 0);
	assert_true(is_banned(ipset, "127.0.6.1"));
	for (until = clock_ms() + TEST_PATIENCE_MS; is_banned(ipset, "127.0.6.1") && clock_ms() < until;)
		usleep(50000);
	assert_false(is_banned(ipset, "127.0.6.1"));
	assert_int_equal(ipset_alive(ipset), 0);
	ipset_close(ipset);
}

static void test_sets_of_the_administrator_that_fit(void **state)
{
	struct ipset *ipset;

	test_network_or_skip();
	test_rules_or_skip("ipset create wbtest4 hash:net timeout 60 maxelem 5000");
	test_rules_or_skip("ipset create wbtest6 hash:net family inet6 timeout 0");
	assert_int_equal(test_rules_run("ipset add wbtest4 127.0.7.7"), 0);
	open_or_skip(1000, &ipset);
	assert_false(is_banned(ipset, "127.0.7.7"));
	assert_int_equal(change(ipset, "127.0.7.1", MINUTE_MS), 0);
	assert_int_equal(change(ipset, "2001:db8:0:1::", MINUTE_MS), 0);
	assert_int_equal(test_rules_run("ipset test wbtest4 127.0.7.1"), 0);
	assert_int_equal(test_rules_run("ipset test wbtest6 2001:db8:0:1::77"), 0);
	ipset_close(ipset);
	assert_true(ipset_look("wbtest").there[0] && ipset_look("wbtest").there[1]);
	assert_int_not_equal(test_rules_run("ipset test wbtest4 127.0.7.1"), 0);
}

static void test_sets_of_the_administrator_that_do_not_fit(void **state)
{
	static const struct {
		const char *make;
		int ipv6;
		const char *why;
	} rows[] = {
		{ "ipset create wbtest4 hash:ip", 0, "without a timeout" },
		{ "ipset create wbtest4 hash:ip family inet6 timeout 60", 0, "is of family inet6" },
		{ "ipset create wbtest4 hash:ip,port timeout 60", 0, "not of type hash:ip" },
		{ "ipset create wbtest6 hash:ip family inet6 timeout 60", 1, "not of type hash:net" },
		{ "ipset create wbtest6 hash:net timeout 60", 1, "not of family inet6" },
	};
	struct ipset_facts facts;
	struct ipset *ipset;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_network_or_skip();
		test_rules_or_skip(rows[i].make);
		facts = ipset_look("wbtest");
		assert_non_null(facts.unfit[rows[i].ipv6]);
		assert_non_null(strstr(facts.unfit[rows[i].ipv6], rows[i].why));
		assert_int_equal(try_open(1000, &ipset), -EEXIST);
		facts = ipset_look("wbtest");
		assert_true(facts.there[rows[i].ipv6]);
		assert_false(facts.there[!rows[i].ipv6]);
	}
}

static void test_sets_that_others_empty_or_remove(void **state)
{
	struct ipset *ipset;

	test_network_or_skip();
	open_or_skip(1000, &ipset);
	assert_int_equal(ipset_alive(ipset), 0);
	assert_int_equal(change(ipset, "127.0.8.1", MINUTE_MS), 0);
	assert_int_equal(ipset_alive(ipset), 0);
	test_rules_or_skip("ipset flush wbtest4");
	assert_int_equal(ipset_alive(ipset), -ENOENT);
	assert_int_equal(ipset_alive(ipset), 0);
	assert_int_equal(change(ipset, "127.0.8.1", MINUTE_MS), 0);
	assert_int_equal(test_rules_run("ipset destroy"), 0);
	assert_int_equal(change(ipset, "127.0.8.2", MINUTE_MS), -ENOENT);
	assert_int_equal(ipset_alive(ipset), -ENOENT);
	assert_int_equal(change(ipset, "127.0.8.2", MINUTE_MS), 0);
	assert_true(is_banned(ipset, "127.0.8.2"));
	assert_int_equal(ipset_alive(ipset), 0);
	ipset_close(ipset);
}

static void test_a_ban_that_rules_begin_anew_is_asked_for_again(void **state)
{
	struct addr unit = test_address("127.0.9.1");
	struct ipset *ipset;
	uint64_t remaining, until;

	test_network_or_skip();
	open_or_skip(1000, &ipset);
	test_rules_or_skip("iptables-legacy -A INPUT -p tcp --dport 2525 --syn -m set --match-set wbtest4 src "
			   "-j SET --add-set wbtest4 src --exist --timeout 60");
	test_rules_or_skip(RULE4);
	test_rules_listen();
	assert_int_equal(change(ipset, "127.0.9.1", 2000), 0);
	until = clock_ms() + 2500;
	assert_false(test_rules_let_in("127.0.9.1"));
	while (clock_ms() < until)
		usleep(50000);
	assert_int_equal(ipset_query(ipset, &unit, &remaining), 0);
	assert_int_equal(remaining, MINUTE_MS / 10);
	assert_int_equal(change(ipset, "127.0.9.1", 0), 0);
	assert_true(test_rules_let_in("127.0.9.1"));
	ipset_close(ipset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_banned_is_dropped_and_who_is_not_comes_in),
		cmocka_unit_test(test_what_it_made_it_takes_away),
		cmocka_unit_test(test_many_and_too_many),
		cmocka_unit_test(test_a_ban_ends_by_itself),
		cmocka_unit_test(test_sets_of_the_administrator_that_fit),
		cmocka_unit_test(test_sets_of_the_administrator_that_do_not_fit),
		cmocka_unit_test(test_sets_that_others_empty_or_remove),
		cmocka_unit_test(test_a_ban_that_rules_begin_anew_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

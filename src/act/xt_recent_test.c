/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the kernel's own, with rules of iptables, in a private network namespace. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/xt_recent.h"

#include "act/test_network.h"
#include "act/test_rules.h"
#include "base/clock.h"
#include "base/counter.h"

#include <stdio.h>
#include <string.h>

#define RULE4 "iptables-legacy -A INPUT -p tcp --dport 2525 --syn -m recent --name wbtest --update --seconds 60 -j DROP"
#define RULE6 \
	"ip6tables-legacy -A INPUT -p tcp --dport 2525 --syn -m recent --name wbtest6 --mask ffff:ffff:ffff:ffff:: " \
	"--update --seconds 60 -j DROP"
#define MINUTE_MS 60000

static bool lists(const char *name, const char *words)
{
	char path[64], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/net/xt_recent/%s", name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		found |= strstr(line, words) != NULL;
	if (file)
		fclose(file);
	return found;
}

static struct xt_recent *opened(uint64_t ban_for_ms)
{
	struct xt_recent *recent;

	assert_int_equal(xt_recent_open("wbtest", ban_for_ms, &recent), 0);
	return recent;
}

static void test_who_is_banned_is_dropped_and_who_is_not_comes_in(void **state)
{
	struct addr banned = test_address("127.0.5.1"), neighbour = test_address("127.0.5.2");
	struct xt_recent *recent;

	test_network_or_skip();
	test_rules_or_skip(RULE4);
	test_rules_or_skip(RULE6);
	recent = opened(MINUTE_MS);
	test_rules_listen();
	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);
	assert_true(lists("wbtest", "src=127.0.5.1 "));
	assert_false(test_rules_let_in("127.0.5.1"));
	assert_true(test_rules_let_in("127.0.5.2"));
	assert_int_equal(xt_recent_unban(recent, &banned), 0);
	assert_true(test_rules_let_in("127.0.5.1"));
	assert_int_equal(xt_recent_unban(recent, &neighbour), 0);

	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);
	assert_int_equal(xt_recent_clear(recent), 0);
	assert_true(test_rules_let_in("127.0.5.1"));
	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);
	xt_recent_close(recent);
	assert_true(test_rules_let_in("127.0.5.1"));
}

static void test_a_unit_of_ipv6_is_its_whole_64(void **state)
{
	struct addr unit = test_address("2001:db8:0:1::");
	struct xt_recent *recent;

	test_network_or_skip();
	test_rules_or_skip(RULE6);
	recent = opened(MINUTE_MS);
	test_rules_listen();
	test_rules_own_ipv6("2001:db8:0:1::5");
	test_rules_own_ipv6("2001:db8:0:2::5");
	assert_int_equal(xt_recent_ban(recent, &unit, MINUTE_MS, false), 0);
	assert_false(test_rules_let_in("2001:db8:0:1::5"));
	assert_true(test_rules_let_in("2001:db8:0:2::5"));
	xt_recent_close(recent);
}

static void test_an_attempt_begins_the_time_anew_and_is_seen(void **state)
{
	struct addr quiet = test_address("127.0.6.1"), busy = test_address("127.0.6.2");
	uint64_t remaining, until;
	struct xt_recent *recent;

	test_network_or_skip();
	test_rules_or_skip(RULE4);
	recent = opened(MINUTE_MS);
	test_rules_listen();
	/* Told shorter than ban.for, as a ban that is restored is. */
	assert_int_equal(xt_recent_ban(recent, &quiet, 2000, false), 0);
	assert_int_equal(xt_recent_ban(recent, &busy, 2000, false), 0);
	until = clock_ms() + 2000;
	assert_int_equal(xt_recent_query(recent, &busy, &remaining), 0);
	assert_in_range(remaining, 1, 2000);
	usleep(400000);
	assert_false(test_rules_let_in("127.0.6.2"));
	while (clock_ms() <= until + 200)
		usleep(20000);
	assert_int_equal(xt_recent_query(recent, &busy, &remaining), 0);
	assert_in_range(remaining, MINUTE_MS / 2, MINUTE_MS);
	assert_int_equal(xt_recent_query(recent, &quiet, &remaining), 0);
	assert_int_equal(remaining, 0);
	assert_false(lists("wbtest", "src=127.0.6.1 "));
	assert_true(lists("wbtest", "src=127.0.6.2 "));
	xt_recent_close(recent);
}

static void test_no_more_than_the_list_holds(void **state)
{
	uint64_t dropped = counter_read(COUNTER_backend_dropped);
	struct xt_recent_facts facts;
	struct xt_recent *recent;
	struct addr unit;
	char text[32];

	test_network_or_skip();
	test_rules_or_skip(RULE4);
	facts = xt_recent_look("wbtest");
	assert_true(facts.module && facts.list4 && !facts.list6);
	if (facts.room == 0 || facts.room > 10000)
		skip();
	recent = opened(MINUTE_MS);
	for (uint32_t i = 0; i < facts.room + 3; i++) {
		snprintf(text, sizeof(text), "127.1.%u.%u", i >> 8, i & 255);
		unit = test_address(text);
		assert_int_equal(xt_recent_ban(recent, &unit, MINUTE_MS, false), i < facts.room ? 0 : -ENOSPC);
	}
	assert_int_equal(counter_read(COUNTER_backend_dropped) - dropped, 3);
	assert_true(lists("wbtest", "src=127.1.0.0 "));
	/* One that is in it is no more than there was. */
	unit = test_address("127.1.0.0");
	assert_int_equal(xt_recent_ban(recent, &unit, MINUTE_MS, true), 0);
	assert_int_equal(xt_recent_unban(recent, &unit), 0);
	unit = test_address("127.2.0.0");
	assert_int_equal(xt_recent_ban(recent, &unit, MINUTE_MS, false), 0);
	xt_recent_close(recent);
}

static void test_lists_that_come_and_go_with_the_rules(void **state)
{
	struct addr banned = test_address("127.0.7.1");
	struct xt_recent *recent;

	test_network_or_skip();
	recent = opened(MINUTE_MS);
	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);
	assert_int_equal(xt_recent_alive(recent), 0);
	test_rules_or_skip(RULE4);
	assert_int_equal(xt_recent_alive(recent), -ENOENT);
	assert_int_equal(xt_recent_alive(recent), 0);
	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);

	/* Its rules are loaded anew: a list of the same name, with nobody in it. */
	assert_int_equal(test_rules_run("iptables-legacy -F INPUT"), 0);
	assert_int_equal(test_rules_run(RULE4), 0);
	assert_false(lists("wbtest", "src="));
	assert_int_equal(xt_recent_alive(recent), -ENOENT);
	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);
	assert_true(lists("wbtest", "src=127.0.7.1 "));
	assert_int_equal(xt_recent_alive(recent), 0);

	assert_int_equal(test_rules_run("echo / >/proc/net/xt_recent/wbtest"), 0);
	assert_int_equal(xt_recent_alive(recent), -ENOENT);
	assert_int_equal(xt_recent_alive(recent), 0);

	assert_int_equal(test_rules_run("iptables-legacy -F INPUT"), 0);
	assert_int_equal(xt_recent_ban(recent, &banned, MINUTE_MS, false), 0);
	assert_int_equal(xt_recent_unban(recent, &banned), 0);
	assert_int_equal(xt_recent_alive(recent), 0);
	xt_recent_close(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_banned_is_dropped_and_who_is_not_comes_in),
		cmocka_unit_test(test_a_unit_of_ipv6_is_its_whole_64),
		cmocka_unit_test(test_an_attempt_begins_the_time_anew_and_is_seen),
		cmocka_unit_test(test_no_more_than_the_list_holds),
		cmocka_unit_test(test_lists_that_come_and_go_with_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

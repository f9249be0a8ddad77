/* SPDX-License-Identifier: Apache-2.0 */
/* New connections over the limits, with packets of another host. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/test_arrivals.h"

static void assert_limited(unsigned in, unsigned burst)
{
	assert_in_range(in, burst, TRIES - 1);
}

static void an_address_has_its_limit(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct ban_counts c;
	struct scene s;
	unsigned in;

	test_network_or_skip();
	limits.per_address = 2;
	s = begin(&limits);
	in = in_of(&s, A, TRIES);
	assert_limited(in, 10);
	c = counts(&s);
	assert_int_equal(c.arrivals, TRIES);
	assert_int_equal(c.over_address, TRIES - in);
	assert_int_equal(c.over_network + c.over_total + c.banned, 0);
	assert_true(gets_in(&s, A_NEIGHBOUR));
	assert_limited(in_of(&s, A6, TRIES), 10);
	assert_true(gets_in(&s, A6_NEIGHBOUR));
	end(&s);
}

static void a_network_has_its_limit(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct ban_counts c;
	struct scene s;
	unsigned in;

	test_network_or_skip();
	limits.per_network = 4;
	s = begin(&limits);
	in = in_of(&s, A, TRIES / 2) + in_of(&s, A_NEIGHBOUR, TRIES / 2);
	assert_limited(in, 20);
	c = counts(&s);
	assert_int_equal(c.over_network, TRIES - in);
	assert_true(gets_in(&s, B));
	in = in_of(&s, A6, TRIES / 2) + in_of(&s, A6_NEIGHBOUR, TRIES / 2);
	assert_limited(in, 20);
	assert_true(gets_in(&s, B6));
	assert_int_equal(counts(&s).over_address, 0);
	end(&s);
}

static void neighbours_do_not_pay_for_one_address(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;

	test_network_or_skip();
	limits.per_address = 2;
	limits.per_network = 4;
	s = begin(&limits);
	in_of(&s, A, TRIES);
	assert_int_equal(counts(&s).over_network, 0);
	assert_int_equal(in_of(&s, A_NEIGHBOUR, 8), 8);
	end(&s);
}

static void all_together_have_their_limit(void **state)
{
	static const char *const clients[] = { A, A_NEIGHBOUR, B, A6, A6_NEIGHBOUR, B6 };
	struct ban_table_limits limits = usual_limits;
	struct scene s;
	unsigned in = 0;

	test_network_or_skip();
	limits.total = 4;
	s = begin(&limits);
	for (size_t i = 0; i < TRIES; i++)
		in += gets_in(&s, clients[i % 6]);
	assert_limited(in, 20);
	assert_int_equal(counts(&s).over_total, TRIES - in);
	end(&s);
}

static void the_never_listed_have_no_limit(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;

	test_network_or_skip();
	limits.per_address = limits.per_network = limits.total = 1;
	s = begin(&limits);
	set_never(&s, "10.1.0.0/24");
	assert_int_equal(in_of(&s, A, TRIES), TRIES);
	assert_limited(in_of(&s, B, TRIES), 5);
	set_never(&s, "fd00:0:0:1::/64");
	assert_int_equal(in_of(&s, A6, TRIES), TRIES);
	/* What all together may is used up. */
	assert_true(in_of(&s, A, TRIES) < TRIES);
	set_never(&s, "0.0.0.0/0");
	assert_int_equal(in_of(&s, B, TRIES), TRIES);
	set_never(&s, "::/0");
	assert_int_equal(in_of(&s, B6, TRIES), TRIES);
	end(&s);
}

static void who_is_over_the_limit_becomes_a_suspect(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct addr suspect = address(A), neighbour = address(A_NEIGHBOUR);
	struct scene s;
	uint64_t steered, remaining_ms;

	test_network_or_skip();
	limits.per_address = 1;
	limits.steer = BAN_STEER_SUSPECT;
	limits.limit_suspects = true;
	s = begin(&limits);
	s.gate = listen_at("127.0.0.1", GATE_PORT, true);
	assert_int_equal(ban_steer(s.ban, true), 0);
	in_of(&s, A, TRIES);
	assert_int_equal(ban_query_suspect(s.ban, &suspect, &remaining_ms), 0);
	assert_in_range(remaining_ms, 29 * MINUTE_MS, 30 * MINUTE_MS);
	assert_int_equal(ban_query_suspect(s.ban, &neighbour, &remaining_ms), 0);
	assert_int_equal(remaining_ms, 0);
	/* A wave's end: the suspect stays, also over new limits. */
	limits.per_address = 0;
	assert_int_equal(ban_reconfigure(s.ban, &limits), 0);
	steered = counts(&s).steered;
	assert_true(gets_in(&s, A));
	assert_int_equal(counts(&s).steered, steered + 1);
	assert_true(gets_in(&s, A_NEIGHBOUR));
	assert_int_equal(counts(&s).steered, steered + 1);
	end(&s);
}

static void new_limits_hold_for_who_is_known_already(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;

	test_network_or_skip();
	limits.per_address = 100;
	s = begin(&limits);
	assert_int_equal(in_of(&s, A, TRIES), TRIES);
	limits.per_address = 2;
	assert_int_equal(ban_reconfigure(s.ban, &limits), 0);
	assert_limited(in_of(&s, A, TRIES), 10);
	limits.per_address = 0;
	assert_int_equal(ban_reconfigure(s.ban, &limits), 0);
	assert_int_equal(in_of(&s, A, TRIES), TRIES);
	end(&s);
}

static void a_hung_daemon_limits_nobody(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;
	int tries;

	test_network_or_skip();
	limits.per_address = 1;
	limits.alive_ms = BAN_SHORTEST_MS;
	s = begin(&limits);
	for (tries = 0; tries < 1000 && counts(&s).arrivals == 0; tries++) {
		assert_int_equal(ban_alive(s.ban), 0);
		gets_in(&s, A);
	}
	poll(NULL, 0, 3 * BAN_SHORTEST_MS);
	assert_int_equal(in_of(&s, A, TRIES), TRIES);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_its_limit),
		cmocka_unit_test(a_network_has_its_limit),
		cmocka_unit_test(neighbours_do_not_pay_for_one_address),
		cmocka_unit_test(all_together_have_their_limit),
		cmocka_unit_test(the_never_listed_have_no_limit),
		cmocka_unit_test(who_is_over_the_limit_becomes_a_suspect),
		cmocka_unit_test(new_limits_hold_for_who_is_known_already),
		cmocka_unit_test(a_hung_daemon_limits_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/relief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SILENCE 5000U

static const struct relief_rules rules = { .silence_ms = SILENCE, .ban_score = 100 };

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

/* Why one client is ended, or spared. */
static const struct {
	const char *what;
	struct relief_candidate client;
	enum relief_reason reason;
} reasons[] = {
	{ "just arrived", { .there_ms = 100 }, RELIEF_SPARED },
	{ "silent, not long enough", { .silent_ms = 4999, .there_ms = 4999 }, RELIEF_SPARED },
	{ "silent long enough", { .silent_ms = 5000, .there_ms = 5000 }, RELIEF_SILENT },
	{ "silent, on the never-list", { .silent_ms = 90000, .flags = RELIEF_IS_NEVER }, RELIEF_SPARED },
	{ "silent, delivered mail before", { .silent_ms = 90000, .flags = RELIEF_IS_GOOD }, RELIEF_SPARED },
	{ "transferring", { .silent_ms = 9000, .flags = RELIEF_IS_TRANSFERRING }, RELIEF_SPARED },
	{ "its end was asked for", { .silent_ms = 9000, .flags = RELIEF_IS_LEAVING }, RELIEF_SPARED },
	{ "blocked, just arrived", { .flags = RELIEF_IS_BLOCKED }, RELIEF_BLOCKED },
	{ "blocked, on the never-list", { .flags = RELIEF_IS_BLOCKED | RELIEF_IS_NEVER }, RELIEF_SPARED },
	{ "blocked, but it passed the gate", { .flags = RELIEF_IS_BLOCKED | RELIEF_IS_GOOD }, RELIEF_SPARED },
	{ "half a ban, just arrived", { .score = 50 }, RELIEF_SCORED },
	{ "little score, just arrived", { .score = 49 }, RELIEF_SPARED },
	{ "little score, silent", { .score = 49, .silent_ms = 5000 }, RELIEF_SILENT },
	{ "waits, silent as it was not greeted", { .place = RELIEF_WAITING, .silent_ms = 60000 }, RELIEF_SPARED },
	{ "waits, with a score", { .place = RELIEF_WAITING, .score = 80 }, RELIEF_SCORED },
	{ "half open", { .place = RELIEF_OPENING, .score = 100, .silent_ms = 60000 }, RELIEF_SPARED },
	{ "closed by the server", { .place = RELIEF_CLOSING, .score = 100, .silent_ms = 60000 }, RELIEF_SPARED },
	{ "a byte each second", { .there_ms = 10000, .bytes = 10 }, RELIEF_SLOW },
	{ "a byte each second, for 9 s", { .there_ms = 9999, .bytes = 9 }, RELIEF_SPARED },
	{ "EHLO, MAIL, RCPT within 10 s", { .there_ms = 10000, .bytes = 160 }, RELIEF_SPARED },
	{ "16 bytes a second for a minute", { .there_ms = 60000, .bytes = 960 }, RELIEF_SLOW },
	{ "a mail within a minute", { .there_ms = 60000, .bytes = 7680 }, RELIEF_SPARED },
	{ "slow, while the server thinks", { .there_ms = 10000, .bytes = 9, .flags = RELIEF_IS_OWED }, RELIEF_SLOW },
};

static void test_reasons(void **state)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (relief_reason_of(&rules, &reasons[i].client) != reasons[i].reason)
			fail_msg("%s: %s", reasons[i].what,
				 relief_reason_name(relief_reason_of(&rules, &reasons[i].client)));
	}
}

/* The first goes before the second, wherever they stand. */
static const struct {
	const char *what;
	struct relief_candidate first, second;
} orders[] = {
	{ "blocked before a higher score", { .flags = RELIEF_IS_BLOCKED }, { .score = 100 } },
	{ "of the blocked, the higher score", { .flags = RELIEF_IS_BLOCKED, .score = 30 },
	  { .flags = RELIEF_IS_BLOCKED, .silent_ms = 60000 } },
	{ "score before silence", { .score = 50 }, { .silent_ms = 600000 } },
	{ "the higher score", { .score = 90 }, { .score = 60, .silent_ms = 60000 } },
	{ "silent before slow", { .silent_ms = 5000 }, { .there_ms = 600000 } },
	{ "the longer silence", { .silent_ms = 10000 }, { .silent_ms = 9999, .crowd = 500 } },
	{ "of about the same silence, the crowd", { .silent_ms = 6000, .crowd = 2 }, { .silent_ms = 9000, .crowd = 1 } },
	{ "of the same crowd, the longer silence", { .silent_ms = 7000, .crowd = 3 }, { .silent_ms = 6999, .crowd = 3 } },
	{ "of about the same silence, who has a score", { .silent_ms = 6000, .score = 5 }, { .silent_ms = 9000, .crowd = 90 } },
	{ "slow and its turn before the server's turn", { .there_ms = 10000 },
	  { .there_ms = 19000, .crowd = 50, .flags = RELIEF_IS_OWED } },
	{ "served before waiting, as it frees a place", { .there_ms = 10000 },
	  { .place = RELIEF_WAITING, .score = 100 } },
};

static void test_order(void **state)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct relief_candidate there[2] = { orders[i].first, orders[i].second };
		struct relief_candidate back[2] = { orders[i].second, orders[i].first };
		struct relief_choice choices[2];

		if (relief_choose(&rules, there, 2, 2, choices) != 2 || choices[0].index != 0)
			fail_msg("%s", orders[i].what);
		if (relief_choose(&rules, back, 2, 1, choices) != 1 || choices[0].index != 1)
			fail_msg("%s, the other way around", orders[i].what);
	}
}

static void test_nobody_to_end(void **state)
{
	const struct relief_candidate client = { .silent_ms = 4000 };
	struct relief_choice choice;

	assert_int_equal(relief_choose(&rules, &client, 1, 1, &choice), 0);
	assert_int_equal(relief_choose(&rules, NULL, 0, 1, &choice), 0);
	assert_int_equal(relief_choose(&rules, &reasons[2].client, 1, 0, &choice), 0);
}

static struct relief_candidate any_client(void)
{
	static const uint32_t times[] = { 0, 1, 4999, 5000, 9999, 10000, 30000, 60000, 700000, UINT32_MAX };

	return (struct relief_candidate){
		.place = (uint8_t)(rand() % 8 ? RELIEF_SERVED : rand() % 4),
		.flags = (uint8_t)(rand() % 3 ? 0 : rand() % 64),
		.score = rand() % 3 ? 0 : (uint32_t)rand() % 120,
		.silent_ms = times[rand() % 10],
		.there_ms = times[rand() % 10],
		.crowd = (uint32_t)rand() % 70000,
		.bytes = (uint64_t)rand() % 10000,
	};
}

static void assert_rightly_ended(const struct relief_candidate *c)
{
	assert_false(c->flags & (RELIEF_IS_NEVER | RELIEF_IS_GOOD | RELIEF_IS_TRANSFERRING | RELIEF_IS_LEAVING));
	assert_true(c->place == RELIEF_SERVED || c->place == RELIEF_WAITING);
	if (!(c->flags & RELIEF_IS_BLOCKED) && c->score < 50)
		assert_true(c->place == RELIEF_SERVED && (c->silent_ms >= SILENCE || c->there_ms >= 2 * SILENCE));
}

/* Whatever the crowd is: nobody protected, nobody twice, none left that is less deserving, in order. */
static void test_properties(void **state)
{
	static struct relief_candidate clients[400];
	static struct relief_choice choices[400], all[400];
	static bool chosen[400];

	srand(25);
	for (int round = 0; round < 3000; round++) {
		size_t count = (size_t)rand() % 400, wanted = (size_t)rand() % 400, n, possible;

		for (size_t i = 0; i < count; i++)
			clients[i] = any_client();
		n = relief_choose(&rules, clients, count, wanted, choices);
		possible = relief_choose(&rules, clients, count, count, all);
		assert_int_equal(n, possible < wanted ? possible : wanted);
		memset(chosen, 0, sizeof(chosen));
		for (size_t i = 0; i < n; i++) {
			assert_true(choices[i].index < count && !chosen[choices[i].index]);
			chosen[choices[i].index] = true;
			assert_rightly_ended(&clients[choices[i].index]);
			assert_int_equal(choices[i].reason, relief_reason_of(&rules, &clients[choices[i].index]));
			assert_int_equal(choices[i].index, all[i].index);
			assert_true(i == 0 || choices[i - 1].key >= choices[i].key);
		}
	}
}

static void test_crowds(void **state)
{
	static const struct {
		const char *address;
		uint32_t crowd;
	} rows[] = {
		{ "192.0.2.1", 3 }, { "192.0.2.1", 3 }, { "192.0.2.255", 3 }, { "192.0.3.1", 1 },
		{ "2001:db8:1::1", 2 }, { "2001:db8:1:ffff::1", 2 }, { "2001:db8:2::1", 1 }, { "0.0.0.0", 1 }, { "::", 1 },
	};
	enum { COUNT = sizeof(rows) / sizeof(rows[0]) };
	struct relief_candidate clients[COUNT];
	struct relief_crowd crowds[32];

	for (uint64_t seed = 0; seed < 50; seed++) {
		for (size_t i = 0; i < COUNT; i++)
			clients[i] = (struct relief_candidate){ .addr = address(rows[i].address) };
		relief_count_crowds(clients, COUNT, crowds, 32, seed);
		for (size_t i = 0; i < COUNT; i++)
			assert_int_equal(clients[i].crowd, rows[i].crowd);
	}
}

/* What the kernel says of one connection, look by look. */
struct look {
	uint64_t at_ms;
	uint32_t sent_ago, received_ago;
	uint64_t written, received;
	uint32_t ack_ago;
	uint8_t retransmits;
};

static const struct {
	const char *what;
	struct look looks[6];
	size_t count;
	uint32_t silent_ms;
	uint8_t flags;
} stories[] = {
	{ "greeted, and says nothing", { { 1000, 900, 1000, 50, 0 }, { 7000, 6900, 7000, 50, 0 } }, 2, 6900, 0 },
	{ "greeted after it waited a minute for its place", { { 1000, 100, 60000, 50, 0 } }, 1, 100, 0 },
	{ "not greeted: the server looks it up", { { 1000, 6000, 6000, 0, 0 } }, 1, 0, RELIEF_IS_OWED },
	{ "never greeted, for half a minute", { { 1000, 30000, 30000, 0, 0 } }, 1, 10000, RELIEF_IS_OWED },
	{ "has said RCPT, and the server thinks",
	  { { 1000, 10, 12, 300, 90 }, { 2000, 1010, 900, 300, 130 }, { 9000, 8010, 7900, 300, 130 } }, 3, 0,
	  RELIEF_IS_OWED },
	{ "has said it just after the last reply, within one look",
	  { { 1000, 10, 12, 300, 90 }, { 9000, 7900, 7900, 350, 130 } }, 2, 0, RELIEF_IS_OWED },
	{ "a byte now and then is no command",
	  { { 1000, 900, 1000, 50, 0 }, { 4000, 3900, 500, 50, 1 }, { 8000, 7900, 500, 50, 2 }, { 12000, 11900, 10, 50, 3 } },
	  4, 11900, 0 },
	{ "half a command, and then nothing for long",
	  { { 1000, 900, 1000, 50, 0 }, { 2000, 1900, 500, 50, 9 }, { 40000, 39900, 38500, 50, 9 } }, 3, 18500,
	  RELIEF_IS_OWED },
	{ "was answered, and says no more",
	  { { 1000, 10, 20, 300, 90 }, { 8000, 7010, 7020, 300, 90 } }, 2, 7010, 0 },
	{ "transfers", { { 1000, 500, 490, 300, 200 }, { 3000, 2500, 20, 300, 90200 } }, 2, 0,
	  RELIEF_IS_OWED | RELIEF_IS_TRANSFERRING },
	{ "transfers, seen for the first time", { { 1000, 60000, 100, 300, 900000 } }, 1, 0,
	  RELIEF_IS_OWED | RELIEF_IS_TRANSFERRING },
	{ "stalls for 8 s in a transfer",
	  { { 1000, 500, 490, 300, 200 }, { 6000, 5500, 20, 300, 900200 }, { 14000, 13500, 8020, 300, 900200 },
	    { 14100, 13600, 8120, 300, 900200 } }, 4, 0, RELIEF_IS_OWED },
	{ "stalls for good",
	  { { 1000, 500, 490, 300, 200 }, { 6000, 5500, 20, 300, 900200 }, { 36000, 35500, 30020, 300, 900200 } }, 3,
	  10020, RELIEF_IS_OWED },
	{ "acknowledges nothing, not even the greeting",
	  { { 1000, 10, 8000, 50, 0, 8000, 5 } }, 1, 8000, 0 },
	{ "has lost a segment after it waited for its place",
	  { { 1000, 10, 60000, 50, 0, 60000, 1 } }, 1, 10, 0 },
};

static struct sockdiag_socket socket_of(const struct look *look)
{
	return (struct sockdiag_socket){
		.peer = address("192.0.2.7"), .peer_port = 4711, .state = SOCKDIAG_ESTABLISHED, .inode = 1, .has_info = true,
		.info = { .data_sent_ago_ms = look->sent_ago, .data_received_ago_ms = look->received_ago,
			  .bytes_written = look->written, .bytes_received = look->received,
			  .ack_received_ago_ms = look->ack_ago, .retransmits = look->retransmits },
	};
}

static void test_what_is_seen(void **state)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct relief_seen seen = { 0 };
		struct relief_candidate c = { 0 };

		for (size_t n = 0; n < stories[i].count; n++) {
			struct sockdiag_socket socket = socket_of(&stories[i].looks[n]);

			relief_see(&rules, &socket, stories[i].looks[n].at_ms, &seen, &c);
		}
		if (c.silent_ms != stories[i].silent_ms || c.flags != stories[i].flags)
			fail_msg("%s: silent for %u ms, flags %u", stories[i].what, c.silent_ms, c.flags);
		assert_int_equal(c.port, 4711);
		assert_int_equal(c.place, RELIEF_SERVED);
		assert_int_equal(c.there_ms, stories[i].looks[stories[i].count - 1].at_ms - 1000);
	}
}

static void test_places(void **state)
{
	static const struct {
		uint8_t state;
		uint32_t inode;
		enum relief_place place;
	} rows[] = {
		{ SOCKDIAG_ESTABLISHED, 7, RELIEF_SERVED }, { SOCKDIAG_ESTABLISHED, 0, RELIEF_WAITING },
		{ SOCKDIAG_CLOSE_WAIT, 7, RELIEF_SERVED },  { SOCKDIAG_CLOSE_WAIT, 0, RELIEF_WAITING },
		{ SOCKDIAG_SYN_RECV, 0, RELIEF_OPENING },   { SOCKDIAG_FIN_WAIT1, 0, RELIEF_CLOSING },
		{ SOCKDIAG_FIN_WAIT2, 7, RELIEF_SERVED },   { SOCKDIAG_LAST_ACK, 0, RELIEF_CLOSING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sockdiag_socket socket = { .state = rows[i].state, .inode = rows[i].inode, .has_info = true };
		struct relief_candidate c;

		relief_see(&rules, &socket, 1000, NULL, &c);
		assert_int_equal(c.place, rows[i].place);
		assert_int_equal(relief_reason_of(&rules, &c), RELIEF_SPARED);
	}
}

static const struct {
	struct relief_record record;
	const char *words;
} words[] = {
	{ { .reason = RELIEF_SILENT, .silent_ms = 31240, .others = 12 }, "silent for 31s, 12 others of its network" },
	{ { .reason = RELIEF_SILENT, .silent_ms = 5000, .others = 1 }, "silent for 5s, 1 other of its network" },
	{ { .reason = RELIEF_SCORED, .score = 60 }, "a score of 60" },
	{ { .reason = RELIEF_SLOW, .there_ms = 64100, .bytes = 12 }, "got nowhere in 1m4s, with 12 bytes sent" },
	{ { .reason = RELIEF_BLOCKED, .silent_ms = 5 }, "on a block list, as the mail server itself knows" },
};

static void test_words(void **state)
{
	char text[RELIEF_WORDS_SIZE];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_string_equal(relief_words(&words[i].record, text), words[i].words);
}

static void test_marks(void **state)
{
	assert_int_equal(relief_mark(300, 80), 240);
	assert_int_equal(relief_mark(300, 60), 180);
	assert_int_equal(relief_mark(7, 10), 1);
	assert_int_equal(relief_mark(UINT32_MAX, 100), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),	   cmocka_unit_test(test_order),   cmocka_unit_test(test_nobody_to_end),
		cmocka_unit_test(test_properties), cmocka_unit_test(test_crowds),  cmocka_unit_test(test_what_is_seen),
		cmocka_unit_test(test_places),	   cmocka_unit_test(test_words),   cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

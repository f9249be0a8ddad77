/* SPDX-License-Identifier: Apache-2.0 */
#include "act/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LOOKS 6

/* One look: when, and what the kernel says then. */
struct look {
	uint64_t at_ms;
	uint32_t unacknowledged;
	uint32_t sent_ago_ms, received_ago_ms;
	uint32_t segments_sent, segments_received;
	uint64_t written;
	bool done;
};

static const struct {
	const char *story;
	struct look looks[LOOKS]; /* ended by one at 0 ms */
	bool greeted_by_gate;
} stories[] = {
	{ "the reply was acknowledged before the first look",
	  { { 1, 0, 8, 12, 4, 3, 90, false }, { 3, 0, 12, 16, 4, 3, 90, false }, { 4, 0, 12, 16, 4, 3, 90, true } } },
	{ "the log line came before the reply, which is acknowledged at once",
	  { { 1, 0, 40, 8, 3, 3, 60, false }, { 2, 0, 0, 8, 4, 3, 90, false }, { 3, 0, 0, 8, 4, 3, 90, false },
	    { 4, 0, 4, 12, 4, 3, 90, true } } },
	{ "the reply was written, and the client takes its time to acknowledge it",
	  { { 1, 0, 40, 8, 3, 3, 60, false }, { 2, 30, 0, 8, 4, 3, 90, false }, { 50, 30, 48, 56, 4, 3, 90, false },
	    { 53, 0, 52, 60, 4, 3, 90, true } } },
	{ "the server owes a reply, however long it takes",
	  { { 1, 0, 40, 8, 3, 3, 60, false }, { 100, 0, 140, 108, 3, 3, 60, false },
	    { 8000, 0, 8040, 8008, 3, 3, 60, false }, { 8001, 0, 0, 8008, 4, 3, 90, false },
	    { 8003, 0, 4, 8012, 4, 3, 90, true } } },
	{ "told its 5xx, the client has sent the next command, and that is not waited for",
	  { { 1, 0, 40, 8, 3, 3, 60, false }, { 2, 30, 0, 8, 4, 3, 90, false }, { 5, 0, 4, 0, 4, 4, 90, true } } },
	{ "both spoke in one tick, and the server is ahead: it has answered",
	  { { 1, 0, 4, 4, 4, 3, 90, false }, { 3, 0, 8, 8, 4, 3, 90, false }, { 4, 0, 8, 8, 4, 3, 90, true } } },
	{ "both spoke in one tick, and the server may be about to answer",
	  { { 1, 0, 4, 4, 3, 3, 60, false }, { 40, 0, 44, 44, 3, 3, 60, false }, { 42, 0, 0, 44, 4, 3, 90, false },
	    { 44, 0, 4, 48, 4, 3, 90, true } } },
	{ "both spoke in one tick, and nothing comes",
	  { { 1, 0, 4, 4, 3, 3, 60, false }, { 200, 0, 204, 204, 3, 3, 60, false },
	    { 201, 0, 208, 208, 3, 3, 60, true } } },
	{ "greeted by the gate and by the server, in one tick: it may be about to answer",
	  { { 1, 0, 4, 4, 4, 3, 60, false }, { 40, 0, 44, 44, 4, 3, 60, false }, { 42, 0, 0, 44, 5, 3, 90, false },
	    { 44, 0, 4, 48, 5, 3, 90, true } }, true },
	{ "greeted by the gate and by the server, in one tick, and answered",
	  { { 1, 0, 4, 4, 5, 3, 90, false }, { 3, 0, 8, 8, 5, 3, 90, false }, { 4, 0, 8, 8, 5, 3, 90, true } }, true },
	{ "greeted, it says nothing",
	  { { 1, 0, 300, 301, 1, 0, 30, false }, { 3, 0, 304, 304, 1, 0, 30, false }, { 4, 0, 304, 304, 1, 0, 30, true } } },
	{ "it waits to be accepted", { { 1, 0, 90, 90, 0, 0, 0, false }, { 4, 0, 94, 94, 0, 0, 0, true } } },
	{ "it reads nothing", { { 1, 9000, 8, 4, 30, 9, 70000, false }, { 2000, 9000, 600, 2004, 30, 9, 70000, false } } },
	{ "a second reply follows the first, and is waited for as well",
	  { { 1, 0, 40, 8, 3, 3, 60, false }, { 2, 0, 0, 8, 4, 3, 90, false }, { 3, 0, 0, 8, 5, 3, 120, false },
	    { 4, 20, 0, 8, 5, 3, 120, false }, { 5, 0, 4, 12, 5, 3, 120, false }, { 6, 0, 4, 12, 5, 3, 120, true } } },
};

static void test_stories(void **state)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct told told = { 0 };

		for (size_t n = 0; n < LOOKS && stories[i].looks[n].at_ms; n++) {
			const struct look *look = &stories[i].looks[n];
			struct sockdiag_socket socket = {
				.send_queue = look->unacknowledged,
				.has_info = true,
				.greeted_by_gate = stories[i].greeted_by_gate,
				.info = {
					.data_sent_ago_ms = look->sent_ago_ms,
					.data_received_ago_ms = look->received_ago_ms,
					.data_segments_sent = look->segments_sent,
					.data_segments_received = look->segments_received,
					.bytes_written = look->written,
				},
			};

			if ((told_look(&told, &socket, look->at_ms) == 0) != look->done)
				fail_msg("%s: at %d ms it %s", stories[i].story, (int)look->at_ms,
					 look->done ? "should be ended" : "should live on");
		}
	}
}

/* What it says of the future is what it says then. */
static void test_wait_is_exact(void **state)
{
	struct sockdiag_socket socket = { .has_info = true, .info = { .data_segments_received = 3 } };
	struct told told = { 0 };

	assert_int_equal(told_look(&told, &socket, 1000), TOLD_UNSURE_SETTLE_MS);
	assert_int_equal(told_look(&told, &socket, 1010), TOLD_UNSURE_SETTLE_MS - 10);
	socket.info.bytes_written = 90;
	assert_int_equal(told_look(&told, &socket, 1020), TOLD_WRITTEN_SETTLE_MS);
	socket.send_queue = 1;
	assert_int_equal(told_look(&told, &socket, 1021), TOLD_NEVER);
	socket.send_queue = 0;
	assert_int_equal(told_look(&told, &socket, 1022), TOLD_WRITTEN_SETTLE_MS - 1);
	assert_int_equal(told_look(&told, &socket, 1023), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_stories), cmocka_unit_test(test_wait_is_exact) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

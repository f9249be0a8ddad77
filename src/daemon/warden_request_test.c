/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker that was taken over can ask for, and how often. */
#include "daemon/warden_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/counter.h"
#include "judge/bans.h"

#include <errno.h>
#include <sys/epoll.h>

static void test_who_is_protected_is_neither_banned_nor_evicted(void **state)
{
	static const char *const protected[] = { "192.0.2.7", "2001:db8::" };
	struct request q = { .timeout_ms = 1000 };

	for (size_t i = 0; i < 2; i++) {
		q.unit = address(protected[i]);
		q.kind = REQUEST_BAN;
		assert_int_equal(ask(*state, &q), -EPERM);
		q.kind = REQUEST_EVICT;
		assert_int_equal(ask(*state, &q), -EPERM);
	}
	q = (struct request){ .kind = REQUEST_BAN, .unit = address("198.51.100.7"), .timeout_ms = 1000 };
	assert_int_equal(ask(*state, &q), 0);
	q.kind = REQUEST_ALLOW;
	q.length = 32;
	assert_int_equal(ask(*state, &q), 0);
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(*state, &q), -EPERM);
}

static void test_what_is_no_unit_or_no_time_is_refused(void **state)
{
	struct addr odd = address("198.51.100.7");
	struct request q = { .kind = REQUEST_BAN, .timeout_ms = 1000 };

	q.unit = address("2001:db8:7::1"); /* an address and not its /64, which might be protected */
	assert_int_equal(ask(*state, &q), -EINVAL);
	odd.family = 7;
	q.unit = odd;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.kind = REQUEST_ALLOW;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q = (struct request){ .kind = REQUEST_ALLOW, .unit = address("198.51.100.7"), .length = 33 };
	assert_int_equal(ask(*state, &q), -EINVAL);
	q = (struct request){ .kind = REQUEST_BAN, .unit = address("198.51.100.7") };
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.timeout_ms = BANS_DURATION_MOST_MS + 1;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.timeout_ms = UINT64_MAX;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q = (struct request){ .kind = 250 };
	assert_int_equal(ask(*state, &q), -EINVAL);
}

#define FLOOD 60000

/* Of so many clients at once. */
static size_t taken_of_a_flood(struct scene *s, enum request_kind kind)
{
	struct request q = { .kind = kind, .timeout_ms = 1000 };
	size_t taken = 0;

	for (uint32_t n = 0; n < FLOOD; n++) {
		int32_t r;

		q.unit = addr_from_ipv4((uint8_t[]){ 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n });
		r = ask(s, &q);
		assert_true(r == 0 || r == -EAGAIN);
		taken += r == 0;
	}
	return taken;
}

static void test_more_than_a_wave_is_refused(void **state)
{
	assert_int_equal(taken_of_a_flood(*state, REQUEST_BAN), 51000);
}

static void test_suspects_are_checked_like_bans(void **state)
{
	struct request q = { .kind = REQUEST_SUSPECT, .timeout_ms = 1000, .unit = address("192.0.2.7") };

	assert_int_equal(ask(*state, &q), -EPERM);
	q.unit = address("2001:db8:7::1");
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.unit = address("198.51.100.7");
	assert_int_equal(ask(*state, &q), 0);
	q.timeout_ms = 0;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.kind = REQUEST_TRUST;
	assert_int_equal(ask(*state, &q), 0);
}

static void test_suspects_have_a_bound_of_their_own(void **state)
{
	struct request ban = { .kind = REQUEST_BAN, .timeout_ms = 1000, .unit = address("198.51.100.7") };

	assert_int_equal(taken_of_a_flood(*state, REQUEST_SUSPECT), 50500);
	assert_int_equal(ask(*state, &ban), 0);
}

/* By the whole address of an IPv6 client, whose /64 has protected addresses in it as well. */
static void test_whose_connection_may_be_ended(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_RELIEVE, .port = 4711 };
	static const struct {
		const char *address;
		int32_t error;
	} rows[] = {
		{ "192.0.2.7", -EPERM }, { "2001:db8::1", -EPERM }, { "2001:db8::7", -EPERM },
		/* There is nobody who could end it. */
		{ "198.51.100.7", -EOPNOTSUPP }, { "2001:db8:7::7", -EOPNOTSUPP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		q.unit = address(rows[i].address);
		assert_int_equal(ask(s, &q), rows[i].error);
	}
	q.unit.family = 7;
	assert_int_equal(ask(s, &q), -EINVAL);
	s->options.observe = true;
	q.unit = address("198.51.100.7");
	assert_int_equal(ask(s, &q), -EPERM);
}

static void test_more_reliefs_than_a_server_has_places_are_refused(void **state)
{
	struct request q = { .kind = REQUEST_RELIEVE, .unit = address("198.51.100.7"), .port = 4711 };
	size_t refused = 0;

	for (int i = 0; i < 20000; i++)
		refused += ask(*state, &q) == -EAGAIN;
	assert_true(refused >= 10000);
}

static int32_t ask_for_handlers(struct scene *s)
{
	struct packet packet;
	int fd;

	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	packet.requests[0] = (struct request){ .kind = REQUEST_HANDLERS };
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	assert_int_equal(packet_receive(s->worker, &packet, &fd), 1);
	assert_int_equal(packet.head.count, 1);
	assert_int_equal(packet.answers[0].kind, ANSWER_HANDLERS);
	return packet.answers[0].error;
}

static void test_handlers_are_looked_at_once_a_second_and_where_they_tell(void **state)
{
	static const char *const handlers[] = { "courieresmtpd", NULL };
	struct scene *s = *state;
	uint16_t port = 2525;

	assert_int_equal(ask_for_handlers(s), -EOPNOTSUPP);
	s->plan.server = (struct mail_server){ .tells_blocked = true, .handlers = handlers };
	s->plan.settings.mail_ports = (struct port_list){ &port, 1 };
	assert_int_equal(ask_for_handlers(s), 0);
	assert_int_equal(ask_for_handlers(s), -EAGAIN);
	warden_close_relief(&s->warden);
}

static struct answer ask_of_suspects(struct scene *s, enum request_kind kind, const struct addr *unit)
{
	struct packet packet;
	int fd;

	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	packet.requests[0] = (struct request){ .kind = (uint8_t)kind, .port = 4711, .unit = *unit };
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	assert_int_equal(packet_receive(s->worker, &packet, &fd), 1);
	assert_int_equal(packet.head.count, 1);
	return packet.answers[0];
}

static void test_without_a_table_the_kernel_has_no_suspects(void **state)
{
	struct addr unit = address("198.51.100.7"), odd = address("2001:db8:7::1");
	struct scene *s = *state;
	struct answer answer = ask_of_suspects(s, REQUEST_SUSPECTS, &unit);

	assert_int_equal(answer.kind, ANSWER_SUSPECTS);
	assert_int_equal(answer.port, 4711);
	assert_int_equal(answer.error, -ENOENT);
	answer = ask_of_suspects(s, REQUEST_IS_SUSPECT, &unit);
	assert_int_equal(answer.kind, ANSWER_IS_SUSPECT);
	assert_true(addr_equal(&answer.unit, &unit));
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.value, 0);
	assert_int_equal(ask_of_suspects(s, REQUEST_IS_SUSPECT, &odd).error, -EINVAL);
	warden_close_suspects(&s->warden);
}

static void test_a_wave_lasts_as_long_as_the_worker_says(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_WAVE, .flags = 1 };

	assert_int_equal(ask(s, &q), 0);
	assert_true(s->warden.wave);
	q.flags = 2;
	assert_int_equal(ask(s, &q), -EINVAL);
	assert_true(s->warden.wave);
	q.flags = 0;
	assert_int_equal(ask(s, &q), 0);
	assert_false(s->warden.wave);
}

/* Each question has an answer, none of which is ever read: the wait for room is bounded for all
 * of them together. At 50 ms each it would take 13 minutes, which the runner does not wait. */
static void test_a_worker_that_does_not_read_holds_up_nothing(void **state)
{
	struct scene *s = *state;
	uint64_t dropped = counter_read(COUNTER_answers_dropped);
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_REQUESTS, PACKET_ITEMS_MOST };
	for (size_t i = 0; i < PACKET_ITEMS_MOST; i++)
		packet.requests[i] = (struct request){ .kind = REQUEST_QUERY, .unit = address("198.51.100.7") };
	warden_renew_patience(&s->warden);
	for (int round = 0; round < 64; round++) {
		if (packet_send(s->worker, &packet, -1) == 0)
			warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	}
	assert_true(counter_read(COUNTER_answers_dropped) - dropped > 10000);
	assert_int_equal(s->warden.answer_patience_ms, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_who_is_protected_is_neither_banned_nor_evicted),
		SCENE_TEST(test_what_is_no_unit_or_no_time_is_refused),
		SCENE_TEST(test_more_than_a_wave_is_refused),
		SCENE_TEST(test_suspects_are_checked_like_bans),
		SCENE_TEST(test_suspects_have_a_bound_of_their_own),
		SCENE_TEST(test_whose_connection_may_be_ended),
		SCENE_TEST(test_more_reliefs_than_a_server_has_places_are_refused),
		SCENE_TEST(test_handlers_are_looked_at_once_a_second_and_where_they_tell),
		SCENE_TEST(test_without_a_table_the_kernel_has_no_suspects),
		SCENE_TEST(test_a_wave_lasts_as_long_as_the_worker_says),
		SCENE_TEST(test_a_worker_that_does_not_read_holds_up_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

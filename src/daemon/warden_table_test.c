/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of requests in the kernel's table, in a network of its own, and what limits it is to have. */
#include "daemon/warden_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "act/nft_transaction.h"
#include "act/test_network.h"
#include "base/counter.h"

#include <errno.h>
#include <unistd.h>

static void test_a_wave_leaves_a_share_of_the_limits(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_WAVE, .flags = 1 };
	struct ban_table_limits limits;

	s->plan.settings.limits_per_address = 10;
	s->plan.settings.limits_per_network = 1;
	s->plan.settings.wave_limits = 50;
	assert_int_equal(ask(s, &q), 0);
	limits = warden_table_limits(&s->warden);
	assert_int_equal(limits.per_address, 5);
	assert_int_equal(limits.per_network, 1);
	assert_int_equal(limits.total, 0);
	q.flags = 2;
	assert_int_equal(ask(s, &q), -EINVAL);
	q.flags = 0;
	assert_int_equal(ask(s, &q), 0);
	assert_int_equal(warden_table_limits(&s->warden).per_address, 10);
}

static void test_the_limits_follow_a_wave_once_a_second(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_WAVE };

	for (int i = 0; i < 1001; i++) {
		q.flags = i % 2 == 0;
		assert_int_equal(ask(s, &q), 0);
		assert_false(s->warden.wave_in_force);
	}
	warden_keep_table(&s->warden);
	assert_true(s->warden.wave_in_force);
}

static void take_element(void *data, const struct nl_message *answer)
{
	uint64_t remaining_ms;

	*(int *)data = nft_read_element(answer, &remaining_ms);
}

static bool is_in(const char *set, const char *text)
{
	struct addr a = address(text);
	uint8_t buffer[256];
	int fd, result = -EIO;
	struct nl_writer w;

	assert_int_equal(nft_socket_open(4096, &fd), 0);
	nl_writer_init(&w, buffer, sizeof(buffer));
	nft_ask_element(&w, 1, "wavebreak", set, a.octets, 4);
	assert_int_equal(nft_questions_run(fd, &w, take_element, &result), 0);
	close(fd);
	assert_true(result == 0 || result == -ENOENT);
	return result == 0;
}

/* In a network of its own; cmocka has no skip in what sets up. */
static void make_table(struct scene *s)
{
	const struct backend_limits backend = { .kind = BACKEND_NFT, .most = 1000 };
	static uint16_t ports[] = { 25 };
	struct settings *settings = &s->plan.settings;
	struct ban_table_limits limits;

	settings->mail_ports.ports = ports;
	settings->mail_ports.count = 1;
	settings->ban_for = settings->suspect_for = 60000;
	settings->limits_per_address = 10;
	settings->limits_burst = 1000;
	limits = warden_table_limits(&s->warden);
	assert_int_equal(ban_create(&limits, &s->warden.ban), 0);
	assert_int_equal(backend_open(s->warden.loop, &backend, &s->warden.ban, &s->warden.backend), 0);
	warden_fill_table(&s->warden);
}

static void drop_table(struct scene *s)
{
	backend_close(s->warden.backend);
	ban_destroy(s->warden.ban);
	s->warden.backend = NULL;
	s->warden.ban = NULL;
}

static void test_the_kernel_is_told_of_all(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_SUSPECT, .timeout_ms = 60000, .unit = address("198.51.100.7") };
	struct request allow = { .kind = REQUEST_ALLOW, .unit = address("198.51.100.9"), .length = 32 };

	test_network_or_skip();
	make_table(s);
	assert_true(is_in("never4", "192.0.2.0"));
	assert_int_equal(ask(s, &q), 0);
	assert_true(is_in("suspect4", "198.51.100.7"));
	assert_false(is_in("ban4", "198.51.100.7"));
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(s, &q), 0);
	assert_true(is_in("ban4", "198.51.100.7"));
	/* A worker ended: what the next one does not ban again is free, and its suspects stay. */
	s->warden.bans_stale = true;
	q = (struct request){ .kind = REQUEST_SUSPECT, .timeout_ms = 60000, .unit = address("198.51.100.8") };
	assert_int_equal(ask(s, &q), 0);
	assert_true(is_in("ban4", "198.51.100.7"));
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(s, &q), 0);
	assert_false(is_in("ban4", "198.51.100.7"));
	assert_true(is_in("suspect4", "198.51.100.7"));
	q.kind = REQUEST_TRUST;
	assert_int_equal(ask(s, &q), 0);
	assert_false(is_in("suspect4", "198.51.100.8"));

	assert_false(is_in("never4", "198.51.100.9"));
	assert_int_equal(ask(s, &allow), 0);
	assert_true(is_in("never4", "198.51.100.9"));
	allow.kind = REQUEST_DISALLOW;
	assert_int_equal(ask(s, &allow), 0);
	assert_false(is_in("never4", "198.51.100.9"));
	assert_true(is_in("never4", "192.0.2.0"));
	/* New limits, with all that was told still there. */
	q = (struct request){ .kind = REQUEST_WAVE, .flags = 1 };
	s->plan.settings.wave_limits = 50;
	assert_int_equal(ask(s, &q), 0);
	warden_keep_table(&s->warden);
	assert_true(is_in("suspect4", "198.51.100.7"));
	assert_true(is_in("never4", "192.0.2.0"));
	drop_table(s);
}

static void test_what_no_table_counts_is_not_known(void **state)
{
	struct scene *s = *state;

	test_network_or_skip();
	warden_count_arrivals(&s->warden);
	assert_false(counter_is_known(COUNTER_arrivals) || counter_is_known(COUNTER_arrivals_steered));
	make_table(s);
	warden_count_arrivals(&s->warden);
	assert_true(counter_is_known(COUNTER_arrivals) && counter_is_known(COUNTER_arrivals_steered));
	drop_table(s);
	warden_count_arrivals(&s->warden);
	assert_false(counter_is_known(COUNTER_arrivals) || counter_is_known(COUNTER_arrivals_steered));
	assert_true(counter_is_known(COUNTER_bans));
}

/* One that is too long stands for whatever the kernel may refuse. */
static void test_a_list_that_was_refused_is_told_again(void **state)
{
	struct scene *s = *state;
	struct prefix prefix = { .addr = address("198.51.100.9"), .length = 32 };

	test_network_or_skip();
	make_table(s);
	while (s->warden.never.count <= BAN_PREFIXES_MOST)
		assert_int_equal(prefix_set_append(&s->warden.never, &prefix, "test", BAN_PREFIXES_MOST + 1), 0);
	warden_push_never(&s->warden);
	warden_keep_table(&s->warden);
	assert_false(is_in("never4", "198.51.100.9"));
	s->warden.never.count /= 2;
	warden_keep_table(&s->warden);
	assert_true(is_in("never4", "198.51.100.9"));
	drop_table(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_a_wave_leaves_a_share_of_the_limits),
		SCENE_TEST(test_the_limits_follow_a_wave_once_a_second),
		SCENE_TEST(test_the_kernel_is_told_of_all),
		SCENE_TEST(test_what_no_table_counts_is_not_known),
		SCENE_TEST(test_a_list_that_was_refused_is_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

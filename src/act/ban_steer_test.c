/* SPDX-License-Identifier: Apache-2.0 */
/* Who is led to the gate, with packets of another host. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/test_arrivals.h"

/* Who has the next connection of this client: its listener's end. */
static int served_by(const struct scene *s, int listener, int *ret_client, const char *from)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	int fd;

	*ret_client = try_connect(s, from);
	assert_true(*ret_client >= 0);
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

static void comes_to(const struct scene *s, int listener, const char *from)
{
	int client, fd = served_by(s, listener, &client, from);

	close(fd);
	close(client);
}

static bool comes_to_server(const struct scene *s, const char *from)
{
	uint64_t steered = counts(s).steered;

	assert_true(gets_in(s, from));
	return counts(s).steered == steered;
}

static void assert_name(int fd, bool peer, const char *text, uint16_t port)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	struct addr expected = address(text), is;

	assert_int_equal((peer ? getpeername : getsockname)(fd, (struct sockaddr *)&name, &size), 0);
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&name, size, &is), 0);
	assert_true(addr_equal(&is, &expected));
	if (port)
		assert_int_equal(ntohs(((struct sockaddr_in *)&name)->sin_port), port);
}

static void lead_and_talk(struct scene *s, const char *suspect, const char *other, const char *loopback,
			  const char *own)
{
	char byte;
	int client, fd;

	s->gate = listen_at(loopback, GATE_PORT, true);
	make_suspect(s, suspect, MINUTE_MS);
	/* Nobody has said that the gate works. */
	comes_to(s, s->server, suspect);
	assert_int_equal(ban_steer(s->ban, true), 0);
	fd = served_by(s, s->gate, &client, suspect);
	assert_name(fd, true, suspect, 0);
	assert_name(fd, false, own, PORT);
	comes_to(s, s->server, other);
	assert_int_equal(counts(s).steered, 1);

	/* The connection outlives steering. */
	assert_int_equal(ban_steer(s->ban, false), 0);
	comes_to(s, s->server, suspect);
	assert_int_equal(write(client, "?", 1), 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, PATIENCE_MS), 1);
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(write(fd, "!", 1), 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = client, .events = POLLIN }, 1, PATIENCE_MS), 1);
	assert_int_equal(read(client, &byte, 1), 1);
	close(fd);
	close(client);

	assert_int_equal(ban_steer(s->ban, true), 0);
	make_suspect(s, suspect, 0);
	comes_to(s, s->server, suspect);
	/* A connection that was there before its client became a suspect stays where it is. */
	fd = served_by(s, s->server, &client, suspect);
	make_suspect(s, suspect, MINUTE_MS);
	assert_int_equal(write(client, "?", 1), 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, PATIENCE_MS), 1);
	close(fd);
	close(client);
	comes_to(s, s->gate, suspect);

	/* Without a listener the mail server has them all. */
	close(s->gate);
	s->gate = -1;
	comes_to(s, s->server, suspect);
	assert_int_equal(counts(s).steered, 2);
}

static void a_suspect_is_led_to_the_gate(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;

	test_network_or_skip();
	limits.steer = BAN_STEER_SUSPECT;
	s = begin(&limits);
	lead_and_talk(&s, A, A_NEIGHBOUR, "127.0.0.1", "10.0.0.1");
	end(&s);
}

static void a_suspect_of_ipv6_is_led_there_by_its_network(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;

	test_network_or_skip();
	limits.steer = BAN_STEER_SUSPECT;
	s = begin(&limits);
	lead_and_talk(&s, A6, B6, "::1", "fd00::1");
	s.gate = listen_at("::1", GATE_PORT, true);
	comes_to(&s, s.gate, A6_NEIGHBOUR);
	end(&s);
}

static void networks_are_led_to_the_gate(void **state)
{
	/* Overlapping, adjacent, nested, repeated, and in IPv6 clothing. */
	static const char *const texts[] = { "10.1.0.2/31", "10.1.0.0/31", "10.1.0.0/24", "10.1.1.0/24", "10.1.0.0/16",
					     "10.1.128.0/17", "255.255.255.255", "fd00:0:0:1::/64", "fd00:0:0:1::2",
					     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::" };
	struct prefix dressed = { .length = 128 };
	struct ban_table_limits limits = usual_limits;
	struct prefix_set set = { 0 };
	struct scene s;

	test_network_or_skip();
	limits.steer = BAN_STEER_SUSPECT;
	s = begin(&limits);
	s.gate = listen_at("127.0.0.1", GATE_PORT, true);
	assert_int_equal(ban_steer(s.ban, true), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add(&set, texts[i]);
	assert_int_equal(ban_set_networks(s.ban, &set), 0);
	comes_to(&s, s.gate, A);
	comes_to(&s, s.gate, A_NEIGHBOUR);
	comes_to(&s, s.server, B);
	comes_to(&s, s.server, B6);
	set_never(&s, A);
	comes_to(&s, s.server, A);
	comes_to(&s, s.gate, A_NEIGHBOUR);
	prefix_set_clear(&set);

	assert_int_equal(ban_set_networks(s.ban, &set), 0);
	/* Who came a moment ago is a suspect for a moment yet. */
	for (int waited = 0; waited < PATIENCE_MS && !comes_to_server(&s, A_NEIGHBOUR); waited += 100) {
		assert_int_equal(ban_steer(s.ban, true), 0);
		poll(NULL, 0, 100);
	}
	comes_to(&s, s.server, A_NEIGHBOUR);
	assert_int_equal(ban_steer(s.ban, true), 0);
	dressed.addr.family = ADDR_IPV6;
	memset(dressed.addr.octets + 10, 0xff, 2);
	assert_int_equal(inet_pton(AF_INET, B, dressed.addr.octets + 12), 1);
	assert_int_equal(prefix_set_add(&set, &dressed, "test"), 0);
	assert_int_equal(ban_set_networks(s.ban, &set), 0);
	comes_to(&s, s.gate, B);
	prefix_set_clear(&set);
	add(&set, "0.0.0.0/0");
	add(&set, "10.0.0.0/8");
	assert_int_equal(ban_set_networks(s.ban, &set), 0);
	comes_to(&s, s.gate, B);
	comes_to(&s, s.gate, A_NEIGHBOUR);
	prefix_set_clear(&set);
	end(&s);
}

static void long_lists_fit(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct prefix_set set = { 0 };
	char text[ADDR_TEXT_SIZE];
	struct scene s;

	test_network_or_skip();
	s = begin(&limits);
	for (unsigned i = 0; i < PREFIX_SET_MAX; i++) {
		snprintf(text, sizeof(text), i % 2 ? "2001:db8:%x::7" : "192.%u.%u.7", i % 2 ? i : i / 256, i % 256);
		add(&set, text);
	}
	/* In place of themselves, too: there has to be room for the old and the new. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ban_set_networks(s.ban, &set), 0);
		assert_int_equal(ban_set_never(s.ban, &set), 0);
	}
	prefix_set_clear(&set);
	end(&s);
}

/* As many as suspect.files may name, half of each family, no two of which touch. */
static void add_many(struct prefix_set *set)
{
	for (uint32_t i = 0; i < BAN_NETWORKS_MOST; i++) {
		uint8_t octets[16] = { [0] = i % 2 ? 0x20 : 9, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)(i & 0xfe) };
		struct prefix prefix = { i % 2 ? addr_from_ipv6(octets) : addr_from_ipv4(octets), 32 };

		assert_int_equal(prefix_set_append(set, &prefix, "test", BAN_NETWORKS_MOST), 0);
	}
}

static void as_many_networks_as_may_be_named_are_led_to_the_gate(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct prefix_set set = { 0 };
	struct scene s;

	test_network_or_skip();
	limits.steer = BAN_STEER_SUSPECT;
	s = begin(&limits);
	add_many(&set);
	/* The last of IPv4. */
	set.entries[0].prefix.addr = addr_from_ipv4((uint8_t[]){ 10, 1, 0, 2 });
	/* In place of itself, too. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ban_set_networks(s.ban, &set), 0);
	}
	assert_int_equal(ban_alive(s.ban), 0);
	assert_int_equal(prefix_set_append(&set, &set.entries[0].prefix, "test", BAN_NETWORKS_MOST + 1), 0);
	assert_int_equal(ban_set_networks(s.ban, &set), -EMSGSIZE);
	prefix_set_clear(&set);
	s.gate = listen_at("127.0.0.1", GATE_PORT, true);
	assert_int_equal(ban_steer(s.ban, true), 0);
	comes_to(&s, s.gate, A);
	comes_to(&s, s.server, A_NEIGHBOUR);
	end(&s);
}

static void everybody_may_be_led_there(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;
	int gate6;

	test_network_or_skip();
	limits.steer = BAN_STEER_ALL;
	s = begin(&limits);
	s.gate = listen_at("127.0.0.1", GATE_PORT, true);
	gate6 = listen_at("::1", GATE_PORT, true);
	assert_int_equal(ban_steer(s.ban, true), 0);
	set_never(&s, A_NEIGHBOUR);
	comes_to(&s, s.gate, A);
	comes_to(&s, gate6, A6);
	comes_to(&s, s.server, A_NEIGHBOUR);
	/* A reload that ends steering, and one that brings it back. */
	limits.steer = BAN_STEER_NONE;
	assert_int_equal(ban_reconfigure(s.ban, &limits), 0);
	comes_to(&s, s.server, A);
	limits.steer = BAN_STEER_SUSPECT;
	assert_int_equal(ban_reconfigure(s.ban, &limits), 0);
	assert_int_equal(ban_steer(s.ban, true), 0);
	comes_to(&s, s.server, A);
	make_suspect(&s, A, MINUTE_MS);
	comes_to(&s, s.gate, A);
	assert_int_equal(counts(&s).steered, 3);
	close(gate6);
	end(&s);
}

/* Nothing says any more that the gate works. */
static void steering_ends_by_itself(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct scene s;
	int client, tries;
	uint64_t steered = 0;

	test_network_or_skip();
	limits.steer = BAN_STEER_ALL;
	s = begin(&limits);
	s.gate = listen_at("127.0.0.1", GATE_PORT, true);
	assert_int_equal(ban_steer(s.ban, true), 0);
	comes_to(&s, s.gate, A);
	for (tries = 0; tries < PATIENCE_MS / 100; tries++) {
		steered = counts(&s).steered;
		client = try_connect(&s, A);
		assert_true(client >= 0);
		close(client);
		if (counts(&s).steered == steered)
			break;
		poll(NULL, 0, 100);
	}
	assert_true(tries < PATIENCE_MS / 100);
	end(&s);
}

static void a_banned_suspect_is_dropped_and_a_steered_client_counted_once(void **state)
{
	const struct ban_change both[] = {
		{ address(A), MINUTE_MS, false, BAN_LIST_BANNED },
		{ address(A), MINUTE_MS, false, BAN_LIST_SUSPECT },
		{ address(B), MINUTE_MS, false, BAN_LIST_SUSPECT },
	};
	struct ban_table_limits limits = usual_limits;
	struct ban_counts c;
	struct scene s;

	test_network_or_skip();
	limits.steer = BAN_STEER_SUSPECT;
	s = begin(&limits);
	s.gate = listen_at("127.0.0.1", GATE_PORT, true);
	assert_int_equal(ban_steer(s.ban, true), 0);
	assert_int_equal(ban_apply(s.ban, both, 3), 0);
	assert_false(gets_in(&s, A));
	comes_to(&s, s.gate, B);
	assert_int_equal(ban_clear(s.ban), 0);
	comes_to(&s, s.gate, A);
	c = counts(&s);
	assert_int_equal(c.arrivals, 3);
	assert_int_equal(c.banned, 1);
	assert_int_equal(c.steered, 3);
	end(&s);
}

static void steering_can_be_probed(void **state)
{
	test_network_or_skip();
	assert_int_equal(steer_probe().support, BAN_SUPPORT_FULL);
	assert_int_equal(steer_probe().error, 0);
}

static void wrong_limits_are_refused(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct ban_table *ban;

	limits.steer = BAN_STEER_ALL;
	limits.steer_port_count = 0;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
	limits = usual_limits;
	limits.steer = BAN_STEER_ALL;
	limits.steer_to = 0;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
	limits = usual_limits;
	limits.most_suspects = BAN_MOST + 1;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suspect_is_led_to_the_gate),
		cmocka_unit_test(a_suspect_of_ipv6_is_led_there_by_its_network),
		cmocka_unit_test(networks_are_led_to_the_gate),
		cmocka_unit_test(long_lists_fit),
		cmocka_unit_test(as_many_networks_as_may_be_named_are_led_to_the_gate),
		cmocka_unit_test(everybody_may_be_led_there),
		cmocka_unit_test(steering_ends_by_itself),
		cmocka_unit_test(a_banned_suspect_is_dropped_and_a_steered_client_counted_once),
		cmocka_unit_test(steering_can_be_probed),
		cmocka_unit_test(wrong_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

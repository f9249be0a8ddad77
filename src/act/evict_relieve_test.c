/* SPDX-License-Identifier: Apache-2.0 */
#include "act/evict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "act/test_network.h"
#include "act/test_tcp.h"

#define PORT 2525
#define MANY 150

struct relieved {
	size_t count, ended, gone;
	struct addr last;
	uint16_t last_port;
};

struct guarded {
	struct loop *loop;
	struct evict *evict;
	struct relieved relieved;
	int listener;
};

static void note(void *data, const struct addr *client, uint16_t port, int error)
{
	struct relieved *relieved = data;

	relieved->count++;
	relieved->ended += error == 0;
	relieved->gone += error == -ENOENT;
	relieved->last = *client;
	relieved->last_port = port;
}

static void begin(struct guarded *g, bool observe)
{
	struct evict_limits limits = { .ports = { PORT }, .port_count = 1, .grace_ms = 60000, .observe = observe,
				       .relieved = note, .data = &g->relieved };

	*g = (struct guarded){ .listener = test_listen(PORT) };
	assert_int_equal(loop_create(&g->loop), 0);
	assert_int_equal(evict_create(g->loop, &limits, &g->evict), 0);
}

static void end(struct guarded *g)
{
	evict_destroy(g->evict);
	loop_destroy(g->loop);
	close(g->listener);
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void close_pair(const struct test_pair *pair)
{
	close(pair->client);
	close(pair->served);
}

static void assert_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

/* At once, though its greeting is on the way; the client's other one stays. */
static void test_exactly_this_connection(void **state)
{
	static const char *const clients[] = { "127.0.0.2", "2001:db8:7::7" };
	struct guarded g;

	test_network_or_skip();
	test_add_ipv6("2001:db8:7::7");
	for (size_t i = 0; i < 2; i++) {
		struct test_pair wanted, other;

		begin(&g, false);
		wanted = test_pair(g.listener, clients[i]);
		other = test_pair(g.listener, clients[i]);
		test_deafen(wanted.client);
		test_say(wanted.served, "220 ");
		assert_int_equal(evict_connection(g.evict, address(clients[i]), wanted.port), 0);
		test_run_until(g.loop, g.relieved.count == 1);
		assert_int_equal(g.relieved.ended, 1);
		assert_int_equal(g.relieved.last_port, wanted.port);
		assert_string_equal(clients[i], addr_format(&g.relieved.last, (char[ADDR_TEXT_SIZE]){ 0 }));
		assert_true(test_lives(other.client));
		assert_true(test_lives(other.served));
		close_pair(&wanted);
		close_pair(&other);
		end(&g);
	}
}

static void test_other_ports_and_who_is_gone(void **state)
{
	struct test_pair elsewhere;
	struct guarded g;
	int other;

	test_network_or_skip();
	begin(&g, false);
	other = test_listen(PORT + 1);
	elsewhere = test_pair(other, "127.0.0.2");
	assert_int_equal(evict_connection(g.evict, address("127.0.0.2"), elsewhere.port), 0);
	assert_int_equal(evict_connection(g.evict, address("127.0.0.3"), 4711), 0);
	test_run_until(g.loop, g.relieved.count == 2);
	assert_int_equal(g.relieved.gone, 2);
	assert_true(test_lives(elsewhere.client));
	close_pair(&elsewhere);
	/* The listener has lived through it. */
	elsewhere = test_pair(g.listener, "127.0.0.2");
	close_pair(&elsewhere);
	close(other);
	end(&g);
}

static void test_many_at_once(void **state)
{
	static struct test_pair pairs[MANY];
	struct guarded g;

	test_network_or_skip();
	begin(&g, false);
	for (size_t i = 0; i < MANY; i++) {
		pairs[i] = test_pair(g.listener, "127.0.0.2");
		assert_int_equal(evict_connection(g.evict, address("127.0.0.2"), pairs[i].port), 0);
		/* Asked for twice it is ended once. */
		assert_int_equal(evict_connection(g.evict, address("127.0.0.2"), pairs[i].port), 0);
	}
	test_run_until(g.loop, g.relieved.count == MANY);
	assert_int_equal(g.relieved.ended, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_reset(pairs[i].client);
		close_pair(&pairs[i]);
	}
	test_run(g.loop, 50);
	assert_int_equal(g.relieved.count, MANY);
	end(&g);
}

static void test_what_is_refused(void **state)
{
	struct guarded g;

	test_network_or_skip();
	begin(&g, false);
	assert_int_equal(evict_connection(g.evict, (struct addr){ 0 }, 25), -EINVAL);
	assert_int_equal(evict_connection(g.evict, address("127.0.0.2"), 0), -EINVAL);
	for (size_t i = 0; i < EVICT_RELIEVED_MOST; i++)
		assert_int_equal(evict_connection(g.evict, address("127.0.0.2"), (uint16_t)(i + 1)), 0);
	assert_int_equal(evict_connection(g.evict, address("127.0.0.3"), 1), -ENOSPC);
	end(&g);
	begin(&g, true);
	assert_int_equal(evict_connection(g.evict, address("127.0.0.2"), 4711), -EPERM);
	end(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_this_connection),
		cmocka_unit_test(test_other_ports_and_who_is_gone),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

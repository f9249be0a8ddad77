/* SPDX-License-Identifier: Apache-2.0 */
#include "act/evict.h"

#include "kernel/diag.h"
#include "base/counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "act/test_network.h"
#include "act/test_tcp.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PORT 2525
#define LONG_GRACE_MS 60000
#define SHORT_GRACE_MS 150

/* What evict reported. */
struct ended {
	size_t count, forced;
	struct eviction last;
};

struct guarded {
	struct loop *loop;
	struct evict *evict;
	struct ended ended;
	int listener;
};

static void note(void *data, const struct eviction *eviction)
{
	struct ended *ended = data;

	ended->count++;
	ended->forced += eviction->forced;
	ended->last = *eviction;
}

static void begin(struct guarded *g, struct evict_limits limits)
{
	limits.ports[0] = PORT;
	limits.port_count = 1;
	limits.ended = note;
	limits.data = &g->ended;
	g->ended = (struct ended){ 0 };
	g->listener = test_listen(PORT);
	assert_int_equal(loop_create(&g->loop), 0);
	assert_int_equal(evict_create(g->loop, &limits, &g->evict), 0);
}

/* The listener has to live through everything. */
static void end(struct guarded *g)
{
	struct pollfd p = { .fd = g->listener, .events = POLLIN };
	int late = test_connect("127.9.9.9", PORT);

	assert_int_equal(poll(&p, 1, TEST_PATIENCE_MS), 1);
	assert_int_equal(p.revents, POLLIN);
	close(late);
	evict_destroy(g->evict);
	loop_destroy(g->loop);
	close(g->listener);
}

static void ask(const struct guarded *g, const char *client, uint16_t port)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(client), &addr), 0);
	/* The loop's time stands still between the runs of a test. */
	test_run(g->loop, 0);
	assert_int_equal(evict_address(g->evict, addr_unit(&addr), port), 0);
}

/* Up to the moment before the refusal. The pause puts what is said into ticks of its own. */
static void converse(const struct test_pair *p)
{
	test_say(p->served, "220 mx\r\n");
	test_hear(p->client, "220 mx\r\n");
	usleep(20000);
	test_say(p->client, "RCPT TO:<a@b.test>\r\n");
	test_hear(p->served, "RCPT TO:<a@b.test>\r\n");
}

/* All that was sent to the client is there to be read, and then it is over. */
static void assert_told_and_ended(int client, const char *reply)
{
	char byte;

	test_hear(client, reply);
	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void assert_ended_for_server(int served)
{
	char byte;

	assert_int_equal(recv(served, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNABORTED);
}

static void close_pair(const struct test_pair *p)
{
	close(p->client);
	close(p->served);
}

static void test_one_that_is_told_is_ended(void **state)
{
	struct guarded g;
	struct test_pair p;
	uint64_t evictions = counter_read(COUNTER_evictions);

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	converse(&p);
	test_say(p.served, "511 no\r\n");
	ask(&g, "127.0.0.2", p.port);
	test_run_until(g.loop, g.ended.count == 1);
	assert_told_and_ended(p.client, "511 no\r\n");
	assert_ended_for_server(p.served);
	assert_int_equal(g.ended.forced, 0);
	assert_int_equal(g.ended.last.client_port, p.port);
	assert_int_equal(g.ended.last.client.family, ADDR_IPV4);
	assert_int_equal(g.ended.last.client.octets[3], 2);
	assert_int_equal(counter_read(COUNTER_evictions), evictions + 1);
	close_pair(&p);
	end(&g);
}

static void test_reply_that_follows_the_log_line_is_waited_for(void **state)
{
	struct guarded g;
	struct test_pair p;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	converse(&p);
	ask(&g, "127.0.0.2", p.port);
	test_run(g.loop, 100);
	assert_int_equal(g.ended.count, 0);
	test_say(p.served, "511 no\r\n");
	test_run_until(g.loop, g.ended.count == 1);
	assert_told_and_ended(p.client, "511 no\r\n");
	assert_int_equal(g.ended.forced, 0);
	close_pair(&p);
	end(&g);
}

static void test_late_acknowledgement_is_waited_for(void **state)
{
	struct guarded g;
	struct test_pair p;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	converse(&p);
	test_deafen(p.client);
	test_say(p.served, "511 no\r\n");
	ask(&g, "127.0.0.2", p.port);
	test_run(g.loop, 300);
	assert_int_equal(g.ended.count, 0);
	test_undeafen(p.client);
	test_run_until(g.loop, g.ended.count == 1);
	assert_told_and_ended(p.client, "511 no\r\n");
	assert_int_equal(g.ended.forced, 0);
	close_pair(&p);
	end(&g);
}

static void test_one_that_never_acknowledges_is_forced(void **state)
{
	struct guarded g;
	struct test_pair p;
	uint64_t forced = counter_read(COUNTER_evictions_forced);

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = SHORT_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	converse(&p);
	test_deafen(p.client);
	test_say(p.served, "511 no\r\n");
	ask(&g, "127.0.0.2", p.port);
	test_run_until(g.loop, g.ended.count == 1);
	assert_ended_for_server(p.served);
	assert_int_equal(g.ended.forced, 1);
	assert_true(g.ended.last.waited_ms >= SHORT_GRACE_MS);
	assert_int_equal(counter_read(COUNTER_evictions_forced), forced + 1);
	close_pair(&p);
	end(&g);
}

static void test_one_that_reads_nothing_is_forced(void **state)
{
	static const char help[4096] = "214 ";
	struct guarded g;
	struct test_pair p;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = SHORT_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	while (send(p.served, help, sizeof(help), MSG_DONTWAIT) > 0)
		;
	ask(&g, "127.0.0.2", p.port);
	test_run_until(g.loop, g.ended.count == 1);
	assert_ended_for_server(p.served);
	assert_int_equal(g.ended.forced, 1);
	close_pair(&p);
	end(&g);
}

static void test_all_of_the_client_and_nobody_else(void **state)
{
	struct test_pair pairs[5], neighbour, elsewhere;
	struct guarded g;
	int other_listener;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	other_listener = test_listen(PORT + 1);
	for (size_t i = 0; i < 5; i++)
		pairs[i] = test_pair(g.listener, "127.0.0.2");
	neighbour = test_pair(g.listener, "127.0.0.3");
	elsewhere = test_pair(other_listener, "127.0.0.2");
	ask(&g, "127.0.0.2", pairs[3].port);
	test_run_until(g.loop, g.ended.count == 5);
	for (size_t i = 0; i < 5; i++) {
		assert_ended_for_server(pairs[i].served);
		close_pair(&pairs[i]);
	}
	assert_true(test_lives(neighbour.client));
	assert_true(test_lives(elsewhere.client));
	close_pair(&neighbour);
	close_pair(&elsewhere);
	close(other_listener);
	end(&g);
}

/* Where the local end is known, the connection of the log line is found without a dump, and
 * the others later. */
static void test_second_client_at_a_known_local_end(void **state)
{
	struct test_pair first, named, other;
	struct guarded g;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	first = test_pair(g.listener, "127.0.0.2");
	ask(&g, "127.0.0.2", first.port);
	test_run_until(g.loop, g.ended.count == 1);
	other = test_pair(g.listener, "127.0.0.3");
	named = test_pair(g.listener, "127.0.0.3");
	ask(&g, "127.0.0.3", named.port);
	test_run_until(g.loop, g.ended.count == 3);
	assert_int_equal(g.ended.last.client_port, other.port);
	assert_ended_for_server(named.served);
	assert_ended_for_server(other.served);
	close_pair(&first);
	close_pair(&named);
	close_pair(&other);
	end(&g);
}

static void test_ipv6_by_its_64(void **state)
{
	struct test_pair one, two, next;
	struct guarded g;

	test_network_or_skip();
	test_add_ipv6("2001:db8:0:1::1");
	test_add_ipv6("2001:db8:0:1:ffff::2");
	test_add_ipv6("2001:db8:0:2::1");
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	one = test_pair(g.listener, "2001:db8:0:1::1");
	two = test_pair(g.listener, "2001:db8:0:1:ffff::2");
	next = test_pair(g.listener, "2001:db8:0:2::1");
	ask(&g, "2001:db8:0:1::1", one.port);
	test_run_until(g.loop, g.ended.count == 2);
	assert_ended_for_server(one.served);
	assert_ended_for_server(two.served);
	assert_true(test_lives(next.client));
	assert_int_equal(g.ended.last.client.octets[7], 1);
	close_pair(&one);
	close_pair(&two);
	close_pair(&next);
	end(&g);
}

static void test_one_that_waits_for_accept(void **state)
{
	struct guarded g;
	int client, served;
	char byte;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	client = test_connect("127.0.0.2", PORT);
	ask(&g, "127.0.0.2", 0);
	test_run_until(g.loop, g.ended.count == 1);
	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	served = accept(g.listener, NULL, NULL);
	assert_ended_for_server(served);
	close(client);
	close(served);
	end(&g);
}

/* With TCP_DEFER_ACCEPT the server's side stays in SYN_RECV until the client speaks. */
static void test_half_open(void **state)
{
	struct guarded g;
	int client, defer = 60, immediately = 0;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS });
	setsockopt(g.listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof(defer));
	client = test_connect("127.0.0.2", PORT);
	ask(&g, "127.0.0.2", 0);
	test_run_until(g.loop, g.ended.count == 1);
	assert_int_equal(g.ended.forced, 0);
	setsockopt(g.listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &immediately, sizeof(immediately));
	close(client);
	end(&g);
}

static void test_one_that_comes_within_the_grace(void **state)
{
	struct guarded g;
	struct test_pair p;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = 1000 });
	ask(&g, "127.0.0.2", 0);
	test_run(g.loop, 20);
	p = test_pair(g.listener, "127.0.0.2");
	test_run_until(g.loop, g.ended.count == 1);
	assert_ended_for_server(p.served);
	test_run_until(g.loop, evict_pending(g.evict) == 0);
	close_pair(&p);
	end(&g);
}

static void test_one_that_leaves_by_itself_is_no_eviction(void **state)
{
	struct guarded g;
	struct test_pair p;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = SHORT_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	converse(&p);
	ask(&g, "127.0.0.2", p.port);
	test_run(g.loop, 10);
	close_pair(&p);
	test_run_until(g.loop, evict_pending(g.evict) == 0);
	assert_int_equal(g.ended.count, 0);
	end(&g);
}

static void test_observing_ends_nothing_and_reports_once(void **state)
{
	struct guarded g;
	struct test_pair p;
	uint64_t evictions = counter_read(COUNTER_evictions);

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = SHORT_GRACE_MS, .observe = true });
	p = test_pair(g.listener, "127.0.0.2");
	ask(&g, "127.0.0.2", p.port);
	test_run_until(g.loop, evict_pending(g.evict) == 0);
	assert_int_equal(g.ended.count, 1);
	assert_true(test_lives(p.client));
	assert_int_equal(counter_read(COUNTER_evictions), evictions);
	close_pair(&p);
	end(&g);
}

/* A stand-in for a Courier that sleeps in its TARPIT. */
_Noreturn static void sleep_with(int ready)
{
	prctl(PR_SET_NAME, "courieresmtpd");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void test_handler_that_sleeps_is_signalled(void **state)
{
	static const char *const handlers[] = { "courieresmtpd", NULL };
	struct guarded g;
	struct test_pair p;
	int ready[2], status;
	char byte;
	pid_t handler;

	test_network_or_skip();
	begin(&g, (struct evict_limits){
			  .grace_ms = LONG_GRACE_MS,
			  .signal_handlers = true,
			  .handlers = handlers,
		  });
	p = test_pair(g.listener, "127.0.0.2");
	assert_int_equal(pipe(ready), 0);
	handler = fork();
	if (handler == 0)
		sleep_with(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(p.served);
	ask(&g, "127.0.0.2", p.port);
	test_run_until(g.loop, waitpid(handler, &status, WNOHANG) == handler || kill(handler, 0) < 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(g.ended.count, 1);
	close(p.client);
	close(ready[0]);
	close(ready[1]);
	end(&g);
}

static void test_too_many_are_refused_and_counted(void **state)
{
	struct addr client = addr_from_ipv4("\x7f\0\0\2");
	uint64_t dropped = counter_read(COUNTER_evictions_dropped);
	struct guarded g;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = LONG_GRACE_MS, .most = 2 });
	assert_int_equal(evict_address(g.evict, client, 0), 0);
	assert_int_equal(evict_address(g.evict, client, 0), 0);
	client.octets[3]++;
	assert_int_equal(evict_address(g.evict, client, 0), 0);
	client.octets[3]++;
	assert_int_equal(evict_address(g.evict, client, 0), -ENOSPC);
	assert_int_equal(counter_read(COUNTER_evictions_dropped), dropped + 1);
	assert_int_equal(evict_address(g.evict, (struct addr){ 0 }, 0), -EINVAL);
	end(&g);
}

static void test_nothing_happens_after_destroy(void **state)
{
	struct guarded g;
	struct test_pair p;

	test_network_or_skip();
	begin(&g, (struct evict_limits){ .grace_ms = SHORT_GRACE_MS });
	p = test_pair(g.listener, "127.0.0.2");
	ask(&g, "127.0.0.2", p.port);
	evict_destroy(g.evict);
	g.evict = NULL;
	test_run(g.loop, 2 * SHORT_GRACE_MS);
	assert_int_equal(g.ended.count, 0);
	assert_true(test_lives(p.client));
	close_pair(&p);
	end(&g);
}

struct found {
	struct sockdiag_key key;
	size_t count;
	int error;
};

static void take_established(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct found *found = data;

	if (answer->kind == SOCKDIAG_ERROR) {
		found->error = answer->error;
	} else if (answer->socket.local_port == PORT) {
		found->key = answer->socket.key;
		found->count++;
	}
}

/* The kernel looks for a listener when it finds no connection: the cookie has to keep it from
 * ending the mail server's own. */
static void test_ending_one_that_is_gone_leaves_the_listener(void **state)
{
	struct sockdiag_filter filter = { .states = SOCKDIAG_BIT(SOCKDIAG_ESTABLISHED) };
	struct found found = { 0 };
	struct test_pair p;
	struct diag *diag;
	int listener;

	test_network_or_skip();
	assert_int_equal(diag_create(&diag), 0);
	listener = test_listen(PORT);
	p = test_pair(listener, "127.0.0.2");
	assert_int_equal(diag_dump(diag, &filter, take_established, &found), 0);
	assert_int_equal(found.count, 1);
	for (int i = 0; i < 2; i++) {
		found.error = 0;
		assert_int_equal(diag_end(diag, &found.key, 1, take_established, &found), 0);
		assert_int_equal(found.error, i == 0 ? 0 : -ENOENT);
	}
	close_pair(&p);
	p = test_pair(listener, "127.0.0.2");
	close_pair(&p);
	close(listener);
	diag_destroy(diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_is_told_is_ended),
		cmocka_unit_test(test_reply_that_follows_the_log_line_is_waited_for),
		cmocka_unit_test(test_late_acknowledgement_is_waited_for),
		cmocka_unit_test(test_one_that_never_acknowledges_is_forced),
		cmocka_unit_test(test_one_that_reads_nothing_is_forced),
		cmocka_unit_test(test_all_of_the_client_and_nobody_else),
		cmocka_unit_test(test_second_client_at_a_known_local_end),
		cmocka_unit_test(test_ipv6_by_its_64),
		cmocka_unit_test(test_one_that_waits_for_accept),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_one_that_comes_within_the_grace),
		cmocka_unit_test(test_one_that_leaves_by_itself_is_no_eviction),
		cmocka_unit_test(test_observing_ends_nothing_and_reports_once),
		cmocka_unit_test(test_handler_that_sleeps_is_signalled),
		cmocka_unit_test(test_too_many_are_refused_and_counted),
		cmocka_unit_test(test_nothing_happens_after_destroy),
		cmocka_unit_test(test_ending_one_that_is_gone_leaves_the_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/resolver.h"

#include "base/clock.h"
#include "base/counter.h"
#include "resolve/channels.h"
#include "resolve/test_name_server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct loop *loop;
static struct name_server *server;
static struct resolver *resolver;

static struct resolver_limits usual_limits(void)
{
	return (struct resolver_limits){
		.servers = { name_server_place(server) },
		.server_count = 1,
		.questions = 1000,
		.cache = 1000,
		.timeout_ms = 60,
		.tries = 1,
		.longest_ttl_s = 3600,
		.failure_ttl_s = 30,
	};
}

static void open_resolver(const struct resolver_limits *limits)
{
	resolver_destroy(resolver);
	resolver = NULL;
	assert_int_equal(resolver_create(loop, limits, &resolver), 0);
}

static int set_up(void **state)
{
	struct resolver_limits limits;

	if (loop_create(&loop) < 0)
		return -1;
	server = name_server_create(loop);
	limits = usual_limits();
	return resolver_create(loop, &limits, &resolver);
}

static int tear_down(void **state)
{
	resolver_destroy(resolver);
	resolver = NULL;
	name_server_destroy(server);
	loop_destroy(loop);
	return 0;
}

/* One who asks, and what came. */
struct asker {
	struct resolver_question *question;
	struct dns_answer answer;
	int told;
};

static void note(void *data, const struct dns_answer *answer)
{
	struct asker *asker = data;

	asker->answer = *answer;
	asker->told++;
}

static bool is_told(void *data)
{
	return ((struct asker *)data)->told > 0;
}

static void ask(struct asker *asker, const char *name, enum dns_type type)
{
	*asker = (struct asker){ .told = 0 };
	assert_int_equal(resolver_ask(resolver, name, type, note, asker, &asker->question), 0);
	assert_int_equal(asker->told, 0);
}

static struct dns_answer answer_to(const char *name, enum dns_type type)
{
	struct asker asker;

	ask(&asker, name, type);
	assert_true(loop_until(loop, is_told, &asker));
	assert_int_equal(asker.told, 1);
	return asker.answer;
}

static struct told *tell(const char *name, enum manner manner, uint32_t ttl_s)
{
	struct told *told = name_server_lists(server, name, 2);

	told->manner = manner;
	told->ttl_s = ttl_s;
	if (manner == SAYS_NO_NAME || manner == SAYS_SERVFAIL || manner == SAYS_REFUSED)
		told->address_count = 0;
	return told;
}

static const struct {
	const char *what;
	enum manner manner;
	enum dns_outcome outcome;
	enum counter counter; /* one more of it; COUNTER_COUNT for none */
} manners[] = {
	{ "found", SAYS, DNS_FOUND, COUNTER_COUNT },
	{ "no name", SAYS_NO_NAME, DNS_NO_NAME, COUNTER_COUNT },
	{ "SERVFAIL", SAYS_SERVFAIL, DNS_FAILED, COUNTER_dns_failures },
	{ "REFUSED", SAYS_REFUSED, DNS_FAILED, COUNTER_dns_failures },
	{ "said twice", SAYS_TWICE, DNS_FOUND, COUNTER_COUNT },
	{ "cut, then whole by TCP", SAYS_CUT, DNS_FOUND, COUNTER_COUNT },
	{ "cut by TCP too", SAYS_CUT_BY_TCP_TOO, DNS_BROKEN, COUNTER_dns_broken_answers },
	{ "garbage", SAYS_GARBAGE, DNS_BROKEN, COUNTER_dns_broken_answers },
	{ "silence", STALLS, DNS_FAILED, COUNTER_dns_failures },
	{ "noise", STALLS_AFTER_NOISE, DNS_FAILED, COUNTER_dns_failures },
	{ "wrong id", STALLS_AFTER_WRONG_ID, DNS_FAILED, COUNTER_dns_failures },
	{ "another question", STALLS_AFTER_OTHER_NAME, DNS_FAILED, COUNTER_dns_failures },
};

static void each_manner_of_a_server_has_its_outcome(void **state)
{
	for (size_t i = 0; i < COUNT(manners); i++) {
		uint64_t before[COUNTER_COUNT];
		struct dns_answer answer;

		tell("name.example", manners[i].manner, 0);
		for (int c = 0; c < COUNTER_COUNT; c++)
			before[c] = counter_read((enum counter)c);
		open_resolver(&(struct resolver_limits){ .servers = { name_server_place(server) }, .server_count = 1,
			.questions = 10, .cache = 10, .timeout_ms = 60, .tries = 1 });
		answer = answer_to("name.example", DNS_A);
		if (answer.outcome != manners[i].outcome)
			fail_msg("%s: %d", manners[i].what, answer.outcome);
		assert_int_equal(answer.address_count, answer.outcome == DNS_FOUND);
		for (int c = COUNTER_dns_failures; c <= COUNTER_dns_broken_answers; c++)
			assert_int_equal(counter_read((enum counter)c) - before[c], c == (int)manners[i].counter);
		assert_int_equal(counter_read(COUNTER_dns_questions) - before[COUNTER_dns_questions], 1);
	}
	assert_int_equal(name_server_asked_by_tcp(server), 2);
	/* The second of the two answers came too late for anything. */
	loop_for(loop, 5);
}

static void who_asks_the_same_waits_for_one_question(void **state)
{
	struct told *told = tell("name.example", SAYS, 60);
	struct asker askers[10], other;

	for (size_t i = 0; i < COUNT(askers); i++)
		ask(&askers[i], i % 2 ? "name.example" : "NAME.example", DNS_A);
	ask(&other, "name.example", DNS_TXT);
	assert_int_equal(resolver_in_flight(resolver), 2);
	assert_true(loop_until(loop, is_told, &other));
	for (size_t i = 0; i < COUNT(askers); i++) {
		assert_int_equal(askers[i].told, 1);
		assert_int_equal(askers[i].answer.outcome, DNS_FOUND);
	}
	assert_int_equal(told->asked, 1);
	assert_int_equal(resolver_in_flight(resolver), 0);
}

static void what_is_known_is_not_asked_again(void **state)
{
	struct told *told = tell("name.example", SAYS, 60);
	uint64_t hits = counter_read(COUNTER_dns_cache_hits);
	struct dns_answer answer;

	assert_false(resolver_known(resolver, "name.example", DNS_A, &answer));
	answer_to("name.example", DNS_A);
	assert_true(resolver_known(resolver, "Name.Example", DNS_A, &answer));
	assert_int_equal(answer.outcome, DNS_FOUND);
	assert_memory_equal(answer.addresses[0], "\x7f\0\0\2", 4);
	assert_false(resolver_known(resolver, "name.example", DNS_TXT, &answer));
	answer = answer_to("name.example", DNS_A);
	assert_int_equal(answer.outcome, DNS_FOUND);
	assert_int_equal(told->asked, 1);
	assert_int_equal(resolver_cached(resolver), 1);
	assert_int_equal(counter_read(COUNTER_dns_cache_hits) - hits, 2);
	assert_false(resolver_known(resolver, "no name", DNS_A, &answer));
}

static const struct {
	enum manner manner;
	uint32_t ttl_s;
	bool is_kept;
	uint32_t least_s, most_s; /* of the TTL that is told */
} lifetimes[] = {
	{ SAYS, 60, true, 59, 60 },
	{ SAYS, 0, false, 0, 0 },
	{ SAYS, 0x7fffffff, true, 3599, 3600 },
	{ SAYS_NO_NAME, 60, true, 59, 60 },
	{ SAYS_NO_NAME, 0, false, 0, 0 },
	{ SAYS_NO_NAME, 1000000, true, 3599, 3600 },
	{ SAYS_SERVFAIL, 0, true, 29, 30 },
	{ STALLS, 0, true, 29, 30 },
	{ SAYS_GARBAGE, 60, true, 29, 30 },
};

static void an_answer_is_kept_as_long_as_it_may_be(void **state)
{
	for (size_t i = 0; i < COUNT(lifetimes); i++) {
		struct resolver_limits limits = usual_limits();
		struct dns_answer answer;

		tell("name.example", lifetimes[i].manner, lifetimes[i].ttl_s);
		open_resolver(&limits);
		answer = answer_to("name.example", DNS_A);
		assert_in_range(answer.ttl_s, lifetimes[i].least_s, lifetimes[i].most_s);
		assert_int_equal(resolver_known(resolver, "name.example", DNS_A, &answer), lifetimes[i].is_kept);
	}
}

static void a_text_is_kept_until_it_is_shown(void **state)
{
	struct told *told = name_server_told(server, "name.example", DNS_TXT);
	struct dns_answer answer;

	*told = (struct told){ .name = "name.example", .type = DNS_TXT, .manner = SAYS, .text = "sends spam" };
	answer_to("name.example", DNS_TXT);
	assert_true(resolver_known(resolver, "name.example", DNS_TXT, &answer));
	assert_string_equal(answer.text, "sends spam");
	assert_in_range(answer.ttl_s, RESOLVER_TEXT_TTL_S - 1, RESOLVER_TEXT_TTL_S);
}

static void what_is_asked_anew_is_asked(void **state)
{
	struct told *told = tell("name.example", SAYS, 60);
	struct asker asker = { .told = 0 };
	struct dns_answer answer;

	answer_to("name.example", DNS_A);
	tell("name.example", SAYS_NO_NAME, 60);
	assert_int_equal(resolver_ask_anew(resolver, "name.example", DNS_A, note, &asker, &asker.question), 0);
	assert_true(loop_until(loop, is_told, &asker));
	assert_int_equal(asker.answer.outcome, DNS_NO_NAME);
	assert_int_equal(told->asked, 2);
	assert_true(resolver_known(resolver, "name.example", DNS_A, &answer));
	assert_int_equal(answer.outcome, DNS_NO_NAME);
}

static bool nothing_in_flight(void *data)
{
	return resolver_in_flight(resolver) == 0;
}

static void a_cancelled_question_goes_on_for_the_cache(void **state)
{
	struct asker one, other;
	struct dns_answer answer;

	tell("name.example", SAYS, 60);
	ask(&one, "name.example", DNS_A);
	ask(&other, "name.example", DNS_A);
	resolver_cancel(one.question);
	resolver_cancel(NULL);
	assert_true(loop_until(loop, is_told, &other));
	ask(&one, "name.example", DNS_A);
	resolver_cancel(one.question);
	ask(&one, "other.example", DNS_A);
	resolver_cancel(one.question);
	assert_true(loop_until(loop, nothing_in_flight, NULL));
	assert_int_equal(one.told, 0);
	assert_true(resolver_known(resolver, "other.example", DNS_A, &answer));
}

static void a_question_beyond_the_cap_is_refused(void **state)
{
	struct resolver_limits limits = usual_limits();
	uint64_t dropped = counter_read(COUNTER_dns_questions_dropped);
	struct asker askers[3];

	limits.questions = 2;
	open_resolver(&limits);
	ask(&askers[0], "a.example", DNS_A);
	ask(&askers[1], "b.example", DNS_A);
	assert_int_equal(resolver_ask(resolver, "c.example", DNS_A, note, &askers[2], &askers[2].question), -EBUSY);
	assert_int_equal(counter_read(COUNTER_dns_questions_dropped) - dropped, 1);
	/* One that is in flight may be joined. */
	ask(&askers[2], "b.example", DNS_A);
	assert_true(loop_until(loop, is_told, &askers[2]));
	answer_to("c.example", DNS_A);
}

static void what_is_no_name_is_not_asked(void **state)
{
	static const char *const names[] = { "", ".", "a..example", "a.example.", "a b.example", "a\\.example" };
	struct asker asker;

	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(resolver_ask(resolver, names[i], DNS_A, note, &asker, &asker.question), -EINVAL);
	assert_int_equal(resolver_in_flight(resolver), 0);
}

static void limits_that_cannot_be_are_refused(void **state)
{
	struct resolver_limits limits[6];
	struct resolver *none;

	for (size_t i = 0; i < COUNT(limits); i++)
		limits[i] = usual_limits();
	limits[0].questions = 0;
	limits[1].cache = 0;
	limits[2].timeout_ms = 0;
	limits[3].tries = 0;
	limits[4].server_count = RESOLVER_SERVERS_MOST + 1;
	limits[5].timeout_ms = UINT32_MAX;
	for (size_t i = 0; i < COUNT(limits); i++)
		assert_int_equal(resolver_create(loop, &limits[i], &none), -EINVAL);
	resolver_destroy(NULL);
}

/* It cannot be sent to at all, so c-ares gives up within the question; and where nobody listens. */
static void a_server_that_is_not_there_is_told_from_the_loop(void **state)
{
	const struct resolver_server nowhere[] = {
		{ { ADDR_IPV4, { 255, 255, 255, 255 } }, 53 },
		{ { ADDR_IPV4, { 127, 0, 0, 1 } }, 1 },
		{ { ADDR_IPV6, { [15] = 1 } }, 1 },
	};

	for (size_t i = 0; i < COUNT(nowhere); i++) {
		struct resolver_limits limits = usual_limits();
		struct dns_answer answer;

		limits.servers[0] = nowhere[i];
		open_resolver(&limits);
		answer = answer_to("name.example", DNS_A);
		assert_int_equal(answer.outcome, DNS_FAILED);
		assert_int_equal(resolver_in_flight(resolver), 0);
	}
}

/* Not with the next look for what is overdue, which is a tenth of a second away. */
static void what_fails_within_the_question_is_told_at_once(void **state)
{
	struct resolver_limits limits = usual_limits();
	uint64_t begun = clock_ms();

	limits.servers[0] = (struct resolver_server){ { ADDR_IPV4, { 255, 255, 255, 255 } }, 53 };
	limits.timeout_ms = 10000;
	open_resolver(&limits);
	assert_int_equal(answer_to("name.example", DNS_A).outcome, DNS_FAILED);
	assert_true(clock_ms() - begun < 80);
}

static void the_next_server_is_asked_when_one_is_no_good(void **state)
{
	static const enum manner no_good[] = { STALLS, SAYS_SERVFAIL, SAYS_REFUSED };
	struct name_server *other = name_server_create(loop);

	name_server_lists(other, "name.example", 2);
	for (size_t i = 0; i < COUNT(no_good); i++) {
		struct resolver_limits limits = usual_limits();
		struct told *told = tell("name.example", no_good[i], 0);
		struct dns_answer answer;

		told->asked = 0;
		limits.servers[1] = name_server_place(other);
		limits.server_count = 2;
		open_resolver(&limits);
		answer = answer_to("name.example", DNS_A);
		assert_int_equal(answer.outcome, DNS_FOUND);
		assert_int_equal(told->asked, 1);
	}
	name_server_destroy(other);
}

static void a_lost_question_is_sent_again(void **state)
{
	struct resolver_limits limits = usual_limits();
	struct told *told = tell("name.example", STALLS, 0);

	limits.tries = 3;
	limits.timeout_ms = 20;
	open_resolver(&limits);
	assert_int_equal(answer_to("name.example", DNS_A).outcome, DNS_FAILED);
	assert_int_equal(told->asked, 3);
}

/* Always ten in flight: a question ends and the next one is asked. */
static unsigned questions_left;
static unsigned at_once;

static void ask_the_next(void *data, const struct dns_answer *answer)
{
	struct resolver_question *question;
	char name[32];

	at_once -= data == NULL;
	while (questions_left && at_once < 10) {
		snprintf(name, sizeof(name), "n%u.example", questions_left--);
		at_once++;
		assert_int_equal(resolver_ask(resolver, name, DNS_A, ask_the_next, NULL, &question), 0);
	}
}

static bool all_are_answered(void *data)
{
	return questions_left == 0 && at_once == 0;
}

static void the_port_changes_under_load(void **state)
{
	questions_left = CHANNELS_TURN * 20;
	at_once = 0;
	ask_the_next(&questions_left, NULL);
	assert_true(loop_until(loop, all_are_answered, NULL));
	assert_int_equal(name_server_asked(server), CHANNELS_TURN * 20);
	assert_in_range(name_server_ports(server), 10, 40);
}

/* Callbacks that change what is being handed out. */
static struct asker victims[3];

static void cancel_the_others(void *data, const struct dns_answer *answer)
{
	note(data, answer);
	for (size_t i = 0; i < COUNT(victims); i++) {
		if (&victims[i] == data)
			continue;
		resolver_cancel(victims[i].question);
		victims[i].question = NULL;
	}
}

static int told_victims(void)
{
	return victims[0].told + victims[1].told + victims[2].told;
}

static bool one_is_told(void *data)
{
	return told_victims() > 0;
}

static void ask_for_victims(resolver_fn *fn)
{
	memset(victims, 0, sizeof(victims));
	for (size_t i = 0; i < COUNT(victims); i++)
		assert_int_equal(resolver_ask(resolver, i == 2 ? "b.example" : "a.example", DNS_A, fn, &victims[i],
					      &victims[i].question), 0);
}

static void a_callback_may_cancel_the_others(void **state)
{
	ask_for_victims(cancel_the_others);
	assert_true(loop_until(loop, one_is_told, NULL));
	loop_for(loop, 10);
	assert_int_equal(told_victims(), 1);
	/* The same of what the cache knows. */
	ask_for_victims(cancel_the_others);
	assert_true(loop_until(loop, one_is_told, NULL));
	assert_int_equal(told_victims(), 1);
}

static void destroy_it(void *data, const struct dns_answer *answer)
{
	note(data, answer);
	resolver_destroy(resolver);
	resolver = NULL;
}

static void a_callback_may_destroy_the_resolver(void **state)
{
	struct resolver_limits limits = usual_limits();

	ask_for_victims(destroy_it);
	assert_true(loop_until(loop, one_is_told, NULL));
	loop_for(loop, 10);
	assert_int_equal(told_victims(), 1);
	open_resolver(&limits);
	answer_to("a.example", DNS_A);
	answer_to("b.example", DNS_A);
	ask_for_victims(destroy_it);
	loop_for(loop, 10);
	assert_int_equal(told_victims(), 1);
}

static unsigned rounds;

static void ask_for_the_same(void *data, const struct dns_answer *answer)
{
	struct resolver_question *question;

	rounds++;
	assert_int_equal(resolver_ask(resolver, "name.example", DNS_A, ask_for_the_same, NULL, &question), 0);
}

static void who_asks_for_ever_does_not_keep_the_loop(void **state)
{
	answer_to("name.example", DNS_A);
	rounds = 0;
	ask_for_the_same(NULL, NULL);
	loop_for(loop, 20);
	assert_true(rounds > 2);
}

static void nothing_comes_after_the_end(void **state)
{
	struct asker one, other;

	tell("slow.example", STALLS, 0);
	answer_to("name.example", DNS_A);
	ask(&one, "name.example", DNS_A);
	ask(&other, "slow.example", DNS_A);
	resolver_destroy(resolver);
	resolver = NULL;
	loop_for(loop, 100);
	assert_int_equal(one.told + other.told, 0);
}

static void the_servers_of_the_system_are_taken(void **state)
{
	struct resolver_limits limits = usual_limits();

	limits.server_count = 0;
	open_resolver(&limits);
}

/* In a root without a file: asks, by UDP and TCP, as it will when it is confined. */
static int ask_without_files(const char *folder)
{
	struct resolver_limits limits;

	if (loop_create(&loop) < 0)
		return 1;
	server = name_server_create(loop);
	limits = usual_limits();
	if (resolver_create(loop, &limits, &resolver) < 0 || chroot(folder) < 0 || chdir("/") < 0)
		return 1;
	tell("name.example", SAYS_CUT, 0);
	for (int i = 0; i < 300; i++) {
		if (answer_to("name.example", DNS_A).outcome != DNS_FOUND)
			return 1;
	}
	return 0;
}

static void no_file_is_needed_after_create(void **state)
{
	char folder[] = "/tmp/wavebreak-resolver-XXXXXX";
	int status = -1;
	pid_t child;

	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(folder));
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(ask_without_files(folder));
	waitpid(child, &status, 0);
	rmdir(folder);
	assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_manner_of_a_server_has_its_outcome),
		TEST(who_asks_the_same_waits_for_one_question),
		TEST(what_is_known_is_not_asked_again),
		TEST(an_answer_is_kept_as_long_as_it_may_be),
		TEST(a_text_is_kept_until_it_is_shown),
		TEST(what_is_asked_anew_is_asked),
		TEST(a_cancelled_question_goes_on_for_the_cache),
		TEST(a_question_beyond_the_cap_is_refused),
		TEST(what_is_no_name_is_not_asked),
		TEST(limits_that_cannot_be_are_refused),
		TEST(a_server_that_is_not_there_is_told_from_the_loop),
		TEST(what_fails_within_the_question_is_told_at_once),
		TEST(the_next_server_is_asked_when_one_is_no_good),
		TEST(a_lost_question_is_sent_again),
		TEST(the_port_changes_under_load),
		TEST(a_callback_may_cancel_the_others),
		TEST(a_callback_may_destroy_the_resolver),
		TEST(who_asks_for_ever_does_not_keep_the_loop),
		TEST(nothing_comes_after_the_end),
		TEST(the_servers_of_the_system_are_taken),
		cmocka_unit_test(no_file_is_needed_after_create),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The zones beside the program that serves most of them, rbldnsd: skipped where it is neither installed
 * nor unpacked (tools/fetch-mail-server courier build/mail-servers). */
#include "resolve/zones.h"

#include "build_config.h"
#include "resolve/test_name_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
	const char *name, *text;
} files[] = {
	{ "bl4.zone", "$SOA 300 ns.example h.example 1 1h 1h 1w 5m\n$NS 300 ns.example\n"
		      ":127.0.0.3:Listed, see http://bl.example/?$\n127.0.0.2\n192.0.2.0/24\n" },
	{ "bl6.zone", ":127.0.0.3:Listed, see http://bl.example/?$\n::ffff:7f00:2\n2001:db8:66::/48\n" },
	{ "all.zone", ":127.0.0.2:All are bad\n0.0.0.0/1\n128.0.0.0/1\n" },
};

static char folder[] = "/tmp/wavebreak-rbldnsd-XXXXXX";
static pid_t rbldnsd = -1;
static struct loop *loop;
static struct resolver *resolver;
static struct zones *zones;

static bool find_rbldnsd(char path[4096])
{
	const char *unpacked = getenv("WAVEBREAK_MAIL_SERVERS");

	snprintf(path, 4096, "%s/courier-root/usr/sbin/rbldnsd",
		 unpacked ? unpacked : WAVEBREAK_SOURCE_DIR "/build/mail-servers");
	if (access(path, X_OK) == 0)
		return true;
	strcpy(path, "/usr/sbin/rbldnsd");
	return access(path, X_OK) == 0;
}

static void write_files(void)
{
	char path[128];

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
		file = fopen(path, "we");
		assert_non_null(file);
		fputs(files[i].text, file);
		assert_int_equal(fclose(file), 0);
	}
}

/* A port that nobody has just now. */
static uint16_t free_port(void)
{
	struct name_server *server = name_server_create(loop);
	uint16_t port = name_server_place(server).port;

	name_server_destroy(server);
	return port;
}

static void run_rbldnsd(const char *path, uint16_t port)
{
	const char *as_root = geteuid() == 0 ? "-unobody" : "-q";
	char bind_to[32];

	snprintf(bind_to, sizeof(bind_to), "127.0.0.1/%u", port);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stdout))
		execl(path, "rbldnsd", "-n", "-q", "-b", bind_to, "-w", folder, "-c", "0", as_root,
		      "bl.example:ip4set:bl4.zone", "bl.example:ip6trie:bl6.zone", "only4.example:ip4set:bl4.zone",
		      "all.example:ip4set:all.zone", NULL);
	_exit(127);
}

static bool is_called(void *data)
{
	return *(bool *)data;
}

static void note(void *data)
{
	*(bool *)data = true;
}

static struct zones_verdict verdict_of(const char *client_text)
{
	struct zones_verdict verdict;
	struct zones_look *look;
	struct addr client;
	bool called = false;

	assert_int_equal(addr_parse(bytes_of(client_text), &client), 0);
	assert_int_equal(zones_look(zones, &client, false, note, &called, &look), 0);
	assert_true(loop_until(loop, is_called, &called));
	zones_look_end(look, &verdict);
	return verdict;
}

static void open_resolver(uint16_t port)
{
	struct resolver_limits limits = {
		.servers = { { addr_from_ipv4((uint8_t[]){ 127, 0, 0, 1 }), port } },
		.server_count = 1, .questions = 100, .cache = 100, .timeout_ms = 1000, .tries = 2,
		.longest_ttl_s = 3600,
	};

	assert_int_equal(resolver_create(loop, &limits, &resolver), 0);
}

static void note_outcome(void *data, const struct dns_answer *answer)
{
	*(int *)data = answer->outcome;
}

static bool has_outcome(void *data)
{
	return *(int *)data >= 0;
}

static bool answers(void)
{
	struct resolver_question *question;
	int outcome = -1;

	assert_int_equal(resolver_ask(resolver, "2.0.0.127.bl.example", DNS_A, note_outcome, &outcome, &question), 0);
	assert_true(loop_until(loop, has_outcome, &outcome));
	return outcome == DNS_FOUND;
}

static bool all_are_tested(void *data)
{
	struct zone_health health;

	for (unsigned i = 0; i < zones_count(zones); i++) {
		zones_look_at_health(zones, i, &health);
		if (health.state == ZONE_UNTRIED || health.state6 == ZONE_UNTRIED)
			return false;
	}
	return true;
}

static void start(const char *path)
{
	static const struct zone_rule rules[] = {
		{ .name = "bl.example", .text = "", .weight = 4 },
		{ .name = "only4.example", .text = "", .weight = 2 },
		{ .name = "all.example", .text = "", .weight = 1 },
		{ .name = "not-served.example", .text = "", .weight = 1 },
	};
	uint16_t port = free_port();
	int tries = 100;

	write_files();
	rbldnsd = fork();
	assert_true(rbldnsd >= 0);
	if (rbldnsd == 0)
		run_rbldnsd(path, port);
	open_resolver(port);
	while (!answers()) {
		assert_true(--tries > 0);
		loop_for(loop, 50);
	}
	assert_int_equal(zones_create(loop, resolver, rules, COUNT(rules), &zones), 0);
	assert_true(loop_until(loop, all_are_tested, NULL));
}

static void what_rbldnsd_says_is_understood(void **state)
{
	/* It looks for ::ffff:7f00:2 among the IPv4 addresses, so a zone without any IPv6 passes that test too. */
	const struct { uint8_t state, trouble, state6, trouble6; } wanted[] = {
		{ ZONE_WELL, ZONE_NO_TROUBLE, ZONE_WELL, ZONE_NO_TROUBLE },
		{ ZONE_WELL, ZONE_NO_TROUBLE, ZONE_WELL, ZONE_NO_TROUBLE },
		{ ZONE_OUT, ZONE_LISTS_ALL, ZONE_OUT, ZONE_LISTS_ALL },
		{ ZONE_OUT, ZONE_SILENT, ZONE_OUT, ZONE_SILENT }, /* REFUSED */
	};
	struct zones_verdict verdict;
	struct addr client;
	char path[4096], text[ZONES_TEXT_SIZE];

	if (!find_rbldnsd(path)) {
		print_message("skipped: rbldnsd is not here (tools/fetch-mail-server courier build/mail-servers)\n");
		skip();
	}
	start(path);
	for (unsigned i = 0; i < COUNT(wanted); i++) {
		struct zone_health health;

		zones_look_at_health(zones, i, &health);
		assert_int_equal(health.state, wanted[i].state);
		assert_int_equal(health.trouble, wanted[i].trouble);
		assert_int_equal(health.state6, wanted[i].state6);
		assert_int_equal(health.trouble6, wanted[i].trouble6);
	}
	verdict = verdict_of("192.0.2.7");
	assert_int_equal(verdict.score, 6);
	assert_int_equal(verdict.listed, 3);
	assert_int_equal(verdict.answered, 3);
	verdict = verdict_of("198.51.100.7");
	assert_int_equal(verdict.listed, 0);
	assert_int_equal(verdict.answered, 3);
	verdict = verdict_of("2001:db8:66::7");
	assert_int_equal(verdict.listed, 1);
	assert_int_equal(verdict.answered, 3);
	assert_int_equal(verdict_of("2001:db8:67::7").listed, 0);
	/* Also that somebody is not listed is kept: its SOA says for how long. */
	assert_int_equal(addr_parse(BYTES_LITERAL("198.51.100.7"), &client), 0);
	assert_true(zones_known(zones, &client, false, &verdict));
	loop_for(loop, 20);
	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.7"), &client), 0);
	assert_string_equal(zones_text(zones, 0, &client, text), "Listed, see http://bl.example/?192.0.2.7");
}

static int set_up(void **state)
{
	return loop_create(&loop);
}

static int tear_down(void **state)
{
	char path[128];

	zones_destroy(zones);
	resolver_destroy(resolver);
	loop_destroy(loop);
	if (rbldnsd < 0)
		return 0;
	kill(rbldnsd, SIGTERM);
	waitpid(rbldnsd, NULL, 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_rbldnsd_says_is_understood, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

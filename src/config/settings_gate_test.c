/* SPDX-License-Identifier: Apache-2.0 */
/* The section gate, its zones, and the types that only it has. */
#include "config/setting_table.h"
#include "config/settings.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void load(const char *text, struct settings *ret)
{
	struct mistakes mistakes;
	int r = settings_parse(bytes_of(text), "test", ret, &mistakes);

	mistakes_print(&mistakes, stderr);
	assert_int_equal(r, 0);
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void check_endpoint(const struct endpoint *endpoint, const char *addr, unsigned port)
{
	struct addr none = { .family = ADDR_NONE }, expected = addr ? address(addr) : none;

	assert_true(addr_equal(&endpoint->addr, &expected));
	assert_int_equal(endpoint->port, port);
}

static void test_defaults(void **state)
{
	struct settings settings;

	load("", &settings);
	assert_int_equal(settings.gate_handoff, HANDOFF_NONE);
	assert_int_equal(settings.gate_listen.count, 1);
	check_endpoint(&settings.gate_listen.endpoints[0], NULL, 25);
	check_endpoint(&settings.gate_server, NULL, 0);
	assert_string_equal(settings.gate_name, "");
	assert_int_equal(settings.gate_greet_wait, 6000);
	assert_int_equal(settings.gate_early_talker, 2);
	assert_int_equal(settings.gate_reserve, 10);
	assert_int_equal(settings.gate_program.count, 0);
	assert_int_equal(settings.gate_resolvers.count, 0);
	assert_int_equal(settings.zone_count, 0);
	settings_free(&settings);

	load("gate { zone bl.example { } }", &settings);
	assert_int_equal(settings.zone_count, 1);
	assert_string_equal(settings.zones[0].name, "bl.example");
	assert_int_equal(settings.zones[0].weight, 2);
	assert_int_equal(settings.zones[0].replies.count, 0);
	assert_string_equal(settings.zones[0].text, "");
	settings_free(&settings);
}

static void test_a_gate(void **state)
{
	struct settings settings;

	load("gate {\n"
	     "  handoff    = exec\n"
	     "  listen     = 25, 192.0.2.1:2525, [2001:db8::1]:25, [::ffff:192.0.2.2]:25\n"
	     "  greet_wait = 0s\n"
	     "  helo       = 0\n"
	     "  name       = mx.example.org\n"
	     "  contact    = \"see https://mx.example.org/help, or call +49 30 0\"\n"
	     "  program    = /usr/sbin/exim4, -bs, -oMa, \"\", -bs\n"
	     "  user       = courier\n"
	     "  relay      = 192.0.2.0/24\n"
	     "  server     = [::1]:2525\n"
	     "  resolvers  = 127.0.0.1, 2001:db8::53, 127.0.0.1:5353, [::1]:53\n"
	     "  zone bl.example    { weight = 3   replies = 127.0.0.2-11 }\n"
	     "  zone white.example { weight = -2 }\n"
	     "}\n"
	     "gate { zone third.example { text = \"%a is listed\" } }",
	     &settings);
	assert_int_equal(settings.gate_handoff, HANDOFF_EXEC);
	assert_int_equal(settings.gate_listen.count, 4);
	check_endpoint(&settings.gate_listen.endpoints[0], NULL, 25);
	check_endpoint(&settings.gate_listen.endpoints[1], "192.0.2.1", 2525);
	check_endpoint(&settings.gate_listen.endpoints[2], "2001:db8::1", 25);
	check_endpoint(&settings.gate_listen.endpoints[3], "192.0.2.2", 25);
	assert_int_equal(settings.gate_helo, 0);
	assert_string_equal(settings.gate_name, "mx.example.org");
	assert_int_equal(settings.gate_program.count, 5);
	assert_string_equal(settings.gate_program.words[0], "/usr/sbin/exim4");
	assert_string_equal(settings.gate_program.words[3], "");
	assert_string_equal(settings.gate_program.words[4], "-bs");
	assert_string_equal(settings.gate_relay.entries[0].why, "gate.relay");
	check_endpoint(&settings.gate_server, "::1", 2525);
	assert_int_equal(settings.gate_resolvers.count, 4);
	check_endpoint(&settings.gate_resolvers.endpoints[0], "127.0.0.1", 53);
	check_endpoint(&settings.gate_resolvers.endpoints[1], "2001:db8::53", 53);
	check_endpoint(&settings.gate_resolvers.endpoints[2], "127.0.0.1", 5353);
	check_endpoint(&settings.gate_resolvers.endpoints[3], "::1", 53);
	assert_int_equal(settings.zone_count, 3);
	assert_string_equal(settings.zones[0].name, "bl.example");
	assert_int_equal(settings.zones[0].weight, 3);
	assert_int_equal(settings.zones[0].replies.count, 1);
	assert_int_equal(settings.zones[0].replies.ranges[0].first, 0x7f000002);
	assert_int_equal(settings.zones[0].replies.ranges[0].last, 0x7f00000b);
	assert_int_equal(settings.zones[1].weight, -2);
	assert_string_equal(settings.zones[2].text, "%a is listed");
	settings_free(&settings);
}

static const struct {
	const char *handoff, *rest;
} complete[] = {
	{ "none", "" },
	{ "exec", "program = /usr/sbin/exim4, -bs  user = mail" },
	{ "pass", "socket = /var/spool/postfix/private/smtpd" },
	{ "proxy", "server = 127.0.0.1:2525" },
	{ "transparent", "server = 127.0.0.1:2525" },
};

/* A server on the gate's port that is somewhere else. */
static const char *const elsewhere[] = {
	"gate { handoff = proxy  server = 192.0.2.1:25 }",
	"gate { handoff = transparent  server = 127.0.0.1:25  listen = 192.0.2.1:25 }",
	"gate { handoff = proxy  server = [2001:db8::1]:25  listen = 192.0.2.1:25 }",
};

static void test_a_steered_gate_needs_nothing_else(void **state)
{
	struct settings settings;

	load("gate { steer = suspect }", &settings);
	assert_int_equal(settings.gate_handoff, HANDOFF_TRANSPARENT);
	check_endpoint(&settings.gate_server, NULL, 0);
	settings_free(&settings);

	load("gate { steer = all\n handoff = proxy\n server = 127.0.0.1:25 }", &settings);
	assert_int_equal(settings.gate_handoff, HANDOFF_PROXY);
	check_endpoint(&settings.gate_server, "127.0.0.1", 25);
	settings_free(&settings);
}

static void test_handoffs(void **state)
{
	struct settings settings;
	char text[160];

	for (size_t i = 0; i < sizeof(complete) / sizeof(complete[0]); i++) {
		snprintf(text, sizeof(text), "gate { handoff = %s  %s }", complete[i].handoff, complete[i].rest);
		load(text, &settings);
		assert_int_equal(settings.gate_handoff, i);
		settings_free(&settings);
	}
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		load(elsewhere[i], &settings);
		settings_free(&settings);
	}
}

static const struct {
	const char *text, *mistakes;
} mistaken[] = {
	/* zones */
	{ "gate { zone { weight = 3 } }",
	  "t:1:8: a zone has a name of its own, written zone bl.example { ... }\n" },
	{ "gate { zone \"\" { } }",
	  "t:1:13: the name of a zone is a domain name such as bl.example, and '' is not\n" },
	{ "gate { zone bl_example. { } }",
	  "t:1:13: the name of a zone is a domain name such as bl.example, and 'bl_example.' is not\n" },
	{ "gate { zone 192.0.2.1 { } }",
	  "t:1:13: the name of a zone is a domain name such as bl.example, and '192.0.2.1' is not\n" },
	{ "gate {\n zone a.example { }\n zone b.example { }\n}\ngate { zone A.Example { } }",
	  "t:5:13: the zone 'A.Example' is there a second time, first in line 2\n" },
	{ "gate { zone a.example { wieght = 3 } }",
	  "t:1:25: 'wieght' is not a setting of zone; did you mean 'weight'?\n" },
	{ "gate { zone a.example { greet_wait = 3s } }", "t:1:25: 'greet_wait' is not a setting of zone\n" },
	{ "gate { zone a.example { weight = 1\nweight = 2 } }",
	  "t:2:1: zone.weight is set a second time, first in line 1\n" },
	{ "gate { zone a.example { zone b.example { } } }", "t:1:25: 'zone' is not a section of zone\n" },
	{ "gate { zoen a.example { } }",
	  "t:1:8: 'zoen' is not a section of gate; did you mean 'zone'?\n" },
	{ "gate { zone = bl.example }",
	  "t:1:8: 'zone' is a section, written zone bl.example { ... }\n" },
	{ "zone bl.example { weight = 3 }", "t:1:1: 'zone' is a section within gate { ... }\n" },
	{ "gate mx { }", "t:1:6: the section gate takes no name of its own\n" },
	{ "gate { weight = 3 }", "t:1:8: 'weight' is not a setting of gate\n" },
	{ "gate { zone a/b { weight = 101  text = 5, 6 } }",
	  "t:1:13: the name of a zone is a domain name such as bl.example, and 'a/b' is not\n"
	  "t:1:28: zone.weight: 101 is more than 100 at most\n"
	  "t:1:43: zone.text takes one value\n" },
	/* WEIGHT and INTEGER */
	{ "gate { zone a.example { weight = 0 } }",
	  "t:1:34: zone.weight: '0' is not a whole number other than 0, such as 2 or -2\n" },
	{ "gate { zone a.example { weight = -101 } }", "t:1:34: zone.weight: -101 is less than -100 at least\n" },
	{ "gate { zone a.example { weight = -99999999999999999999 } }",
	  "t:1:34: zone.weight: -99999999999999999999 is less than -100 at least\n" },
	{ "gate { zone a.example { weight = +2 } }",
	  "t:1:34: zone.weight: '+2' is not a whole number other than 0, such as 2 or -2\n" },
	{ "gate { helo = -1 }", "t:1:15: gate.helo: -1 is less than 0 at least\n" },
	{ "gate { helo = 99999999999999999999 }",
	  "t:1:15: gate.helo: 99999999999999999999 is more than 100 at most\n" },
	{ "gate { helo = - }", "t:1:15: gate.helo: '-' is not a whole number\n" },
	{ "gate { helo = 1- }", "t:1:15: gate.helo: '1-' is not a whole number\n" },
	/* REPLIES */
	{ "gate { zone a.example { replies = 127.0.0.2, 126.0.0.1 } }",
	  "t:1:46: zone.replies: 126.0.0.1 is outside of 127.0.0.0/8, where the answers of DNS lists are\n" },
	{ "gate { zone a.example { replies = 127.0.0.2-128.0.0.1 } }",
	  "t:1:35: zone.replies: 127.0.0.2-128.0.0.1 is outside of 127.0.0.0/8, where the answers of DNS lists "
	  "are\n" },
	{ "gate { zone a.example { replies = 0.0.0.0/0 } }",
	  "t:1:35: zone.replies: 0.0.0.0/0 is outside of 127.0.0.0/8, where the answers of DNS lists are\n" },
	{ "gate { zone a.example { replies = 127.0.0.2/24 } }",
	  "t:1:35: zone.replies: 127.0.0.2/24 is an address within a network, not the network's own\n" },
	{ "gate { zone a.example { replies = 127.0.0.2, 127.0.0.2-2 } }",
	  "t:1:46: zone.replies: 127.0.0.2-2 is there twice\n" },
	{ "gate { zone a.example { replies = 127.0.0.11-2 } }",
	  "t:1:35: zone.replies: '127.0.0.11-2' is not an answer, or answers, such as 127.0.0.2, 127.0.0.4-11 or "
	  "127.0.1.0/24\n" },
	{ "gate { zone a.example { replies = 127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4, 127.0.0.5, 127.0.0.6,\n"
	  "127.0.0.7, 127.0.0.8, 127.0.0.9 } }",
	  "t:1:35: zone.replies: more than 8 entries\n" },
	/* what an SMTP reply holds */
	{ "gate { contact = \"Gr\xc3\xbc\xc3\x9f\" }",
	  "t:1:18: gate.contact: 'Gr\\xc3\\xbc\\xc3\\x9f' is not of printable ASCII alone, as a reply of SMTP has to "
	  "be\n" },
	{ "gate { contact = \"a\tb\" }",
	  "t:1:18: gate.contact: 'a\\x09b' is not of printable ASCII alone, as a reply of SMTP has to be\n" },
	{ "gate { name = mx_.example. }",
	  "t:1:15: gate.name: 'mx_.example.' is not a domain name such as mx.example.org\n" },
	/* HANDOFF */
	{ "gate { handoff = transparant }",
	  "t:1:18: gate.handoff: 'transparant' is not a way to hand over clients; did you mean 'transparent'?\n" },
	{ "gate { handoff = exec }", "t:1:8: gate.handoff = exec needs gate.program, which is empty\n"
				     "t:1:8: gate.handoff = exec needs gate.user, which is empty\n" },
	{ "gate { program = /bin/true\n user = \"\"\n handoff = exec }",
	  "t:3:2: gate.handoff = exec needs gate.user, which is empty\n" },
	{ "gate { handoff = pass  server = 127.0.0.1:25 }",
	  "t:1:8: gate.handoff = pass needs gate.socket, which is empty\n" },
	{ "gate { handoff = proxy  server = \"\" }",
	  "t:1:8: gate.handoff = proxy needs gate.server, which is empty\n" },
	{ "gate { handoff = transparent }",
	  "t:1:8: gate.handoff = transparent needs gate.server, which is empty\n" },
	{ "gate { handoff = exec  program = /usr/sbin/exim4, -bs  user = mail\n auth = yes }",
	  "t:2:2: gate.auth with gate.handoff = exec is for Courier's programs alone\n" },
	{ "gate { handoff = exec  program = /courier/sendmail, -bs  user = mail\n auth = yes }",
	  "t:2:2: gate.auth with gate.handoff = exec is for Courier's programs alone\n" },
	{ "gate { handoff = transparent\n server = 25 }",
	  "t:2:2: gate.server is where the gate itself listens (gate.listen); the mail server has to be elsewhere\n" },
	{ "gate { handoff = proxy  server = 127.0.0.1:25 }",
	  "t:1:25: gate.server is where the gate itself listens (gate.listen); the mail server has to be elsewhere\n" },
	{ "gate { handoff = proxy  server = [::1]:2500  listen = 25, 2500 }",
	  "t:1:25: gate.server is where the gate itself listens (gate.listen); the mail server has to be elsewhere\n" },
	{ "gate { handoff = proxy  server = 192.0.2.1:25  listen = 192.0.2.1:25 }",
	  "t:1:25: gate.server is where the gate itself listens (gate.listen); the mail server has to be elsewhere\n" },
	/* PROGRAM */
	{ "gate { program = exim4, -bs }",
	  "t:1:18: gate.program: 'exim4' is not the absolute path of a program\n"
	  "t:1:25: gate.program: '-bs' is not the absolute path of a program\n" },
	{ "gate { program = \"\" }", "t:1:18: gate.program: '' is not the absolute path of a program\n" },
	/* endpoints */
	{ "gate { listen = 25, 25 }", "t:1:21: gate.listen: 25 is there twice\n" },
	{ "gate { listen = 0 }",
	  "t:1:17: gate.listen: '0' is not a port, or an address and a port such as 192.0.2.1:25 or "
	  "[2001:db8::1]:25\n" },
	{ "gate { listen = 1,2,3,4,5,6,7,8,9 }", "t:1:17: gate.listen: more than 8 endpoints\n" },
	{ "gate { server = ::1 }",
	  "t:1:17: gate.server: '::1' is not a port, or an address and a port such as 127.0.0.1:2525 or "
	  "[::1]:2525\n" },
	{ "gate { resolvers = 53 }",
	  "t:1:20: gate.resolvers: '53' is not an address, or an address and a port such as 127.0.0.1:53 or "
	  "[::1]:53\n" },
	{ "gate { resolvers = ::1, [::1]:53 }", "t:1:25: gate.resolvers: [::1]:53 is there twice\n" },
	/* bounds */
	{ "gate { recipients = 99 }", "t:1:21: gate.recipients: 99 is less than 100 at least\n" },
	{ "gate { greet_wait = 31s }", "t:1:21: gate.greet_wait: 31s is more than 30s at most\n" },
	{ "gate { dns_wait = 99ms }", "t:1:19: gate.dns_wait: 99ms is less than 100ms at least\n" },
	{ "gate { reserve = 91% }", "t:1:18: gate.reserve: 91% is more than 90% at most\n" },
	{ "gate { proxy_version = 3 }", "t:1:24: gate.proxy_version: 3 is more than 2 at most\n" },
};

static void check_mistakes(const char *text, const char *expected)
{
	struct settings settings;
	struct mistakes mistakes;
	char *told;
	size_t size;
	FILE *out = open_memstream(&told, &size);

	assert_int_equal(settings_parse(bytes_of(text), "t", &settings, &mistakes), -EINVAL);
	mistakes_print(&mistakes, out);
	fclose(out);
	assert_string_equal(told, expected);
	free(told);
}

static void test_mistakes(void **state)
{
	for (size_t i = 0; i < sizeof(mistaken) / sizeof(mistaken[0]); i++)
		check_mistakes(mistaken[i].text, mistaken[i].mistakes);
}

/* "gate { zone x0.example { } … }", a zone a line. */
static void many_zones(unsigned count, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "gate {\n");

	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "zone x%u.example { weight = %u }\n", i, i + 1);
	snprintf(text + used, size - used, "}");
}

static void test_most_zones(void **state)
{
	struct settings settings;
	char text[4096];

	many_zones(SETTINGS_ZONES_MOST, text, sizeof(text));
	load(text, &settings);
	assert_int_equal(settings.zone_count, SETTINGS_ZONES_MOST);
	assert_string_equal(settings.zones[31].name, "x31.example");
	assert_int_equal(settings.zones[31].weight, 32);
	settings_free(&settings);
	many_zones(SETTINGS_ZONES_MOST + 1, text, sizeof(text));
	check_mistakes(text, "t:34:1: more than 32 zones\n");
}

static void test_longest_texts(void **state)
{
	struct settings settings;
	char text[400];

	/* Of 63 + 1 + 63 + 1 + 61, and one more. */
	snprintf(text, sizeof(text), "gate { zone %063d.%063d.%061d { } }", 0, 0, 0);
	memset(strchr(text, '0'), 'a', 63);
	memset(strrchr(text, '.') + 1, 'c', 61);
	load(text, &settings);
	assert_int_equal(strlen(settings.zones[0].name), SETTINGS_ZONE_NAME_MOST);
	settings_free(&settings);
	snprintf(text, sizeof(text), "gate { zone %063d.%063d.a%061d { } }", 0, 0, 0);
	check_mistakes(text, "t:1:13: '000000000000000000000000000000000000000000000000000000000000...' is too long to "
			     "be asked about IPv6 addresses: more than 189 bytes\n");
	snprintf(text, sizeof(text), "gate { contact = %0120d  zone bl.example { text = %0160d } }", 0, 0);
	load(text, &settings);
	settings_free(&settings);
	snprintf(text, sizeof(text), "gate { contact = %0121d  zone bl.example { text = %0161d } }", 0, 0);
	check_mistakes(text, "t:1:18: gate.contact: more than 120 bytes\nt:1:166: zone.text: more than 160 bytes\n");
}

/* A value of a type, and how it is printed; NULL when it is none. */
static const struct {
	const struct setting_type *type;
	const char *text, *printed;
} values[] = {
	{ &setting_type_INTEGER, "0", "0" },
	{ &setting_type_INTEGER, "-0", "0" },
	{ &setting_type_INTEGER, "007", "7" },
	{ &setting_type_INTEGER, "-2147483648", "-2147483647" },
	{ &setting_type_INTEGER, "--1", NULL },
	{ &setting_type_INTEGER, "", NULL },
	{ &setting_type_WEIGHT, "-0", NULL },
	{ &setting_type_ENDPOINT, "", "\"\"" },
	{ &setting_type_ENDPOINT, "192.0.2.1:65535", "192.0.2.1:65535" },
	{ &setting_type_ENDPOINT, "[2001:DB8:0::1]:1", "[2001:db8::1]:1" },
	{ &setting_type_ENDPOINT, "2525", "2525" },
	{ &setting_type_ENDPOINT, "0", NULL },
	{ &setting_type_ENDPOINT, "192.0.2.1", NULL },
	{ &setting_type_ENDPOINT, "192.0.2.1:", NULL },
	{ &setting_type_ENDPOINT, "192.0.2.1:0", NULL },
	{ &setting_type_ENDPOINT, "192.0.2.1:65536", NULL },
	{ &setting_type_ENDPOINT, "192.0.2.1:25x", NULL },
	{ &setting_type_ENDPOINT, "[192.0.2.1]:25", NULL },
	{ &setting_type_ENDPOINT, "2001:db8::1:25", NULL },
	{ &setting_type_ENDPOINT, "[2001:db8::1]", NULL },
	{ &setting_type_ENDPOINT, "[2001:db8::1]25", NULL },
	{ &setting_type_ENDPOINT, "[2001:db8::1:25", NULL },
	{ &setting_type_ENDPOINT, "[", NULL },
	{ &setting_type_ENDPOINT, "[]:25", NULL },
	{ &setting_type_ENDPOINT, ":25", NULL },
	{ &setting_type_ENDPOINTS, "587", "587" },
	{ &setting_type_ENDPOINTS, "", NULL },
	{ &setting_type_ENDPOINTS, "localhost:25", NULL },
	{ &setting_type_RESOLVERS, "192.0.2.53:53", "192.0.2.53" },
	{ &setting_type_RESOLVERS, "[::1]:5353", "[::1]:5353" },
	{ &setting_type_RESOLVERS, "[::1]", NULL },
	{ &setting_type_RESOLVERS, "", NULL },
	{ &setting_type_REPLIES, "127.0.0.2", "127.0.0.2" },
	{ &setting_type_REPLIES, "127.0.0.2-2", "127.0.0.2" },
	{ &setting_type_REPLIES, "127.0.0.4-127.0.0.8", "127.0.0.4-8" },
	{ &setting_type_REPLIES, "127.0.0.4-127.0.1.8", "127.0.0.4-127.0.1.8" },
	{ &setting_type_REPLIES, "127.0.1.0/24", "127.0.1.0-255" },
	{ &setting_type_REPLIES, "127.0.0.0/8", "127.0.0.0-127.255.255.255" },
	{ &setting_type_REPLIES, "127.0.0.2/32", "127.0.0.2" },
	{ &setting_type_REPLIES, "127.0.0.2-256", NULL },
	{ &setting_type_REPLIES, "127.0.0.2-", NULL },
	{ &setting_type_REPLIES, "-11", NULL },
	{ &setting_type_REPLIES, "2-11", NULL },
	{ &setting_type_REPLIES, "127.0.0.2-4-8", NULL },
	{ &setting_type_REPLIES, "127.0.1.0/33", NULL },
	{ &setting_type_REPLIES, "::ffff:127.0.0.2", NULL },
	{ &setting_type_REPLIES, "127.0.0.2-::ffff:127.0.0.4", NULL },
	{ &setting_type_REPLIES, "", NULL },
	{ &setting_type_HOSTNAME, "", "\"\"" },
	{ &setting_type_HOSTNAME, "Mx.example", "Mx.example" },
	{ &setting_type_HOSTNAME, "192.0.2.1", NULL },
	{ &setting_type_HANDOFF, "pass", "pass" },
	{ &setting_type_HANDOFF, "", NULL },
	{ &setting_type_HANDOFF, "EXEC", NULL },
};

static void test_values(void **state)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct setting_type *type = values[i].type;
		union { /* room for any field */
			struct endpoint_list list;
			struct endpoint endpoint;
			void *pointer;
		} field;
		int r;
		char *text;
		size_t size;
		FILE *out;

		memset(&field, 0, sizeof(field));
		r = type->take(&field, bytes_of(values[i].text), "");
		if (r != (values[i].printed ? 0 : -EINVAL))
			fail_msg("'%s': %d", values[i].text, r);
		if (values[i].printed) {
			out = open_memstream(&text, &size);
			type->print(&field, out);
			fclose(out);
			assert_string_equal(text, values[i].printed);
			free(text);
		}
		type->clear(&field);
	}
}

/* Numbers below zero sort below the others. */
static void test_integers_sort(void **state)
{
	static const int integers[] = { INT_MIN, -100, -1, 0, 1, 100, INT_MAX };

	for (size_t i = 1; i < sizeof(integers) / sizeof(integers[0]); i++)
		assert_true(setting_type_INTEGER.measure(&integers[i - 1]) <
			    setting_type_INTEGER.measure(&integers[i]));
}

static char *printed(const struct settings *settings)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	settings_print(settings, out);
	fclose(out);
	return text;
}

static void test_print(void **state)
{
	struct settings settings, again;
	char *first, *second;

	load("gate { handoff = exec  program = /bin/x, \"a b\", \"\"  user = mail  server = [::1]:25\n"
	     "listen = 25, [::]:587  resolvers = ::1\n"
	     "zone bl.example { weight = 3  replies = 127.0.0.2-11, 127.0.1.0/24 }\n"
	     "zone white.example { weight = -2  text = \"%a is \\\"good\\\"\" } }",
	     &settings);
	first = printed(&settings);
	assert_non_null(strstr(first, "\ngate {\n  handoff = exec  # default: none\n"
				      "  listen = 25, [::]:587  # default: 25\n"));
	assert_non_null(strstr(first, "  program = /bin/x, \"a b\", \"\"  # default: empty\n"));
	assert_non_null(strstr(first, "  server = [::1]:25  # default: \"\"\n"));
	assert_non_null(strstr(first, "  resolvers = ::1  # default: empty\n"));
	assert_non_null(strstr(first, "  zone bl.example {\n"
				      "    weight = 3  # default: 2\n"
				      "    replies = 127.0.0.2-11, 127.0.1.0-255  # default: empty\n"
				      "    text = \"\"\n"
				      "  }\n"
				      "  zone white.example {\n"
				      "    weight = -2  # default: 2\n"
				      "    # replies is empty\n"
				      "    text = \"%a is \\\"good\\\"\"  # default: \"\"\n"
				      "  }\n"
				      "}\n"));
	load(first, &again);
	second = printed(&again);
	assert_string_equal(first, second);
	assert_int_equal(again.zone_count, 2);
	assert_int_equal(again.gate_program.count, 3);
	free(first);
	free(second);
	settings_free(&settings);
	settings_free(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_a_gate),
		cmocka_unit_test(test_a_steered_gate_needs_nothing_else),
		cmocka_unit_test(test_handoffs),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_most_zones),
		cmocka_unit_test(test_longest_texts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_integers_sort),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

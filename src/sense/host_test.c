/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
	const char *line, *address; /* NULL: the line names none */
};

static void check(const struct row *rows, size_t count, int (*of_line)(struct bytes, struct addr *))
{
	for (size_t i = 0; i < count; i++) {
		char text[ADDR_TEXT_SIZE];
		struct addr addr;
		int r = of_line(bytes_of(rows[i].line), &addr);

		assert_int_equal(r, rows[i].address ? 0 : -ENOENT);
		if (r == 0)
			assert_string_equal(addr_format(&addr, text), rows[i].address);
	}
}

/* The kernel prints the 32 bits as a number of this machine: here, where tests run, the first
 * octet is the lowest. */
static void gateways_of_ipv4(void **state)
{
	static const struct row rows[] = {
		{ "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT", NULL },
		{ "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0", "192.0.2.1" },
		{ "eth0\t006433C6\tfe0200c0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0", "192.0.2.254" },
		{ "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", NULL },
		{ "eth0 00000000 010200C0", "192.0.2.1" },
		{ "eth0\t00000000\t010200C", NULL },
		{ "eth0\t00000000\t010200C00", NULL },
		{ "eth0\t00000000\t010200CG", NULL },
		{ "eth0\t00000000\t-10200C0", NULL },
		{ "eth0\t00000000", NULL },
		{ "eth0", NULL },
		{ "\t\t\t\t", NULL },
		{ "", NULL },
	};

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	skip();
#endif
	check(rows, COUNT(rows), host_gateway4_of_line);
}

static void gateways_of_ipv6(void **state)
{
#define ZERO "00000000000000000000000000000000"
	static const struct row rows[] = {
		{ ZERO " 00 " ZERO " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0",
		  "fe80::1" },
		{ ZERO " 00 " ZERO " 00 20010DB8000000000000000000000001 00000400 00000001 00000000 00000003     eth0",
		  "2001:db8::1" },
		{ "20010db8000000000000000000000000 40 " ZERO " 00 " ZERO " 00000100 00000001 00000000 00000001 eth0",
		  NULL },
		/* A gateway for IPv4 by way of an IPv6 route. */
		{ ZERO " 60 " ZERO " 00 00000000000000000000ffffc0000201 00000400 00000001 00000000 00000003 eth0",
		  "192.0.2.1" },
		{ ZERO " 00 " ZERO " 00 fe80000000000000000000000000001 00000400", NULL },
		{ ZERO " 00 " ZERO " 00 fe8000000000000000000000000000011 00000400", NULL },
		{ ZERO " 00 " ZERO " 00 fe80:0000000000000000000000000001 00000400", NULL },
		{ ZERO " 00 " ZERO " 00", NULL },
		{ "", NULL },
	};

	check(rows, COUNT(rows), host_gateway6_of_line);
}

static void resolvers(void **state)
{
	static const struct row rows[] = {
		{ "nameserver 192.0.2.53", "192.0.2.53" },
		{ "nameserver\t192.0.2.53", "192.0.2.53" },
		{ "nameserver   2001:db8::53   # the second", "2001:db8::53" },
		{ "nameserver fe80::1%eth0", "fe80::1" },
		{ "nameserver 127.0.0.53", "127.0.0.53" },
		{ "nameserver", NULL },
		{ "nameserver ", NULL },
		{ "nameserver %eth0", NULL },
		{ "nameserver example", NULL },
		{ "nameserver 192.0.2.53:53", NULL },
		{ "nameservers 192.0.2.53", NULL },
		{ "name 192.0.2.53", NULL },
		{ "# nameserver 192.0.2.53", NULL },
		{ "#nameserver 192.0.2.53", NULL },
		{ "search nameserver 192.0.2.53", NULL },
		{ "options edns0", NULL },
		{ "", NULL },
	};

	check(rows, COUNT(rows), host_resolver_of_line);
}

static void a_line_may_hold_anything(void **state)
{
	static int (*const readers[])(struct bytes, struct addr *) = { host_gateway4_of_line, host_gateway6_of_line,
								       host_resolver_of_line };
	static const char alphabet[] = "\0 \t%:.#nameserver0F1f\xff";
	char line[80];
	struct addr addr;

	srand(4);
	for (int round = 0; round < 50000; round++) {
		size_t size = (size_t)rand() % sizeof(line);

		for (size_t i = 0; i < size; i++)
			line[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
		for (size_t i = 0; i < COUNT(readers); i++) {
			int r = readers[i](bytes_make(line, size), &addr);

			assert_true(r == -ENOENT || (r == 0 && (addr.family == ADDR_IPV4 || addr.family == ADDR_IPV6)));
		}
	}
}

static const struct prefix_entry *find(const struct prefix_set *set, const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return prefix_set_find(set, &addr);
}

static void this_host_protects_its_loopback_and_translated_ipv4(void **state)
{
	struct prefix_set never = { 0 };

	assert_int_equal(host_protect(&never), 0);
	assert_string_equal(find(&never, "127.0.0.1")->why, "loopback");
	assert_string_equal(find(&never, "127.9.9.9")->why, "loopback");
	assert_string_equal(find(&never, "::1")->why, "loopback");
	assert_non_null(find(&never, "64:ff9b::192.0.2.7"));
	assert_non_null(find(&never, "64:ff9b::"));
	assert_non_null(find(&never, "64:ff9b:1:7::c000:207"));
	assert_non_null(find(&never, "::ffff:0:192.0.2.7"));
	assert_null(find(&never, "64:ff9c::192.0.2.7"));
	/* 192.0.2.7 behind a translator, and the /64 that it would be banned by. */
	assert_non_null(find(&never, "64:ff9b::c000:207"));
	assert_non_null(find(&never, "64:ff9b::"));
	assert_non_null(find(&never, "64:ff9b:1:ffff::"));
	assert_non_null(find(&never, "::ffff:0:c000:207"));
	assert_null(find(&never, "64:ff9b:2::"));
	/* TEST-NET-3 is nobody's (RFC 5737). */
	assert_null(find(&never, "203.0.113.77"));
	prefix_set_clear(&never);
}

static void what_is_this_machines_own(void **state)
{
	static const struct {
		const char *addr;
		bool own;
	} rows[] = {
		{ "127.0.0.1", true }, { "127.8.9.1", true }, { "::1", true }, { "::2", false },
		{ "192.0.2.1", false }, { "64:ff9b::c000:201", false },
	};
	struct prefix_set never = { 0 };
	struct prefix prefix;
	struct addr addr;

	assert_int_equal(prefix_parse(bytes_of("192.0.2.0/24"), &prefix), 0);
	assert_in_range(host_protect(&never), 0, HOST_INCOMPLETE);
	assert_int_equal(prefix_set_add(&never, &prefix, "ban.never"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(addr_parse(bytes_of(rows[i].addr), &addr), 0);
		assert_int_equal(host_is_own(&never, &addr), rows[i].own);
	}
	prefix_set_clear(&never);
}

static void names_of_mailname(void **state)
{
	char name[HOST_NAME_SIZE], longest[HOST_NAME_SIZE + 64];

	assert_int_equal(host_name_of_mailname(BYTES_LITERAL("mx.example.test\n"), name), 0);
	assert_string_equal(name, "mx.example.test");
	assert_int_equal(host_name_of_mailname(BYTES_LITERAL(" mx \nother"), name), 0);
	assert_string_equal(name, "mx");
	assert_int_equal(host_name_of_mailname(BYTES_LITERAL(""), name), -ENOENT);
	assert_int_equal(host_name_of_mailname(BYTES_LITERAL("two words\n"), name), -ENOENT);
	assert_int_equal(host_name_of_mailname(BYTES_LITERAL("mx\r\n250 forged"), name), 0);
	assert_string_equal(name, "mx");
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(host_name_of_mailname(bytes_make(longest, sizeof(longest)), name), -ENOENT);
	assert_string_not_equal(host_mail_name(name), "");
}

static void a_full_set_is_said(void **state)
{
	struct prefix_set never = { 0 };
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of("203.0.113.0"), &prefix), 0);
	for (unsigned i = 0; i < PREFIX_SET_MAX; i++) {
		prefix.addr.octets[2] = (uint8_t)(i >> 8);
		prefix.addr.octets[3] = (uint8_t)i;
		assert_int_equal(prefix_set_add(&never, &prefix, "many"), 0);
	}
	assert_int_equal(host_protect(&never), -ENOSPC);
	prefix_set_clear(&never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gateways_of_ipv4),
		cmocka_unit_test(gateways_of_ipv6),
		cmocka_unit_test(resolvers),
		cmocka_unit_test(a_line_may_hold_anything),
		cmocka_unit_test(this_host_protects_its_loopback_and_translated_ipv4),
		cmocka_unit_test(what_is_this_machines_own),
		cmocka_unit_test(names_of_mailname),
		cmocka_unit_test(a_full_set_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

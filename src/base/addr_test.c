/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/un.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void read_and_written(void **state)
{
	static const struct {
		const char *text;
		enum addr_family family;
		const char *written;
	} rows[] = {
		{ "192.0.2.7", ADDR_IPV4, "192.0.2.7" },
		{ "0.0.0.0", ADDR_IPV4, "0.0.0.0" },
		{ "255.255.255.255", ADDR_IPV4, "255.255.255.255" },
		{ "::ffff:192.0.2.7", ADDR_IPV4, "192.0.2.7" },
		{ "::FFFF:c000:0207", ADDR_IPV4, "192.0.2.7" },
		{ "0:0:0:0:0:ffff:192.0.2.7", ADDR_IPV4, "192.0.2.7" },
		{ "::", ADDR_IPV6, "::" },
		{ "::1", ADDR_IPV6, "::1" },
		{ "2001:DB8::7", ADDR_IPV6, "2001:db8::7" },
		{ "2001:0db8:0000:0001:0000:0000:0000:0007", ADDR_IPV6, "2001:db8:0:1::7" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", ADDR_IPV6,
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		/* RFC 5952 section 4.2: the first of the longest, and never a single one. */
		{ "2001:db8:0:0:1:0:0:1", ADDR_IPV6, "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", ADDR_IPV6, "2001:db8:0:1:1:1:1:1" },
		/* Not the mapped prefix, though it looks like it. */
		{ "::ffff:0:192.0.2.7", ADDR_IPV6, "::ffff:0:c000:207" },
		{ "64:ff9b::192.0.2.7", ADDR_IPV6, "64:ff9b::c000:207" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr = addr_of(rows[i].text), again;
		char text[ADDR_TEXT_SIZE];

		assert_int_equal(addr.family, rows[i].family);
		assert_string_equal(addr_format(&addr, text), rows[i].written);
		again = addr_of(text);
		assert_true(addr_equal(&addr, &again));
	}
}

static void no_address(void **state)
{
	static const char *const rows[] = {
		"", " ", "192.0.2", "192.0.2.7.1", "192.0.2.256", "192.0.2.07", "0x7f.0.0.1", "2130706433",
		" 192.0.2.7", "192.0.2.7 ", "192.0.2.7:25", "[::1]", "[192.0.2.7]", "::1%lo", "fe80::1%eth0",
		":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::g", "12345::", "::ffff:192.0.2.256",
		"192.0.2.7/32", "example", "-1.0.0.0", "+1.0.0.0", "1..2.3",
		"0000:0000:0000:0000:0000:0000:255.255.255.2555",
		"00000000000000000000000000000000000000000000000000000000000001",
	};
	struct addr addr = { .family = 99 };

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(addr_parse(bytes_of(rows[i]), &addr), -EINVAL);
	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.7\0"), &addr), -EINVAL);
	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.7\0001"), &addr), -EINVAL);
	assert_int_equal(addr_parse((struct bytes){ NULL, 0 }, &addr), -EINVAL);
	assert_int_equal(addr.family, 99);
}

static void only_the_view_is_read(void **state)
{
	struct addr expected = addr_of("192.0.2.1"), addr;

	assert_int_equal(addr_parse(bytes_first(bytes_of("192.0.2.17"), 9), &addr), 0);
	assert_true(addr_equal(&addr, &expected));
}

static void equal_when_the_bytes_are(void **state)
{
	struct addr dressed = addr_of("::ffff:192.0.2.7"), plain = addr_of("192.0.2.7");
	struct addr zero4 = addr_of("0.0.0.0"), zero6 = addr_of("::");

	assert_true(addr_equal(&dressed, &plain));
	assert_false(addr_equal(&zero4, &zero6));
	for (size_t i = 4; i < sizeof(plain.octets); i++)
		assert_int_equal(plain.octets[i], 0);
}

static void from_sockaddr(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(25) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct addr expected = addr_of("192.0.2.7"), addr;

	inet_pton(AF_INET, "192.0.2.7", &in.sin_addr);
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr);
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&in, sizeof(in), &addr), 0);
	assert_true(addr_equal(&addr, &expected));
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&in6, sizeof(in6), &addr), 0);
	assert_true(addr_equal(&addr, &expected));

	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&in, sizeof(in) - 1, &addr), -EAFNOSUPPORT);
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&in6, sizeof(in6) - 1, &addr), -EAFNOSUPPORT);
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&sun, sizeof(sun), &addr), -EAFNOSUPPORT);
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&in, 0, &addr), -EAFNOSUPPORT);
}

static void to_sockaddr(void **state)
{
	struct addr four = addr_of("192.0.2.7"), six = addr_of("2001:db8::7"), none = { .family = ADDR_NONE }, back;
	struct sockaddr_storage sa;
	socklen_t size = addr_to_sockaddr(&four, 2525, &sa);

	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&sa, size, &back), 0);
	assert_true(addr_equal(&back, &four));
	assert_int_equal(((const struct sockaddr_in *)&sa)->sin_port, htons(2525));
	size = addr_to_sockaddr(&six, 25, &sa);
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&sa, size, &back), 0);
	assert_true(addr_equal(&back, &six));
	assert_int_equal(((const struct sockaddr_in6 *)&sa)->sin6_port, htons(25));
	assert_int_equal(addr_to_sockaddr(&none, 25, &sa), sizeof(struct sockaddr_in6));
	assert_int_equal(sa.ss_family, AF_INET6);
	assert_memory_equal(&((const struct sockaddr_in6 *)&sa)->sin6_addr, &in6addr_any, sizeof(in6addr_any));
}

static void units(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "2001:db8:0:1::", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64" },
		{ "::1", "::/64" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff::/64" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888", "1111:2222:3333:4444::/64" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr = addr_of(rows[i][0]), unit = addr_unit(&addr), again = addr_unit(&unit);
		char text[ADDR_UNIT_TEXT_SIZE];

		assert_string_equal(addr_unit_format(&unit, text), rows[i][1]);
		assert_true(addr_equal(&unit, &again));
	}
}

static void loopback(void **state)
{
	static const struct {
		const char *text;
		bool is_loopback;
	} rows[] = {
		{ "127.0.0.1", true }, { "127.255.255.255", true }, { "::ffff:127.0.0.1", true }, { "::1", true },
		{ "128.0.0.1", false }, { "::", false }, { "::2", false }, { "1::1", false }, { "7f00::1", false },
	};
	struct addr addr = { 0 };

	assert_false(addr_is_loopback(&addr));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(addr_parse(bytes_of(rows[i].text), &addr), 0);
		assert_int_equal(addr_is_loopback(&addr), rows[i].is_loopback);
	}
}

static void none_is_written_as_a_dash(void **state)
{
	struct addr none = { 0 };
	char text[ADDR_UNIT_TEXT_SIZE];

	assert_string_equal(addr_format(&none, text), "-");
	assert_string_equal(addr_unit_format(&none, text), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_and_written),
		cmocka_unit_test(no_address),
		cmocka_unit_test(only_the_view_is_read),
		cmocka_unit_test(equal_when_the_bytes_are),
		cmocka_unit_test(from_sockaddr),
		cmocka_unit_test(to_sockaddr),
		cmocka_unit_test(units),
		cmocka_unit_test(loopback),
		cmocka_unit_test(none_is_written_as_a_dash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

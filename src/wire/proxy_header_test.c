/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/proxy_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define LITERAL(s) { (s), sizeof(s) - 1 }

/* Section 2.2: 12 octets of signature, version 2 with command PROXY, family with STREAM, and how many
 * octets follow. */
#define SIGNATURE "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"
#define V2_IPV4 SIGNATURE "\x21\x11\x00\x0c"
#define V2_IPV6 SIGNATURE "\x21\x21\x00\x24"

#define ADDR6(last) "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" last
#define MAPPED "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"
#define LONGEST "2001:db80:1111:2222:3333:4444:5555:6666"

static const struct {
	unsigned version;
	const char *client, *local;
	uint16_t client_port, local_port;
	struct bytes header;
} rows[] = {
	{ 1, "192.0.2.7", "198.51.100.1", 40123, 25, LITERAL("PROXY TCP4 192.0.2.7 198.51.100.1 40123 25\r\n") },
	{ 1, "255.255.255.255", "255.255.255.255", 65535, 65535,
	  LITERAL("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") },
	{ 1, "2001:db8::7", "2001:db8::1", 1, 0, LITERAL("PROXY TCP6 2001:db8::7 2001:db8::1 1 0\r\n") },
	{ 1, LONGEST, LONGEST, 65535, 65535, LITERAL("PROXY TCP6 " LONGEST " " LONGEST " 65535 65535\r\n") },
	{ 1, "::ffff:192.0.2.7", "198.51.100.1", 2, 25, LITERAL("PROXY TCP4 192.0.2.7 198.51.100.1 2 25\r\n") },
	{ 1, "192.0.2.7", "2001:db8::1", 2, 25, LITERAL("PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 2 25\r\n") },
	{ 1, "2001:db8::7", "198.51.100.1", 2, 25, LITERAL("PROXY TCP6 2001:db8::7 ::ffff:198.51.100.1 2 25\r\n") },
	{ 1, "255.255.255.255", LONGEST, 65535, 65535,
	  LITERAL("PROXY TCP6 ::ffff:255.255.255.255 " LONGEST " 65535 65535\r\n") },
	{ 2, "192.0.2.7", "198.51.100.1", 0x9cbb, 25,
	  LITERAL(V2_IPV4 "\xc0\x00\x02\x07" "\xc6\x33\x64\x01" "\x9c\xbb" "\x00\x19") },
	{ 2, "2001:db8::7", "2001:db8::1", 0x9cbb, 25,
	  LITERAL(V2_IPV6 ADDR6("\x07") ADDR6("\x01") "\x9c\xbb" "\x00\x19") },
	{ 2, "192.0.2.7", "2001:db8::1", 0x9cbb, 25,
	  LITERAL(V2_IPV6 MAPPED "\xc0\x00\x02\x07" ADDR6("\x01") "\x9c\xbb" "\x00\x19") },
	{ 2, "2001:db8::7", "198.51.100.1", 0x9cbb, 587,
	  LITERAL(V2_IPV6 ADDR6("\x07") MAPPED "\xc6\x33\x64\x01" "\x9c\xbb" "\x02\x4b") },
};

static void headers_are_written(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct proxy_ends ends = { .client_port = rows[i].client_port, .local_port = rows[i].local_port };
		char *header = malloc(PROXY_HEADER_MOST);

		print_message("version %u: %s, %s\n", rows[i].version, rows[i].client, rows[i].local);
		memset(header, 'x', PROXY_HEADER_MOST);
		assert_int_equal(addr_parse(bytes_of(rows[i].client), &ends.client), 0);
		assert_int_equal(addr_parse(bytes_of(rows[i].local), &ends.local), 0);
		assert_int_equal(proxy_header_write(rows[i].version, &ends, header), rows[i].header.size);
		assert_memory_equal(header, rows[i].header.data, rows[i].header.size);
		free(header);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/prefix.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of(text), &prefix), 0);
	return prefix;
}

static void reading(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *written;
	} rows[] = {
		{ "192.0.2.0/24", 0, "192.0.2.0/24" },
		{ "192.0.2.7", 0, "192.0.2.7" },
		{ "192.0.2.7/32", 0, "192.0.2.7" },
		{ "0.0.0.0/0", 0, "0.0.0.0/0" },
		{ "128.0.0.0/1", 0, "128.0.0.0/1" },
		{ "192.0.2.128/25", 0, "192.0.2.128/25" },
		{ "2001:db8::/32", 0, "2001:db8::/32" },
		{ "::/0", 0, "::/0" },
		{ "::1/128", 0, "::1" },
		{ "2001:db8::8000:0/113", 0, "2001:db8::8000:0/113" },
		{ "::ffff:192.0.2.7", 0, "192.0.2.7" },
		{ "::ffff:192.0.2.0/24", 0, "192.0.2.0/24" },
		{ "::ffff:192.0.2.0/120", 0, "192.0.2.0/24" },
		{ "::ffff:0.0.0.0/96", 0, "0.0.0.0/0" },

		{ "192.0.2.7/24", -EDOM, NULL },
		{ "192.0.2.128/24", -EDOM, NULL },
		{ "0.0.0.1/0", -EDOM, NULL },
		{ "2001:db8::1/64", -EDOM, NULL },
		{ "192.0.2.0/33", -ERANGE, NULL },
		{ "192.0.2.0/256", -ERANGE, NULL },
		{ "192.0.2.0/288", -ERANGE, NULL },
		{ "192.0.2.0/99999999999999999999999", -ERANGE, NULL },
		{ "2001:db8::/129", -ERANGE, NULL },
		{ "::ffff:192.0.2.0/95", -ERANGE, NULL },
		{ "::ffff:192.0.2.0/129", -ERANGE, NULL },
		{ "::ffff:192.0.2.7/120", -EDOM, NULL },
		{ "", -EINVAL, NULL },
		{ "/", -EINVAL, NULL },
		{ "/24", -EINVAL, NULL },
		{ "192.0.2.0/", -EINVAL, NULL },
		{ "192.0.2.0/-1", -EINVAL, NULL },
		{ "192.0.2.0/ 24", -EINVAL, NULL },
		{ "192.0.2.0 /24", -EINVAL, NULL },
		{ "192.0.2.0/24/24", -EINVAL, NULL },
		{ "192.0.2.0/255.255.255.0", -EINVAL, NULL },
		{ "192.0.2/24", -EINVAL, NULL },
		{ "fe80::1%eth0/64", -EINVAL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[PREFIX_TEXT_SIZE];
		struct prefix prefix;

		assert_int_equal(prefix_parse(bytes_of(rows[i].text), &prefix), rows[i].r);
		if (rows[i].r == 0)
			assert_string_equal(prefix_format(&prefix, text), rows[i].written);
	}
}

static void the_longest_text_fits(void **state)
{
	char text[PREFIX_TEXT_SIZE];
	struct prefix prefix = prefix_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");

	assert_string_equal(prefix_format(&prefix, text), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
}

/* Against the definition, bit for bit. */
static bool holds(const struct prefix *prefix, const struct addr *addr)
{
	if (prefix->addr.family != addr->family)
		return false;
	for (unsigned i = 0; i < prefix->length; i++) {
		if ((prefix->addr.octets[i / 8] ^ addr->octets[i / 8]) & (0x80 >> i % 8))
			return false;
	}
	return true;
}

static void all_lengths_agree_with_the_definition(void **state)
{
	static const char *const addresses[] = { "170.85.170.85", "170.85.170.84", "42.85.170.85",
						 "aa55:aa55:aa55:aa55:aa55:aa55:aa55:aa55",
						 "aa55:aa55:aa55:aa55:aa55:aa55:aa55:aa54",
						 "aa55:aa55:aa55:aa55:2a55:aa55:aa55:aa55" };

	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct addr addr = addr_of(addresses[i]);
		unsigned bits = addr.family == ADDR_IPV4 ? 32 : 128;

		for (unsigned length = 0; length <= bits; length++) {
			struct prefix around = prefix_around(&addr, (uint8_t)length), again;
			char text[PREFIX_TEXT_SIZE];

			assert_true(prefix_contains(&around, &addr));
			for (unsigned bit = length; bit < 128; bit++)
				assert_false(around.addr.octets[bit / 8] & (0x80 >> bit % 8));
			again = prefix_of(prefix_format(&around, text));
			assert_memory_equal(&again, &around, sizeof(again));
			for (size_t j = 0; j < COUNT(addresses); j++) {
				struct addr other = addr_of(addresses[j]);

				assert_int_equal(prefix_contains(&around, &other), holds(&around, &other));
			}
		}
	}
}

static void what_is_one_network(void **state)
{
	static const char *const rows[][2] = { { "192.0.2.7", "192.0.2.0/24" }, { "2001:db8:1:2::3", "2001:db8:1::/48" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[PREFIX_TEXT_SIZE];
		struct prefix network;
		struct addr addr;

		assert_int_equal(addr_parse(bytes_of(rows[i][0]), &addr), 0);
		network = prefix_of_network(&addr);
		assert_string_equal(prefix_format(&network, text), rows[i][1]);
	}
}

static void overlapping(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.128/25", true }, { "192.0.2.0/25", "192.0.2.128/25", false },
		{ "0.0.0.0/0", "203.0.113.7", true },	    { "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },	    { "0.0.0.0/0", "::/0", false },
		{ "2001:db8::/32", "2001:db8:1::/48", true }, { "::/0", "::1", true },
		{ "2001:db8::/33", "2001:db8:8000::/33", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix a = prefix_of(rows[i].a), b = prefix_of(rows[i].b);

		assert_int_equal(prefix_overlaps(&a, &b), rows[i].overlap);
		assert_int_equal(prefix_overlaps(&b, &a), rows[i].overlap);
	}
}

static void add(struct prefix_set *set, const char *text, const char *why)
{
	struct prefix prefix = prefix_of(text);

	assert_int_equal(prefix_set_add(set, &prefix, why), 0);
}

static void the_never_list(void **state)
{
	static const struct {
		const char *unit, *why; /* NULL: nothing protects it */
	} rows[] = {
		{ "127.0.0.1", "loopback" },
		{ "127.255.255.255", "loopback" },
		{ "::1", "loopback" },
		/* The unit that ::1 is in. */
		{ "::", "loopback" },
		{ "::2", NULL },
		{ "192.0.2.0", "ban.never" },
		{ "192.0.2.255", "ban.never" },
		{ "192.0.3.0", NULL },
		{ "192.0.2.7", "ban.never" },
		/* One address of a /64 protects the whole of it; another one by itself is not meant. */
		{ "2001:db8:0:5::", "address of eth0" },
		{ "2001:db8:0:5::25", "address of eth0" },
		{ "2001:db8:0:5::26", NULL },
		{ "2001:db8:0:4::", NULL },
		{ "2001:db8:ff00:1::", "office" },
		{ "::ffff:127.0.0.1", "loopback" },
		{ "0.0.0.0", NULL },
	};
	struct prefix_set set = { 0 };

	add(&set, "127.0.0.0/8", "loopback");
	add(&set, "::1", "loopback");
	add(&set, "192.0.2.0/24", "ban.never");
	add(&set, "192.0.2.7", "second");
	add(&set, "2001:db8:0:5::25", "address of eth0");
	add(&set, "2001:db8:ff00::/40", "office");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr unit = addr_of(rows[i].unit);
		const struct prefix_entry *e = prefix_set_find(&set, &unit);

		if (rows[i].why)
			assert_string_equal(e ? e->why : "nothing", rows[i].why);
		else
			assert_null(e);
	}
	prefix_set_clear(&set);
	assert_null(prefix_set_find(&set, &(struct addr){ 0 }));
	assert_int_equal(set.count, 0);
}

static void what_is_there_stays_as_it_was(void **state)
{
	struct prefix_set set = { 0 };

	add(&set, "192.0.2.0/24", "first");
	add(&set, "192.0.2.0/24", "second");
	add(&set, "192.0.2.0/25", "another length");
	assert_int_equal(set.count, 2);
	assert_string_equal(set.entries[0].why, "first");
	prefix_set_clear(&set);
}

static void removing(void **state)
{
	struct prefix_set set = { 0 };
	struct prefix middle = prefix_of("192.0.2.2"), stranger = prefix_of("192.0.2.0/24");
	struct addr first = addr_of("192.0.2.1"), second = addr_of("192.0.2.2"), last = addr_of("192.0.2.3");

	add(&set, "192.0.2.1", "a");
	add(&set, "192.0.2.2", "b");
	add(&set, "192.0.2.3", "c");
	assert_false(prefix_set_remove(&set, &stranger));
	assert_true(prefix_set_remove(&set, &middle));
	assert_false(prefix_set_remove(&set, &middle));
	assert_null(prefix_set_find(&set, &second));
	assert_string_equal(prefix_set_find(&set, &first)->why, "a");
	assert_string_equal(prefix_set_find(&set, &last)->why, "c");
	prefix_set_clear(&set);
	assert_false(prefix_set_remove(&set, &middle));
}

static void a_long_reason_is_cut(void **state)
{
	struct prefix_set set = { 0 };
	char why[200];

	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	add(&set, "192.0.2.1", why);
	assert_int_equal(strlen(set.entries[0].why), PREFIX_WHY_SIZE - 1);
	prefix_set_clear(&set);
}

/* Entries go to another process and are compared as bytes: none is left as it was found. */
static void nothing_of_older_memory_is_in_an_entry(void **state)
{
	struct prefix_set set = { 0 };

	add(&set, "192.0.2.1", "a reason that is longer than the next");
	prefix_set_remove(&set, &(struct prefix){ addr_of("192.0.2.1"), 32 });
	add(&set, "192.0.2.2", "short");
	for (size_t i = sizeof("short"); i < PREFIX_WHY_SIZE; i++)
		assert_int_equal(set.entries[0].why[i], 0);
	prefix_set_clear(&set);
}

static void the_set_has_an_end(void **state)
{
	struct prefix_set set = { 0 };
	struct prefix prefix = prefix_of("10.0.0.0");
	struct addr last;

	for (unsigned i = 0; i < PREFIX_SET_MAX; i++) {
		prefix.addr.octets[2] = (uint8_t)(i >> 8);
		prefix.addr.octets[3] = (uint8_t)i;
		assert_int_equal(prefix_set_add(&set, &prefix, "many"), 0);
	}
	last = prefix.addr;
	assert_int_equal(prefix_set_add(&set, &prefix, "again"), 0);
	prefix.addr.octets[1] = 1;
	assert_int_equal(prefix_set_add(&set, &prefix, "one more"), -ENOSPC);
	assert_int_equal(set.count, PREFIX_SET_MAX);
	assert_non_null(prefix_set_find(&set, &last));
	prefix_set_clear(&set);
}

/* Against looking through all, over networks that lie within each other, beside each other and apart. */
static void a_sorted_set_finds_what_a_list_finds(void **state)
{
	struct prefix_set list = { 0 }, sorted = { 0 };
	uint32_t random = 1;
	size_t dropped;

	for (unsigned i = 0; i < 2000; i++) {
		uint8_t octets[16] = { 0x20, 1, 13, 0xb8 };
		struct addr addr;
		struct prefix prefix;

		random = random * 1103515245 + 12345;
		memcpy(octets + 4, &random, 4);
		addr = i % 2 ? addr_from_ipv4(octets + 4) : addr_from_ipv6(octets);
		prefix = prefix_around(&addr, (uint8_t)(i % 2 ? 12 + random % 21 : 36 + random % 93));
		assert_int_equal(prefix_set_append(&list, &prefix, "list", 2000), 0);
		assert_int_equal(prefix_set_append(&sorted, &prefix, "sorted", 2000), 0);
	}
	assert_int_equal(prefix_set_append(&list, &list.entries[0].prefix, "over", 2000), -ENOSPC);
	dropped = prefix_set_sort(&sorted);
	assert_int_equal(sorted.count + dropped, 2000);
	assert_true(sorted.count < 2000);
	for (size_t i = 0; i + 1 < sorted.count; i++)
		assert_false(prefix_overlaps(&sorted.entries[i].prefix, &sorted.entries[i + 1].prefix));
	for (unsigned i = 0; i < 5000; i++) {
		uint8_t octets[16] = { 0x20, 1, 13, 0xb8 };
		struct addr addr;
		struct prefix asked;

		random = random * 1103515245 + 12345;
		memcpy(octets + 4, &random, 4);
		addr = i % 2 ? addr_from_ipv4(octets + 4) : addr_from_ipv6(octets);
		asked = prefix_around(&addr, (uint8_t)(random % (i % 2 ? 33 : 129)));
		assert_int_equal(prefix_set_overlap(&sorted, &asked) != NULL, prefix_set_overlap(&list, &asked) != NULL);
		addr = addr_unit(&addr);
		assert_int_equal(prefix_set_find(&sorted, &addr) != NULL, prefix_set_find(&list, &addr) != NULL);
	}
	/* What was sorted may be added to. */
	assert_int_equal(prefix_set_add(&sorted, &(struct prefix){ addr_of("10.0.0.1"), 32 }, "later"), 0);
	assert_string_equal(prefix_set_find(&sorted, &(struct addr){ ADDR_IPV4, { 10, 0, 0, 1 } })->why, "later");
	prefix_set_clear(&list);
	prefix_set_clear(&sorted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(all_lengths_agree_with_the_definition),
		cmocka_unit_test(what_is_one_network),
		cmocka_unit_test(overlapping),
		cmocka_unit_test(the_never_list),
		cmocka_unit_test(what_is_there_stays_as_it_was),
		cmocka_unit_test(removing),
		cmocka_unit_test(a_long_reason_is_cut),
		cmocka_unit_test(nothing_of_older_memory_is_in_an_entry),
		cmocka_unit_test(the_set_has_an_end),
		cmocka_unit_test(a_sorted_set_finds_what_a_list_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

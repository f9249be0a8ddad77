/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/name_key.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The secret 00 01 … 0f, as the authors of SipHash use it. */
static struct name_secret counting(void)
{
	return (struct name_secret){ { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } };
}

/* `printf TEXT | openssl mac -macopt hexkey:000102…0f -macopt size:16 -in - SIPHASH` says the same. */
static const struct {
	const char *text;
	uint8_t hash[16];
} known[] = {
	{ "",
	  { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
	    0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93 } },
	{ "a",
	  { 0x0e, 0xa4, 0xf2, 0xfb, 0x02, 0xad, 0x21, 0xd9,
	    0x2d, 0x5f, 0xc9, 0x16, 0x84, 0xf2, 0x64, 0x26 } },
	{ "1234567",
	  { 0xed, 0xd2, 0xca, 0x81, 0x09, 0xca, 0x8b, 0xf7,
	    0x43, 0x76, 0xf4, 0x35, 0xc8, 0x08, 0x26, 0xe0 } },
	{ "2.0.0.127.bl.example",
	  { 0x79, 0x43, 0xd7, 0x5d, 0xe2, 0xfb, 0xdc, 0xcb,
	    0x7f, 0xcf, 0x47, 0xf4, 0xa6, 0x1e, 0x9a, 0xb6 } },
	{ "a name of thirty-two octets here",
	  { 0x47, 0xfe, 0xa5, 0xdd, 0xa3, 0xba, 0x4f, 0xdc,
	    0x6a, 0xe4, 0x83, 0x16, 0x33, 0x67, 0x53, 0xf1 } },
};

static void the_hash_is_siphash(void **state)
{
	const struct name_secret secret = counting();

	for (size_t i = 0; i < COUNT(known); i++) {
		struct name_key key = name_key_hash(&secret, bytes_of(known[i].text));

		key.halves[0] = htole64(key.halves[0]);
		key.halves[1] = htole64(key.halves[1]);
		assert_memory_equal(&key, known[i].hash, sizeof(key));
	}
}

static bool same(const char *a, enum dns_type a_type, const char *b, enum dns_type b_type)
{
	const struct name_secret secret = counting();
	struct name_key one = name_key_of(&secret, bytes_of(a), a_type);
	struct name_key other = name_key_of(&secret, bytes_of(b), b_type);

	return memcmp(&one, &other, sizeof(one)) == 0;
}

static void a_key_stands_for_name_and_type(void **state)
{
	assert_true(same("2.0.0.127.bl.example", DNS_A, "2.0.0.127.BL.Example", DNS_A));
	assert_true(same("az.az", DNS_A, "AZ.AZ", DNS_A));
	assert_false(same("2.0.0.127.bl.example", DNS_A, "2.0.0.127.bl.example", DNS_TXT));
	assert_false(same("2.0.0.127.bl.example", DNS_A, "1.0.0.127.bl.example", DNS_A));
	assert_false(same("a", DNS_A, "aa", DNS_A));
	/* '@' and '`', '[' and '{' are a bit apart, as letters of two cases are. */
	assert_false(same("@", DNS_A, "`", DNS_A));
	assert_false(same("[", DNS_A, "{", DNS_A));
}

static void the_longest_name_has_one(void **state)
{
	char name[DNS_NAME_SIZE], other[DNS_NAME_SIZE];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(other, name, sizeof(name));
	other[sizeof(other) - 2] = 'b';
	assert_true(same(name, DNS_PTR, name, DNS_PTR));
	assert_false(same(name, DNS_PTR, other, DNS_PTR));
}

static void each_start_has_its_own_secret(void **state)
{
	struct name_secret one, other;

	assert_int_equal(name_secret_draw(&one), 0);
	assert_int_equal(name_secret_draw(&other), 0);
	assert_memory_not_equal(&one, &other, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_siphash),
		cmocka_unit_test(a_key_stands_for_name_and_type),
		cmocka_unit_test(the_longest_name_has_one),
		cmocka_unit_test(each_start_has_its_own_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

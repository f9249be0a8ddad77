/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct bytes nothing = { "", 0 };

static void a_view_may_hold_nul(void **state)
{
	struct bytes with_nul = BYTES_LITERAL("a\0b");

	assert_int_equal(with_nul.size, 3);
	assert_true(bytes_equal(with_nul, bytes_make("a\0b", 3)));
	assert_false(bytes_equal(with_nul, BYTES_LITERAL("a\0c")));
	assert_false(bytes_equal(with_nul, bytes_of("a")));
	assert_int_equal(bytes_find_char(with_nul, '\0'), 1);
	assert_int_equal(bytes_find(with_nul, BYTES_LITERAL("\0b")), 1);
}

static void an_empty_view_equals_any_empty_view(void **state)
{
	assert_true(bytes_equal(nothing, (struct bytes){ NULL, 0 }));
	assert_true(bytes_equal((struct bytes){ NULL, 0 }, bytes_first(bytes_of("abc"), 0)));
	assert_false(bytes_equal(nothing, bytes_of("a")));
}

/* Of letters alone: '@' and '`', '[' and '{' are a letter's distance apart as well. */
static void the_case_of_letters_may_be_passed_over(void **state)
{
	assert_true(bytes_equal_any_case(bytes_of("aZ09-_"), bytes_of("Az09-_")));
	assert_true(bytes_equal_any_case(nothing, (struct bytes){ NULL, 0 }));
	assert_false(bytes_equal_any_case(bytes_of("@"), bytes_of("`")));
	assert_false(bytes_equal_any_case(bytes_of("["), bytes_of("{")));
	assert_false(bytes_equal_any_case(bytes_of("\xc4"), bytes_of("\xe4")));
	assert_false(bytes_equal_any_case(bytes_of("ab"), bytes_of("abc")));
	assert_false(bytes_equal_any_case(bytes_of("ab"), bytes_of("ac")));
}

static void parts_stay_inside(void **state)
{
	struct bytes abc = bytes_of("abc");

	assert_true(bytes_equal(bytes_skip(abc, 1), bytes_of("bc")));
	assert_int_equal(bytes_skip(abc, 3).size, 0);
	assert_int_equal(bytes_skip(abc, 4).size, 0);
	assert_ptr_equal(bytes_skip(abc, SIZE_MAX).data, abc.data + 3);
	assert_true(bytes_equal(bytes_first(abc, 2), bytes_of("ab")));
	assert_true(bytes_equal(bytes_first(abc, SIZE_MAX), abc));
	assert_true(bytes_starts_with(abc, nothing));
	assert_true(bytes_starts_with(abc, abc));
	assert_false(bytes_starts_with(abc, bytes_of("abcd")));
	assert_false(bytes_starts_with(abc, bytes_of("b")));
	assert_true(bytes_starts_with((struct bytes){ NULL, 0 }, nothing));
}

static void finding(void **state)
{
	static const struct {
		const char *text, *part;
		size_t at;
		bool contained;
	} rows[] = {
		{ "relay=a,relay=b", "relay=", 0, true },
		{ "x relay=", "relay=", 2, true },
		{ "relay", "relay=", 5, false },
		{ "abcabd", "abd", 3, true },
		{ "abc", "d", 3, false },
		{ "abc", "c", 2, true },
		{ "abc", "", 0, true },
		{ "", "a", 0, false },
		{ "", "", 0, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes text = bytes_of(rows[i].text), part = bytes_of(rows[i].part);

		assert_int_equal(bytes_find(text, part), rows[i].at);
		assert_int_equal(bytes_contain(text, part), rows[i].contained);
		if (part.size == 1)
			assert_int_equal(bytes_find_char(text, part.data[0]), rows[i].at);
	}
}

/* A view ends where it ends, whatever stands behind it. */
static void what_is_behind_is_not_found(void **state)
{
	struct bytes cut = bytes_first(bytes_of("abcdef"), 3);

	assert_int_equal(bytes_find_char(cut, 'd'), 3);
	assert_int_equal(bytes_find(cut, bytes_of("cd")), 3);
	assert_false(bytes_starts_with(cut, bytes_of("abcd")));
}

static void trimming(void **state)
{
	static const char *const rows[][2] = {
		{ " \t\r\n", "" }, { "", "" },	     { "a", "a" },  { " a b ", "a b" },
		{ "\ta\r\n", "a" }, { "\va ", "\va" }, { "a ", "a" }, { " \r\na", "a" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_true(bytes_equal(bytes_trim(bytes_of(rows[i][0])), bytes_of(rows[i][1])));
	assert_int_equal(bytes_trim(BYTES_LITERAL(" \0 ")).size, 1);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t most;
		int r;
		uint64_t number;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "25", 65535, 0, 25 },
		{ "00000000000000000000000000025", 65535, 0, 25 },
		{ "65535", 65535, 0, 65535 },
		{ "65536", 65535, -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "184467440737095516150", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "", 9, -EINVAL, 0 },
		{ "-1", 9, -EINVAL, 0 },
		{ "+1", 9, -EINVAL, 0 },
		{ " 1", 9, -EINVAL, 0 },
		{ "1 ", 9, -EINVAL, 0 },
		{ "0x1", 9, -EINVAL, 0 },
		{ "1a", 9, -EINVAL, 0 },
		{ "\xb2", 9, -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t number = 4711;

		assert_int_equal(bytes_to_u64(bytes_of(rows[i].text), rows[i].most, &number), rows[i].r);
		assert_int_equal(number, rows[i].r ? 4711 : rows[i].number);
	}
	assert_int_equal(bytes_to_u64(BYTES_LITERAL("1\0"), 9, &(uint64_t){ 0 }), -EINVAL);
}

/* Every part of a text, at every place, in memory that ends where the text ends; and every part with
 * one byte changed, as the plain search finds it. */
static void a_part_is_found_wherever_it_stands(void **state)
{
	static const char line[] = "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service";

	for (size_t size = 0; size <= 50; size++) {
		char *copy = malloc(size ? size : 1);
		struct bytes text = bytes_make(copy, size);

		memcpy(copy, line, size);
		for (size_t from = 0; from <= size; from++) {
			for (size_t length = 0; from + length <= size; length++) {
				char part[64];

				memcpy(part, line + from, length);
				assert_true(bytes_contain_text(text, bytes_make(part, length)));
				if (length == 0)
					continue;
				part[length / 2] ^= 0x15;
				assert_int_equal(bytes_contain_text(text, bytes_make(part, length)),
						 bytes_contain(text, bytes_make(part, length)));
			}
		}
		assert_false(bytes_contain_text(text, bytes_of(line)));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_view_may_hold_nul),
		cmocka_unit_test(an_empty_view_equals_any_empty_view),
		cmocka_unit_test(the_case_of_letters_may_be_passed_over),
		cmocka_unit_test(parts_stay_inside),
		cmocka_unit_test(finding),
		cmocka_unit_test(what_is_behind_is_not_found),
		cmocka_unit_test(trimming),
		cmocka_unit_test(numbers),
		cmocka_unit_test(a_part_is_found_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

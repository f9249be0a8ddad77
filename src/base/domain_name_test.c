/* SPDX-License-Identifier: Apache-2.0 */
#include "base/domain_name.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEN "abcdefghi."
#define FIFTY TEN TEN TEN TEN TEN
#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static const struct {
	const char *name;
	bool good;
} cases[] = {
	{ "bl.example", true },
	{ "BL-2.Example", true },
	{ "_list.bl.example", true },
	{ "localhost", true },
	{ "2.0.0.127.bl.example", true },
	{ "a.b1", true },
	{ LABEL_63 ".example", true },
	{ FIFTY FIFTY FIFTY FIFTY FIFTY "abc", true },
	{ "", false },
	{ ".", false },
	{ ".example", false },
	{ "bl..example", false },
	{ "bl.example.", false },
	{ "bl example", false },
	{ "bl/example", false },
	{ "b\xc3\xbc.example", false },
	{ "[.example", false },
	{ "@.example", false },
	{ "`.example", false },
	{ "{.example", false },
	{ "192.0.2.1", false },
	{ "25", false },
	{ LABEL_63 "a.example", false },
	{ FIFTY FIFTY FIFTY FIFTY FIFTY "abcd", false },
};

static void test_names(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (domain_name_is_good(bytes_of(cases[i].name)) != cases[i].good)
			fail_msg("'%s' is %s name", cases[i].name, cases[i].good ? "a" : "no");
	assert_false(domain_name_is_good((struct bytes){ NULL, 0 }));
	assert_false(domain_name_is_good(BYTES_LITERAL("bl\0.example")));
}

static void test_equal(void **state)
{
	assert_true(bytes_equal_any_case(BYTES_LITERAL("bl.Example"), BYTES_LITERAL("BL.example")));
	assert_false(bytes_equal_any_case(BYTES_LITERAL("bl.example"), BYTES_LITERAL("bl.example2")));
	assert_false(bytes_equal_any_case(BYTES_LITERAL("bl.example"), BYTES_LITERAL("wl.example")));
	/* What differs from a letter in the bit of its case alone is another character. */
	assert_false(bytes_equal_any_case(BYTES_LITERAL("_.example"), BYTES_LITERAL("\x7f.example")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

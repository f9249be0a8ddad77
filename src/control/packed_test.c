/* SPDX-License-Identifier: Apache-2.0 */
#include "control/packed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_there_and_back(void **state)
{
	char bytes[256], again[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		json_t *packed = packed_make(bytes_make(bytes, size));
		size_t read = 999;

		assert_int_equal(json_string_length(packed), PACKED_SIZE(size));
		assert_int_equal(packed_read(packed, again, size, &read), 0);
		assert_int_equal(read, size);
		assert_memory_equal(again, bytes, size);
		if (size)
			assert_int_equal(packed_read(packed, again, size - 1, &read), -EMSGSIZE);
		json_decref(packed);
	}
}

/* The examples of RFC 4648, section 10. */
static void test_the_rfc_s_own(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foobar", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *packed = packed_make(bytes_of(cases[i][0]));

		assert_string_equal(json_string_value(packed), cases[i][1]);
		json_decref(packed);
	}
}

static void test_what_is_none(void **state)
{
	static const char *const cases[] = { "Z", "Zg=", "Zg", "Zm9v\n", " Zm9", "Zm9v    ", "Zm-v", "Zg==Zg==", "Z===",
					     "====", "=m9v" };
	char ret[64];
	size_t size;
	json_t *number = json_integer(7);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *text = json_string(cases[i]);

		assert_int_equal(packed_read(text, ret, sizeof(ret), &size), -EINVAL);
		json_decref(text);
	}
	assert_int_equal(packed_read(number, ret, sizeof(ret), &size), -EINVAL);
	assert_int_equal(packed_read(NULL, ret, sizeof(ret), &size), -EINVAL);
	json_decref(number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_the_rfc_s_own),
		cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

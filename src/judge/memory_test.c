/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/memory.h"

#include "base/counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int set_up(void **state)
{
	struct memory *memory;

	if (memory_create(&memory) < 0)
		return -1;
	*state = memory;
	return 0;
}

static int tear_down(void **state)
{
	memory_destroy(*state);
	return 0;
}

static struct bytes id_of(unsigned n, char text[16])
{
	return bytes_make(text, (size_t)snprintf(text, 16, "id%u", n));
}

static void an_id_is_one_of_its_server(void **state)
{
	struct remembered *one = memory_add(*state, "opensmtpd", BYTES_LITERAL("a1"));

	assert_non_null(one);
	assert_int_equal(one->client.family, ADDR_NONE);
	one->port = 4711;
	assert_ptr_equal(memory_add(*state, "opensmtpd", BYTES_LITERAL("a1")), one);
	assert_int_equal(memory_find(*state, "opensmtpd", BYTES_LITERAL("a1"))->port, 4711);
	assert_null(memory_find(*state, "sendmail", BYTES_LITERAL("a1")));
	assert_null(memory_find(*state, "opensmtpd", BYTES_LITERAL("a")));
	assert_null(memory_find(*state, "opensmtpd", BYTES_LITERAL("a1\0")));
	memory_forget(*state, "opensmtpd", BYTES_LITERAL("a1"));
	assert_null(memory_find(*state, "opensmtpd", BYTES_LITERAL("a1")));
}

static void what_is_no_id_is_not_remembered(void **state)
{
	char long_one[MEMORY_ID_SIZE + 1];

	memset(long_one, 'x', sizeof(long_one));
	assert_null(memory_add(*state, "s", BYTES_LITERAL("")));
	assert_null(memory_add(*state, "s", bytes_make(long_one, sizeof(long_one))));
	assert_non_null(memory_add(*state, "s", bytes_make(long_one, sizeof(long_one) - 1)));
}

static void the_oldest_is_pushed_out(void **state)
{
	uint64_t before = counter_read(COUNTER_ids_forgotten);
	char text[16];

	for (unsigned n = 0; n < MEMORY_IDS_MOST + 100; n++) {
		assert_non_null(memory_add(*state, "s", id_of(n, text)));
		if (n % 2)
			memory_forget(*state, "s", id_of(n, text));
	}
	assert_null(memory_find(*state, "s", id_of(0, text)));
	assert_null(memory_find(*state, "s", id_of(98, text)));
	assert_non_null(memory_find(*state, "s", id_of(100, text)));
	assert_non_null(memory_find(*state, "s", id_of(MEMORY_IDS_MOST + 98, text)));
	assert_int_equal(counter_read(COUNTER_ids_forgotten) - before, 50);
	memory_clear(*state);
	assert_null(memory_find(*state, "s", id_of(100, text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_id_is_one_of_its_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_id_is_not_remembered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_oldest_is_pushed_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

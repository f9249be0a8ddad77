/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/environ.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define TEXT(literal) { literal, sizeof(literal) - 1 }

static const struct {
	struct bytes block;
	bool has;
} rows[] = {
	{ TEXT("BLOCK=listed\0TCPREMOTEIP=192.0.2.1\0"), true },
	{ TEXT("TCPREMOTEIP=192.0.2.1\0BLOCK=x\0"), true },
	{ TEXT("TCPREMOTEIP=192.0.2.1\0BLOCK=x"), true },
	{ TEXT("A=\0BLOCK=\0B=\0"), false },
	{ TEXT("BLOCK"), false },
	{ TEXT("BLOCK="), false },
	{ TEXT("BLOCK2=x\0"), false },
	{ TEXT("XBLOCK=x\0"), false },
	{ TEXT("TCPREMOTEHOST=\nBLOCK=x\0"), false },
	{ TEXT("TCPREMOTEHOST= BLOCK=x\0"), false },
	{ TEXT("block=x\0"), false },
	{ TEXT("\0\0\0BLOCK=x"), true },
	{ TEXT(""), false },
	{ TEXT("\0"), false },
};

static void test_variables(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (environ_has(rows[i].block, "BLOCK") != rows[i].has)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_variables) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MOST_BYTES ((size_t)150 * 1024)

static struct bytes file(const char *path, const char *wanted_type)
{
	struct bytes found;
	const char *type;

	if (!page_find(path, &found, &type))
		fail_msg("no %s", path);
	assert_string_equal(type, wanted_type);
	return found;
}

static void test_the_page_and_its_parts(void **state)
{
	struct bytes page = file("/", "text/html; charset=utf-8");

	assert_true(bytes_equal(page, file("/page.html", "text/html; charset=utf-8")));
	assert_true(bytes_contain(file("/page.js", "text/javascript; charset=utf-8"), BYTES_LITERAL("textContent")));
	assert_true(bytes_contain(file("/page.css", "text/css; charset=utf-8"), BYTES_LITERAL("prefers-color-scheme")));
}

static void test_nothing_else_is_there(void **state)
{
	static const char *const none[] = { "", "page.html", "//", "/page", "/../page.html", "/page.html/", "/PAGE.HTML" };
	struct bytes found;
	const char *type;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(page_find(none[i], &found, &type));
}

/* What would make markup of a string, or fetch from elsewhere. */
static void test_no_way_from_text_to_markup(void **state)
{
	static const char *const never[] = { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
					     "new Function", "http://", "https://", " onclick", "style=" };
	static const char *const own[] = { "/page.html", "/page.js", "/page.css" };
	struct bytes found;
	const char *type;

	for (size_t f = 0; f < sizeof(own) / sizeof(own[0]); f++) {
		assert_true(page_find(own[f], &found, &type));
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
			if (bytes_contain(found, bytes_of(never[i])))
				fail_msg("%s has %s", own[f], never[i]);
		}
	}
}

static void test_it_is_small(void **state)
{
	static const char *const all[] = { "/", "/page.js", "/page.css", "/uplot.js", "/uplot.css" };
	struct bytes found;
	const char *type;
	size_t sum = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sum += page_find(all[i], &found, &type) ? found.size : 0;
	assert_true(sum > 5000 && sum <= MOST_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_page_and_its_parts),
		cmocka_unit_test(test_nothing_else_is_there),
		cmocka_unit_test(test_no_way_from_text_to_markup),
		cmocka_unit_test(test_it_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

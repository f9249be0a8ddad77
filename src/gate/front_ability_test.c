/* SPDX-License-Identifier: Apache-2.0 */
/* Whether who comes can be served, as a gate worker says it each second. */
#include "gate/front_internal.h"
#include "gate/front_test.h"

/* Somebody comes, is answered so or not at all, and goes after that time: `usual` has 300 ms for gate.full_wait. */
static enum front_ability after(struct world *w, uint64_t ms, int error)
{
	struct peer *peer = visit(w);
	unsigned asked = w->asked;

	expect_asked(w, asked + 1);
	if (error)
		front_answer(w->front, w->asked_visit, error, -1, bytes_make(NULL, 0));
	pump(w, ms);
	leave(peer);
	return front_look_at_ability(w->front);
}

static void test_who_can_let_in_nobody_says_so(void **state)
{
	static const int vain[] = { 0, -ENOENT, -ECONNREFUSED };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(vain) / sizeof(vain[0]); i++) {
		front_note_answered(w->front);
		assert_int_equal(after(w, 1300, vain[i]), FRONT_ABLE);
		assert_int_equal(after(w, 1300, vain[i]), FRONT_UNABLE);
		/* Once, of these. */
		assert_int_equal(front_look_at_ability(w->front), FRONT_ABLE);
	}
	/* Of a server that is full it is no word. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(after(w, 700, i % 2 ? -EAGAIN : -EUSERS), FRONT_ABLE);
}

static void test_who_lets_in_one_is_able(void **state)
{
	struct world *w = *state;

	assert_int_equal(after(w, 2000, -ENOENT), FRONT_ABLE);
	assert_int_equal(after(w, 100, 0), FRONT_ABLE);
	front_answer(w->front, w->asked_visit, 0, -1, bytes_make(NULL, 0));
	assert_int_equal(after(w, 1500, -ENOENT), FRONT_ABLE);
	/* It is forgotten where nobody came. */
	pump(w, 5100);
	assert_int_equal(front_look_at_ability(w->front), FRONT_ABLE);
	assert_int_equal(after(w, 500, -ENOENT), FRONT_ABLE);
}

static void test_without_memory(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	front_note_starved(w->front);
	assert_int_equal(front_look_at_ability(w->front), FRONT_UNABLE);
	assert_int_equal(front_look_at_ability(w->front), FRONT_ABLE);
	front_note_starved(w->front);
	assert_int_equal(front_look_at_ability(w->front), FRONT_STARVED);
	peer = visit(w);
	expect_asked(w, 1);
	front_note_starved(w->front);
	assert_int_equal(front_look_at_ability(w->front), FRONT_UNABLE);
	leave(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_who_can_let_in_nobody_says_so),
		WITH_WORLD(test_who_lets_in_one_is_able),
		WITH_WORLD(test_without_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* porter_test_program - a porter that starts a program for each client, and what that program says. */
#ifndef WAVEBREAK_DAEMON_PORTER_TEST_PROGRAM_H
#define WAVEBREAK_DAEMON_PORTER_TEST_PROGRAM_H

#include "daemon/porter_test.h"

static struct scene scene;

static inline void program(const char *const *words)
{
	scene.rules.kind = PORTER_EXEC;
	if (!scene.rules.processes)
		scene.rules.processes = 10;
	for (; *words; words++)
		assert_int_equal(porter_texts_add(&scene.rules.arguments, bytes_of(*words)), 0);
}

static inline void run_program(const char *const *words)
{
	program(words);
	start_porter(&scene);
}

/* One that says what it hears. */
static inline void run_cat(void)
{
	static const char *const words[] = { "/bin/cat", NULL };

	run_program(words);
}

static inline int tear_down(void **state)
{
	end_porter(&scene);
	return 0;
}

/* What the program writes to the client from `from` until it ends; of one that is listed or escorted, to the gate. */
static inline char *output(const char *from, int16_t zone, bool escorted, char *text, size_t size)
{
	struct client c = client_from(from);
	int end = c.outside;

	c.request.zone = zone;
	c.request.escorted = escorted;
	assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
	if (zone == PORTER_NOT_LISTED && !escorted) {
		hear(&scene, 0, c.request.ticket, 0, NULL);
	} else {
		hear(&scene, 0, c.request.ticket, 0, &end);
		assert_true(fcntl(end, F_GETFL) & O_NONBLOCK);
	}
	close(c.inside);
	read_all(end, text, size);
	if (end != c.outside) {
		/* The client itself has heard nothing. */
		assert_int_equal(recv(c.outside, text + strlen(text), 1, 0), 0);
		close(end);
	}
	close(c.outside);
	return text;
}

#define PROGRAM_TEST(f) cmocka_unit_test_teardown(f, tear_down)

#endif

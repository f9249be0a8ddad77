/* SPDX-License-Identifier: Apache-2.0 */
/* follow_world - the words in which the tests of the log follower are told.
 *
 * A directory of its own, in which `name` stands for a file, the real loop, a follower, and
 * what it has told. A wait that lasts too long fails the test.
 */
#ifndef WAVEBREAK_SENSE_FOLLOW_WORLD_H
#define WAVEBREAK_SENSE_FOLLOW_WORLD_H

#include "event/loop.h"
#include "sense/follow.h"

#define NOBODY 65534

/* Lines are joined with '\n' ("<cut>" behind a cut one), troubles are "errno ". */
struct world {
	char dir[64];
	struct loop *loop;
	struct loop_timer *patience, *settle;
	struct follow *follow;
	char *lines;
	size_t size, room, count, wanted;
	char troubles[256];
	const char *trouble_wanted;
	unsigned batches, settle_rounds;
	int open_error; /* what open_log answers for "mail.log" instead of opening it */
	bool as_nobody; /* the process is nobody, and only open_log is not */
};

int set_up(void **state);
int tear_down(void **state);
#define FOLLOW_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Until somebody stops the loop. */
void run(struct world *w);
/* Long enough for all that inotify told of, without waiting for a poll. */
void run_a_while(struct world *w);
/* Until these lines and nothing else have come; they are then forgotten. */
void expect(struct world *w, const char *lines);
void expect_troubles(struct world *w, const char *troubles);

/* The path of a name; good for the next three calls. */
const char *in(const struct world *w, const char *name);
void append(const struct world *w, const char *name, const char *text);
void append_bytes(const struct world *w, const char *name, const char *data, size_t size);
void move(const struct world *w, const char *from, const char *to);
void copy(const struct world *w, const char *from, const char *to);
/* Files are born in ticks of the kernel's clock; the order of two born in one is unknown. */
void wait_a_tick(void);
void truncate_log(const struct world *w);

void add(struct world *w, const char *name, const struct follow_position *position,
	 enum follow_start start);
/* Of "mail.log". */
struct follow_position position(const struct world *w);
/* As when the daemon ends and starts again later. */
void start_follower(struct world *w);
struct follow_position stop_follower(struct world *w);

#endif

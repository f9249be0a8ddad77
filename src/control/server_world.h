/* SPDX-License-Identifier: Apache-2.0 */
/* server_world - a control server in the test's own process, whose clients are plain sockets that the loop and the test
 * take turns with. The clock is the machine's and leaps when a test says so. */
#ifndef WAVEBREAK_CONTROL_SERVER_WORLD_H
#define WAVEBREAK_CONTROL_SERVER_WORLD_H

#include "control/control.h"

#define LINES 100000

extern struct control_server *server;
/* Requests that came as far as `answer`. */
extern int calls;

/* A stream of numbered lines. */
extern struct numbers {
	int made, most, done; /* most: LINES, until a test says otherwise */
	int slices; /* calls that have nothing yet */
	int drains; /* a client that is read from while lines are made, or -1 */
} stream;

int set_up(void **state);
int tear_down(void **state);
#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* The command "stream" is answered by the numbers, "large" by a text of "size" bytes, "fail" by "sentence", no command
 * by nothing but that it is well, and any other by no answer at all. */
void answer(void *data, const json_t *request, struct control_answer *a);

/* The command "wait" is answered when the test does it: by whoever asked so last. */
extern struct control_answer *waiting;
extern int gone;

/* Rounds of the loop, which do not wait. */
void rounds(int count);
void leap(uint64_t ms);

int connect_client(void);
/* Both return a client that has asked. */
int ask_bytes(const void *request, size_t size);
int ask(const char *request);
/* What comes while the loop runs, until the server closes; the caller frees it. */
char *read_all(int fd, size_t *ret_size);
bool is_closed(int fd);
/* Both close it. */
void check_refused(int fd, int status, const char *sentence);
void check_well(int fd);

#endif

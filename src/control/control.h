/* SPDX-License-Identifier: Apache-2.0 */
/* control - the control socket's protocol, both ends.
 *
 * A UNIX stream socket that root and the daemon's group may open (the file's mode decides;
 * nobody else gets as far as a byte). One request a connection: a JSON object on one line,
 * {"command": "ban", "address": "192.0.2.7", …}, at most CONTROL_REQUEST_MOST bytes. The
 * answer is any number of lines, each a JSON object, and a last one that is
 * {"ok": true, …} or {"ok": false, "error": "sentence", "status": N}, N being the exit status of the
 * command line (1 the answer is no, 2 wrong use, 3 not permitted or not possible).
 *
 * The server belongs to the watch worker. Its clients are bounded in number and in time, and one
 * too many is told so; one that reads slowly holds only its own answer back, which is made in
 * slices as it reads. The callback must not destroy the server.
 */
#ifndef WAVEBREAK_CONTROL_CONTROL_H
#define WAVEBREAK_CONTROL_CONTROL_H

#include "event/loop.h"

#include <jansson.h>

#define CONTROL_REQUEST_MOST 16384
#define CONTROL_CLIENTS_MOST 16
#define CONTROL_IDLE_MS 10000
#define CONTROL_SOCKET_NAME "control"

enum control_status {
	CONTROL_WELL = 0,
	CONTROL_NO = 1,
	CONTROL_WRONG_USE = 2,
	CONTROL_NOT_PERMITTED = 3,
};

struct control_server;
struct control_answer;

/* Answers one request, by exactly one call of control_finish, control_fail or
 * control_stream, at once, unless it says that the answer has to wait. */
typedef void control_fn(void *data, const json_t *request, struct control_answer *answer);

/* `listener` is a bound and listening descriptor; it stays the caller's. */
int control_server_create(struct loop *loop, int listener, control_fn *fn, void *data,
			  struct control_server **ret);
void control_server_destroy(struct control_server *server);

/* The last line: `fields` (stolen; may be NULL) with "ok": true added. */
void control_finish(struct control_answer *answer, json_t *fields);
/* The sentence is ASCII (what is not becomes '?') of 511 bytes at most. */
void control_fail(struct control_answer *answer, enum control_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Lines that are made while the client reads: `next` returns the next one (stolen), NULL at
 * the end, json_null() when there is none yet: it is asked again in the next round of the loop, so that
 * what takes long is done in slices. `done` frees the state, also when the client goes away early. */
struct control_stream_calls {
	json_t *(*next)(void *state);
	void (*done)(void *state);
};
void control_stream(struct control_answer *answer, const struct control_stream_calls *calls, void *state);

/* One of control_finish and control_fail comes later: when the client goes away before that, or has waited for
 * CONTROL_IDLE_MS, `gone` is called in its place. Where it may not wait, the answer has to come at once. */
bool control_may_wait(const struct control_answer *answer);
void control_wait(struct control_answer *answer, void (*gone)(void *state), void *state);

/* The last line that the callback answers to such a request of our own; the caller's to free. NULL without memory, and
 * for what is a stream. */
json_t *control_answer_here(control_fn *fn, void *data, const json_t *request);

/* The client: sends `request` (stolen), hands each line of the answer to `line` (NULL: none
 * expected), and returns the last one in *ret_last (the caller's to free). Blocks up to
 * `timeout_ms` between lines. Returns 0 or -errno: -ENOENT and -ECONNREFUSED when no daemon is
 * there, -EACCES, -ETIMEDOUT, -EMSGSIZE for a request that is too long, -EPROTO for an answer that is
 * not of this form or has no end. */
typedef void control_line_fn(void *data, const json_t *line);
int control_ask(const char *socket_path, json_t *request, int timeout_ms, control_line_fn *line, void *data,
		json_t **ret_last);

/* The same for who has other things to wait for: nothing here blocks, and a daemon whose backlog is full is
 * -ETIMEDOUT. How long it waits for an answer is the caller's to decide. */
struct control_question;
int control_question_open(const char *socket_path, json_t *request, struct control_question **ret);
int control_question_fd(const struct control_question *question);
/* When the descriptor is readable. Returns 1 with the last line, 0 when it is still to come, or -errno as above. */
int control_question_read(struct control_question *question, control_line_fn *line, void *data, json_t **ret_last);
/* Also before the end of the answer. NULL is fine. */
void control_question_close(struct control_question *question);

#endif

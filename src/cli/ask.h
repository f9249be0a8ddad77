/* SPDX-License-Identifier: Apache-2.0 */
/* ask - questions to the running daemon, and its answers read without trust.
 *
 * The daemon answers from the process that reads what strangers wrote. So what it says goes
 * to a terminal escaped, a missing or odd field counts as absent, and a wrong status as 1.
 */
#ifndef WAVEBREAK_CLI_ASK_H
#define WAVEBREAK_CLI_ASK_H

#include "cli/options.h"
#include "control/control.h"
#include "daemon/plan.h"

#define ASK_TEXT_SIZE 512

/* Where the daemon is asked: options->socket, or where the configuration (options->config) puts the socket. Returns
 * OPTIONS_GO_ON, or an exit status after a sentence on standard error. */
int ask_socket(const struct options *options, char path[PLAN_SOCKET_SIZE]);

/* Longer than the daemon lets its own clients wait. */
#define ASK_PATIENCE_MS (CONTROL_IDLE_MS + 2000)

/* Asks at options->socket, or where the configuration (options->config) puts the socket.
 * `request` is what goes with the command: stolen, NULL for nothing. `line` takes the lines
 * before the last, as in control_ask.
 *
 * Returns STATUS_OK with the last line of the answer (the caller's to free), or another exit
 * status after one sentence on standard error. */
int ask_daemon(const struct options *options, const char *command, json_t *request,
	       control_line_fn *line, void *data, json_t **ret);

/* The same at that socket, for who asks often, or has drawn something on the terminal that has to go first: standard
 * error is left alone, and the sentence for it is in `sentence`. */
#define ASK_SENTENCE_SIZE 768
int ask_at(const char *path, const char *command, json_t *request, control_line_fn *line, void *data, json_t **ret,
	   char sentence[ASK_SENTENCE_SIZE]);

/* What is wrong when control_ask has returned that: "no socket at PATH". Returns `text`. */
#define ASK_TROUBLE_SIZE (PLAN_SOCKET_SIZE + 128)
const char *ask_trouble(int error, const char *path, char text[ASK_TROUBLE_SIZE]);
/* What the daemon says in an answer that is not "ok"; never "". Returns `text`. */
const char *ask_refusal(const json_t *answer, char text[ASK_TEXT_SIZE]);

/* The same for a command of one operand that is sent as the field `name`. */
int ask_about(const struct options *options, const char *command, const char *name, json_t **ret);

/* A word of the command line for a request. JSON holds UTF-8 only: in what is none, all but ASCII
 * becomes '?'. */
json_t *ask_word(const char *word);

/* A field as text that is safe to show; "" when it is missing. Returns `text`. */
const char *ask_text(const json_t *object, const char *name, char text[ASK_TEXT_SIZE]);
/* 0 when it is missing, negative or no whole number. */
uint64_t ask_number(const json_t *object, const char *name);
bool ask_is_true(const json_t *object, const char *name);

/* Why a client is banned, or a suspect: "listed, courier-smtp/dnsbl-reject", "by hand: told 511 all night"; "" where it
 * is not said. Returns `text`. */
#define ASK_WHY_SIZE (ASK_TEXT_SIZE * 3 + 16)
const char *ask_why(const json_t *object, char text[ASK_WHY_SIZE]);

/* The last line of an answer for programs: indented, in ASCII, without what is the protocol's. */
void ask_print_json(json_t *answer);

#endif

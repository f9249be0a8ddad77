/* SPDX-License-Identifier: Apache-2.0 */
/* worker_http - what the watch worker serves at http.listen, and all that it measures.
 *
 * The worker opens the port itself, as its own user and before it confines itself, and no one else has it: a
 * reload and an upgrade start a new worker, which opens it anew. Where that cannot be, the guard goes on without.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_HTTP_H
#define WAVEBREAK_DAEMON_WORKER_HTTP_H

#include "observe/measures.h"

struct worker;
struct worker_http;

/* Reads http.token, before the worker becomes its user. What is wrong with it is said, and then there is none. */
void worker_http_read_token(struct worker *w);
/* Before confinement. NULL in *ret when nothing is to be served, or it cannot be, which has been said. */
void worker_http_open(struct worker *w, struct worker_http **ret);
void worker_http_each_second(struct worker_http *http);

/* worker_measures.c: all of defs/measures.def, as it is now. */
void worker_measure(struct worker *w, measure_fn *fn, void *data);

#endif

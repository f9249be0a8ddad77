/* SPDX-License-Identifier: Apache-2.0 */
/* worker_relief - the server's limit is kept in sight, and its least deserving clients are let go in time.
 *
 * Whom and why is judge/relief.h. When is said here: each second the connections of mail.ports are
 * counted; from half of relief.stop on each of them is looked at (tcp_info), so that it is known who is
 * there for how long when it matters. At relief.start the least deserving are ended until relief.stop is
 * reached, and looks follow every RELIEF_LOOK_MS from there on, and also before, when so many come that
 * relief.start would be passed within the next second. Looks take an eighth of one processor at most.
 *
 * Connections that wait to be accepted count as well once relief.stop is reached by those that are
 * served: with fewer it is not for places that they wait. The gate's own connections are not the
 * server's, and are bounded by the gate.
 *
 * Each that was ended is an event for the judge (`relieved`), so who comes again and again is banned.
 * The log has a line when relief begins, and one when it was not needed for a minute. Who has delivered
 * mail is remembered for gate.remember_pass, in memory only, unless it offends.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_RELIEF_H
#define WAVEBREAK_DAEMON_WORKER_RELIEF_H

#include "daemon/request.h"
#include "judge/judge.h"
#include "judge/relief.h"

#include <jansson.h>

#define RELIEF_LOOK_MS 100
/* The latest reliefs, for `explain`. */
#define RELIEF_RECORDS 4096

struct worker;
struct worker_relief;

/* NULL in *ret when relief is off; where that is for want of a limit, it says so. Returns 0 or -errno. */
int worker_relief_create(struct worker *w, struct worker_relief **ret);
void worker_relief_destroy(struct worker_relief *relief);
/* As worker_gate_restore. */
void worker_relief_restore(struct worker_relief *relief);

/* After the second's sample was taken. */
void worker_relief_each_second(struct worker_relief *relief);
/* RELIEVED, BLOCKED, HANDLERS, and REFUSED of a RELIEVE. */
void worker_relief_on_answer(struct worker_relief *relief, const struct answer *answer);
/* What the log, or the gate, told of a client. */
void worker_relief_on_event(struct worker_relief *relief, const struct judge_event *event,
			    const struct verdict *verdict);

/* The latest relief of a client; NULL when there is none. Overwritten by later ones. */
const struct relief_record *worker_relief_of(const struct worker_relief *relief, const struct addr *unit);

/* For `status`; also when it is off. */
json_t *worker_relief_to_json(const struct worker *w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* tally - what a run came to: how long honest senders waited, what zombies were told.
 *
 * Fed with visits as they get on; can be read at any time, so the live picture and the
 * table at the end are the same figures. Pure.
 *
 * A wait is the time from connect() to the server's 220. Of a sender that was never
 * greeted only a lower bound is known, the time until it gave up, was turned away or the
 * run ended: such waits are `open`, and take part in the percentiles with that bound. A
 * percentile with an open wait at or below it is a lower bound itself.
 */
#ifndef WAVEBREAK_DEMO_TALLY_H
#define WAVEBREAK_DEMO_TALLY_H

#include "visit.h"

#include <stddef.h>

#define TALLY_HONEST_AT_MOST 8192

/* "Greeted in time": what a sending server's user and a monitoring probe put up with. */
#define TALLY_IN_TIME_SECONDS 10.0

struct tally {
	size_t zombies; /* first visits begun */
	size_t returned; /* second visits */
	size_t zombies_open;
	size_t told; /* zombies that have read a 5xx */
	size_t asked; /* that are gone and have sent RCPT; not whom the crowd took home before an answer */
	size_t asked_told; /* … and have read a 5xx */
	size_t ended; /* connections of zombies that spoke, ended by the other side */
	size_t ended_told; /* … that had read their 5xx by then */
	size_t unanswered; /* zombies whose SYNs were dropped until they gave up */
	size_t honest, greeted, greeted_in_time, delivered;
	size_t uncounted; /* honest senders beyond TALLY_HONEST_AT_MOST */
	struct { double begun, greeted, ended; bool again; } honest_visits[TALLY_HONEST_AT_MOST];
};

struct wait {
	double seconds;
	bool open; /* at least so long */
};

void tally_count(struct tally *tally, const struct visit *visit);

/* The wait that `share` (0 to 1) of the honest senders do not exceed, at `now` seconds
 * after the beginning. Zero when there are none. */
struct wait tally_wait(const struct tally *tally, double share, double now);
/* The same, of those who came from an address that had been there before. */
struct wait tally_wait_again(const struct tally *tally, double share, double now);

/* Whether honest sender `number`, of those in honest_visits, was greeted in time. */
bool tally_in_time(const struct tally *tally, size_t number);

/* Honest senders that waited no longer than that for their greeting. */
size_t tally_greeted_within(const struct tally *tally, double seconds);

/* Honest senders who wait for a greeting at `now`, and the longest of their waits. */
size_t tally_waiting(const struct tally *tally, double now, double *ret_longest);

/* A JSON object, without a line end. `now` as in tally_wait. */
void tally_print_json(const struct tally *tally, double now, FILE *out);

#endif

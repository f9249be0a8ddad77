/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <stdlib.h>

/* The server's own end of a zombie that it has served: not a client that went away, and
 * not one that never got through. A mute one cannot be told, so it does not count. */
static bool ended_by_server(const struct visit *visit)
{
	return visit->end == END_CLOSED || visit->end == END_RESET;
}

static void count_zombie(struct tally *tally, const struct visit *visit)
{
	switch (visit->phase) {
	case VISIT_BEGUN:
		tally->zombies_open++;
		if (visit->again)
			tally->returned++;
		else
			tally->zombies++;
		break;
	case VISIT_REFUSED:
		tally->told++;
		break;
	case VISIT_ENDED:
		tally->zombies_open--;
		tally->unanswered += visit->end == END_UNANSWERED;
		if (visit->asked != NEVER && (visit->refused != NEVER || visit->end != END_STOPPED)) {
			tally->asked++;
			tally->asked_told += visit->refused != NEVER;
		}
		if (ended_by_server(visit) && !visit->mute) {
			tally->ended++;
			tally->ended_told += visit->refused != NEVER;
		}
		break;
	}
}

static void count_honest(struct tally *tally, const struct visit *visit)
{
	if (visit->phase == VISIT_BEGUN)
		tally->honest++;
	if (visit->phase == VISIT_GREETED) {
		tally->greeted++;
		tally->greeted_in_time += visit->greeted - visit->begun <= TALLY_IN_TIME_SECONDS;
	}
	tally->delivered += visit->phase == VISIT_DELIVERED;
	if (visit->number >= TALLY_HONEST_AT_MOST) {
		tally->uncounted += visit->phase == VISIT_BEGUN;
		return;
	}
	tally->honest_visits[visit->number].again = visit->again;
	tally->honest_visits[visit->number].begun = visit->begun;
	tally->honest_visits[visit->number].greeted = visit->greeted;
	tally->honest_visits[visit->number].ended = visit->ended;
}

void tally_count(struct tally *tally, const struct visit *visit)
{
	if (visit->visitor == VISITOR_HONEST)
		count_honest(tally, visit);
	else
		count_zombie(tally, visit);
}

static size_t recorded(const struct tally *tally)
{
	return tally->honest - tally->uncounted;
}

static struct wait wait_of(const struct tally *tally, size_t number, double now)
{
	double begun = tally->honest_visits[number].begun;
	double greeted = tally->honest_visits[number].greeted;
	double ended = tally->honest_visits[number].ended;

	if (greeted != NEVER)
		return (struct wait){ greeted - begun, false };
	return (struct wait){ (ended != NEVER ? ended : now) - begun, true };
}

static int by_seconds(const void *left, const void *right)
{
	const struct wait *a = left, *b = right;

	return (a->seconds > b->seconds) - (a->seconds < b->seconds);
}

static struct wait wait_of_share(const struct tally *tally, bool only_again, double share, double now)
{
	static struct wait waits[TALLY_HONEST_AT_MOST];
	size_t count = 0, rank;
	struct wait wait = { 0 };

	for (size_t i = 0; i < recorded(tally); i++) {
		if (tally->honest_visits[i].again || !only_again)
			waits[count++] = wait_of(tally, i, now);
	}
	if (count == 0)
		return wait;
	qsort(waits, count, sizeof(waits[0]), by_seconds);
	rank = (size_t)(share * (double)count);
	rank = rank < count ? rank : count - 1;
	wait.seconds = waits[rank].seconds;
	for (size_t i = 0; i <= rank; i++)
		wait.open |= waits[i].open;
	return wait;
}

struct wait tally_wait(const struct tally *tally, double share, double now)
{
	return wait_of_share(tally, false, share, now);
}

struct wait tally_wait_again(const struct tally *tally, double share, double now)
{
	return wait_of_share(tally, true, share, now);
}

bool tally_in_time(const struct tally *tally, size_t number)
{
	struct wait wait = wait_of(tally, number, 0);

	return !wait.open && wait.seconds <= TALLY_IN_TIME_SECONDS;
}

size_t tally_greeted_within(const struct tally *tally, double seconds)
{
	size_t greeted = 0;

	for (size_t i = 0; i < recorded(tally); i++) {
		struct wait wait = wait_of(tally, i, 0);

		greeted += !wait.open && wait.seconds <= seconds;
	}
	return greeted;
}

size_t tally_waiting(const struct tally *tally, double now, double *ret_longest)
{
	size_t waiting = 0;

	*ret_longest = 0;
	for (size_t i = 0; i < recorded(tally); i++) {
		struct wait wait = wait_of(tally, i, now);

		if (!wait.open || tally->honest_visits[i].ended != NEVER)
			continue;
		waiting++;
		if (wait.seconds > *ret_longest)
			*ret_longest = wait.seconds;
	}
	return waiting;
}

static void print_wait(const char *name, struct wait wait, FILE *out)
{
	fprintf(out, ",\"%s\":%.6f,\"%s_at_least\":%s", name, wait.seconds, name,
		wait.open ? "true" : "false");
}

void tally_print_json(const struct tally *tally, double now, FILE *out)
{
	fprintf(out, "{\"zombies\":%zu,\"returned\":%zu,\"zombies_told\":%zu,\"zombies_ended\":%zu,"
		"\"zombies_ended_told\":%zu,\"zombies_unanswered\":%zu,\"zombies_asked\":%zu,"
		"\"zombies_asked_told\":%zu",
		tally->zombies, tally->returned, tally->told, tally->ended, tally->ended_told,
		tally->unanswered, tally->asked, tally->asked_told);
	fprintf(out, ",\"honest\":%zu,\"greeted\":%zu,\"greeted_in_10s\":%zu,\"greeted_in_1s\":%zu",
		tally->honest, tally->greeted, tally->greeted_in_time, tally_greeted_within(tally, 1));
	fprintf(out, ",\"delivered\":%zu", tally->delivered);
	print_wait("wait_p50", tally_wait(tally, 0.50, now), out);
	print_wait("wait_p95", tally_wait(tally, 0.95, now), out);
	print_wait("wait_max", tally_wait(tally, 1.00, now), out);
	print_wait("wait_again_p95", tally_wait_again(tally, 0.95, now), out);
	fputc('}', out);
}

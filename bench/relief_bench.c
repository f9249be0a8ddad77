/* SPDX-License-Identifier: Apache-2.0 */
/* relief_bench - what relief's decision over many connections costs: build/bench/relief_bench
 *
 * 10,000 real connections from as many addresses of 40 networks, on the loopback interface of a
 * network namespace of its own, held by processes of its own; most have been greeted and say
 * nothing. Timed in turn, in the same run: a bare dump of them (what each second's sample takes), the
 * dump with each socket's tcp_info, what is made of that (silence, history, score), the networks, and
 * the choice of 2,000. The target is 20 ms for all of it. Needs root; exits with 3 without.
 */
#include "held.h"

#include "base/clock.h"
#include "base/table.h"
#include "judge/judge.h"
#include "judge/relief.h"
#include "sense/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PORT 2525
#define WANTED 2000
#define ROUNDS 41
#define ROOM 32768
#define SCORED_EVERY 10
#define TARGET_MS 20.0

static struct relief_candidate candidates[HELD_CONNECTIONS];
static struct relief_choice choices[WANTED];
static struct relief_crowd crowds[ROOM];
static const struct relief_rules rules = { .silence_ms = 1, .ban_score = 100 };

struct looking {
	struct table *seen;
	struct judge *judge;
	size_t count;
	bool judged; /* more than the dump */
};

/* Every address of 127.0.0.0/8 is there. */
static struct sockaddr_in source(uint32_t number)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f010000 + (number / 250 << 8) + number % 250 + 1),
	};
}

static void hold_one(int listener, uint16_t to_port, uint32_t number)
{
	struct sockaddr_in from = source(number), to = { .sin_family = AF_INET, .sin_port = htons(to_port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), served;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		held_die("connect");
	served = accept(listener, NULL, NULL);
	if (served < 0 || send(served, "220 mx.example.test ESMTP\r\n", 27, 0) != 27)
		held_die("accept");
}

static void judge_one_in_ten(struct judge *judge)
{
	static const struct prefix_set nobody;
	struct judge_event event = { .outcome = OUTCOME_RELIEVED, .score = 20 };
	struct verdict verdict;

	for (uint32_t i = 0; i < HELD_CONNECTIONS; i += SCORED_EVERY) {
		struct sockaddr_in from = source(i);

		event.client = addr_from_ipv4(&from.sin_addr);
		judge_event(judge, &nobody, &event, clock_wall_ms(), &verdict);
	}
}

static void prepare(struct looking *l)
{
	struct judge_limits limits = { .half_life_ms = 600000, .ban_score = 100, .clients = 20000 };
	int r = judge_create(&limits, &l->judge);

	if (r == 0)
		r = table_create(sizeof(uint64_t), sizeof(struct relief_seen), ROOM, &l->seen);
	if (r < 0) {
		errno = -r;
		held_die("tables");
	}
	judge_one_in_ten(l->judge);
}

static void on_connection(void *data, const struct sockdiag_socket *socket)
{
	struct looking *l = data;
	struct relief_candidate *c;
	struct addr unit;
	void *seen = NULL;

	if (!socket->inode || l->count == HELD_CONNECTIONS)
		return;
	c = &candidates[l->count++];
	if (!l->judged)
		return;
	if (table_add(l->seen, &socket->cookie, &seen) < 0)
		held_die("the table");
	relief_see(&rules, socket, clock_ms(), seen, c);
	unit = addr_unit(&c->addr);
	c->score = judge_score(l->judge, &unit, clock_wall_ms());
}

enum part { BARE, CLOSELY, JUDGED, CROWDS, CHOICE, DECISION, PARTS };

static double ms_since(uint64_t begun_us)
{
	return (double)(clock_us() - begun_us) / 1e3;
}

static double dump(struct connections *c, struct looking *l, bool closely, bool judged)
{
	struct connection_counts counts;
	uint64_t begun = clock_us();
	int r;

	l->count = 0;
	l->judged = judged;
	r = (closely ? connections_visit_closely : connections_visit)(c, on_connection, l, &counts);
	if (r < 0 || l->count != HELD_CONNECTIONS) {
		errno = r < 0 ? -r : EBADMSG;
		held_die("the dump");
	}
	return ms_since(begun);
}

static void measure(struct connections *c, struct looking *l, double ms[PARTS])
{
	uint64_t begun;
	size_t chosen;

	ms[BARE] = dump(c, l, false, false);
	ms[CLOSELY] = dump(c, l, true, false);
	ms[JUDGED] = dump(c, l, true, true);
	begun = clock_us();
	relief_count_crowds(candidates, l->count, crowds, ROOM, 4711);
	ms[CROWDS] = ms_since(begun);
	begun = clock_us();
	chosen = relief_choose(&rules, candidates, l->count, WANTED, choices);
	ms[CHOICE] = ms_since(begun);
	if (chosen != WANTED) {
		errno = ENOMSG;
		held_die("the choice");
	}
	ms[DECISION] = ms[JUDGED] + ms[CROWDS] + ms[CHOICE];
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double print(const char *name, enum part part, double rounds[ROUNDS][PARTS])
{
	double sorted[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		sorted[i] = rounds[i][part];
	qsort(sorted, ROUNDS, sizeof(sorted[0]), compare);
	printf("%-44s %8.2f %8.2f\n", name, sorted[ROUNDS / 2], sorted[ROUNDS - 1]);
	return sorted[ROUNDS / 2];
}

int main(void)
{
	static double rounds[ROUNDS][PARTS];
	static const uint16_t port = PORT;
	struct looking l = { 0 };
	struct connections *c;
	pid_t holders[HELD_PROCESSES];
	double decision;
	int r;

	held_begin(PORT, hold_one, holders);
	prepare(&l);
	r = connections_create(&port, 1, &c);
	if (r < 0) {
		errno = -r;
		held_die("sock_diag");
	}
	measure(c, &l, rounds[0]); /* warm up */
	for (int i = 0; i < ROUNDS; i++)
		measure(c, &l, rounds[i]);
	printf("%-44s %8s %8s\n", "10,000 connections, 2,000 to go, in ms", "median", "most");
	print("bare dump", BARE, rounds);
	print("dump with tcp_info", CLOSELY, rounds);
	print("the same, and what is made of each", JUDGED, rounds);
	print("how many each network holds", CROWDS, rounds);
	print("the choice", CHOICE, rounds);
	decision = print("the decision: the last three together", DECISION, rounds);
	printf("target %.0f ms: %s\n", TARGET_MS, decision <= TARGET_MS ? "reached" : "not reached");
	connections_destroy(c);
	held_end(holders);
	return decision <= TARGET_MS ? 0 : 1;
}

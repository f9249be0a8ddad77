/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer to `top` costs the watch worker for its clients: all that have a score are looked at, in slices, the
 * networks added up, and the 200 worst of both put in order.
 *
 *   worst_bench [CLIENTS]      100,000 unless given
 *
 * Prints the longest slice of 2048 clients, the last step, and all together. */
#include "base/clock.h"
#include "judge/judge.h"
#include "judge/worst.h"

#include <stdio.h>
#include <stdlib.h>

#define SLICE 2048
#define ROUNDS 10
#define NOW UINT64_C(1785179537000)

static const struct judge_limits limits = { .half_life_ms = 600000, .ban_score = 100, .clients = 1000000,
					    .scores = { [OUTCOME_LISTED] = 100, [OUTCOME_TIMED_OUT] = 5 } };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void fill(struct judge *judge, uint32_t clients)
{
	static const struct prefix_set nobody;

	for (uint32_t i = 0; i < clients; i++) {
		/* Eight clients in a network, in no order. */
		uint32_t number = i * 2654435761U, network = (number >> 8) % (clients / 8 + 1);
		const uint8_t octets[4] = { (uint8_t)(10 + (network >> 16)), (uint8_t)(network >> 8), (uint8_t)network,
					    (uint8_t)number };
		struct judge_event event = { .client = addr_from_ipv4(octets), .score = JUDGE_SCORE_OF_OUTCOME,
					     .outcome = i % 3 ? OUTCOME_TIMED_OUT : OUTCOME_LISTED };
		struct verdict verdict;

		judge_event(judge, &nobody, &event, NOW + i, &verdict);
	}
}

/* Returns whether there is more. */
static bool slice(struct judge *judge, struct worst *worst, uint32_t *cursor)
{
	struct judge_standing standing;
	struct addr unit;

	for (int i = 0; i < SLICE; i++) {
		struct worst_row row;

		if (!judge_next(judge, cursor, NOW + 1000000, &unit, &standing))
			return false;
		row = (struct worst_row){ .prefix = prefix_of_unit(&unit), .score = standing.score,
					  .offences = standing.offences, .last_ms = standing.last_ms, .clients = 1 };
		worst_add(worst, &row);
	}
	return true;
}

static void look(struct judge *judge, enum worst_order order)
{
	uint64_t begin = clock_us(), before = begin, longest = 0, sorted;
	const struct worst_row *const *rows;
	struct worst *worst;
	uint32_t cursor = 0;
	bool more;

	must(worst_create(order, 200, judge_count(judge), &worst) == 0);
	do {
		uint64_t now;

		more = slice(judge, worst, &cursor);
		now = clock_us();
		longest = now - before > longest ? now - before : longest;
		before = now;
	} while (more);
	must(worst_clients(worst, &rows) == 200 && worst_networks(worst, &rows) == 200);
	sorted = clock_us();
	worst_destroy(worst);
	printf("by %-9s longest slice %6.3f ms, order %6.3f ms, all %7.3f ms\n", worst_order_name(order),
	       (double)longest / 1000, (double)(sorted - before) / 1000, (double)(clock_us() - begin) / 1000);
}

int main(int argc, char **argv)
{
	uint32_t clients = argc > 1 ? (uint32_t)atoi(argv[1]) : 100000;
	struct judge *judge;

	must(judge_create(&limits, &judge) == 0);
	fill(judge, clients);
	printf("%zu clients\n", judge_count(judge));
	for (int i = 0; i < ROUNDS; i++)
		look(judge, (enum worst_order)(i % WORST_ORDERS));
	judge_destroy(judge);
	return 0;
}

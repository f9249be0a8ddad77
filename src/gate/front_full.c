/* SPDX-License-Identifier: Apache-2.0 */
/* front_full - who has to go when the gate is full. */
#include "gate/front_internal.h"

#include "base/counter.h"

/* Looked at for one place. */
#define SAMPLE 32

/* Who talks to the mail server, or is on its way there, is not touched. */
static bool may_go(const struct visitor *visitor)
{
	if (visitor->letter)
		return false;
	return visitor->session.state == SESSION_TESTING || visitor->session.state == SESSION_DIALOGUE ||
	       visitor->session.state == SESSION_CLOSING;
}

/* Who is on its way out anyhow first, then by score, by whether it has been told, and by how long it has been
 * silent. */
static bool is_worse(const struct visitor *a, const struct visitor *b)
{
	const struct session *s = &a->session, *t = &b->session;
	bool s_closes = s->state == SESSION_CLOSING, t_closes = t->state == SESSION_CLOSING;

	if (s_closes != t_closes)
		return s_closes;
	if (s->score != t->score)
		return s->score > t->score;
	if ((s->told > 0) != (t->told > 0))
		return s->told > 0;
	return s->heard_ms < t->heard_ms;
}

static struct visitor *least_deserving(struct front *front)
{
	struct visitor *worst = NULL;

	for (int i = 0; i < SAMPLE; i++) {
		struct visitor *visitor = table_next(front->visitors, &front->hand);

		if (!visitor)
			front->hand = 0;
		else if (may_go(visitor) && (!worst || is_worse(visitor, worst)))
			worst = visitor;
	}
	return worst;
}

bool front_make_room(struct front *front, bool for_known_good)
{
	size_t reserve = front->most * front->rules->settings->gate_reserve / 100;
	size_t most = for_known_good ? front->most : front->most - reserve;
	struct visitor *worst;
	uint32_t visit;

	if (table_count(front->visitors) < most)
		return true;
	worst = least_deserving(front);
	if (!worst)
		return false;
	counter_add(COUNTER_gate_sessions_displaced, 1);
	visit = worst->visit;
	if (worst->session.state != SESSION_CLOSING)
		front_visitor_refuse(worst, "4.3.2 Too many connections, try again later");
	/* Its place is needed now: it does not linger. */
	worst = table_find(front->visitors, &visit);
	if (worst)
		front_visitor_close(worst);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* warden_gate_ability - whether who comes to the gate can be served there, as its workers say. */
#include "daemon/warden_gate_internal.h"

#include "base/log.h"
#include "base/text.h"

/* Who can serve nobody is given no clients for so long, and twice as long each time that it was too soon. */
#define PAUSE_LEAST_MS 10000
#define PAUSE_MOST_MS 120000
/* It is said once a second as long as it is so. */
#define SAID_MS 1500

static bool is_led_to(const struct generation *g)
{
	/* Of one that was taken over nothing is known. */
	return g->start.plan && g->start.plan->settings.gate_steer != STEERING_NONE;
}

void gate_note_unable(struct generation *g)
{
	struct warden_gate *gate = g->gate;
	uint64_t now_ms = loop_now_ms(gate->loop);
	bool again = gate->pause_ms && now_ms - gate->pause_ends_ms < PAUSE_MOST_MS;
	char text[DURATION_TEXT_SIZE];

	gate->unable_ms = now_ms;
	if (now_ms < gate->pause_ends_ms)
		return;
	gate->pause_ms = again ? gate->pause_ms * 2 : PAUSE_LEAST_MS;
	if (gate->pause_ms > PAUSE_MOST_MS)
		gate->pause_ms = PAUSE_MOST_MS;
	gate->pause_ends_ms = now_ms + gate->pause_ms;
	if (is_led_to(g))
		log_error("nobody could be served by the gate; clients are led to it again in %s",
			  duration_format(gate->pause_ms, text));
}

bool gate_serves_nobody(const struct warden_gate *gate)
{
	uint64_t now_ms = loop_now_ms(gate->loop);

	return now_ms < gate->pause_ends_ms || (gate->unable_ms && now_ms - gate->unable_ms < SAID_MS);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who is led to the gate by the kernel is so from second to second: as long as all of the gate is well. */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"

void warden_tell_steering(struct warden *w)
{
	struct packet packet = { .head = { PACKET_ANSWERS, 1 } };

	if (w->plan->settings.gate_steer == STEERING_NONE || !w->worker.pid)
		return;
	packet.answers[0] = (struct answer){ .kind = ANSWER_STEERING, .flags = w->steering == STEERS_ON,
					     .error = w->steering == STEERS_UNABLE ? w->steering_error : 0 };
	w->steering_untold = packet_send(w->worker.socket, &packet, -1) < 0;
}

static void note(struct warden *w, enum warden_steers state, int error)
{
	if (w->steering == state && error == w->steering_error)
		return;
	if (state == STEERS_ON) {
		log_event(w->steering == STEERS_STOPPED ? LOG_STEERING_AGAIN : LOG_STEERING_ON,
			  LOG_TEXT(DETAIL, w->plan->settings.gate_steer == STEERING_ALL ? "clients" : "suspects"));
	} else if (state == STEERS_UNABLE) {
		log_error("gate.steer: this kernel leads no clients to the gate (%s); they reach the mail server directly",
			  strerror(-error));
	} else if (state == STEERS_STOPPED && w->steering == STEERS_ON) {
		log_event(LOG_STEERING_STOPPED);
		counter_add(COUNTER_steering_stopped, 1);
	}
	w->steering = state;
	w->steering_error = error;
	warden_tell_steering(w);
}

void warden_end_steering(struct warden *w)
{
	if (w->steering == STEERS_ON && w->ban)
		(void)ban_steer(w->ban, false);
	w->steering = STEERS_UNSAID;
}

/* A gate that could let nobody in would keep everybody out. */
static bool gate_works(const struct warden *w)
{
	return warden_gate_works(w->gate) && (w->route || w->plan->settings.gate_handoff != HANDOFF_TRANSPARENT);
}

/* Before the gate's processes have spoken for the first time there is nothing to say. Nor is there of a table that is
 * not to be had. */
void warden_steer(struct warden *w)
{
	bool works = gate_works(w);
	int r = 0, lacks;

	if (w->plan->settings.gate_steer == STEERING_NONE || !w->ban) {
		w->steering = STEERS_UNSAID;
		return;
	}
	lacks = ban_lacks(w->ban).steering;
	/* It need not be said each second that it ends. */
	if (works || w->steering == STEERS_ON)
		r = ban_steer(w->ban, works);
	if (lacks < 0)
		note(w, STEERS_UNABLE, lacks);
	else if (works && r == 0)
		note(w, STEERS_ON, 0);
	else if (w->steering != STEERS_UNSAID)
		note(w, STEERS_STOPPED, 0);
	if (w->steering_untold)
		warden_tell_steering(w);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the warden does for relief: it ends the one connection that it is asked to end, when nobody
 * protects its client, and tells which clients the mail server itself knows to be listed. */
#include "daemon/warden_internal.h"

#include "act/blocked.h"
#include "base/counter.h"

#include <errno.h>

/* Less than a second: the worker's seconds are not ours. */
#define HANDLERS_EVERY_MS 900

static void on_blocked(void *data, const struct addr *client, uint16_t port)
{
	struct warden *w = data;

	w->blocked_answers.answers[w->blocked_answers.head.count++] =
		(struct answer){ .kind = ANSWER_BLOCKED, .unit = *client, .port = port };
	if (w->blocked_answers.head.count < PACKET_ITEMS_MOST)
		return;
	warden_send(w, &w->blocked_answers);
	w->blocked_answers.head.count = 0;
}

static int look_for_blocked(struct warden *w)
{
	const struct mail_server *server = &w->plan->server;
	uint64_t now = loop_now_ms(w->loop);
	uint16_t ports[PLAN_PORTS_MOST];
	int r = 0;

	if (!server->tells_blocked || !server->handlers)
		return -EOPNOTSUPP;
	if (w->handlers_looked_ms && now - w->handlers_looked_ms < HANDLERS_EVERY_MS)
		return -EAGAIN;
	w->handlers_looked_ms = now;
	if (!w->blocked)
		r = blocked_create(ports, plan_guarded_ports(&w->plan->settings, ports), server->handlers, &w->blocked);
	if (r == 0)
		r = blocked_look(w->blocked, on_blocked, w);
	if (r < 0)
		counter_add(COUNTER_kernel_errors, 1);
	return r;
}

void warden_tell_handlers(struct warden *w)
{
	int r;

	w->blocked_answers.head = (struct packet_head){ PACKET_ANSWERS, 0 };
	r = look_for_blocked(w);
	/* There is room: a packet that was full has gone. */
	w->blocked_answers.answers[w->blocked_answers.head.count++] =
		(struct answer){ .kind = ANSWER_HANDLERS, .error = r };
	warden_send(w, &w->blocked_answers);
}

void warden_on_relieved(void *data, const struct addr *client, uint16_t port, int error)
{
	struct answer answer = { .kind = ANSWER_RELIEVED, .error = error, .unit = *client, .port = port };

	warden_answer(data, &answer);
}

int warden_relieve(struct warden *w, const struct request *q)
{
	if (w->options->observe)
		return -EPERM;
	if (!w->plan->settings.relief_enabled || !w->evict)
		return -EOPNOTSUPP;
	return evict_connection(w->evict, q->unit, q->port);
}

void warden_close_relief(struct warden *w)
{
	blocked_destroy(w->blocked);
	w->blocked = NULL;
}

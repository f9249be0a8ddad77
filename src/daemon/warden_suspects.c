/* SPDX-License-Identifier: Apache-2.0 */
/* Which suspects the kernel has, for the worker, which knows only those that it made itself (limits.suspect makes
 * others in the path of the packets). They are read part by part with time in between, up to BAN_READ_MOST_UNITS of each
 * family: what a wave of a million addresses put there holds up neither the guard nor the kernel. */
#include "daemon/warden_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/* Between two parts, for each microsecond that the one before took: half a millisecond a second is spent so. Measured:
 * 25 to 150 us a part, 2.2 ms for 4096 units, however many there are besides. */
#define REST_MS_A_US 2
#define REST_LEAST_MS 20
#define REST_MOST_MS 500
/* From one begin to the next, at least. */
#define LOOK_EVERY_MS 500

struct warden_suspects {
	struct warden *w;
	struct loop_timer *go_on;
	uint64_t begun_ms;
	uint16_t number; /* of the request */
	enum addr_family family;
	struct ban_reader *reader; /* NULL: nobody waits for more */
	size_t count;              /* of the family */
	bool cut;
	struct packet packet; /* to be sent; the worker's socket may have no room */
};

static void add(struct warden_suspects *s, const struct answer *answer)
{
	s->packet.answers[s->packet.head.count++] = *answer;
}

static void end_reading(struct warden_suspects *s, int error)
{
	ban_reader_close(s->reader);
	s->reader = NULL;
	/* A part leaves room for this. */
	add(s, &(struct answer){ .kind = ANSWER_SUSPECTS, .port = s->number, .error = error, .flags = s->cut });
}

/* The other family follows. */
static void end_family(struct warden_suspects *s)
{
	int r = 0;

	ban_reader_close(s->reader);
	s->reader = NULL;
	s->count = 0;
	if (s->family == ADDR_IPV4) {
		s->family = ADDR_IPV6;
		r = ban_reader_open(ADDR_IPV6, &s->reader);
		if (r == 0)
			return;
	}
	end_reading(s, r);
}

static void read_part(struct warden_suspects *s)
{
	struct ban_read part[BAN_READ_PART_MOST];
	size_t count;
	int r = ban_reader_next(s->reader, part, &count);

	if (r < 0) {
		end_reading(s, r);
		return;
	}
	for (size_t i = 0; i < count && s->packet.head.count < PACKET_ITEMS_MOST - 1; i++, s->count++)
		add(s, &(struct answer){ .kind = ANSWER_SUSPECT, .port = s->number, .unit = part[i].unit,
					 .value = part[i].remaining_ms });
	if (r == 1 && s->count < BAN_READ_MOST_UNITS)
		return;
	s->cut |= r == 1;
	end_family(s);
}

static void go_on(void *data)
{
	struct warden_suspects *s = data;
	uint64_t begin_us = clock_us(), rest_ms;
	int r = s->w->worker.socket < 0 ? -EPIPE : 0;

	if (r == 0 && s->packet.head.count == 0)
		read_part(s);
	/* Nobody waits for a worker that is slow: it comes again. */
	if (r == 0 && s->packet.head.count)
		r = packet_send(s->w->worker.socket, &s->packet, -1);
	if (r == 0)
		s->packet.head.count = 0;
	if (r < 0 && r != -EAGAIN) {
		ban_reader_close(s->reader);
		s->reader = NULL;
		return;
	}
	if (!s->reader && s->packet.head.count == 0)
		return;
	rest_ms = (clock_us() - begin_us) * REST_MS_A_US;
	rest_ms = rest_ms < REST_LEAST_MS ? REST_LEAST_MS : rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS;
	loop_timer_arm(s->go_on, loop_now_ms(s->w->loop) + rest_ms);
}

static struct warden_suspects *open_suspects(struct warden *w)
{
	struct warden_suspects *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->w = w;
	if (loop_timer_create(w->loop, go_on, s, &s->go_on) == 0)
		return s;
	free(s);
	return NULL;
}

static void refuse(struct warden *w, uint16_t number, int error)
{
	warden_answer(w, &(struct answer){ .kind = ANSWER_SUSPECTS, .port = number, .error = error });
}

void warden_tell_suspects(struct warden *w, const struct request *q)
{
	uint64_t now_ms = loop_now_ms(w->loop);
	struct warden_suspects *s;
	int r;

	if (!w->suspects)
		w->suspects = open_suspects(w);
	s = w->suspects;
	if (!s || !w->ban || (s->begun_ms && now_ms - s->begun_ms < LOOK_EVERY_MS)) {
		refuse(w, q->port, !s ? -ENOMEM : !w->ban ? -ENOENT : -EAGAIN);
		return;
	}
	/* What was under way was for a worker that has ended, or has given it up. */
	ban_reader_close(s->reader);
	*s = (struct warden_suspects){ .w = w, .go_on = s->go_on, .begun_ms = now_ms, .number = q->port,
				       .family = ADDR_IPV4 };
	s->packet.head.kind = PACKET_ANSWERS;
	r = ban_reader_open(s->family, &s->reader);
	if (r < 0)
		refuse(w, q->port, r);
	else
		loop_timer_arm(s->go_on, now_ms);
}

void warden_tell_suspect(struct warden *w, const struct request *q)
{
	struct answer answer = { .kind = ANSWER_IS_SUSPECT, .unit = q->unit };
	struct addr unit = addr_unit(&q->unit);

	if (!addr_equal(&unit, &q->unit))
		answer.error = -EINVAL;
	else if (w->ban)
		answer.error = ban_query_suspect(w->ban, &unit, &answer.value);
	warden_answer(w, &answer);
}

void warden_close_suspects(struct warden *w)
{
	if (!w->suspects)
		return;
	loop_timer_destroy(w->suspects->go_on);
	ban_reader_close(w->suspects->reader);
	free(w->suspects);
	w->suspects = NULL;
}

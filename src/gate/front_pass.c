/* SPDX-License-Identifier: Apache-2.0 */
/* front_pass - the way of a clean client into the mail server. */
#include "gate/front_internal.h"

#include "base/counter.h"
#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENT_MS 10000

static void queue_up(struct visitor *visitor)
{
	if (!visitor->queued)
		TAILQ_INSERT_TAIL(&visitor->front->queue, visitor, queue);
	visitor->queued = true;
}

static void refuse(struct visitor *visitor, int error)
{
	enum session_state before = visitor->session.state;
	struct replies replies = front_replies(visitor);
	enum session_wish wish;

	if (error == -EUSERS) {
		counter_add(COUNTER_gate_per_address, 1);
		wish = session_refuse(&visitor->session, visitor->front->rules,
				      "4.7.0 Too many connections from your address", &replies);
	} else {
		counter_add(COUNTER_gate_hand_off_errors, 1);
		front_note_failed(visitor->front);
		wish = session_server_unavailable(&visitor->session, visitor->front->rules, &replies);
	}
	front_visitor_follow(visitor, before, wish, &replies);
}

int front_visitor_ask(struct visitor *visitor)
{
	struct front *front = visitor->front;
	bool letter = visitor->session.letter;
	int r = letter && !front_letter_admit(visitor) ?
			-EBUSY :
			front->calls->let_in(front->data, visitor->visit, &visitor->session, visitor->fd);

	if (!letter)
		front_note_asked(front);
	visitor->asked = r == 0;
	/* It does not queue: what room there will be is for clients that are clean. */
	if (r < 0 && letter) {
		front_letter_refuse(visitor);
		return -EBUSY;
	}
	if (r == -EAGAIN)
		queue_up(visitor);
	else
		front_visitor_unqueue(visitor);
	if (r < 0 && r != -EAGAIN)
		refuse(visitor, r);
	return r;
}

static void remember_passed(struct visitor *visitor)
{
	struct front *front = visitor->front;

	front_note_answered(front);
	counter_add(COUNTER_gate_passed, 1);
	if (visitor->session.introduction && !visitor->session.interview)
		return; /* it was rejected, and only may log in */
	if (!visitor->stranger) {
		counter_add(COUNTER_gate_known, 1);
		return;
	}
	clients_passed(front->clients, &visitor->session.client, loop_now_ms(front->loop));
	front_visitor_report(visitor, GATE_REPORT_PASSED);
}

void front_say_unreachable(struct front *front, const char *why)
{
	uint64_t now_ms = loop_now_ms(front->loop);

	if (now_ms < front->silent_until_ms)
		return;
	front->silent_until_ms = now_ms + SILENT_MS;
	log_error("a client could not be let in to the mail server: %s", why);
}

/* The server may have been full, or down for a moment; until gate.full_wait the next front_room tries
 * again. Nothing was read of the client. */
static void on_connected(void *data, int error)
{
	struct visitor *visitor = data;

	if (error) {
		counter_add(COUNTER_gate_hand_off_errors, 1);
		front_say_unreachable(visitor->front, strerror(-error));
		relay_destroy(visitor->relay);
		visitor->relay = NULL;
		queue_up(visitor);
		return;
	}
	front_state_changed(visitor->front, SESSION_WAITING, SESSION_PASSED);
	visitor->session.state = SESSION_PASSED;
	remember_passed(visitor);
}

/* It says nothing new to anybody, but would keep its place for as long as it likes. */
static void on_ending(void *data)
{
	struct visitor *visitor = data;

	visitor->linger_until_ms = loop_now_ms(visitor->front->loop) + visitor->front->rules->settings->gate_command_time;
	front_visitor_set_due(visitor, visitor->linger_until_ms);
}

static void on_ended(void *data)
{
	front_visitor_close(data);
}

/* A client that takes nothing of what it is sent, and goes on to say so, could hide even the server's end from us: that
 * stands behind the bytes that nobody takes. The kernel, without this, waits for ever. */
static void bound_patience(const struct visitor *visitor)
{
	unsigned most_ms = (unsigned)visitor->front->rules->settings->gate_session;

	setsockopt(visitor->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &most_ms, sizeof(most_ms));
}

static void connect_through(struct visitor *visitor, int server, struct bytes header)
{
	static const struct relay_calls calls = { on_connected, on_ending, on_ended };
	struct front *front = visitor->front;
	const struct session *session = &visitor->session;
	const struct relay_words words = { bytes_of(session->introduction ? session->introduction : ""),
					   bytes_of(session->rest ? session->rest : "") };
	int r;

	loop_fd_remove(visitor->watch);
	visitor->watch = NULL;
	bound_patience(visitor);
	r = relay_create(front->loop, front->pipes, visitor->fd, server, header,
			 &words, &calls, visitor, &visitor->relay);
	if (r == -ENOMEM)
		front_note_starved(front);
	if (r < 0)
		refuse(visitor, r);
}

/* One that refuses connections is, as a rule, one that is being started again. */
static bool is_worth_waiting(int error)
{
	return error == -EAGAIN || error == -ECONNREFUSED;
}

void front_visitor_answer(struct visitor *visitor, int error, int fd, struct bytes header)
{
	if (!visitor->asked || visitor->session.state != SESSION_WAITING) {
		if (fd >= 0)
			close(fd);
		return;
	}
	visitor->asked = false;
	/* What the server has no room for, it has no room for without us. */
	if (error == -EAGAIN || error == -EUSERS)
		front_note_answered(visitor->front);
	if (visitor->session.letter && fd >= 0) {
		front_letter_begin(visitor, fd, header);
	} else if (visitor->session.letter) {
		front_letter_refuse(visitor);
	} else if (is_worth_waiting(error)) {
		queue_up(visitor);
	} else if (error) {
		refuse(visitor, error);
	} else if (fd >= 0) {
		connect_through(visitor, fd, header);
	} else if (visitor->session.introduction) {
		refuse(visitor, -EPROTO);
	} else {
		remember_passed(visitor);
		/* So that its end is not taken for one that was never told. */
		front_state_changed(visitor->front, SESSION_WAITING, SESSION_PASSED);
		visitor->session.state = SESSION_PASSED;
		front_visitor_close(visitor);
	}
}

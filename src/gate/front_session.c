/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/front_internal.h"

#include "base/counter.h"
#include "kernel/gate_mark.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* What an early talker is known by. */
#define PEEK_MOST 64
/* Replies that a client does not take: more than to all that one read can hold. */
#define UNSENT_MOST (128U * 1024)

static const struct session_facts nothing_known;

static uint64_t now_of(const struct visitor *visitor)
{
	return loop_now_ms(visitor->front->loop);
}

struct replies front_replies(const struct visitor *visitor)
{
	return (struct replies){ .data = visitor->front->replies, .room = sizeof(visitor->front->replies) };
}

static bool watch(struct visitor *visitor, uint32_t events)
{
	if (!visitor->watch) {
		if (loop_fd_add(visitor->front->loop, visitor->fd, events, front_on_client, visitor, &visitor->watch) < 0)
			return false;
	} else if (visitor->events != events) {
		loop_fd_change(visitor->watch, events);
	}
	visitor->events = events;
	return true;
}

/* What we wait for, by the state. Errors and hang-ups are always told. */
static uint32_t wanted(const struct visitor *visitor)
{
	if (visitor->unsent_size)
		return EPOLLOUT;
	if (visitor->letter)
		return front_letter_events(visitor);
	switch ((enum session_state)visitor->session.state) {
	case SESSION_TESTING:
		return visitor->session.observed & 1U << OBSERVATION_EARLY_TALKER ? 0 : EPOLLIN | EPOLLRDHUP;
	case SESSION_DIALOGUE:
		return (visitor->tls ? tls_events(visitor->tls) : EPOLLIN) | (visitor->eager ? EPOLLOUT : 0U);
	case SESSION_CLOSING:
		return EPOLLIN;
	default:
		return 0;
	}
}

/* As much as goes now. Returns how much that was, or -1 when the client is gone. */
static ssize_t send_now(struct visitor *visitor, const char *data, size_t size)
{
	size_t sent = 0;
	ssize_t n;

	if (!visitor->tls) {
		n = send(visitor->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
	}
	/* A socket that has room is not what this waits for, and who did not begin need not hear why it ends. */
	if (!tls_is_ready(visitor->tls))
		return (ssize_t)size;
	do {
		n = tls_write(visitor->tls, data + sent, size - sent);
		sent += n > 0 ? (size_t)n : 0;
	} while (n > 0 && sent < size);
	return n < 0 && n != -EAGAIN ? -1 : (ssize_t)sent;
}

/* Returns false when the client is gone. */
static bool send_out(struct visitor *visitor, const char *data, size_t size)
{
	ssize_t n = visitor->unsent_size ? 0 : send_now(visitor, data, size);
	size_t sent = n > 0 ? (size_t)n : 0;
	char *longer;

	if (n < 0)
		return false;
	if (sent == size)
		return true;
	if (visitor->unsent_size + (size - sent) > UNSENT_MOST)
		return false;
	longer = realloc(visitor->unsent, visitor->unsent_size + (size - sent));
	if (!longer)
		return false;
	memcpy(longer + visitor->unsent_size, data + sent, size - sent);
	visitor->unsent = longer;
	visitor->unsent_size += (uint32_t)(size - sent);
	return true;
}

static bool send_unsent(struct visitor *visitor)
{
	char *data = visitor->unsent;
	size_t size = visitor->unsent_size;
	bool well;

	visitor->unsent = NULL;
	visitor->unsent_size = 0;
	well = send_out(visitor, data, size);
	free(data);
	return well;
}

void front_visitor_end_look(struct visitor *visitor, struct session_facts *ret)
{
	void *look = visitor->look;

	visitor->look = NULL;
	if (look)
		visitor->front->calls->look_end(visitor->front->data, look, ret);
	else if (ret)
		*ret = nothing_known;
}

void front_visitor_report(struct visitor *visitor, enum gate_report_kind kind)
{
	struct front *front = visitor->front;
	struct session *session = &visitor->session;
	struct gate_report report = { .kind = (uint8_t)kind, .client = session->client,
				      .client_port = session->client_port, .score = session->score,
				      .observed = session->observed, .listed = session->listed,
				      .is_listed = session_is_listed(session, front->rules) };

	visitor->told = true;
	if (kind == GATE_REPORT_REFUSED)
		session_talk(session, front->rules, report.talk);
	front->calls->report(front->data, &report);
}

static void remember_refused(struct visitor *visitor)
{
	const struct session *session = &visitor->session;
	struct session_facts facts = { .score = session->score, .listed = session->listed,
				       .observed = session->observed };

	clients_failed(visitor->front->clients, &session->client, &facts, now_of(visitor));
	front_visitor_report(visitor, GATE_REPORT_REFUSED);
}

static void close_visitor(struct visitor *visitor)
{
	const struct session *session = &visitor->session;

	if (session->told && !visitor->told)
		remember_refused(visitor);
	if ((session->observed & SESSION_ABUSES & ~session->recalled) && !visitor->told && session->state != SESSION_PASSED)
		front_visitor_report(visitor, GATE_REPORT_ABUSE);
	front_visitor_close(visitor);
}

void front_visitor_lose(struct visitor *visitor)
{
	counter_add(COUNTER_gate_hung_up, 1);
	close_visitor(visitor);
}

/* Our last word is on its way: no more of ours follows, and what the client still sends is read, since
 * a close with unread input is a reset, which takes the last word along (RFC 1122 section 4.2.2.13). Returns
 * false when it is over at once. */
static bool begin_to_close(struct visitor *visitor)
{
	if (visitor->linger_until_ms == 0)
		visitor->linger_until_ms = now_of(visitor) + FRONT_LINGER_MS;
	if (visitor->unsent_size)
		return true;
	if (visitor->half_closed)
		return false;
	if (visitor->tls)
		tls_close(visitor->tls);
	return shutdown(visitor->fd, SHUT_WR) == 0;
}

static uint64_t due_of(const struct visitor *visitor)
{
	if (visitor->letter)
		return front_letter_due_ms(visitor);
	if (visitor->linger_until_ms)
		return visitor->linger_until_ms;
	return session_deadline(&visitor->session, visitor->front->rules);
}

bool front_visitor_follow(struct visitor *visitor, enum session_state before, enum session_wish wish,
			  const struct replies *replies)
{
	struct session *session = &visitor->session;
	int r;

	if (before != session->state)
		front_state_changed(visitor->front, before, session->state);
	if (session->state != SESSION_TESTING)
		front_visitor_end_look(visitor, NULL);
	if (session->state != SESSION_WAITING)
		front_visitor_unqueue(visitor);
	/* A server that has not answered by now is not waited for. */
	if (session->state == SESSION_CLOSING) {
		relay_destroy(visitor->relay);
		visitor->relay = NULL;
	}
	/* Who writes to postmaster is not ended by the judge before the letter is. */
	if (session->told && !visitor->told && !visitor->letter)
		remember_refused(visitor);
	if ((replies->size && !send_out(visitor, replies->data, replies->size)) ||
	    (wish == SESSION_WISH_END && !begin_to_close(visitor))) {
		close_visitor(visitor);
		return false;
	}
	if (wish == SESSION_WISH_START_TLS &&
	    (visitor->unsent_size || tls_create(visitor->front->tls, visitor->fd, &visitor->tls) < 0)) {
		close_visitor(visitor);
		return false;
	}
	if (wish == SESSION_WISH_LET_IN) {
		r = front_visitor_ask(visitor);
		if (r < 0 && r != -EAGAIN)
			return false;
	}
	/* Who is known is not watched on its short way through. */
	if ((visitor->watch || session->state != SESSION_WAITING || visitor->unsent_size) &&
	    !watch(visitor, wanted(visitor))) {
		front_note_starved(visitor->front);
		close_visitor(visitor);
		return false;
	}
	front_visitor_set_due(visitor, due_of(visitor));
	return true;
}

/* Asks about its address, and takes what is known at once. */
static enum session_wish look(struct visitor *visitor, struct replies *replies)
{
	struct front *front = visitor->front;
	struct session_facts facts = nothing_known;
	int r = front->calls->look(front->data, &visitor->session.client, visitor->visit, &visitor->look, &facts);

	if (r == 0)
		return SESSION_WISH_NOTHING;
	return session_looked(&visitor->session, front->rules, &facts, now_of(visitor), replies);
}

void front_visitor_opened(struct visitor *visitor, enum session_memory memory, const struct session_facts *facts)
{
	struct front *front = visitor->front;
	struct replies replies = front_replies(visitor);
	enum session_wish wish = session_begin(&visitor->session, front->rules, memory, facts, now_of(visitor), &replies);

	visitor->stranger = memory == SESSION_STRANGER || memory == SESSION_KNOWN_NETWORK;
	if (visitor->session.state == SESSION_TESTING)
		wish = look(visitor, &replies);
	if (visitor->session.greeting)
		(void)gate_mark_greeted(visitor->fd);
	if (front_visitor_follow(visitor, SESSION_TESTING, wish, &replies))
		front_note_served(front);
}

void front_visitor_looked(struct visitor *visitor)
{
	enum session_state before = visitor->session.state;
	struct replies replies = front_replies(visitor);
	struct session_facts facts;
	enum session_wish wish;

	if (!visitor->look)
		return;
	front_visitor_end_look(visitor, &facts);
	wish = session_looked(&visitor->session, visitor->front->rules, &facts, now_of(visitor), &replies);
	front_visitor_follow(visitor, before, wish, &replies);
}

void front_visitor_due(struct visitor *visitor)
{
	enum session_state before = visitor->session.state;
	struct replies replies = front_replies(visitor);
	uint64_t now_ms = now_of(visitor);
	enum session_wish wish;

	if (now_ms < due_of(visitor)) {
		front_visitor_set_due(visitor, due_of(visitor));
		return;
	}
	if (visitor->letter) {
		front_letter_due(visitor);
		return;
	}
	if (visitor->linger_until_ms) {
		close_visitor(visitor);
		return;
	}
	if (visitor->look && !visitor->session.looked) {
		front_visitor_looked(visitor);
		return;
	}
	if (before == SESSION_WAITING) {
		front_note_failed(visitor->front);
		front_say_unreachable(visitor->front, "it has taken none for gate.full_wait");
	}
	wish = session_due(&visitor->session, visitor->front->rules, now_ms, &replies);
	front_visitor_follow(visitor, before, wish, &replies);
}

void front_visitor_refuse(struct visitor *visitor, const char *reason)
{
	enum session_state before = visitor->session.state;
	struct replies replies = front_replies(visitor);
	enum session_wish wish = session_refuse(&visitor->session, visitor->front->rules, reason, &replies);

	front_visitor_follow(visitor, before, wish, &replies);
}

/* Nothing is read: what it says is the mail server's to hear, if it comes so far. */
static void on_early_bytes(struct visitor *visitor)
{
	enum session_state before = visitor->session.state;
	struct replies replies = front_replies(visitor);
	char first[PEEK_MOST];
	ssize_t n = recv(visitor->fd, first, sizeof(first), MSG_PEEK | MSG_DONTWAIT);
	enum session_wish wish;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		counter_add(COUNTER_gate_hung_up, 1);
		close_visitor(visitor);
		return;
	}
	wish = session_spoke_early(&visitor->session, visitor->front->rules, bytes_make(first, (size_t)n),
				   now_of(visitor), &replies);
	front_visitor_follow(visitor, before, wish, &replies);
}

static ssize_t receive(struct visitor *visitor, char *data, size_t size)
{
	ssize_t n;

	if (visitor->tls) {
		n = tls_read(visitor->tls, data, size);
		if (n == -EPROTO)
			counter_add(COUNTER_gate_tls_failed, 1);
		return n;
	}
	n = recv(visitor->fd, data, size, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -errno;
	return n;
}

/* Of so much as a read brings some line is whole, since none is that long: it is answered before more is read, and no
 * more is ever held than there is room for. */
ssize_t front_visitor_read(struct visitor *visitor)
{
	struct front *front = visitor->front;
	size_t size = visitor->held_size;
	ssize_t n;

	if (size)
		memcpy(front->input, visitor->held, size);
	free(visitor->held);
	visitor->held = NULL;
	visitor->held_size = 0;
	visitor->eager = false;
	if (visitor->half_closed || size >= FRONT_READ_MOST)
		return (ssize_t)size;
	n = receive(visitor, front->input + size, FRONT_READ_MOST);
	if (n < 0 && n != -EAGAIN)
		return -1;
	visitor->half_closed = n == 0;
	return (ssize_t)size + (n > 0 ? n : 0);
}

bool front_visitor_hold(struct visitor *visitor, struct bytes input)
{
	if (input.size == 0)
		return true;
	visitor->held = malloc(input.size);
	if (!visitor->held)
		return false;
	memcpy(visitor->held, input.data, input.size);
	visitor->held_size = (uint16_t)input.size;
	return true;
}

/* QUIT is the last that a client says, and who says it alone has read what came before: nothing is under
 * way that would make a reset of our close, and it need not be waited for. */
static bool is_farewell(struct bytes input)
{
	return bytes_equal_any_case(input, BYTES_LITERAL("QUIT\r\n"));
}

/* Answers what there is. Returns whether there is more that only waited for room for replies. A client
 * that has sent its last may still read: it is answered before it is let go. */
static bool answer_input(struct visitor *visitor)
{
	struct session *session = &visitor->session;
	enum session_state before = session->state;
	struct replies replies = front_replies(visitor);
	ssize_t size = front_visitor_read(visitor);
	struct bytes input = bytes_make(visitor->front->input, size > 0 ? (size_t)size : 0);
	bool more, farewell = !visitor->tls && is_farewell(input);
	enum session_wish wish;

	if (size < 0) {
		counter_add(COUNTER_gate_hung_up, 1);
		close_visitor(visitor);
		return false;
	}
	wish = session_take(session, visitor->front->rules, &input, now_of(visitor), &replies);
	more = !replies_have_room(&replies) || (visitor->tls && tls_pending(visitor->tls));
	if (wish == SESSION_WISH_NOTHING && visitor->half_closed && !more) {
		counter_add(COUNTER_gate_hung_up, 1);
		session->state = SESSION_CLOSING;
		wish = SESSION_WISH_END;
		input.size = 0;
	}
	if (wish == SESSION_WISH_END && farewell)
		visitor->half_closed = true;
	if (!front_visitor_hold(visitor, input)) {
		close_visitor(visitor);
		return false;
	}
	return front_visitor_follow(visitor, before, wish, &replies) && more && visitor->unsent_size == 0;
}

static void on_dialogue(struct visitor *visitor)
{
	while (answer_input(visitor))
		;
}

static void on_closing(struct visitor *visitor)
{
	ssize_t n = recv(visitor->fd, visitor->front->input, sizeof(visitor->front->input), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_visitor(visitor);
}

static void on_room_to_send(struct visitor *visitor)
{
	if (!send_unsent(visitor)) {
		close_visitor(visitor);
		return;
	}
	if (visitor->unsent_size)
		return;
	if (visitor->letter) {
		if (watch(visitor, wanted(visitor)))
			front_letter_went_out(visitor);
		else
			close_visitor(visitor);
		return;
	}
	if (visitor->session.state == SESSION_CLOSING && !begin_to_close(visitor)) {
		close_visitor(visitor);
		return;
	}
	/* It may hold commands that there was no room to answer. */
	if (visitor->session.state == SESSION_DIALOGUE && visitor->held_size)
		on_dialogue(visitor);
	else
		watch(visitor, wanted(visitor));
}

void front_on_client(void *data, int fd, uint32_t events)
{
	struct visitor *visitor = data;

	if (visitor->unsent_size && events & EPOLLOUT) {
		on_room_to_send(visitor);
		return;
	}
	if (visitor->letter) {
		front_letter_on_client(visitor, events);
		return;
	}
	switch ((enum session_state)visitor->session.state) {
	case SESSION_TESTING:
		if (events & (EPOLLIN | EPOLLRDHUP) && !(visitor->session.observed & 1U << OBSERVATION_EARLY_TALKER)) {
			on_early_bytes(visitor);
			return;
		}
		break;
	case SESSION_DIALOGUE:
		if (events & (EPOLLIN | EPOLLOUT)) {
			on_dialogue(visitor);
			return;
		}
		break;
	case SESSION_CLOSING:
		if (events & EPOLLIN) {
			on_closing(visitor);
			return;
		}
		break;
	default:
		break;
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		counter_add(COUNTER_gate_hung_up, 1);
		close_visitor(visitor);
	}
}

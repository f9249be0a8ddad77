/* SPDX-License-Identifier: Apache-2.0 */
/* front_chaperone - the sockets of a client that writes to postmaster, and of the server that it writes through.
 *
 * Bytes are copied here. Each side is read only when what came of it before has gone to the other, so that a letter
 * holds a few KiB however fast one of them is; and only a few letters are written at once, since each has a place of
 * the mail server, which are for others when they are few.
 */
#include "gate/front_internal.h"

#include "base/counter.h"
#include "gate/chaperone.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* At once, of one gate worker. */
#define LETTERS_MOST 8
/* The message, and the server's reply to it (RFC 5321 section 4.5.3.2.5 and 6). */
#define MESSAGE_MS 600000
/* The server's replies up to that to RCPT, which may need the DNS. */
#define INTRODUCTION_MS 120000
/* The server's reply to QUIT. */
#define LEAVE_MS 2000
/* Reads of the client before others have their turn. */
#define TURNS_MOST 16
#define TO_SERVER_MOST 8192

struct letter {
	struct chaperone chaperone;
	int server; /* -1: is closed */
	bool connecting;
	struct loop_fd *watch;
	uint8_t state; /* of the chaperone, since when: */
	uint64_t since_ms;
	size_t unsent_size;
	char unsent[TO_SERVER_MOST]; /* what the server has not taken; the PROXY header first */
};

static const struct replies nothing;

static uint64_t now_of(const struct visitor *visitor)
{
	return loop_now_ms(visitor->front->loop);
}

bool front_letter_admit(struct visitor *visitor)
{
	if (!visitor->admitted && visitor->front->letters == LETTERS_MOST)
		return false;
	visitor->front->letters += !visitor->admitted;
	visitor->admitted = true;
	return true;
}

static void dismiss(struct visitor *visitor)
{
	visitor->front->letters -= visitor->admitted;
	visitor->admitted = false;
}

static void close_server(struct letter *letter)
{
	loop_fd_remove(letter->watch);
	letter->watch = NULL;
	if (letter->server >= 0)
		close(letter->server);
	letter->server = -1;
	letter->unsent_size = 0;
}

void front_letter_destroy(struct visitor *visitor)
{
	struct letter *letter = visitor->letter;

	dismiss(visitor);
	if (!letter)
		return;
	close_server(letter);
	free(letter);
	visitor->letter = NULL;
}

void front_letter_refuse(struct visitor *visitor)
{
	enum session_state before = visitor->session.state;
	struct replies replies = front_replies(visitor);

	dismiss(visitor);
	session_letter_refused(&visitor->session, now_of(visitor), &replies);
	visitor->eager = true;
	front_visitor_follow(visitor, before, SESSION_WISH_NOTHING, &replies);
}

uint32_t front_letter_events(const struct visitor *visitor)
{
	if (!chaperone_hears_client(&visitor->letter->chaperone) || visitor->letter->unsent_size)
		return 0;
	return (visitor->tls ? tls_events(visitor->tls) : EPOLLIN) | (visitor->eager ? EPOLLOUT : 0U);
}

uint64_t front_letter_due_ms(const struct visitor *visitor)
{
	const struct letter *letter = visitor->letter;

	switch ((enum chaperone_state)letter->state) {
	case CHAPERONE_INTRODUCES:
		return letter->since_ms + INTRODUCTION_MS;
	case CHAPERONE_LISTENS:
		return session_deadline(&visitor->session, visitor->front->rules);
	case CHAPERONE_LEAVES:
		return letter->since_ms + LEAVE_MS;
	default:
		return letter->since_ms + MESSAGE_MS;
	}
}

/* A message and its rest that is dropped have one time together, with the server's reply to DATA. */
static void note_state(struct visitor *visitor)
{
	struct letter *letter = visitor->letter;
	enum chaperone_state before = letter->state, now = letter->chaperone.state;

	letter->state = (uint8_t)now;
	if (now == before || (before == CHAPERONE_ASKS && now == CHAPERONE_CARRIES) || now == CHAPERONE_DROPS)
		return;
	letter->since_ms = now_of(visitor);
	if (now == CHAPERONE_LISTENS)
		visitor->session.heard_ms = letter->since_ms;
}

static struct replies to_server_of(struct letter *letter)
{
	return (struct replies){ .data = letter->unsent, .size = letter->unsent_size, .room = sizeof(letter->unsent) };
}

/* 0, also when it takes none now, or -errno. */
static int send_to_server(struct letter *letter)
{
	ssize_t n;

	if (letter->connecting || letter->server < 0 || letter->unsent_size == 0)
		return 0;
	n = send(letter->server, letter->unsent, letter->unsent_size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	letter->unsent_size -= (size_t)n;
	memmove(letter->unsent, letter->unsent + n, letter->unsent_size);
	return 0;
}

/* The letter is over: the client is its session's again, with what it has sent in the meantime. */
static void hand_back(struct visitor *visitor, enum session_state before, const struct replies *replies)
{
	enum session_wish wish = visitor->letter->chaperone.wish;

	front_letter_destroy(visitor);
	visitor->session.heard_ms = now_of(visitor);
	visitor->eager = true;
	front_visitor_follow(visitor, before, wish, replies);
}

/* After each thing that the chaperone was told. False when the letter is over, and the visitor may be gone. */
static bool follow(struct visitor *visitor, enum session_state before, struct replies *to_client,
		   const struct replies *to_server)
{
	struct letter *letter = visitor->letter;

	letter->unsent_size = to_server->size;
	if (send_to_server(letter) < 0) {
		close_server(letter);
		chaperone_lose_server(&letter->chaperone, to_client);
	}
	note_state(visitor);
	if (letter->state == CHAPERONE_OVER) {
		hand_back(visitor, before, to_client);
		return false;
	}
	if (!chaperone_needs_server(&letter->chaperone))
		close_server(letter);
	if (letter->watch)
		loop_fd_change(letter->watch, EPOLLIN | (letter->unsent_size || letter->connecting ? EPOLLOUT : 0U));
	return front_visitor_follow(visitor, before, SESSION_WISH_NOTHING, to_client);
}

static bool may_hear_client(const struct visitor *visitor)
{
	const struct letter *letter = visitor->letter;

	return chaperone_hears_client(&letter->chaperone) && letter->unsent_size == 0 && visitor->unsent_size == 0;
}

/* Returns whether there may be more. The visitor may be gone where not. */
static bool hear_client_once(struct visitor *visitor)
{
	struct letter *letter = visitor->letter;
	enum session_state before = visitor->session.state;
	struct replies to_client = front_replies(visitor), to_server = to_server_of(letter);
	size_t held = visitor->held_size;
	ssize_t size = front_visitor_read(visitor);
	struct bytes input = bytes_make(visitor->front->input, size > 0 ? (size_t)size : 0);
	size_t left;

	if (size < 0) {
		front_visitor_lose(visitor);
		return false;
	}
	chaperone_hear_client(&letter->chaperone, &input, now_of(visitor), &to_client, &to_server);
	left = input.size;
	if (!front_visitor_hold(visitor, input)) {
		front_visitor_lose(visitor);
		return false;
	}
	/* Nothing comes any more, and nothing moves: its message will never end. */
	if (visitor->half_closed && left == held && chaperone_hears_client(&letter->chaperone)) {
		front_visitor_lose(visitor);
		return false;
	}
	return follow(visitor, before, &to_client, &to_server) && left != (size_t)size;
}

static void hear_client(struct visitor *visitor)
{
	int turns = 0;

	while (may_hear_client(visitor)) {
		if (turns++ == TURNS_MOST) {
			visitor->eager = true;
			front_visitor_follow(visitor, visitor->session.state, SESSION_WISH_NOTHING, &nothing);
			return;
		}
		if (!hear_client_once(visitor))
			return;
	}
}

void front_letter_on_client(struct visitor *visitor, uint32_t events)
{
	if (may_hear_client(visitor) && events & (EPOLLIN | EPOLLOUT))
		hear_client(visitor);
	else if (events & (EPOLLERR | EPOLLHUP))
		front_visitor_lose(visitor);
}

void front_letter_went_out(struct visitor *visitor)
{
	hear_client(visitor);
}

void front_letter_due(struct visitor *visitor)
{
	struct letter *letter = visitor->letter;
	enum session_state before = visitor->session.state;
	struct replies to_client = front_replies(visitor), to_server = to_server_of(letter);

	/* What the server did not take in all that time is not for it any more. */
	if (letter->state != CHAPERONE_LISTENS)
		to_server.size = 0;
	chaperone_lose_patience(&letter->chaperone, now_of(visitor), &to_client, &to_server);
	follow(visitor, before, &to_client, &to_server);
}

static int finish_connecting(struct letter *letter)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(letter->server, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	letter->connecting = false;
	return -error;
}

/* Returns what came, or 0: it is lost. */
static ssize_t receive(struct visitor *visitor)
{
	ssize_t n = recv(visitor->letter->server, visitor->front->input, sizeof(visitor->front->input), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : 0;
	return n;
}

static void on_server(void *data, int fd, uint32_t events)
{
	struct visitor *visitor = data;
	struct letter *letter = visitor->letter;
	enum session_state before = visitor->session.state;
	struct replies to_client = front_replies(visitor), to_server = to_server_of(letter);
	ssize_t n = letter->connecting && finish_connecting(letter) < 0 ? 0 :
		    events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? receive(visitor) : -EAGAIN;

	if (n > 0) {
		chaperone_hear_server(&letter->chaperone, bytes_make(visitor->front->input, (size_t)n), &to_client,
				      &to_server);
	} else if (n == 0) {
		close_server(letter);
		to_server.size = 0;
		chaperone_lose_server(&letter->chaperone, &to_client);
	}
	if (follow(visitor, before, &to_client, &to_server))
		hear_client(visitor);
}

void front_letter_begin(struct visitor *visitor, int server, struct bytes header)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	int r = !letter || header.size > RELAY_HEADER_MOST ? -ENOMEM :
		loop_fd_add(visitor->front->loop, server, EPOLLOUT, on_server, visitor, &letter->watch);

	if (r < 0) {
		close(server);
		free(letter);
		front_letter_refuse(visitor);
		return;
	}
	letter->server = server;
	letter->connecting = true;
	letter->since_ms = now_of(visitor);
	letter->unsent_size = header.size;
	if (header.size)
		memcpy(letter->unsent, header.data, header.size);
	visitor->letter = letter;
	chaperone_begin(&letter->chaperone, &visitor->session, visitor->front->rules);
	front_visitor_follow(visitor, SESSION_WAITING, SESSION_WISH_NOTHING, &nothing);
}

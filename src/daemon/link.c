/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define OPEN_LOG_PATIENCE_MS 2000
/* Packets that arrive while a log is being opened wait here for the loop. */
#define HELD_MOST 64

struct link {
	struct loop *loop;
	int socket;
	struct loop_fd *watch;
	struct loop_timer *soon;
	struct link_calls calls;
	void *data;
	struct request *waiting; /* a ring */
	size_t room, first, count;
	bool room_wanted;
	bool wants_out;
	uint32_t log_ticket; /* of the log that was asked for last */
	struct prefix_set never; /* being received */
	struct packet *held[HELD_MOST];
	size_t held_count;
};

static int grow(struct link *link)
{
	size_t room = link->room ? link->room * 2 : PACKET_ITEMS_MOST;
	struct request *grown = reallocarray(NULL, room, sizeof(*grown));

	if (!grown)
		return -ENOBUFS;
	for (size_t i = 0; i < link->count; i++)
		grown[i] = link->waiting[(link->first + i) % link->room];
	free(link->waiting);
	link->waiting = grown;
	link->room = room;
	link->first = 0;
	return 0;
}

size_t link_room(const struct link *link)
{
	return LINK_WAITING_MOST - link->count;
}

void link_want_room(struct link *link)
{
	link->room_wanted = true;
}

int link_ask(struct link *link, const struct request *request)
{
	if (link->count == LINK_WAITING_MOST || (link->count == link->room && grow(link) < 0)) {
		link->room_wanted = true;
		return -ENOBUFS;
	}
	link->waiting[(link->first + link->count++) % link->room] = *request;
	if (link->count == PACKET_ITEMS_MOST)
		link_flush(link);
	return 0;
}

static void want_out(struct link *link, bool wanted)
{
	if (wanted == link->wants_out)
		return;
	link->wants_out = wanted;
	loop_fd_change(link->watch, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void link_flush(struct link *link)
{
	struct packet packet;

	while (link->count) {
		uint32_t n = (uint32_t)(link->count < PACKET_ITEMS_MOST ? link->count : PACKET_ITEMS_MOST);

		packet.head = (struct packet_head){ PACKET_REQUESTS, n };
		for (size_t i = 0; i < n; i++)
			packet.requests[i] = link->waiting[(link->first + i) % link->room];
		if (packet_send(link->socket, &packet, -1) < 0)
			break;
		link->first = (link->first + n) % link->room;
		link->count -= n;
	}
	/* A gone warden is noticed where it is read from. */
	want_out(link, link->count > 0);
	if (link->room_wanted && link_room(link) >= LINK_WAITING_MOST / 2)
		loop_timer_arm(link->soon, 0);
}

static void take_never(struct link *link, const struct packet *packet)
{
	for (size_t i = 0; i < packet->head.count; i++) {
		struct prefix_entry entry = packet->entries[i];

		entry.why[PREFIX_WHY_SIZE - 1] = '\0';
		prefix_set_add(&link->never, &entry.prefix, entry.why);
	}
	if (packet->head.count == PACKET_ENTRIES_MOST)
		return;
	link->calls.never(link->data, &link->never);
	prefix_set_clear(&link->never);
}

static void dispatch(struct link *link, const struct packet *packet)
{
	switch (packet->head.kind) {
	case PACKET_ANSWERS:
		for (size_t i = 0; i < packet->head.count; i++)
			link->calls.answer(link->data, &packet->answers[i]);
		break;
	case PACKET_NEVER:
		take_never(link, packet);
		break;
	}
}

/* A callback may open a log, and so hold more: those come after these. */
static void hand_out_held(struct link *link)
{
	struct packet *held[HELD_MOST];
	size_t count = link->held_count;

	memcpy(held, link->held, count * sizeof(held[0]));
	link->held_count = 0;
	for (size_t i = 0; i < count; i++) {
		dispatch(link, held[i]);
		free(held[i]);
	}
}

static void on_soon(void *data)
{
	struct link *link = data;

	hand_out_held(link);
	if (link->room_wanted && link_room(link) >= LINK_WAITING_MOST / 2) {
		link->room_wanted = false;
		link->calls.room(link->data);
	}
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void on_socket(void *data, int socket, uint32_t events)
{
	struct link *link = data;
	struct packet packet;
	int fd, r;

	if (events & EPOLLOUT)
		link_flush(link);
	hand_out_held(link);
	r = packet_receive(socket, &packet, &fd);
	/* Nobody waits for a log any more. */
	close_if_open(fd);
	if (r == 1)
		dispatch(link, &packet);
	else if (r != -EAGAIN && r != -EINTR)
		link->calls.gone(link->data);
}

/* Keeps what came in between, in order. */
static int hold(struct link *link, const struct packet *packet)
{
	struct packet *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *packet;
	link->held[link->held_count++] = copy;
	return loop_timer_arm(link->soon, 0);
}

static int log_of_answer(const struct answer *answer, int fd)
{
	if (fd >= 0)
		return fd;
	return answer->error < 0 ? answer->error : -EIO;
}

static int wait_for_log(struct link *link)
{
	struct pollfd p = { .fd = link->socket, .events = POLLIN };
	struct packet packet;
	int fd, r;

	/* What there is no place for stays in the socket. */
	while (link->held_count < HELD_MOST && poll(&p, 1, OPEN_LOG_PATIENCE_MS) > 0) {
		r = packet_receive(link->socket, &packet, &fd);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return -EPIPE;
		if (packet.head.kind == PACKET_LOG && packet.head.count == 1 &&
		    packet.answers[0].value == link->log_ticket)
			return log_of_answer(&packet.answers[0], fd);
		close_if_open(fd);
		r = packet.head.kind == PACKET_LOG ? 0 : hold(link, &packet);
		if (r < 0)
			return r;
	}
	return -ETIMEDOUT;
}

int link_open_log(struct link *link, const struct log_request *log)
{
	struct packet packet;
	struct pollfd p = { .fd = link->socket, .events = POLLOUT };
	int r;

	packet.head = (struct packet_head){ PACKET_OPEN_LOG, 1 };
	packet.log = *log;
	packet.log.ticket = ++link->log_ticket;
	/* It does not stand in line behind bans: order matters only among these. */
	while ((r = packet_send(link->socket, &packet, -1)) == -EAGAIN) {
		if (poll(&p, 1, OPEN_LOG_PATIENCE_MS) <= 0)
			return -ETIMEDOUT;
	}
	return r < 0 ? r : wait_for_log(link);
}

int link_create(struct loop *loop, int socket, const struct link_calls *calls, void *data, struct link **ret)
{
	struct link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return -ENOMEM;
	link->loop = loop;
	link->socket = socket;
	link->calls = *calls;
	link->data = data;
	r = loop_timer_create(loop, on_soon, link, &link->soon);
	if (r == 0)
		r = loop_fd_add(loop, socket, EPOLLIN, on_socket, link, &link->watch);
	if (r < 0) {
		link_destroy(link);
		return r;
	}
	*ret = link;
	return 0;
}

void link_destroy(struct link *link)
{
	if (!link)
		return;
	loop_fd_remove(link->watch);
	loop_timer_destroy(link->soon);
	for (size_t i = 0; i < link->held_count; i++)
		free(link->held[i]);
	prefix_set_clear(&link->never);
	free(link->waiting);
	free(link);
}

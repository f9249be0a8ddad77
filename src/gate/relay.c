/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/relay.h"

#include "gate/introduction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPARE_PIPES 64
#define PIPE_MOST ((size_t)64 * 1024) /* a pipe's usual size, pipe(7) */
/* What one direction moves before others have their turn. */
#define TURNS_MOST 8

struct pipe {
	int read_fd, write_fd;
};

struct relay_pipes {
	struct pipe spare[SPARE_PIPES];
	size_t count;
};

enum side { CLIENT, SERVER, SIDES };

/* What comes from one side and goes to the other. */
struct direction {
	struct pipe pipe; /* read_fd -1: none is needed */
	size_t held;      /* bytes in it */
	bool ended;       /* no more will come */
	bool closed;      /* and the other side was told so, or takes no more */
};

struct relay {
	struct loop *loop;
	struct relay_pipes *pipes;
	const struct relay_calls *calls;
	void *data;
	int fds[SIDES];
	struct loop_fd *watches[SIDES];
	struct direction from[SIDES]; /* by the side it comes from */
	bool told_ending;
	enum relay_state { CONNECTING, INTRODUCING, RELAYING } state;
	struct introduction introduction;
	struct bytes rest;
	size_t header_size;
	char header[RELAY_HEADER_MOST];
};

int relay_pipes_create(struct relay_pipes **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static void close_pipe(const struct pipe *pipe)
{
	close(pipe->read_fd);
	close(pipe->write_fd);
}

void relay_pipes_destroy(struct relay_pipes *pipes)
{
	for (size_t i = 0; pipes && i < pipes->count; i++)
		close_pipe(&pipes->spare[i]);
	free(pipes);
}

static int take_pipe(struct relay *relay, struct direction *direction)
{
	int fds[2];

	if (direction->pipe.read_fd >= 0)
		return 0;
	if (relay->pipes->count > 0) {
		direction->pipe = relay->pipes->spare[--relay->pipes->count];
		return 0;
	}
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return -errno;
	direction->pipe = (struct pipe){ fds[0], fds[1] };
	return 0;
}

/* An empty one is for the next relay; one that holds bytes can never be. */
static void give_pipe_back(struct relay *relay, struct direction *direction)
{
	if (direction->pipe.read_fd < 0)
		return;
	if (direction->held == 0 && relay->pipes->count < SPARE_PIPES)
		relay->pipes->spare[relay->pipes->count++] = direction->pipe;
	else
		close_pipe(&direction->pipe);
	direction->pipe = (struct pipe){ -1, -1 };
	direction->held = 0;
}

/* Returns how many bytes left the pipe, 0 when the socket takes none now, or -errno. */
static ssize_t push(struct direction *direction, int to)
{
	ssize_t n = splice(direction->pipe.read_fd, NULL, to, NULL, direction->held, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	direction->held -= (size_t)n;
	return n;
}

/* The same of what came in; 0 also at the end, which is noted. */
static ssize_t pull(struct direction *direction, int from)
{
	ssize_t n = splice(from, NULL, direction->pipe.write_fd, NULL, PIPE_MOST, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	direction->ended = n == 0;
	direction->held += (size_t)n;
	return n;
}

static int move(struct relay *relay, enum side from)
{
	struct direction *direction = &relay->from[from];
	int to = relay->fds[!from];
	ssize_t n = 1;

	for (int i = 0; i < TURNS_MOST && n > 0; i++) {
		int r = direction->ended && direction->held == 0 ? 0 : take_pipe(relay, direction);

		if (r < 0)
			return r;
		if (direction->held == 0) {
			n = direction->ended ? 0 : pull(direction, relay->fds[from]);
			if (n <= 0)
				break;
		}
		n = push(direction, to);
	}
	if (n < 0)
		return (int)n;
	if (direction->held == 0)
		give_pipe_back(relay, direction);
	if (direction->ended && direction->held == 0 && !direction->closed) {
		direction->closed = true;
		shutdown(to, SHUT_WR);
	}
	return 0;
}

/* Of one that has hung up no event tells that there is more to be had: its bytes are fetched as the other side takes
 * them. */
static uint32_t wanted(const struct relay *relay, enum side side)
{
	const struct direction *out = &relay->from[side], *in = &relay->from[!side];
	bool fetches = !relay->watches[!side] && !in->ended;

	return (out->held == 0 && !out->ended && !out->closed ? EPOLLIN : 0U) | (in->held || fetches ? EPOLLOUT : 0U) |
	       (side == SERVER && !relay->told_ending ? EPOLLRDHUP : 0U);
}

static void wait_again(const struct relay *relay)
{
	for (enum side side = CLIENT; side < SIDES; side++) {
		if (relay->watches[side])
			loop_fd_change(relay->watches[side], wanted(relay, side));
	}
}

static bool has_ended(const struct relay *relay)
{
	return relay->from[CLIENT].closed && relay->from[SERVER].closed;
}

/* It takes nothing more, and that it has hung up is reported for as long as it is watched, also while what it said
 * before cannot be passed on. */
static void forget_side(struct relay *relay, enum side side)
{
	loop_fd_remove(relay->watches[side]);
	relay->watches[side] = NULL;
	relay->from[!side].closed = true;
}

/* The server's end is seen though bytes stand before it that nobody takes. */
static bool server_ends(const struct relay *relay, enum side side, uint32_t events)
{
	return relay->from[SERVER].ended || (side == SERVER && events & (EPOLLHUP | EPOLLRDHUP));
}

static void on_side(struct relay *relay, enum side side, uint32_t events)
{
	int r = events & EPOLLERR ? -EPIPE : 0;

	if (r == 0 && events & EPOLLHUP)
		forget_side(relay, side);
	for (enum side from = CLIENT; from < SIDES && r == 0; from++) {
		if (!(relay->from[from].closed))
			r = move(relay, from);
	}
	if (r < 0 || has_ended(relay)) {
		relay->calls->ended(relay->data);
		return;
	}
	if (!relay->told_ending && server_ends(relay, side, events)) {
		relay->told_ending = true;
		relay->calls->ending(relay->data);
	}
	wait_again(relay);
}

static void on_client(void *data, int fd, uint32_t events)
{
	on_side(data, CLIENT, events);
}

/* Into RELAYING. */
static int begin_to_relay(struct relay *relay)
{
	relay->state = RELAYING;
	return loop_fd_add(relay->loop, relay->fds[CLIENT], EPOLLIN, on_client, relay, &relay->watches[CLIENT]);
}

/* An empty send buffer takes so little as a whole. */
static int send_whole(const struct relay *relay, struct bytes text)
{
	ssize_t n = send(relay->fds[SERVER], text.data, text.size, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n == (ssize_t)text.size ? 0 : n < 0 ? -errno : -EPIPE;
}

/* From CONNECTING into the next state. */
static int begin(struct relay *relay)
{
	int error = 0, r;
	socklen_t size = sizeof(error);

	if (getsockopt(relay->fds[SERVER], SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	r = error || relay->header_size == 0 ? -error : send_whole(relay, bytes_make(relay->header, relay->header_size));
	if (r < 0)
		return r;
	if (relay->introduction.lines.size == 0)
		return begin_to_relay(relay);
	relay->state = INTRODUCING;
	return loop_fd_change(relay->watches[SERVER], EPOLLIN);
}

/* What the server says after its last reply to us would be out of turn, and is not taken. */
static int introduce(struct relay *relay)
{
	char text[1024];
	struct bytes input, line;
	enum introduction_step step;
	ssize_t n = recv(relay->fds[SERVER], text, sizeof(text), MSG_DONTWAIT);
	int r = 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	input = bytes_make(text, (size_t)n);
	if (n == 0)
		return -ECONNRESET;
	do {
		step = introduction_take(&relay->introduction, &input, &line);
		if (step == INTRODUCTION_SAY || step == INTRODUCTION_OVER)
			r = send_whole(relay, line);
	} while (step == INTRODUCTION_SAY && r == 0 && input.size);
	if (step == INTRODUCTION_REFUSED || (step == INTRODUCTION_OVER && input.size))
		return -ECONNREFUSED;
	if (r == 0 && step == INTRODUCTION_OVER && relay->rest.size)
		r = send_whole(relay, relay->rest);
	return r == 0 && step == INTRODUCTION_OVER ? begin_to_relay(relay) : r;
}

static void on_server(void *data, int fd, uint32_t events)
{
	struct relay *relay = data;
	int r;

	if (relay->state == RELAYING) {
		on_side(relay, SERVER, events);
		return;
	}
	r = relay->state == CONNECTING ? begin(relay) : introduce(relay);
	if (r == 0 && relay->state != RELAYING)
		return;
	if (r == 0)
		wait_again(relay);
	relay->calls->connected(relay->data, r);
}

int relay_create(struct loop *loop, struct relay_pipes *pipes, int client, int server, struct bytes header,
		 const struct relay_words *words, const struct relay_calls *calls, void *data, struct relay **ret)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int r = header.size > RELAY_HEADER_MOST ? -EINVAL : 0;

	if (!relay || r < 0) {
		close(server);
		free(relay);
		return r ? r : -ENOMEM;
	}
	*relay = (struct relay){ .loop = loop, .pipes = pipes, .calls = calls, .data = data,
				 .fds = { client, server }, .header_size = header.size,
				 .introduction.lines = words->introduction, .rest = words->rest };
	if (header.size)
		memcpy(relay->header, header.data, header.size);
	for (enum side side = CLIENT; side < SIDES; side++)
		relay->from[side].pipe = (struct pipe){ -1, -1 };
	r = loop_fd_add(loop, server, EPOLLOUT, on_server, relay, &relay->watches[SERVER]);
	if (r < 0) {
		close(server);
		free(relay);
		return r;
	}
	*ret = relay;
	return 0;
}

void relay_destroy(struct relay *relay)
{
	if (!relay)
		return;
	for (enum side side = CLIENT; side < SIDES; side++) {
		loop_fd_remove(relay->watches[side]);
		give_pipe_back(relay, &relay->from[side]);
	}
	close(relay->fds[SERVER]);
	free(relay);
}

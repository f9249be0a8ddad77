/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534
#define KEPT 3 /* behind the three usual ones */

const char *window_place_read(const char *text, struct window_place *ret)
{
	static const uint8_t localhost[4] = { 127, 0, 0, 1 };
	const char *colon = strrchr(text, ':');
	struct bytes port = bytes_of(colon ? colon + 1 : text);
	struct bytes addr = bytes_make(text, colon ? (size_t)(colon - text) : 0);
	bool in_brackets = addr.size > 2 && addr.data[0] == '[' && addr.data[addr.size - 1] == ']';
	uint64_t number;

	*ret = (struct window_place){ .addr = addr_from_ipv4(localhost) };
	if (!*text)
		return NULL;
	if (bytes_to_u64(port, 65535, &number) < 0 || number == 0)
		return "takes a port from 1 to 65535, such as 9030 or 127.0.0.1:9030, not";
	ret->port = (uint16_t)number;
	if (in_brackets)
		addr = bytes_make(addr.data + 1, addr.size - 2);
	if (colon && (addr_parse(addr, &ret->addr) < 0 || in_brackets != (ret->addr.family == ADDR_IPV6)))
		return "takes an address and a port, such as 127.0.0.1:9030 or [::1]:9030, not";
	return addr_is_loopback(&ret->addr) ? NULL : "shows the page to this machine alone, at 127.0.0.1 or [::1], not at";
}

static int listen_at(const struct addr *addr, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t size = addr_to_sockaddr(addr, port, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;
	const int on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, WINDOW_CLIENTS_MOST) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static void name_place(const struct addr *addr, struct window *window)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	char text[ADDR_TEXT_SIZE];
	uint16_t port = 0;

	/* The port is at the same place for both families. */
	if (getsockname(window->listener, (struct sockaddr *)&address, &size) == 0)
		port = ntohs(((const struct sockaddr_in *)&address)->sin_port);
	snprintf(window->url, sizeof(window->url), addr->family == ADDR_IPV6 ? "http://[%s]:%u/" : "http://%s:%u/",
		 addr_format(addr, text), port);
}

int window_open(const struct window_place *place, struct complaint *complaint, struct window *ret)
{
	int fd = listen_at(&place->addr, place->port ? place->port : WINDOW_GUARD_PORT);
	char text[ADDR_TEXT_SIZE];

	if (fd < 0 && place->port == 0)
		fd = listen_at(&place->addr, 0);
	if (fd < 0)
		return complain(complaint, STATUS_FAILED, "--dashboard: cannot listen at %s, port %u: %s",
				addr_format(&place->addr, text), place->port, strerror(-fd));
	ret->listener = fd;
	name_place(&place->addr, ret);
	return 0;
}

void window_close(struct window *window)
{
	if (window->listener >= 0)
		close(window->listener);
	window->listener = -1;
}

/* What one side of a connection has said and the other has not taken yet. */
struct stream {
	char data[WINDOW_BUFFER];
	size_t size, sent;
	bool ended; /* there is no more to read; said to the other side when `data` is through */
	bool told;
};

enum { OUTSIDE, INSIDE, SIDES };

struct connection {
	bool taken;
	int fds[SIDES];
	struct stream from[SIDES];
};

struct pane {
	int listener;
	struct connection connections[WINDOW_CLIENTS_MOST];
};

static void drop(struct connection *connection)
{
	for (int side = 0; side < SIDES; side++)
		if (connection->fds[side] >= 0)
			close(connection->fds[side]);
	connection->taken = false;
}

static int connect_guard(void)
{
	const struct sockaddr_in guard = { .sin_family = AF_INET, .sin_port = htons(WINDOW_GUARD_PORT),
					   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&guard, sizeof(guard)) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static struct connection *free_connection(struct pane *pane)
{
	for (size_t i = 0; i < WINDOW_CLIENTS_MOST; i++)
		if (!pane->connections[i].taken)
			return &pane->connections[i];
	return NULL;
}

static void take_client(struct pane *pane)
{
	struct connection *connection = free_connection(pane);
	int fd = accept4(pane->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	connection->taken = true;
	connection->fds[OUTSIDE] = fd;
	connection->fds[INSIDE] = connect_guard();
	for (int side = 0; side < SIDES; side++)
		connection->from[side].size = connection->from[side].sent = connection->from[side].ended =
			connection->from[side].told = 0;
	if (connection->fds[INSIDE] < 0)
		drop(connection);
}

/* Returns whether the connection goes on. */
static bool read_side(struct stream *stream, int fd)
{
	ssize_t length = read(fd, stream->data, sizeof(stream->data));

	if (length < 0)
		return errno == EAGAIN || errno == EINTR;
	stream->size = (size_t)length;
	stream->sent = 0;
	stream->ended = length == 0;
	return true;
}

static bool write_side(struct stream *stream, int fd)
{
	ssize_t length = send(fd, stream->data + stream->sent, stream->size - stream->sent, MSG_NOSIGNAL);

	if (length < 0)
		return errno == EAGAIN || errno == EINTR;
	stream->sent += (size_t)length;
	return true;
}

static bool has_data(const struct stream *stream)
{
	return stream->sent < stream->size;
}

/* What this side waits for: room for what the other has said, and where all of its own is through, more of it. */
static short events_of(const struct connection *connection, int side)
{
	const struct stream *own = &connection->from[side], *other = &connection->from[!side];

	return (short)((has_data(other) ? POLLOUT : 0) | (!own->ended && !has_data(own) ? POLLIN : 0));
}

static bool serve_side(struct connection *connection, int side, short events)
{
	struct stream *own = &connection->from[side], *other = &connection->from[!side];
	bool goes_on = true;

	if (events & (POLLERR | POLLNVAL))
		return false;
	if (has_data(other) && events & (POLLOUT | POLLHUP))
		goes_on = write_side(other, connection->fds[side]);
	if (goes_on && !own->ended && !has_data(own) && events & (POLLIN | POLLHUP))
		goes_on = read_side(own, connection->fds[side]);
	return goes_on;
}

/* An end of one side is one for the other, when it has all that was said before. */
static void pass_ends_on(struct connection *connection)
{
	for (int side = 0; side < SIDES; side++) {
		struct stream *stream = &connection->from[side];

		if (!stream->ended || has_data(stream) || stream->told)
			continue;
		shutdown(connection->fds[!side], SHUT_WR);
		stream->told = true;
	}
}

static void serve(struct connection *connection, const struct pollfd *polled)
{
	for (int side = 0; side < SIDES; side++) {
		if (!serve_side(connection, side, polled[side].revents)) {
			drop(connection);
			return;
		}
	}
	pass_ends_on(connection);
	/* The guard has answered, or has lost its patience; a client that stays all the same would keep its place. */
	if (connection->from[INSIDE].told)
		drop(connection);
}

static void wait_and_serve(struct pane *pane)
{
	struct pollfd polled[WINDOW_CLIENTS_MOST * SIDES + 1];
	struct pollfd *listener = &polled[WINDOW_CLIENTS_MOST * SIDES];

	*listener = (struct pollfd){ .fd = free_connection(pane) ? pane->listener : -1, .events = POLLIN };
	for (size_t i = 0; i < WINDOW_CLIENTS_MOST; i++) {
		const struct connection *connection = &pane->connections[i];

		for (int side = 0; side < SIDES; side++) {
			short events = connection->taken ? events_of(connection, side) : 0;

			/* One that waits for nothing would be reported all the same, once it is hung up. */
			polled[i * SIDES + (size_t)side] = (struct pollfd){
				.fd = events ? connection->fds[side] : -1, .events = events };
		}
	}
	if (poll(polled, sizeof(polled) / sizeof(polled[0]), -1) < 0)
		return;
	for (size_t i = 0; i < WINDOW_CLIENTS_MOST; i++)
		if (pane->connections[i].taken)
			serve(&pane->connections[i], &polled[i * SIDES]);
	if (listener->revents)
		take_client(pane);
}

/* In the guard's network for good, and with no rights. */
static int become_nobody(int network, pid_t demo)
{
	if (setns(network, CLONE_NEWNET) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	/* The kernel has forgotten that with the user (commit_creds, kernel/cred.c). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return getppid() == demo ? 0 : -ESRCH;
}

/* Holds nothing of the demo but the listener, or somebody would wait in vain for an end of file. It executes nothing,
 * so that dup2 will do, which leaves a descriptor that is there already in its place. */
static int keep_listener(struct pane *pane)
{
	if (dup2(pane->listener, KEPT) < 0 || syscall(SYS_close_range, KEPT + 1, ~0U, 0) < 0)
		return -errno;
	pane->listener = KEPT;
	return 0;
}

static void run_pane(struct pane *pane, int network, pid_t demo, int begun_fd)
{
	int r = become_nobody(network, demo);

	if (write(begun_fd, &r, sizeof(r)) != sizeof(r) || r < 0 || keep_listener(pane) < 0)
		_exit(1);
	for (;;)
		wait_and_serve(pane);
}

static int start_pane(int listener, int network, pid_t *ret_pid)
{
	static struct pane pane;
	pid_t demo = getpid();
	int begun[2], r = 0;

	if (pipe2(begun, O_CLOEXEC) < 0)
		return -errno;
	pane.listener = listener;
	*ret_pid = spawn_fork(0);
	if (*ret_pid == 0)
		run_pane(&pane, network, demo, begun[1]);
	r = *ret_pid < 0 ? -errno : 0;
	close(begun[1]);
	if (r == 0 && read(begun[0], &r, sizeof(r)) != sizeof(r))
		r = -EIO;
	close(begun[0]);
	return r;
}

int window_show(const struct window *window, pid_t server, pid_t *ret_pid)
{
	char path[64];
	int network, r;

	*ret_pid = 0;
	if (window->listener < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", server);
	network = open(path, O_RDONLY | O_CLOEXEC);
	if (network < 0)
		return -errno;
	r = start_pane(window->listener, network, ret_pid);
	close(network);
	return r;
}

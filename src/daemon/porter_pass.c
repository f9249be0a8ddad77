/* SPDX-License-Identifier: Apache-2.0 */
/* Postfix's smtpd as a service of type `pass` takes, on one connection to its socket: a byte with the
 * descriptor (SCM_RIGHTS), and then attributes of both ends, each a name and a value with a NUL after each, and
 * a NUL at the end. It says nothing; it closes the connection when it has all of that. (Seen with strace
 * between the postscreen and smtpd of Postfix 3.7.)
 *
 * All of it leaves in one sendmsg(2): what follows the byte stays for the next read, and a new socket has
 * room for it. Until smtpd has taken it the place is ours to count, since connections wait in the queue of
 * Postfix's listening socket while all its processes are busy: 64 of them are told "no room", and clients wait
 * at the gate, where that costs little.
 */
#include "daemon/porter_internal.h"

#include "daemon/message.h"
#include "kernel/gate_mark.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct attributes {
	/* The byte; four names and values, of which the longest are addresses. */
	char text[1 + 4 * (16 + ADDR_TEXT_SIZE) + 1];
	size_t size;
};

static void add(struct attributes *a, const char *name, const char *value)
{
	a->size += (size_t)snprintf(a->text + a->size, sizeof(a->text) - a->size, "%s", name) + 1;
	a->size += (size_t)snprintf(a->text + a->size, sizeof(a->text) - a->size, "%s", value) + 1;
}

static void write_attributes(const struct porter_request *request, struct attributes *ret)
{
	char address[ADDR_TEXT_SIZE], port[8];

	*ret = (struct attributes){ .size = 1 };
	add(ret, "client_address", addr_format(&request->client, address));
	snprintf(port, sizeof(port), "%u", request->client_port);
	add(ret, "client_port", port);
	add(ret, "server_address", addr_format(&request->local, address));
	snprintf(port, sizeof(port), "%u", request->local_port);
	add(ret, "server_port", port);
	ret->size++;
}

/* -EAGAIN when the queue of the listening socket is full. */
static int connect_to(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static void forget(struct pass *pass)
{
	loop_fd_remove(pass->watch);
	close(pass->fd);
	pass->watch = NULL;
	pass->ticket = 0;
	pass->porter->pass_count--;
}

static void end(struct pass *pass, int error)
{
	uint32_t ticket = pass->ticket;

	forget(pass);
	porter_conclude(pass->gate, ticket, error, -1);
	porter_tell_room(pass->porter);
}

/* smtpd closes what it has read. A reset tells of a connection that nobody has read: Postfix was ended. */
static void on_pass(void *data, int fd, uint32_t events)
{
	char nothing[64];
	ssize_t size = read(fd, nothing, sizeof(nothing));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	end(data, size < 0 ? -errno : size > 0 ? -EPROTO : 0);
}

static struct pass *free_place(struct porter *p)
{
	for (size_t i = 0; i < PASSES_MOST; i++) {
		if (p->passes[i].ticket == 0)
			return &p->passes[i];
	}
	return NULL;
}

int porter_pass(struct gate *gate, int client_fd, const struct porter_request *request)
{
	struct porter *p = gate->porter;
	struct pass *pass = free_place(p);
	struct attributes attributes;
	int fd = -1, r;

	if (!pass)
		return -EAGAIN;
	r = connect_to(p->rules->socket, &fd);
	if (r < 0)
		return r;
	*pass = (struct pass){ .porter = p, .gate = gate, .fd = fd,
			       .deadline_ms = loop_now_ms(p->loop) + p->rules->patience_ms };
	/* Watched first: a client that was sent is no longer ours to answer otherwise. */
	r = loop_fd_add(p->loop, fd, EPOLLIN, on_pass, pass, &pass->watch);
	if (r == 0) {
		write_attributes(request, &attributes);
		(void)gate_mark(client_fd, false);
		r = message_send(fd, attributes.text, attributes.size, client_fd);
		if (r < 0)
			(void)gate_mark(client_fd, true);
	}
	if (r < 0) {
		loop_fd_remove(pass->watch);
		close(fd);
		return r == -EAGAIN ? -EIO : r;
	}
	pass->ticket = request->ticket;
	p->pass_count++;
	return 0;
}

void porter_pass_look(struct porter *p)
{
	for (size_t i = 0; i < PASSES_MOST && p->pass_count; i++) {
		if (p->passes[i].ticket && p->passes[i].deadline_ms <= loop_now_ms(p->loop))
			end(&p->passes[i], -ETIMEDOUT);
	}
}

void porter_pass_end(struct porter *p)
{
	for (size_t i = 0; i < PASSES_MOST && p->pass_count; i++) {
		if (p->passes[i].ticket)
			forget(&p->passes[i]);
	}
}

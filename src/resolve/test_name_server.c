/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/test_name_server.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HEADER_SIZE 12
#define TOLD_MOST 256
#define CONNECTIONS_MOST 16

struct connection {
	struct name_server *server;
	int fd;
	struct loop_fd *watch;
	uint8_t buffer[600];
	size_t filled;
};

struct name_server {
	struct loop *loop;
	int udp_fd, tcp_fd;
	struct loop_fd *udp_watch, *tcp_watch;
	struct told told[TOLD_MOST];
	size_t told_count;
	struct connection connections[CONNECTIONS_MOST];
	unsigned asked, asked_by_tcp, ports;
	uint8_t ports_seen[65536 / 8];
};

struct message {
	uint8_t data[4096];
	size_t size;
};

static void put8(struct message *m, unsigned number)
{
	assert(m->size < sizeof(m->data));
	m->data[m->size++] = (uint8_t)number;
}

static void put16(struct message *m, unsigned number)
{
	put8(m, number >> 8);
	put8(m, number & 0xff);
}

static void put32(struct message *m, uint32_t number)
{
	put16(m, number >> 16);
	put16(m, number & 0xffff);
}

static void put_bytes(struct message *m, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put8(m, ((const uint8_t *)data)[i]);
}

/* The owner is the name of the question. */
static void put_record(struct message *m, unsigned type, uint32_t ttl_s, const void *data, size_t size)
{
	put16(m, 0xc000 | HEADER_SIZE);
	put16(m, type);
	put16(m, 1);
	put32(m, ttl_s);
	put16(m, (unsigned)size);
	put_bytes(m, data, size);
}

static void put_soa(struct message *m, uint32_t ttl_s)
{
	struct message soa = { .size = 0 };

	put16(&soa, 0); /* the root, as MNAME and RNAME */
	for (int i = 0; i < 4; i++)
		put32(&soa, 1);
	put32(&soa, ttl_s);
	put_record(m, 6, ttl_s, soa.data, soa.size);
}

/* Of a text longer than a character string may be, several. */
static void put_text(struct message *m, const struct told *told)
{
	struct message strings = { .size = 0 };
	size_t left = strlen(told->text);

	for (const char *at = told->text; left;) {
		size_t part = left < 255 ? left : 255;

		put8(&strings, (unsigned)part);
		put_bytes(&strings, at, part);
		at += part;
		left -= part;
	}
	put_record(m, DNS_TXT, told->ttl_s, strings.data, strings.size);
}

static void put_pointer(struct message *m, const struct told *told)
{
	static const uint8_t host[] = { 4, 'h', 'o', 's', 't', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0 };

	put_record(m, DNS_PTR, told->ttl_s, host, sizeof(host));
}

static unsigned record_count(const struct told *told)
{
	return told->address_count + (told->text != NULL);
}

static void put_records(struct message *m, const struct told *told)
{
	for (unsigned i = 0; i < told->address_count; i++)
		put_record(m, DNS_A, told->ttl_s, told->addresses[i], 4);
	if (told->text && told->type == DNS_PTR)
		put_pointer(m, told);
	else if (told->text)
		put_text(m, told);
	if (record_count(told) == 0 && told->ttl_s)
		put_soa(m, told->ttl_s);
}

static size_t question_end(const uint8_t *query, size_t size, char name[DNS_NAME_SIZE])
{
	size_t at = HEADER_SIZE, length = 0;

	while (at < size && query[at]) {
		assert(at + query[at] < size && length + query[at] + 1 < DNS_NAME_SIZE);
		if (length)
			name[length++] = '.';
		memcpy(name + length, query + at + 1, query[at]);
		length += query[at];
		at += query[at] + 1U;
	}
	name[length] = '\0';
	return at + 5;
}

static unsigned rcode_of(const struct told *told)
{
	switch (told->manner) {
	case SAYS_NO_NAME: return 3;
	case SAYS_SERVFAIL: return 2;
	case SAYS_REFUSED: return 5;
	default: return 0;
	}
}

static bool is_cut(const struct told *told, bool by_tcp)
{
	return told->manner == SAYS_CUT_BY_TCP_TOO || (told->manner == SAYS_CUT && !by_tcp);
}

static void make_answer(struct message *m, const uint8_t *query, size_t question_size, const struct told *told,
			bool by_tcp)
{
	bool cut = is_cut(told, by_tcp);
	bool negative = record_count(told) == 0;

	put_bytes(m, query, 2);
	put16(m, 0x8180 | (cut ? 0x200U : 0) | rcode_of(told));
	put16(m, 1);
	put16(m, cut ? 0 : record_count(told));
	put16(m, negative && told->ttl_s && !cut);
	put16(m, 0);
	put_bytes(m, query + HEADER_SIZE, question_size - HEADER_SIZE);
	if (!cut)
		put_records(m, told);
	if (told->manner == STALLS_AFTER_WRONG_ID)
		m->data[0] ^= 0x55;
	if (told->manner == STALLS_AFTER_OTHER_NAME)
		m->data[HEADER_SIZE + 1] ^= 1;
	if (told->manner == SAYS_GARBAGE) {
		m->data[7] = 3; /* records that are not there */
		put_bytes(m, "\xc0\x0c\x00\x01\x00\x01\xff\xff", 8);
	}
}

/* Returns how often it is to be sent. */
static int answer(struct name_server *server, const uint8_t *query, size_t size, bool by_tcp, struct message *m)
{
	char name[DNS_NAME_SIZE];
	size_t end = question_end(query, size, name);
	struct told *told;

	assert(end <= size);
	server->asked++;
	told = name_server_told(server, name, (enum dns_type)(query[end - 4] << 8 | query[end - 3]));
	told->asked++;
	m->size = 0;
	if (told->manner == STALLS)
		return 0;
	if (told->manner == STALLS_AFTER_NOISE)
		put_bytes(m, "no message at all, but some bytes", 33);
	else
		make_answer(m, query, end, told, by_tcp);
	return told->manner == SAYS_TWICE ? 2 : 1;
}

static void note_port(struct name_server *server, unsigned port)
{
	uint8_t bit = (uint8_t)(1U << port % 8);

	if (!(server->ports_seen[port / 8] & bit))
		server->ports++;
	server->ports_seen[port / 8] |= bit;
}

static void at_udp(void *data, int fd, uint32_t events)
{
	struct name_server *server = data;
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	uint8_t query[600];
	struct message m;
	ssize_t n = recvfrom(fd, query, sizeof(query), MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);

	if (n < HEADER_SIZE)
		return;
	note_port(server, ntohs(from.sin_port));
	for (int times = answer(server, query, (size_t)n, false, &m); times > 0; times--)
		sendto(fd, m.data, m.size, 0, (struct sockaddr *)&from, from_size);
}

static void hang_up(struct connection *connection)
{
	if (!connection->server)
		return;
	loop_fd_remove(connection->watch);
	close(connection->fd);
	connection->server = NULL;
}

static void answer_by_tcp(struct connection *connection, size_t size)
{
	uint8_t length[2];
	struct message m;

	connection->server->asked_by_tcp++;
	if (answer(connection->server, connection->buffer + 2, size, true, &m) == 0)
		return;
	length[0] = (uint8_t)(m.size >> 8);
	length[1] = (uint8_t)m.size;
	if (send(connection->fd, length, 2, MSG_NOSIGNAL | MSG_MORE) == 2)
		send(connection->fd, m.data, m.size, MSG_NOSIGNAL);
}

static void at_connection(void *data, int fd, uint32_t events)
{
	struct connection *connection = data;
	ssize_t n = recv(fd, connection->buffer + connection->filled, sizeof(connection->buffer) - connection->filled,
			 MSG_DONTWAIT);
	size_t size;

	if (n <= 0) {
		hang_up(connection);
		return;
	}
	connection->filled += (size_t)n;
	size = (size_t)connection->buffer[0] << 8 | connection->buffer[1];
	if (connection->filled < 2 || connection->filled < size + 2)
		return;
	answer_by_tcp(connection, size);
	connection->filled = 0;
}

static void at_listener(void *data, int fd, uint32_t events)
{
	struct name_server *server = data;
	struct connection *connection = server->connections;
	int r;

	while (connection->server)
		assert(++connection < server->connections + CONNECTIONS_MOST);
	*connection = (struct connection){ .server = server, .fd = accept(fd, NULL, NULL) };
	assert(connection->fd >= 0);
	r = loop_fd_add(server->loop, connection->fd, EPOLLIN, at_connection, connection, &connection->watch);
	assert(r == 0);
}

static int bound_socket(int type, struct sockaddr_in *place)
{
	socklen_t size = sizeof(*place);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert(fd >= 0);
	if (bind(fd, (struct sockaddr *)place, size) < 0 || (type == SOCK_STREAM && listen(fd, 16) < 0)) {
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *)place, &size);
	return fd;
}

/* One port for both: somebody may have the other one. */
static void open_sockets(struct name_server *server)
{
	for (int tries = 0; tries < 50; tries++) {
		struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		server->udp_fd = bound_socket(SOCK_DGRAM, &place);
		server->tcp_fd = bound_socket(SOCK_STREAM, &place);
		if (server->tcp_fd >= 0)
			return;
		close(server->udp_fd);
	}
	assert(!"no port is free");
}

struct name_server *name_server_create(struct loop *loop)
{
	struct name_server *server = calloc(1, sizeof(*server));
	int r;

	assert(server);
	server->loop = loop;
	open_sockets(server);
	r = loop_fd_add(loop, server->udp_fd, EPOLLIN, at_udp, server, &server->udp_watch);
	assert(r == 0);
	r = loop_fd_add(loop, server->tcp_fd, EPOLLIN, at_listener, server, &server->tcp_watch);
	assert(r == 0);
	return server;
}

void name_server_destroy(struct name_server *server)
{
	for (int i = 0; i < CONNECTIONS_MOST; i++)
		hang_up(&server->connections[i]);
	loop_fd_remove(server->udp_watch);
	loop_fd_remove(server->tcp_watch);
	close(server->udp_fd);
	close(server->tcp_fd);
	free(server);
}

struct resolver_server name_server_place(const struct name_server *server)
{
	struct sockaddr_in place;
	socklen_t size = sizeof(place);

	getsockname(server->udp_fd, (struct sockaddr *)&place, &size);
	return (struct resolver_server){ addr_from_ipv4(&place.sin_addr), ntohs(place.sin_port) };
}

struct told *name_server_told(struct name_server *server, const char *name, enum dns_type type)
{
	struct told *told;

	for (size_t i = 0; i < server->told_count; i++) {
		told = &server->told[i];
		if (told->type == type && strcasecmp(told->name, name) == 0)
			return told;
	}
	/* One that is asked more than it can be told shares the last place. */
	if (server->told_count < TOLD_MOST)
		server->told_count++;
	told = &server->told[server->told_count - 1];
	*told = (struct told){ .type = (uint16_t)type, .manner = SAYS_NO_NAME, .ttl_s = 60 };
	snprintf(told->name, sizeof(told->name), "%s", name);
	return told;
}

struct told *name_server_lists(struct name_server *server, const char *name, uint8_t last)
{
	struct told *told = name_server_told(server, name, DNS_A);

	told->manner = SAYS;
	told->address_count = 1;
	memcpy(told->addresses[0], (uint8_t[]){ 127, 0, 0, last }, 4);
	return told;
}

unsigned name_server_asked(const struct name_server *server)
{
	return server->asked;
}

unsigned name_server_asked_by_tcp(const struct name_server *server)
{
	return server->asked_by_tcp;
}

unsigned name_server_ports(const struct name_server *server)
{
	return server->ports;
}

struct waiting {
	struct loop *loop;
	struct loop_timer *timer;
	done_fn *done;
	void *data;
	uint64_t end_ms;
	bool is_done;
};

static void look_again(void *data)
{
	struct waiting *waiting = data;
	int r;

	waiting->is_done = waiting->done && waiting->done(waiting->data);
	if (waiting->is_done || clock_ms() >= waiting->end_ms) {
		loop_stop(waiting->loop);
		return;
	}
	r = loop_timer_arm(waiting->timer, clock_ms() + 1);
	assert(r == 0);
}

static bool loop_while(struct loop *loop, unsigned ms, done_fn *done, void *data)
{
	struct waiting waiting = { .loop = loop, .done = done, .data = data, .end_ms = clock_ms() + ms };
	int r = loop_timer_create(loop, look_again, &waiting, &waiting.timer);

	assert(r == 0);
	r = loop_timer_arm(waiting.timer, 0);
	assert(r == 0);
	r = loop_run(loop);
	assert(r == 0);
	loop_timer_destroy(waiting.timer);
	return waiting.is_done;
}

bool loop_until(struct loop *loop, done_fn *done, void *data)
{
	return loop_while(loop, 10000, done, data);
}

void loop_for(struct loop *loop, unsigned ms)
{
	loop_while(loop, ms, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/upgrade.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Of sun_path and a NUL. */
#define BOUND_SIZE 109
#define FD_FIRST 3
#define FD_MOST 1048576 /* what a process can have by default (fs.nr_open) */
#define PID_MOST 4194304 /* PID_MAX_LIMIT, <linux/threads.h> */
#define FDS_MOST (3 + GATE_LISTENERS_MOST * GATE_WORKERS_MOST + GATE_GENERATIONS_MOST * UPGRADE_PROCESSES_MOST * 2)
/* Of a session, as settings.def bounds it and more. */
#define MS_MOST (7ULL * 24 * 3600 * 1000)

void upgrade_init(struct upgrade *u)
{
	*u = (struct upgrade){ .control = -1, .intake = -1, .listeners = { .hook = -1 } };
}

/* All descriptors, each at its place. */
static size_t list_fds(struct upgrade *u, int *fds[FDS_MOST])
{
	int *const single[] = { &u->control, &u->intake, &u->listeners.hook };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (*single[i] >= 0)
			fds[count++] = single[i];
	for (size_t i = 0; i < u->listeners.count; i++)
		for (unsigned n = 0; n < u->listeners.workers; n++)
			fds[count++] = &u->listeners.endpoints[i].sockets[n];
	for (size_t i = 0; i < u->generation_count; i++) {
		for (size_t n = 0; n < u->generations[i].count; n++) {
			struct upgrade_process *p = &u->generations[i].processes[n];

			fds[count++] = &p->socket;
			if (p->watch >= 0)
				fds[count++] = &p->watch;
		}
	}
	return count;
}

/* Writing. */

struct writer {
	char *text;
	size_t used;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
	size_t room = UPGRADE_TEXT_SIZE - w->used;
	va_list args;
	int size;

	if (w->full)
		return;
	va_start(args, format);
	size = vsnprintf(w->text + w->used, room, format, args);
	va_end(args);
	w->full = size < 0 || (size_t)size >= room;
	w->used += w->full ? 0 : (size_t)size;
}

static void put_fd(struct writer *w, const char *name, int fd)
{
	if (fd >= 0)
		put(w, "%s %d;", name, fd);
}

static void put_listeners(struct writer *w, const struct gate_listeners *listeners)
{
	char addr[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < listeners->count; i++) {
		const struct gate_endpoint *e = &listeners->endpoints[i];
		bool all = e->endpoint.addr.family == ADDR_NONE;

		put(w, "listen %s %u", all ? "*" : addr_format(&e->endpoint.addr, addr), e->endpoint.port);
		for (unsigned n = 0; n < listeners->workers; n++)
			put(w, " %d", e->sockets[n]);
		put(w, ";");
	}
}

static void put_generation(struct writer *w, const struct upgrade_generation *g)
{
	put(w, "gate %c %llu %llu;", g->drains ? 'd' : 's', (unsigned long long)g->left_ms,
	    (unsigned long long)g->packet_form);
	for (size_t i = 0; i < g->count; i++) {
		const struct upgrade_process *p = &g->processes[i];

		if (p->is_porter)
			put(w, "porter %d %d;", p->pid, p->socket);
		else if (p->watch >= 0)
			put(w, "worker %u %d %d %d;", p->number, p->pid, p->socket, p->watch);
		else
			put(w, "worker %u %d %d -;", p->number, p->pid, p->socket);
	}
}

int upgrade_format(const struct upgrade *u, pid_t pid, char text[UPGRADE_TEXT_SIZE])
{
	struct writer w = { .text = text };

	put(&w, "1 %d;", pid);
	if (u->bounded)
		put(&w, "bounded;");
	put_fd(&w, "control", u->control);
	put_fd(&w, "intake", u->intake);
	put_fd(&w, "hook", u->listeners.hook);
	put_listeners(&w, &u->listeners);
	for (size_t i = 0; i < u->generation_count; i++)
		put_generation(&w, &u->generations[i]);
	return w.full ? -ENOBUFS : 0;
}

/* Reading: each part takes what is its own from the front of the entry. */

static struct bytes next_word(struct bytes *entry)
{
	size_t size = bytes_find_char(*entry, ' ');
	struct bytes word = bytes_first(*entry, size);

	*entry = bytes_skip(*entry, size + 1);
	return word;
}

static bool take_number(struct bytes *entry, uint64_t least, uint64_t most, uint64_t *ret)
{
	return bytes_to_u64(next_word(entry), most, ret) == 0 && *ret >= least;
}

static bool take_int(struct bytes *entry, int least, int most, int *ret)
{
	uint64_t number;

	if (!take_number(entry, (uint64_t)least, (uint64_t)most, &number))
		return false;
	*ret = (int)number;
	return true;
}

static bool take_fd(struct bytes *entry, int *ret)
{
	return take_int(entry, FD_FIRST, FD_MOST, ret);
}

static bool take_single(struct bytes entry, int *place)
{
	return *place < 0 && take_fd(&entry, place) && entry.size == 0;
}

static bool take_endpoint(struct bytes *entry, struct endpoint *ret)
{
	struct bytes addr = next_word(entry);
	uint64_t port;

	if (!bytes_equal(addr, BYTES_LITERAL("*")) && addr_parse(addr, &ret->addr) < 0)
		return false;
	if (!take_number(entry, 1, UINT16_MAX, &port))
		return false;
	ret->port = (uint16_t)port;
	return true;
}

static bool take_listen(struct bytes entry, struct gate_listeners *listeners)
{
	struct gate_endpoint fresh = { .endpoint = { .addr = { .family = ADDR_NONE } } };
	unsigned workers = 0;

	if (listeners->count == GATE_LISTENERS_MOST || !take_endpoint(&entry, &fresh.endpoint))
		return false;
	for (unsigned i = 0; i < GATE_WORKERS_MOST; i++)
		fresh.sockets[i] = -1;
	for (; entry.size; workers++)
		if (workers == GATE_WORKERS_MOST || !take_fd(&entry, &fresh.sockets[workers]))
			return false;
	if (workers == 0 || (listeners->count && workers != listeners->workers))
		return false;
	listeners->workers = workers;
	listeners->endpoints[listeners->count++] = fresh;
	return true;
}

static bool take_generation(struct bytes entry, struct upgrade *u)
{
	struct upgrade_generation g = { 0 };
	struct bytes state = next_word(&entry);

	g.drains = bytes_equal(state, BYTES_LITERAL("d"));
	if (!g.drains && !bytes_equal(state, BYTES_LITERAL("s")))
		return false;
	/* One serves at most, and it is the newest. */
	if (u->generation_count == GATE_GENERATIONS_MOST || (u->generation_count && !g.drains))
		return false;
	if (!take_number(&entry, 0, MS_MOST, &g.left_ms) || !take_number(&entry, 0, UINT32_MAX, &g.packet_form))
		return false;
	u->generations[u->generation_count++] = g;
	return entry.size == 0;
}

static bool is_same(const struct upgrade_process *a, const struct upgrade_process *b)
{
	return a->is_porter == b->is_porter && a->number == b->number;
}

static bool add_process(struct upgrade *u, const struct upgrade_process *p)
{
	struct upgrade_generation *g = u->generation_count ? &u->generations[u->generation_count - 1] : NULL;

	if (!g || g->count == UPGRADE_PROCESSES_MOST)
		return false;
	for (size_t i = 0; i < g->count; i++)
		if (is_same(&g->processes[i], p))
			return false;
	for (size_t i = 0; i < u->generation_count; i++)
		for (size_t n = 0; n < u->generations[i].count; n++)
			if (u->generations[i].processes[n].pid == p->pid)
				return false;
	g->processes[g->count++] = *p;
	return true;
}

static bool take_porter(struct bytes entry, struct upgrade *u)
{
	struct upgrade_process p = { .is_porter = true, .watch = -1 };

	return take_int(&entry, 2, PID_MOST, &p.pid) && take_fd(&entry, &p.socket) && entry.size == 0 &&
	       add_process(u, &p);
}

static bool take_worker(struct bytes entry, struct upgrade *u)
{
	struct upgrade_process p = { .watch = -1 };
	uint64_t number;

	if (!take_number(&entry, 0, GATE_WORKERS_MOST - 1, &number) || !take_int(&entry, 2, PID_MOST, &p.pid) ||
	    !take_fd(&entry, &p.socket))
		return false;
	p.number = (unsigned)number;
	if (bytes_equal(entry, BYTES_LITERAL("-")))
		return add_process(u, &p);
	return take_fd(&entry, &p.watch) && entry.size == 0 && add_process(u, &p);
}

static bool take_entry(struct bytes entry, struct upgrade *u)
{
	struct bytes name = next_word(&entry);

	if (bytes_equal(name, BYTES_LITERAL("listen")))
		return take_listen(entry, &u->listeners);
	if (bytes_equal(name, BYTES_LITERAL("worker")))
		return take_worker(entry, u);
	if (bytes_equal(name, BYTES_LITERAL("porter")))
		return take_porter(entry, u);
	if (bytes_equal(name, BYTES_LITERAL("gate")))
		return take_generation(entry, u);
	if (bytes_equal(name, BYTES_LITERAL("control")))
		return take_single(entry, &u->control);
	if (bytes_equal(name, BYTES_LITERAL("intake")))
		return take_single(entry, &u->intake);
	if (bytes_equal(name, BYTES_LITERAL("hook")))
		return take_single(entry, &u->listeners.hook);
	u->bounded = bytes_equal(name, BYTES_LITERAL("bounded"));
	return u->bounded && entry.size == 0;
}

static bool each_fd_once(struct upgrade *u)
{
	int *fds[FDS_MOST];
	size_t count = list_fds(u, fds);

	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < i; n++)
			if (*fds[i] == *fds[n])
				return false;
	return true;
}

/* One that ends with a blank becomes none: the last of its words would be passed over. */
static struct bytes next_entry(struct bytes *text)
{
	size_t size = bytes_find_char(*text, ';');
	struct bytes entry = bytes_first(*text, size);

	*text = bytes_skip(*text, size + 1);
	return size && entry.data[size - 1] == ' ' ? bytes_first(entry, 0) : entry;
}

int upgrade_parse(struct bytes text, pid_t pid, struct upgrade *ret)
{
	struct bytes head;
	int for_whom;

	upgrade_init(ret);
	/* One that was cut has no end. */
	if (text.size == 0 || text.size >= UPGRADE_TEXT_SIZE || text.data[text.size - 1] != ';')
		return -EINVAL;
	head = next_entry(&text);
	if (!bytes_equal(next_word(&head), BYTES_LITERAL("1")) || !take_int(&head, 1, PID_MOST, &for_whom) ||
	    head.size || for_whom != pid)
		return -EINVAL;
	while (text.size)
		if (!take_entry(next_entry(&text), ret))
			return -EINVAL;
	return each_fd_once(ret) ? 0 : -EINVAL;
}

/* Handing over. */

static int keep_open(const struct upgrade *u, bool across)
{
	struct upgrade copy = *u;
	int *fds[FDS_MOST], r = 0;
	size_t count = list_fds(&copy, fds);

	for (size_t i = 0; i < count; i++)
		if (fcntl(*fds[i], F_SETFD, across ? 0 : FD_CLOEXEC) < 0)
			r = -errno;
	return r;
}

int upgrade_give(const struct upgrade *u)
{
	char text[UPGRADE_TEXT_SIZE];
	int r = upgrade_format(u, getpid(), text);

	if (r == 0 && setenv(UPGRADE_VARIABLE, text, 1) < 0)
		r = -errno;
	return r < 0 ? r : keep_open(u, true);
}

void upgrade_withdraw(const struct upgrade *u)
{
	unsetenv(UPGRADE_VARIABLE);
	keep_open(u, false);
}

/* -1 where it is no socket. */
static int socket_option(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

static bool is_socket(int fd, int domain, int type, int listens)
{
	return fd < 0 || (socket_option(fd, SO_DOMAIN) == domain && socket_option(fd, SO_TYPE) == type &&
			  socket_option(fd, SO_ACCEPTCONN) == listens);
}

/* False when it has none. */
static bool find_path(int fd, char path[BOUND_SIZE])
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.sun_family != AF_UNIX)
		return false;
	snprintf(path, BOUND_SIZE, "%.*s", (int)sizeof(address.sun_path), address.sun_path);
	return *path;
}

static bool is_listener(int fd)
{
	return is_socket(fd, AF_INET, SOCK_STREAM, 1) || is_socket(fd, AF_INET6, SOCK_STREAM, 1);
}

static bool are_what_they_should(struct upgrade *u)
{
	struct gate_listeners *listeners = &u->listeners;
	char hook_path[BOUND_SIZE] = "";
	bool right = is_socket(u->control, AF_UNIX, SOCK_STREAM, 1) && is_socket(u->intake, AF_UNIX, SOCK_DGRAM, 0) &&
		     is_socket(listeners->hook, AF_UNIX, SOCK_DGRAM, 0) &&
		     (listeners->hook < 0 || find_path(listeners->hook, hook_path));

	snprintf(listeners->hook_path, sizeof(listeners->hook_path), "%.*s",
		 (int)sizeof(listeners->hook_path) - 1, hook_path);
	for (size_t i = 0; i < listeners->count; i++)
		for (unsigned n = 0; n < listeners->workers; n++)
			right &= is_listener(listeners->endpoints[i].sockets[n]);
	for (size_t i = 0; i < u->generation_count; i++) {
		for (size_t n = 0; n < u->generations[i].count; n++) {
			const struct upgrade_process *p = &u->generations[i].processes[n];

			right &= is_socket(p->socket, AF_UNIX, SOCK_SEQPACKET, 0) &&
				 is_socket(p->watch, AF_UNIX, SOCK_SEQPACKET, 0);
		}
	}
	return right;
}

bool upgrade_take(struct upgrade *ret)
{
	const char *text = getenv(UPGRADE_VARIABLE);
	bool right;

	upgrade_init(ret);
	if (!text)
		return false;
	right = upgrade_parse(bytes_of(text), getpid(), ret) == 0 && are_what_they_should(ret) &&
		keep_open(ret, false) == 0;
	unsetenv(UPGRADE_VARIABLE);
	if (right)
		return true;
	log_error("what the program before handed over (" UPGRADE_VARIABLE ") is not understood, and given up");
	upgrade_init(ret);
	syscall(SYS_close_range, (unsigned)FD_FIRST, ~0U, 0U);
	/* The log's socket was among them. */
	log_open(NULL, LOG_LEVEL_INFO);
	return false;
}

void upgrade_close(struct upgrade *u)
{
	int *fds[FDS_MOST];
	size_t count = list_fds(u, fds);

	for (size_t i = 0; i < count; i++)
		close(*fds[i]);
	upgrade_init(u);
}

bool upgrade_is_bound_to(int fd, const char *path)
{
	char bound[BOUND_SIZE];

	return find_path(fd, bound) && strcmp(bound, path) == 0;
}

void upgrade_unlink(int fd)
{
	char path[BOUND_SIZE];

	if (find_path(fd, path))
		unlink(path);
}

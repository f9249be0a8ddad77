/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_listen.h"

#include "base/log.h"
#include "daemon/unix_socket.h"
#include "kernel/gate_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel takes what net.core.somaxconn allows: a wave is to wait here, not to be turned away. */
#define BACKLOG 65535
#define ENDPOINT_TEXT_SIZE (ADDR_TEXT_SIZE + 24)

/* Where a gate listens by these settings. */
struct places {
	struct endpoint endpoints[GATE_LISTENERS_MOST];
	size_t count;
	bool steered; /* to loopback, where the kernel leads clients of other places */
};

static void find_places(const struct settings *settings, struct places *ret)
{
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 }, loopback6[16] = { [15] = 1 };
	const struct endpoint_list *list = &settings->gate_listen;
	uint16_t port = (uint16_t)settings->gate_steer_port;

	*ret = (struct places){ .steered = settings->gate_steer != STEERING_NONE };
	if (ret->steered) {
		ret->endpoints[ret->count++] = (struct endpoint){ .addr = addr_from_ipv4(loopback4), .port = port };
		ret->endpoints[ret->count++] = (struct endpoint){ .addr = addr_from_ipv6(loopback6), .port = port };
		return;
	}
	for (; ret->count < list->count && ret->count < GATE_LISTENERS_MOST; ret->count++)
		ret->endpoints[ret->count] = list->endpoints[ret->count];
}

unsigned gate_worker_count(const struct settings *settings)
{
	cpu_set_t processors;
	unsigned count = (unsigned)settings->gate_workers;

	if (count == 0 && sched_getaffinity(0, sizeof(processors), &processors) == 0)
		count = (unsigned)CPU_COUNT(&processors);
	if (count == 0)
		return 1;
	return count > GATE_WORKERS_MOST ? GATE_WORKERS_MOST : count;
}

static const char *endpoint_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
	char addr[ADDR_TEXT_SIZE];

	if (endpoint->addr.family == ADDR_NONE)
		snprintf(text, ENDPOINT_TEXT_SIZE, "port %u of all addresses", endpoint->port);
	else
		snprintf(text, ENDPOINT_TEXT_SIZE, endpoint->addr.family == ADDR_IPV6 ? "[%s]:%u" : "%s:%u",
			 addr_format(&endpoint->addr, addr), endpoint->port);
	return text;
}

static int prepare(int fd, const struct endpoint *endpoint, sa_family_t family)
{
	const int on = 1, v6_only = endpoint->addr.family == ADDR_IPV6;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return -errno;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only)) < 0)
		return -errno;
	return 0;
}

/* A descriptor or -errno. "All" is the unspecified address of IPv6, whose socket takes IPv4, too. */
static int bind_to(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = addr_to_sockaddr(&endpoint->addr, endpoint->port, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	r = prepare(fd, endpoint, address.ss_family);
	if (r == 0 && bind(fd, (const struct sockaddr *)&address, size) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int listen_on(const struct endpoint *endpoint)
{
	int fd = bind_to(endpoint), r = 0;

	if (fd >= 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (fd < 0)
		return fd;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static bool has_no_family(int r)
{
	return r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL;
}

/* Where there is no IPv6, "all" is all of IPv4. */
static int listen_or_fall_back(const struct endpoint *endpoint)
{
	const struct endpoint all_ipv4 = { .addr = { .family = ADDR_IPV4 }, .port = endpoint->port };
	int fd = listen_on(endpoint);

	if (endpoint->addr.family == ADDR_NONE && has_no_family(fd))
		fd = listen_on(&all_ipv4);
	return fd;
}

/* Only to such a socket the kernel leads what was sent to another place (nft_tproxy). */
static int make_transparent(int fd, const struct endpoint *endpoint)
{
	static const int on = 1;
	bool v6 = endpoint->addr.family == ADDR_IPV6;

	return setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof(on)) < 0 ?
		       -errno : 0;
}

/* A descriptor of one's own of the socket that is there, or of a new one. */
static int take_or_listen(const struct endpoint *endpoint, bool steered, int there)
{
	int fd = there >= 0 ? fcntl(there, F_DUPFD_CLOEXEC, 0) : listen_or_fall_back(endpoint), r;

	if (there >= 0 && fd < 0)
		return -errno;
	/* Without, its clients would be counted as the mail server's. */
	if (fd >= 0)
		(void)gate_mark(fd, true);
	r = fd >= 0 && steered ? make_transparent(fd, endpoint) : 0;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int gate_listen_try(const struct endpoint *endpoint)
{
	int fd = bind_to(endpoint);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static const struct gate_endpoint *find(const struct gate_listeners *listeners, const struct endpoint *endpoint)
{
	for (size_t i = 0; listeners && i < listeners->count; i++) {
		const struct endpoint *there = &listeners->endpoints[i].endpoint;

		if (there->port == endpoint->port && addr_equal(&there->addr, &endpoint->addr))
			return &listeners->endpoints[i];
	}
	return NULL;
}

static void say_error(const struct endpoint *endpoint, bool steered, int error)
{
	const char *advice = "";
	char text[ENDPOINT_TEXT_SIZE];

	if (error == -EADDRINUSE && steered)
		advice = "; another program has that port: choose one that is free";
	else if (error == -EADDRINUSE)
		advice = "; the mail server may still listen there: one of the two has to go elsewhere";
	else if (error == -EADDRNOTAVAIL)
		advice = ": this host has no such address";
	log_error("%s: cannot listen on %s: %s%s", steered ? "gate.steer_port" : "gate.listen",
		  endpoint_text(endpoint, text), strerror(-error), advice);
}

/* Of a host without IPv6 no client comes by it. */
static bool can_be_missing(const struct endpoint *endpoint, bool steered, int r)
{
	return steered && endpoint->addr.family == ADDR_IPV6 && has_no_family(r);
}

static int open_endpoint(struct gate_listeners *listeners, const struct endpoint *endpoint, bool steered,
			 const struct gate_listeners *old)
{
	const struct gate_endpoint *there = find(old, endpoint);
	struct gate_endpoint *fresh = &listeners->endpoints[listeners->count++];

	fresh->endpoint = *endpoint;
	for (unsigned i = 0; i < GATE_WORKERS_MOST; i++)
		fresh->sockets[i] = -1;
	for (unsigned i = 0; i < listeners->workers; i++) {
		int fd = take_or_listen(endpoint, steered, there && i < old->workers ? there->sockets[i] : -1);

		if (i == 0 && can_be_missing(endpoint, steered, fd)) {
			listeners->count--;
			return 0;
		}
		if (fd < 0) {
			say_error(endpoint, steered, fd);
			return fd;
		}
		fresh->sockets[i] = fd;
	}
	return 0;
}

/* couriertcpd starts its programs as a user of the mail server, whose group is that of gate.user. */
static void set_hook_group(const char *path, const char *user_name)
{
	const struct passwd *user = *user_name ? getpwnam(user_name) : NULL;

	if (user && geteuid() == 0 && lchown(path, 0, user->pw_gid) < 0)
		log_warning("gate.hook: cannot give %s to the group of %s: %s", path, user_name, strerror(errno));
}

static int open_hook(struct gate_listeners *listeners, const struct settings *settings,
		     const struct gate_listeners *old)
{
	bool there = old && old->hook >= 0 && strcmp(old->hook_path, settings->gate_hook) == 0;

	snprintf(listeners->hook_path, sizeof(listeners->hook_path), "%s", settings->gate_hook);
	listeners->hook = there ? fcntl(old->hook, F_DUPFD_CLOEXEC, 0) :
				  unix_socket_open_datagrams(settings->gate_hook, "gate.hook");
	if (listeners->hook < 0)
		return there ? -errno : listeners->hook;
	if (!there)
		set_hook_group(settings->gate_hook, settings->gate_user);
	return 0;
}

int gate_listeners_open(const struct settings *settings, const struct gate_listeners *old, struct gate_listeners **ret)
{
	struct gate_listeners *fresh = calloc(1, sizeof(*fresh));
	struct places places;
	int r = 0;

	if (!fresh)
		return -ENOMEM;
	find_places(settings, &places);
	fresh->workers = gate_worker_count(settings);
	fresh->hook = -1;
	if (settings->gate_hook[0])
		r = open_hook(fresh, settings, old);
	for (size_t i = 0; !settings->gate_hook[0] && i < places.count && r == 0; i++)
		r = open_endpoint(fresh, &places.endpoints[i], places.steered, old);
	if (r < 0)
		gate_listeners_close(fresh);
	else
		*ret = fresh;
	return r;
}

/* Another socket beside those that are there would be given clients (SO_REUSEPORT), who are lost at its end. */
static int try_endpoint(const struct endpoint *endpoint, bool steered, const struct gate_listeners *old)
{
	int fd = find(old, endpoint) ? 0 : listen_or_fall_back(endpoint);

	if (can_be_missing(endpoint, steered, fd))
		return 0;
	if (fd > 0)
		close(fd);
	else if (fd < 0)
		say_error(endpoint, steered, fd);
	return fd < 0 ? fd : 0;
}

static int try_hook(const char *path, const struct gate_listeners *old)
{
	int fd;

	if (old->hook >= 0 && strcmp(old->hook_path, path) == 0)
		return 0;
	fd = unix_socket_open_datagrams(path, "gate.hook");
	if (fd < 0)
		return fd;
	close(fd);
	unlink(path);
	return 0;
}

int gate_listeners_try(const struct settings *settings, const struct gate_listeners *old)
{
	struct places places;
	int r = 0;

	if (!old)
		return 0;
	if (settings->gate_hook[0])
		return try_hook(settings->gate_hook, old);
	find_places(settings, &places);
	for (size_t i = 0; i < places.count && r == 0; i++)
		r = try_endpoint(&places.endpoints[i], places.steered, old);
	return r;
}

void gate_listeners_remove_hook(const struct gate_listeners *listeners)
{
	if (listeners && listeners->hook >= 0)
		unlink(listeners->hook_path);
}

void gate_listeners_close(struct gate_listeners *listeners)
{
	for (size_t i = 0; listeners && i < listeners->count; i++) {
		for (unsigned n = 0; n < listeners->workers; n++)
			if (listeners->endpoints[i].sockets[n] >= 0)
				close(listeners->endpoints[i].sockets[n]);
	}
	if (listeners && listeners->hook >= 0)
		close(listeners->hook);
	free(listeners);
}

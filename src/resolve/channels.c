/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/channels.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#define CHANNEL_COUNT 2
#define CLASS_IN 1
/* What passes everywhere without being split (RFC 9715 section 3). */
#define UDP_PAYLOAD 1232
#define TICK_LEAST_MS 5
#define TICK_MOST_MS 100

struct channel {
	struct channels *channels;
	ares_channel ares;
	uint32_t in_flight;
	uint32_t asked; /* since its turn began */
};

struct watched {
	LIST_ENTRY(watched) link;
	struct channel *channel;
	int fd;
	struct loop_fd *watch;
};

struct channels {
	struct loop *loop;
	channels_answer_fn *answer;
	channels_round_fn *round;
	void *data;
	struct channel channel[CHANNEL_COUNT];
	unsigned turn;
	LIST_HEAD(, watched) watched;
	struct loop_timer *timer; /* always armed, so that arming it cannot fail */
	uint32_t tick_ms;
	bool ticking;
	bool ending;
};

struct flight {
	struct channel *channel;
	void *question;
};

static void arm(struct channels *channels, uint64_t deadline_ms)
{
	int r = loop_timer_arm(channels->timer, deadline_ms);

	assert(r == 0);
}

static void at_socket(void *data, int fd, uint32_t events)
{
	struct watched *watched = data;
	struct channel *channel = watched->channel;
	struct channels *channels = channel->channels;

	/* An error or a hang-up is found by reading. */
	ares_process_fd(channel->ares, events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
	channels->round(channels->data);
}

/* ares_timeout would say when the next one is due, but looks at all questions for it in 1.18. */
static void at_tick(void *data)
{
	struct channels *channels = data;
	uint32_t in_flight = 0;

	for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
		ares_process_fd(channels->channel[i].ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		in_flight += channels->channel[i].in_flight;
	}
	channels->ticking = in_flight > 0;
	arm(channels, in_flight ? loop_now_ms(channels->loop) + channels->tick_ms : UINT64_MAX);
	channels->round(channels->data);
}

static void unwatch(struct watched *watched)
{
	LIST_REMOVE(watched, link);
	loop_fd_remove(watched->watch);
	free(watched);
}

/* Where a socket cannot be watched, its questions run out of time like those of a silent server. */
static void watch(struct channel *channel, int fd, uint32_t events)
{
	struct channels *channels = channel->channels;
	struct watched *watched = calloc(1, sizeof(*watched));

	if (!watched)
		return;
	watched->channel = channel;
	watched->fd = fd;
	if (loop_fd_add(channels->loop, fd, events, at_socket, watched, &watched->watch) < 0) {
		free(watched);
		return;
	}
	LIST_INSERT_HEAD(&channels->watched, watched, link);
}

static void socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	uint32_t events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
	struct channel *channel = data;
	struct watched *watched;

	LIST_FOREACH(watched, &channel->channels->watched, link) {
		if (watched->fd == fd)
			break;
	}
	if (!watched && events)
		watch(channel, fd, events);
	else if (watched && events)
		loop_fd_change(watched->watch, events);
	else if (watched)
		unwatch(watched);
}

static int errno_of(int ares_status)
{
	return ares_status == ARES_SUCCESS ? 0 : ares_status == ARES_ENOMEM ? -ENOMEM : -EIO;
}

static int channel_open(struct channels *channels, struct channel *channel, const struct resolver_limits *limits,
			struct ares_addr_port_node *servers)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
		.timeout = (int)limits->timeout_ms,
		.tries = (int)limits->tries,
		.ednspsz = UDP_PAYLOAD,
		.sock_state_cb = socket_state,
		.sock_state_cb_data = channel,
		.lookups = (char[]){ "b" },
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB |
		   ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_NOROTATE;
	int r;

	if (!servers->next)
		options.flags |= ARES_FLAG_NOCHECKRESP;
	/* The newer ones remember answers by themselves, without a cap. */
#ifdef ARES_OPT_QUERY_CACHE
	options.qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	channel->channels = channels;
	r = ares_init_options(&channel->ares, &options, mask);
	if (r != ARES_SUCCESS) {
		channel->ares = NULL;
		return errno_of(r);
	}
	return errno_of(ares_set_servers_ports(channel->ares, servers));
}

static void node_of(const struct resolver_server *server, struct ares_addr_port_node *ret)
{
	*ret = (struct ares_addr_port_node){
		.family = server->addr.family == ADDR_IPV4 ? AF_INET : AF_INET6,
		.udp_port = server->port,
		.tcp_port = server->port,
	};
	if (ret->family == AF_INET)
		memcpy(&ret->addr.addr4, server->addr.octets, sizeof(ret->addr.addr4));
	else
		memcpy(&ret->addr.addr6, server->addr.octets, sizeof(ret->addr.addr6));
}

static int channels_open(struct channels *channels, const struct resolver_limits *limits,
			 struct ares_addr_port_node *servers)
{
	int r = 0;

	for (unsigned i = 0; i < CHANNEL_COUNT && r == 0; i++)
		r = channel_open(channels, &channels->channel[i], limits, servers);
	return r;
}

/* A channel that is not told its servers has read them from resolv.conf; without any it is 127.0.0.1. */
static int open_with_system_servers(struct channels *channels, const struct resolver_limits *limits)
{
	struct ares_addr_port_node *servers;
	ares_channel probe;
	int r = ares_init(&probe);

	if (r != ARES_SUCCESS)
		return errno_of(r);
	r = errno_of(ares_get_servers_ports(probe, &servers));
	ares_destroy(probe);
	if (r < 0)
		return r;
	r = servers ? channels_open(channels, limits, servers) : -ENOENT;
	ares_free_data(servers);
	return r;
}

static int open_with(struct channels *channels, const struct resolver_limits *limits)
{
	struct ares_addr_port_node nodes[RESOLVER_SERVERS_MOST];

	for (size_t i = 0; i < limits->server_count; i++) {
		node_of(&limits->servers[i], &nodes[i]);
		if (i > 0)
			nodes[i - 1].next = &nodes[i];
	}
	return channels_open(channels, limits, nodes);
}

static uint32_t tick_ms(const struct resolver_limits *limits)
{
	uint32_t ms = limits->timeout_ms / 16;

	return ms < TICK_LEAST_MS ? TICK_LEAST_MS : ms > TICK_MOST_MS ? TICK_MOST_MS : ms;
}

int channels_create(struct loop *loop, const struct resolver_limits *limits, channels_answer_fn *answer,
		    channels_round_fn *round, void *data, struct channels **ret)
{
	struct channels *channels = calloc(1, sizeof(*channels));
	int r;

	if (!channels)
		return -ENOMEM;
	*channels = (struct channels){ .loop = loop, .answer = answer, .round = round, .data = data,
				       .tick_ms = tick_ms(limits) };
	r = errno_of(ares_library_init(ARES_LIB_INIT_ALL));
	if (r < 0) {
		free(channels);
		return r;
	}
	r = loop_timer_create(loop, at_tick, channels, &channels->timer);
	if (r == 0)
		r = loop_timer_arm(channels->timer, UINT64_MAX);
	if (r == 0)
		r = limits->server_count ? open_with(channels, limits) : open_with_system_servers(channels, limits);
	if (r < 0) {
		channels_destroy(channels);
		return r;
	}
	*ret = channels;
	return 0;
}

void channels_destroy(struct channels *channels)
{
	if (!channels)
		return;
	channels->ending = true;
	for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
		if (channels->channel[i].ares)
			ares_destroy(channels->channel[i].ares);
	}
	assert(LIST_EMPTY(&channels->watched));
	loop_timer_destroy(channels->timer);
	ares_library_cleanup();
	free(channels);
}

static struct channel *whose_turn(struct channels *channels)
{
	unsigned other = (channels->turn + 1) % CHANNEL_COUNT;

	if (channels->channel[channels->turn].asked >= CHANNELS_TURN && channels->channel[other].in_flight == 0) {
		channels->turn = other;
		channels->channel[other].asked = 0;
	}
	return &channels->channel[channels->turn];
}

/* The status tells nothing that the message does not: what is no NOERROR is passed on too. */
static void at_answer(void *data, int status, int timeouts, unsigned char *message, int size)
{
	struct flight *flight = data;
	struct channels *channels = flight->channel->channels;

	if (!channels->ending) {
		flight->channel->in_flight--;
		channels->answer(flight->question,
				 bytes_make((const char *)message, message && size > 0 ? (size_t)size : 0));
	}
	free(flight);
}

void channels_ask(struct channels *channels, const char *name, enum dns_type type, void *question)
{
	struct flight *flight = malloc(sizeof(*flight));

	if (!flight) {
		channels->answer(question, bytes_make(NULL, 0));
		return;
	}
	*flight = (struct flight){ whose_turn(channels), question };
	flight->channel->asked++;
	flight->channel->in_flight++;
	ares_query(flight->channel->ares, name, CLASS_IN, type, at_answer, flight);
	if (!channels->ticking) {
		channels->ticking = true;
		arm(channels, loop_now_ms(channels->loop) + channels->tick_ms);
	}
}

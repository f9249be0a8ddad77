/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban.h"

#include "act/ban_private.h"
#include "base/counter.h"
#include "base/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel counts an element that has expired until it is swept, so a whole set may run
 * out and be filled again within one sweep. */
#define SWEEP_MS 60000
#define ROOM_FACTOR 2
#define ROOM_LEAST 1024
#define ALIVE_ROOM 16
/* Old and new count while the one is exchanged for the other; an interval is two elements. */
#define PREFIXES_ROOM (BAN_PREFIXES_MOST * 4)
#define NETWORKS_ROOM (BAN_NETWORKS_MOST * 4)
#define PORTS_ROOM (BAN_PORTS_MOST * 2)
/* Clients, and networks, whose rate is known at once: some 15 MiB when a set is full. Those that
 * find no room are not limited, but for limits.total. */
#define RATE_ROOM 65536

static uint32_t burst_of(uint32_t per_second, uint64_t burst_ms)
{
	uint64_t burst = (uint64_t)per_second * burst_ms / 1000;

	if (burst > UINT32_MAX)
		return UINT32_MAX;
	return burst ? (uint32_t)burst : 1;
}

static struct nft_rate rate_of(const struct ban_table_limits *limits, uint32_t per_second)
{
	return (struct nft_rate){ per_second, per_second ? burst_of(per_second, limits->burst_ms) : 0 };
}

struct nft_guard ban_guard(const struct ban_table *ban, const struct ban_lacks *lacks)
{
	const struct ban_table_limits *limits = &ban->limits;
	struct nft_guard guard = {
		.ban_for_ms = ban_timeout_ms(limits->ban_for_ms),
		.own_mark = limits->own_mark,
	};

	if (lacks->limits == 0) {
		guard.per_address = rate_of(limits, limits->per_address);
		guard.per_network = rate_of(limits, limits->per_network);
		guard.total = rate_of(limits, limits->total);
		guard.suspect_for_ms = limits->limit_suspects ? ban_timeout_ms(limits->suspect_for_ms) : 0;
	}
	if (lacks->steering == 0) {
		guard.steer = limits->steer != BAN_STEER_NONE;
		guard.steer_all = limits->steer == BAN_STEER_ALL;
		guard.steer_to = limits->steer_to;
	}
	return guard;
}

static int check_limits(const struct ban_table_limits *limits)
{
	if (limits->ban_for_ms == 0 || limits->most == 0 || limits->most > BAN_MOST ||
	    limits->port_count == 0 || limits->port_count > BAN_PORTS_MOST || limits->most_suspects > BAN_MOST)
		return -EINVAL;
	if (limits->steer != BAN_STEER_NONE && (limits->steer_port_count == 0 || limits->steer_to == 0))
		return -EINVAL;
	return limits->steer_port_count > BAN_PORTS_MOST ? -EINVAL : 0;
}

void ban_batch_begin(struct ban_table *ban, struct nft_batch *batch)
{
	nft_batch_begin(batch, BAN_TABLE_NAME, ban->sequence, ban->buffer, BAN_BUFFER_SIZE);
}

int ban_batch_run(struct ban_table *ban, struct nft_batch *batch, uint32_t *ret_refused_sequence)
{
	int r = nft_batch_end(batch);

	ban->sequence = batch->next_sequence;
	*ret_refused_sequence = 0;
	return r < 0 ? r : nft_transaction_run(ban->fd, batch, ret_refused_sequence);
}

int ban_batch_commit(struct ban_table *ban, struct nft_batch *batch)
{
	uint32_t refused;
	int r = ban_batch_run(ban, batch, &refused);

	if (r < 0)
		counter_add(COUNTER_kernel_errors, 1);
	return r;
}

static uint32_t room_for(uint32_t most)
{
	return most * ROOM_FACTOR + ROOM_LEAST;
}

static void put_sets(struct nft_batch *batch, const struct ban_table_limits *limits)
{
	const uint32_t changing = NFT_SET_TIMEOUT | NFT_SET_EVAL;
	const uint32_t bans = room_for(limits->most), suspects = room_for(limits->most_suspects);
	const struct nft_set sets[] = {
		{ NFT_GUARD_BAN4, NFT_DATATYPE_IPV4_ADDR, 4, changing, bans, SWEEP_MS },
		{ NFT_GUARD_BAN6, NFT_DATATYPE_IPV6_ADDR, 16, changing, bans, SWEEP_MS },
		{ NFT_GUARD_SUSPECT4, NFT_DATATYPE_IPV4_ADDR, 4, changing, suspects, SWEEP_MS },
		{ NFT_GUARD_SUSPECT6, NFT_DATATYPE_IPV6_ADDR, 16, changing, suspects, SWEEP_MS },
		{ NFT_GUARD_NETWORK4, NFT_DATATYPE_IPV4_ADDR, 4, NFT_SET_INTERVAL, NETWORKS_ROOM, 0 },
		{ NFT_GUARD_NETWORK6, NFT_DATATYPE_IPV6_ADDR, 16, NFT_SET_INTERVAL, NETWORKS_ROOM, 0 },
		{ NFT_GUARD_NEVER4, NFT_DATATYPE_IPV4_ADDR, 4, NFT_SET_INTERVAL, PREFIXES_ROOM, 0 },
		{ NFT_GUARD_NEVER6, NFT_DATATYPE_IPV6_ADDR, 16, NFT_SET_INTERVAL, PREFIXES_ROOM, 0 },
		{ NFT_GUARD_RATE4, NFT_DATATYPE_IPV4_ADDR, 4, changing, RATE_ROOM, SWEEP_MS },
		{ NFT_GUARD_RATE6, NFT_DATATYPE_IPV6_ADDR, 16, changing, RATE_ROOM, SWEEP_MS },
		{ NFT_GUARD_NET4, NFT_DATATYPE_IPV4_ADDR, 4, changing, RATE_ROOM, SWEEP_MS },
		{ NFT_GUARD_NET6, NFT_DATATYPE_IPV6_ADDR, 16, changing, RATE_ROOM, SWEEP_MS },
		{ NFT_GUARD_ALIVE, NFT_DATATYPE_INET_PROTO, 1, NFT_SET_TIMEOUT, ALIVE_ROOM, SWEEP_MS },
		{ NFT_GUARD_STEERING, NFT_DATATYPE_INET_PROTO, 1, NFT_SET_TIMEOUT, ALIVE_ROOM, SWEEP_MS },
		{ NFT_GUARD_PORTS, NFT_DATATYPE_INET_SERVICE, 2, 0, PORTS_ROOM, 0 },
		{ NFT_GUARD_STEER_PORTS, NFT_DATATYPE_INET_SERVICE, 2, 0, PORTS_ROOM, 0 },
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		nft_set_add(batch, &sets[i]);
}

static void put_counters(struct nft_batch *batch)
{
	static const char *const counters[] = { NFT_GUARD_ARRIVALS, NFT_GUARD_DROPPED, NFT_GUARD_OVER_ADDRESS,
						NFT_GUARD_OVER_NETWORK, NFT_GUARD_OVER_TOTAL, NFT_GUARD_STEERED };

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		nft_counter_add(batch, counters[i]);
}

/* A port that is named twice is one element: the second time it is there already. */
static void put_ports(struct nft_batch *batch, const char *set, const uint16_t *ports, size_t count)
{
	struct nft_elements elements;
	uint16_t port;

	nft_elements_add(&elements, batch, set);
	for (size_t i = 0; i < count; i++) {
		port = htons(ports[i]);
		nft_elements_put(&elements, &port, sizeof(port), 0);
	}
	nft_elements_end(&elements);
}

static void put_all_ports(struct nft_batch *batch, const struct ban_table_limits *limits)
{
	put_ports(batch, NFT_GUARD_PORTS, limits->ports, limits->port_count);
	put_ports(batch, NFT_GUARD_STEER_PORTS, limits->steer_ports, limits->steer_port_count);
}

/* Taking out whatever there is, unlike deleting, cannot fail when it has run out. */
static void put_sign_of_life(struct nft_batch *batch, const char *set, uint64_t timeout_ms)
{
	static const uint8_t tcp = IPPROTO_TCP;
	struct nft_elements elements;

	nft_set_flush(batch, set);
	nft_elements_add(&elements, batch, set);
	nft_elements_put(&elements, &tcp, sizeof(tcp), ban_timeout_ms(timeout_ms));
	nft_elements_end(&elements);
}

static void put_alive(struct nft_batch *batch, const struct ban_table_limits *limits)
{
	put_sign_of_life(batch, NFT_GUARD_ALIVE, limits->alive_ms ? limits->alive_ms : BAN_ALIVE_MS);
}

void ban_put_table(const struct ban_table *ban, const struct nft_guard *guard, struct nft_batch *batch, bool owned)
{
	nft_table_add(batch, owned);
	put_sets(batch, &ban->limits);
	put_counters(batch);
	put_all_ports(batch, &ban->limits);
	put_alive(batch, &ban->limits);
	nft_guard_add(batch, guard);
}

struct table_answer {
	int result;
	struct nft_table_state state;
};

static void take_table_answer(void *data, const struct nl_message *message)
{
	struct table_answer *answer = data;

	answer->result = nft_read_table(message, &answer->state);
}

static int ask_table(struct ban_table *ban, struct nft_table_state *ret)
{
	struct table_answer answer = { .result = -EIO };
	struct nl_writer w;
	int r;

	nl_writer_init(&w, ban->buffer, BAN_BUFFER_SIZE);
	nft_ask_table(&w, ban->sequence++, BAN_TABLE_NAME);
	r = nft_questions_run(ban->fd, &w, take_table_answer, &answer);
	*ret = answer.state;
	return r < 0 ? r : answer.result;
}

/* Does what `put` says, and where the kernel refuses it, the same without steering, without limits, without both. */
typedef void put_fn(struct ban_table *ban, const struct nft_guard *guard, struct nft_batch *batch);

static int try_guard(struct ban_table *ban, put_fn *put, const struct ban_lacks *lacks)
{
	struct nft_guard guard = ban_guard(ban, lacks);
	struct nft_batch batch;
	uint32_t refused;
	int r;

	ban_batch_begin(ban, &batch);
	put(ban, &guard, &batch);
	r = ban_batch_run(ban, &batch, &refused);
	if (r < 0)
		return r;
	ban->guard = guard;
	ban->lacks = *lacks;
	return 0;
}

static int put_what_can_be(struct ban_table *ban, put_fn *put)
{
	const struct ban_table_limits *limits = &ban->limits;
	bool limited = limits->per_address || limits->per_network || limits->total;
	bool steered = limits->steer != BAN_STEER_NONE;
	int first = try_guard(ban, put, &(struct ban_lacks){ 0 }), r = first;

	if (r == 0 || r == -EPERM || r == -EBUSY || r == -ENOMEM)
		return r;
	if (steered)
		r = try_guard(ban, put, &(struct ban_lacks){ .steering = first });
	if (r < 0 && limited)
		r = try_guard(ban, put, &(struct ban_lacks){ .limits = first });
	if (r < 0 && limited && steered)
		r = try_guard(ban, put, &(struct ban_lacks){ .limits = first, .steering = first });
	return r < 0 ? first : 0;
}

static void put_first_table(struct ban_table *ban, const struct nft_guard *guard, struct nft_batch *batch)
{
	ban_put_table(ban, guard, batch, ban->owned);
}

static void put_other_table(struct ban_table *ban, const struct nft_guard *guard, struct nft_batch *batch)
{
	nft_table_delete(batch);
	ban_put_table(ban, guard, batch, ban->owned);
}

static int make_table(struct ban_table *ban)
{
	struct nft_table_state state;
	put_fn *put = put_other_table;
	int r = ask_table(ban, &state);

	if (r == -EINVAL)
		return -EOPNOTSUPP; /* nfnetlink without the nf_tables subsystem */
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT)
		put = put_first_table;
	else if (state.owned)
		return -EBUSY;
	ban->owned = !ban->limits.unowned;
	r = put_what_can_be(ban, put);
	if (r == -EOPNOTSUPP && ban->owned) {
		ban->owned = false;
		r = put_what_can_be(ban, put);
	}
	if (r == 0)
		r = ask_table(ban, &state);
	ban->table_handle = state.handle;
	return r;
}

/* Leaves the table to the kernel: an owned one goes with the socket. */
void ban_close(struct ban_table *ban)
{
	if (ban->fd >= 0)
		close(ban->fd);
	table_destroy(ban->seen);
	free(ban->buffer);
	free(ban);
}

int ban_open(const struct ban_table_limits *limits, struct ban_table **ret)
{
	struct ban_table *ban = calloc(1, sizeof(*ban));
	int r;

	if (!ban)
		return -ENOMEM;
	ban->fd = -1;
	ban->limits = *limits;
	ban->sequence = 1;
	ban->buffer = malloc(BAN_BUFFER_SIZE);
	r = ban->buffer ? 0 : -ENOMEM;
	if (r == 0)
		r = table_create(sizeof(struct ban_key), 0, BAN_PART_MOST, &ban->seen);
	if (r == 0)
		r = nft_socket_open(BAN_BUFFER_SIZE, &ban->fd);
	if (r < 0) {
		ban_close(ban);
		return r;
	}
	*ret = ban;
	return 0;
}

int ban_create(const struct ban_table_limits *limits, struct ban_table **ret)
{
	struct ban_table *ban;
	int r = check_limits(limits);

	if (r == 0)
		r = ban_open(limits, &ban);
	if (r < 0)
		return r;
	r = make_table(ban);
	if (r < 0) {
		ban_close(ban);
		return r;
	}
	*ret = ban;
	return 0;
}

void ban_destroy(struct ban_table *ban)
{
	struct nft_batch batch;
	uint32_t refused;

	if (!ban)
		return;
	ban_batch_begin(ban, &batch);
	nft_table_delete(&batch);
	(void)ban_batch_run(ban, &batch, &refused); /* that it is gone already is no error */
	ban_close(ban);
}

static bool same_rates(const struct nft_guard *a, const struct nft_guard *b)
{
	return memcmp(&a->per_address, &b->per_address, sizeof(a->per_address)) == 0 &&
	       memcmp(&a->per_network, &b->per_network, sizeof(a->per_network)) == 0;
}

static void put_exchange(struct ban_table *ban, const struct nft_guard *guard, struct nft_batch *batch)
{
	static const char *const rate_sets[] = { NFT_GUARD_RATE4, NFT_GUARD_RATE6, NFT_GUARD_NET4, NFT_GUARD_NET6 };

	nft_set_flush(batch, NFT_GUARD_PORTS);
	nft_set_flush(batch, NFT_GUARD_STEER_PORTS);
	put_all_ports(batch, &ban->limits);
	put_alive(batch, &ban->limits);
	nft_guard_replace(batch, &ban->guard, guard);
	/* A bucket keeps the rate that it was made with. */
	for (size_t i = 0; !same_rates(&ban->guard, guard) && i < sizeof(rate_sets) / sizeof(rate_sets[0]); i++)
		nft_set_flush(batch, rate_sets[i]);
}

int ban_reconfigure(struct ban_table *ban, const struct ban_table_limits *limits)
{
	struct ban_table_limits before = ban->limits;
	int r = check_limits(limits);

	if (r < 0)
		return r;
	ban->limits = *limits;
	ban->limits.most = before.most;
	ban->limits.most_suspects = before.most_suspects;
	ban->limits.unowned = before.unowned;
	r = put_what_can_be(ban, put_exchange);
	if (r == 0)
		return 0;
	counter_add(COUNTER_kernel_errors, 1);
	ban->limits = before;
	return r;
}

struct ban_lacks ban_lacks(const struct ban_table *ban)
{
	return ban->lacks;
}

int ban_clear(struct ban_table *ban)
{
	struct nft_batch batch;

	ban_batch_begin(ban, &batch);
	nft_set_flush(&batch, NFT_GUARD_BAN4);
	nft_set_flush(&batch, NFT_GUARD_BAN6);
	return ban_batch_commit(ban, &batch);
}

int ban_alive(struct ban_table *ban)
{
	struct nft_table_state state;
	struct nft_batch batch;
	int r;

	if (!ban->owned) {
		r = ask_table(ban, &state);
		if (r == 0 && state.handle != ban->table_handle)
			r = -ENOENT;
		if (r < 0)
			return r;
	}
	ban_batch_begin(ban, &batch);
	put_alive(&batch, &ban->limits);
	return ban_batch_commit(ban, &batch);
}

int ban_steer(struct ban_table *ban, bool works)
{
	struct nft_batch batch;

	ban_batch_begin(ban, &batch);
	if (works)
		put_sign_of_life(&batch, NFT_GUARD_STEERING, BAN_STEER_MS);
	else
		nft_set_flush(&batch, NFT_GUARD_STEERING);
	return ban_batch_commit(ban, &batch);
}

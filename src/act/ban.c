/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban.h"

#include "act/ban_private.h"
#include "base/counter.h"
#include "base/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <unistd.h>

/* The kernel counts an element that has expired until it is swept, so a whole set may run
 * out and be filled again within one sweep. */
#define SWEEP_MS 60000
#define ROOM_FACTOR 2
#define ROOM_LEAST 1024
#define ALIVE_ROOM 16

/* Not ours: a rehearsal has to work beside a running daemon. */
#define REHEARSAL_TABLE_NAME "wavebreak-check"

static struct nft_guard guard_of(const struct ban_table *ban)
{
	return (struct nft_guard){
		.input = "input",
		.banned = "banned",
		.alive = "alive",
		.ports = "ports",
		.ban4 = BAN_SET4_NAME,
		.ban6 = BAN_SET6_NAME,
		.dropped = "dropped",
		.ban_for_ms = ban_timeout_ms(ban->limits.ban_for_ms),
	};
}

static int check_limits(const struct ban_table_limits *limits)
{
	if (limits->ban_for_ms == 0 || limits->most == 0 || limits->most > BAN_MOST ||
	    limits->port_count == 0 || limits->port_count > BAN_PORTS_MOST)
		return -EINVAL;
	return 0;
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

static int batch_commit(struct ban_table *ban, struct nft_batch *batch)
{
	uint32_t refused;
	int r = ban_batch_run(ban, batch, &refused);

	if (r < 0)
		counter_add(COUNTER_kernel_errors, 1);
	return r;
}

static void put_sets(struct nft_batch *batch, const struct nft_guard *guard, uint32_t most)
{
	uint32_t room = most * ROOM_FACTOR + ROOM_LEAST;
	const uint32_t ban_flags = NFT_SET_TIMEOUT | NFT_SET_EVAL;
	const struct nft_set sets[] = {
		{ guard->ban4, NFT_DATATYPE_IPV4_ADDR, 4, ban_flags, room, SWEEP_MS },
		{ guard->ban6, NFT_DATATYPE_IPV6_ADDR, 16, ban_flags, room, SWEEP_MS },
		{ guard->alive, NFT_DATATYPE_INET_PROTO, 1, NFT_SET_TIMEOUT, ALIVE_ROOM, SWEEP_MS },
		{ guard->ports, NFT_DATATYPE_INET_SERVICE, 2, 0, BAN_PORTS_MOST, 0 },
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		nft_set_add(batch, &sets[i]);
}

/* A port that is named twice is one element: the second time it is there already. */
static void put_ports(struct nft_batch *batch, const struct nft_guard *guard,
		      const struct ban_table_limits *limits)
{
	struct nft_elements elements;
	uint16_t port;

	nft_elements_add(&elements, batch, guard->ports);
	for (size_t i = 0; i < limits->port_count; i++) {
		port = htons(limits->ports[i]);
		nft_elements_put(&elements, &port, sizeof(port), 0);
	}
	nft_elements_end(&elements);
}

/* Taking out whatever there is, unlike deleting, cannot fail when it has run out. */
static void put_alive(struct nft_batch *batch, const struct nft_guard *guard,
		      const struct ban_table_limits *limits)
{
	static const uint8_t tcp = IPPROTO_TCP;
	struct nft_elements elements;

	nft_set_flush(batch, guard->alive);
	nft_elements_add(&elements, batch, guard->alive);
	nft_elements_put(&elements, &tcp, sizeof(tcp),
			 ban_timeout_ms(limits->alive_ms ? limits->alive_ms : BAN_ALIVE_MS));
	nft_elements_end(&elements);
}

static void put_table(const struct ban_table *ban, struct nft_batch *batch, bool owned)
{
	struct nft_guard guard = guard_of(ban);

	nft_table_add(batch, owned);
	put_sets(batch, &guard, ban->limits.most);
	nft_counter_add(batch, guard.dropped);
	put_ports(batch, &guard, &ban->limits);
	put_alive(batch, &guard, &ban->limits);
	nft_guard_add(batch, &guard);
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

static int replace_table(struct ban_table *ban, bool there_is_one, bool owned)
{
	struct nft_batch batch;
	uint32_t refused;

	ban_batch_begin(ban, &batch);
	if (there_is_one)
		nft_table_delete(&batch);
	put_table(ban, &batch, owned);
	return ban_batch_run(ban, &batch, &refused);
}

static int make_table(struct ban_table *ban)
{
	struct nft_table_state state;
	bool there_is_one;
	int r = ask_table(ban, &state);

	if (r == -EINVAL)
		return -EOPNOTSUPP; /* nfnetlink without the nf_tables subsystem */
	if (r < 0 && r != -ENOENT)
		return r;
	there_is_one = r == 0;
	if (there_is_one && state.owned)
		return -EBUSY;
	ban->owned = !ban->limits.unowned;
	r = replace_table(ban, there_is_one, ban->owned);
	if (r == -EOPNOTSUPP && ban->owned) {
		ban->owned = false;
		r = replace_table(ban, there_is_one, false);
	}
	if (r == 0)
		r = ask_table(ban, &state);
	ban->table_handle = state.handle;
	return r;
}

/* Leaves the table to the kernel: an owned one goes with the socket. */
static void ban_close(struct ban_table *ban)
{
	if (ban->fd >= 0)
		close(ban->fd);
	table_destroy(ban->seen);
	free(ban->buffer);
	free(ban);
}

static int ban_open(const struct ban_table_limits *limits, struct ban_table **ret)
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
		r = table_create(sizeof(struct addr), 0, BAN_PART_MOST, &ban->seen);
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

int ban_reconfigure(struct ban_table *ban, const struct ban_table_limits *limits)
{
	struct ban_table_limits before = ban->limits;
	struct nft_guard guard;
	struct nft_batch batch;
	int r = check_limits(limits);

	if (r < 0)
		return r;
	ban->limits = *limits;
	ban->limits.most = before.most;
	ban->limits.unowned = before.unowned;
	guard = guard_of(ban);
	ban_batch_begin(ban, &batch);
	nft_set_flush(&batch, guard.ports);
	put_ports(&batch, &guard, &ban->limits);
	put_alive(&batch, &guard, &ban->limits);
	nft_guard_replace(&batch, &guard);
	r = batch_commit(ban, &batch);
	if (r < 0)
		ban->limits = before;
	return r;
}

int ban_clear(struct ban_table *ban)
{
	struct nft_batch batch;

	ban_batch_begin(ban, &batch);
	nft_set_flush(&batch, BAN_SET4_NAME);
	nft_set_flush(&batch, BAN_SET6_NAME);
	return batch_commit(ban, &batch);
}

int ban_alive(struct ban_table *ban)
{
	struct nft_guard guard = guard_of(ban);
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
	put_alive(&batch, &guard, &ban->limits);
	return batch_commit(ban, &batch);
}

struct counter_answer {
	int result;
	uint64_t packets;
};

static void take_counter_answer(void *data, const struct nl_message *message)
{
	struct counter_answer *answer = data;

	answer->result = nft_read_counter(message, &answer->packets);
}

int ban_dropped(struct ban_table *ban, uint64_t *ret_packets)
{
	struct counter_answer answer = { .result = -EIO };
	struct nl_writer w;
	int r;

	nl_writer_init(&w, ban->buffer, BAN_BUFFER_SIZE);
	nft_ask_counter(&w, ban->sequence++, BAN_TABLE_NAME, guard_of(ban).dropped);
	r = nft_questions_run(ban->fd, &w, take_counter_answer, &answer);
	if (r < 0 || answer.result < 0)
		return r < 0 ? r : answer.result;
	*ret_packets = answer.packets;
	return 0;
}

/* The whole table under another name, as a batch without an end. */
static int rehearse(struct ban_table *ban, bool owned)
{
	struct nft_batch batch;
	uint32_t refused;

	nft_batch_begin(&batch, REHEARSAL_TABLE_NAME, ban->sequence, ban->buffer, BAN_BUFFER_SIZE);
	put_table(ban, &batch, owned);
	ban->sequence = batch.next_sequence;
	return nft_transaction_run(ban->fd, &batch, &refused);
}

static struct ban_probe probe_result(int error, bool owned)
{
	switch (error) {
	case 0:
		if (owned)
			return (struct ban_probe){ BAN_SUPPORT_FULL, 0, "yes" };
		return (struct ban_probe){
			BAN_SUPPORT_UNOWNED, 0,
			"yes, but bans stay in the kernel when the daemon is killed "
			"(tables have an owner from Linux 5.12 on)"
		};
	case -EPERM:
	case -EACCES:
		return (struct ban_probe){ BAN_SUPPORT_FORBIDDEN, error,
					   "not permitted: root or CAP_NET_ADMIN is needed" };
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
		return (struct ban_probe){ BAN_SUPPORT_NONE, error,
					   "no: this kernel has no nf_tables" };
	default:
		return (struct ban_probe){
			BAN_SUPPORT_PARTIAL, error,
			"no: this kernel's nf_tables lacks something that the ban "
			"table needs"
		};
	}
}

struct ban_probe ban_probe(void)
{
	const struct ban_table_limits example = {
		.ban_for_ms = 600000, .most = 1, .ports = { 25 }, .port_count = 1,
	};
	struct ban_table *ban;
	bool owned = true;
	int r = ban_open(&example, &ban);

	if (r < 0)
		return probe_result(r, owned);
	r = rehearse(ban, owned);
	if (r == -EOPNOTSUPP) {
		owned = false;
		r = rehearse(ban, owned);
	}
	ban_close(ban);
	return probe_result(r, owned);
}

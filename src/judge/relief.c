/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/relief.h"

#include "base/text.h"

#include <stdio.h>

/* Who has not talked for so many times relief.silence is ended also when it is the server's turn:
 * 20 s by default, as long as DNS lookups and filters of a server under load take. Half a command
 * looks the same from here. */
#define OWED_TIMES 4
/* From so many times relief.silence on, these bytes a second are what somebody sends who gets on: by
 * EHLO, MAIL and RCPT alone it is 100 within seconds, and a mail within a minute. */
#define SLOW_TIMES 2
#define SLOW_BYTES_A_SECOND 16
#define VERY_SLOW_TIMES 12
#define VERY_SLOW_BYTES_A_SECOND 128
/* A mail comes faster than that, also through a modem. */
#define TRANSFER_BYTES_A_SECOND 512
/* Of a connection that is seen for the first time: more than any dialogue before DATA. */
#define TRANSFER_BYTES 2048
/* The shortest commands of SMTP are "QUIT\r\n" and the like. */
#define COMMAND_BYTES 6
/* 3 s after the first time, where nothing was measured yet (RFC 6298): 1 s and less where it was. */
#define DEAF_RETRANSMITS 4

/* The key: served, reason, its class, crowd, milliseconds. */
#define KEY_SERVED (1ULL << 63)
#define KEY_REASON_SHIFT 58
#define KEY_FIRST (1ULL << 57)
#define KEY_CLASS_SHIFT 50
#define CLASS_MOST 127U
#define KEY_CROWD_SHIFT 32
#define CROWD_MOST 0xffffU

_Static_assert(RELIEF_REASONS <= 1 << (63 - KEY_REASON_SHIFT), "a reason fits");

enum fact { NOTHING, SCORE, SILENCE, THERE };

static const struct {
	const char *name, *words;
	enum fact fact;
} reasons[RELIEF_REASONS] = {
	[RELIEF_SPARED] = { "spared", "spared", NOTHING },
#define RELIEF_REASON(id, name, words, fact, help) [RELIEF_##id] = { name, words, fact },
#include "defs/relief_reasons.def"
#undef RELIEF_REASON
};

const char *relief_reason_name(enum relief_reason reason)
{
	return reasons[reason].name;
}

static bool is_slow(const struct relief_rules *rules, const struct relief_candidate *c)
{
	uint64_t there = c->there_ms, silence = rules->silence_ms;
	uint64_t least = there >= silence * VERY_SLOW_TIMES ? VERY_SLOW_BYTES_A_SECOND : SLOW_BYTES_A_SECOND;

	return there >= silence * SLOW_TIMES && c->bytes < there * least / 1000;
}

/* Of a client with little or no score. */
static enum relief_reason reason_of_unknown(const struct relief_rules *rules, const struct relief_candidate *c)
{
	if (c->place != RELIEF_SERVED)
		return RELIEF_SPARED;
	if (c->silent_ms >= rules->silence_ms)
		return RELIEF_SILENT;
	return is_slow(rules, c) ? RELIEF_SLOW : RELIEF_SPARED;
}

enum relief_reason relief_reason_of(const struct relief_rules *rules, const struct relief_candidate *c)
{
	const unsigned spared = RELIEF_IS_NEVER | RELIEF_IS_GOOD | RELIEF_IS_TRANSFERRING | RELIEF_IS_LEAVING;

	if ((c->flags & spared) || (c->place != RELIEF_SERVED && c->place != RELIEF_WAITING))
		return RELIEF_SPARED;
	if (c->flags & RELIEF_IS_BLOCKED)
		return RELIEF_BLOCKED;
	if ((uint64_t)c->score * 2 >= rules->ban_score)
		return RELIEF_SCORED;
	return reason_of_unknown(rules, c);
}

/* How often `unit` doubled is still within: 0 for less than twice. */
static unsigned doublings(uint32_t ms, uint32_t unit)
{
	unsigned n = 0;

	for (uint64_t next = (uint64_t)(unit ? unit : 1) * 2; ms >= next && n < 32; next *= 2)
		n++;
	return n;
}

static uint64_t score_class(const struct relief_rules *rules, const struct relief_candidate *c)
{
	uint64_t share = rules->ban_score ? (uint64_t)c->score * 100 / rules->ban_score : 0;

	return share < CLASS_MOST ? share : CLASS_MOST;
}

static uint64_t class_of(const struct relief_rules *rules, const struct relief_candidate *c, enum relief_reason reason)
{
	switch (reason) {
	case RELIEF_SILENT:
		return doublings(c->silent_ms, rules->silence_ms) * 2 + (c->score > 0);
	case RELIEF_SLOW:
		return doublings(c->there_ms, rules->silence_ms) * 2 + (c->score > 0);
	default:
		return score_class(rules, c);
	}
}

static uint64_t key_of(const struct relief_rules *rules, const struct relief_candidate *c, enum relief_reason reason)
{
	bool known = reason == RELIEF_BLOCKED || reason == RELIEF_SCORED;
	uint64_t key = c->place == RELIEF_SERVED ? KEY_SERVED : 0;

	key |= (uint64_t)(RELIEF_REASONS - reason) << KEY_REASON_SHIFT;
	key |= known || !(c->flags & RELIEF_IS_OWED) ? KEY_FIRST : 0;
	key |= class_of(rules, c, reason) << KEY_CLASS_SHIFT;
	key |= (uint64_t)(c->crowd < CROWD_MOST ? c->crowd : CROWD_MOST) << KEY_CROWD_SHIFT;
	return key | (reason == RELIEF_SLOW ? c->there_ms : c->silent_ms);
}

/* The heap has the most deserving of the chosen at its top; of two equal ones that of the higher index. */
static bool is_less(const struct relief_choice *a, const struct relief_choice *b)
{
	return a->key != b->key ? a->key < b->key : a->index > b->index;
}

static void sink(struct relief_choice *heap, size_t size, size_t at)
{
	struct relief_choice moved = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= size)
			break;
		if (child + 1 < size && is_less(&heap[child + 1], &heap[child]))
			child++;
		if (!is_less(&heap[child], &moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static void rise(struct relief_choice *heap, size_t at)
{
	struct relief_choice moved = heap[at];

	while (at && is_less(&moved, &heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = moved;
}

/* A heap with the least at its top becomes a list from the greatest to the least. */
static void put_in_order(struct relief_choice *heap, size_t size)
{
	while (size > 1) {
		struct relief_choice least = heap[0];

		heap[0] = heap[--size];
		sink(heap, size, 0);
		heap[size] = least;
	}
}

size_t relief_choose(const struct relief_rules *rules, const struct relief_candidate *candidates, size_t count,
		     size_t wanted, struct relief_choice *ret)
{
	size_t chosen = 0;

	for (size_t i = 0; i < count && wanted; i++) {
		enum relief_reason reason = relief_reason_of(rules, &candidates[i]);
		struct relief_choice choice = { .index = (uint32_t)i, .reason = reason };

		if (reason == RELIEF_SPARED)
			continue;
		choice.key = key_of(rules, &candidates[i], reason);
		if (chosen < wanted) {
			ret[chosen] = choice;
			rise(ret, chosen++);
		} else if (is_less(&ret[0], &choice)) {
			ret[0] = choice;
			sink(ret, wanted, 0);
		}
	}
	put_in_order(ret, chosen);
	return chosen;
}

/* /24 and /48, with the family; never 0. */
static uint64_t network_of(const struct addr *addr)
{
	size_t octets = addr->family == ADDR_IPV4 ? 3 : 6;
	uint64_t network = addr->family;

	for (size_t i = 0; i < octets; i++)
		network = network << 8 | addr->octets[i];
	return network;
}

/* The finaliser of MurmurHash3 (Austin Appleby, public domain). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static struct relief_crowd *crowd_of(struct relief_crowd *crowds, size_t room, uint64_t seed, uint64_t network)
{
	size_t at = mix(mix(network ^ seed) + seed) & (room - 1);

	while (crowds[at].count && crowds[at].network != network)
		at = (at + 1) & (room - 1);
	crowds[at].network = network;
	return &crowds[at];
}

void relief_count_crowds(struct relief_candidate *candidates, size_t count, struct relief_crowd *crowds, size_t room,
			 uint64_t seed)
{
	memset(crowds, 0, room * sizeof(*crowds));
	for (size_t i = 0; i < count; i++)
		crowd_of(crowds, room, seed, network_of(&candidates[i].addr))->count++;
	for (size_t i = 0; i < count; i++)
		candidates[i].crowd = crowd_of(crowds, room, seed, network_of(&candidates[i].addr))->count;
}

static enum relief_place place_of(const struct sockdiag_socket *socket)
{
	if (socket->inode)
		return RELIEF_SERVED;
	switch (socket->state) {
	case SOCKDIAG_ESTABLISHED:
	case SOCKDIAG_CLOSE_WAIT:
		return RELIEF_WAITING;
	case SOCKDIAG_SYN_RECV:
		return RELIEF_OPENING;
	}
	return RELIEF_CLOSING;
}

static void begin(const struct relief_rules *rules, const struct sockdiag_info *info, uint64_t now_ms,
		  struct relief_seen *seen)
{
	bool transfers = info->bytes_received >= TRANSFER_BYTES && info->data_received_ago_ms < rules->silence_ms;

	*seen = (struct relief_seen){
		.first_ms = now_ms,
		.window_ms = now_ms,
		.window_bytes = info->bytes_received,
		.rate = transfers ? TRANSFER_BYTES_A_SECOND : 0,
	};
}

/* How much it had sent when the server last said something. Where the client has spoken since, all that
 * came since the look before may be later: that is for the client's good. */
static void note_reply(const struct sockdiag_info *info, struct relief_seen *seen)
{
	if (info->bytes_written != seen->written)
		seen->received_at_reply = info->data_sent_ago_ms < info->data_received_ago_ms ? info->bytes_received
											      : seen->received;
	seen->written = info->bytes_written;
	seen->received = info->bytes_received;
}

static void note_rate(const struct relief_rules *rules, const struct sockdiag_info *info, uint64_t now_ms,
		      struct relief_seen *seen)
{
	uint64_t elapsed = now_ms - seen->window_ms;

	if (elapsed < rules->silence_ms)
		return;
	seen->rate = (info->bytes_received - seen->window_bytes) * 1000 / elapsed;
	seen->window_ms = now_ms;
	seen->window_bytes = info->bytes_received;
}

static bool is_transferring(const struct relief_rules *rules, const struct sockdiag_info *info, uint64_t now_ms,
			    const struct relief_seen *seen)
{
	uint64_t elapsed = now_ms - seen->window_ms;
	uint64_t wanted = TRANSFER_BYTES_A_SECOND * (elapsed > 1000 ? elapsed : 1000) / 1000;

	return info->data_received_ago_ms < (uint64_t)rules->silence_ms * 2 &&
	       (seen->rate >= TRANSFER_BYTES_A_SECOND || info->bytes_received - seen->window_bytes >= wanted);
}

/* The server has not greeted yet; or what came since it last spoke may be a command. A command and the
 * reply before it may be of one tick of the kernel's, hence "not later". */
static bool is_owed(const struct sockdiag_info *info, const struct relief_seen *seen)
{
	return info->bytes_written == 0 ||
	       (info->data_received_ago_ms <= info->data_sent_ago_ms &&
		info->bytes_received - seen->received_at_reply >= COMMAND_BYTES);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t silence_of(const struct relief_rules *rules, const struct sockdiag_info *info, bool owed)
{
	uint64_t patience = (uint64_t)rules->silence_ms * OWED_TIMES;
	uint32_t quiet = least(info->data_sent_ago_ms, info->data_received_ago_ms);

	if (info->retransmits >= DEAF_RETRANSMITS)
		return least(info->ack_received_ago_ms, info->data_received_ago_ms);
	if (!owed)
		return info->data_sent_ago_ms;
	return quiet > patience ? (uint32_t)(quiet - patience) : 0;
}

void relief_see(const struct relief_rules *rules, const struct sockdiag_socket *socket, uint64_t now_ms,
		struct relief_seen *seen, struct relief_candidate *ret)
{
	const struct sockdiag_info *info = &socket->info;
	bool owed;

	*ret = (struct relief_candidate){ .addr = socket->peer, .port = socket->peer_port, .crowd = 1,
					  .place = (uint8_t)place_of(socket), .bytes = info->bytes_received };
	if (ret->place != RELIEF_SERVED || !seen || !socket->has_info)
		return;
	if (seen->first_ms == 0)
		begin(rules, info, now_ms, seen);
	note_reply(info, seen);
	note_rate(rules, info, now_ms, seen);
	owed = is_owed(info, seen);
	ret->flags = owed ? RELIEF_IS_OWED : 0;
	if (is_transferring(rules, info, now_ms, seen))
		ret->flags |= RELIEF_IS_TRANSFERRING;
	ret->silent_ms = silence_of(rules, info, owed);
	ret->there_ms = now_ms - seen->first_ms < UINT32_MAX ? (uint32_t)(now_ms - seen->first_ms) : UINT32_MAX;
}

static const char *seconds(uint32_t ms, char text[DURATION_TEXT_SIZE])
{
	return duration_format(ms < 1000 ? ms : ms - ms % 1000, text);
}

const char *relief_words(const struct relief_record *record, char text[RELIEF_WORDS_SIZE])
{
	enum relief_reason reason = record->reason < RELIEF_REASONS ? (enum relief_reason)record->reason : RELIEF_SPARED;
	char fact[96] = "", others[48] = "", time[DURATION_TEXT_SIZE];

	switch (reasons[reason].fact) {
	case NOTHING:
		break;
	case SCORE:
		snprintf(fact, sizeof(fact), " of %u", record->score);
		break;
	case SILENCE:
		snprintf(fact, sizeof(fact), " for %s", seconds(record->silent_ms, time));
		break;
	case THERE:
		snprintf(fact, sizeof(fact), " in %s, with %llu bytes sent", seconds(record->there_ms, time),
			 (unsigned long long)record->bytes);
		break;
	}
	if (record->others)
		snprintf(others, sizeof(others), ", %u other%s of its network", record->others,
			 record->others == 1 ? "" : "s");
	snprintf(text, RELIEF_WORDS_SIZE, "%s%s%s", reasons[reason].words, fact, others);
	return text;
}

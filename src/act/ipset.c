/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ipset.h"

#include "act/nft_transaction.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)64 * 1024)
/* Each may be answered by an error, and the answers have to fit the socket's buffer. */
#define CHANGES_AT_ONCE 256
/* A ban that has slid is asked for again so soon: a tenth of ban.for, within these. */
#define ASK_AGAIN_LEAST_MS 1000
#define ASK_AGAIN_MOST_MS 60000
/* Seconds are rounded, and the two clocks are read one after the other. */
#define WITNESS_SLACK_MS 3000

/* One ban whose loss tells that the set was emptied: the one that was put in last. */
struct witness {
	struct addr unit;
	uint64_t until_ms; /* 0: there is none */
};

struct set {
	char name[IPSET_NAME_SIZE];
	struct ipset_kind kind;
	uint8_t length;	/* of what is put in; 0 for hash:ip */
	bool ours;	/* made by us */
	struct witness witness;
};

struct ipset {
	int fd;
	uint8_t *buffer;
	uint32_t sequence;
	uint64_t ban_for_ms;
	uint32_t most;
	int alive_error; /* as was said last */
	struct set sets[2];
};

static const struct ipset_kind kinds[2] = { { "hash:ip", false }, { "hash:net", true } };

static struct set *set_of(struct ipset *ipset, const struct addr *unit)
{
	return &ipset->sets[unit->family == ADDR_IPV6];
}

struct outcome {
	int error; /* the first */
	unsigned refused;
	uint32_t sequence; /* of the first that was refused */
};

static void note_error(void *data, const struct nl_message *answer)
{
	struct outcome *outcome = data;
	int error = answer->type == NLMSG_ERROR ? ipset_errno(nl_error(answer)) : 0;

	if (error == 0)
		return;
	outcome->refused++;
	if (outcome->error == 0) {
		outcome->error = error;
		outcome->sequence = answer->sequence;
	}
}

static int run(struct ipset *ipset, const struct nl_writer *w, struct outcome *ret)
{
	int r;

	*ret = (struct outcome){ 0 };
	r = nft_questions_run(ipset->fd, w, note_error, ret);
	return r < 0 ? r : ret->error;
}

struct head_answer {
	int result;
	struct ipset_head head;
};

static void take_head(void *data, const struct nl_message *message)
{
	struct head_answer *answer = data;
	struct ipset_head head;
	int r = ipset_read_head(message, &head);

	if (r == -EAGAIN || answer->result != -EAGAIN)
		return;
	answer->result = r;
	answer->head = head;
}

/* -ENOENT: there is none. */
static int ask_head(struct ipset *ipset, const char *set, struct ipset_head *ret)
{
	struct head_answer answer = { .result = -EAGAIN };
	struct nl_writer w;
	int r;

	nl_writer_init(&w, ipset->buffer, BUFFER_SIZE);
	ipset_ask_head(&w, ipset->sequence++, set);
	r = nft_questions_run(ipset->fd, &w, take_head, &answer);
	*ret = answer.head;
	if (r < 0)
		return r;
	/* nfnetlink knows no such subsystem. */
	if (answer.result == -EINVAL)
		return -EOPNOTSUPP;
	return answer.result == -EAGAIN ? -EIO : answer.result;
}

/* NULL when it fits. */
static const char *why_unfit(const struct ipset_head *head, bool ipv6)
{
	bool net = strcmp(head->type, "hash:net") == 0;

	if (head->ipv6 != ipv6)
		return ipv6 ? "it is not of family inet6" : "it is of family inet6";
	if (ipv6 && !net)
		return "it is not of type hash:net";
	if (!net && strcmp(head->type, "hash:ip") != 0)
		return "it is not of type hash:ip";
	return head->timeout ? NULL : "it was made without a timeout";
}

static int make_set(struct ipset *ipset, struct set *set, bool ipv6)
{
	struct outcome outcome;
	struct nl_writer w;
	int r;

	set->kind = kinds[ipv6];
	set->length = ipv6 ? 64 : 0;
	nl_writer_init(&w, ipset->buffer, BUFFER_SIZE);
	ipset_create_put(&w, ipset->sequence++, set->name, &set->kind, ipset->most,
			 (uint32_t)((ipset->ban_for_ms + 999) / 1000));
	r = run(ipset, &w, &outcome);
	set->ours = r == 0;
	return r;
}

static int run_one(struct ipset *ipset, const char *set,
		   void put(struct nl_writer *w, uint32_t sequence, const char *set))
{
	struct outcome outcome;
	struct nl_writer w;

	nl_writer_init(&w, ipset->buffer, BUFFER_SIZE);
	put(&w, ipset->sequence++, set);
	return run(ipset, &w, &outcome);
}

static int take_set(struct ipset *ipset, struct set *set, const struct ipset_head *head, bool ipv6)
{
	const char *unfit = why_unfit(head, ipv6);

	if (unfit) {
		log_error("the set %s of ipset cannot be used: %s", set->name, unfit);
		return -EEXIST;
	}
	set->kind = kinds[ipv6];
	set->length = ipv6 ? 64 : strcmp(head->type, "hash:net") == 0 ? 32 : 0;
	if (head->most && head->most < ipset->most)
		log_warning("the set %s of ipset holds %u elements, fewer than ban.limit", set->name, head->most);
	return run_one(ipset, set->name, ipset_flush_put);
}

static int find_or_make(struct ipset *ipset, bool ipv6)
{
	struct set *set = &ipset->sets[ipv6];
	struct ipset_head head;
	int r = ask_head(ipset, set->name, &head);

	set->witness.until_ms = 0;
	if (r == -ENOENT)
		return make_set(ipset, set, ipv6);
	return r < 0 ? r : take_set(ipset, set, &head, ipv6);
}

static void dismiss(struct ipset *ipset)
{
	if (!ipset)
		return;
	if (ipset->fd >= 0)
		close(ipset->fd);
	free(ipset->buffer);
	free(ipset);
}

static int prepare(const char *list, struct ipset **ret)
{
	struct ipset *ipset = calloc(1, sizeof(*ipset));
	int r = 0;

	if (!ipset)
		return -ENOMEM;
	ipset->fd = -1;
	ipset->sequence = 1;
	ipset->buffer = malloc(BUFFER_SIZE);
	if (!ipset->buffer)
		r = -ENOMEM;
	else if (!*list || strlen(list) > IPSET_LIST_MOST)
		r = -EINVAL;
	for (int i = 0; i < 2 && r == 0; i++)
		snprintf(ipset->sets[i].name, sizeof(ipset->sets[i].name), "%s%d", list, i ? 6 : 4);
	if (r == 0)
		r = nft_socket_open(BUFFER_SIZE, &ipset->fd);
	if (r < 0)
		dismiss(ipset);
	else
		*ret = ipset;
	return r;
}

struct ipset_facts ipset_look(const char *list)
{
	struct ipset_facts facts = { 0 };
	struct ipset_head head;
	struct ipset *ipset;
	int r = prepare(list, &ipset);

	for (int i = 0; i < 2 && r == 0; i++) {
		r = ask_head(ipset, ipset->sets[i].name, &head);
		facts.there[i] = r == 0;
		if (r == 0) {
			facts.unfit[i] = why_unfit(&head, i);
			facts.most[i] = head.most;
			facts.references[i] = head.references;
		} else if (r == -ENOENT) {
			r = 0;
		}
		if (i == 1 || r < 0)
			dismiss(ipset);
	}
	facts.error = r;
	return facts;
}

int ipset_open(const char *list, uint64_t ban_for_ms, uint32_t most, struct ipset **ret)
{
	struct ipset *ipset;
	int r = most ? prepare(list, &ipset) : -EINVAL;

	if (r < 0)
		return r;
	ipset->ban_for_ms = ban_for_ms;
	ipset->most = most;
	for (int i = 0; i < 2 && r == 0; i++)
		r = find_or_make(ipset, i);
	if (r < 0)
		ipset_close(ipset);
	else
		*ret = ipset;
	return r;
}

void ipset_close(struct ipset *ipset)
{
	for (int i = 0; ipset && i < 2; i++) {
		struct set *set = &ipset->sets[i];

		/* One that did not fit was never ours to empty. */
		if (!set->kind.type)
			continue;
		(void)run_one(ipset, set->name, ipset_flush_put);
		if (set->ours)
			(void)run_one(ipset, set->name, ipset_destroy_put); /* refused while a rule refers to it */
	}
	dismiss(ipset);
}

void ipset_set_time(struct ipset *ipset, uint64_t ban_for_ms)
{
	ipset->ban_for_ms = ban_for_ms;
}

static void put_change(struct ipset *ipset, struct nl_writer *w, const struct ban_change *change)
{
	struct set *set = set_of(ipset, &change->unit);
	struct witness *witness = &set->witness;

	ipset_change_put(w, ipset->sequence++, change->timeout_ms ? IPSET_PUT : IPSET_TAKE, set->name, &change->unit,
			 set->length, (uint32_t)((change->timeout_ms + 999) / 1000));
	if (change->timeout_ms)
		*witness = (struct witness){ change->unit, clock_ms() + change->timeout_ms };
	else if (addr_equal(&witness->unit, &change->unit))
		witness->until_ms = 0;
}

static int apply_some(struct ipset *ipset, const struct ban_change *changes, size_t count)
{
	struct outcome outcome;
	struct nl_writer w;
	int r;

	nl_writer_init(&w, ipset->buffer, BUFFER_SIZE);
	for (size_t i = 0; i < count; i++)
		put_change(ipset, &w, &changes[i]);
	r = run(ipset, &w, &outcome);
	if (r < 0)
		counter_add(COUNTER_kernel_errors, outcome.refused ? outcome.refused : 1);
	/* Who was refused is no witness. */
	if (r < 0)
		ipset->sets[0].witness.until_ms = ipset->sets[1].witness.until_ms = 0;
	return r;
}

int ipset_apply(struct ipset *ipset, const struct ban_change *changes, size_t count)
{
	size_t n;
	int r = 0, one;

	for (; count; changes += n, count -= n) {
		n = count < CHANGES_AT_ONCE ? count : CHANGES_AT_ONCE;
		one = apply_some(ipset, changes, n);
		if (one == -ENOENT || one == -EPERM)
			return one;
		r = r ? r : one;
	}
	return r;
}

/* 1 when it is in its set, 0 when not. */
static int is_in(struct ipset *ipset, const struct addr *unit)
{
	const struct set *set = set_of(ipset, unit);
	struct outcome outcome;
	struct nl_writer w;
	int r;

	nl_writer_init(&w, ipset->buffer, BUFFER_SIZE);
	ipset_change_put(&w, ipset->sequence++, IPSET_HAS, set->name, unit, set->length, 0);
	r = run(ipset, &w, &outcome);
	return r == 0 ? 1 : r == -EEXIST ? 0 : r;
}

int ipset_query(struct ipset *ipset, const struct addr *unit, uint64_t *ret_remaining_ms)
{
	int r = is_in(ipset, unit);
	uint64_t more = ipset->ban_for_ms / 10;

	*ret_remaining_ms = 0;
	if (r <= 0)
		return r;
	if (more < ASK_AGAIN_LEAST_MS)
		more = ASK_AGAIN_LEAST_MS;
	*ret_remaining_ms = more < ASK_AGAIN_MOST_MS ? more : ASK_AGAIN_MOST_MS;
	return 0;
}

int ipset_clear(struct ipset *ipset)
{
	int r = 0, one;

	for (int i = 0; i < 2; i++) {
		one = run_one(ipset, ipset->sets[i].name, ipset_flush_put);
		ipset->sets[i].witness.until_ms = 0;
		r = r ? r : one;
	}
	return r;
}

/* 1 when it lost what was in it. To ask for the set's head each second would have the kernel walk through it. */
static int look_at_set(struct ipset *ipset, bool ipv6)
{
	static const struct addr anybody[2] = { { .family = ADDR_IPV4, .octets = { 192, 0, 2, 1 } },
						{ .family = ADDR_IPV6, .octets = { 0x20, 0x01, 0x0d, 0xb8 } } };
	struct set *set = &ipset->sets[ipv6];
	struct witness *witness = &set->witness;
	bool has_witness = witness->until_ms > clock_ms() + WITNESS_SLACK_MS;
	int r = is_in(ipset, has_witness ? &witness->unit : &anybody[ipv6]);

	if (r == -ENOENT) {
		r = find_or_make(ipset, ipv6);
		if (r == 0)
			log_warning("the set %s of ipset was removed by somebody else; it is made anew", set->name);
		return r < 0 ? r : 1;
	}
	if (r != 0 || !has_witness)
		return r < 0 ? r : 0;
	witness->until_ms = 0;
	log_warning("the set %s of ipset was emptied by somebody else; the banned go in again", set->name);
	return 1;
}

int ipset_alive(struct ipset *ipset)
{
	int r = 0, one;
	bool lost = false;

	for (int i = 0; i < 2; i++) {
		one = look_at_set(ipset, i);
		lost |= one > 0;
		r = one < 0 ? one : r;
	}
	if (r < 0)
		counter_add(COUNTER_kernel_errors, 1);
	if (r != ipset->alive_error && r < 0)
		log_error("the sets of ipset do not work (%s); who is banned is not kept out", strerror(-r));
	ipset->alive_error = r;
	return lost ? -ENOENT : r;
}

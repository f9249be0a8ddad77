/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/resolver.h"

#include "base/counter.h"
#include "base/table.h"
#include "resolve/answer_cache.h"
#include "resolve/channels.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/queue.h>

/* What one name and type is asked for, by however many. Either in `in_flight`, or on its way out. */
struct inquiry {
	TAILQ_ENTRY(inquiry) link; /* once answered */
	LIST_HEAD(, resolver_question) askers;
	struct resolver *resolver;
	struct name_key key;
	enum dns_type type;
	struct dns_answer answer;
	char name[];
};

/* One who asks. */
struct resolver_question {
	LIST_ENTRY(resolver_question) link;
	resolver_fn *fn;
	void *data;
};

TAILQ_HEAD(inquiries, inquiry);

struct resolver {
	struct loop *loop;
	struct resolver_limits limits;
	struct name_secret secret;
	struct channels *channels;
	struct answer_cache *cache;
	struct table *in_flight;       /* struct name_key to struct inquiry * */
	struct inquiries answered;     /* to be handed out from the loop */
	struct inquiries going_out;    /* being handed out */
	struct loop_timer *hand_out;   /* always armed, so that arming it cannot fail */
	bool *destroyed;	       /* of deliver, while it hands out */
};

static void let_go(struct inquiry *inquiry)
{
	struct resolver_question *asker;

	while ((asker = LIST_FIRST(&inquiry->askers))) {
		LIST_REMOVE(asker, link);
		free(asker);
	}
	free(inquiry);
}

static void let_all_go(struct inquiries *inquiries)
{
	struct inquiry *inquiry;

	while ((inquiry = TAILQ_FIRST(inquiries))) {
		TAILQ_REMOVE(inquiries, inquiry, link);
		let_go(inquiry);
	}
}

static void hand_out_at(struct resolver *resolver, uint64_t deadline_ms)
{
	int r = loop_timer_arm(resolver->hand_out, deadline_ms);

	assert(r == 0);
}

/* False when a callback has destroyed the resolver. */
static bool tell_askers(struct inquiry *inquiry, const bool *destroyed)
{
	struct resolver_question *asker;

	while ((asker = LIST_FIRST(&inquiry->askers))) {
		resolver_fn *fn = asker->fn;
		void *data = asker->data;

		LIST_REMOVE(asker, link);
		free(asker);
		fn(data, &inquiry->answer);
		if (*destroyed)
			return false;
	}
	return true;
}

/* Those that were answered by now, not what the callbacks add: who asks again each time for what the
 * cache knows must not keep the loop. */
static void deliver(void *data)
{
	struct resolver *resolver = data;
	bool destroyed = false;
	struct inquiry *inquiry;

	resolver->destroyed = &destroyed;
	TAILQ_CONCAT(&resolver->going_out, &resolver->answered, link);
	while ((inquiry = TAILQ_FIRST(&resolver->going_out))) {
		if (!tell_askers(inquiry, &destroyed))
			return;
		TAILQ_REMOVE(&resolver->going_out, inquiry, link);
		let_go(inquiry);
	}
	resolver->destroyed = NULL;
}

static void deliver_at_timer(void *data)
{
	hand_out_at(data, UINT64_MAX);
	deliver(data);
}

static uint32_t time_to_keep(const struct resolver_limits *limits, enum dns_type type, const struct dns_answer *answer)
{
	uint32_t ttl_s = answer->ttl_s;

	if (answer->outcome > DNS_NO_NAME)
		return limits->failure_ttl_s;
	/* A text is shown, nothing is judged by it, and it is wanted some seconds after it was asked for. */
	if (type == DNS_TXT && answer->outcome == DNS_FOUND && ttl_s < RESOLVER_TEXT_TTL_S)
		ttl_s = RESOLVER_TEXT_TTL_S;
	return ttl_s < limits->longest_ttl_s ? ttl_s : limits->longest_ttl_s;
}

static void read_answer(struct inquiry *inquiry, struct bytes message)
{
	struct dns_answer *answer = &inquiry->answer;

	if (message.size == 0)
		answer->outcome = DNS_FAILED;
	else
		dns_answer_read(message, bytes_of(inquiry->name), inquiry->type, answer);
	if (answer->outcome == DNS_TRUNCATED)
		answer->outcome = DNS_BROKEN;
	if (answer->outcome == DNS_BROKEN)
		counter_add(COUNTER_dns_broken_answers, 1);
	else if (answer->outcome == DNS_FAILED)
		counter_add(COUNTER_dns_failures, 1);
	answer->ttl_s = time_to_keep(&inquiry->resolver->limits, inquiry->type, answer);
}

/* Also from inside of channels_ask: nobody is told here. */
static void at_answer(void *question, struct bytes message)
{
	struct inquiry *inquiry = question;
	struct resolver *resolver = inquiry->resolver;

	read_answer(inquiry, message);
	answer_cache_put(resolver->cache, &inquiry->key, &inquiry->answer, loop_now_ms(resolver->loop));
	table_remove(resolver->in_flight, &inquiry->key);
	TAILQ_INSERT_TAIL(&resolver->answered, inquiry, link);
}

static bool limits_are_valid(const struct resolver_limits *limits)
{
	return limits->server_count <= RESOLVER_SERVERS_MOST && limits->questions && limits->cache &&
	       limits->timeout_ms && limits->timeout_ms <= INT_MAX && limits->tries && limits->tries <= INT_MAX;
}

static int resolver_open(struct resolver *resolver)
{
	int r = name_secret_draw(&resolver->secret);

	if (r == 0)
		r = loop_timer_create(resolver->loop, deliver_at_timer, resolver, &resolver->hand_out);
	if (r == 0)
		r = loop_timer_arm(resolver->hand_out, UINT64_MAX);
	if (r == 0)
		r = answer_cache_create(resolver->limits.cache, &resolver->cache);
	if (r == 0)
		r = table_create(sizeof(struct name_key), sizeof(struct inquiry *), resolver->limits.questions,
				 &resolver->in_flight);
	if (r == 0)
		r = channels_create(resolver->loop, &resolver->limits, at_answer, deliver, resolver,
				    &resolver->channels);
	return r;
}

int resolver_create(struct loop *loop, const struct resolver_limits *limits, struct resolver **ret)
{
	struct resolver *resolver;
	int r;

	if (!limits_are_valid(limits))
		return -EINVAL;
	resolver = calloc(1, sizeof(*resolver));
	if (!resolver)
		return -ENOMEM;
	resolver->loop = loop;
	resolver->limits = *limits;
	TAILQ_INIT(&resolver->answered);
	TAILQ_INIT(&resolver->going_out);
	r = resolver_open(resolver);
	if (r < 0) {
		resolver_destroy(resolver);
		return r;
	}
	*ret = resolver;
	return 0;
}

void resolver_destroy(struct resolver *resolver)
{
	struct inquiry **inquiry;
	uint32_t cursor = 0;

	if (!resolver)
		return;
	if (resolver->destroyed)
		*resolver->destroyed = true;
	channels_destroy(resolver->channels);
	while (resolver->in_flight && (inquiry = table_next(resolver->in_flight, &cursor)))
		let_go(*inquiry);
	table_destroy(resolver->in_flight);
	let_all_go(&resolver->answered);
	let_all_go(&resolver->going_out);
	answer_cache_destroy(resolver->cache);
	loop_timer_destroy(resolver->hand_out);
	free(resolver);
}

static bool known(struct resolver *resolver, const struct name_key *key, struct dns_answer *ret)
{
	if (!answer_cache_find(resolver->cache, key, loop_now_ms(resolver->loop), ret))
		return false;
	counter_add(COUNTER_dns_cache_hits, 1);
	return true;
}

bool resolver_known(struct resolver *resolver, const char *name, enum dns_type type, struct dns_answer *ret)
{
	struct name_key key;

	if (!dns_name_is_well(bytes_of(name)))
		return false;
	key = name_key_of(&resolver->secret, bytes_of(name), type);
	return known(resolver, &key, ret);
}

static struct inquiry *make_inquiry(struct resolver *resolver, const char *name, enum dns_type type,
				    const struct name_key *key)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry) + strlen(name) + 1);

	if (!inquiry)
		return NULL;
	inquiry->resolver = resolver;
	inquiry->key = *key;
	inquiry->type = type;
	strcpy(inquiry->name, name);
	LIST_INIT(&inquiry->askers);
	return inquiry;
}

/* Sends it; may be answered when this returns. Returns 0, -EBUSY or -ENOMEM. */
static int begin(struct resolver *resolver, struct inquiry *inquiry)
{
	void *place;
	int r = table_add(resolver->in_flight, &inquiry->key, &place);

	if (r == -ENOSPC) {
		counter_add(COUNTER_dns_questions_dropped, 1);
		return -EBUSY;
	}
	if (r < 0)
		return r;
	*(struct inquiry **)place = inquiry;
	counter_add(COUNTER_dns_questions, 1);
	channels_ask(resolver->channels, inquiry->name, inquiry->type, inquiry);
	if (!TAILQ_EMPTY(&resolver->answered))
		hand_out_at(resolver, 0);
	return 0;
}

/* The asker is in the list before anything is sent. */
static int ask_servers(struct resolver *resolver, const char *name, enum dns_type type, const struct name_key *key,
		       struct resolver_question *asker)
{
	struct inquiry **asked = table_find(resolver->in_flight, key), *inquiry;
	int r;

	if (asked) {
		LIST_INSERT_HEAD(&(*asked)->askers, asker, link);
		return 0;
	}
	inquiry = make_inquiry(resolver, name, type, key);
	if (!inquiry)
		return -ENOMEM;
	LIST_INSERT_HEAD(&inquiry->askers, asker, link);
	r = begin(resolver, inquiry);
	if (r < 0)
		free(inquiry);
	return r;
}

/* What the cache knows comes from the loop too. */
static int answer_from_cache(struct resolver *resolver, const char *name, enum dns_type type,
			     const struct name_key *key, const struct dns_answer *answer,
			     struct resolver_question *asker)
{
	struct inquiry *inquiry = make_inquiry(resolver, name, type, key);

	if (!inquiry)
		return -ENOMEM;
	inquiry->answer = *answer;
	LIST_INSERT_HEAD(&inquiry->askers, asker, link);
	TAILQ_INSERT_TAIL(&resolver->answered, inquiry, link);
	hand_out_at(resolver, 0);
	return 0;
}

static int ask(struct resolver *resolver, const char *name, enum dns_type type, bool anew, resolver_fn *fn,
	       void *data, struct resolver_question **ret)
{
	struct resolver_question *asker;
	struct dns_answer answer;
	struct name_key key;
	int r;

	if (!dns_name_is_well(bytes_of(name)))
		return -EINVAL;
	asker = calloc(1, sizeof(*asker));
	if (!asker)
		return -ENOMEM;
	asker->fn = fn;
	asker->data = data;
	key = name_key_of(&resolver->secret, bytes_of(name), type);
	r = !anew && known(resolver, &key, &answer) ? answer_from_cache(resolver, name, type, &key, &answer, asker)
						    : ask_servers(resolver, name, type, &key, asker);
	if (r < 0) {
		free(asker);
		return r;
	}
	*ret = asker;
	return 0;
}

int resolver_ask(struct resolver *resolver, const char *name, enum dns_type type, resolver_fn *fn, void *data,
		 struct resolver_question **ret)
{
	return ask(resolver, name, type, false, fn, data, ret);
}

int resolver_ask_anew(struct resolver *resolver, const char *name, enum dns_type type, resolver_fn *fn, void *data,
		      struct resolver_question **ret)
{
	return ask(resolver, name, type, true, fn, data, ret);
}

void resolver_cancel(struct resolver_question *question)
{
	if (!question)
		return;
	LIST_REMOVE(question, link);
	free(question);
}

size_t resolver_cached(const struct resolver *resolver)
{
	return answer_cache_count(resolver->cache);
}

size_t resolver_in_flight(const struct resolver *resolver)
{
	return table_count(resolver->in_flight);
}

size_t resolver_memory(const struct resolver *resolver)
{
	return answer_cache_memory(resolver->cache);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/matcher.h"

#include "base/counter.h"
#include "judge/memory.h"

#include <errno.h>
#include <stdlib.h>

/* The patterns of signatures/ stay under 1,000 on lines of 64 KiB; one that backtracks
 * exponentially would be at it for hours. */
#define MATCH_LIMIT 100000
#define JIT_STACK_MIN (32 * 1024)
#define JIT_STACK_MAX (256 * 1024)

/* The last result of a pattern, because signatures that differ only in their reply codes
 * share it. */
struct pattern_state {
	enum {
		PATTERN_UNUSED, /* it has no match data yet, and no machine code */
		PATTERN_INTERPRETED,
		PATTERN_COMPILED,
	} state;
	pcre2_match_data *data;
	uint64_t message; /* the message that `matched` is about */
	bool matched;
	unsigned reply_code;
};

struct matcher {
	const struct signature_set *set;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct pattern_state *patterns;
	size_t pattern_count;
	struct memory *memory;
	bool interpret; /* machine code is not worth its making */
	uint8_t *distrusted; /* by group: the next message may be the rest of a long one */
	uint64_t message;    /* how many were looked at */
	const struct signature *stopped; /* the latest, and how many times */
	uint64_t stops;
};

int matcher_create(const struct signature_set *set, struct matcher **ret)
{
	struct matcher *matcher = calloc(1, sizeof(*matcher));

	if (!matcher)
		return -ENOMEM;
	matcher->set = set;
	matcher->pattern_count = set->pattern_count;
	matcher->context = pcre2_match_context_create(NULL);
	matcher->patterns = calloc(set->pattern_count + 1, sizeof(*matcher->patterns));
	matcher->distrusted = calloc(set->group_count + 1, sizeof(*matcher->distrusted));
	if (!matcher->context || !matcher->patterns || !matcher->distrusted ||
	    memory_create(&matcher->memory) < 0)
		goto no_memory;
	pcre2_set_match_limit(matcher->context, MATCH_LIMIT);
	/* Without one, machine code has 32 KiB of ours; either is enough to go on with. */
	matcher->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
	*ret = matcher;
	return 0;

no_memory:
	matcher_destroy(matcher);
	return -ENOMEM;
}

void matcher_destroy(struct matcher *matcher)
{
	if (!matcher)
		return;
	for (size_t i = 0; matcher->patterns && i < matcher->pattern_count; i++)
		pcre2_match_data_free(matcher->patterns[i].data);
	memory_destroy(matcher->memory);
	pcre2_jit_stack_free(matcher->stack);
	pcre2_match_context_free(matcher->context);
	free(matcher->patterns);
	free(matcher->distrusted);
	free(matcher);
}

/* Empty when the group took no part in the match. */
static struct bytes captured(const struct pattern_state *state, uint32_t group,
			     struct bytes message)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(state->data);
	PCRE2_SIZE from = offsets[2 * group], to = offsets[2 * group + 1];

	/* \K can put the start of a match behind its end. */
	if (group == 0 || from == PCRE2_UNSET || from > to || to > message.size)
		return (struct bytes){ NULL, 0 };
	return bytes_make(message.data + from, to - from);
}

/* "192.0.2.7", alone or after "::ffff:": nearly all clients. Half of the time of a match went
 * into inet_pton(3) and the copy it wants; what is not of this form goes that way. */
static bool parse_dotted_quad(struct bytes text, struct addr *ret)
{
	uint8_t octets[4];
	size_t at = 0;

	if (bytes_starts_with(text, BYTES_LITERAL("::ffff:")))
		text = bytes_skip(text, 7);
	for (size_t i = 0; i < 4; i++) {
		size_t first = at;
		unsigned value = 0;

		for (; at < text.size && at < first + 3 && char_is_digit(text.data[at]); at++)
			value = value * 10 + (unsigned)(text.data[at] - '0');
		if (at == first || value > 255 || (at > first + 1 && text.data[first] == '0'))
			return false;
		octets[i] = (uint8_t)value;
		if (i < 3 && (at == text.size || text.data[at++] != '.'))
			return false;
	}
	if (at != text.size)
		return false;
	*ret = addr_from_ipv4(octets);
	return true;
}

static bool parse_client(struct bytes text, struct addr *ret)
{
	return parse_dotted_quad(text, ret) || addr_parse(text, ret) == 0;
}

static unsigned captured_number(const struct pattern_state *state, uint32_t group,
				struct bytes message, unsigned most)
{
	uint64_t number = 0;

	if (bytes_to_u64(captured(state, group, message), most, &number) < 0)
		return 0;
	return (unsigned)number;
}

void matcher_interpret(struct matcher *matcher)
{
	matcher->interpret = true;
}

/* Machine code is 10 kB a pattern and a millisecond in the making, and a host sees lines of a few
 * servers: a pattern gets it when it is used. It is refused where memory may not be made executable;
 * the interpreter does it then. */
static bool make_ready(const struct matcher *matcher, const struct pattern *pattern, struct pattern_state *state)
{
	if (state->state != PATTERN_UNUSED)
		return true;
	state->data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	if (!state->data)
		return false;
	if (!matcher->interpret && pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0)
		state->state = PATTERN_COMPILED;
	else
		state->state = PATTERN_INTERPRETED;
	return true;
}

static bool run(struct matcher *matcher, const struct candidate *candidate, struct pattern_state *state,
		struct bytes message, bool cut)
{
	const struct pattern *pattern = &matcher->set->patterns[candidate->pattern];
	const uint32_t options = cut ? PCRE2_NOTEOL : 0;
	int r;

	if (!make_ready(matcher, pattern, state))
		return false;
	if (state->state == PATTERN_COMPILED)
		r = pcre2_jit_match(pattern->code, (PCRE2_SPTR)message.data, message.size, 0,
				    options, state->data, matcher->context);
	else
		r = pcre2_match(pattern->code, (PCRE2_SPTR)message.data, message.size, 0,
				options | PCRE2_NO_JIT, state->data, matcher->context);
	if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_HEAPLIMIT ||
	    r == PCRE2_ERROR_DEPTHLIMIT || r == PCRE2_ERROR_JIT_STACKLIMIT) {
		counter_add(COUNTER_match_limit_hits, 1);
		matcher->stopped = candidate->signature;
		matcher->stops++;
	}
	return r > 0;
}

/* Whether the signature's pattern matches, and its literal is there. The cheapest question
 * first: the pattern's fixed start, what its last run told, the literal, the pattern. */
static bool recognises(struct matcher *matcher, const struct candidate *candidate,
		       struct bytes message, bool cut)
{
	const struct reply_codes *replies = &candidate->signature->replies;
	struct pattern_state *state;

	if (!bytes_starts_with(message, candidate->start))
		return false;
	state = &matcher->patterns[candidate->pattern];
	if (state->message == matcher->message && !state->matched)
		return false;
	if (!bytes_contain_text(message, candidate->literal))
		return false;
	if (state->message != matcher->message) {
		const struct pattern *pattern = &matcher->set->patterns[candidate->pattern];

		state->message = matcher->message;
		state->matched = run(matcher, candidate, state, message, cut);
		state->reply_code = 0;
		if (state->matched && pattern->reply_group)
			state->reply_code = captured_number(state, pattern->reply_group, message, 599);
	}
	return state->matched && reply_codes_have(replies, state->reply_code);
}

/* What waited for this client to be named is its offence now. */
static void remember(struct matcher *matcher, const char *server, struct bytes id, struct match *match)
{
	struct remembered *about = memory_add(matcher->memory, server, id);

	if (!about)
		return;
	about->client = match->addr;
	about->port = match->port;
	if (!about->waiting || about->waiting->score <= match->score)
		return;
	match->signature = about->waiting;
	match->outcome = about->waiting->outcome;
	match->score = about->waiting->score;
	about->waiting = NULL;
}

/* Without a client it is no offence of anybody's yet. */
static void recall(struct matcher *matcher, const char *server, struct bytes id, struct match *match)
{
	struct remembered *about = memory_add(matcher->memory, server, id);

	if (about && about->client.family != ADDR_NONE) {
		match->addr = about->client;
		match->port = about->port;
		return;
	}
	if (about && (!about->waiting || about->waiting->score < match->score))
		about->waiting = match->signature;
	match->score = 0;
}

static void use_memory(struct matcher *matcher, struct bytes id, struct match *match)
{
	const struct signature *signature = match->signature;
	const char *server = signature->service->server;

	if (signature->memory == SIGNATURE_REMEMBERS)
		remember(matcher, server, id, match);
	else if (signature->memory == SIGNATURE_RECALLS)
		recall(matcher, server, id, match);
	if (signature->forgets)
		memory_forget(matcher->memory, server, id);
}

const struct signature *matcher_stopped(const struct matcher *matcher, uint64_t *ret_times)
{
	*ret_times = matcher->stops;
	return matcher->stopped;
}

void matcher_forget(struct matcher *matcher)
{
	memory_clear(matcher->memory);
}

static bool look(struct matcher *matcher, const struct candidate *candidate, struct bytes message,
		 bool cut, struct match *ret)
{
	const struct signature *signature = candidate->signature;
	struct addr addr = { .family = ADDR_NONE };
	const struct pattern_state *state;
	const struct pattern *pattern;

	if (!recognises(matcher, candidate, message, cut))
		return false;
	pattern = &matcher->set->patterns[candidate->pattern];
	state = &matcher->patterns[candidate->pattern];
	/* What the pattern took for an address has to be one. */
	if (pattern->addr_group &&
	    !parse_client(captured(state, pattern->addr_group, message), &addr))
		return false;
	*ret = (struct match){
		.signature = signature,
		.outcome = signature->outcome,
		.score = signature->score,
		.addr = addr,
		.port = (uint16_t)captured_number(state, pattern->port_group, message, UINT16_MAX),
		.reply_code = state->reply_code,
	};
	if (pattern->id_group)
		use_memory(matcher, captured(state, pattern->id_group, message), ret);
	return true;
}

bool matcher_try(struct matcher *matcher, const struct signature *signature, struct bytes message,
		 bool cut, struct match *ret)
{
	struct candidate candidate = signature_candidate(matcher->set, signature);

	matcher->message++;
	return message.size && look(matcher, &candidate, message, cut, ret);
}

bool matcher_match(struct matcher *matcher, const struct signature_group *group,
		   struct bytes message, bool cut, struct match *ret)
{
	uint8_t class;

	if (message.size == 0)
		return false;
	if (group->split_size) {
		bool rest_of_another = matcher->distrusted[group->id];

		matcher->distrusted[group->id] = message.size >= group->split_size;
		if (rest_of_another || message.size >= group->split_size)
			return false;
	}
	matcher->message++;
	class = group->class_of[(uint8_t)message.data[0]];
	for (uint16_t i = group->first[class]; i < group->first[class + 1]; i++)
		if (look(matcher, &group->order[i], message, cut, ret))
			return true;
	return false;
}

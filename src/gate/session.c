/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/session_internal.h"

#include "base/counter.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	size_t weight; /* offset of its setting */
	enum counter counter;
	const char *told;
} observations[OBSERVATIONS] = {
#define OBSERVATION(id, setting, abuse, told)                                                             \
	[OBSERVATION_##id] = { offsetof(struct settings, gate_##setting), COUNTER_gate_##setting, told },
#include "defs/observations.def"
#undef OBSERVATION
};

const char *observation_words(enum observation observation)
{
	return observations[observation].told;
}

const char *session_state_name(enum session_state state)
{
	static const char *const names[SESSION_STATES] = {
#define SESSION_STATE(id, name, help) [SESSION_##id] = name,
#include "defs/session_states.def"
#undef SESSION_STATE
	};

	return names[state];
}

static void add_score(struct session *session, int64_t points)
{
	int64_t score = session->score + points;

	session->score = (int16_t)(score > INT16_MAX ? INT16_MAX : score < INT16_MIN ? INT16_MIN : score);
}

static setting_INTEGER weight_of(const struct session_rules *rules, size_t observation)
{
	return *(const setting_INTEGER *)((const char *)rules->settings + observations[observation].weight);
}

void session_observe(struct session *session, const struct session_rules *rules, enum observation what)
{
	if (session->observed & 1U << what)
		return;
	session->observed |= (uint16_t)(1U << what);
	counter_add(observations[what].counter, 1);
	add_score(session, weight_of(rules, what));
}

bool session_is_rejected(const struct session *session, const struct session_rules *rules)
{
	return session->score > 0 && (uint64_t)session->score >= rules->settings->gate_reject_at;
}

static bool may_be_greeted(const struct session *session, uint64_t now_ms)
{
	return session->undelayed || session->observed & 1U << OBSERVATION_EARLY_TALKER ||
	       now_ms - session->opened_ms >= session->greet_wait_ms;
}

static void finish_greeting(struct session *session, const struct session_rules *rules, struct replies *replies)
{
	reply_line(replies, "220 %s ESMTP", rules->name);
	session->greeting = false;
}

/* A clean client gets the rest of its greeting from the mail server. */
enum session_wish session_let_in(struct session *session, uint64_t now_ms)
{
	session->state = SESSION_WAITING;
	session->heard_ms = now_ms;
	return SESSION_WISH_LET_IN;
}

static enum session_wish talk_to(struct session *session, const struct session_rules *rules, uint64_t now_ms,
				 struct replies *replies)
{
	session->state = SESSION_DIALOGUE;
	session->heard_ms = now_ms;
	finish_greeting(session, rules, replies);
	return SESSION_WISH_NOTHING;
}

/* Whether what can still be observed of it would make a difference. Who is started for a client, or is passed its
 * socket, begins with a greeting of its own, and has to come before we have given ours. */
static bool is_doubtful(const struct session *session, const struct session_rules *rules)
{
	const struct settings *settings = rules->settings;
	int64_t worst = session->score + weight_of(rules, OBSERVATION_HELO) + weight_of(rules, OBSERVATION_PIPELINING);

	return (settings->gate_handoff == HANDOFF_PROXY || settings->gate_handoff == HANDOFF_TRANSPARENT) &&
	       session->score > 0 && (uint64_t)worst >= settings->gate_reject_at;
}

/* Who is to be rejected need not wait for its greeting to be told so: the sooner it has its 5xx, the sooner
 * its place is free. But the lists are heard before, since one of them may speak for it. */
static enum session_wish decide(struct session *session, const struct session_rules *rules, uint64_t now_ms,
				struct replies *replies)
{
	if (!session->looked)
		return SESSION_WISH_NOTHING;
	if (session_is_rejected(session, rules))
		return talk_to(session, rules, now_ms, replies);
	if (!may_be_greeted(session, now_ms))
		return SESSION_WISH_NOTHING;
	if (!is_doubtful(session, rules))
		return session_let_in(session, now_ms);
	session->interview = true;
	return talk_to(session, rules, now_ms, replies);
}

static void take_facts(struct session *session, const struct session_rules *rules,
		       const struct session_facts *facts)
{
	session->looked = true;
	session->listed = facts->listed;
	add_score(session, facts->score);
	if (facts->no_reverse)
		session_observe(session, rules, OBSERVATION_NO_REVERSE);
}

static uint32_t greet_wait(const struct session_rules *rules)
{
	const struct settings *s = rules->settings;
	uint64_t wait_ms = s->gate_greet_wait;

	if (rules->wave && s->wave_greet_wait > wait_ms)
		wait_ms = s->wave_greet_wait;
	return (uint32_t)wait_ms;
}

enum session_wish session_begin(struct session *session, const struct session_rules *rules,
				enum session_memory memory, const struct session_facts *facts, uint64_t now_ms,
				struct replies *replies)
{
	session->state = SESSION_TESTING;
	session->opened_ms = session->heard_ms = now_ms;
	session->greet_wait_ms = greet_wait(rules);
	if (memory == SESSION_KNOWN_GOOD) {
		session->looked = true;
		return session_let_in(session, now_ms);
	}
	if (memory == SESSION_KNOWN_BAD) {
		session->looked = true;
		session->listed = facts->listed;
		session->observed = session->recalled = facts->observed;
		add_score(session, facts->score);
		return talk_to(session, rules, now_ms, replies);
	}
	/* The mail server's own greeting, or ours, is the last line of it. */
	session->undelayed = memory == SESSION_KNOWN_NETWORK || session->greet_wait_ms == 0;
	session->greeting = !session->undelayed;
	if (session->greeting)
		reply_line(replies, "220-%s ESMTP", rules->name);
	return SESSION_WISH_NOTHING;
}

static void forget_words(struct session *session)
{
	struct session_words *words = session->words;

	if (words) {
		free(words->helo);
		free(words->sender);
		free(words->recipient);
	}
	free(words);
	session->words = NULL;
}

void session_end(struct session *session)
{
	forget_words(session);
	free(session->introduction);
	free(session->opening);
	free(session->rest);
	free(session->why);
	session->introduction = session->opening = session->rest = session->why = NULL;
}

enum session_wish session_looked(struct session *session, const struct session_rules *rules,
				 const struct session_facts *facts, uint64_t now_ms, struct replies *replies)
{
	assert(session->state == SESSION_TESTING && !session->looked);
	take_facts(session, rules, facts);
	return decide(session, rules, now_ms, replies);
}

enum session_wish session_spoke_early(struct session *session, const struct session_rules *rules,
				      struct bytes first, uint64_t now_ms, struct replies *replies)
{
	assert(session->state == SESSION_TESTING);
	session_observe(session, rules, OBSERVATION_EARLY_TALKER);
	if (smtp_speaker_of(first) != SMTP_SPEAKER_SMTP)
		session_observe(session, rules, OBSERVATION_FOREIGN_SPEAKER);
	return decide(session, rules, now_ms, replies);
}

/* Who has been told why has nothing left to wait for. */
static uint64_t command_time(const struct session *session, const struct session_rules *rules)
{
	const struct settings *s = rules->settings;

	return session->told && s->gate_told_time < s->gate_command_time ? s->gate_told_time : s->gate_command_time;
}

uint64_t session_deadline(const struct session *session, const struct session_rules *rules)
{
	const struct settings *s = rules->settings;
	uint64_t whole_ms = session->opened_ms + s->gate_session, next_ms;

	switch ((enum session_state)session->state) {
	case SESSION_TESTING:
		next_ms = session->opened_ms + (session->looked ? session->greet_wait_ms : s->gate_dns_wait);
		break;
	case SESSION_WAITING:
		next_ms = session->heard_ms + s->gate_full_wait;
		break;
	case SESSION_DIALOGUE:
	case SESSION_LETTER:
		next_ms = session->heard_ms + command_time(session, rules);
		break;
	default:
		return UINT64_MAX;
	}
	return next_ms < whole_ms || session->state != SESSION_DIALOGUE ? next_ms : whole_ms;
}

static enum session_wish time_out(struct session *session, const struct session_rules *rules, uint64_t now_ms,
				  struct replies *replies)
{
	bool is_whole = session->state == SESSION_DIALOGUE &&
			now_ms >= session->opened_ms + rules->settings->gate_session;

	counter_add(COUNTER_gate_timeouts, 1);
	session->state = SESSION_CLOSING;
	reply_line(replies, "421 4.4.2 %s %s, closing", rules->name,
		   is_whole ? "has no more time for this session" : "waited too long for a command");
	return SESSION_WISH_END;
}

enum session_wish session_due(struct session *session, const struct session_rules *rules, uint64_t now_ms,
			      struct replies *replies)
{
	if (now_ms < session_deadline(session, rules))
		return SESSION_WISH_NOTHING;
	switch ((enum session_state)session->state) {
	case SESSION_TESTING:
		/* What has not answered by now counts for nothing. */
		session->looked = true;
		return decide(session, rules, now_ms, replies);
	case SESSION_WAITING:
		return session_server_unavailable(session, rules, replies);
	case SESSION_DIALOGUE:
	case SESSION_LETTER:
		return time_out(session, rules, now_ms, replies);
	default:
		return SESSION_WISH_NOTHING;
	}
}

enum session_wish session_server_unavailable(struct session *session, const struct session_rules *rules,
					     struct replies *replies)
{
	counter_add(COUNTER_gate_server_unavailable, 1);
	return session_refuse(session, rules, "4.3.2 The mail server takes no connection now, try again later", replies);
}

enum session_wish session_refuse(struct session *session, const struct session_rules *rules,
				 const char *reason, struct replies *replies)
{
	/* After the first line of a greeting no other code may follow (RFC 5321 section 4.2.1). */
	if (session->greeting)
		finish_greeting(session, rules, replies);
	session->state = SESSION_CLOSING;
	reply_line(replies, "421 %s", reason);
	return SESSION_WISH_END;
}

/* snprintf(3) at the end of what is there. */
static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

static bool speaks_against(const struct session *session, const struct session_rules *rules, size_t zone)
{
	return session->listed >> zone & 1 && rules->settings->zones[zone].weight > 0;
}

int session_worst_zone(const struct session *session, const struct session_rules *rules)
{
	const struct zone_settings *zones = rules->settings->zones;
	int worst = -1;

	for (size_t i = 0; i < rules->settings->zone_count; i++)
		if (speaks_against(session, rules, i) && (worst < 0 || zones[i].weight > zones[worst].weight))
			worst = (int)i;
	return worst;
}

bool session_is_listed(const struct session *session, const struct session_rules *rules)
{
	return session->why || session_worst_zone(session, rules) >= 0;
}

/* Beside the worst list: the other ones, since it has to come off all of them, and what it did itself. */
static void write_causes(const struct session *session, const struct session_rules *rules, int worst,
			 char causes[SESSION_REASON_SIZE])
{
	const char *before = worst < 0 ? ": " : "; ";

	causes[0] = '\0';
	for (size_t i = 0; i < rules->settings->zone_count; i++)
		if ((int)i != worst && speaks_against(session, rules, i))
			append(causes, SESSION_REASON_SIZE, "; %s names it, too", rules->settings->zones[i].name);
	if (session->why) {
		append(causes, SESSION_REASON_SIZE, "%s%s", before, session->why);
		before = "; ";
	}
	for (size_t i = 0; i < OBSERVATIONS; i++) {
		if (!(session->observed >> i & 1) || weight_of(rules, i) == 0)
			continue;
		append(causes, SESSION_REASON_SIZE, "%s%s", before, observations[i].told);
		before = "; ";
	}
}

#define ZONE_TEXT_SIZE 200
/* Fewer of its words say nothing. */
#define ZONE_TEXT_LEAST 20

/* The list's own words in what is left of `room` beside the `other` that follows. */
static void append_zone_text(const struct session *session, const struct session_rules *rules, unsigned zone,
			     char *reason, size_t room, size_t other)
{
	size_t used = strlen(reason) + other + sizeof(" (...)");
	char text[ZONE_TEXT_SIZE] = "";

	rules->zone_text(rules->zone_data, zone, &session->client, text, sizeof(text));
	if (*text == '\0' || used + ZONE_TEXT_LEAST > room)
		return;
	if (strlen(text) <= room - used)
		append(reason, room, " (%s)", text);
	else
		append(reason, room, " (%.*s...)", (int)(room - used), text);
}

const char *session_reason(const struct session *session, const struct session_rules *rules,
			   char reason[SESSION_REASON_SIZE])
{
	char client[ADDR_TEXT_SIZE], causes[SESSION_REASON_SIZE], whom[SESSION_REASON_SIZE] = "";
	const char *contact = rules->settings->gate_contact;
	int zone = session_worst_zone(session, rules);
	size_t room;

	if (*contact)
		append(whom, sizeof(whom), "; ask %s", contact);
	else
		append(whom, sizeof(whom), "; ask the postmaster of %s by another way", rules->name);
	room = SESSION_REASON_SIZE - strlen(whom);
	write_causes(session, rules, zone, causes);
	reason[0] = '\0';
	append(reason, room, "[%s] is refused", addr_format(&session->client, client));
	if (zone >= 0) {
		append(reason, room, ": %s names it", rules->settings->zones[zone].name);
		append_zone_text(session, rules, (unsigned)zone, reason, room, strlen(causes));
	}
	append(reason, room, "%s", causes);
	append(reason, SESSION_REASON_SIZE, "%s", whom);
	return reason;
}

static const char *or_none(const char *word)
{
	return word ? word : "";
}

const char *session_talk(struct session *session, const struct session_rules *rules,
			 char text[SESSION_TALK_SIZE])
{
	const struct session_words *words = session->words;
	char reason[SESSION_REASON_SIZE];

	text[0] = '\0';
	if (words)
		append(text, SESSION_TALK_SIZE, "%s%s, MAIL FROM:<%s>, RCPT TO:<%s>: ", session->extended ? "EHLO " : "HELO ",
		       or_none(words->helo), or_none(words->sender), or_none(words->recipient));
	append(text, SESSION_TALK_SIZE, "550 5.7.1 %s", session_reason(session, rules, reason));
	forget_words(session);
	return text;
}

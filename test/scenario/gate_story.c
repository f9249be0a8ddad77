/* SPDX-License-Identifier: Apache-2.0 */
/* gate_story - plays stories of the gate: gate_story [--fails-at LINE] FILE…
 *
 * See script.h for what a story is, and gate_world.h for what is real of it. What a client says is a
 * command, and gets its CRLF; what it sends has none but what is written: \r \n \t \\ \xHH. In what is
 * heard or read, … stands for any text. A story has to ask for all that its clients hear.
 */
#include "gate_world.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define SAID_MOST 8192
#define ELLIPSIS BYTES_LITERAL("\xe2\x80\xa6")
#define HEARD_TEXT_SIZE 1024

static void well_set(struct story *s, const char *mistake)
{
	if (mistake)
		story_fail(s, 2, "%s", mistake);
}

static void set_gate(struct story *s, const struct details *d)
{
	if (!bytes_starts_with(d->words[0], BYTES_LITERAL("gate.")))
		story_fail(s, 2, "not understood: %.*s", BYTES_FMT(d->words[0]));
	well_set(s, world_set(s->world, bytes_first(d->rest, 0), bytes_skip(d->words[0], 5), d->rest));
}

static void set_zone(struct story *s, const struct details *d)
{
	well_set(s, world_set(s->world, d->words[0], d->words[1], d->rest));
}

static void of_a_zone(struct story *s, bool well)
{
	if (!well)
		story_fail(s, 2, "there is no such zone");
}

static void lists(struct story *s, const struct details *d)
{
	struct addr answer;

	if (addr_parse(d->words[1], &answer) < 0)
		story_fail(s, 2, "no list answers that");
	of_a_zone(s, world_list(s->world, d->words[0], &d->prefix, &answer));
}

static void lists_no_more(struct story *s, const struct details *d)
{
	if (!world_unlist(s->world, d->words[0], &d->prefix))
		story_fail(s, 2, "it did not list that");
}

static void never_answers(struct story *s, const struct details *d)
{
	of_a_zone(s, world_answer_after(s->world, d->words[0], UINT64_MAX));
}

static void answers_after(struct story *s, const struct details *d)
{
	of_a_zone(s, world_answer_after(s->world, d->words[0], d->times[0]));
}

static void explains(struct story *s, const struct details *d)
{
	of_a_zone(s, world_explain(s->world, d->words[0], d->rest));
}

static void has_no_name(struct story *s, const struct details *d)
{
	world_no_reverse(s->world, &d->prefix);
}

static void server_has_room(struct story *s, const struct details *d)
{
	world_set_server(s->world, SERVER_HAS_ROOM);
}

static void server_full(struct story *s, const struct details *d)
{
	world_set_server(s->world, SERVER_FULL);
}

static void server_down(struct story *s, const struct details *d)
{
	world_set_server(s->world, SERVER_DOWN);
}

static void wave_begins(struct story *s, const struct details *d)
{
	world_set_wave(s->world, true);
}

static void wave_is_over(struct story *s, const struct details *d)
{
	world_set_wave(s->world, false);
}

static void passes(struct story *s, const struct details *d)
{
	world_pass(s->world, d->times[0]);
}

static void connects(struct story *s, const struct details *d)
{
	world_connect(s->world, &d->client);
}

static void connects_often(struct story *s, const struct details *d)
{
	struct client client = d->client;

	for (uint64_t i = 1; i <= d->count; i++) {
		client.port = (uint16_t)i;
		world_connect(s->world, &client);
	}
}

/* From .1 on. */
static void neighbours_connect(struct story *s, const struct details *d)
{
	struct client client = { .addr = d->prefix.addr };
	size_t last = client.addr.family == ADDR_IPV4 ? 3 : 7; /* the next /64 */

	if (d->count > 254)
		story_fail(s, 2, "so many have no place there");
	for (uint64_t i = 1; i <= d->count; i++) {
		client.addr.octets[last] = (uint8_t)i;
		world_connect(s->world, &client);
	}
}

static struct visitor *visitor_of(struct story *s, const struct client *client)
{
	struct visitor *visitor = world_visitor(s->world, client);

	if (!visitor)
		story_fail(s, 2, "it never connected");
	return visitor;
}

static size_t unescape(const struct story *s, struct bytes text, char *out)
{
	static const char letters[] = "rnt\\", meant[] = "\r\n\t\\";
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		const char *letter;

		out[size++] = text.data[i];
		if (text.data[i] != '\\')
			continue;
		letter = ++i < text.size ? memchr(letters, text.data[i], sizeof(letters) - 1) : NULL;
		if (letter) {
			out[size - 1] = meant[letter - letters];
		} else if (i + 2 < text.size && text.data[i] == 'x' && char_hex_value(text.data[i + 1]) >= 0 &&
			   char_hex_value(text.data[i + 2]) >= 0) {
			out[size - 1] =
				(char)(char_hex_value(text.data[i + 1]) * 16 + char_hex_value(text.data[i + 2]));
			i += 2;
		} else {
			story_fail(s, 2, "a \\ that begins nothing");
		}
	}
	return size;
}

/* Only who is here can say something that the gate has to answer. */
static struct visitor *speaker_of(struct story *s, const struct details *d)
{
	struct visitor *visitor = visitor_of(s, &d->client);

	if (visitor->end != VISITOR_HERE && visitor->end != VISITOR_AT_SERVER)
		story_fail(s, 1, "it is not connected any more");
	return visitor;
}

static void send_pieces(struct story *s, const struct details *d, struct bytes text, const char *end, size_t piece)
{
	struct visitor *visitor = speaker_of(s, d);
	char said[SAID_MOST + 2];
	struct bytes rest;

	if (text.size > SAID_MOST)
		story_fail(s, 2, "that is too long");
	rest = bytes_make(said, unescape(s, text, said));
	memcpy(said + rest.size, end, strlen(end));
	for (rest.size += strlen(end); rest.size; rest = bytes_skip(rest, piece))
		world_say(s->world, visitor, bytes_first(rest, piece));
}

static void says(struct story *s, const struct details *d)
{
	send_pieces(s, d, d->rest, "\r\n", SAID_MOST);
}

static void says_often(struct story *s, const struct details *d)
{
	for (uint64_t i = 0; i < d->count; i++)
		says(s, d);
}

static void sends(struct story *s, const struct details *d)
{
	send_pieces(s, d, d->rest, "", SAID_MOST);
}

static void says_in_pieces(struct story *s, const struct details *d)
{
	if (d->count == 0)
		story_fail(s, 2, "that never ends");
	send_pieces(s, d, d->rest, "\r\n", d->count);
}

/* Commands with " + " between them, in one segment. */
static void says_at_once(struct story *s, const struct details *d)
{
	struct bytes plus = BYTES_LITERAL(" + "), rest = d->rest;
	char said[SAID_MOST];
	size_t size = 0;

	if (rest.size * 2 > SAID_MOST)
		story_fail(s, 2, "that is too long");
	while (rest.size) {
		size_t end = bytes_find(rest, plus);

		size += unescape(s, bytes_first(rest, end), said + size);
		memcpy(said + size, "\r\n", 2);
		size += 2;
		rest = bytes_skip(rest, end + plus.size);
	}
	world_say(s->world, speaker_of(s, d), bytes_make(said, size));
}

static void sends_a_line_of(struct story *s, const struct details *d)
{
	char said[SAID_MOST];

	if (d->count < 2 || d->count > sizeof(said) || d->rest.size > d->count - 2)
		story_fail(s, 2, "no line is so long");
	memset(said, 'x', sizeof(said));
	memcpy(said, d->rest.data, d->rest.size);
	memcpy(said + d->count - 2, "\r\n", 2);
	world_say(s->world, speaker_of(s, d), bytes_make(said, d->count));
}

static void hangs_up(struct story *s, const struct details *d)
{
	world_hang_up(s->world, speaker_of(s, d));
}

static void loses_its_place(struct story *s, const struct details *d)
{
	world_refuse(s->world, speaker_of(s, d));
}

static bool is_like(struct bytes text, struct bytes pattern)
{
	size_t any = bytes_find(pattern, ELLIPSIS);

	if (!bytes_starts_with(text, bytes_first(pattern, any)))
		return false;
	text = bytes_skip(text, any);
	if (any == pattern.size)
		return text.size == 0;
	pattern = bytes_skip(pattern, any + ELLIPSIS.size);
	for (size_t i = 0; i <= text.size; i++)
		if (is_like(bytes_skip(text, i), pattern))
			return true;
	return false;
}

static void expect_like(const struct story *s, struct bytes text, struct bytes pattern)
{
	char shown[HEARD_TEXT_SIZE];

	if (!is_like(text, pattern))
		story_fail(s, 1, "it is instead  %s", text_escape(text, shown, sizeof(shown)));
}

static void hears(struct story *s, const struct details *d)
{
	struct bytes line;

	if (!visitor_hear(visitor_of(s, &d->client), &line))
		story_fail(s, 1, "it hears nothing");
	expect_like(s, line, d->rest);
}

static void hears_often(struct story *s, const struct details *d)
{
	for (uint64_t i = 0; i < d->count; i++)
		hears(s, d);
}

/* One reply of any number of lines, all of the same code (RFC 5321 section 4.2.1). */
static void take_reply(struct story *s, struct visitor *visitor, uint64_t code)
{
	char shown[HEARD_TEXT_SIZE];
	struct bytes line;
	uint64_t number;

	do {
		if (!visitor_hear(visitor, &line))
			story_fail(s, 1, "it hears no more");
		if (bytes_to_u64(bytes_first(line, 3), 999, &number) < 0 || number != code)
			story_fail(s, 1, "it is instead  %s", text_escape(line, shown, sizeof(shown)));
	} while (line.data[3] == '-');
}

static void is_answered(struct story *s, const struct details *d)
{
	take_reply(s, visitor_of(s, &d->client), d->count);
}

static void is_greeted(struct story *s, const struct details *d)
{
	take_reply(s, visitor_of(s, &d->client), 220);
}

static void hears_nothing(struct story *s, const struct details *d)
{
	struct visitor *visitor = visitor_of(s, &d->client);
	char shown[HEARD_TEXT_SIZE];

	if (visitor->unheard.size)
		story_fail(s, 1, "it hears  %s", text_escape(stretch_view(&visitor->unheard), shown, sizeof(shown)));
}

static void hears_anything(struct story *s, const struct details *d)
{
	visitor_of(s, &d->client)->anything = true;
}

static const char *whereabouts(const struct visitor *visitor)
{
	static const char *const ends[] = {
		[VISITOR_AT_SERVER] = "it is let in",
		[VISITOR_CLOSED] = "it is closed",
		[VISITOR_HUNG_UP] = "it has hung up",
		[VISITOR_TURNED_AWAY_ADDRESS] = "it is turned away for its address",
		[VISITOR_TURNED_AWAY_NETWORK] = "it is turned away for its network",
	};

	if (visitor->end != VISITOR_HERE)
		return ends[visitor->end];
	return visitor->session.state == SESSION_DIALOGUE ? "it talks to the gate" : "it still waits";
}

static void expect_whereabouts(struct story *s, const struct details *d, const char *expected)
{
	const char *is = whereabouts(visitor_of(s, &d->client));

	story_expect(s, strcmp(is, expected) == 0, is);
}

static void is_let_in(struct story *s, const struct details *d)
{
	expect_whereabouts(s, d, "it is let in");
}

static void is_closed(struct story *s, const struct details *d)
{
	expect_whereabouts(s, d, "it is closed");
}

static void still_waits(struct story *s, const struct details *d)
{
	expect_whereabouts(s, d, "it still waits");
}

static void talks_to_the_gate(struct story *s, const struct details *d)
{
	expect_whereabouts(s, d, "it talks to the gate");
}

static void is_turned_away_address(struct story *s, const struct details *d)
{
	expect_whereabouts(s, d, "it is turned away for its address");
}

static void is_turned_away_network(struct story *s, const struct details *d)
{
	expect_whereabouts(s, d, "it is turned away for its network");
}

static void server_hears(struct story *s, const struct details *d)
{
	struct visitor *visitor = visitor_of(s, &d->client);
	char expected[SAID_MOST];

	expect_whereabouts(s, d, "it is let in");
	if (d->rest.size > sizeof(expected))
		story_fail(s, 2, "that is too long");
	expect_like(s, stretch_view(&visitor->said), bytes_make(expected, unescape(s, d->rest, expected)));
}

static void server_hears_nothing(struct story *s, const struct details *d)
{
	struct visitor *visitor = visitor_of(s, &d->client);

	story_expect(s, visitor->end != VISITOR_AT_SERVER || visitor->said.size == 0, "it hears something");
}

static void is_remembered(struct story *s, const struct details *d, enum session_memory expected)
{
	static const char *const memories[] = {
		[SESSION_STRANGER] = "it is a stranger",
		[SESSION_KNOWN_NETWORK] = "it is remembered for its network",
		[SESSION_KNOWN_GOOD] = "it is remembered as good",
		[SESSION_KNOWN_BAD] = "it is remembered as bad",
	};
	enum session_memory memory = world_recall(s->world, &d->client.addr);

	story_expect(s, memory == expected, memories[memory]);
}

static void is_a_stranger(struct story *s, const struct details *d)
{
	is_remembered(s, d, SESSION_STRANGER);
}

static void is_remembered_good(struct story *s, const struct details *d)
{
	is_remembered(s, d, SESSION_KNOWN_GOOD);
}

static void is_remembered_bad(struct story *s, const struct details *d)
{
	is_remembered(s, d, SESSION_KNOWN_BAD);
}

static void administrator_reads(struct story *s, const struct details *d)
{
	expect_like(s, bytes_of(visitor_of(s, &d->client)->talk), d->rest);
}

static void counter_is(struct story *s, const struct details *d)
{
	uint64_t counted;

	if (!world_counted(s->world, d->words[0], &counted))
		story_fail(s, 2, "there is no such counter");
	if (counted != d->count)
		story_fail(s, 1, "it is %llu", (unsigned long long)counted);
}

static const struct phrase phrases[] = {
	{ GIVEN, "zone {word} {word} {rest}", set_zone },
	{ GIVEN, "{word} lists {prefix} as {word}", lists },
	{ GIVEN, "{word} never answers", never_answers },
	{ GIVEN, "{word} answers after {time}", answers_after },
	{ GIVEN, "{word} explains {rest}", explains },
	{ GIVEN, "{prefix} has no reverse name", has_no_name },
	{ GIVEN, "the mail server is full", server_full },
	{ GIVEN, "the mail server is down", server_down },
	{ GIVEN, "{word} {rest}", set_gate },
	{ WHEN, "{client} connects", connects },
	{ WHEN, "{client} connects {count} times", connects_often },
	{ WHEN, "{count} clients of {prefix} connect", neighbours_connect },
	{ WHEN, "{client} says at once {rest}", says_at_once },
	{ WHEN, "{client} says in pieces of {count} {rest}", says_in_pieces },
	{ WHEN, "{client} says {count} times {rest}", says_often },
	{ WHEN, "{client} says {rest}", says },
	{ WHEN, "{client} sends a line of {count} bytes that begins {rest}", sends_a_line_of },
	{ WHEN, "{client} sends {rest}", sends },
	{ WHEN, "{client} hangs up", hangs_up },
	{ WHEN, "the place of {client} is needed", loses_its_place },
	{ WHEN, "a wave begins", wave_begins },
	{ WHEN, "the wave is over", wave_is_over },
	{ WHEN, "the mail server has room", server_has_room },
	{ WHEN, "the mail server is full", server_full },
	{ WHEN, "the mail server is down", server_down },
	{ WHEN, "{word} lists {prefix} as {word}", lists },
	{ WHEN, "{word} lists {prefix} no more", lists_no_more },
	{ WHEN, "{word} never answers", never_answers },
	{ WHEN, "{time} pass", passes },
	{ THEN, "{client} is greeted", is_greeted },
	{ THEN, "{client} is answered {count}", is_answered },
	{ THEN, "{client} hears nothing", hears_nothing },
	{ THEN, "{client} may hear anything", hears_anything },
	{ THEN, "{client} hears {count} times {rest}", hears_often },
	{ THEN, "{client} hears {rest}", hears },
	{ THEN, "{client} is let in", is_let_in },
	{ THEN, "{client} is closed", is_closed },
	{ THEN, "{client} still waits", still_waits },
	{ THEN, "{client} talks to the gate", talks_to_the_gate },
	{ THEN, "{client} is turned away for its address", is_turned_away_address },
	{ THEN, "{client} is turned away for its network", is_turned_away_network },
	{ THEN, "{client} is a stranger", is_a_stranger },
	{ THEN, "{client} is remembered as good", is_remembered_good },
	{ THEN, "{client} is remembered as bad", is_remembered_bad },
	{ THEN, "the mail server hears nothing of {client}", server_hears_nothing },
	{ THEN, "the mail server hears of {client} {rest}", server_hears },
	{ THEN, "the administrator reads of {client} {rest}", administrator_reads },
	{ THEN, "{word} counts {count}", counter_is },
};

static struct world *begin(void)
{
	return world_create();
}

static void end(struct story *s)
{
	for (size_t i = 0; i < world_visitor_count(s->world); i++) {
		struct visitor *visitor = world_visitor_at(s->world, i);
		char client[ADDR_TEXT_SIZE], shown[HEARD_TEXT_SIZE];

		if (visitor->unheard.size && !visitor->anything)
			story_fail(s, 1, "nobody asked what else %s hears:  %s",
				   addr_format(&visitor->client.addr, client),
				   text_escape(stretch_view(&visitor->unheard), shown, sizeof(shown)));
	}
	world_destroy(s->world);
}

int main(int argc, char **argv)
{
	static const struct script script = {
		.phrases = phrases,
		.phrase_count = sizeof(phrases) / sizeof(phrases[0]),
		.begin = begin,
		.end = end,
	};

	story_options(&argc, &argv);
	if (argc < 2) {
		fprintf(stderr, "usage: gate_story [--fails-at LINE] FILE...\n");
		return 2;
	}
	return story_play(&script, argv + 1, argc - 1);
}

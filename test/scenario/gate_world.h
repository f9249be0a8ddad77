/* SPDX-License-Identifier: Apache-2.0 */
/* gate_world - what a story of the gate happens in: told time, clients, DNS lists and a mail server that
 * are played, and the real sessions.
 *
 * Real are the settings and how they are read, gate/session*.c and gate/clients.c. Played are the sockets,
 * the clock, the DNS lists (what resolve/zones.h says of them) and the mail server; what gate/front.c
 * does between them is done here in the plainest way. The gate is called mx.example.test.
 *
 * A client is a visitor from when it connects on. What it hears is kept until the story has asked
 * for it. Each reply line is looked at when it is made: one that is none ends the program.
 *
 * Time passes only in world_pass, in milliseconds; whatever is due on the way is done on time.
 */
#ifndef WAVEBREAK_TEST_GATE_WORLD_H
#define WAVEBREAK_TEST_GATE_WORLD_H

#include "config/settings.h"
#include "gate/clients.h"
#include "script.h"

#define WORLD_VISITORS_MOST 1024

enum visitor_end {
	VISITOR_HERE,
	VISITOR_AT_SERVER,
	VISITOR_CLOSED,  /* by the gate */
	VISITOR_HUNG_UP, /* by itself */
	VISITOR_TURNED_AWAY_ADDRESS,
	VISITOR_TURNED_AWAY_NETWORK,
};

struct stretch {
	char *data;
	size_t size;
};

static inline struct bytes stretch_view(const struct stretch *stretch)
{
	return bytes_make(stretch->data, stretch->size);
}

struct visitor {
	struct client client;
	struct session session;
	enum visitor_end end;
	bool entered;       /* is counted in clients */
	bool stranger;
	bool looking;
	uint64_t look_began_ms;
	bool queued;        /* is clean, and the server is full */
	bool refused;       /* the judge was told */
	bool anything;      /* what is left unheard does not matter */
	struct stretch unheard;
	struct stretch said; /* and not taken yet: the server hears it, when it is let in */
	char talk[SESSION_TALK_SIZE];
};

enum server {
	SERVER_HAS_ROOM,
	SERVER_FULL,
	SERVER_DOWN,
};

struct world *world_create(void);
void world_destroy(struct world *world);

/* A setting of `gate`, or with `zone` one of a zone, as it would stand in the file. Returns NULL, or what is
 * wrong with it. */
const char *world_set(struct world *world, struct bytes zone, struct bytes name, struct bytes value);

/* False for a zone that is not set. `answer` is in 127/8, or is not. */
bool world_list(struct world *world, struct bytes zone, const struct prefix *prefix, const struct addr *answer);
bool world_unlist(struct world *world, struct bytes zone, const struct prefix *prefix);
/* UINT64_MAX: never. */
bool world_answer_after(struct world *world, struct bytes zone, uint64_t delay_ms);
/* The zone's own words for its listings (TXT). */
bool world_explain(struct world *world, struct bytes zone, struct bytes text);
bool world_no_reverse(struct world *world, const struct prefix *prefix);
void world_set_server(struct world *world, enum server server);
/* As the watch worker tells it. */
void world_set_wave(struct world *world, bool lasts);

void world_pass(struct world *world, uint64_t ms);

void world_connect(struct world *world, const struct client *client);
/* The latest of that address and port; NULL when it never came. */
struct visitor *world_visitor(struct world *world, const struct client *client);
size_t world_visitor_count(const struct world *world);
struct visitor *world_visitor_at(struct world *world, size_t index);
void world_say(struct world *world, struct visitor *visitor, struct bytes said);
void world_hang_up(struct world *world, struct visitor *visitor);
/* Its place is needed. */
void world_refuse(struct world *world, struct visitor *visitor);

enum session_memory world_recall(struct world *world, const struct addr *client);
/* Since the world began. False for a counter that is none. */
bool world_counted(const struct world *world, struct bytes counter, uint64_t *ret);

/* Takes one line off what it has not heard yet, without its CRLF. False when there is none. */
bool visitor_hear(struct visitor *visitor, struct bytes *ret);

#endif

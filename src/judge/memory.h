/* SPDX-License-Identifier: Apache-2.0 */
/* memory - which client a server's id stands for.
 *
 * Some servers name the client once and then go on with an id of their own: OpenSMTPD with its
 * session, Sendmail with its queue id, Haraka with its UUID. What a signature is told to
 * remember stands here until its id is forgotten, or until MEMORY_IDS_MOST later ids have pushed
 * it out: a stranger can make us forget early (counted), never grow. An offence whose client is
 * named only by a later line waits here under its id.
 *
 * Pure: no clock. Ids are the server's, so one of them is of one client.
 */
#ifndef WAVEBREAK_JUDGE_MEMORY_H
#define WAVEBREAK_JUDGE_MEMORY_H

#include "judge/signature.h"

#define MEMORY_IDS_MOST 16384
#define MEMORY_ID_SIZE 40 /* bytes of an id that count; a longer one is not remembered */

struct memory;

/* What an id stands for. Either may be missing: the client, or what waits for it. */
struct remembered {
	struct addr client; /* ADDR_NONE: not named yet */
	uint16_t port;
	const struct signature *waiting; /* the one of the highest score */
};

/* Returns 0 or -ENOMEM. */
int memory_create(struct memory **ret);
void memory_destroy(struct memory *memory);

/* NULL when the id is not known, or is too long to be. Ids of different servers are different. */
struct remembered *memory_find(const struct memory *memory, const char *server, struct bytes id);
/* The same, and made when it is not there; NULL for an id that is too long, or without memory. */
struct remembered *memory_add(struct memory *memory, const char *server, struct bytes id);
void memory_forget(struct memory *memory, const char *server, struct bytes id);
void memory_clear(struct memory *memory);

#endif

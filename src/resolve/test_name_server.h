/* SPDX-License-Identifier: Apache-2.0 */
/* test_name_server - a name server on loopback, on the test's own loop, that says what it was told to
 * say of a name, or lies.
 *
 * Names that it was told nothing of do not exist (NXDOMAIN, kept for a minute).
 */
#ifndef WAVEBREAK_RESOLVE_TEST_NAME_SERVER_H
#define WAVEBREAK_RESOLVE_TEST_NAME_SERVER_H

#include "resolve/resolver.h"

enum manner {
	SAYS, /* its records; without any, that there is no such record */
	SAYS_NO_NAME,
	SAYS_SERVFAIL,
	SAYS_REFUSED,
	SAYS_TWICE,
	SAYS_CUT,		/* by UDP; by TCP it says all */
	SAYS_CUT_BY_TCP_TOO,
	SAYS_GARBAGE,		/* after a right header and question */
	STALLS,
	STALLS_AFTER_NOISE,
	STALLS_AFTER_WRONG_ID,	/* else the truth */
	STALLS_AFTER_OTHER_NAME, /* the same */
};

struct told {
	char name[DNS_NAME_SIZE];
	uint16_t type;
	enum manner manner;
	uint32_t ttl_s; /* of a negative answer 0: it has no SOA */
	unsigned address_count;
	uint8_t addresses[10][4];
	const char *text;
	unsigned asked; /* how often */
};

struct name_server;

struct name_server *name_server_create(struct loop *loop);
void name_server_destroy(struct name_server *server);
struct resolver_server name_server_place(const struct name_server *server);

/* What it was told of a name, which is made (NXDOMAIN) when there is none; the test changes it. */
struct told *name_server_told(struct name_server *server, const char *name, enum dns_type type);
/* It says one address, 127.0.0.`last`, for a minute. */
struct told *name_server_lists(struct name_server *server, const char *name, uint8_t last);

unsigned name_server_asked(const struct name_server *server);
unsigned name_server_asked_by_tcp(const struct name_server *server);
/* From how many ports it was asked by UDP. */
unsigned name_server_ports(const struct name_server *server);

/* Rounds of the loop until `done`, which is asked each millisecond; false after 10 s. */
typedef bool done_fn(void *data);
bool loop_until(struct loop *loop, done_fn *done, void *data);
void loop_for(struct loop *loop, unsigned ms);

#endif

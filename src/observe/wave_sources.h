/* SPDX-License-Identifier: Apache-2.0 */
/* wave_sources - who came in a wave: how many clients there were, what became of them, the worst, and where they are.
 *
 * A client is the unit of base/addr.h: an IPv4 address or an IPv6 /64; its network prefix_of_network. It is a source
 * when it was seen from shortly before the wave's begin to its end: by a new connection, or because a log or the gate
 * told of it.
 *
 * Names of countries and holders come from somebody else's file and may hold any byte.
 */
#ifndef WAVEBREAK_OBSERVE_WAVE_SOURCES_H
#define WAVEBREAK_OBSERVE_WAVE_SOURCES_H

#include "base/prefix.h"

/* Of each list: the worst. */
#define WAVE_WORST 16
#define WAVE_NAME_SIZE 64

/* Where a client is, as databases say. */
struct wave_place {
	char country[2]; /* of ISO 3166-1, upper case; zeros: not known */
	uint32_t asn;    /* of its network's holder (RFC 6793); 0: not known */
};

struct wave_share {
	uint32_t clients;
	uint32_t told; /* 5xx */
};

struct wave_worst {
	struct prefix who; /* a unit, or a network */
	uint32_t clients;  /* in it */
	uint32_t connections; /* new ones, at least: what was seen open, logged, or evicted, whichever is most */
	uint32_t told, evicted; /* times */
};

struct wave_part {
	struct wave_place of; /* one of both is set */
	char name[WAVE_NAME_SIZE]; /* raw, "" where the database has none */
	struct wave_share share;
	struct addr example; /* a client of it, to find the name; not kept on disk */
};

struct wave_sources {
	bool at_least;      /* there were too many to tell them all apart, or the guard was started again within it */
	uint32_t clients;
	/* Of these clients: they were told 5xx; banned and evicted; ended by relief. */
	uint32_t told, evicted, relieved;
	uint32_t with_country, with_asn; /* for how many it is known */
	size_t worst_clients, worst_networks, worst_countries, worst_asns;
	struct wave_worst client[WAVE_WORST], network[WAVE_WORST];
	struct wave_part country[WAVE_WORST], asn[WAVE_WORST];
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* gate_packet - what a gate worker and the watch worker say to each other, over a socketpair
 * (SOCK_SEQPACKET).
 *
 * A packet is a head and `count` items of one fixed size, as in daemon/request.h. The gate's side reads
 * what strangers wrote, so the other one believes no length and no text in it: gate_packet_receive
 * checks sizes, kinds and that every text is printable ASCII with an end.
 */
#ifndef WAVEBREAK_DAEMON_GATE_PACKET_H
#define WAVEBREAK_DAEMON_GATE_PACKET_H

#include "base/prefix.h"
#include "gate/report.h"
#include "resolve/zones.h"

enum gate_packet_kind {
	/* gate to watch */
	GATE_PACKET_REPORTS = 1, /* struct gate_report items */
	GATE_PACKET_STATE,       /* one struct gate_state, now and then */
	GATE_PACKET_HELLO,       /* no item: it begins, and knows nobody */
	/* watch to gate */
	GATE_PACKET_PASSED,      /* struct addr items: let in by another gate worker */
	GATE_PACKET_KNOWN,       /* struct gate_known items: let in in an earlier life */
	GATE_PACKET_REFUSED,     /* struct gate_refused items: by another gate worker */
	GATE_PACKET_ALLOWED,     /* struct prefix_entry items: the never-list of `wavebreak allow`, whole */
	GATE_PACKET_WAVE,        /* one uint32_t: 1 a wave lasts, 0 none does */
};

/* Of two programs, one executed in the place of the other (daemon/upgrade.h), the packets are only the same where
 * this is. The first number goes up with a change of meaning; one of size it has by itself. */
#define GATE_PACKET_FORM (2U << 24 | (unsigned)sizeof(struct gate_packet))

#define GATE_REPORTS_MOST 16
#define GATE_ADDRS_MOST 64

struct gate_refused {
	struct addr client;
	int32_t score;
	uint32_t listed;
};

struct gate_known {
	struct addr client;
	uint64_t left_ms; /* for which it is known */
};

/* For `status` and `zones`. */
struct gate_state {
	uint64_t sessions, most;
	uint64_t states[SESSION_STATES];
	uint64_t memory;  /* bytes of the table of sessions */
	uint64_t clients; /* that are remembered, or here */
	uint64_t cached, in_flight;
	uint32_t zone_count;
	struct zone_health zones[ZONES_MOST];
};

struct gate_packet {
	struct {
		uint32_t kind;
		uint32_t count;
	} head;
	union {
		struct gate_report reports[GATE_REPORTS_MOST];
		struct gate_state state;
		struct addr passed[GATE_ADDRS_MOST];
		struct gate_known known[GATE_ADDRS_MOST];
		struct gate_refused refused[GATE_ADDRS_MOST];
		struct prefix_entry allowed[GATE_ADDRS_MOST];
		uint32_t wave;
	};
};

/* Returns 0 or -errno (-EAGAIN: the socket is full). */
int gate_packet_send(int socket, const struct gate_packet *packet);
/* Returns 1, 0 when the other end is closed, -EAGAIN, -EBADMSG, or -errno. */
int gate_packet_receive(int socket, struct gate_packet *packet);

#endif

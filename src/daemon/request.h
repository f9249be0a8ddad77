/* SPDX-License-Identifier: Apache-2.0 */
/* request - what the two processes say to each other, over a socketpair (SOCK_SEQPACKET).
 *
 * A packet is a head and `count` items of one fixed size; nothing in it has to be parsed.
 * The worker asks, the warden answers; each side takes the other's packets for possibly
 * wrong: sizes and kinds are checked, and what an item asks for is checked again against
 * the receiver's own rules (never-list, rate bounds).
 */
#ifndef WAVEBREAK_DAEMON_REQUEST_H
#define WAVEBREAK_DAEMON_REQUEST_H

#include "base/prefix.h"

enum packet_kind {
	/* worker to warden: struct request items */
	PACKET_REQUESTS = 1,
	/* worker to warden: one struct log_request; answered by PACKET_LOG */
	PACKET_OPEN_LOG,
	/* warden to worker: struct answer items; PACKET_LOG carries the descriptor of a log, or only
	 * its error */
	PACKET_ANSWERS,
	PACKET_LOG,
	/* warden to worker: struct prefix_entry items, the whole never-list of this host; the last
	 * packet of a list has fewer than PACKET_ENTRIES_MOST items */
	PACKET_NEVER,
};

enum request_kind {
	REQUEST_BAN = 1,    /* unit, timeout_ms; flags: REQUEST_REPLACE when it may be there already */
	REQUEST_UNBAN,      /* unit */
	REQUEST_QUERY,      /* unit: how long is it still banned? Answered by ANSWER_REMAINING */
	REQUEST_EVICT,      /* unit, port: the client's port in the log line, 0 for all it holds */
	REQUEST_ALLOW,      /* unit, length: never again, by the administrator's word */
	REQUEST_DISALLOW,   /* unit, length: takes back an allow */
	REQUEST_SUSPECT,    /* unit, timeout_ms: is led to the gate for so long; flags as with REQUEST_BAN */
	REQUEST_TRUST,      /* unit: is no suspect any more */
	REQUEST_RELIEVE,    /* unit (the whole address), port: this one connection is ended at once */
	REQUEST_HANDLERS,   /* which connections does the mail server itself hold for listed? Answered by
			     * ANSWER_BLOCKED, each, and ANSWER_HANDLERS at the end */
	REQUEST_WAVE,       /* flags: 1 a wave has begun, 0 it is over; the limits follow */
	REQUEST_SUSPECTS,   /* port: a number of the worker's. Which suspects does the kernel have? Answered by ANSWER_SUSPECT,
			     * each, and ANSWER_SUSPECTS at the end */
	REQUEST_IS_SUSPECT, /* unit: is it one in the kernel? Answered by ANSWER_IS_SUSPECT */
	REQUEST_READY,      /* the worker follows its logs */
	REQUEST_STILL_HERE, /* each second: silent for longer, it is taken for hung */
};

#define REQUEST_REPLACE 1

struct request {
	uint8_t kind;
	uint8_t flags;
	uint8_t length;
	uint8_t zero;
	uint16_t port;
	struct addr unit;
	uint8_t pad[9];
	uint64_t timeout_ms;
};

/* A log of the plan, or a sibling of it in the same folder, to which it was rotated. The name of
 * a sibling begins like the log's own (up to its first dot) and holds no slash; the warden
 * follows no symbolic link to it. */
#define LOG_SIBLING_SIZE 126
struct log_request {
	uint32_t ticket; /* comes back as the value of the answer: one that was given up for late is not
			  * taken for the next one's */
	uint16_t index;
	char sibling[LOG_SIBLING_SIZE]; /* "" for the log itself */
};

enum answer_kind {
	ANSWER_REMAINING = 1, /* unit, value: milliseconds left of its ban, 0 when it is over */
	ANSWER_REFUSED,       /* unit, error; flags: the enum request_kind that was refused */
	ANSWER_EVICTED,       /* unit (the whole address), port, value: ms since it was asked for */
	ANSWER_LOG,           /* value: the ticket; error, or 0 and a descriptor */
	ANSWER_TABLE_LOST,    /* the kernel's table was gone and is made anew, empty: send all bans and suspects again */
	ANSWER_RELIEVED,      /* unit (the whole address), port, error: the connection was ended, or not */
	ANSWER_BLOCKED,       /* unit (the whole address), port: the server's process has BLOCK in its environment */
	ANSWER_HANDLERS,      /* that were all; error when they could not be looked at */
	ANSWER_STEERING,      /* flags: 1 clients are led to the gate, 0 they are not; error: the kernel cannot */
	ANSWER_SUSPECT,       /* port: the number of the request; unit, value: milliseconds that are left */
	ANSWER_SUSPECTS,      /* port: that number; those were all, or, with flags 1, there are more; error when they
			       * could not be read */
	ANSWER_IS_SUSPECT,    /* unit, value: milliseconds left, 0: it is none; error when that cannot be said */
	ANSWER_USED,          /* flags: enum used_by, port: enum used_what, value */
};

/* What processes take that the worker cannot look at itself. Told when it is known anew: each second, and where there
 * are thousands of them after this at the latest. */
#define USED_AGAIN_MOST_MS 300000
enum used_by { USED_BY_GATE, USED_BY_PORTER, USED_BY_SERVER, USED_BY_COUNT };
enum used_what {
	USED_CPU_MS,          /* since it was first looked at; it may begin anew */
	USED_RESIDENT_BYTES,  /* of the server's: not told */
	USED_UNSHARED_BYTES,  /* what is no file's (process_unshared_bytes) */
	USED_PROCESSES,
	USED_WHAT_COUNT
};

#define ANSWER_FORCED 1

struct answer {
	uint8_t kind;
	uint8_t flags;
	uint16_t port;
	int32_t error; /* -errno */
	struct addr unit;
	uint8_t pad[7];
	uint64_t value;
};

struct packet_head {
	uint32_t kind;
	uint32_t count;
};

/* Items of one packet at most; a packet stays well under a socket's default buffer. */
#define PACKET_ITEMS_MOST 256
#define PACKET_ENTRIES_MOST 64

struct packet {
	struct packet_head head;
	union {
		struct request requests[PACKET_ITEMS_MOST];
		struct answer answers[PACKET_ITEMS_MOST];
		struct prefix_entry entries[PACKET_ENTRIES_MOST];
		struct log_request log;
	};
};

_Static_assert(sizeof(struct request) == 40 && sizeof(struct answer) == 40, "fixed sizes, no holes");

/* Sends a packet, with a descriptor when `fd` is not -1. Returns 0 or -errno (-EAGAIN when
 * the socket is full). */
int packet_send(int socket, const struct packet *packet, int fd);

/* Receives and checks one packet. *ret_fd is -1 or a descriptor that is now the caller's.
 * Returns 1, 0 when the other end is closed, -EAGAIN, -EBADMSG, or -errno. */
int packet_receive(int socket, struct packet *packet, int *ret_fd);

#endif

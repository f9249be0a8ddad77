/* SPDX-License-Identifier: Apache-2.0 */
/* relief - whose connection is ended when the mail server comes near its limit.
 *
 * Nothing that a client says has to be understood for it, and nobody has to know it: so it also
 * helps against clients that connect and say nothing, of which no log line and no block list
 * speaks. In this order, the least deserving first:
 *
 *   BLOCKED  the server itself has it on a block list and will refuse all it asks for.
 *   SCORED   its score is half of a ban, or more.
 *   SILENT   it is the client's turn, and it has said nothing for relief.silence or longer. The
 *            classes are silence doubled (5 s, 10 s, 20 s …); in a class those with a score go
 *            first, then those of whose network (/24, /48) the most are here.
 *   SLOW     it is there for twice relief.silence and longer, and sends less than somebody does
 *            who has anything to say. First those whose turn it is.
 *
 * Never: who is on the never-list, who passed the gate or delivered mail, who is transferring
 * now, and, of those nobody knows, who is silent for less than relief.silence and not slow.
 * Connections that are half open take no slot (and their source may be forged; a forged one
 * completes no handshake, so it never is a candidate), nor do those that the server has closed.
 * Who waits to be accepted is silent because the server is: it can be ended for its score only,
 * and after all that are served, since it is a served one's end that frees a slot.
 *
 * What somebody may try who knows this:
 * - Many addresses of one network: the crowd decides within a class, so a lone stranger that is
 *   as silent goes last.
 * - A byte now and then, or half a command: it is no command, so it remains the client's turn
 *   (relief_seen). Whole junk without an end, or a NOOP now and then: slow after 10 s, which at
 *   20 new ones a second are 200 places. Against more than that there are scores, limits and
 *   the gate.
 * - Bytes enough to be taken for a transfer: 512 a second for each place, for as long as the
 *   server goes on to read them.
 * - To acknowledge nothing, so that the greeting is sent again and again and the silence seems
 *   to begin anew: after four times the client's last acknowledgement counts.
 * An honest sender loses its place only where it is slower than all this; it comes again, as
 * RFC 5321 section 4.5.4.1 has it.
 *
 * Pure: no clock, no allocation. The arrays are the caller's.
 */
#ifndef WAVEBREAK_JUDGE_RELIEF_H
#define WAVEBREAK_JUDGE_RELIEF_H

#include "base/addr.h"
#include "wire/sockdiag.h"

enum relief_reason {
	RELIEF_SPARED,
#define RELIEF_REASON(id, name, words, fact, help) RELIEF_##id,
#include "defs/relief_reasons.def"
#undef RELIEF_REASON
	RELIEF_REASONS
};

/* "silent" … */
const char *relief_reason_name(enum relief_reason reason);

enum relief_place {
	RELIEF_SERVED,  /* a process of the server holds it */
	RELIEF_WAITING, /* complete, and not accepted */
	RELIEF_OPENING, /* half open */
	RELIEF_CLOSING, /* the server has closed it */
};

enum {
	RELIEF_IS_NEVER = 1,        /* on the never-list */
	RELIEF_IS_GOOD = 2,         /* passed the gate, or delivered mail */
	RELIEF_IS_BLOCKED = 4,      /* the server's process has BLOCK in its environment */
	RELIEF_IS_TRANSFERRING = 8, /* sends as one does who delivers a mail */
	RELIEF_IS_OWED = 16,        /* it is the server's turn */
	RELIEF_IS_LEAVING = 32,     /* its end was asked for already */
};

struct relief_candidate {
	struct addr addr; /* whole */
	uint16_t port;
	uint8_t place; /* enum relief_place */
	uint8_t flags;
	uint32_t score;
	uint32_t silent_ms; /* while it was its turn */
	uint32_t there_ms;  /* since it was first seen with the server */
	uint32_t crowd;     /* connections of its network, with this one */
	uint64_t bytes;     /* that it sent */
};

struct relief_rules {
	uint32_t silence_ms;
	uint32_t ban_score;
};

struct relief_choice {
	uint64_t key;   /* how undeserving; for relief_choose alone */
	uint32_t index; /* of the candidate */
	uint32_t reason; /* enum relief_reason */
};

/* Why it may be ended, or RELIEF_SPARED. */
enum relief_reason relief_reason_of(const struct relief_rules *rules, const struct relief_candidate *candidate);

/* The least deserving, `wanted` of them at most, in order. `ret` has room for as many. Returns how
 * many there are. A heap of the wanted: no more comparisons than count × log2(wanted), however
 * somebody arranges the candidates. */
size_t relief_choose(const struct relief_rules *rules, const struct relief_candidate *candidates, size_t count,
		     size_t wanted, struct relief_choice *ret);

/* Fills in `crowd`. `room` is a power of two and at least twice `count`; `seed` is a secret, or
 * networks could be chosen that fall together. */
struct relief_crowd {
	uint64_t network;
	uint32_t count;
};
void relief_count_crowds(struct relief_candidate *candidates, size_t count, struct relief_crowd *crowds, size_t room,
			 uint64_t seed);

/* What is remembered of a served connection from one look to the next, all zero at first. */
struct relief_seen {
	uint64_t first_ms;
	uint64_t window_ms, window_bytes; /* where the present stretch of time began */
	uint64_t rate;                    /* bytes a second in the one before */
	uint64_t written, received;       /* at the last look */
	uint64_t received_at_reply;       /* when the server last said something, as far as is known */
};

/* Says of a connection what can be seen: address, port, place, silence, bytes, and the flags OWED and
 * TRANSFERRING. Of one that is not served nothing is remembered, and `seen` may be NULL. */
void relief_see(const struct relief_rules *rules, const struct sockdiag_socket *socket, uint64_t now_ms,
		struct relief_seen *seen, struct relief_candidate *ret);

/* What `explain` and the log tell of a connection that was ended. */
struct relief_record {
	uint64_t at_ms; /* wall time */
	uint32_t reason; /* enum relief_reason */
	uint32_t open, limit; /* of the server, then */
	uint32_t score, silent_ms, there_ms, others;
	uint64_t bytes;
	bool observed; /* it would have been ended */
};

/* "silent for 31s, 12 others of its network". Returns `text`. */
#define RELIEF_WORDS_SIZE 160
const char *relief_words(const struct relief_record *record, char text[RELIEF_WORDS_SIZE]);

/* How many connections are so many percent of the limit: at least one. */
static inline uint32_t relief_mark(uint32_t limit, uint32_t percent)
{
	uint32_t mark = (uint32_t)((uint64_t)limit * percent / 100);

	return mark ? mark : 1;
}

#endif

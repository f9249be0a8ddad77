/* SPDX-License-Identifier: Apache-2.0 */
/* front_internal - what the files front*.c share. */
#ifndef WAVEBREAK_GATE_FRONT_INTERNAL_H
#define WAVEBREAK_GATE_FRONT_INTERNAL_H

#include "base/table.h"
#include "base/wheel.h"
#include "gate/front.h"
#include "gate/relay.h"

#include <sys/queue.h>

/* Of the greeting: a client waits that much longer than gate.greet_wait at most. */
#define FRONT_TICK_MS 16
/* What one read takes at most; what has not been answered of it is held. */
#define FRONT_READ_MOST 2048

struct visitor {
	struct wheel_node node; /* first, see wheel.h */
	struct front *front;
	struct session session;
	int fd;
	uint32_t visit;
	struct loop_fd *watch;
	uint32_t events; /* that the watch waits for */
	void *look;
	struct relay *relay;
	struct letter *letter; /* front_chaperone.c; NULL but in LETTER and shortly after */
	struct tls *tls; /* NULL before STARTTLS */
	char *held;   /* input that was read and not taken */
	char *unsent; /* replies that the socket did not take */
	uint16_t held_size;
	uint32_t unsent_size;
	bool asked;   /* the porter was, and has not answered */
	bool queued;  /* waits for front_room, in front->queue */
	bool half_closed; /* sends no more */
	bool eager;    /* what it holds is to be answered as soon as it can be */
	bool admitted; /* counts among front->letters */
	bool told;    /* the judge was */
	bool entered; /* is counted in clients */
	bool stranger;
	uint64_t linger_until_ms; /* then it is closed; 0: that is not settled yet */
	TAILQ_ENTRY(visitor) queue;
};

TAILQ_HEAD(visitor_queue, visitor);

struct front {
	struct loop *loop;
	const struct session_rules *rules;
	struct clients *clients;
	const struct front_calls *calls;
	void *data;
	struct loop_fd *listeners[16];
	size_t listener_count;
	struct table *visitors; /* by visit */
	size_t most;
	uint32_t hand;    /* of the search for the least deserving */
	uint32_t visits;
	struct visitor_queue queue; /* who waits for the server, the first first */
	size_t states[SESSION_STATES];
	size_t letters; /* who write to postmaster, or asked to */
	struct wheel wheel;
	struct loop_timer *timer;
	uint64_t timer_ms; /* armed for; UINT64_MAX: not */
	struct loop_timer *accept_timer; /* after descriptors ran out */
	struct relay_pipes *pipes;
	struct tls_server *tls;
	uint32_t own_mark;
	bool draining;
	uint64_t asking_since_ms; /* of the first who is to be let in since the last one was; 0: nobody */
	uint64_t failed_ms; /* when the last of them could not be */
	bool failed, starved; /* somebody could not be let in, there was no memory; since the last look */
	unsigned starved_looks;
	uint64_t silent_until_ms; /* that the server cannot be reached has been said */
	void (*drained)(void *data);
	char replies[65536]; /* of the session that is being served */
	char input[FRONT_READ_MOST * 2]; /* one read, after what was held: less than one */
};

/* front_session.c: serves one session. After each of these the visitor may be gone. */
void front_visitor_opened(struct visitor *visitor, enum session_memory memory, const struct session_facts *facts);
loop_fd_fn front_on_client;
void front_visitor_due(struct visitor *visitor);
void front_visitor_looked(struct visitor *visitor);
/* 421 with `reason`, and the end. */
void front_visitor_refuse(struct visitor *visitor, const char *reason);
/* Does what follows from what the session said and wished. False when the visitor is gone. */
bool front_visitor_follow(struct visitor *visitor, enum session_state before, enum session_wish wish,
			  const struct replies *replies);
/* These leave it where it is. */
struct replies front_replies(const struct visitor *visitor);
void front_visitor_report(struct visitor *visitor, enum gate_report_kind kind);
void front_visitor_end_look(struct visitor *visitor, struct session_facts *ret);

/* Returns how much there is now in front->input, with what was held; -1 when the client is gone. */
ssize_t front_visitor_read(struct visitor *visitor);
/* False without memory. */
bool front_visitor_hold(struct visitor *visitor, struct bytes input);
/* The client has hung up. */
void front_visitor_lose(struct visitor *visitor);

/* front_chaperone.c. Whether there is room for one more; until front_letter_refuse or _destroy. */
bool front_letter_admit(struct visitor *visitor);
/* After these the visitor may be gone. `server` is a connection that may be connecting, and no longer the caller's. */
void front_letter_refuse(struct visitor *visitor);
void front_letter_begin(struct visitor *visitor, int server, struct bytes header);
void front_letter_on_client(struct visitor *visitor, uint32_t events);
void front_letter_went_out(struct visitor *visitor); /* all replies */
void front_letter_due(struct visitor *visitor);
/* These leave it where it is. */
uint64_t front_letter_due_ms(const struct visitor *visitor);
uint32_t front_letter_events(const struct visitor *visitor);
void front_letter_destroy(struct visitor *visitor);

/* front_pass.c. Returns 0 when the porter was asked, -EAGAIN when it waits in the queue, or another -errno:
 * it was refused, and may be gone. */
int front_visitor_ask(struct visitor *visitor);
void front_visitor_answer(struct visitor *visitor, int error, int fd, struct bytes header);
/* In the log, one line a while: a server that is away is so for every client. */
void front_say_unreachable(struct front *front, const char *why);

/* front.c: frees it and closes its descriptor. */
void front_visitor_close(struct visitor *visitor);
/* After each thing that may have changed when it is due. */
void front_visitor_set_due(struct visitor *visitor, uint64_t due_ms);
void front_visitor_unqueue(struct visitor *visitor);
void front_state_changed(struct front *front, enum session_state from, enum session_state to);

/* front_ability.c. The porter is asked for somebody. */
void front_note_asked(struct front *front);
/* Somebody was let in, or the porter says that the server is full. */
void front_note_answered(struct front *front);
/* Somebody could not be. */
void front_note_failed(struct front *front);
/* There was no memory for a client; there was for one. */
void front_note_starved(struct front *front);
void front_note_served(struct front *front);

/* front_full.c: ends the least deserving of a sample. False when all deserve their places. */
bool front_make_room(struct front *front, bool for_known_good);

#endif

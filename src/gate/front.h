/* SPDX-License-Identifier: Apache-2.0 */
/* front - the sockets of the gate: accepts, times, bounds; session.h says what is said.
 *
 * A session costs one descriptor and, when idle, under 400 bytes (measured; its words and TLS not counted). What a
 * client sends while it is tested stays in the kernel, so the mail server gets it. What it sends
 * faster than it reads our replies stays there, too: it is read when the replies have gone.
 *
 * At the cap (gate.sessions, or the process's descriptors) the least deserving of a sample is ended
 * with 421: who is on its way out first, then the worst score, then who has been told already, then who has been
 * silent longest; a share of the places (gate.reserve) is for clients that were let in before. A closing is
 * never a reset as long as the client may not have read our last reply: we stop sending, and read on
 * for FRONT_LINGER_MS. Who said QUIT, and nothing else with it, has sent its last, and is not waited for.
 *
 * One thread, on the loop. A visit is a session's number, good for as long as the session is; calls with one
 * that has ended are ignored.
 */
#ifndef WAVEBREAK_GATE_FRONT_H
#define WAVEBREAK_GATE_FRONT_H

#include "event/loop.h"
#include "gate/clients.h"
#include "gate/report.h"
#include "gate/tls.h"

#define FRONT_LINGER_MS 2000

struct front;

struct front_calls {
	/* Asks about a client's address. Returns 1 when all is known already, 0 when front_looked follows
	 * (not from within the call), with a handle in *ret_look, or -errno: then it counts for nothing. */
	int (*look)(void *data, const struct addr *client, uint32_t visit, void **ret_look,
		    struct session_facts *ret);
	/* What is known by now; the look ends. `ret` may be NULL. */
	void (*look_end)(void *data, void *look, struct session_facts *ret);
	/* It was let in because it was clean a while ago: is it still? clients_failed, if not. */
	void (*look_again)(void *data, const struct addr *client);
	/* Asks the porter to let it in; front_answer follows. `fd` is the client's socket, which stays ours. Who
	 * has to be introduced (session->introduction) needs a connection to the server for an answer.
	 * Returns 0, or -errno: -EAGAIN when there is no room now. */
	int (*let_in)(void *data, uint32_t visit, const struct session *session, int fd);
	void (*report)(void *data, const struct gate_report *report);
	/* Whether the address is one that is never tested (loopback, our own, ban.never). */
	bool (*is_never_tested)(void *data, const struct addr *client);
};

struct front_set_up {
	const struct session_rules *rules;
	struct clients *clients;
	const struct front_calls *calls;
	void *data;
	const int *listeners; /* the caller's, listening and non-blocking */
	size_t listener_count;
	size_t sessions; /* at once; gate.sessions, or less where descriptors are few */
	struct tls_server *tls; /* the caller's; NULL when STARTTLS is not offered */
	uint32_t own_mark; /* SO_MARK of our own connections to the mail server, or 0: one that comes back to us by
			    * gate.steer is turned away */
};

int front_create(struct loop *loop, const struct front_set_up *set_up, struct front **ret);
/* Ends all sessions at once, without a word. */
void front_destroy(struct front *front);

/* A client that the mail server's own front has found listed, for this reason; its descriptor is ours from now on.
 * It is told so at once. */
void front_take(struct front *front, int fd, const char *why);

void front_looked(struct front *front, uint32_t visit);

/* NULL when it has ended. */
const struct session *front_session(const struct front *front, uint32_t visit);

/* The porter's answer. error 0 and fd -1: the server has the client's socket, and we let go of ours.
 * error 0 and a descriptor: it becomes ours, a connection to the server that may still be connecting;
 * what is in `header` is written to it first, and then bytes go both ways without being copied to us. error
 * -EAGAIN or -ECONNREFUSED: it waits until front_room, up to gate.full_wait. Else 421. */
void front_answer(struct front *front, uint32_t visit, int error, int fd, struct bytes header);
/* The server can take clients again. */
void front_room(struct front *front);

/* No new sessions. `drained` is called when the last one has ended, from the loop. */
void front_drain(struct front *front, void (*drained)(void *data));

/* Whether who comes can be served, to be asked once a second. A gate to which the kernel leads clients must not be the
 * reason why mail stops. */
enum front_ability {
	FRONT_ABLE,
	FRONT_UNABLE,  /* nobody could be let in, for some seconds; or there was no memory for a client */
	FRONT_STARVED, /* there has been none for a while */
};
enum front_ability front_look_at_ability(struct front *front);

struct front_numbers {
	size_t sessions, most; /* now, at most */
	size_t states[SESSION_STATES];
	size_t memory; /* bytes of the table of sessions; what each has said, TLS and the kernel's part are not in it */
};
void front_count(const struct front *front, struct front_numbers *ret);

#endif

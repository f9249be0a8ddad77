/* SPDX-License-Identifier: Apache-2.0 */
/* porter_internal - the parts of the porter among themselves.
 *
 *   porter.c              the process: its life, its privileges, what it reads and answers
 *   porter_ask.c          both ends of the socketpair
 *   porter_environment.c  the environment of a program
 *   porter_rules.c        what the settings say
 *   porter_exec.c         programs: started and reaped
 *   porter_crowd.c        programs: counted
 *   porter_pass.c         descriptors passed to Postfix
 *   porter_connect.c      connections to the server
 */
#ifndef WAVEBREAK_DAEMON_PORTER_INTERNAL_H
#define WAVEBREAK_DAEMON_PORTER_INTERNAL_H

#include "daemon/porter.h"
#include "daemon/porter_crowd.h"
#include "daemon/porter_rules.h"
#include "event/loop.h"
#include "kernel/diag.h"

/* Descriptors that are on their way to Postfix and that no smtpd has taken yet. */
#define PASSES_MOST 64
/* Answers that a gate has not read yet; requests are read only while there are none, so there are never
 * more than those of all passes, of one request and of room. */
#define ANSWERS_MOST (PASSES_MOST + 2)

struct porter;

struct gate {
	struct porter *porter;
	int socket;
	struct loop_fd *watch;
	struct waiting_answer {
		struct porter_answer answer;
		int fd;
	} waiting[ANSWERS_MOST]; /* a ring */
	size_t first, count;
	bool room_owed; /* it has to hear that there is room again */
};

struct pass {
	struct porter *porter;
	struct gate *gate;
	uint32_t ticket; /* 0: this place is free */
	int fd;
	struct loop_fd *watch;
	uint64_t deadline_ms;
};

struct porter {
	const struct porter_start *start;
	const struct porter_rules *rules;
	struct loop *loop;
	struct loop_signals *signals;
	struct loop_timer *every_second;
	struct loop_fd *warden_watch;
	struct gate gates[PORTER_GATES_MOST];
	size_t gate_count;
	int null_fd;
	struct diag *diag; /* with transparent; NULL where the kernel has none */
	struct porter_crowd *crowd; /* programs that live */
	struct pass passes[PASSES_MOST];
	size_t pass_count;
	bool was_full; /* a gate was told so */
	uint64_t silent_until_ms; /* what fails has been said */
};

/* porter.c; for tests, with rules that come from no settings. Returns the exit status of the process. */
int porter_serve(const struct porter_start *start, const struct porter_rules *rules);
/* Answers, and counts. `fd`, when it is not -1, is closed when it has been sent. */
void porter_conclude(struct gate *gate, uint32_t ticket, int error, int fd);
/* Where a gate was told that there is none, and now there is. */
void porter_tell_room(struct porter *p);

/* porter_ask.c. The porter's ends. porter_receive returns 1, 0 when the gate is gone, -EAGAIN, -EBADMSG for
 * one that is none, or -errno; *ret_fd is -1 or the porter's. */
int porter_receive(int socket, struct porter_request *request, int *ret_fd);
int porter_send(int socket, const struct porter_answer *answer, int fd);

/* porter_environment.c: the environment of the program that serves this client, NULL-ended; valid until the
 * next call. */
char *const *porter_environment(const struct porter_rules *rules, const struct porter_request *request);

/* Each does what the kind is, and returns 0 or -errno. The client's descriptor stays the caller's. */
int porter_exec(struct porter *p, int client_fd, const struct porter_request *request, int *ret_fd);
void porter_reap(struct porter *p);

/* Answers by itself, later, where it returns 0. */
int porter_pass(struct gate *gate, int client_fd, const struct porter_request *request);
void porter_pass_look(struct porter *p); /* for those that were waited for long enough */
void porter_pass_end(struct porter *p);

int porter_connect(const struct porter *p, const struct porter_request *request, int *ret_fd);

#endif

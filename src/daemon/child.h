/* SPDX-License-Identifier: Apache-2.0 */
/* child - a process of the daemon, made by fork(2) from the warden, whose life the loop watches.
 *
 * It is held by a pidfd, so that a signal never reaches somebody else, and has one end of a
 * socketpair (SOCK_SEQPACKET), whose other end is read from the loop. What a child is for, and
 * whether it is started again, is its owner's; the delay before that grows from CHILD_DELAY_FIRST_MS
 * to CHILD_DELAY_MOST_MS, and a child that ran for a minute begins anew with the shortest.
 *
 * A struct child is its owner's, who sees inside and changes nothing but through these functions.
 */
#ifndef WAVEBREAK_DAEMON_CHILD_H
#define WAVEBREAK_DAEMON_CHILD_H

#include "event/loop.h"

#include <stddef.h>
#include <sys/types.h>

#define CHILD_DELAY_FIRST_MS 100
#define CHILD_DELAY_MOST_MS 10000

/* Descriptors that child_keep can keep. */
#define CHILD_KEEP_MOST 64

struct child_calls {
	/* In the new process, which holds all that its parent does; see child_keep. Returns its exit status. */
	int (*run)(void *data, int socket);
	/* Its socket can be read from, or it has closed its end. */
	loop_fd_fn *heard;
	/* It has ended; what it wrote before can still be read. NULL where nobody cares. */
	void (*ending)(void *data);
	/* It has ended, and nothing is left of it: it may be started again from here, or be freed. */
	void (*ended)(void *data, int wait_status);
};

struct child {
	struct loop *loop;
	const struct child_calls *calls;
	void *data;
	size_t socket_buffer; /* in bytes, of both ends; 0: as the system has it */
	pid_t parent;         /* who started it: in the new process getppid(2) may not be that any more */
	pid_t pid;            /* 0: there is none */
	int pidfd, socket;    /* -1 then */
	struct loop_fd *exit_watch, *socket_watch;
	uint64_t started_ms, heard_ms; /* heard_ms: of its latest word, or of its start */
	uint64_t delay_ms;             /* before the next start */
};

/* Starts nothing. `calls` has to live as long as the child. */
void child_init(struct child *child, struct loop *loop, const struct child_calls *calls, void *data);

/* Only where there is none. Returns 0 or -errno (fork and what it takes), and then there is none still. */
int child_start(struct child *child);
/* The same for one that a program executed in this process before us has started, and that still is our child, with
 * our end of its socket. Returns 0, or -errno (-ECHILD: there is no such child), and then the socket stays the
 * caller's. */
int child_adopt(struct child *child, pid_t pid, int socket);

/* Nothing where there is none. */
void child_signal(const struct child *child, int signal_number);
/* A byte for it to read; one that its socket does not take is lost. */
void child_tell(const struct child *child, char word);

/* Notes that it said something. */
void child_note_word(struct child *child);
uint64_t child_silence_ms(const struct child *child);
/* Reads no more from it. */
void child_stop_hearing(struct child *child);

/* How long to wait before the next start, in milliseconds; longer each time. */
uint64_t child_start_delay(struct child *child);
/* The next delay is the shortest. */
void child_forgive(struct child *child);

/* Ends it by SIGKILL, waits for that, and calls nobody. It may be started again. */
void child_destroy(struct child *child);

/* For messages: "was ended by signal 9 (Killed)", "ended with status 1". */
#define CHILD_END_SIZE 80
const char *child_end_text(int wait_status, char text[CHILD_END_SIZE]);

/* In the new process: the descriptors, where they are not -1, become 3, 4, … in that order, all of them
 * close-on-exec, and everything else from 3 on is closed. Returns 0 or -errno; half done, there is nothing
 * to do but to end. */
int child_keep(int *const *fds, size_t count);

#endif

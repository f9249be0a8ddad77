/* SPDX-License-Identifier: Apache-2.0 */
/* ban_command - the banned told to a program of the administrator's, which does what it likes with them.
 *
 * What has changed is written together into a batch, and the program is started for it: it reads its standard
 * input to the end and exits with 0. The lines are
 *
 *   clear                       nobody is banned: what follows is all there is
 *   ban 192.0.2.7 600           for so many seconds; of one that is banned already, for so many from now
 *   ban 2001:db8:1:2::/64 600
 *   unban 192.0.2.7
 *
 * The first batch of all begins with clear. Each ban that is over is told by an unban, so a program needs no clock.
 *
 * A program for each batch, and not one that runs for ever, since then its exit says that the batch was taken, and a
 * program that hangs is told from one that has nothing to do. The batch is a file in memory: the program can take
 * its time to read it, and nobody waits for a pipe. One program runs at once, and what comes meanwhile waits for the
 * next batch; a client that is banned and let in meanwhile is no line at all. What waits are the changed entries of
 * a table of who is banned, so it is bounded by ban.limit; more is dropped (COUNTER_backend_dropped), and all is
 * sent again once there is room.
 *
 * A program that takes longer than `patience_ms` is ended (SIGKILL, to it and to what it started in its process
 * group), and one that fails is started again with the same lines, so these may come twice: after 1 s, and twice as
 * long each time up to a minute. What it writes goes to the log, escaped, some lines a batch. It runs as the user and
 * with the privileges of the warden, with / as its folder, and no descriptor of ours.
 *
 * The kernel's knowledge is not ours: a ban ends at the end that we know, whatever the client tried in the
 * meantime, and begins again with its next line in the log.
 *
 * Owned by the warden. Calls return 0 or -errno, and none but ban_command_close waits for the program.
 */
#ifndef WAVEBREAK_ACT_BAN_COMMAND_H
#define WAVEBREAK_ACT_BAN_COMMAND_H

#include "base/addr.h"
#include "event/loop.h"

#define BAN_COMMAND_PATIENCE_MS 10000
#define BAN_COMMAND_DELAY_FIRST_MS 1000
#define BAN_COMMAND_DELAY_MOST_MS 60000
/* Lines of one batch. */
#define BAN_COMMAND_BATCH 8192
/* A program is started no oftener. */
#define BAN_COMMAND_PAUSE_MS 200

struct ban_command_limits {
	char *const *words; /* the program and its arguments, ended by NULL; they are copied */
	uint32_t most;
	uint64_t patience_ms; /* 0 for BAN_COMMAND_PATIENCE_MS */
};

struct ban_command;

/* Starts nothing yet: the first batch does. Whether the program can be executed is for ban_command_probe to say. */
int ban_command_open(struct loop *loop, const struct ban_command_limits *limits, struct ban_command **ret);
/* Ends a program that runs, tells `clear` and waits for that up to ban_command_close_ms. NULL is fine. */
#define BAN_COMMAND_CLOSE_MS 2000
void ban_command_close(struct ban_command *command);
/* Ends a program that runs; its lines are told again. */
void ban_command_rest(struct ban_command *command);

/* 0, -ENOENT, -EACCES (no executable file), -EPERM (one that others than root may write to). */
int ban_command_probe(const char *program);

/* -ENOSPC: there is no room. Who is banned already keeps the time that there is, but with `replace`. */
int ban_command_ban(struct ban_command *command, const struct addr *unit, uint64_t timeout_ms, bool replace);
int ban_command_unban(struct ban_command *command, const struct addr *unit);
int ban_command_query(struct ban_command *command, const struct addr *unit, uint64_t *ret_remaining_ms);
int ban_command_clear(struct ban_command *command);
/* Once a second: -ENOENT when bans were dropped and there is room again: send them all. */
int ban_command_alive(struct ban_command *command);

#endif

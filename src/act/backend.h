/* SPDX-License-Identifier: Apache-2.0 */
/* backend - who keeps the banned away, whoever that is: one interface over
 *
 *   nft      the table of act/ban.h, which is the warden's to make and to mend
 *   recent   act/xt_recent.h
 *   ipset    act/ipset.h
 *   command  act/ban_command.h
 *
 * The table exists beside each of them where the kernel has nf_tables, for limits and steering; it goes on to take
 * the suspects, and the banned with nft alone. Where there is none, the others work without it.
 *
 * Owned by the warden. Calls return 0 or -errno and do not wait, but backend_close for a program's last words.
 */
#ifndef WAVEBREAK_ACT_BACKEND_H
#define WAVEBREAK_ACT_BACKEND_H

#include "act/ban.h"
#include "config/settings.h"
#include "event/loop.h"

struct backend_limits {
	enum backend kind;
	const char *list;	  /* recent, ipset: ban.list */
	struct word_list program; /* command: ban.command */
	uint64_t ban_for_ms;
	uint32_t most; /* bans */
};

struct ban_backend;

/* `table` is where the warden has its table, NULL in it as long as there is none; it has to live as long as the
 * backend. Nobody is banned at first. What cannot be had is said to the log. */
int backend_open(struct loop *loop, const struct backend_limits *limits, struct ban_table *const *table,
		 struct ban_backend **ret);
/* Ends all bans that are not of the table. NULL is fine. */
void backend_close(struct ban_backend *backend);
/* Nothing of it runs or is left behind when this process is about to execute another program, which opens one of its
 * own. Where that cannot be, it goes on: backend_alive then says that its bans are gone. */
void backend_rest(struct ban_backend *backend);

/* For a reload: whether it can go on as it is, with a new time perhaps. */
bool backend_takes(struct ban_backend *backend, const struct backend_limits *limits);

/* As ban_apply, with changes of both lists. -ENOENT is about the table alone; of others backend_alive tells. */
int backend_apply(struct ban_backend *backend, const struct ban_change *changes, size_t count);
/* How long the unit stays out yet, where that can be known; else, as we told it. 0: not banned. */
int backend_query(struct ban_backend *backend, const struct addr *unit, uint64_t *ret_remaining_ms);
/* Ends all bans, also those of the table. An error is about the table. */
int backend_clear(struct ban_backend *backend);
/* Once a second. -ENOENT: its bans are gone, and it can take them again: all are to be sent. With nft it is the
 * table that tells (ban_alive). */
int backend_alive(struct ban_backend *backend);

#endif

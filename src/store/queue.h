/* SPDX-License-Identifier: Apache-2.0 */
/* queue - changes that wait to be written, one for each key: the latest.
 *
 * Filled by the owner and committed by the thread, never both at a time: there are two of
 * them, and they change places under the store's lock.
 */
#ifndef WAVEBREAK_STORE_QUEUE_H
#define WAVEBREAK_STORE_QUEUE_H

#include "store/environment.h"

/* At most; more are refused. Changes other than of bans and suspects come from an administrator's commands,
 * from the few logs that are followed, and from clients of the gate, of which a bounded number a second is
 * written (daemon/worker_gate.c). */
#define QUEUE_BANS_MOST 1000000U
#define QUEUE_SUSPECTS_MOST 200000U
#define QUEUE_OTHERS_MOST 4096U
#define QUEUE_KEY_MOST 511 /* LMDB's own limit */

struct queue;

int queue_create(struct queue **ret);
void queue_destroy(struct queue *queue);

/* Return 0, -ENOSPC or -ENOMEM. */
int queue_put_ban(struct queue *queue, const struct ban *ban);
int queue_delete_ban(struct queue *queue, const struct addr *unit);
int queue_put_suspect(struct queue *queue, const struct suspect *suspect);
int queue_delete_suspect(struct queue *queue, const struct addr *unit);
/* Copies both; an empty `value` is a value, too. */
int queue_put(struct queue *queue, unsigned database, struct bytes key,
	      struct bytes value);
int queue_delete(struct queue *queue, unsigned database, struct bytes key);

size_t queue_count(const struct queue *queue);
void queue_clear(struct queue *queue);

/* Writes all of it in one transaction. The queue stays as it is. Returns 0 or -errno. */
int queue_commit(const struct queue *queue, struct environment *environment);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* front_ability - whether clients can be let in at all. */
#include "gate/front_internal.h"

/* Somebody who is to be let in waits for so long, and meanwhile nobody was let in, nor told that the server is full. A
 * server that is started again may take that long, and then it is no harm that clients reach it by themselves. */
#define UNABLE_MS 2500
/* After so long without one that failed, and with nobody who waits, it may be well again. */
#define FORGET_MS 5000
/* So many looks in a row: it does not come back by itself. */
#define STARVED_LOOKS 2

void front_note_asked(struct front *front)
{
	if (!front->asking_since_ms)
		front->asking_since_ms = loop_now_ms(front->loop);
}

void front_note_answered(struct front *front)
{
	front->asking_since_ms = 0;
}

void front_note_failed(struct front *front)
{
	front->failed = true;
	front->failed_ms = loop_now_ms(front->loop);
}

void front_note_starved(struct front *front)
{
	front->starved = true;
}

void front_note_served(struct front *front)
{
	front->starved_looks = 0;
}

enum front_ability front_look_at_ability(struct front *front)
{
	bool starved = front->starved, in_vain = front->failed || front->states[SESSION_WAITING] > 0;
	uint64_t now_ms = loop_now_ms(front->loop);

	front->starved = front->failed = false;
	if (!in_vain && now_ms - front->failed_ms >= FORGET_MS)
		front->asking_since_ms = 0;
	if (starved)
		return ++front->starved_looks < STARVED_LOOKS ? FRONT_UNABLE : FRONT_STARVED;
	if (!in_vain || !front->asking_since_ms || now_ms - front->asking_since_ms < UNABLE_MS)
		return FRONT_ABLE;
	/* Who waits on says nothing of how it is later. */
	front->asking_since_ms = 0;
	return FRONT_UNABLE;
}

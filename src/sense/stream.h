/* SPDX-License-Identifier: Apache-2.0 */
/* stream - log lines from a pipe that stays open: `tail -F mail.log | wavebreak run --stdin`.
 *
 * Lines are as in sense/lines.h: what is longer is cut, the last one may lack its newline. The
 * descriptor may block, as another program may have it open, too: we read once for each time that
 * there is something to read.
 *
 * Belongs to one loop.
 */
#ifndef WAVEBREAK_SENSE_STREAM_H
#define WAVEBREAK_SENSE_STREAM_H

#include "sense/datagrams.h"

struct stream;

/* The descriptor stays the caller's; `calls` outlives us. `within`: another reader was there before
 * us and may have taken the begin of a line along, so what comes before the first newline is no
 * line. Returns 0, -ENOMEM, or -EPERM for a regular file, which is not waited for. */
int stream_create(struct loop *loop, int fd, bool within, const struct intake_calls *calls, void *data,
		  struct stream **ret);
void stream_destroy(struct stream *stream);

#endif

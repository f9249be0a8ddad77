/* SPDX-License-Identifier: Apache-2.0 */
/* import_send - samples of one series on their way into the daemon's history.
 *
 * They are packed into chunks of a minute, and sent as many at a time as a request takes. Of such a request the daemon
 * takes all or nothing, so `kept` is exact also where there was no more room for the rest. Times are wall time in
 * seconds; samples come in order of their minutes, and of one second the last counts.
 */
#ifndef WAVEBREAK_CLI_IMPORT_SEND_H
#define WAVEBREAK_CLI_IMPORT_SEND_H

#include "cli/ask.h"
#include "cli/history_list.h"

struct import_tally {
	uint64_t samples;         /* each of another second */
	uint64_t first_s, last_s;
};

struct import_send {
	const char *socket; /* where the daemon is asked */
	char series[HISTORY_LIST_SERIES_SIZE];
	uint64_t taken;     /* samples that were given to it, those of one second as well */
	struct import_tally kept;
	/* OPTIONS_GO_ON while all is well; else nothing more is sent, and this is to be said: */
	int status;
	char sentence[ASK_SENTENCE_SIZE];
	/* Its own. */
	struct history_chunk chunk;
	uint64_t start_s;
	json_t *chunks; /* of the next request */
	size_t packed;
	struct import_tally waiting; /* those in it */
};

void import_send_begin(struct import_send *send, const char *socket, const char *series);
void import_send_sample(struct import_send *send, uint64_t at_s, const uint32_t values[HISTORY_COLUMNS]);
/* Sends the rest. */
void import_send_end(struct import_send *send);

/* Waits until the disk has what was sent: until then nobody who asks sees it. */
void import_send_settle(struct import_send *send);

/* Takes the series out of the history again; *ret_minutes is how many there were. */
void import_send_remove(struct import_send *send, uint64_t *ret_minutes);

#endif

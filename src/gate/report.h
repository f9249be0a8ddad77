/* SPDX-License-Identifier: Apache-2.0 */
/* report - what became of a client at the gate, for the judge and for the other gate workers. */
#ifndef WAVEBREAK_GATE_REPORT_H
#define WAVEBREAK_GATE_REPORT_H

#include "gate/session.h"

enum gate_report_kind {
	GATE_REPORT_REFUSED = 1, /* a client had its first 5xx; once a session */
	GATE_REPORT_ABUSE,       /* one went without a 5xx, and had been observed at something */
	GATE_REPORT_PASSED,      /* a stranger was let in */
};

struct gate_report {
	uint8_t kind;
	bool is_listed; /* a list that is no list of good ones names it */
	uint16_t client_port;
	struct addr client;
	int32_t score;
	uint32_t observed; /* bits by enum observation */
	uint32_t listed;   /* bits by the zone's number */
	char talk[SESSION_TALK_SIZE]; /* REFUSED: what was said; printable ASCII, ends with NUL */
};

#endif

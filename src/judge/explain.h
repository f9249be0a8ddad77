/* SPDX-License-Identifier: Apache-2.0 */
/* explain - why a client is banned, or why not, in facts and in words.
 *
 * explain_make gathers the facts into a struct whose fields others may show in their own form
 * (JSON); explain_text says them to a person. Pure; nothing is allocated.
 */
#ifndef WAVEBREAK_JUDGE_EXPLAIN_H
#define WAVEBREAK_JUDGE_EXPLAIN_H

#include "judge/bans.h"
#include "judge/judge.h"
#include "judge/relief.h"
#include "judge/suspects.h"

struct explanation {
	struct addr asked;
	struct addr unit;
	uint64_t now_ms; /* wall time, as all times here */

	bool banned;
	struct ban ban;
	uint64_t for_ms; /* ban.for */

	bool known; /* has a score */
	struct judge_client client;

	bool is_protected;
	struct prefix_entry protection;

	/* The caller's to fill in. */
	const char *talk;         /* its last dialogue with the gate, or NULL */
	const struct relief_record *relief; /* how its connection was ended near the limit, or NULL */
	bool suspected;
	struct suspect suspect;   /* where it is one */
	bool over_limit;          /* one by limits.per_address: last at that time, and until then */
	uint64_t over_limit_ms, over_limit_until_ms;
	const struct prefix_entry *network; /* that is suspect as a whole and holds it, or NULL */
	uint64_t let_in_until_ms; /* the gate found it clean, and lets it in at once until then; 0: it does not */
};

/* False when nothing at all is known of the client: `explain` then exits with 1. */
bool explain_make(struct judge *judge, const struct bans *bans, const struct prefix_set *never,
		  const struct addr *asked, uint64_t now_ms, struct explanation *ret);

/* How a signature is called, by its number: "dnsbl-reject" of "courier-smtp". The names have to
 * live as long as the call. False for one that is not loaded any more. */
struct explain_signature {
	const char *service;
	const char *name;
};
typedef bool explain_signature_fn(const void *data, uint32_t signature,
				  struct explain_signature *ret);

/* Lines for a terminal, each ended by a newline, foreign text escaped. What does not fit is left
 * out; EXPLAIN_TEXT_SIZE is always enough. Returns the length without the NUL. */
#define EXPLAIN_TEXT_SIZE 4096
/* A longer dialogue is cut. */
#define EXPLAIN_TALK_MOST 512
size_t explain_text(const struct explanation *explanation, explain_signature_fn *signature,
		    const void *signature_data, char *text, size_t text_size);

#endif

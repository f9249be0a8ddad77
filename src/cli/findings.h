/* SPDX-License-Identifier: Apache-2.0 */
/* findings - what `wavebreak check` found: a subject, what there is to say of it, and what to do
 * about what does not work.
 *
 * The exit status of all is that of the worst. Everything that is added is escaped, but for what says that it is
 * already: file names and what other programs wrote may hold any byte.
 */
#ifndef WAVEBREAK_CLI_FINDINGS_H
#define WAVEBREAK_CLI_FINDINGS_H

#include <jansson.h>
#include <stdio.h>

/* From the best to the worst. */
enum finding {
	FINDING_WORKS,
	FINDING_WARNS,  /* works, and perhaps not as it was meant */
	FINDING_LACKS,  /* does not work, and the guard is of use without it */
	FINDING_NO,     /* nothing is guarded without it: exit status 1 */
	FINDING_UNABLE, /* not permitted, or the kernel lacks it: exit status 3 */
	FINDING_WRONG,  /* a mistake in the configuration or in a signature: exit status 2 */
};

#define FINDING_TEXT_SIZE 1024

struct findings;

/* NULL without memory; later lack of memory leaves findings out. */
struct findings *findings_create(void);
void findings_destroy(struct findings *findings);

/* `subject` is a literal of at most 13 bytes. Longer texts are cut. */
void findings_add(struct findings *findings, enum finding finding, const char *subject,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What to do about the finding that was added last; any number of times. */
void findings_advise(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same of words that are escaped: a second time would show the first one's backslashes. What is no printable
 * ASCII all the same becomes '?'. */
void findings_advise_escaped(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What findings_add says more of the one that was added last, after what is there. */
void findings_append(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

int findings_status(const struct findings *findings);

/* Lines for a person, with a last one that sums up. */
void findings_print(const struct findings *findings, FILE *out);

/* {"status": N, "findings": [{"subject", "works", "text", "advice": […]}, …]}; the caller's. One
 * that warns has "warns": true besides. */
json_t *findings_to_json(const struct findings *findings);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* prometheus - numbers in Prometheus' text format, version 0.0.4.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/ is the format, and
 * https://prometheus.io/docs/practices/naming/ says how things are called: wavebreak_NAME, what only grows ends in
 * _total, base units. Each name has its HELP and TYPE once, before its first value.
 *
 * Label values are foreign text. The format is UTF-8 as a whole, and one byte that is not makes a reader throw all
 * of it away: so printable ASCII stays as it is, with backslash, quote and newline escaped as the format says, and
 * every other byte becomes the four characters \xHH.
 *
 * Pure but for memory. A page that would be longer than PROMETHEUS_MOST has failed, and so has one without memory.
 */
#ifndef WAVEBREAK_OBSERVE_PROMETHEUS_H
#define WAVEBREAK_OBSERVE_PROMETHEUS_H

#include "base/bytes.h"
#include "observe/measures.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PROMETHEUS_MOST ((size_t)4 * 1024 * 1024)

struct prometheus;

/* Returns 0 or -ENOMEM. */
int prometheus_create(struct prometheus **ret);

/* All of defs/counters.def that are known, as they are now. */
void prometheus_counters(struct prometheus *page);
/* A measure_fn, with the page as its data. */
void prometheus_measure(void *page, enum measure measure, const char *value_of_label, const char *value_of_label2,
			double value);

/* Ends the page: its text is the caller's to free. Returns 0, -ENOMEM or -EMSGSIZE, and then there is no text. */
int prometheus_finish(struct prometheus *page, char **ret_text, size_t *ret_size);

/* The name of a counter or measure there. Returns `name`. */
#define PROMETHEUS_NAME_SIZE 80
const char *prometheus_name(const char *name, bool is_counter, char text[PROMETHEUS_NAME_SIZE]);

#endif

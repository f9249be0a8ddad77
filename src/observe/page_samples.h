/* SPDX-License-Identifier: Apache-2.0 */
/* page_samples - the last seconds, as the page draws them: PAGE_SAMPLES_KEPT of them, the oldest of which makes room for
 * the next.
 *
 * A page that is opened is told all of them at once, a column for each of what was sampled, as short as can be: what
 * only grows, such as the time, as by how much each has more than the one before. What is not known is null. However
 * wide the numbers are, all of it is at most PAGE_SAMPLES_TEXT_MOST bytes.
 *
 * Pure, but for the memory of what it returns.
 */
#ifndef WAVEBREAK_OBSERVE_PAGE_SAMPLES_H
#define WAVEBREAK_OBSERVE_PAGE_SAMPLES_H

#include <jansson.h>

#define PAGE_SAMPLES_KEPT 600
#define PAGE_SAMPLES_TEXT_MOST 42000

enum page_column {
	PAGE_TIME,     /* seconds since 1970 */
	PAGE_SERVED,
	PAGE_WAITING,
	PAGE_GATE,     /* sessions at the gate */
	PAGE_ARRIVALS, /* these three since the start of the guard */
	PAGE_BANS,
	PAGE_ENDED,
	PAGE_COLUMNS
};

#define PAGE_UNKNOWN (-1)

struct page_sample {
	int64_t of[PAGE_COLUMNS]; /* or PAGE_UNKNOWN */
};

/* Zeroed, it is empty. */
struct page_samples {
	struct page_sample kept[PAGE_SAMPLES_KEPT];
	size_t next, count;
};

void page_samples_add(struct page_samples *samples, const struct page_sample *sample);
/* NULL while there is none. */
const struct page_sample *page_samples_last(const struct page_samples *samples);

/* {"time": 1785000000, "served": 7, ...}: a second as it is, for those who have those before. */
json_t *page_sample_to_json(const struct page_sample *sample);
/* {"time": [1785000000, 1, 1, ...], "served": [7, 7, 9, ...], "gate": null, ...}: null for a column of which nothing is
 * known. */
json_t *page_samples_to_json(const struct page_samples *samples);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* measures - the rows of defs/measures.def, and how their values travel.
 *
 * Who measures hands each value to a measure_fn, all values of one measure in a row and the measures in the order
 * of the table; who shows them (prometheus.h, the JSON of `wavebreak status`) is one. Label values may be any
 * text: whoever writes them escapes them.
 */
#ifndef WAVEBREAK_OBSERVE_MEASURES_H
#define WAVEBREAK_OBSERVE_MEASURES_H

#include <stdbool.h>

enum measure {
#define MEASURE(name, kind, label, label2, help) MEASURE_##name,
#include "defs/measures.def"
#undef MEASURE
	MEASURE_COUNT
};

#define MEASURE_LABELS_MOST 2

const char *measure_name(enum measure measure);
const char *measure_help(enum measure measure);
bool measure_is_counter(enum measure measure);
/* The name of the label, "" where there is none. */
const char *measure_label(enum measure measure, unsigned number);
unsigned measure_label_count(enum measure measure);

/* One label value for each label of the measure; NULL for those that it has not. */
typedef void measure_fn(void *data, enum measure measure, const char *value_of_label, const char *value_of_label2,
			double value);

#endif

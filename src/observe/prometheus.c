/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/prometheus.h"

#include "base/counter.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM 16384
/* Beyond it a double does not hold every whole number. */
#define WHOLE_MOST 9007199254740992.0
#define NUMBER_SIZE 32

struct prometheus {
	char *text;
	size_t size, room;
	int error;
	int last; /* the measure whose head was written last, or -1 */
};

int prometheus_create(struct prometheus **ret)
{
	struct prometheus *page = calloc(1, sizeof(*page));

	*ret = page;
	if (!page)
		return -ENOMEM;
	page->last = -1;
	return 0;
}

static bool make_room(struct prometheus *page, size_t more)
{
	size_t room = page->room ? page->room : FIRST_ROOM;
	char *longer;

	if (page->error == 0 && page->size + more > PROMETHEUS_MOST)
		page->error = -EMSGSIZE;
	if (page->error)
		return false;
	if (page->size + more <= page->room)
		return true;
	while (room < page->size + more)
		room *= 2;
	longer = realloc(page->text, room);
	if (!longer) {
		page->error = -ENOMEM;
		return false;
	}
	page->text = longer;
	page->room = room;
	return true;
}

static void put(struct prometheus *page, struct bytes text)
{
	if (!make_room(page, text.size))
		return;
	memcpy(page->text + page->size, text.data, text.size);
	page->size += text.size;
}

static void put_text(struct prometheus *page, const char *text)
{
	put(page, bytes_of(text));
}

/* A quote is only special within a label value, and an escape of it in a help text would be wrong. */
static void put_escaped(struct prometheus *page, const char *text, bool label)
{
	char escape[] = "\\\\xHH";

	for (; *text; text++) {
		if (*text == '\n')
			put_text(page, "\\n");
		else if (*text == '\\' || (label && *text == '"'))
			put(page, (struct bytes){ (const char[]){ '\\', *text }, 2 });
		else if (*text >= ' ' && *text <= '~')
			put(page, bytes_make(text, 1));
		else {
			snprintf(escape, sizeof(escape), "\\\\x%02x", (uint8_t)*text);
			put_text(page, escape);
		}
	}
}

/* The shortest that is read back as the same. */
static const char *format(double value, char text[NUMBER_SIZE])
{
	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value > 0 ? "+Inf" : "-Inf";
	if (value == floor(value) && fabs(value) <= WHOLE_MOST) {
		snprintf(text, NUMBER_SIZE, "%.0f", value);
		return text;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return text;
}

const char *prometheus_name(const char *name, bool is_counter, char text[PROMETHEUS_NAME_SIZE])
{
	snprintf(text, PROMETHEUS_NAME_SIZE, "wavebreak_%s%s", name, is_counter ? "_total" : "");
	return text;
}

static void put_head(struct prometheus *page, const char *name, const char *help, bool is_counter)
{
	put_text(page, "# HELP ");
	put_text(page, name);
	put_text(page, " ");
	put_escaped(page, help, false);
	put_text(page, "\n# TYPE ");
	put_text(page, name);
	put_text(page, is_counter ? " counter\n" : " gauge\n");
}

void prometheus_counters(struct prometheus *page)
{
	char name[PROMETHEUS_NAME_SIZE], number[NUMBER_SIZE];

	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (!counter_is_known((enum counter)i))
			continue;
		prometheus_name(counter_name((enum counter)i), true, name);
		put_head(page, name, counter_help((enum counter)i), true);
		snprintf(number, sizeof(number), " %" PRIu64 "\n", counter_read((enum counter)i));
		put_text(page, name);
		put_text(page, number);
	}
}

static void put_labels(struct prometheus *page, enum measure measure, const char *const values[MEASURE_LABELS_MOST])
{
	unsigned count = measure_label_count(measure);

	for (unsigned i = 0; i < count; i++) {
		put_text(page, i ? "," : "{");
		put_text(page, measure_label(measure, i));
		put_text(page, "=\"");
		put_escaped(page, values[i] ? values[i] : "", true);
		put_text(page, "\"");
	}
	if (count)
		put_text(page, "}");
}

void prometheus_measure(void *data, enum measure measure, const char *value_of_label, const char *value_of_label2,
			double value)
{
	const char *const values[MEASURE_LABELS_MOST] = { value_of_label, value_of_label2 };
	char name[PROMETHEUS_NAME_SIZE], number[NUMBER_SIZE];
	struct prometheus *page = data;

	prometheus_name(measure_name(measure), measure_is_counter(measure), name);
	if (page->last != (int)measure)
		put_head(page, name, measure_help(measure), measure_is_counter(measure));
	page->last = (int)measure;
	put_text(page, name);
	put_labels(page, measure, values);
	put_text(page, " ");
	put_text(page, format(value, number));
	put_text(page, "\n");
}

int prometheus_finish(struct prometheus *page, char **ret_text, size_t *ret_size)
{
	int r = page->error;

	*ret_text = r < 0 ? NULL : page->text;
	*ret_size = page->size;
	if (r < 0)
		free(page->text);
	free(page);
	return r;
}

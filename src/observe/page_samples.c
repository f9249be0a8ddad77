/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/page_samples.h"

#include <stdbool.h>

static const struct {
	const char *name;
	bool grows;
} columns[] = {
	[PAGE_TIME] = { "time", true },		[PAGE_SERVED] = { "served", false },
	[PAGE_WAITING] = { "waiting", false },	[PAGE_GATE] = { "gate", false },
	[PAGE_ARRIVALS] = { "arrivals", true }, [PAGE_BANS] = { "bans", true },
	[PAGE_ENDED] = { "ended", true },
};

void page_samples_add(struct page_samples *samples, const struct page_sample *sample)
{
	samples->kept[samples->next] = *sample;
	samples->next = (samples->next + 1) % PAGE_SAMPLES_KEPT;
	if (samples->count < PAGE_SAMPLES_KEPT)
		samples->count++;
}

static const struct page_sample *sample_at(const struct page_samples *samples, size_t number)
{
	return &samples->kept[(samples->next + PAGE_SAMPLES_KEPT - samples->count + number) % PAGE_SAMPLES_KEPT];
}

const struct page_sample *page_samples_last(const struct page_samples *samples)
{
	return samples->count ? sample_at(samples, samples->count - 1) : NULL;
}

static json_t *number_or_null(int64_t number)
{
	return number == PAGE_UNKNOWN ? json_null() : json_integer(number);
}

json_t *page_sample_to_json(const struct page_sample *sample)
{
	json_t *o = json_object();

	for (int i = 0; i < PAGE_COLUMNS; i++)
		json_object_set_new(o, columns[i].name, number_or_null(sample->of[i]));
	return o;
}

static bool is_known(const struct page_samples *samples, enum page_column column)
{
	for (size_t i = 0; i < samples->count; i++) {
		if (samples->kept[i].of[column] != PAGE_UNKNOWN)
			return true;
	}
	return false;
}

static json_t *column_to_json(const struct page_samples *samples, enum page_column column)
{
	json_t *list = json_array();
	int64_t before = 0;

	for (size_t i = 0; i < samples->count; i++) {
		int64_t number = sample_at(samples, i)->of[column];
		bool shorter = columns[column].grows && number != PAGE_UNKNOWN;

		json_array_append_new(list, shorter ? json_integer(number - before) : number_or_null(number));
		before = shorter ? number : before;
	}
	return list;
}

json_t *page_samples_to_json(const struct page_samples *samples)
{
	json_t *o = json_object();

	for (enum page_column i = 0; i < PAGE_COLUMNS; i++)
		json_object_set_new(o, columns[i].name, is_known(samples, i) ? column_to_json(samples, i) : json_null());
	return o;
}

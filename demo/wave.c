/* SPDX-License-Identifier: Apache-2.0 */
#include "wave.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEAN_STAY_SECONDS 44.0
#define SMOOTHED_OVER 2 /* counts on each side */

struct count {
	double at; /* seconds since 1970, later the share of the wave, 0 to 1 */
	double open;
	double rate; /* 1 at its highest */
	double arrived; /* the integral of rate up to here */
};

struct wave {
	size_t length;
	struct count counts[WAVE_COUNTS_AT_MOST];
};

/* "2009-07-27T19:12:17+02:00,4" */
static int parse_line(const char *line, struct count *ret)
{
	int hours, minutes, open, used = 0;
	struct tm tm = { 0 };
	char sign;

	if (sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d%c%2d:%2d,%8d %n", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &sign, &hours, &minutes, &open,
		   &used) != 10 ||
	    line[used] != '\0' || open < 0 || (sign != '+' && sign != '-'))
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	ret->at = (double)timegm(&tm) - (sign == '+' ? 60 : -60) * (hours * 60.0 + minutes);
	ret->open = open;
	return 0;
}

static int read_counts(FILE *in, struct wave *wave, size_t *ret_line)
{
	char line[128];

	for (*ret_line = 1; fgets(line, sizeof(line), in); ++*ret_line) {
		struct count count;

		if (*ret_line == 1 && !isdigit((unsigned char)line[0]))
			continue;
		if (parse_line(line, &count) < 0)
			return -EINVAL;
		if (wave->length && count.at <= wave->counts[wave->length - 1].at)
			return -EINVAL;
		if (wave->length == WAVE_COUNTS_AT_MOST)
			return -E2BIG;
		wave->counts[wave->length++] = count;
	}
	if (ferror(in))
		return -EIO;
	return wave->length < 3 ? -ENODATA : 0;
}

static double smoothed_open(const struct wave *wave, size_t i)
{
	size_t first = i > SMOOTHED_OVER ? i - SMOOTHED_OVER : 0;
	size_t last = i + SMOOTHED_OVER < wave->length ? i + SMOOTHED_OVER : wave->length - 1;
	double sum = 0;

	for (size_t j = first; j <= last; j++)
		sum += wave->counts[j].open;
	return sum / (double)(last - first + 1);
}

static double derived_rate(const struct wave *wave, size_t i)
{
	size_t before = i ? i - 1 : 0;
	size_t after = i + 1 < wave->length ? i + 1 : i;
	double growth = (smoothed_open(wave, after) - smoothed_open(wave, before)) /
			(wave->counts[after].at - wave->counts[before].at);
	double rate = growth + smoothed_open(wave, i) / MEAN_STAY_SECONDS;

	return rate > 0 ? rate : 0;
}

static int derive_shape(struct wave *wave)
{
	double start = wave->counts[0].at, length = wave->counts[wave->length - 1].at - start;
	double highest = 0;

	for (size_t i = 0; i < wave->length; i++) {
		wave->counts[i].rate = derived_rate(wave, i);
		if (wave->counts[i].rate > highest)
			highest = wave->counts[i].rate;
	}
	if (!(highest > 0))
		return -ENODATA;
	for (size_t i = 0; i < wave->length; i++) {
		struct count *count = &wave->counts[i];

		count->at = (count->at - start) / length;
		count->rate /= highest;
		if (i == 0)
			continue;
		count->arrived = count[-1].arrived;
		count->arrived += (count->at - count[-1].at) * (count->rate + count[-1].rate) / 2;
	}
	return 0;
}

int wave_read(FILE *in, struct wave **ret, size_t *ret_line)
{
	struct wave *wave = calloc(1, sizeof(*wave));
	int r;

	*ret_line = 0;
	if (!wave)
		return -ENOMEM;
	r = read_counts(in, wave, ret_line);
	if (r == 0)
		r = derive_shape(wave);
	if (r < 0) {
		free(wave);
		return r;
	}
	*ret = wave;
	return 0;
}

void wave_destroy(struct wave *wave)
{
	free(wave);
}

double wave_arrived(const struct wave *wave, double share)
{
	const struct count *last = &wave->counts[wave->length - 1], *next = wave->counts + 1;
	double into, rate;

	if (!(share > 0))
		return 0;
	if (share >= 1)
		return last->arrived;
	while (next < last && next->at < share)
		next++;
	into = share - next[-1].at;
	rate = next[-1].rate + (next->rate - next[-1].rate) * into / (next->at - next[-1].at);
	return next[-1].arrived + into * (next[-1].rate + rate) / 2;
}

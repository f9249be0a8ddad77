/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <stdio.h>

#define MINUTE_S 60ULL
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)
/* What duration_format takes without overflow; more is no span that anybody means. */
#define SPAN_MOST_S (UINT64_MAX / 1000)

const char *span_format(uint64_t seconds, char text[DURATION_TEXT_SIZE])
{
	uint64_t unit = seconds < HOUR_S ? 1 : seconds < DAY_S ? MINUTE_S : HOUR_S;

	if (seconds > SPAN_MOST_S)
		seconds = SPAN_MOST_S;
	return duration_format((seconds - seconds % unit) * 1000, text);
}

const char *distance_format(uint64_t at_s, uint64_t now_s, char text[DISTANCE_TEXT_SIZE])
{
	char span[DURATION_TEXT_SIZE];

	if (at_s == now_s)
		return strcpy(text, "now");
	if (at_s < now_s)
		snprintf(text, DISTANCE_TEXT_SIZE, "%s ago", span_format(now_s - at_s, span));
	else
		snprintf(text, DISTANCE_TEXT_SIZE, "in %s", span_format(at_s - now_s, span));
	return text;
}

const char *when_format(uint64_t at_s, uint64_t now_s, char text[WHEN_TEXT_SIZE])
{
	char wall[WALL_TEXT_SIZE], distance[DISTANCE_TEXT_SIZE];

	snprintf(text, WHEN_TEXT_SIZE, "%s (%s)", wall_format(at_s, wall),
		 distance_format(at_s, now_s, distance));
	return text;
}

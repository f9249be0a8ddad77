/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/axis.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define MINUTE 60.0
#define HOUR 3600.0
#define DAY 86400.0

static const double time_steps[] = {
	1, 2, 5, 10, 15, 20, 30,
	MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
	HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
	DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY,
};

double axis_count_step(double extent, unsigned int marks)
{
	double rough = extent / (marks ? marks : 1);
	double power;

	if (!(rough > 1))
		return 1;
	power = pow(10, floor(log10(rough)));
	if (rough <= power)
		return power;
	if (rough <= 2 * power)
		return 2 * power;
	if (rough <= 5 * power)
		return 5 * power;
	return 10 * power;
}

double axis_time_step(double seconds, unsigned int marks)
{
	double rough = seconds / (marks ? marks : 1);

	for (size_t i = 0; i < sizeof(time_steps) / sizeof(time_steps[0]); i++) {
		if (rough <= time_steps[i])
			return time_steps[i];
	}
	return DAY * axis_count_step(seconds / DAY, marks);
}

double axis_count_top(double largest)
{
	if (!(largest > 0) || !isfinite(largest))
		return 1;
	return largest * 1.08;
}

void time_axis_fit(struct time_axis *axis, double seconds, int64_t wall_start, unsigned int marks)
{
	*axis = (struct time_axis){
		.seconds = seconds,
		.step = axis_time_step(seconds, marks),
		.wall_start = wall_start,
	};
	if (wall_start) {
		double past_mark = fmod((double)wall_start, axis->step);

		axis->first = past_mark > 0 ? axis->step - past_mark : 0;
	}
}

static bool is_midnight(int64_t wall)
{
	return wall % (int64_t)DAY == 0;
}

static int clock_label(int64_t wall, double step, char label[AXIS_LABEL_SIZE])
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return snprintf(label, AXIS_LABEL_SIZE, "?");
	if (step >= DAY || is_midnight(wall))
		return snprintf(label, AXIS_LABEL_SIZE, "%02d-%02d", tm.tm_mon + 1, tm.tm_mday);
	if (step >= MINUTE)
		return snprintf(label, AXIS_LABEL_SIZE, "%02d:%02d", tm.tm_hour, tm.tm_min);
	return snprintf(label, AXIS_LABEL_SIZE, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* One unit for the whole axis, the largest in which every step is whole; below five
 * minutes people compare seconds ("greeted within 10 s"), so those stay. */
static int elapsed_label(const struct time_axis *axis, double second, char label[AXIS_LABEL_SIZE])
{
	if (axis->step >= DAY)
		return snprintf(label, AXIS_LABEL_SIZE, "%.0f d", second / DAY);
	if (axis->step >= HOUR)
		return snprintf(label, AXIS_LABEL_SIZE, "%.0f h", second / HOUR);
	if (axis->step >= MINUTE && axis->seconds > 5 * MINUTE)
		return snprintf(label, AXIS_LABEL_SIZE, "%.0f min", second / MINUTE);
	return snprintf(label, AXIS_LABEL_SIZE, "%.0f s", second);
}

static size_t written(int length)
{
	if (length < 0)
		return 0;
	return length < AXIS_LABEL_SIZE ? (size_t)length : AXIS_LABEL_SIZE - 1;
}

bool time_axis_begins_day(const struct time_axis *axis, double second)
{
	return axis->wall_start && axis->step < DAY && is_midnight(axis->wall_start + (int64_t)llround(second));
}

size_t time_axis_label(const struct time_axis *axis, double second, char label[AXIS_LABEL_SIZE])
{
	if (axis->wall_start)
		return written(clock_label(axis->wall_start + (int64_t)llround(second), axis->step,
					   label));
	return written(elapsed_label(axis, second, label));
}

size_t count_axis_label(double count, char label[AXIS_LABEL_SIZE])
{
	if (fabs(count) >= 1e7)
		return written(snprintf(label, AXIS_LABEL_SIZE, "%.0fM", count / 1e6));
	return written(snprintf(label, AXIS_LABEL_SIZE, "%.0f", count));
}

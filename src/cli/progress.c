/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/when.h"

#include <stdio.h>
#include <unistd.h>

#define DRAW_EVERY_US 100000
#define BAR_CELLS 24

void progress_begin(struct progress *progress, uint64_t whole)
{
	*progress = (struct progress){ .shown = isatty(STDERR_FILENO), .whole = whole, .begun_us = clock_us() };
	progress->drawn_us = progress->begun_us;
}

static void draw_bar(const struct progress *progress, uint64_t done, uint64_t elapsed_us)
{
	double part = (double)done / (double)progress->whole;
	char left[DURATION_TEXT_SIZE];
	double left_s;
	int cells;

	part = part < 1 ? part : 1; /* a file may grow while it is read */
	left_s = part > 0 ? (double)elapsed_us / 1e6 * (1 - part) / part : 0;
	cells = (int)(part * BAR_CELLS);
	fputs("[", stderr);
	for (int i = 0; i < BAR_CELLS; i++)
		fputs(i < cells ? "#" : " ", stderr);
	fprintf(stderr, "] %3d %%  %s left  ", (int)(part * 100), span_format((uint64_t)left_s, left));
}

void progress_show(struct progress *progress, uint64_t done, uint64_t lines)
{
	uint64_t now_us, elapsed_us;
	char count[COUNT_TEXT_SIZE];

	if (!progress->shown)
		return;
	now_us = clock_us();
	if (now_us - progress->drawn_us < DRAW_EVERY_US)
		return;
	progress->drawn_us = now_us;
	elapsed_us = now_us - progress->begun_us;
	fputs("\r", stderr);
	if (progress->whole)
		draw_bar(progress, done, elapsed_us);
	fprintf(stderr, "%s lines, %.1f million a second\033[K", count_format(lines, count),
		(double)lines / (double)elapsed_us);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown && progress->drawn_us != progress->begun_us)
		fputs("\r\033[K", stderr);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* wave - how many zombies have arrived by when, from a recorded wave.
 *
 * What was written down in 2009 is the number of open connections every 5 s, not the
 * arrivals. With N open connections that each last H seconds on average
 *
 *	arrivals per second = dN/dt + N / H
 *
 * H = 44 s, 5.5 arrivals a second from the 32nd second on, fits the wave of 27 July 2009
 * best (least squares over its first five minutes, 13 connections rms). N is averaged over
 * five counts first, because the difference of two counts is mostly noise. The result is used as a
 * shape only: scaled to any length, and so that its highest rate is 1.
 */
#ifndef WAVEBREAK_DEMO_WAVE_H
#define WAVEBREAK_DEMO_WAVE_H

#include <stddef.h>
#include <stdio.h>

struct wave;

#define WAVE_COUNTS_AT_MOST 10000

/* Reads `time,count` lines; a first line that is not a count is taken for the heading. On
 * -EINVAL (not such a line, time not ascending), -E2BIG and -ENODATA (fewer than three
 * counts), `*ret_line` is the number of the line. Also -ENOMEM, -EIO. */
int wave_read(FILE *in, struct wave **ret, size_t *ret_line);
void wave_destroy(struct wave *wave);

/* The integral of the rate from the beginning to `share` (0 to 1) of the wave. With a
 * length of S seconds and a highest rate of R a second, R * S * wave_arrived(wave, t / S)
 * zombies have arrived t seconds after the beginning. */
double wave_arrived(const struct wave *wave, double share);

#endif

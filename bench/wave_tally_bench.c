/* SPDX-License-Identifier: Apache-2.0 */
/* wave_tally_bench - what the tally of a wave's sources costs: build/bench/wave_tally_bench [COUNTRIES.mmdb]
 *
 * Ten minutes of a wave are played: so many clients come each second, each of them new and told 5xx, and a sum is made
 * each minute in slices of a second, as the watch worker does (daemon/worker_wave_records.c). With a database each
 * client is looked up in it. The longest slice is what the worker is held up by at most.
 */
#include "observe/wave_tally.h"
#include "sense/place_file.h"

#include <stdio.h>
#include <time.h>

#define SECONDS 600
#define BUDGET 2048

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void place(void *file, const struct addr *client, struct wave_place *ret)
{
	char name[WAVE_NAME_SIZE];

	(void)place_file_country(file, client, ret->country, name, sizeof(name));
}

static struct addr client(uint32_t number)
{
	/* Spread over all of IPv4. */
	uint32_t mixed = number * 2654435761U;
	const uint8_t octets[4] = { (uint8_t)(mixed >> 24), (uint8_t)(mixed >> 16), (uint8_t)(mixed >> 8), (uint8_t)mixed };

	return addr_from_ipv4(octets);
}

static int run(uint32_t a_second, struct place_file *file)
{
	static struct wave_sources sources;
	double events_us = 0, slices_us = 0, longest_us = 0;
	struct wave_tally *tally;
	size_t most = 0;

	if (wave_tally_create(&tally) < 0)
		return 1;
	for (uint32_t second = 1; second <= SECONDS; second++) {
		double begin_us = cpu_us(), slice_us;

		for (uint32_t i = 0; i < a_second; i++) {
			struct addr addr = client(second * a_second + i);

			wave_tally_add(tally, &addr, WAVE_TALLY_CONNECTION, second);
			wave_tally_add(tally, &addr, WAVE_TALLY_TOLD, second);
		}
		events_us += cpu_us() - begin_us;
		if (second % 60 == 0 && !wave_tally_is_summing(tally) && wave_tally_sum(tally, 0, SECONDS) < 0)
			return 1;
		begin_us = cpu_us();
		(void)wave_tally_go_on(tally, BUDGET, file ? place : NULL, file, &sources);
		slice_us = cpu_us() - begin_us;
		slices_us += slice_us;
		longest_us = slice_us > longest_us ? slice_us : longest_us;
		most = wave_tally_memory(tally) > most ? wave_tally_memory(tally) : most;
	}
	printf("%5u a second: %5.1f µs a second for events (%.0f ns each), %5.1f µs for sums, at most %.0f µs; %.1f MB, "
	       "%zu clients, %u summed\n", a_second, events_us / SECONDS, events_us * 1000 / SECONDS / a_second / 2,
	       slices_us / SECONDS, longest_us, (double)most / 1e6, wave_tally_count(tally), sources.clients);
	wave_tally_destroy(tally);
	return 0;
}

int main(int argc, char **argv)
{
	char why[PLACE_WHY_SIZE] = "it cannot be read";
	struct place_file *file = NULL;
	int fd;

	if (argc > 1 && (place_file_copy(argv[1], &fd) < 0 || place_file_open(fd, &file, why) < 0)) {
		fprintf(stderr, "%s: %s\n", argv[1], why);
		return 1;
	}
	return run(20, file) || run(2000, file);
}

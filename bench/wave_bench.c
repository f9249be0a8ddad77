/* SPDX-License-Identifier: Apache-2.0 */
/* wave_bench - what looking for waves costs each second beside the sample of the connections that it goes by
 * (connections_bench): build/bench/wave_bench
 *
 * So many connections are open all the time, of which one in ten is a new one each second, of a client that was
 * never seen before: the dearest case. Ten minutes of it are played; so the table of clients is full.
 */
#include "judge/newcomers.h"
#include "judge/wave.h"

#include <stdio.h>
#include <time.h>

#define SECONDS 600

static uint64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void look(struct newcomers *n, struct wave *wave, uint64_t second, uint32_t open)
{
	uint64_t first = second * (open / 10);
	struct newcomers_count count;
	struct wave_sample sample;

	newcomers_begin(n, second * 1000);
	for (uint64_t cookie = first; cookie < first + open; cookie++) {
		const uint8_t octets[4] = { (uint8_t)(cookie >> 24), (uint8_t)(cookie >> 16), (uint8_t)(cookie >> 8),
					    (uint8_t)cookie };
		struct addr client = addr_from_ipv4(octets);

		newcomers_see(n, cookie, &client);
	}
	newcomers_end(n, &count);
	sample = (struct wave_sample){ .now_ms = second * 1000, .wall_ms = second * 1000, .open = open,
				       .arrivals = count.connections, .connections = count.connections,
				       .first_seen = count.first_seen };
	(void)wave_take(wave, &sample);
}

static int run(uint32_t open)
{
	const struct wave_limits limits = { 5, 4, 120000, 80, 45 };
	struct newcomers *n;
	struct wave wave;
	uint64_t begin_us;

	if (newcomers_create(&n) < 0)
		return 1;
	wave_begin(&wave, &limits);
	begin_us = cpu_us();
	for (uint64_t second = 1; second <= SECONDS; second++)
		look(n, &wave, second, open);
	printf("%5u open: %6.1f µs a second, %.1f MB, %zu clients remembered\n", open,
	       (double)(cpu_us() - begin_us) / SECONDS, (double)newcomers_memory(n) / 1e6, newcomers_clients(n));
	newcomers_destroy(n);
	return 0;
}

int main(void)
{
	return run(300) || run(10000);
}

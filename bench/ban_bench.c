/* SPDX-License-Identifier: Apache-2.0 */
/* ban_bench - what bans cost in the kernel: unshare -n build/bench/ban_bench
 *
 * Needs root, and a network namespace of its own so that no real traffic meets the bans. CPU time
 * is this process's, which is nearly all of it: the kernel works inside the send. Removing
 * elements that were replaced is done by kernel threads later and is not in it.
 */
#include "act/ban.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define BURST 10000
#define RESTORED 1000000
#define SINGLES 20000
#define BAN_FOR_MS 600000

struct stopwatch {
	uint64_t wall_us, cpu_us;
};

static uint64_t cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static struct stopwatch start(void)
{
	return (struct stopwatch){ clock_us(), cpu_us() };
}

static void report(const char *what, size_t count, struct stopwatch begun)
{
	double wall = (double)(clock_us() - begun.wall_us), cpu = (double)(cpu_us() - begun.cpu_us);

	printf("%-44s %9zu  %8.4f s  %8.4f CPU s  %8.2f us each  %10.0f /s\n", what, count,
	       wall / 1e6, cpu / 1e6, wall / (double)count, (double)count * 1e6 / wall);
}

static void must(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "ban_bench: %s: %s\n", what, strerror(-r));
	exit(r == -EPERM ? 3 : 1);
}

/* The nth of many different units; one in eight is IPv6. Multiplying by an odd number goes
 * through all 32-bit values in an order without a pattern. */
static struct addr unit_number(uint32_t n)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint32_t scattered = n * 2654435761U;

	if (n % 8)
		return addr_from_ipv4(&scattered);
	memcpy(octets + 4, &scattered, sizeof(scattered));
	return addr_from_ipv6(octets);
}

static struct ban_change *changes_for(size_t count, uint32_t first, bool replace)
{
	struct ban_change *changes = calloc(count, sizeof(*changes));

	if (!changes)
		must(-ENOMEM, "changes");
	for (size_t i = 0; i < count; i++)
		changes[i] = (struct ban_change){ unit_number(first + (uint32_t)i), BAN_FOR_MS,
						  replace };
	return changes;
}

static struct ban_table *empty_table(void)
{
	const struct ban_table_limits limits = {
		.ban_for_ms = BAN_FOR_MS,
		.alive_ms = 60000,
		.most = RESTORED,
		.ports = { 25 },
		.port_count = 1,
	};
	struct ban_table *ban;

	must(ban_create(&limits, &ban), "no table");
	return ban;
}

static void apply_all(struct ban_table *ban, const char *what, size_t count, uint32_t first, bool replace)
{
	struct ban_change *changes = changes_for(count, first, replace);
	struct stopwatch begun = start();

	must(ban_apply(ban, changes, count), what);
	report(what, count, begun);
	free(changes);
}

static void apply_singly(struct ban_table *ban, const char *what, size_t count, bool replace)
{
	struct ban_change *changes = changes_for(count, RESTORED * 2, replace);
	struct stopwatch begun = start();

	for (size_t i = 0; i < count; i++)
		must(ban_apply(ban, &changes[i], 1), what);
	report(what, count, begun);
	free(changes);
}

static void end_all(struct ban_table *ban, const char *what, size_t count)
{
	struct ban_change *changes = changes_for(count, 0, false);
	struct stopwatch begun;

	for (size_t i = 0; i < count; i++)
		changes[i].timeout_ms = 0;
	begun = start();
	must(ban_apply(ban, changes, count), what);
	report(what, count, begun);
	free(changes);
}

static void query_all(struct ban_table *ban, const char *what, size_t count)
{
	struct addr *units = calloc(count, sizeof(*units));
	uint64_t *remaining_ms = calloc(count, sizeof(*remaining_ms));
	struct stopwatch begun;

	if (!units || !remaining_ms)
		must(-ENOMEM, what);
	for (size_t i = 0; i < count; i++)
		units[i] = unit_number((uint32_t)i);
	begun = start();
	must(ban_query(ban, units, count, remaining_ms), what);
	report(what, count, begun);
	for (size_t i = 0; i < count; i++)
		must(remaining_ms[i] ? 0 : -ENOENT, what);
	free(units);
	free(remaining_ms);
}

static void refresh_alive(struct ban_table *ban, size_t count)
{
	struct stopwatch begun = start();

	for (size_t i = 0; i < count; i++)
		must(ban_alive(ban), "alive");
	report("alive, refreshed", count, begun);
}

int main(void)
{
	struct ban_table *ban = empty_table();

	apply_all(ban, "new offenders in one burst", BURST, 0, false);
	apply_all(ban, "the same, refreshed in one burst", BURST, 0, true);
	query_all(ban, "the same, asked for the time they have left", BURST);
	end_all(ban, "the same, ended in one burst", BURST);
	apply_singly(ban, "one ban at a time, new", SINGLES, false);
	apply_singly(ban, "one ban at a time, perhaps there already", SINGLES, true);
	refresh_alive(ban, 1000);
	ban_destroy(ban);

	ban = empty_table();
	apply_all(ban, "restored at start", BURST, 0, false);
	ban_destroy(ban);

	ban = empty_table();
	apply_all(ban, "restored at start", RESTORED, 0, false);
	apply_all(ban, "10,000 of these refreshed", BURST, 0, true);
	apply_singly(ban, "one ban at a time beside these", SINGLES, false);
	ban_destroy(ban);
	return 0;
}

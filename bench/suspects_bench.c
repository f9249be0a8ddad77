/* SPDX-License-Identifier: Apache-2.0 */
/* suspects_bench - what suspects, and networks of them, cost us without the kernel's share: suspects_bench
 *
 * 200,000 suspects (suspect.limit) are made, kept in a store and read again; a list of 100,000 networks (the most that
 * are taken) is read from a file, sorted, and asked. Both are made in /tmp and removed again.
 */
#include "base/clock.h"
#include "judge/suspects.h"
#include "sense/prefix_file.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SUSPECTS 200000U
#define NETWORKS 100000U
#define FOR_MS 3600000ULL
#define ASKED 1000000U

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "suspects_bench: %s: %s\n", what, strerror(-r));
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct addr number(uint32_t n)
{
	uint32_t scattered = n * 2654435761U;

	return addr_from_ipv4(&scattered);
}

static struct suspects *make(void)
{
	const struct suspect_limits limits = { .for_ms = FOR_MS, .score = 20, .most = SUSPECTS };
	struct suspects *suspects;

	must(suspects_create(&limits, &suspects), "suspects_create");
	return suspects;
}

static void restore(void *data, const struct suspect *kept)
{
	struct suspect_step step;

	must(suspects_restore(data, kept, kept->last_ms, &step), "suspects_restore");
}

static void bench_suspects(const char *folder)
{
	struct suspects *suspects = make(), *again = make();
	struct suspect_step step;
	struct store *store;
	double begin = now_s(), made, kept, read;

	must(store_open(folder, &store), "store_open");
	for (uint32_t n = 0; n < SUSPECTS; n++) {
		struct suspect_offence offence = { .unit = number(n), .outcome = OUTCOME_AUTH_FAILURE, .score = 20 };

		must(suspects_begin(suspects, &offence, clock_wall_ms(), &step), "suspects_begin");
		store_put_suspect(store, &step.suspect);
	}
	made = now_s();
	must(store_flush(store), "store_flush");
	kept = now_s();
	must(store_read_suspects(store, restore, again), "store_read_suspects");
	read = now_s();
	store_close(store);
	printf("%zu suspects: %.2f us to make one and to have it kept, %.1f bytes each\n", suspects_count(suspects),
	       (made - begin) / SUSPECTS * 1e6, (double)suspects_memory(suspects) / SUSPECTS);
	printf("store: all written in %.2f s, %zu read again in %.2f s\n", kept - made, suspects_count(again), read - kept);
	suspects_destroy(suspects);
	suspects_destroy(again);
}

static bool take(void *data, const struct prefix *prefix, unsigned line, char *ret_why)
{
	return prefix_set_append(data, prefix, "suspects_bench", NETWORKS) == 0;
}

static void bench_networks(const char *path)
{
	struct prefix_file file = { .path = path };
	FILE *out = fopen(path, "we");
	struct prefix_set set = { 0 };
	double begin, read, sorted;
	size_t found = 0;
	char text[ADDR_TEXT_SIZE];

	if (!out)
		exit(1);
	for (uint32_t n = 0; n < NETWORKS; n++) {
		struct addr addr = number(n);
		struct prefix prefix = prefix_around(&addr, (uint8_t)(18 + n % 15));

		fprintf(out, "%s/%u ; SBL%u\n", addr_format(&prefix.addr, text), prefix.length, n);
	}
	fclose(out);
	begin = now_s();
	prefix_file_read(&file, take, &set);
	read = now_s();
	prefix_set_sort(&set);
	sorted = now_s();
	for (uint32_t n = 0; n < ASKED; n++) {
		struct addr addr = number(n * 7 + 3);

		found += prefix_set_find(&set, &addr) != NULL;
	}
	printf("%zu networks: read in %.0f ms, sorted in %.0f ms (%zu apart); %.2f us to ask (%zu of %u within)\n", file.taken,
	       (read - begin) * 1e3, (sorted - read) * 1e3, set.count, (now_s() - sorted) / ASKED * 1e6, found, ASKED);
	prefix_set_clear(&set);
}

int main(void)
{
	char folder[] = "/tmp/wavebreak-suspects-bench-XXXXXX", path[128];

	if (!mkdtemp(folder))
		return 1;
	bench_suspects(folder);
	snprintf(path, sizeof(path), "%s/networks", folder);
	bench_networks(path);
	unlink(path);
	snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, folder);
	unlink(path);
	strncat(path, "-lock", sizeof(path) - strlen(path) - 1);
	unlink(path);
	return rmdir(folder) < 0;
}

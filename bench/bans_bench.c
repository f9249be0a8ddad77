/* SPDX-License-Identifier: Apache-2.0 */
/* bans_bench - what bans cost us, without the kernel's share: bans_bench [FOLDER]
 *
 * Each figure is taken in a process of its own, so that memory is that of the bans it names: PSS
 * now, less PSS before the first ban, from /proc/self/smaps_rollup. It includes what of the
 * store's file is mapped. The store is made in FOLDER (/tmp) and removed again.
 */
#include "base/clock.h"
#include "judge/bans.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MILLION 1000000U
#define SLICE 64
#define FOR_MS 600000ULL

static const struct ban_limits limits = { .for_ms = FOR_MS,
					  .at_most_ms = 6 * FOR_MS,
					  .most = MILLION };

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bans_bench: %s: %s\n", what, strerror(-r));
	exit(1);
}

static double pss(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	unsigned long kb = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Pss: %lu", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return (double)kb * 1024;
}

/* The nth of many different units without a pattern; one in eight is IPv6. */
static struct addr unit_number(uint32_t n)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint32_t scattered = n * 2654435761U;

	if (n % 8)
		return addr_from_ipv4(&scattered);
	memcpy(octets + 4, &scattered, sizeof(scattered));
	return addr_from_ipv6(octets);
}

static double seconds_since(uint64_t begun_us)
{
	return (double)(clock_us() - begun_us) / 1e6;
}

static void report(const char *what, uint32_t count, double seconds)
{
	printf("%-52s %8u  %8.4f s  %6.3f us each\n", what, count, seconds, seconds * 1e6 / count);
}

static void report_memory(const char *what, uint32_t count, double bytes)
{
	printf("%-52s %8u  %8.1f MB %6.1f bytes each\n", what, count, bytes / 1e6, bytes / count);
}

static struct bans *make(void)
{
	struct bans *bans;

	must(bans_create(&limits, &bans), "bans_create");
	return bans;
}

static void begin_all(struct bans *bans, struct store *store, uint32_t count, uint64_t now)
{
	for (uint32_t i = 0; i < count; i++) {
		struct ban_offence offence = { .unit = unit_number(i),
					       .outcome = OUTCOME_LISTED,
					       .signature = 1 };
		struct ban_step step;

		must(bans_begin(bans, &offence, now, &step), "bans_begin");
		if (store)
			store_put_ban(store, &step.ban);
	}
}

/* All of them end in the same second, none has slid. */
static void end_all(struct bans *bans, uint32_t count, uint64_t now)
{
	uint64_t begun = clock_us(), worst_us = 0;
	struct ban_step steps[SLICE], answered;
	size_t n, ended = 0;

	do {
		uint64_t slice_begun = clock_us(), took;

		n = bans_due(bans, now, steps, SLICE);
		for (size_t i = 0; i < n; i++)
			must(bans_answer(bans, &steps[i].ban.unit, 0, now, &answered),
			     "bans_answer");
		ended += n;
		took = clock_us() - slice_begun;
		worst_us = took > worst_us ? took : worst_us;
	} while (n);
	must(ended == count ? 0 : -EINVAL, "not all ended");
	report("asked and ended, all due at once", count, seconds_since(begun));
	printf("%-52s %8u  %8.4f s\n", "  the longest slice of them", SLICE,
	       (double)worst_us / 1e6);
}

static void bench_table(const char *folder, uint32_t count)
{
	struct prefix nowhere = { .addr = { .family = ADDR_IPV4, .octets = { 240 } }, .length = 8 };
	struct bans *bans = make();
	uint64_t now = clock_wall_ms(), begun;
	struct ban_step steps[SLICE];
	double before = pss();
	uint32_t cursor = 0;

	begun = clock_us();
	begin_all(bans, NULL, count, now);
	report("begun, in the table only", count, seconds_since(begun));
	report_memory("  memory of the table, as it reckons", count, (double)bans_memory(bans));
	report_memory("  PSS", count, pss() - before);
	begun = clock_us();
	while (bans_lift_within(bans, &nowhere, &cursor, now, steps, SLICE) == SLICE)
		;
	report("looked through for a prefix (allow)", count, seconds_since(begun));
	end_all(bans, count, now + FOR_MS + BANS_TICK_MS);
	bans_destroy(bans);
}

static void wait_for_empty_queue(struct store *store, struct store_state *ret)
{
	for (store_look(store, ret); ret->queued; store_look(store, ret))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static struct store *open_store(const char *folder)
{
	struct store *store;

	must(store_open(folder, &store), folder);
	must(store_start(store), "store_start");
	return store;
}

static void bench_write(const char *folder, uint32_t count)
{
	struct store *store = open_store(folder);
	struct bans *bans = make();
	double before = pss();
	uint64_t begun = clock_us();
	struct store_state state;

	begin_all(bans, store, count, clock_wall_ms());
	report("begun and queued for the store", count, seconds_since(begun));
	wait_for_empty_queue(store, &state);
	report("  until the last is committed", count, seconds_since(begun));
	report_memory("  PSS, with the store", count, pss() - before);
	report_memory("  the store's file", count, (double)state.bytes);
	store_close(store);
	bans_destroy(bans);
}

struct restoring {
	struct bans *bans;
	uint64_t now;
};

static void restore_one(void *data, const struct ban *ban)
{
	struct restoring *restoring = data;
	struct ban_step step;

	must(bans_restore(restoring->bans, ban, restoring->now, &step), "bans_restore");
}

static void bench_restore(const char *folder, uint32_t count)
{
	struct restoring restoring = { make(), clock_wall_ms() };
	double before = pss();
	uint64_t begun = clock_us(), opened;
	struct store *store = open_store(folder);

	opened = clock_us();
	report("store opened, its file read through before that", count, seconds_since(begun));
	must(store_read_bans(store, restore_one, &restoring), "store_read_bans");
	must(bans_count(restoring.bans) == count ? 0 : -EINVAL, "not all restored");
	report("read from the store into the table", count, seconds_since(opened));
	report("  both", count, seconds_since(begun));
	report_memory("  PSS, with the store", count, pss() - before);
	store_close(store);
	bans_destroy(restoring.bans);
}

static void in_a_process(void (*bench)(const char *folder, uint32_t count), const char *folder,
			 uint32_t count)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	must(child < 0 ? -errno : 0, "fork");
	if (child == 0) {
		bench(folder, count);
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		exit(1);
}

static void with_store(const char *parent, uint32_t count)
{
	char folder[512], file[600];

	snprintf(folder, sizeof(folder), "%s/wavebreak-bans-XXXXXX", parent);
	must(mkdtemp(folder) ? 0 : -errno, parent);
	in_a_process(bench_write, folder, count);
	in_a_process(bench_restore, folder, count);
	snprintf(file, sizeof(file), "%s/" STORE_FILE_NAME, folder);
	unlink(file);
	strcat(file, "-lock");
	unlink(file);
	rmdir(folder);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "/tmp";

	in_a_process(bench_table, folder, MILLION);
	with_store(folder, 10000);
	with_store(folder, MILLION);
	return 0;
}

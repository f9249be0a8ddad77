/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen to the file: its writer is killed, the disk is full, its bytes are of another version or nobody's. */
#include "store/store_test.h"

#include "base/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_for_empty_queue(struct store *store)
{
	struct store_state now;

	do {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		store_look(store, &now);
	} while (now.queued);
}

/* A process that is killed loses nothing of what left the queue, again and again. */
static void test_kill_9(void **state)
{
	for (uint32_t round = 0; round < 3; round++) {
		struct store *store;
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			store = open_at(*state);
			for (uint32_t i = 0; i < 1000; i++) {
				struct ban ban = ban_of(round * 1000 + i);

				store_put_ban(store, &ban);
			}
			wait_for_empty_queue(store);
			kill(getpid(), SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		store = open_at(*state);
		assert_int_equal(read_bans(store)->count, (round + 1) * 1000);
		store_close(store);
	}
}

/* The file may not grow: what a full disk is to the one who writes. */
static void test_full_disk(void **state)
{
	const struct place *place = *state;
	struct store *store = open_at(place);
	uint64_t errors = counter_read(COUNTER_store_errors);
	struct rlimit before, tight;
	struct store_state now;
	struct stat status;

	assert_int_equal(stat(place->file, &status), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	tight = before;
	tight.rlim_cur = (rlim_t)status.st_size;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tight);
	for (uint32_t i = 0; i < 2000; i++) {
		struct ban ban = ban_of(i);

		store_put_ban(store, &ban);
	}
	assert_int_equal(store_flush(store), -EIO);
	assert_int_equal(store_flush(store), -EIO);
	store_look(store, &now);
	assert_true(now.failing);
	assert_int_equal(now.queued, 2000);
	assert_true(counter_read(COUNTER_store_errors) >= errors + 2);
	assert_int_equal(read_bans(store)->count, 0);
	store_put_ban(store,
		      &(struct ban){ .unit = unit(2001), .begin_ms = START, .until_ms = START });
	store_delete_ban(store, &(struct addr){ .family = ADDR_IPV4, .octets = { 0 } });
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(store_flush(store), 0);
	store_look(store, &now);
	assert_false(now.failing);
	assert_int_equal(now.queued, 0);
	assert_int_equal(read_bans(store)->count, 2001);
	store_close(store);
}

static void fill(const struct place *place)
{
	struct store *store = open_at(place);

	for (uint32_t i = 0; i < 2000; i++) {
		struct ban ban = ban_of(i);

		store_put_ban(store, &ban);
	}
	assert_int_equal(store_flush(store), 0);
	for (uint32_t i = 0; i < 500; i++) {
		struct ban ban = ban_of(i * 4);

		store_delete_ban(store, &ban.unit);
	}
	store_close(store);
}

static void overwrite(const struct place *place, off_t at, const void *data, size_t size)
{
	int fd = open(place->file, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, at), (ssize_t)size);
	close(fd);
}

static void works(const struct place *place)
{
	struct store *store = open_at(place);
	struct ban ban = ban_of(9999);
	size_t before = read_bans(store)->count;

	store_put_ban(store, &ban);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(read_bans(store)->count, before + 1);
	store_close(store);
}

static void test_garbage_is_set_aside(void **state)
{
	const struct place *place = *state;
	char garbage[20000];

	memset(garbage, 0x5a, sizeof(garbage));
	fill(place);
	overwrite(place, 0, garbage, sizeof(garbage));
	works(place);
	assert_int_equal(set_aside_count(place), 1);
}

static void test_earlier_ones_go(void **state)
{
	const struct place *place = *state;
	char earlier[160];
	int fd;

	for (int i = 1; i <= 3; i++) {
		snprintf(earlier, sizeof(earlier), "%s.damaged-%d", place->file, i);
		fd = open(earlier, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	fill(place);
	overwrite(place, 0, earlier, sizeof(earlier));
	works(place);
	assert_int_equal(set_aside_count(place), 1);
	assert_int_equal(access(earlier, F_OK), -1);
}

static void test_cut_off_anywhere(void **state)
{
	const struct place *place = *state;
	struct stat status;

	fill(place);
	assert_int_equal(stat(place->file, &status), 0);
	for (off_t size = status.st_size; size >= 0; size -= status.st_size / 13 + 1) {
		unlink(place->file);
		fill(place);
		assert_int_equal(truncate(place->file, size), 0);
		works(place);
	}
	assert_int_equal(set_aside_count(place), 1);
}

/* Bytes that nobody wrote, in pages anywhere: whatever comes of it, we live and can write. */
static void test_damaged_anywhere(void **state)
{
	const struct place *place = *state;

	srand(20260727);
	for (int round = 0; round < 40; round++) {
		struct stat status;

		fill(place);
		assert_int_equal(stat(place->file, &status), 0);
		for (int i = 0; i < 8; i++) {
			off_t page = rand() % (status.st_size / 4096) * 4096;
			uint64_t noise = (uint64_t)rand() * (uint64_t)rand();

			/* The head of a page, and the offsets of its records, are what LMDB follows. */
			overwrite(place, page + rand() % 64, &noise, 1 + (size_t)rand() % 8);
		}
		works(place);
		unlink(place->file);
	}
}

static void test_other_format_is_set_aside(void **state)
{
	uint32_t format = STORE_FORMAT + 1;

	fill(*state);
	write_raw(*state, DATABASE_META, "format", 6, &format, sizeof(format));
	works(*state);
	assert_int_equal(set_aside_count(*state), 1);
}

/* It has bans, and no suspects nor anything that came later. */
static void test_a_file_of_an_older_version_is_whole(void **state)
{
	const struct place *place = *state;
	struct suspects_seen seen = { 0 };
	struct environment environment = { 0 };
	struct store *store;
	MDB_txn *txn;

	fill(place);
	assert_int_equal(environment_open(place->folder, &kind, &environment), 0);
	assert_int_equal(mdb_txn_begin(environment.env, NULL, 0, &txn), 0);
	for (int i = DATABASE_YOUNGER; i < DATABASE_COUNT; i++)
		assert_int_equal(mdb_drop(txn, environment.databases[i], 1), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	environment_close(&environment);
	store = open_at(place);
	assert_int_equal(set_aside_count(place), 0);
	assert_true(read_bans(store)->count > 0);
	assert_int_equal(store_read_suspects(store, see_suspect, &seen), 0);
	assert_int_equal(seen.count, 0);
	store_close(store);
}

static void test_bad_records_are_passed_over(void **state)
{
	struct ban good = ban_of(0);
	const struct ban_record record = record_of_ban(&good);
	struct ban_record bad[6] = { record, record, record, record, record, record };
	struct unit_record key = record_of_unit(&good.unit), wrong_family = { .family = 5 };
	struct unit_record long_ipv4 = { .family = ADDR_IPV4, .octets = { 1, 2, 3, 4, 5 } };
	struct prefix_record too_long = { .family = ADDR_IPV4, .length = 33 };
	struct prefix_record stray_bits = { .family = ADDR_IPV4, .length = 8, .octets = { 1, 2 } };
	struct store *store;
	char all[64] = "";

	bad[0].version++;
	bad[1].outcome = OUTCOME_COUNT;
	bad[2].flags = 0x80;
	bad[3].flags = BAN_RECORD_FIXED;
	bad[4].begin_ms = bad[4].until_ms + 1;
	bad[5].zero = 1;
	for (int i = 0; i < 6; i++) {
		key.octets[0] = (uint8_t)i;
		write_raw(*state, DATABASE_BANS, &key, sizeof(key), &bad[i], sizeof(bad[i]));
	}
	key.octets[0] = 100;
	write_raw(*state, DATABASE_BANS, &key, sizeof(key), &record, sizeof(record) - 1);
	write_raw(*state, DATABASE_BANS, &key, sizeof(key) - 1, &record, sizeof(record));
	write_raw(*state, DATABASE_BANS, &wrong_family, sizeof(wrong_family), &record,
		  sizeof(record));
	write_raw(*state, DATABASE_BANS, &long_ipv4, sizeof(long_ipv4), &record, sizeof(record));
	key.octets[0] = 101;
	write_raw(*state, DATABASE_BANS, &key, sizeof(key), &record, sizeof(record));
	write_raw(*state, DATABASE_ALLOWED, &too_long, sizeof(too_long), "", 0);
	write_raw(*state, DATABASE_ALLOWED, &stray_bits, sizeof(stray_bits), "", 0);
	write_raw(*state, DATABASE_ALLOWED, &stray_bits, 1, "", 0);
	store = open_at(*state);
	assert_int_equal(read_bans(store)->count, 1);
	assert_int_equal(read_bans(store)->bans[0].unit.octets[0], 101);
	assert_int_equal(store_read_allowed(store, see_prefix, all), 0);
	assert_string_equal(all, "");
	store_close(store);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(test_kill_9),
		STORE_TEST(test_full_disk),
		STORE_TEST(test_garbage_is_set_aside),
		STORE_TEST(test_earlier_ones_go),
		STORE_TEST(test_cut_off_anywhere),
		STORE_TEST(test_damaged_anywhere),
		STORE_TEST(test_other_format_is_set_aside),
		STORE_TEST(test_a_file_of_an_older_version_is_whole),
		STORE_TEST(test_bad_records_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

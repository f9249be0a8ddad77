/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/counter.h"
#include "store/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define START 1785179537000ULL
#define MINUTE 60000ULL

struct place {
	char folder[64];
	char file[128];
};

static int make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/wavebreak-store-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/%s", place->folder, STORE_FILE_NAME);
	*state = place;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static int unmake(void **state)
{
	struct place *place = *state;

	nftw(place->folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static struct store *open_at(const struct place *place)
{
	struct store *store;

	assert_int_equal(store_open(place->folder, &store), 0);
	assert_int_equal(store_start(store), 0);
	return store;
}

static struct addr unit(uint32_t n)
{
	uint8_t octets[16] = { 0x20,	  0x01, 0x0d, 0xb8, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
			       (uint8_t)n };

	return n % 2 ? addr_from_ipv6(octets) : addr_from_ipv4(octets + 3);
}

static struct ban ban_of(uint32_t n)
{
	return (struct ban){
		.unit = unit(n),
		.begin_ms = START,
		.last_ms = START + n,
		.until_ms = START + 10 * MINUTE + n,
		.signature = 0xdeadbeef,
		.outcome = OUTCOME_UNKNOWN_RECIPIENT,
	};
}

#define SEEN_MOST 5000

struct seen {
	size_t count;
	struct ban bans[SEEN_MOST];
};

static void see(void *data, const struct ban *ban)
{
	struct seen *seen = data;

	assert_true(seen->count < SEEN_MOST);
	seen->bans[seen->count++] = *ban;
}

static struct seen *read_bans(struct store *store)
{
	static struct seen seen;

	seen.count = 0;
	assert_int_equal(store_read_bans(store, see, &seen), 0);
	return &seen;
}

static const struct ban *find(const struct seen *seen, struct addr of)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (addr_equal(&seen->bans[i].unit, &of))
			return &seen->bans[i];
	}
	return NULL;
}

static void assert_same(const struct ban *kept, const struct ban *put)
{
	assert_non_null(kept);
	assert_int_equal(kept->begin_ms, put->begin_ms);
	assert_int_equal(kept->last_ms, put->last_ms);
	assert_int_equal(kept->until_ms, put->until_ms);
	assert_int_equal(kept->signature, put->signature);
	assert_int_equal(kept->outcome, put->outcome);
	assert_int_equal(kept->by_hand, put->by_hand);
	assert_int_equal(kept->fixed, put->fixed);
	assert_string_equal(kept->why, put->why);
}

static void test_bans_come_back(void **state)
{
	struct store *store = open_at(*state);
	struct ban hand = ban_of(4), ban;

	hand.by_hand = hand.fixed = true;
	strcpy(hand.why, "told 511 all night");
	for (uint32_t i = 0; i < 3000; i++) {
		ban = ban_of(i);
		store_put_ban(store, &ban);
	}
	store_put_ban(store, &hand);
	store_close(store);
	store = open_at(*state);
	assert_int_equal(read_bans(store)->count, 3000);
	for (uint32_t i = 0; i < 3000; i += 97) {
		ban = ban_of(i);
		assert_same(find(read_bans(store), ban.unit), &ban);
	}
	assert_same(find(read_bans(store), hand.unit), &hand);
	store_close(store);
}

static void test_the_latest_change_counts(void **state)
{
	struct store *store = open_at(*state);
	struct ban ban = ban_of(7);

	store_put_ban(store, &ban);
	store_delete_ban(store, &ban.unit);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(read_bans(store)->count, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		ban.until_ms = START + i;
		store_put_ban(store, &ban);
	}
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(read_bans(store)->count, 1);
	assert_same(&read_bans(store)->bans[0], &ban);
	store_delete_ban(store, &ban.unit);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(read_bans(store)->count, 0);
	store_close(store);
}

static void test_reason_goes_with_its_ban(void **state)
{
	struct store *store = open_at(*state);
	struct ban ban = ban_of(7);

	ban.by_hand = true;
	memset(ban.why, 'x', BAN_WHY_SIZE - 1);
	store_put_ban(store, &ban);
	assert_int_equal(store_flush(store), 0);
	assert_same(&read_bans(store)->bans[0], &ban);
	ban.why[0] = '\0';
	store_put_ban(store, &ban);
	assert_int_equal(store_flush(store), 0);
	assert_same(&read_bans(store)->bans[0], &ban);
	strcpy(ban.why, "in one commit");
	store_put_ban(store, &ban);
	store_delete_ban(store, &ban.unit);
	assert_int_equal(store_flush(store), 0);
	ban.why[0] = '\0';
	ban.by_hand = true;
	store_put_ban(store, &ban);
	assert_int_equal(store_flush(store), 0);
	assert_same(&read_bans(store)->bans[0], &ban);
	store_close(store);
}

static void test_positions(void **state)
{
	struct bytes path = BYTES_LITERAL("/var/log/mail.log"),
		     position = BYTES_LITERAL("dev\0ino\0offset");
	char longest[STORE_PATH_MOST + 1], kept[STORE_POSITION_MOST];
	uint64_t errors = counter_read(COUNTER_store_errors);
	struct store *store = open_at(*state);
	size_t size;

	memset(longest, 'x', sizeof(longest));
	assert_int_equal(store_read_position(store, path, kept, &size), -ENOENT);
	store_put_position(store, path, position);
	store_put_position(store, bytes_make(longest, STORE_PATH_MOST),
			   bytes_make(longest, STORE_POSITION_MOST));
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(store_read_position(store, path, kept, &size), 0);
	assert_true(bytes_equal(bytes_make(kept, size), position));
	assert_int_equal(
		store_read_position(store, bytes_make(longest, STORE_PATH_MOST), kept, &size), 0);
	assert_int_equal(size, STORE_POSITION_MOST);
	assert_int_equal(counter_read(COUNTER_store_errors), errors);
	store_put_position(store, bytes_make(longest, STORE_PATH_MOST + 1), position);
	store_put_position(store, path, bytes_make(longest, STORE_POSITION_MOST + 1));
	assert_int_equal(counter_read(COUNTER_store_errors), errors + 2);
	assert_int_equal(
		store_read_position(store, bytes_make(longest, sizeof(longest)), kept, &size),
		-ENOENT);
	store_close(store);
}

static void see_prefix(void *data, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_SIZE], *all = data;

	strcat(strcat(all, prefix_format(prefix, text)), " ");
}

static void test_allowed(void **state)
{
	static const char *const texts[] = { "192.0.2.0/24", "2001:db8::/48", "0.0.0.0/0",
					     "198.51.100.7" };
	struct store *store = open_at(*state);
	struct prefix prefix;
	char all[256] = "";

	for (int i = 0; i < 4; i++) {
		assert_int_equal(prefix_parse(bytes_of(texts[i]), &prefix), 0);
		store_put_allowed(store, &prefix);
	}
	assert_int_equal(store_flush(store), 0);
	store_delete_allowed(store, &prefix);
	store_close(store);
	store = open_at(*state);
	assert_int_equal(store_read_allowed(store, see_prefix, all), 0);
	assert_string_equal(all, "0.0.0.0/0 192.0.2.0/24 2001:db8::/48 ");
	store_close(store);
}

static void test_without_the_thread(void **state)
{
	const struct place *place = *state;
	struct ban ban = ban_of(7);
	struct store *store;

	assert_int_equal(store_open(place->folder, &store), 0);
	store_put_ban(store, &ban);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(read_bans(store)->count, 1);
	store_delete_ban(store, &ban.unit);
	store_close(store);
	store = open_at(place);
	assert_int_equal(read_bans(store)->count, 0);
	store_close(store);
}

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

static size_t set_aside_count(const struct place *place)
{
	char pattern[160];
	glob_t found;
	size_t count;

	snprintf(pattern, sizeof(pattern), "%s.damaged-*", place->file);
	count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return count;
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

static const struct environment_kind kind = {
	STORE_FILE_NAME, store_database_names, DATABASE_COUNT, DATABASE_YOUNGER, STORE_FORMAT, (size_t)1 << 30, "", ""
};

static void write_raw(const struct place *place, enum store_database database, const void *key,
		      size_t key_size, const void *value, size_t value_size)
{
	struct environment environment;
	MDB_val k = lmdb_value(bytes_make(key, key_size)),
		v = lmdb_value(bytes_make(value, value_size));
	MDB_txn *txn;

	assert_int_equal(environment_open(place->folder, &kind, &environment), 0);
	assert_int_equal(mdb_txn_begin(environment.env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_put(txn, environment.databases[database], &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	environment_close(&environment);
}

struct passed_seen {
	size_t count;
	struct addr units[4];
	uint64_t until_s[4];
};

static void see_passed(void *data, const struct addr *unit, uint64_t until_s)
{
	struct passed_seen *seen = data;

	assert_true(seen->count < 4);
	seen->units[seen->count] = *unit;
	seen->until_s[seen->count++] = until_s;
}

static void test_passed(void **state)
{
	static const char *const clients[] = { "192.0.2.7", "192.0.2.8", "2001:db8:0:7::" };
	struct passed_seen seen = { 0 };
	struct store *store;
	struct addr units[3];

	assert_int_equal(store_open(*state, &store), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(addr_parse(bytes_of(clients[i]), &units[i]), 0);
		store_put_passed(store, &units[i], 1000 + i);
	}
	store_delete_passed(store, &units[1]);
	store_put_passed(store, &units[0], 2000);
	store_close(store);
	write_raw(*state, DATABASE_PASSED, "short", 5, "12345678", 8);
	assert_int_equal(store_open(*state, &store), 0);
	assert_int_equal(store_read_passed(store, see_passed, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_true(addr_equal(&seen.units[0], &units[0]));
	assert_int_equal(seen.until_s[0], 2000);
	assert_true(addr_equal(&seen.units[1], &units[2]));
	assert_int_equal(seen.until_s[1], 1002);
	store_close(store);
}

struct suspects_seen {
	size_t count;
	struct suspect list[4];
};

static void see_suspect(void *data, const struct suspect *suspect)
{
	struct suspects_seen *seen = data;

	assert_true(seen->count < 4);
	seen->list[seen->count++] = *suspect;
}

static struct suspect suspect_of(uint32_t n)
{
	return (struct suspect){ .unit = unit(n), .begin_ms = START, .last_ms = START + n, .until_ms = START + MINUTE,
				 .signature = 0xdeadbeef, .score = 20 + n, .outcome = OUTCOME_AUTH_FAILURE };
}

static void assert_same_suspect(const struct suspect *kept, const struct suspect *put)
{
	assert_true(addr_equal(&kept->unit, &put->unit));
	assert_int_equal(kept->begin_ms, put->begin_ms);
	assert_int_equal(kept->last_ms, put->last_ms);
	assert_int_equal(kept->until_ms, put->until_ms);
	assert_int_equal(kept->signature, put->signature);
	assert_int_equal(kept->score, put->score);
	assert_int_equal(kept->outcome, put->outcome);
}

static void test_suspects(void **state)
{
	struct suspects_seen seen = { 0 };
	struct suspect suspects[3], later = suspect_of(0);
	struct suspect_record bad = record_of_suspect(&later);
	struct unit_record key = record_of_unit(&later.unit);
	struct store *store;

	assert_int_equal(store_open(*state, &store), 0);
	for (uint32_t i = 0; i < 3; i++) {
		suspects[i] = suspect_of(i);
		store_put_suspect(store, &suspects[i]);
	}
	later.until_ms += MINUTE;
	store_put_suspect(store, &later);
	store_delete_suspect(store, &suspects[1].unit);
	store_close(store);
	key.octets[0] ^= 1;
	bad.more_zero = 1;
	write_raw(*state, DATABASE_SUSPECTS, &key, sizeof(key), &bad, sizeof(bad));
	write_raw(*state, DATABASE_SUSPECTS, "short", 5, &bad, sizeof(bad));
	assert_int_equal(store_open(*state, &store), 0);
	assert_int_equal(store_read_suspects(store, see_suspect, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_same_suspect(&seen.list[0], &later);
	assert_same_suspect(&seen.list[1], &suspects[2]);
	store_close(store);
}

/* A version that knew of no suspects left it: its bans count. */
static void test_a_file_without_suspects_is_whole(void **state)
{
	const struct place *place = *state;
	struct suspects_seen seen = { 0 };
	struct environment environment;
	struct store *store;
	MDB_txn *txn;

	fill(place);
	assert_int_equal(environment_open(place->folder, &kind, &environment), 0);
	assert_int_equal(mdb_txn_begin(environment.env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_drop(txn, environment.databases[DATABASE_SUSPECTS], 1), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	environment_close(&environment);
	store = open_at(place);
	assert_int_equal(set_aside_count(place), 0);
	assert_true(read_bans(store)->count > 0);
	assert_int_equal(store_read_suspects(store, see_suspect, &seen), 0);
	assert_int_equal(seen.count, 0);
	store_close(store);
}

static void test_other_format_is_set_aside(void **state)
{
	uint32_t format = STORE_FORMAT + 1;

	fill(*state);
	write_raw(*state, DATABASE_META, "format", 6, &format, sizeof(format));
	works(*state);
	assert_int_equal(set_aside_count(*state), 1);
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

static void test_no_folder(void **state)
{
	struct store *store;

	assert_int_equal(store_open("/tmp/wavebreak-there-is-no-such-folder", &store), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(test_bans_come_back),
		TEST(test_the_latest_change_counts),
		TEST(test_reason_goes_with_its_ban),
		TEST(test_positions),
		TEST(test_allowed),
		TEST(test_passed),
		TEST(test_suspects),
		TEST(test_a_file_without_suspects_is_whole),
		TEST(test_without_the_thread),
		TEST(test_kill_9),
		TEST(test_full_disk),
		TEST(test_garbage_is_set_aside),
		TEST(test_earlier_ones_go),
		TEST(test_cut_off_anywhere),
		TEST(test_damaged_anywhere),
		TEST(test_other_format_is_set_aside),
		TEST(test_bad_records_are_passed_over),
		TEST(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is put comes back: bans, positions in logs, who is allowed, has passed, or is suspected. */
#include "store/store_test.h"

#include "base/counter.h"

#include <errno.h>

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

struct until_list {
	enum store_database database;
	void (*put)(struct store *store, const struct addr *unit, uint64_t until_s);
	void (*delete)(struct store *store, const struct addr *unit);
	int (*read)(struct store *store, store_until_fn *fn, void *data);
};

static void check_until_list(const struct place *place, const struct until_list *list, uint64_t begin_s)
{
	static const char *const clients[] = { "192.0.2.7", "192.0.2.8", "2001:db8:0:7::" };
	struct passed_seen seen = { 0 };
	struct store *store;
	struct addr units[3];

	assert_int_equal(store_open(place->folder, &store), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(addr_parse(bytes_of(clients[i]), &units[i]), 0);
		list->put(store, &units[i], begin_s + i);
	}
	list->delete(store, &units[1]);
	list->put(store, &units[0], begin_s + 1000);
	store_close(store);
	write_raw(place, list->database, "short", 5, "12345678", 8);
	assert_int_equal(store_open(place->folder, &store), 0);
	assert_int_equal(list->read(store, see_passed, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_true(addr_equal(&seen.units[0], &units[0]));
	assert_int_equal(seen.until_s[0], begin_s + 1000);
	assert_true(addr_equal(&seen.units[1], &units[2]));
	assert_int_equal(seen.until_s[1], begin_s + 2);
	store_close(store);
}

/* Each list for itself, in one file. */
static void test_who_passed_and_who_delivered(void **state)
{
	static const struct until_list lists[] = {
		{ DATABASE_PASSED, store_put_passed, store_delete_passed, store_read_passed },
		{ DATABASE_DELIVERED, store_put_delivered, store_delete_delivered, store_read_delivered },
	};

	for (size_t i = 0; i < 2; i++)
		check_until_list(*state, &lists[i], 1000 + i);
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

static void test_no_folder(void **state)
{
	struct store *store;

	assert_int_equal(store_open("/tmp/wavebreak-there-is-no-such-folder", &store), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(test_bans_come_back),
		STORE_TEST(test_the_latest_change_counts),
		STORE_TEST(test_reason_goes_with_its_ban),
		STORE_TEST(test_positions),
		STORE_TEST(test_allowed),
		STORE_TEST(test_who_passed_and_who_delivered),
		STORE_TEST(test_suspects),
		STORE_TEST(test_without_the_thread),
		STORE_TEST(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is full when the store is opened: a real one, of some pages (tmpfs in a mount namespace of our own). */
#include "store/store_test.h"

#include "store/history.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static bool may_mount;

static int own_mounts(void **state)
{
	may_mount = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

static int make_disk(void **state)
{
	struct place *place;

	make(state);
	place = *state;
	if (may_mount && mount("none", place->folder, "tmpfs", 0, "size=1m") < 0)
		may_mount = false;
	return 0;
}

static int unmake_disk(void **state)
{
	struct place *place = *state;

	if (may_mount)
		umount2(place->folder, MNT_DETACH);
	return unmake(state);
}

static void skip_without_disk(void)
{
	if (may_mount)
		return;
	print_message("skipped: no file system can be mounted here\n");
	skip();
}

static const char *filler_of(const struct place *place)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/filler", place->folder);
	return path;
}

static void fill_disk(const struct place *place)
{
	static const char page[PAGE];
	int fd = open(filler_of(place), O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) == sizeof(page))
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void free_pages(const struct place *place, off_t count)
{
	struct stat status;

	assert_int_equal(stat(filler_of(place), &status), 0);
	assert_int_equal(truncate(filler_of(place), status.st_size - count * PAGE), 0);
}

static void make_room(const struct place *place)
{
	assert_int_equal(unlink(filler_of(place)), 0);
}

static void keep(const struct place *place, uint32_t count)
{
	struct store *store = open_at(place);

	for (uint32_t i = 0; i < count; i++) {
		struct ban ban = ban_of(i);

		store_put_ban(store, &ban);
	}
	store_close(store);
}

static void wait_for_arrival(struct store *store)
{
	while (!store_has_arrived(store))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_false(store_has_arrived(store));
}

static void test_a_new_one_waits_for_room(void **state)
{
	const struct place *place = *state;
	struct ban ban = ban_of(7);
	char position[STORE_POSITION_MOST];
	struct store_state now;
	struct store *store;
	size_t size;

	skip_without_disk();
	fill_disk(place);
	store = open_at(place);
	assert_false(store_is_open(store));
	store_put_ban(store, &ban);
	assert_int_equal(read_bans(store)->count, 0);
	assert_int_equal(store_read_position(store, BYTES_LITERAL("/log"), position, &size), -ENOENT);
	assert_int_equal(store_flush(store), -EIO);
	store_look(store, &now);
	assert_true(!now.open && now.failing && now.queued == 1 && now.bytes == 0);
	assert_false(store_has_arrived(store));
	make_room(place);
	assert_int_equal(store_flush(store), 0);
	wait_for_arrival(store);
	store_look(store, &now);
	assert_true(now.open && !now.failing && now.queued == 0 && now.bytes > 0);
	assert_int_equal(read_bans(store)->count, 1);
	/* What was read can be let go of all the same. */
	assert_non_null(store->environment.map);
	store_close(store);
	store = open_at(place);
	assert_int_equal(read_bans(store)->count, 1);
	assert_false(store_has_arrived(store));
	store_close(store);
}

static void test_one_that_is_there_is_read(void **state)
{
	const struct place *place = *state;
	struct ban ban = ban_of(3000);
	struct store *store;

	skip_without_disk();
	keep(place, 2000);
	fill_disk(place);
	store = open_at(place);
	assert_true(store_is_open(store));
	assert_int_equal(read_bans(store)->count, 2000);
	store_put_ban(store, &ban);
	assert_int_equal(store_flush(store), -EIO);
	make_room(place);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(read_bans(store)->count, 2001);
	store_close(store);
}

/* What was done meanwhile counts, not what the file says. */
static void test_one_whose_lock_has_no_room(void **state)
{
	const struct place *place = *state;
	struct ban lifted = ban_of(0), changed = ban_of(1);
	char lock[160];
	struct store *store;

	skip_without_disk();
	keep(place, 10);
	snprintf(lock, sizeof(lock), "%s-lock", place->file);
	assert_int_equal(unlink(lock), 0);
	fill_disk(place);
	store = open_at(place);
	assert_false(store_is_open(store));
	store_delete_ban(store, &lifted.unit);
	changed.until_ms = START + 77 * MINUTE;
	store_put_ban(store, &changed);
	make_room(place);
	assert_int_equal(store_flush(store), 0);
	wait_for_arrival(store);
	assert_int_equal(read_bans(store)->count, 9);
	for (size_t i = 0; i < 9; i++) {
		const struct ban *ban = &read_bans(store)->bans[i];

		assert_false(addr_equal(&ban->unit, &lifted.unit));
		assert_true(!addr_equal(&ban->unit, &changed.unit) || ban->until_ms == changed.until_ms);
	}
	store_close(store);
}

/* Wherever it ends: nothing is left that would be taken for a damaged file, and nobody dies of SIGBUS. */
static void test_some_pages(void **state)
{
	const struct place *place = *state;
	struct ban ban = ban_of(7);

	skip_without_disk();
	for (off_t pages = 1; pages <= 10; pages++) {
		struct store *store;

		fill_disk(place);
		free_pages(place, pages);
		store = open_at(place);
		store_put_ban(store, &ban);
		(void)store_flush(store);
		make_room(place);
		assert_int_equal(store_flush(store), 0);
		assert_int_equal(read_bans(store)->count, 1);
		store_close(store);
		assert_int_equal(set_aside_count(place), 0);
		nftw(place->folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	}
}

static void test_it_can_end_before_there_is_room(void **state)
{
	const struct place *place = *state;
	struct ban ban = ban_of(7);
	struct store *store;

	skip_without_disk();
	fill_disk(place);
	store = open_at(place);
	store_put_ban(store, &ban);
	store_close(store);
	make_room(place);
	store = open_at(place);
	assert_int_equal(read_bans(store)->count, 0);
	store_close(store);
}

static void test_the_history_waits_too(void **state)
{
	static const struct chunk_key old = { .tier = 1, .start_s = 1000 };
	static char chunk[HISTORY_CHUNK_SIZE_MOST];
	const struct place *place = *state;
	struct chunk_key key = { .tier = 1, .start_s = 2000 };
	struct store *store;
	size_t size;

	skip_without_disk();
	fill_disk(place);
	assert_int_equal(history_store_open(place->folder, &old, 1, &store), 0);
	assert_int_equal(store_start(store), 0);
	history_put(store, &key, BYTES_LITERAL("samples"));
	assert_int_equal(history_next(store, &key, chunk, &size), -ENOENT);
	assert_int_equal(history_used(store), 0);
	assert_int_equal(history_count(store, 1), 0);
	make_room(place);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(history_count(store, 1), 1);
	store_close(store);
	/* What is too old cannot be dropped, and is no reason to have none. */
	fill_disk(place);
	assert_int_equal(history_store_open(place->folder, &(struct chunk_key){ .tier = 1, .start_s = 9000 }, 1, &store), 0);
	assert_int_equal(history_count(store, 1), 1);
	store_close(store);
}

#define DISK_TEST(name) cmocka_unit_test_setup_teardown(name, make_disk, unmake_disk)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DISK_TEST(test_a_new_one_waits_for_room),
		DISK_TEST(test_one_that_is_there_is_read),
		DISK_TEST(test_one_whose_lock_has_no_room),
		DISK_TEST(test_some_pages),
		DISK_TEST(test_it_can_end_before_there_is_room),
		DISK_TEST(test_the_history_waits_too),
	};

	return cmocka_run_group_tests(tests, own_mounts, NULL);
}

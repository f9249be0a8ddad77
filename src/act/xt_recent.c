/* SPDX-License-Identifier: Apache-2.0 */
#include "act/xt_recent.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/table.h"
#include "wire/recent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LISTS "/proc/net/xt_recent"
#define ROOM_FILE "/sys/module/xt_recent/parameters/ip_list_tot"
#define ROOM_USUAL 100
/* Some GB of the kernel's: nobody means that. */
#define ROOM_MOST 4000000U
#define LOOK_AGAIN_MS 1000
/* Dropped bans are sent again no oftener. */
#define SEND_AGAIN_MS 60000
/* What the kernel saw so shortly after we wrote is our own writing. */
#define SLACK_MS 100

struct kept {
	uint64_t written_ms, until_ms;
	uint64_t seen_ms; /* by the kernel, as was read last */
};

struct list {
	char name[XT_RECENT_NAME_MOST + 2];
	int fd; /* -1: no rule refers to it */
	bool missing_said;
	struct table *kept;
};

struct xt_recent {
	struct list lists[2]; /* IPv4, IPv6 */
	uint64_t ban_for_ms;
	uint32_t room;
	uint64_t looked_ms;
	uint64_t dropped_ms; /* when the first ban since the last sending found no room; 0: none did */
	bool clock_known;
	uint64_t tick, tick_ms; /* the kernel's tick at that time of ours */
	unsigned ticks_a_second;
};

static bool list_exists(const char *name, const char *suffix)
{
	char path[96];

	snprintf(path, sizeof(path), LISTS "/%s%s", name, suffix);
	return access(path, F_OK) == 0;
}

static uint32_t read_room(void)
{
	char text[24];
	int fd = open(ROOM_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));
	uint64_t room = 0;

	if (fd >= 0)
		close(fd);
	if (size > 0 && bytes_to_u64(bytes_trim(bytes_make(text, (size_t)size)), UINT32_MAX, &room) < 0)
		room = 0;
	return room > ROOM_MOST ? ROOM_MOST : (uint32_t)room;
}

struct xt_recent_facts xt_recent_look(const char *name)
{
	return (struct xt_recent_facts){
		.module = access(LISTS, F_OK) == 0,
		.list4 = list_exists(name, ""),
		.list6 = list_exists(name, "6"),
		.room = read_room(),
	};
}

/* The file takes one word a write, and only at its begin (recent_mt_proc_write); pwrite(2) it does not know. */
static int write_word(const struct list *list, const char *word, size_t size)
{
	if (lseek(list->fd, 0, SEEK_SET) < 0 || write(list->fd, word, size) < 0)
		return -errno;
	return 0;
}

static int write_change(const struct list *list, char sign, const struct addr *unit)
{
	char word[ADDR_TEXT_SIZE + 2], text[ADDR_TEXT_SIZE];
	int size = snprintf(word, sizeof(word), "%c%s\n", sign, addr_format(unit, text));

	return write_word(list, word, (size_t)size);
}

/* A file whose list is gone says so by these (proc_reg_read, proc_reg_llseek), also where another list has its name
 * now; xt_recent_alive finds it. */
static bool list_is_gone(int error)
{
	return error == -EIO || error == -EINVAL;
}

static void lose_list(struct list *list)
{
	if (list->fd >= 0)
		close(list->fd);
	list->fd = -1;
	table_clear(list->kept);
}

static bool find_list(struct list *list)
{
	char path[96];

	snprintf(path, sizeof(path), LISTS "/%s", list->name);
	list->fd = open(path, O_RDWR | O_CLOEXEC);
	if (list->fd >= 0 && write_word(list, "/\n", 2) < 0)
		lose_list(list);
	if (list->fd >= 0) {
		log_info("the list %s of xt_recent takes the banned", list->name);
		list->missing_said = false;
		return true;
	}
	if (!list->missing_said)
		log_warning("there is no list %s of xt_recent (%s): a rule with '-m recent --name %s' makes it",
			    list->name, strerror(errno), list->name);
	list->missing_said = true;
	return false;
}

static struct list *list_of(struct xt_recent *recent, const struct addr *unit)
{
	return &recent->lists[unit->family == ADDR_IPV6];
}

static void say_room(const struct xt_recent *recent)
{
	if (recent->room < XT_RECENT_FEW)
		log_warning("a list of xt_recent holds %u addresses, too few for a wave: 'options xt_recent "
			    "ip_list_tot=10000' in /etc/modprobe.d, and load the module anew", recent->room);
}

int xt_recent_open(const char *name, uint64_t ban_for_ms, struct xt_recent **ret)
{
	struct xt_recent *recent = calloc(1, sizeof(*recent));
	struct timespec tick = { .tv_nsec = 0 };
	int r = 0;

	if (!recent)
		return -ENOMEM;
	for (int i = 0; i < 2; i++)
		recent->lists[i].fd = -1;
	recent->ban_for_ms = ban_for_ms;
	recent->room = read_room();
	if (recent->room == 0)
		recent->room = ROOM_USUAL;
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	recent->ticks_a_second = tick.tv_nsec > 0 ? (unsigned)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec) : 250;
	if (strlen(name) > XT_RECENT_NAME_MOST || strchr(name, '/'))
		r = -EINVAL;
	for (int i = 0; i < 2 && r == 0; i++) {
		snprintf(recent->lists[i].name, sizeof(recent->lists[i].name), "%s%s", name, i ? "6" : "");
		r = table_create(sizeof(struct addr), sizeof(struct kept), recent->room, &recent->lists[i].kept);
	}
	if (r < 0) {
		xt_recent_close(recent);
		return r;
	}
	say_room(recent);
	for (int i = 0; i < 2; i++)
		find_list(&recent->lists[i]);
	*ret = recent;
	return 0;
}

int xt_recent_clear(struct xt_recent *recent)
{
	int r = 0, one;

	for (int i = 0; i < 2; i++) {
		one = recent->lists[i].fd < 0 ? 0 : write_word(&recent->lists[i], "/\n", 2);
		r = one < 0 ? one : r;
		table_clear(recent->lists[i].kept);
	}
	recent->dropped_ms = 0;
	return r;
}

void xt_recent_close(struct xt_recent *recent)
{
	if (!recent)
		return;
	for (int i = 0; i < 2; i++) {
		struct list *list = &recent->lists[i];

		if (list->fd >= 0) {
			(void)write_word(list, "/\n", 2); /* that it is gone is no error */
			close(list->fd);
		}
		table_destroy(list->kept);
	}
	free(recent);
}

void xt_recent_set_time(struct xt_recent *recent, uint64_t ban_for_ms)
{
	recent->ban_for_ms = ban_for_ms;
}

/* Of a list, each line of it. A line that is none is passed over. */
typedef void entry_fn(void *data, const struct recent_entry *entry);
static void read_list(const struct xt_recent *recent, const struct list *list, entry_fn *fn, void *data)
{
	static char buffer[4 * RECENT_LINE_MOST];
	size_t held = 0, end;
	struct recent_entry entry;
	struct bytes rest;
	ssize_t size;

	/* Twice: what is added while we read is no reason to go on for ever. */
	for (uint64_t lines = 2 * (uint64_t)recent->room + 1; lines;) {
		size = read(list->fd, buffer + held, sizeof(buffer) - held);
		if (size <= 0)
			return;
		rest = bytes_make(buffer, held + (size_t)size);
		while (lines && (end = bytes_find_char(rest, '\n')) < rest.size) {
			if (recent_parse(bytes_first(rest, end), &entry) == 0)
				fn(data, &entry);
			rest = bytes_skip(rest, end + 1);
			lines--;
		}
		held = rest.size < sizeof(buffer) ? rest.size : 0;
		memmove(buffer, rest.data, held);
	}
}

static void look_through(const struct xt_recent *recent, const struct list *list, entry_fn *fn, void *data)
{
	if (list->fd >= 0 && lseek(list->fd, 0, SEEK_SET) == 0)
		read_list(recent, list, fn, data);
}

/* The kernel tells when it saw a client by a clock of its own, whose begin nobody tells. It is learned from
 * the first entry, which is written and read within the same moment. */
struct first {
	struct xt_recent *recent;
	const struct addr *unit;
};

static void learn_clock(void *data, const struct recent_entry *entry)
{
	struct first *first = data;

	if (!addr_equal(&entry->addr, first->unit))
		return;
	first->recent->tick = entry->last_seen;
	first->recent->tick_ms = clock_ms();
	first->recent->clock_known = true;
}

static uint64_t time_of(const struct xt_recent *recent, uint64_t tick)
{
	/* Jiffies are a long of the kernel's, and may run over. */
	int64_t ticks = (long)(tick - recent->tick);
	int64_t ms = (int64_t)recent->tick_ms + ticks * 1000 / (int64_t)recent->ticks_a_second;

	return ms > 0 ? (uint64_t)ms : 0;
}

struct looking {
	struct xt_recent *recent;
	struct list *list;
};

static void note_seen(void *data, const struct recent_entry *entry)
{
	struct looking *looking = data;
	struct kept *kept = table_find(looking->list->kept, &entry->addr);

	if (kept)
		kept->seen_ms = time_of(looking->recent, entry->last_seen);
}

static int no_room(struct xt_recent *recent)
{
	counter_add(COUNTER_backend_dropped, 1);
	if (!recent->dropped_ms)
		recent->dropped_ms = clock_ms();
	return -ENOSPC;
}

int xt_recent_ban(struct xt_recent *recent, const struct addr *unit, uint64_t timeout_ms, bool replace)
{
	struct list *list = list_of(recent, unit);
	uint64_t now = clock_ms();
	struct kept *kept;
	int r;

	if (list->fd < 0)
		return 0;
	r = table_add(list->kept, unit, (void **)&kept);
	if (r < 0)
		return r == -ENOSPC ? no_room(recent) : r;
	if (r == 0 && !replace)
		return 0;
	*kept = (struct kept){ .written_ms = now, .until_ms = now + timeout_ms };
	r = write_change(list, '+', unit);
	if (r < 0) {
		table_remove(list->kept, unit);
		return list_is_gone(r) ? 0 : r;
	}
	if (!recent->clock_known)
		look_through(recent, list, learn_clock, &(struct first){ recent, unit });
	return 0;
}

int xt_recent_unban(struct xt_recent *recent, const struct addr *unit)
{
	struct list *list = list_of(recent, unit);
	int r = list->fd < 0 ? 0 : write_change(list, '-', unit);

	table_remove(list->kept, unit);
	return list_is_gone(r) ? 0 : r;
}

static void look_at_all(struct xt_recent *recent, uint64_t now)
{
	recent->looked_ms = now;
	for (int i = 0; i < 2; i++)
		look_through(recent, &recent->lists[i], note_seen, &(struct looking){ recent, &recent->lists[i] });
}

int xt_recent_query(struct xt_recent *recent, const struct addr *unit, uint64_t *ret_remaining_ms)
{
	struct kept *kept = table_find(list_of(recent, unit)->kept, unit);
	uint64_t now = clock_ms();

	*ret_remaining_ms = 0;
	if (!kept)
		return 0;
	if (kept->until_ms <= now && recent->clock_known) {
		/* What was read before its end does not tell of it: to be asked again a moment later. */
		if (recent->looked_ms + LOOK_AGAIN_MS <= now)
			look_at_all(recent, now);
		else if (recent->looked_ms < kept->until_ms)
			kept->until_ms = recent->looked_ms + LOOK_AGAIN_MS;
		if (kept->seen_ms > kept->written_ms + SLACK_MS && kept->seen_ms + recent->ban_for_ms > now)
			kept->until_ms = kept->seen_ms + recent->ban_for_ms;
	}
	if (kept->until_ms <= now)
		return xt_recent_unban(recent, unit);
	*ret_remaining_ms = kept->until_ms - now;
	return 0;
}

/* The rules were made anew, or somebody emptied the list. */
static bool lost_entries(struct list *list)
{
	char first;
	ssize_t size = pread(list->fd, &first, 1, 0);

	if (size == 0 && table_count(list->kept)) {
		log_warning("the list %s of xt_recent was emptied by somebody else; the banned go in again",
			    list->name);
		table_clear(list->kept);
		return true;
	}
	if (size >= 0)
		return false;
	log_warning("the list %s of xt_recent is gone: a rule that refers to it was removed", list->name);
	lose_list(list);
	find_list(list);
	return list->fd >= 0;
}

static bool has_room_again(struct xt_recent *recent, uint64_t now)
{
	if (!recent->dropped_ms || now - recent->dropped_ms < SEND_AGAIN_MS)
		return false;
	for (int i = 0; i < 2; i++) {
		if (table_count(recent->lists[i].kept) > recent->room - recent->room / 10)
			return false;
	}
	recent->dropped_ms = 0;
	return true;
}

int xt_recent_alive(struct xt_recent *recent)
{
	bool anew = has_room_again(recent, clock_ms());

	for (int i = 0; i < 2; i++) {
		struct list *list = &recent->lists[i];

		anew |= list->fd < 0 ? find_list(list) : lost_entries(list);
	}
	return anew ? -ENOENT : 0;
}

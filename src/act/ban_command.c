/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban_command.h"

#include "act/ban_program.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MOST 64
#define LINE_SIZE (ADDR_UNIT_TEXT_SIZE + 32)
#define SEND_AGAIN_MS 60000

/* One whose ban is over stays until the program knows. */
struct kept {
	uint64_t until_ms; /* 0: it is to be let in */
	uint32_t next;     /* the id of the next one in the queue */
	bool queued, in_batch;
	bool told; /* that it is banned, perhaps */
};

struct queue {
	uint32_t first, last, count;
};

struct ban_command {
	struct loop *loop;
	char *words[WORDS_MOST + 1];
	struct ban_program *program;
	struct loop_timer *timer; /* the next batch */
	struct table *kept;
	uint32_t most, banned;
	struct queue queue; /* what the program does not know yet */
	struct addr *batch; /* what it is being told */
	size_t batch_count;
	bool clear, clear_in_batch;
	uint64_t patience_ms, delay_ms; /* delay_ms: after a failure; 0 while it works */
	uint64_t dropped_ms;
};

static void enqueue(struct ban_command *c, struct kept *kept)
{
	struct queue *q = &c->queue;
	uint32_t id = table_id(c->kept, kept);

	if (kept->queued)
		return;
	kept->queued = true;
	if (q->count)
		((struct kept *)table_at(c->kept, q->last))->next = id;
	else
		q->first = id;
	q->last = id;
	q->count++;
}

static struct kept *dequeue(struct ban_command *c)
{
	struct kept *kept = table_at(c->kept, c->queue.first);

	kept->queued = false;
	c->queue.first = kept->next;
	c->queue.count--;
	return kept;
}

static void arm(struct ban_command *c, uint64_t delay_ms)
{
	if (ban_program_runs(c->program) || loop_timer_armed(c->timer))
		return;
	loop_timer_arm(c->timer, clock_ms() + delay_ms);
}

static void want_batch(struct ban_command *c)
{
	arm(c, BAN_COMMAND_PAUSE_MS);
}

/* The batch, as a file in memory. */

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t done;

	for (; size; data += done, size -= (size_t)done) {
		done = write(fd, data, size);
		if (done < 0 && errno != EINTR)
			return -errno;
		if (done < 0)
			done = 0;
	}
	return 0;
}

static int print_line(char line[LINE_SIZE], const struct addr *unit, uint64_t until_ms, uint64_t now)
{
	char text[ADDR_UNIT_TEXT_SIZE];

	addr_unit_format(unit, text);
	if (until_ms <= now)
		return snprintf(line, LINE_SIZE, "unban %s\n", text);
	return snprintf(line, LINE_SIZE, "ban %s %llu\n", text, (unsigned long long)(until_ms - now + 999) / 1000);
}

/* Takes its lines off the queue. */
static int fill(struct ban_command *c, int fd)
{
	char buffer[16 * 1024];
	size_t used = 0;
	uint64_t now = clock_ms();
	int r = 0;

	if (c->clear)
		used = (size_t)snprintf(buffer, sizeof(buffer), "clear\n");
	while (c->queue.count && c->batch_count < BAN_COMMAND_BATCH && r == 0) {
		struct kept *kept = dequeue(c);
		const struct addr *unit = table_key(c->kept, kept);

		if (!kept->until_ms && !kept->told) {
			table_remove(c->kept, unit);
			continue;
		}
		kept->in_batch = kept->told = true;
		c->batch[c->batch_count++] = *unit;
		used += (size_t)print_line(buffer + used, unit, kept->until_ms, now);
		if (sizeof(buffer) - used < LINE_SIZE) {
			r = write_all(fd, buffer, used);
			used = 0;
		}
	}
	return r < 0 ? r : write_all(fd, buffer, used);
}

/* Who was let in and is known to be is forgotten; what was not taken is told again, before all else or not: the lines
 * of one client are one line. */
static void settle_batch(struct ban_command *c, bool taken)
{
	for (size_t i = 0; i < c->batch_count; i++) {
		struct kept *kept = table_find(c->kept, &c->batch[i]);

		/* Cleared meanwhile. */
		if (!kept || !kept->in_batch)
			continue;
		kept->in_batch = false;
		if (!taken)
			enqueue(c, kept);
		else if (!kept->queued && kept->until_ms == 0)
			table_remove(c->kept, &c->batch[i]);
	}
	c->batch_count = 0;
	if (!taken && c->clear_in_batch)
		c->clear = true;
	c->clear_in_batch = false;
}

static void wait_longer(struct ban_command *c)
{
	c->delay_ms = c->delay_ms ? c->delay_ms * 2 : BAN_COMMAND_DELAY_FIRST_MS;
	if (c->delay_ms > BAN_COMMAND_DELAY_MOST_MS)
		c->delay_ms = BAN_COMMAND_DELAY_MOST_MS;
	arm(c, c->delay_ms);
}

static int start(struct ban_command *c)
{
	int fd = memfd_create("wavebreak-bans", MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = fill(c, fd);
	if (r == 0)
		r = ban_program_start(c->program, fd, c->patience_ms);
	close(fd);
	c->clear_in_batch = c->clear;
	c->clear = false;
	if (r < 0)
		settle_batch(c, false);
	return r;
}

static void on_timer(void *data)
{
	struct ban_command *c = data;
	int r;

	if (ban_program_runs(c->program) || (!c->clear && !c->queue.count))
		return;
	r = start(c);
	if (r == 0)
		return;
	log_error("ban.command cannot be started: %s", strerror(-r));
	wait_longer(c);
}

static void say_failure(const struct ban_command *c, int wait_status, bool hung)
{
	if (hung)
		log_error("ban.command took longer than %llu s and was ended; it is started again",
			  (unsigned long long)c->patience_ms / 1000);
	else if (WIFSIGNALED(wait_status))
		log_error("ban.command was ended by signal %d (%s); it is started again", WTERMSIG(wait_status),
			  strsignal(WTERMSIG(wait_status)));
	else
		log_error("ban.command ended with status %d; it is started again", WEXITSTATUS(wait_status));
}

static void on_ended(void *data, int wait_status, bool hung)
{
	struct ban_command *c = data;

	settle_batch(c, wait_status == 0 && !hung);
	if (wait_status || hung) {
		say_failure(c, wait_status, hung);
		wait_longer(c);
		return;
	}
	if (c->delay_ms)
		log_info("ban.command works again");
	c->delay_ms = 0;
	if (c->clear || c->queue.count)
		want_batch(c);
}

static void dismiss(struct ban_command *c)
{
	ban_program_destroy(c->program);
	if (c->timer)
		loop_timer_destroy(c->timer);
	table_destroy(c->kept);
	for (size_t i = 0; c->words[i]; i++)
		free(c->words[i]);
	free(c->batch);
	free(c);
}

static int copy_words(struct ban_command *c, char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		if (i == WORDS_MOST)
			return -E2BIG;
		c->words[i] = strdup(words[i]);
		if (!c->words[i])
			return -ENOMEM;
	}
	return c->words[0] ? 0 : -EINVAL;
}

int ban_command_open(struct loop *loop, const struct ban_command_limits *limits, struct ban_command **ret)
{
	struct ban_command *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->loop = loop;
	c->most = limits->most;
	c->clear = true;
	c->patience_ms = limits->patience_ms ? limits->patience_ms : BAN_COMMAND_PATIENCE_MS;
	c->batch = calloc(BAN_COMMAND_BATCH, sizeof(*c->batch));
	r = c->batch ? copy_words(c, limits->words) : -ENOMEM;
	/* Those that are to be let in have room of their own. */
	if (r == 0)
		r = table_create(sizeof(struct addr), sizeof(struct kept), (size_t)limits->most * 2, &c->kept);
	if (r == 0)
		r = loop_timer_create(loop, on_timer, c, &c->timer);
	if (r == 0)
		r = ban_program_create(loop, c->words, on_ended, c, &c->program);
	if (r < 0) {
		dismiss(c);
		return r;
	}
	want_batch(c);
	*ret = c;
	return 0;
}

void ban_command_rest(struct ban_command *c)
{
	ban_program_stop(c->program);
	settle_batch(c, false);
	want_batch(c);
}

void ban_command_close(struct ban_command *c)
{
	if (!c)
		return;
	ban_program_stop(c->program);
	ban_command_clear(c);
	if (start(c) < 0 || !ban_program_wait(c->program, BAN_COMMAND_CLOSE_MS))
		log_warning("ban.command did not take the last 'clear'");
	dismiss(c);
}

int ban_command_probe(const char *program)
{
	struct stat st;

	if (stat(program, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return -EACCES;
	return st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) ? -EPERM : 0;
}

static int no_room(struct ban_command *c)
{
	counter_add(COUNTER_backend_dropped, 1);
	if (!c->dropped_ms)
		c->dropped_ms = clock_ms();
	return -ENOSPC;
}

int ban_command_ban(struct ban_command *c, const struct addr *unit, uint64_t timeout_ms, bool replace)
{
	struct kept *kept = table_find(c->kept, unit);
	int r;

	if (kept && kept->until_ms && !replace)
		return 0;
	if (!kept || !kept->until_ms) {
		if (c->banned >= c->most)
			return no_room(c);
		r = table_add(c->kept, unit, (void **)&kept);
		if (r < 0)
			return r == -ENOSPC ? no_room(c) : r;
		c->banned++;
	}
	kept->until_ms = clock_ms() + timeout_ms;
	enqueue(c, kept);
	want_batch(c);
	return 0;
}

int ban_command_unban(struct ban_command *c, const struct addr *unit)
{
	struct kept *kept = table_find(c->kept, unit);

	if (!kept || !kept->until_ms)
		return 0;
	c->banned--;
	kept->until_ms = 0;
	enqueue(c, kept);
	want_batch(c);
	return 0;
}

int ban_command_query(struct ban_command *c, const struct addr *unit, uint64_t *ret_remaining_ms)
{
	const struct kept *kept = table_find(c->kept, unit);
	uint64_t now = clock_ms();

	*ret_remaining_ms = 0;
	if (!kept || !kept->until_ms)
		return 0;
	if (kept->until_ms <= now)
		return ban_command_unban(c, unit);
	*ret_remaining_ms = kept->until_ms - now;
	return 0;
}

int ban_command_clear(struct ban_command *c)
{
	table_clear(c->kept);
	c->banned = 0;
	c->queue = (struct queue){ 0 };
	c->batch_count = 0;
	c->dropped_ms = 0;
	c->clear = true;
	c->clear_in_batch = false;
	want_batch(c);
	return 0;
}

int ban_command_alive(struct ban_command *c)
{
	if (!c->dropped_ms || c->queue.count || c->banned > c->most - c->most / 10 ||
	    clock_ms() - c->dropped_ms < SEND_AGAIN_MS)
		return 0;
	c->dropped_ms = 0;
	return -ENOENT;
}

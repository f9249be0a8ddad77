/* SPDX-License-Identifier: Apache-2.0 */
/* backend_bench - what bans cost with other firewalls: unshare -n build/bench/backend_bench
 *
 * Needs root, and a network namespace of its own. For recent, rules make the list first (iptables-legacy); it is
 * left out where there are none. The time of `command` goes on to the end of the last program.
 */
#include "act/ban_command.h"
#include "act/ipset.h"
#include "act/xt_recent.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 100000U
#define SINGLES 10000U
#define BAN_FOR_MS 600000

static void must(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "backend_bench: %s: %s\n", what, strerror(-r));
	exit(r == -EPERM ? 3 : 1);
}

static void report(const char *what, unsigned count, uint64_t begin_us)
{
	double us = (double)(clock_us() - begin_us);

	printf("%-36s %8u  %8.4f s  %8.2f us each\n", what, count, us / 1e6, us / count);
}

static struct addr unit_number(uint32_t n)
{
	uint32_t scattered = n * 2654435761U;

	return addr_from_ipv4(&scattered);
}

static void bench_ipset(void)
{
	struct ban_change *changes = calloc(MANY, sizeof(*changes));
	struct ipset *ipset;
	uint64_t begin, remaining;

	if (!changes)
		must(-ENOMEM, "changes");
	must(ipset_open("wbbench", BAN_FOR_MS, 2 * MANY, &ipset), "ipset");
	for (uint32_t i = 0; i < MANY; i++)
		changes[i] = (struct ban_change){ .unit = unit_number(i + 1), .timeout_ms = BAN_FOR_MS };
	begin = clock_us();
	must(ipset_apply(ipset, changes, MANY), "ipset");
	report("ipset: new bans", MANY, begin);
	begin = clock_us();
	for (uint32_t i = 0; i < SINGLES; i++)
		must(ipset_apply(ipset, &changes[i], 1), "ipset");
	report("ipset: one at a time", SINGLES, begin);
	begin = clock_us();
	for (uint32_t i = 0; i < SINGLES; i++)
		must(ipset_query(ipset, &changes[i].unit, &remaining), "ipset");
	report("ipset: questions", SINGLES, begin);
	begin = clock_us();
	must(ipset_alive(ipset), "ipset");
	report("ipset: the look each second", 1, begin);
	for (uint32_t i = 0; i < MANY; i++)
		changes[i].timeout_ms = 0;
	begin = clock_us();
	must(ipset_apply(ipset, changes, MANY), "ipset");
	report("ipset: ends", MANY, begin);
	ipset_close(ipset);
	free(changes);
}

static void bench_recent(void)
{
	struct xt_recent_facts facts;
	struct xt_recent *recent;
	uint64_t begin;
	struct addr unit;

	if (system("PATH=/usr/sbin:/sbin:$PATH XTABLES_LOCKFILE=/dev/null iptables-legacy -A INPUT -p tcp --syn "
		   "-m recent --name wbbench --update --seconds 600 -j DROP 2>/dev/null") != 0)
		return;
	facts = xt_recent_look("wbbench");
	must(xt_recent_open("wbbench", BAN_FOR_MS, &recent), "recent");
	begin = clock_us();
	for (uint32_t i = 0; i < facts.room; i++) {
		unit = unit_number(i + 1);
		must(xt_recent_ban(recent, &unit, BAN_FOR_MS, false), "recent");
	}
	report("recent: new bans, to the list's end", facts.room, begin);
	begin = clock_us();
	for (uint32_t i = 0; i < facts.room; i++) {
		unit = unit_number(i + 1);
		must(xt_recent_unban(recent, &unit), "recent");
	}
	report("recent: ends", facts.room, begin);
	xt_recent_close(recent);
}

struct waiting {
	struct loop *loop;
	struct loop_timer *timer;
	FILE *heard;
	unsigned lines;
};

static void look(void *data)
{
	struct waiting *waiting = data;
	char line[128];

	while (fgets(line, sizeof(line), waiting->heard))
		waiting->lines++;
	clearerr(waiting->heard);
	/* And one `clear`. */
	if (waiting->lines > MANY)
		loop_stop(waiting->loop);
	else
		loop_timer_arm(waiting->timer, clock_ms() + 5);
}

static void bench_command(void)
{
	char shell[] = "/bin/sh", option[] = "-c", path[] = "/tmp/backend-bench-XXXXXX", script[96];
	char *words[] = { shell, option, script, NULL };
	const struct ban_command_limits limits = { .words = words, .most = MANY };
	int fd = mkstemp(path);
	struct waiting waiting = { .heard = fd < 0 ? NULL : fdopen(fd, "r") };
	struct ban_command *command;
	uint64_t begin;
	struct addr unit;

	if (!waiting.heard)
		must(-errno, path);
	snprintf(script, sizeof(script), "cat >>%s", path);
	must(loop_create(&waiting.loop), "loop");
	must(loop_timer_create(waiting.loop, look, &waiting, &waiting.timer), "timer");
	must(ban_command_open(waiting.loop, &limits, &command), "command");
	begin = clock_us();
	for (uint32_t i = 0; i < MANY; i++) {
		unit = unit_number(i + 1);
		must(ban_command_ban(command, &unit, BAN_FOR_MS, false), "command");
	}
	report("command: bans taken", MANY, begin);
	loop_timer_arm(waiting.timer, clock_ms());
	must(loop_run(waiting.loop), "loop");
	report("command: all told, 8,192 a program", MANY, begin);
	ban_command_close(command);
	loop_timer_destroy(waiting.timer);
	loop_destroy(waiting.loop);
	fclose(waiting.heard);
	remove(path);
}

int main(void)
{
	bench_ipset();
	bench_recent();
	bench_command();
	return 0;
}

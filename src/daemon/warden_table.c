/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/networks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(NETWORKS_MOST <= BAN_NETWORKS_MOST && 2 * PREFIX_SET_MAX <= BAN_PREFIXES_MOST,
	       "the kernel takes them all");

static uint32_t share(uint32_t per_second, uint64_t percent)
{
	uint64_t left = (uint64_t)per_second * percent / 100;

	return per_second && left == 0 ? 1 : (uint32_t)left; /* 0 would be no limit */
}

struct ban_table_limits warden_table_limits(const struct warden *w)
{
	struct ban_table_limits limits = warden_ban_limits(w->plan);
	uint64_t percent = w->plan->settings.wave_limits;

	if (!w->wave)
		return limits;
	limits.per_address = share(limits.per_address, percent);
	limits.per_network = share(limits.per_network, percent);
	limits.total = share(limits.total, percent);
	return limits;
}

/* A table that is gone is noticed within a second, and made anew with all of this. What else is in the way is said
 * once, and may be over a second later. */
static void note_result(const char *what, int error, int *noted)
{
	if (error == -ENOENT)
		error = 0;
	if (error && error != *noted)
		log_warning("%s cannot be told to the kernel: %s; it is tried again", what, strerror(-error));
	*noted = error;
}

void warden_push_never(struct warden *w)
{
	size_t count = w->never.count + w->allowed.count;
	struct prefix_set both = { .count = count, .room = count };
	int r;

	w->never_changed = false;
	if (!w->ban)
		return;
	both.entries = calloc(count + 1, sizeof(*both.entries));
	if (!both.entries) {
		note_result("the never-list", -ENOMEM, &w->never_error);
		return;
	}
	if (w->never.count)
		memcpy(both.entries, w->never.entries, w->never.count * sizeof(*both.entries));
	if (w->allowed.count)
		memcpy(both.entries + w->never.count, w->allowed.entries, w->allowed.count * sizeof(*both.entries));
	r = ban_set_never(w->ban, &both);
	free(both.entries);
	note_result("the never-list", r, &w->never_error);
}

static void push_networks(struct warden *w)
{
	note_result("the suspect networks", ban_set_networks(w->ban, &w->plan->suspect_networks), &w->networks_error);
}

/* Once for each trouble. What steering lacks, warden_steer says. */
static void say_lacks(struct warden *w)
{
	struct ban_lacks lacks = ban_lacks(w->ban);

	if (lacks.limits && lacks.limits != w->said_lacks.limits)
		log_error("limits: this kernel's nf_tables cannot do it (%s); new connections are not limited",
			  strerror(-lacks.limits));
	w->said_lacks = lacks;
}

void warden_fill_table(struct warden *w)
{
	if (!w->ban)
		return;
	say_lacks(w);
	warden_push_never(w);
	push_networks(w);
}

void warden_reconfigure_table(struct warden *w)
{
	struct ban_table_limits limits = warden_table_limits(w);

	/* Where there is no table, the next one is made so. */
	w->wave_in_force = w->wave;
	if (!w->ban)
		return;
	if (ban_reconfigure(w->ban, &limits) < 0)
		warden_mend_table(w);
	else
		say_lacks(w);
}

void warden_keep_table(struct warden *w)
{
	if (w->wave != w->wave_in_force)
		warden_reconfigure_table(w);
	if (w->ban && w->never_error)
		warden_push_never(w);
	if (w->ban && w->networks_error)
		push_networks(w);
}

void warden_forget_counts(struct warden *w)
{
	w->counts = (struct ban_counts){ 0 };
}

void warden_count_arrivals(struct warden *w)
{
	static const enum counter of_the_table[] = {
		COUNTER_arrivals, COUNTER_arrivals_banned, COUNTER_arrivals_over_address,
		COUNTER_arrivals_over_network, COUNTER_arrivals_over_total, COUNTER_arrivals_steered,
	};
	const struct ban_counts before = w->counts;
	struct ban_counts now;
	bool counted = w->ban && ban_counts(w->ban, &now) == 0;

	for (size_t i = 0; i < sizeof(of_the_table) / sizeof(of_the_table[0]); i++)
		counter_make_known(of_the_table[i], counted);
	if (!counted)
		return;
	w->counts = now;
	counter_add(COUNTER_arrivals, now.arrivals - before.arrivals);
	counter_add(COUNTER_arrivals_banned, now.banned - before.banned);
	counter_add(COUNTER_arrivals_over_address, now.over_address - before.over_address);
	counter_add(COUNTER_arrivals_over_network, now.over_network - before.over_network);
	counter_add(COUNTER_arrivals_over_total, now.over_total - before.over_total);
	counter_add(COUNTER_arrivals_steered, now.steered - before.steered);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void warden_drop_plan(struct plan *plan)
{
	if (plan)
		plan_free(plan);
	free(plan);
}

static bool keep_text(char **fresh, char **old)
{
	char *swapped = *fresh;

	if (strcmp(*fresh, *old) == 0)
		return false;
	*fresh = *old;
	*old = swapped;
	return true;
}

static void keep_limit(const char *name, setting_COUNT *fresh, uint32_t most)
{
	if (*fresh <= most)
		return;
	*fresh = most;
	log_warning("a larger %s takes a restart; until then it is %u", name, most);
}

/* What was opened with privileges that are gone, and sets that cannot grow. The fresh plan is
 * to say what is in force, so it takes these from the old one. */
static void keep_until_restart(const struct warden *w, struct settings *fresh, struct settings *old)
{
	bool kept = false;

	kept |= keep_text(&fresh->daemon_user, &old->daemon_user);
	kept |= keep_text(&fresh->daemon_group, &old->daemon_group);
	kept |= keep_text(&fresh->daemon_state, &old->daemon_state);
	kept |= keep_text(&fresh->daemon_runtime, &old->daemon_runtime);
	kept |= keep_text(&fresh->watch_socket, &old->watch_socket);
	if (kept)
		log_warning("what was changed in the section daemon, or of watch.socket, takes a restart");
	if (!w->backend)
		return;
	keep_limit("ban.limit", &fresh->ban_limit, w->table_limit);
	keep_limit("suspect.limit", &fresh->suspect_limit, w->suspect_limit);
}

/* Then what is pending may go on. */
static bool evict_alike(const struct plan *a, const struct plan *b)
{
	const struct settings *x = &a->settings, *y = &b->settings;
	uint16_t ports_of_a[PLAN_PORTS_MOST], ports_of_b[PLAN_PORTS_MOST];
	size_t count = plan_guarded_ports(x, ports_of_a);

	return x->evict_enabled == y->evict_enabled && x->relief_enabled == y->relief_enabled &&
	       x->evict_grace == y->evict_grace && x->evict_signal == y->evict_signal &&
	       a->server.handlers == b->server.handlers &&
	       plan_guarded_ports(y, ports_of_b) == count && memcmp(ports_of_a, ports_of_b, count * sizeof(uint16_t)) == 0;
}

void warden_take_next_plan(struct warden *w)
{
	struct plan *old = w->plan;

	keep_until_restart(w, &w->next->settings, &old->settings);
	plan_find_lines(w->next);
	w->plan = w->next;
	w->next = NULL;
	warden_reconfigure_table(w);
	warden_fill_table(w);
	warden_change_backend(w);
	if (!w->evict || !evict_alike(w->plan, old))
		warden_open_evict(w);
	warden_close_relief(w);
	warden_close_use(w);
	warden_set_bounds(w);
	warden_look_at_host(w);
	/* Before the next worker is: it keeps the sockets to the gate. */
	warden_start_gate(w);
	warden_drop_plan(old);
}

/* NULL when there is a mistake in it, which has been said. */
static struct plan *read_plan(struct warden *w)
{
	struct plan *fresh = malloc(sizeof(*fresh));
	struct mistakes mistakes = { 0 };
	char line[MISTAKE_LINE_SIZE];
	int r = fresh ? plan_make(w->options->config_file, fresh, &mistakes) : -ENOMEM;

	for (size_t i = 0; i < mistakes.count; i++)
		log_error("%s", mistakes_format(&mistakes, i, line));
	if (r < 0) {
		free(fresh);
		return NULL;
	}
	fresh->follow_stdin = w->plan->follow_stdin;
	plan_find_lines(fresh);
	plan_find_networks(fresh);
	/* A worker that cannot begin is found out while there is one that goes on, and so is a gate. */
	if (warden_try_plan(w, fresh) == 0 && warden_prepare_gate(w, fresh) == 0)
		return fresh;
	warden_drop_plan(fresh);
	return NULL;
}

void warden_reload(struct warden *w)
{
	struct plan *fresh;

	/* A program that takes our place reads it, too. */
	if (w->state == WARDEN_ENDING || w->state == WARDEN_UPGRADING)
		return;
	fresh = read_plan(w);
	if (!fresh) {
		log_event(LOG_RELOAD_FAILED);
		return;
	}
	log_event(LOG_RELOADED);
	/* READY=1 follows when the new worker is. */
	notify_supervisor("RELOADING=1");
	warden_drop_plan(w->next);
	w->next = fresh;
	if (w->state == WARDEN_GUARDING) {
		warden_stop(w, WARDEN_RELOADING);
	} else if (w->state == WARDEN_WAITING) {
		warden_take_next_plan(w);
		child_forgive(&w->worker);
		warden_start(w);
	}
}

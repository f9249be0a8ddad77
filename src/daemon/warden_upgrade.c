/* SPDX-License-Identifier: Apache-2.0 */
/* Another program in this process: tried in a child first, which has the sockets, too, and executed when the watch
 * worker has ended and saved its places. Until that very moment nothing of the gate is touched. */
#include "daemon/warden_internal.h"

#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/notify.h"
#include "daemon/worker.h"

#include <errno.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* A machine in a wave is slow, and it has signatures to compile. We do not wait for it. */
#define TRIAL_MS 20000
#define WORDS_MOST 16
#define EXIT_NOT_EXECUTED 126

/* The file as it was named, which may be a link that leads to another version by now; where it was not named by
 * all of its path, the file itself. NULL when neither is known. */
static char *find_executable(void)
{
	const char *named = (const char *)getauxval(AT_EXECFN);
	char path[PATH_MAX];
	ssize_t size;

	if (named && named[0] == '/')
		return strdup(named);
	size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (size <= 0)
		return NULL;
	path[size] = '\0';
	return strdup(path);
}

void warden_begin_upgraded(struct warden *w)
{
	w->upgraded = upgrade_take(&w->handed);
	w->executable = find_executable();
	if (!w->upgraded)
		return;
	w->bounded = w->handed.bounded;
	/* Our worker is not the first one, and nothing that is wrong by now ends the guard. */
	w->worker_before = w->ready_said = true;
}

/* Returns false when there are more words than we were ever started with. */
static bool put_words(const struct warden *w, char *added, char *words[WORDS_MOST + 3])
{
	size_t count = 0;

	words[count++] = w->executable;
	for (char *const *word = w->options->words; *word; word++) {
		if (count > WORDS_MOST)
			return false;
		words[count++] = *word;
	}
	words[count++] = added;
	words[count] = NULL;
	return true;
}

/* Comes back only with -errno, and all is as before. */
static int execute(struct warden *w, const struct upgrade *handed, char *added)
{
	char *words[WORDS_MOST + 3];
	int r = put_words(w, added, words) ? upgrade_give(handed) : -E2BIG;

	if (r == 0) {
		confine_keep_across_execution();
		execv(w->executable, words);
		r = -errno;
		confine_own_capabilities(confine_effective());
	}
	upgrade_withdraw(handed);
	return r;
}

static void hand_over(struct warden *w, struct upgrade *ret)
{
	upgrade_init(ret);
	ret->bounded = w->bounded;
	ret->control = w->listener;
	ret->intake = w->intake;
	warden_gate_hand_over(w->gate, ret);
}

/* The trial: processes are not for it. */

static int run_trial(void *data, int socket)
{
	static char try[] = "--try";
	struct warden *w = data;
	struct upgrade handed;
	int r;

	upgrade_init(&handed);
	handed.bounded = w->bounded;
	warden_gate_tell_listeners(w->gate, &handed);
	r = execute(w, &handed, try);
	log_error("cannot execute %s: %s", w->executable, strerror(-r));
	return EXIT_NOT_EXECUTED;
}

static void on_trial_word(void *data, int socket, uint32_t events)
{
	struct warden *w = data;

	child_stop_hearing(&w->trial);
}

static void on_trial_ended(void *data, int wait_status)
{
	struct warden *w = data;
	char text[CHILD_END_SIZE];

	loop_timer_disarm(w->trial_timer);
	if (w->state == WARDEN_ENDING)
		return;
	if (wait_status) {
		log_error("a trial of %s %s; what runs goes on", w->executable, child_end_text(wait_status, text));
		return;
	}
	log_info("%s takes over", w->executable);
	notify_supervisor("RELOADING=1");
	warden_stop(w, WARDEN_UPGRADING);
	/* Where there is no worker, at once. */
	if (!w->worker.pid)
		loop_timer_arm(w->state_timer, loop_now_ms(w->loop));
}

static void on_trial_too_long(void *data)
{
	struct warden *w = data;

	log_error("a trial of %s takes more than %d s", w->executable, TRIAL_MS / 1000);
	child_signal(&w->trial, SIGKILL);
}

int warden_init_upgrade(struct warden *w)
{
	static const struct child_calls calls = { run_trial, on_trial_word, NULL, on_trial_ended };

	child_init(&w->trial, w->loop, &calls, w);
	return loop_timer_create(w->loop, on_trial_too_long, w, &w->trial_timer);
}

void warden_upgrade(struct warden *w)
{
	int r = 0;

	if (w->state == WARDEN_ENDING || w->state == WARDEN_UPGRADING || w->trial.pid)
		return;
	if (!w->executable || !w->options->words)
		r = -ENOENT;
	if (r == 0)
		r = child_start(&w->trial);
	if (r == 0)
		loop_timer_arm(w->trial_timer, loop_now_ms(w->loop) + TRIAL_MS);
	else
		log_error("cannot try a new version: %s; what runs goes on", strerror(-r));
}

void warden_execute(struct warden *w)
{
	struct upgrade handed;
	int r;

	backend_rest(w->backend);
	hand_over(w, &handed);
	r = execute(w, &handed, NULL);
	log_error("cannot execute %s: %s; what runs goes on", w->executable, strerror(-r));
}

void warden_end_upgrade(struct warden *w)
{
	if (w->loop)
		child_destroy(&w->trial);
	if (w->trial_timer)
		loop_timer_destroy(w->trial_timer);
	upgrade_close(&w->handed);
	free(w->executable);
}

/* In the trial: what has no effect that lasts, of all that comes first in a life of the warden. */

static int try_gate(const struct plan *plan, const struct upgrade *handed)
{
	return warden_gate_try(&plan->settings, handed ? &handed->listeners : NULL) < 0 ? WARDEN_WRONG : 0;
}

/* Not in a process of its own, which would outlive us where we are ended. */
static int try_worker(const struct warden *w)
{
	const struct worker_start start = { .plan = w->plan, .uid = w->uid, .gid = w->gid };

	return worker_try(&start);
}

int warden_try(const struct warden_options *options, struct plan *plan)
{
	struct warden w = { .options = options, .plan = plan, .listener = -1, .intake = -1 };
	bool handed = upgrade_take(&w.handed);
	int status = warden_check_permission(&w);

	if (status == 0)
		status = warden_find_user(&w);
	/* A folder that is not the user's cannot be made so by who has given up most of his privileges. */
	if (status == 0 && handed)
		status = warden_make_folders(&w);
	if (status == 0 && !options->observe)
		status = try_gate(plan, handed ? &w.handed : NULL);
	upgrade_close(&w.handed);
	return status ? status : try_worker(&w);
}

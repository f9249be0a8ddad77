/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_gate_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/gate_house.h"
#include "daemon/gate_packet.h"
#include "daemon/porter.h"
#include "daemon/porter_rules.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each says something every second. Where clients come to the gate alone, one that hangs has to be found, ended and
 * in its place again within 5 s; a machine in a wave keeps a process waiting for a second or two. */
#define SILENCE_MS 3500
/* Where they have another way, that is taken first. */
#define STEERED_SILENCE_MS 2500
/* Before its first word, it has to become what it is to be, on a machine in a wave. */
#define START_MS 10000
#define STOP_MS 3000
/* That are read at once; one that says more is heard again in the next round. */
#define WORDS_A_ROUND 256

static const char *name_of(const struct process *p, char name[24])
{
	if (p->is_porter)
		return "porter";
	snprintf(name, 24, "gate worker %u", p->number);
	return name;
}

/* The new process. */

static int run_porter(struct process *p, int socket)
{
	struct generation *g = p->generation;
	int gates[GATE_WORKERS_MOST], *keep[GATE_WORKERS_MOST + 1] = { &socket };
	struct porter_start start = { .settings = &g->start.plan->settings, .gates = gates,
				      .gate_count = g->worker_count, .warden_pid = p->child.parent };

	for (unsigned i = 0; i < g->worker_count; i++) {
		gates[i] = g->to_porter[i][OTHER_SIDE];
		keep[1 + i] = &gates[i];
	}
	if (child_keep(keep, 1 + g->worker_count) < 0)
		return EXIT_FAILURE;
	start.warden = socket;
	prctl(PR_SET_NAME, "wb-porter");
	return porter_run(&start);
}

static int run_worker(struct process *p, int socket)
{
	struct generation *g = p->generation;
	const struct gate_listeners *listeners = g->gate->listeners;
	struct gate_worker_start start = { .plan = g->start.plan, .never = g->start.never, .number = p->number,
					   .warden = p->child.parent, .warden_socket = socket,
					   .watch = g->to_watch[p->number][GATE_SIDE],
					   .porter = g->to_porter[p->number][GATE_SIDE], .hook = listeners->hook,
					   .uid = g->start.uid, .gid = g->start.gid };
	int *keep[4 + GATE_LISTENERS_MOST] = { &start.warden_socket, &start.watch, &start.porter, &start.hook };

	for (size_t i = 0; i < listeners->count; i++) {
		start.listeners[i] = listeners->endpoints[i].sockets[p->number];
		keep[4 + start.listener_count++] = &start.listeners[i];
	}
	if (child_keep(keep, 4 + start.listener_count) < 0)
		return EXIT_FAILURE;
	prctl(PR_SET_NAME, "wb-gate");
	return gate_worker_run(&start);
}

static int run(void *data, int socket)
{
	struct process *p = data;

	return p->is_porter ? run_porter(p, socket) : run_worker(p, socket);
}

/* Generations. */

void gate_close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

bool gate_process_runs(const struct process *p)
{
	return p->child.pid != 0;
}

static bool workers_run(const struct generation *g)
{
	bool runs = false;

	for (unsigned i = 0; i < g->worker_count; i++)
		runs |= gate_process_runs(&g->workers[i]);
	return runs;
}

static bool generation_runs(const struct generation *g)
{
	return gate_process_runs(&g->porter) || workers_run(g);
}

static void process_free(struct process *p)
{
	child_destroy(&p->child);
	if (p->start_timer)
		loop_timer_destroy(p->start_timer);
}

void gate_generation_free(struct generation *g)
{
	process_free(&g->porter);
	for (unsigned i = 0; i < g->worker_count; i++) {
		process_free(&g->workers[i]);
		gate_close_pair(g->to_watch[i]);
		gate_close_pair(g->to_porter[i]);
	}
	if (g->patience)
		loop_timer_destroy(g->patience);
	free(g);
}

void gate_generation_forget_if_gone(struct generation *g)
{
	struct warden_gate *gate = g->gate;
	struct generation **place = &gate->generations;

	if (g->state == SERVING || generation_runs(g))
		return;
	while (*place != g)
		place = &(*place)->next;
	*place = g->next;
	gate_generation_free(g);
	if (gate->stopping && !gate->generations)
		gate->ended(gate->data);
}

static void start_later(struct process *p)
{
	loop_timer_arm(p->start_timer, loop_now_ms(p->generation->gate->loop) + child_start_delay(&p->child));
}

static void start_process(void *data)
{
	struct process *p = data;
	char name[24];
	int r;

	p->spoke = false;
	r = child_start(&p->child);
	if (r == 0)
		return;
	log_error("cannot start the %s: %s", name_of(p, name), strerror(-r));
	start_later(p);
}

/* What it says is that it is here. Returns false when it has closed its socket. */
static bool take_words(struct process *p)
{
	ssize_t n = -1;
	char word;

	for (int i = 0; i < WORDS_A_ROUND && (n = recv(p->child.socket, &word, 1, MSG_DONTWAIT)) > 0; i++) {
		p->spoke = true;
		child_note_word(&p->child);
		if (word == GATE_WORD_UNABLE && p->generation->state == SERVING)
			gate_note_unable(p->generation);
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_word(void *data, int socket, uint32_t events)
{
	struct process *p = data;

	if (!take_words(p))
		child_stop_hearing(&p->child);
}

static void on_process_ended(void *data, int wait_status)
{
	struct process *p = data;
	struct generation *g = p->generation;
	char name[24], text[CHILD_END_SIZE];

	if (g->state == SERVING) {
		log_event(LOG_PROCESS_DIED, LOG_TEXT(PROCESS, name_of(p, name)),
			  LOG_TEXT(WHY, child_end_text(wait_status, text)));
		counter_add(COUNTER_gate_restarts, 1);
		start_later(p);
		return;
	}
	if (g->state == DRAINING && wait_status)
		log_error("the %s of the configuration before %s", name_of(p, name), child_end_text(wait_status, text));
	/* Nobody comes again: the watch worker is to see its end. */
	if (!p->is_porter)
		gate_close_pair(g->to_watch[p->number]);
	gate_generation_forget_if_gone(g);
}

static const struct child_calls calls = { .run = run, .heard = on_word, .ended = on_process_ended };

static void signal_workers(const struct generation *g, int signal_number)
{
	for (unsigned i = 0; i < g->worker_count; i++)
		child_signal(&g->workers[i].child, signal_number);
}

static void end_by_force(struct generation *g)
{
	signal_workers(g, SIGKILL);
	child_signal(&g->porter.child, SIGKILL);
}

/* The porter sees that they are gone, and ends by itself. */
static void on_drained_for_long(void *data)
{
	struct generation *g = data;

	if (!workers_run(g))
		return;
	log_warning("sessions of the configuration before have lasted for gate.session; they are ended");
	signal_workers(g, SIGKILL);
}

static void stop_starting(struct generation *g)
{
	loop_timer_disarm(g->porter.start_timer);
	for (unsigned i = 0; i < g->worker_count; i++)
		loop_timer_disarm(g->workers[i].start_timer);
}

void gate_generation_limit(struct generation *g, uint64_t ms)
{
	g->patience_ends_ms = loop_now_ms(g->gate->loop) + ms;
	loop_timer_arm(g->patience, g->patience_ends_ms);
}

static void drain(struct generation *g)
{
	g->state = DRAINING;
	stop_starting(g);
	for (unsigned i = 0; i < g->worker_count; i++) {
		gate_close_pair(g->to_porter[i]);
		if (gate_process_runs(&g->workers[i]))
			child_tell(&g->workers[i].child, GATE_WORD_DRAIN);
		else
			gate_close_pair(g->to_watch[i]);
	}
	/* It ends by itself a little earlier. */
	gate_generation_limit(g, g->session_ms + STOP_MS);
	gate_generation_forget_if_gone(g);
}

static void end(struct generation *g)
{
	g->state = ENDING;
	stop_starting(g);
	end_by_force(g);
	gate_generation_forget_if_gone(g);
}

static int process_init(struct process *p, struct generation *g, bool is_porter, unsigned number)
{
	p->generation = g;
	p->is_porter = is_porter;
	p->number = number;
	child_init(&p->child, g->gate->loop, &calls, p);
	return loop_timer_create(g->gate->loop, start_process, p, &p->start_timer);
}

static int make_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0 ? -errno : 0;
}

int gate_generation_allocate(struct warden_gate *gate, unsigned workers, struct generation **ret)
{
	struct generation *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->gate = gate;
	for (unsigned i = 0; i < GATE_WORKERS_MOST; i++)
		for (int side = 0; side < 2; side++)
			g->to_watch[i][side] = g->to_porter[i][side] = -1;
	r = loop_timer_create(gate->loop, on_drained_for_long, g, &g->patience);
	if (r == 0)
		r = process_init(&g->porter, g, true, 0);
	for (unsigned i = 0; r == 0 && i < workers; i++) {
		g->worker_count++;
		r = process_init(&g->workers[i], g, false, i);
	}
	if (r < 0)
		gate_generation_free(g);
	else
		*ret = g;
	return r;
}

static int generation_create(struct warden_gate *gate, const struct warden_gate_start *start, unsigned workers,
			     struct generation **ret)
{
	struct generation *g;
	int r = gate_generation_allocate(gate, workers, &g);

	if (r < 0)
		return r;
	g->start = *start;
	g->session_ms = plan_longest_session_ms(&start->plan->settings);
	g->packet_form = GATE_PACKET_FORM;
	for (unsigned i = 0; r == 0 && i < workers; i++) {
		r = make_pair(g->to_watch[i]);
		if (r == 0)
			r = make_pair(g->to_porter[i]);
	}
	if (r < 0)
		gate_generation_free(g);
	else
		*ret = g;
	return r;
}

static void generation_start(struct generation *g)
{
	g->next = g->gate->generations;
	g->gate->generations = g;
	start_process(&g->porter);
	for (unsigned i = 0; i < g->worker_count; i++)
		start_process(&g->workers[i]);
}

/* Returns for how long it may yet be silent, in milliseconds. */
static uint64_t look_at_process(struct process *p)
{
	uint64_t patience_ms, silence_ms;
	char name[24], text[DURATION_TEXT_SIZE];

	if (!gate_process_runs(p))
		return UINT64_MAX;
	/* What came while we had no time for it. */
	take_words(p);
	patience_ms = p->spoke ? SILENCE_MS : START_MS;
	silence_ms = child_silence_ms(&p->child);
	if (silence_ms < patience_ms)
		return patience_ms - silence_ms;
	log_event(LOG_PROCESS_HUNG, LOG_TEXT(PROCESS, name_of(p, name)), LOG_TEXT(FOR, duration_format(patience_ms, text)));
	child_note_word(&p->child);
	child_signal(&p->child, SIGKILL);
	return UINT64_MAX;
}

/* What is due before the next look is looked at when it is due. */
void warden_gate_look(struct warden_gate *gate)
{
	uint64_t next_ms = UINT64_MAX;

	for (struct generation *g = gate->generations; g; g = g->next) {
		uint64_t due_ms = look_at_process(&g->porter);

		next_ms = due_ms < next_ms ? due_ms : next_ms;
		for (unsigned i = 0; i < g->worker_count; i++) {
			due_ms = look_at_process(&g->workers[i]);
			next_ms = due_ms < next_ms ? due_ms : next_ms;
		}
	}
	if (next_ms < WARDEN_GATE_LOOK_MS)
		loop_timer_arm(gate->look, loop_now_ms(gate->loop) + next_ms);
}

static void on_look(void *data)
{
	warden_gate_look(data);
}

static bool works(const struct process *p)
{
	return gate_process_runs(p) && p->spoke && child_silence_ms(&p->child) < STEERED_SILENCE_MS;
}

/* The gate as a whole. */

struct generation *gate_generation_serving(const struct warden_gate *gate)
{
	struct generation *g = gate->generations;

	while (g && g->state != SERVING)
		g = g->next;
	return g;
}

bool warden_gate_works(const struct warden_gate *gate)
{
	const struct generation *g = gate->stopping ? NULL : gate_generation_serving(gate);
	bool all = g && works(&g->porter) && !gate_serves_nobody(gate);

	for (unsigned i = 0; all && i < g->worker_count; i++)
		all = works(&g->workers[i]);
	return all;
}

/* What the porter would stumble over, such as a user that does not exist, is a mistake to be found before. */
static int check_porter(const struct settings *settings)
{
	struct porter_rules rules;
	int r = porter_rules_make(settings, &rules);

	porter_rules_free(&rules);
	return r;
}

int warden_gate_try(const struct settings *settings, const struct gate_listeners *old)
{
	int r;

	if (settings->gate_handoff == HANDOFF_NONE)
		return 0;
	r = check_porter(settings);
	if (r == 0)
		r = gate_listeners_try(settings, old);
	/* A certificate that cannot be read costs STARTTLS alone, and is said. */
	if (r == 0)
		tls_server_destroy(gate_house_load_tls(settings));
	return r;
}

static void give_up_prepared(struct warden_gate *gate)
{
	if (gate->next)
		gate_generation_free(gate->next);
	gate_listeners_close(gate->next_listeners);
	gate->next = NULL;
	gate->next_listeners = NULL;
}

int warden_gate_prepare(struct warden_gate *gate, const struct warden_gate_start *start)
{
	const struct settings *settings = &start->plan->settings;
	struct gate_listeners *listeners = NULL;
	struct generation *fresh = NULL;
	int r = 0;

	if (settings->gate_handoff != HANDOFF_NONE) {
		r = check_porter(settings);
		if (r == 0)
			r = gate_listeners_open(settings, gate->listeners, &listeners);
		if (r < 0)
			return r;
		r = generation_create(gate, start, listeners->workers, &fresh);
	}
	if (r < 0) {
		log_error("cannot prepare the gate: %s", strerror(-r));
		gate_listeners_close(listeners);
		return r;
	}
	give_up_prepared(gate);
	gate->next_listeners = listeners;
	gate->next = fresh;
	gate->prepared = true;
	return 0;
}

/* For one more that is to drain. */
static void make_room(struct warden_gate *gate)
{
	struct generation *oldest = NULL;
	unsigned draining = 0;

	for (struct generation *g = gate->generations; g; g = g->next) {
		if (g->state == DRAINING) {
			oldest = g;
			draining++;
		}
	}
	if (draining < GATE_GENERATIONS_MOST - 1)
		return;
	log_warning("%u earlier configurations still have sessions at the gate; those of the oldest are ended", draining);
	end(oldest);
}

/* What drains is told so when its successor is there. */
void warden_gate_start(struct warden_gate *gate)
{
	struct generation *before = gate_generation_serving(gate);
	struct generation *fresh = gate->next;

	assert(gate->prepared && !gate->stopping);
	gate_listeners_close(gate->listeners);
	gate->listeners = gate->next_listeners;
	gate->next_listeners = NULL;
	gate->next = NULL;
	gate->prepared = false;
	if (before)
		make_room(gate);
	if (fresh)
		generation_start(fresh);
	if (before)
		drain(before);
}

bool warden_gate_runs(const struct warden_gate *gate)
{
	return gate->generations;
}

static void on_stopped_for_long(void *data)
{
	struct warden_gate *gate = data;

	for (struct generation *g = gate->generations; g; g = g->next)
		end_by_force(g);
}

bool warden_gate_stop(struct warden_gate *gate)
{
	struct generation *g, *next;

	if (gate->stopping || !gate->generations)
		return gate->generations;
	loop_timer_arm(gate->patience, loop_now_ms(gate->loop) + STOP_MS);
	for (g = gate->generations; g; g = next) {
		next = g->next;
		g->state = ENDING;
		stop_starting(g);
		for (unsigned i = 0; i < g->worker_count; i++)
			gate_close_pair(g->to_porter[i]);
		signal_workers(g, SIGTERM);
		child_signal(&g->porter.child, SIGTERM);
		/* Nobody is called from here. */
		gate_generation_forget_if_gone(g);
	}
	gate->stopping = true;
	return gate->generations;
}

int warden_gate_create(struct loop *loop, void (*ended)(void *data), void *data, struct warden_gate **ret)
{
	struct warden_gate *gate = calloc(1, sizeof(*gate));
	int r;

	if (!gate)
		return -ENOMEM;
	*gate = (struct warden_gate){ .loop = loop, .ended = ended, .data = data };
	r = loop_timer_create(loop, on_stopped_for_long, gate, &gate->patience);
	if (r == 0)
		r = loop_timer_create(loop, on_look, gate, &gate->look);
	if (r < 0) {
		if (gate->patience)
			loop_timer_destroy(gate->patience);
		free(gate);
	} else {
		*ret = gate;
	}
	return r;
}

void warden_gate_destroy(struct warden_gate *gate)
{
	struct generation *g;

	if (!gate)
		return;
	while ((g = gate->generations)) {
		gate->generations = g->next;
		gate_generation_free(g);
	}
	give_up_prepared(gate);
	gate_listeners_remove_hook(gate->listeners);
	gate_listeners_close(gate->listeners);
	loop_timer_destroy(gate->patience);
	loop_timer_destroy(gate->look);
	free(gate);
}

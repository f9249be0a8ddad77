/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include "guard.h"
#include "sockets.h"
#include "spawn.h"
#include "world.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define SMTP_PORT 25
#define COURIER_PORT_BEHIND_GATE 2525
#define COUNT_EVERY_SECONDS 0.1
#define GLANCE_EVERY_SECONDS 0.02
#define THOROUGH_EVERY_LOOKS 5

struct playing {
	const struct play_plan *plan;
	struct run *run;
	struct complaint *complaint;
	struct world world;
	struct guard guard;
	pid_t window; /* shows the guard's page; 0: nobody does */
	int sockets_fd;
	double began, next_count, next_look;
	double next_glance; /* at the processes, in between; only before a gate */
	unsigned int looks;
	struct process_look before; /* CPU used before the crowd set out */
	size_t processes_this_second;
};

const char *way_name(enum way way)
{
	static const char *const names[WAYS] = {
		[WAY_UNGUARDED] = "unguarded", [WAY_WATCHED] = "watched", [WAY_GATED] = "gated",
	};

	return names[way];
}

static void keep_most(size_t *most, size_t now)
{
	if (now > *most)
		*most = now;
}

static void note_processes(struct playing *playing, size_t processes)
{
	keep_most(&playing->processes_this_second, processes);
	keep_most(&playing->run->processes_most, processes);
	playing->run->processes_now = processes;
}

static bool is_gated(const struct playing *playing)
{
	return playing->run->way == WAY_GATED;
}

/* Of these sockets one may belong to a handler that has ended while its `submit`, which has it too,
 * has not: couriertcpd starts no more than MAXDAEMONS. */
static size_t handlers_of(const struct playing *playing, size_t served)
{
	return served < playing->plan->maxdaemons ? served : playing->plan->maxdaemons;
}

static int count_sockets(struct playing *playing)
{
	struct socket_count count;
	int r = sockets_count(playing->sockets_fd, SMTP_PORT, &count);

	if (r < 0)
		return complain(playing->complaint, STATUS_FAILED, "sock_diag: %s", strerror(-r));
	if (!is_gated(playing))
		note_processes(playing, handlers_of(playing, count.served));
	playing->run->open_now = count.served + count.waiting;
	playing->run->waiting_now = count.waiting;
	keep_most(&playing->run->open_most, playing->run->open_now);
	keep_most(&playing->run->waiting_most, count.waiting);
	return 0;
}

static void add_cost(struct cost *cost, const struct cost *now, const struct cost *before)
{
	cost->cpu_seconds = now->cpu_seconds - before->cpu_seconds;
	if (now->memory_bytes > cost->memory_bytes)
		cost->memory_bytes = now->memory_bytes;
}

/* Where Courier takes the connections: a handler whose socket is gone still has its slot (TARPIT
 * sleeps through it), and a socket may be served by a handler that /proc did not show yet, so
 * the higher count is the truth. */
static int look_at_processes(struct playing *playing, bool thorough)
{
	struct process_look look;
	int r = processes_look(playing->world.proc_fd, thorough, &look);

	if (r < 0)
		return complain(playing->complaint, STATUS_FAILED, "/proc of the mail server: %s",
				strerror(-r));
	if (is_gated(playing) || look.handlers > playing->run->processes_now)
		note_processes(playing, look.handlers);
	if (!thorough)
		return 0;
	add_cost(&playing->run->courier, &look.courier, &playing->before.courier);
	add_cost(&playing->run->guard, &look.guard, &playing->before.guard);
	return 0;
}

static void add_point(struct playing *playing)
{
	struct run *run = playing->run;

	if (run->points < sizeof(run->processes) / sizeof(run->processes[0])) {
		run->processes[run->points] = (struct curve_point){
			(double)run->points, (double)playing->processes_this_second };
		run->points++;
	}
	playing->processes_this_second = 0;
}

static bool has_window(const struct playing *playing)
{
	return playing->plan->window->listener >= 0;
}

static bool has_guard(const struct playing *playing)
{
	return playing->run->way != WAY_UNGUARDED || has_window(playing);
}

static int end_second(struct playing *playing)
{
	int r = look_at_processes(playing, ++playing->looks % THOROUGH_EVERY_LOOKS == 0);

	if (r == 0)
		r = world_check(&playing->world, playing->plan->state, playing->complaint);
	if (r == 0 && has_guard(playing))
		r = guard_check(&playing->guard, playing->plan->state, playing->complaint);
	add_point(playing);
	return r;
}

/* Returns 1 when the crowd has gone home. */
static int read_visits(struct playing *playing)
{
	struct visit visits[64];
	ssize_t length = read(playing->world.visits_fd, visits, sizeof(visits));

	if (length < 0)
		return errno == EINTR ? 0
				      : complain(playing->complaint, STATUS_FAILED,
						 "the crowd's pipe: %s", strerror(errno));
	/* Each was written in one piece, and a pipe returns whole pieces while they last. */
	for (size_t i = 0; i < (size_t)length / sizeof(visits[0]); i++)
		tally_count(&playing->run->tally, &visits[i]);
	return length == 0;
}

/* Returns 1 when a visit, or the end of them, can be read. */
static int wait_for_visits(struct playing *playing)
{
	double left = fmin(fmin(playing->next_count, playing->next_look), playing->next_glance) - spawn_now();
	struct pollfd visits = { .fd = playing->world.visits_fd, .events = POLLIN };

	return poll(&visits, 1, left > 0 ? (int)ceil(left * 1000) : 0) > 0;
}

static int take_measures(struct playing *playing, play_progress *progress, void *owner)
{
	double now = spawn_now();
	int r = 0;

	playing->run->elapsed = now - playing->began;
	if (now >= playing->next_count) {
		r = count_sockets(playing);
		playing->next_count = now + COUNT_EVERY_SECONDS;
	}
	if (r == 0 && now >= playing->next_glance) {
		r = look_at_processes(playing, false);
		playing->next_glance = now + GLANCE_EVERY_SECONDS;
	}
	if (r == 0 && now >= playing->next_look) {
		r = end_second(playing);
		playing->next_look += 1;
		progress(owner);
	}
	return r;
}

static int watch_the_wave(struct playing *playing, play_progress *progress, void *owner,
			  const volatile sig_atomic_t *stop)
{
	int r = 0;

	while (r == 0) {
		if (*stop)
			return -EINTR;
		if (wait_for_visits(playing))
			r = read_visits(playing);
		if (r == 0)
			r = take_measures(playing, progress, owner);
	}
	if (r < 0)
		return r;
	playing->run->losses = playing->world.crowd_end->losses;
	if (playing->world.crowd_end->result < 0)
		return complain(playing->complaint, STATUS_FAILED,
				"the crowd could not set out: %s",
				strerror(-playing->world.crowd_end->result));
	return look_at_processes(playing, true);
}

static int begin_guard(struct playing *playing, const volatile sig_atomic_t *stop)
{
	const struct play_plan *plan = playing->plan;
	const struct guard_plan guard = { .demo_dir = plan->demo_dir, .state = plan->state,
		.program = plan->wavebreak, .observe = playing->run->way == WAY_UNGUARDED,
		.page = has_window(playing), .gate = is_gated(playing), .server = playing->world.server };
	int r = guard_start(&guard, stop, playing->complaint, &playing->guard);

	if (r < 0)
		return r;
	r = window_show(plan->window, playing->world.server, &playing->window);
	return r < 0 ? complain(playing->complaint, STATUS_FAILED, "--dashboard: %s", strerror(-r)) : 0;
}

static int begin(struct playing *playing, const volatile sig_atomic_t *stop)
{
	int r = has_guard(playing) ? begin_guard(playing, stop) : 0;

	if (r < 0)
		return r;
	playing->sockets_fd = sockets_open(playing->world.server);
	if (playing->sockets_fd < 0)
		return complain(playing->complaint, STATUS_NOT_PERMITTED, "sock_diag: %s",
				strerror(-playing->sockets_fd));
	r = processes_look(playing->world.proc_fd, true, &playing->before);
	if (r < 0)
		return complain(playing->complaint, STATUS_FAILED, "/proc of the mail server: %s",
				strerror(-r));
	playing->began = spawn_now();
	playing->next_count = playing->began;
	playing->next_look = playing->began + 1;
	playing->next_glance = is_gated(playing) ? playing->began : INFINITY;
	playing->run->begun = true;
	r = count_sockets(playing);
	add_point(playing);
	world_begin(&playing->world);
	return r;
}

int play(const struct play_plan *plan, struct run *run, play_progress *progress, void *owner,
	 const volatile sig_atomic_t *stop, struct complaint *complaint)
{
	const struct world_plan world = { .demo_dir = plan->demo_dir,
					  .server_root = plan->server_root,
					  .state = plan->state,
					  .visible_dir = plan->visible_dir,
					  .tarpit = plan->tarpit,
					  .maxdaemons = plan->maxdaemons,
					  .port = run->way == WAY_GATED ? COURIER_PORT_BEHIND_GATE
									: SMTP_PORT,
					  .drop = plan->drop,
					  .crowd = plan->crowd };
	struct playing playing = {
		.plan = plan, .run = run, .complaint = complaint, .sockets_fd = -1
	};
	int r = world_create(&world, stop, complaint, &playing.world);

	if (r < 0)
		return r;
	r = begin(&playing, stop);
	if (r == 0)
		r = watch_the_wave(&playing, progress, owner, stop);
	if (playing.sockets_fd >= 0)
		close(playing.sockets_fd);
	if (playing.window > 0)
		spawn_kill(playing.window);
	world_destroy(&playing.world);
	guard_let_go(&playing.guard);
	run->ended = r == 0;
	return r;
}

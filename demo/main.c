/* SPDX-License-Identifier: Apache-2.0 */
/* wavebreak-demo - the wave of 27 July 2009, on a real Courier: alone, watched by wavebreak, behind its gate. */
#include "arguments.h"
#include "broom.h"
#include "places.h"
#include "report.h"
#include "spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAVE_FILE "waves/2009-07-27-undefended.csv"
#define FETCH_SECONDS 600.0

struct demo {
	struct arguments arguments;
	struct places places;
	struct broom broom;
	struct story story;
	struct crowd_plan crowd;
	struct show *show;
	struct window window;
	struct complaint complaint;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int read_wave(struct demo *demo, struct wave **ret)
{
	char path[PATH_MAX + sizeof(WAVE_FILE) + 1];
	size_t line = 0;
	FILE *in;
	int r;

	snprintf(path, sizeof(path), "%s/%s", demo->places.demo_dir, WAVE_FILE);
	in = fopen(path, "re");
	r = in ? wave_read(in, ret, &line) : -errno;
	if (in)
		fclose(in);
	if (r < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s:%zu: %s", path, line,
				strerror(-r));
	return 0;
}

/* What apt says about its trouble goes to the person as it is. */
static int fetch_server(struct demo *demo)
{
	const char *const argv[] = { demo->places.fetch, "courier", demo->places.cache, NULL };
	const struct spawn what = { .argv = argv, .wait_fd = -1 };
	int status = 0, r;
	pid_t pid;

	r = spawn(&what, &pid);
	if (r < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s: %s", argv[0], strerror(-r));
	r = spawn_wait(pid, FETCH_SECONDS, &stop, &status);
	if (r < 0)
		spawn_kill(pid);
	if (r == -EINTR)
		return r;
	if (r < 0 || status != 0)
		return complain(&demo->complaint, STATUS_FAILED,
				"Courier could not be fetched (see above)");
	return 0;
}

static void progress(void *owner)
{
	struct demo *demo = owner;

	show_progress(demo->show);
}

static int play_run(struct demo *demo, struct run *run)
{
	const char *const stages[WAYS] = {
		[WAY_UNGUARDED] = demo->arguments.dashboard ? "unguarded: Courier, and wavebreak looks on"
							    : "unguarded: Courier alone",
		[WAY_WATCHED] = "watched: Courier and wavebreak",
		[WAY_GATED] = "gated: wavebreak before Courier",
	};
	char state[PATH_MAX + 16];
	const struct play_plan plan = {
		.demo_dir = demo->places.demo_dir,
		.server_root = demo->places.server_root,
		.visible_dir = demo->places.visible_dir,
		.state = state,
		.wavebreak = demo->places.wavebreak,
		.tarpit = demo->arguments.tarpit,
		.maxdaemons = demo->arguments.maxdaemons,
		.drop = demo->arguments.drop,
		.crowd = &demo->crowd,
		.window = &demo->window,
	};
	int r;

	snprintf(state, sizeof(state), "%s/%s", demo->broom.folder, way_name(run->way));
	if (mkdir(state, 0755) < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s: %s", state, strerror(errno));
	show_stage(demo->show, stages[run->way]);
	r = play(&plan, run, progress, demo, &stop, &demo->complaint);
	/* The log that a complaint refers to goes with the folder. */
	if (r == -ECANCELED) {
		show_clear(demo->show);
		complaint_print(&demo->complaint);
	}
	return r;
}

static int play_runs(struct demo *demo)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < demo->story.run_count; i++)
		r = play_run(demo, demo->story.runs[i]);
	show_clear(demo->show);
	return r;
}

static void tell_people(const struct demo *demo)
{
	report_table(&demo->story, stdout);
	show_curves(demo->show);
	printf("\nThe curves as a picture: %s\n", demo->arguments.svg);
}

static int show_results(struct demo *demo)
{
	int r = report_svg(&demo->story, demo->arguments.svg);

	if (demo->arguments.json)
		report_json(&demo->story, stdout);
	else
		tell_people(demo);
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r < 0)
		fprintf(stderr, "wavebreak demo: %s: %s\n", demo->arguments.svg, strerror(-r));
	return r;
}

static void tell_story(struct demo *demo)
{
	static struct run runs[WAYS];
	const struct arguments *arguments = &demo->arguments;

	demo->story = (struct story){ .tarpit = arguments->tarpit,
				      .maxdaemons = arguments->maxdaemons,
				      .seconds = arguments->seconds,
				      .rate = arguments->rate,
				      .steady = arguments->steady,
				      .silent = arguments->silent,
				      .looked_on = arguments->dashboard };
	for (enum way way = 0; way < WAYS; way++) {
		runs[way].way = way;
		if (arguments_play(arguments, way))
			demo->story.runs[demo->story.run_count++] = &runs[way];
	}
	demo->crowd = crowd_plan_default;
	demo->crowd.seconds = arguments->seconds;
	demo->crowd.zombies_per_second = arguments->rate;
	demo->crowd.mute_in_100 = arguments->silent ? 100 : arguments->mute;
	demo->crowd.unlisted = arguments->silent;
}

/* Everything that has to be undone by broom_sweep happens in here. */
static int run_in_folder(struct demo *demo)
{
	FILE *told = demo->arguments.json ? stderr : stdout; /* what is not the answer to a program */
	int r;

	demo->show = show_create(&demo->story, told);
	if (!demo->show)
		return complain(&demo->complaint, STATUS_FAILED, "out of memory");
	if (demo->arguments.dashboard) {
		fprintf(told, "While the waves run, look at %s\n", demo->window.url);
		fflush(told);
	}
	r = play_runs(demo);
	window_close(&demo->window);
	if (r == 0)
		r = show_results(demo);
	show_destroy(demo->show);
	return r;
}

static bool needs_guard(const struct arguments *arguments)
{
	return arguments_play(arguments, WAY_WATCHED) || arguments_play(arguments, WAY_GATED) || arguments->dashboard;
}

static int prepare(struct demo *demo, struct wave **ret_wave)
{
	int r;

	if (geteuid() != 0)
		return complain(&demo->complaint, STATUS_NOT_PERMITTED,
				"it needs root, to make private namespaces for a mail server: sudo make demo");
	r = report_try(demo->arguments.svg);
	if (r < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s: %s", demo->arguments.svg, strerror(-r));
	if (demo->arguments.dashboard)
		r = window_open(&demo->arguments.place, &demo->complaint, &demo->window);
	if (r == 0)
		r = places_find(needs_guard(&demo->arguments), &demo->complaint, &demo->places);
	if (r == 0 && !demo->arguments.steady)
		r = read_wave(demo, ret_wave);
	demo->crowd.wave = *ret_wave;
	return r < 0 ? r : fetch_server(demo);
}

static int status_of(int r, const struct complaint *complaint)
{
	if (r == 0)
		return 0;
	if (r == -EINTR)
		return STATUS_INTERRUPTED;
	return complaint->status ? complaint->status : STATUS_FAILED;
}

int main(int argc, char **argv)
{
	static struct demo demo = {
		.window = { .listener = -1 },
	};
	struct wave *wave = NULL;
	int status = arguments_read(argc, argv, &demo.arguments), r;

	if (status != OPTIONS_GO_ON)
		return status;
	catch_signals();
	tell_story(&demo);
	r = prepare(&demo, &wave);
	if (r == -ECANCELED)
		complaint_print(&demo.complaint);
	if (r == 0) {
		r = broom_create(&demo.broom);
		if (r < 0)
			fprintf(stderr, "wavebreak demo: no temporary folder: %s\n", strerror(-r));
	}
	if (r == 0) {
		r = run_in_folder(&demo);
		broom_sweep(&demo.broom);
	}
	wave_destroy(wave);
	if (r == -EINTR)
		fputs("wavebreak demo: interrupted; no picture was drawn\n", stderr);
	return status_of(r, &demo.complaint);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* wavebreak-demo - the wave of 27 July 2009, on a real Courier: alone, watched by wavebreak, behind its gate. */
#include "broom.h"
#include "places.h"
#include "report.h"
#include "spawn.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: wavebreak-demo [OPTION...]\n"
	"\n"
	"Plays a spam wave on a real Courier mail server in private namespaces, three times:\n"
	"unguarded, then watched by wavebreak, which reads its log and ends what it has refused,\n"
	"then behind wavebreak's gate, which refuses in its place. Shows what became of it. Needs\n"
	"root. Nothing of the machine is changed, and nothing is left behind.\n"
	"\n"
	"  --seconds N      length of each run, 10 to 3600 (80: with three runs and all that is\n"
	"                   around them, about five minutes; the wave took 323 s)\n"
	"  --rate N         zombies a second at the height of the wave (20)\n"
	"  --steady         the same rate all the time instead of the wave of 2009\n"
	"  --silent         in place of the wave: clients of which no block list knows, at a steady\n"
	"                   rate, that connect and say nothing; unguarded and watched\n"
	"  --tarpit 0|1     Courier's TARPIT (0). Debian ships 1, which delays each refusal,\n"
	"                   and with it the log line that wavebreak waits for, by 8 s\n"
	"  --mute N         zombies in 100 that never say HELO and so are never refused: each\n"
	"                   keeps its connection to Courier for 30 s, unless the gate has it (3)\n"
	"  --maxdaemons N   connections that Courier serves at most (300)\n"
	"  --drop           Courier's own DROP=-drop: it closes the connections of listed clients\n"
	"                   at once, with a 550 in place of the greeting\n"
	"  --only RUN       unguarded, watched or gated\n"
	"  --dashboard[=[ADDR:]PORT]\n"
	"                   serves the page of the guard on this machine's loopback while the waves\n"
	"                   run, at port 9025, or where that is taken, at a free one; the unguarded\n"
	"                   run then has a guard that looks on and acts on nothing (--observe)\n"
	"  --svg FILE       the picture (./wavebreak-demo.svg)\n"
	"  --json FILE      all figures\n"
	"  --wavebreak FILE the program that guards (the one built or installed with this)\n"
	"\n"
	"Exit status: 0 played, 1 something failed, 2 wrong use, 3 not permitted, 130 ^C.\n";

#define WAVE_FILE "waves/2009-07-27-undefended.csv"
#define DEFAULT_SVG "./wavebreak-demo.svg"
#define FETCH_SECONDS 600.0

struct arguments {
	double seconds, rate;
	unsigned int tarpit, maxdaemons, mute;
	const char *only, *svg, *json, *wavebreak;
	bool steady, drop, silent, dashboard;
	struct window_place place; /* of the dashboard */
};

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

static void wrong_use(const char *what, const char *value)
{
	fprintf(stderr, "wavebreak-demo: %s '%s'\nTry wavebreak-demo --help.\n", what, value);
	exit(STATUS_WRONG_USE);
}

static double number(const char *name, const char *text, double least, double most)
{
	char *end, range[96];
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least && value <= most)) {
		snprintf(range, sizeof(range), "--%s takes a number from %.0f to %.0f, not", name,
			 least, most);
		wrong_use(range, text);
	}
	return value;
}

static unsigned int whole(const char *name, const char *text, double least, double most)
{
	return (unsigned int)number(name, text, least, most);
}

enum {
	SECONDS = 256, RATE, STEADY, SILENT, TARPIT, MAXDAEMONS, MUTE, DROP, ONLY, DASHBOARD, SVG, JSON, WAVEBREAK, HELP
};

static const struct option options[] = {
	{ "seconds", required_argument, NULL, SECONDS },
	{ "rate", required_argument, NULL, RATE },
	{ "steady", no_argument, NULL, STEADY },
	{ "silent", no_argument, NULL, SILENT },
	{ "tarpit", required_argument, NULL, TARPIT },
	{ "maxdaemons", required_argument, NULL, MAXDAEMONS },
	{ "mute", required_argument, NULL, MUTE },
	{ "drop", no_argument, NULL, DROP },
	{ "only", required_argument, NULL, ONLY },
	{ "dashboard", optional_argument, NULL, DASHBOARD },
	{ "svg", required_argument, NULL, SVG },
	{ "json", required_argument, NULL, JSON },
	{ "wavebreak", required_argument, NULL, WAVEBREAK },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

static void take_dashboard(struct arguments *arguments, const char *value)
{
	const char *wrong = window_place_read(value ? value : "", &arguments->place);
	char what[128];

	arguments->dashboard = true;
	if (!wrong)
		return;
	snprintf(what, sizeof(what), "--dashboard %s", wrong);
	wrong_use(what, value);
}

static void take_option(struct arguments *arguments, int option, const char *value)
{
	switch (option) {
	case SECONDS: arguments->seconds = number("seconds", value, 10, PLAY_SECONDS_MOST); break;
	case RATE: arguments->rate = number("rate", value, 1, 1000); break;
	case STEADY: arguments->steady = true; break;
	case SILENT: arguments->silent = arguments->steady = true; break;
	case TARPIT: arguments->tarpit = whole("tarpit", value, 0, 1); break;
	case MAXDAEMONS: arguments->maxdaemons = whole("maxdaemons", value, 1, 5000); break;
	case MUTE: arguments->mute = whole("mute", value, 0, 100); break;
	case DROP: arguments->drop = true; break;
	case ONLY: arguments->only = value; break;
	case DASHBOARD: take_dashboard(arguments, value); break;
	case SVG: arguments->svg = value; break;
	case JSON: arguments->json = value; break;
	case WAVEBREAK: arguments->wavebreak = value; break;
	case HELP: fputs(usage, stdout); exit(0);
	default: fputs("Try wavebreak-demo --help.\n", stderr); exit(STATUS_WRONG_USE);
	}
}

static bool plays(const struct arguments *arguments, enum way way)
{
	/* The gate's places are its own; whom it lets in has spoken. */
	if (!arguments->only)
		return !arguments->silent || way != WAY_GATED;
	return strcmp(arguments->only, way_name(way)) == 0;
}

static bool plays_any(const struct arguments *arguments)
{
	for (enum way way = 0; way < WAYS; way++) {
		if (plays(arguments, way))
			return true;
	}
	return false;
}

static void parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		take_option(arguments, option == 'h' ? HELP : option, optarg);
	if (optind < argc)
		wrong_use("what is", argv[optind]);
	if (!plays_any(arguments))
		wrong_use("--only takes unguarded, watched or gated, not", arguments->only);
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

static int write_results(struct demo *demo)
{
	int r = report_svg(&demo->story, demo->arguments.svg);

	if (r < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s: %s", demo->arguments.svg,
				strerror(-r));
	if (!demo->arguments.json)
		return 0;
	r = report_json(&demo->story, demo->arguments.json);
	if (r < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s: %s", demo->arguments.json,
				strerror(-r));
	return 0;
}

static int show_results(struct demo *demo)
{
	int r;

	report_table(&demo->story, stdout);
	show_curves(demo->show);
	r = write_results(demo);
	if (r < 0) {
		complaint_print(&demo->complaint);
		return r;
	}
	printf("\nThe curves as a picture: %s\n", demo->arguments.svg);
	return fflush(stdout) == 0 ? 0 : -EIO;
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
		if (plays(arguments, way))
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
	int r;

	demo->show = show_create(&demo->story);
	if (!demo->show)
		return complain(&demo->complaint, STATUS_FAILED, "out of memory");
	if (demo->arguments.dashboard) {
		printf("While the waves run, look at %s\n", demo->window.url);
		fflush(stdout);
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
	return plays(arguments, WAY_WATCHED) || plays(arguments, WAY_GATED) || arguments->dashboard;
}

static int try_results(struct demo *demo)
{
	const char *const paths[] = { demo->arguments.svg, demo->arguments.json };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int r = paths[i] ? report_try(paths[i]) : 0;

		if (r < 0)
			return complain(&demo->complaint, STATUS_FAILED, "%s: %s", paths[i], strerror(-r));
	}
	return 0;
}

static int prepare(struct demo *demo, struct wave **ret_wave)
{
	int r;

	if (geteuid() != 0)
		return complain(&demo->complaint, STATUS_NOT_PERMITTED,
				"needs root, to make private namespaces for a mail server: "
				"sudo make demo");
	r = try_results(demo);
	if (r == 0 && demo->arguments.dashboard)
		r = window_open(&demo->arguments.place, &demo->complaint, &demo->window);
	if (r == 0)
		r = places_find(needs_guard(&demo->arguments), demo->arguments.wavebreak, &demo->complaint,
				&demo->places);
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
		.arguments = { .seconds = 80, .rate = 20, .maxdaemons = 300, .mute = 3, .svg = DEFAULT_SVG },
		.window = { .listener = -1 },
	};
	struct wave *wave = NULL;
	int r;

	parse_arguments(&demo.arguments, argc, argv);
	catch_signals();
	tell_story(&demo);
	r = prepare(&demo, &wave);
	if (r == -ECANCELED)
		complaint_print(&demo.complaint);
	if (r == 0) {
		r = broom_create(&demo.broom);
		if (r < 0)
			fprintf(stderr, "wavebreak-demo: no temporary folder: %s\n", strerror(-r));
	}
	if (r == 0) {
		r = run_in_folder(&demo);
		broom_sweep(&demo.broom);
	}
	wave_destroy(wave);
	if (r == -EINTR)
		fputs("wavebreak-demo: interrupted; no picture was drawn\n", stderr);
	return status_of(r, &demo.complaint);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* wavebreak-demo - the wave of 27 July 2009, on a real Courier, without and with wavebreak. */
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
	"Plays a spam wave twice on a real Courier mail server in private namespaces, unguarded\n"
	"and then guarded by wavebreak, and shows what became of it. Needs root. Nothing of the\n"
	"machine is changed, and nothing is left behind.\n"
	"\n"
	"  --seconds N      length of each half, 10 to 3600 (100: with both halves and all\n"
	"                   that is around them, about four minutes; the wave took 323 s)\n"
	"  --rate N         zombies a second at the height of the wave (20)\n"
	"  --steady         the same rate all the time instead of the wave of 2009\n"
	"  --tarpit 0|1     Courier's TARPIT (0). Debian ships 1, which delays each refusal,\n"
	"                   and with it the log line that wavebreak waits for, by 8 s\n"
	"  --mute N         zombies in 100 that never say HELO and so are never refused: each\n"
	"                   keeps its connection for Courier's 30 s whatever the guard (3)\n"
	"  --maxdaemons N   connections that Courier serves at most (300)\n"
	"  --only HALF      unguarded or guarded\n"
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
	bool steady;
};

struct demo {
	struct arguments arguments;
	struct places places;
	struct broom broom;
	struct story story;
	struct crowd_plan crowd;
	struct show *show;
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

enum { SECONDS = 256, RATE, STEADY, TARPIT, MAXDAEMONS, MUTE, ONLY, SVG, JSON, WAVEBREAK, HELP };

static const struct option options[] = {
	{ "seconds", required_argument, NULL, SECONDS },
	{ "rate", required_argument, NULL, RATE },
	{ "steady", no_argument, NULL, STEADY },
	{ "tarpit", required_argument, NULL, TARPIT },
	{ "maxdaemons", required_argument, NULL, MAXDAEMONS },
	{ "mute", required_argument, NULL, MUTE },
	{ "only", required_argument, NULL, ONLY },
	{ "svg", required_argument, NULL, SVG },
	{ "json", required_argument, NULL, JSON },
	{ "wavebreak", required_argument, NULL, WAVEBREAK },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

static void take_option(struct arguments *arguments, int option, const char *value)
{
	switch (option) {
	case SECONDS: arguments->seconds = number("seconds", value, 10, PLAY_SECONDS_MOST); break;
	case RATE: arguments->rate = number("rate", value, 1, 1000); break;
	case STEADY: arguments->steady = true; break;
	case TARPIT: arguments->tarpit = whole("tarpit", value, 0, 1); break;
	case MAXDAEMONS: arguments->maxdaemons = whole("maxdaemons", value, 1, 5000); break;
	case MUTE: arguments->mute = whole("mute", value, 0, 100); break;
	case ONLY: arguments->only = value; break;
	case SVG: arguments->svg = value; break;
	case JSON: arguments->json = value; break;
	case WAVEBREAK: arguments->wavebreak = value; break;
	case HELP: fputs(usage, stdout); exit(0);
	default: fputs("Try wavebreak-demo --help.\n", stderr); exit(STATUS_WRONG_USE);
	}
}

static void parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		take_option(arguments, option == 'h' ? HELP : option, optarg);
	if (optind < argc)
		wrong_use("what is", argv[optind]);
	if (arguments->only && strcmp(arguments->only, "unguarded") != 0 &&
	    strcmp(arguments->only, "guarded") != 0)
		wrong_use("--only takes unguarded or guarded, not", arguments->only);
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

static int play_half(struct demo *demo, struct half *half, bool guarded)
{
	char state[PATH_MAX + 16];
	const struct play_plan plan = {
		.demo_dir = demo->places.demo_dir,
		.server_root = demo->places.server_root,
		.visible_dir = demo->places.visible_dir,
		.state = state,
		.wavebreak = guarded ? demo->places.wavebreak : NULL,
		.tarpit = demo->arguments.tarpit,
		.maxdaemons = demo->arguments.maxdaemons,
		.crowd = &demo->crowd,
	};
	int r;

	snprintf(state, sizeof(state), "%s/%s", demo->broom.folder, half->name);
	if (mkdir(state, 0755) < 0)
		return complain(&demo->complaint, STATUS_FAILED, "%s: %s", state, strerror(errno));
	show_stage(demo->show,
		   guarded ? "guarded: Courier and wavebreak" : "unguarded: Courier alone");
	r = play(&plan, half, progress, demo, &stop, &demo->complaint);
	/* The log that a complaint refers to goes with the folder. */
	if (r == -ECANCELED) {
		show_clear(demo->show);
		complaint_print(&demo->complaint);
	}
	return r;
}

static int play_halves(struct demo *demo)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < demo->story.half_count; i++) {
		struct half *half = demo->story.halves[i];

		r = play_half(demo, half, strcmp(half->name, "guarded") == 0);
	}
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
	static struct half unguarded = { .name = "unguarded" }, guarded = { .name = "guarded" };
	const struct arguments *arguments = &demo->arguments;

	demo->story = (struct story){ .tarpit = arguments->tarpit,
				      .maxdaemons = arguments->maxdaemons,
				      .seconds = arguments->seconds,
				      .rate = arguments->rate,
				      .steady = arguments->steady };
	if (!arguments->only || strcmp(arguments->only, "unguarded") == 0)
		demo->story.halves[demo->story.half_count++] = &unguarded;
	if (!arguments->only || strcmp(arguments->only, "guarded") == 0)
		demo->story.halves[demo->story.half_count++] = &guarded;
	demo->crowd = crowd_plan_default;
	demo->crowd.seconds = arguments->seconds;
	demo->crowd.zombies_per_second = arguments->rate;
	demo->crowd.mute_in_100 = arguments->mute;
}

/* Everything that has to be undone by broom_sweep happens in here. */
static int run_in_folder(struct demo *demo)
{
	int r;

	demo->show = show_create(&demo->story);
	if (!demo->show)
		return complain(&demo->complaint, STATUS_FAILED, "out of memory");
	r = play_halves(demo);
	if (r == 0)
		r = show_results(demo);
	show_destroy(demo->show);
	return r;
}

/* The guarded half is the last one, if it is one of them. */
static bool plays_guarded(const struct story *story)
{
	return strcmp(story->halves[story->half_count - 1]->name, "guarded") == 0;
}

static int prepare(struct demo *demo, struct wave **ret_wave)
{
	int r;

	if (geteuid() != 0)
		return complain(&demo->complaint, STATUS_NOT_PERMITTED,
				"needs root, to make private namespaces for a mail server: "
				"sudo make demo");
	r = places_find(plays_guarded(&demo->story), demo->arguments.wavebreak, &demo->complaint,
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
		.arguments = { .seconds = 100, .rate = 20, .maxdaemons = 300, .mute = 3, .svg = DEFAULT_SVG },
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
	return status_of(r, &demo.complaint);
}

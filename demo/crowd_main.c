/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"
#include "tally.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
	"usage: wavebreak-crowd --server4 ADDR [OPTION...]\n"
	"\n"
	"Sends zombies and honest senders to a mail server, from the network namespace it is\n"
	"started in (see demo/network), and prints one line of JSON for each finished\n"
	"connection and a last one with the sums.\n"
	"\n"
	"  --server4 ADDR        the server's IPv4 address\n"
	"  --server6 ADDR        and its IPv6 address; without it nobody comes by IPv6\n"
	"  --port N              25\n"
	"  --seconds N           visitors come for so long (40)\n"
	"  --drain N             seconds to wait for the last of them (10)\n"
	"  --rate N              zombies a second, with --wave at its height (20; 0: none)\n"
	"  --wave FILE           arrivals follow a recorded wave (time,count lines)\n"
	"  --zombies N           no more than so many\n"
	"  --honest-every N      seconds between honest senders (2; 0: none)\n"
	"  --patience N          seconds that an honest sender waits for its greeting (120)\n"
	"  --open-at-most N      connections at the same time (8192)\n"
	"  --recipient ADDR      ham@example.test\n"
	"  --sums-only           print only the last line\n";

struct arguments {
	struct crowd_plan plan;
	const char *wave_file;
	uint16_t port;
	bool sums_only;
};

struct book {
	struct tally tally;
	bool sums_only;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void wrong_use(const char *what, const char *value)
{
	fprintf(stderr, "wavebreak-crowd: %s '%s'\n\n%s", what, value, usage);
	exit(2);
}

static double number(const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least && value <= most))
		wrong_use("not a number that makes sense here:", text);
	return value;
}

enum { SERVER4 = 256, SERVER6, PORT, SECONDS, DRAIN, RATE, WAVE, ZOMBIES, HONEST_EVERY, PATIENCE,
       OPEN_AT_MOST, RECIPIENT, SUMS_ONLY, HELP };

static const struct option options[] = {
	{ "server4", required_argument, NULL, SERVER4 },
	{ "server6", required_argument, NULL, SERVER6 },
	{ "port", required_argument, NULL, PORT },
	{ "seconds", required_argument, NULL, SECONDS },
	{ "drain", required_argument, NULL, DRAIN },
	{ "rate", required_argument, NULL, RATE },
	{ "wave", required_argument, NULL, WAVE },
	{ "zombies", required_argument, NULL, ZOMBIES },
	{ "honest-every", required_argument, NULL, HONEST_EVERY },
	{ "patience", required_argument, NULL, PATIENCE },
	{ "open-at-most", required_argument, NULL, OPEN_AT_MOST },
	{ "recipient", required_argument, NULL, RECIPIENT },
	{ "sums-only", no_argument, NULL, SUMS_ONLY },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

static void take_address(struct crowd_plan *plan, int family, const char *text)
{
	void *to = family == AF_INET ? (void *)&plan->server4.sin_addr
				     : (void *)&plan->server6.sin6_addr;

	if (inet_pton(family, text, to) != 1)
		wrong_use("not an address:", text);
	if (family == AF_INET)
		plan->server4.sin_family = AF_INET;
	else
		plan->server6.sin6_family = AF_INET6;
}

static void take_option(struct arguments *arguments, int option, const char *value)
{
	struct crowd_plan *plan = &arguments->plan;

	switch (option) {
	case SERVER4: take_address(plan, AF_INET, value); break;
	case SERVER6: take_address(plan, AF_INET6, value); break;
	case PORT: arguments->port = (uint16_t)number(value, 1, 65535); break;
	case SECONDS: plan->seconds = number(value, 0.01, 86400); break;
	case DRAIN: plan->drain_seconds = number(value, 0, 3600); break;
	case RATE: plan->zombies_per_second = number(value, 0, 1e6); break;
	case WAVE: arguments->wave_file = value; break;
	case ZOMBIES: plan->zombies_at_most = (size_t)number(value, 1, 1e9); break;
	case HONEST_EVERY: plan->honest_every_seconds = number(value, 0, 86400); break;
	case PATIENCE: plan->honest_patience_seconds = number(value, 0.1, 86400); break;
	case OPEN_AT_MOST: plan->open_at_most = (size_t)number(value, 1, 1e6); break;
	case RECIPIENT: plan->recipient = value; break;
	case SUMS_ONLY: arguments->sums_only = true; break;
	case HELP: fputs(usage, stdout); exit(0);
	default: fputs(usage, stderr); exit(2);
	}
}

static void parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(arguments, option, optarg);
	if (optind < argc)
		wrong_use("what is", argv[optind]);
	if (!arguments->plan.server4.sin_family)
		wrong_use("needs", "--server4 ADDR");
	arguments->plan.server4.sin_port = htons(arguments->port);
	arguments->plan.server6.sin6_port = htons(arguments->port);
}

static struct wave *read_wave(const char *path)
{
	FILE *in = fopen(path, "re");
	struct wave *wave = NULL;
	size_t line = 0;
	int r = in ? wave_read(in, &wave, &line) : -errno;

	if (in)
		fclose(in);
	if (r < 0) {
		fprintf(stderr, "wavebreak-crowd: %s:%zu: %s\n", path, line, strerror(-r));
		exit(1);
	}
	return wave;
}

static void note(const struct visit *visit, void *owner)
{
	struct book *book = owner;

	tally_count(&book->tally, visit);
	if (visit->phase == VISIT_ENDED && !book->sums_only)
		visit_print_json(visit, stdout);
}

int main(int argc, char **argv)
{
	static struct arguments arguments = { .port = 25 };
	static struct book book;
	const struct sigaction action = { .sa_handler = on_signal };
	struct crowd_losses losses;
	struct wave *wave = NULL;
	int r;

	arguments.plan = crowd_plan_default;
	parse_arguments(&arguments, argc, argv);
	if (arguments.wave_file)
		arguments.plan.wave = wave = read_wave(arguments.wave_file);
	book.sums_only = arguments.sums_only;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	r = crowd_run(&arguments.plan, note, &book, &stop, &losses);
	wave_destroy(wave);
	if (r < 0) {
		fprintf(stderr, "wavebreak-crowd: %s%s\n", strerror(-r), r == -EADDRNOTAVAIL ?
			" (is this the outside namespace of demo/network?)" : "");
		return 1;
	}
	if (losses.held_back || losses.not_returned)
		fprintf(stderr, "wavebreak-crowd: %zu visitors held back, %zu returns forgotten: "
			"--open-at-most is too low\n", losses.held_back, losses.not_returned);
	/* Every visit has ended by now, so the moment does not matter. */
	tally_print_json(&book.tally, INFINITY, stdout);
	putchar('\n');
	return fflush(stdout) == 0 ? 0 : 1;
}

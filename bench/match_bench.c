/* SPDX-License-Identifier: Apache-2.0 */
/* match_bench - lines classified per CPU second, beside wc -l and grep -F on the same file.
 *
 *	build/bench/match_bench [LINES]        1,000,000 lines when not given
 *
 * The log is made up in /tmp, the same for the same number of lines: a Courier host under a
 * wave, where three of ten lines are rejects, and the rest are connections, timeouts, the
 * queue, deliveries, logins, and other programs of the host. Every row is CPU time, user and
 * system, best of nine, because a machine that does something else at the same time only
 * ever makes it worse.
 */
#include "judge/line_reader.h"
#include "sense/lines.h"
#include "sense/signature_load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 9

/* A generator of its own, so that the file is the same on every libc. */
static uint32_t random_below(uint32_t most)
{
	static uint64_t state = 0x2009072715050100;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(state >> 33) % most;
}

static const char *client(void)
{
	static char text[64];

	if (random_below(7) == 0)
		snprintf(text, sizeof(text), "2001:db8:66:%x::%x", random_below(65536),
			 random_below(65536));
	else
		snprintf(text, sizeof(text), "::ffff:10.66.%u.%u", random_below(256),
			 random_below(256));
	return text;
}

static void write_reject(FILE *out, unsigned port)
{
	static const char *const replies[] = {
		"511 Listed in bl.example, see http://bl.example/lookup",
		"511 Listed in bl.example",
		"511 Listed in bl.example, see http://bl.example/lookup",
		"550 User <info> unknown",
		"513 Relaying denied.",
		"517 Syntax error.",
	};
	uint32_t kind = random_below(6);

	if (kind == 5)
		fprintf(out, "mx courieresmtpd: error,relay=%s,port=%u,from=<a b c@>: %s\n",
			client(), port, replies[kind]);
	else
		fprintf(out,
			"mx courieresmtpd: error,relay=%s,port=%u,from=<sale%u@spam.example>,"
			"to=<ham@mail.example>: %s\n",
			client(), port, random_below(100000), replies[kind]);
}

static void write_line(FILE *out, unsigned number)
{
	static const char id[] = "000000000011008A.000000006B04D813.000071F5";
	unsigned port = 1024 + random_below(64000);

	fprintf(out, "Jul 27 %02u:%02u:%02u ", number / 3600 % 24, number / 60 % 60, number % 60);
	if (random_below(10) < 3) {
		write_reject(out, port);
		return;
	}
	switch (random_below(7)) {
	case 0:
		fprintf(out, "mx courieresmtpd: started,ip=[%s],port=[%u]\n", client(), port);
		break;
	case 1:
		fprintf(out,
			"mx courierd: started,id=%s,from=<a@ham.example>,module=local,"
			"host=ham!!1000!1000!/home/ham!!,addr=<ham>\n",
			id);
		break;
	case 2:
		fprintf(out,
			"mx courierlocal: id=%s,from=<a@ham.example>,addr=<ham@mail.example>,"
			"size=226,success: Message delivered.\n",
			id);
		break;
	case 3:
		fprintf(out, "mx imapd: LOGIN, user=anna, ip=[%s], port=[%u], protocol=IMAP\n",
			client(), port);
		break;
	case 4:
		fprintf(out, "mx courierd: Waiting.  shutdown time=none, wakeup time=none, "
			     "queuedelivering=1, inprogress=1\n");
		break;
	case 5:
		fprintf(out, "mx CRON[%u]: pam_unix(cron:session): session opened for user root\n",
			port);
		break;
	default:
		fprintf(out,
			"mx imapd: LOGOUT, user=anna, ip=[%s], port=[%u], headers=0, body=0, "
			"rcvd=120, sent=3442, time=12\n",
			client(), port);
	}
}

static double cpu_seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Through a pipe, because grep stops at the first match when nobody reads its output. */
static double command_seconds(const char *command)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double before = cpu_seconds(RUSAGE_CHILDREN), took;

		if (system(command) != 0)
			exit(1);
		took = cpu_seconds(RUSAGE_CHILDREN) - before;
		best = took < best ? took : best;
	}
	return best;
}

static uint64_t classify(const char *file, struct line_reader *reader)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint64_t offences = 0;
	struct lines lines;
	struct bytes line;
	bool cut;

	if (fd < 0 || lines_init(&lines, fd) < 0)
		exit(1);
	while (lines_next(&lines, &line, &cut) > 0) {
		struct line_reading reading;

		offences += line_reader_read(reader, line, cut, &reading) && reading.match.score;
	}
	lines_clear(&lines);
	close(fd);
	return offences;
}

static double classify_seconds(const char *file, const struct signature_set *set,
			       uint64_t *ret_offences)
{
	struct line_reader *reader;
	double best = 1e9;

	if (line_reader_create(set, NULL, &reader) < 0)
		exit(1);
	for (int round = 0; round < ROUNDS; round++) {
		double before = cpu_seconds(RUSAGE_SELF), took;

		*ret_offences = classify(file, reader);
		took = cpu_seconds(RUSAGE_SELF) - before;
		best = took < best ? took : best;
	}
	line_reader_destroy(reader);
	return best;
}

static void row(const char *name, double seconds, unsigned lines, double wc_seconds)
{
	printf("%-22s %8.3f s %8.2f M lines/s   1/%.1f of wc -l\n", name, seconds,
	       lines / seconds / 1e6, seconds / wc_seconds);
}

int main(int argc, char **argv)
{
	char file[] = "/tmp/wavebreak-bench-XXXXXX", command[128],
	     mistake[SIGNATURE_LOAD_TEXT_SIZE];
	unsigned lines = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
	struct signature_set *set;
	double wc, grep, match;
	uint64_t offences;
	int fd = mkstemp(file);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out || lines == 0 || signature_load(NULL, &set, mistake) < 0) {
		fprintf(stderr, "match_bench: %s\n",
			out && lines ? mistake : "no lines, or no room in /tmp");
		return 1;
	}
	for (unsigned i = 0; i < lines; i++)
		write_line(out, i);
	fclose(out);
	snprintf(command, sizeof(command), "wc -l %s | cat >/dev/null", file);
	wc = command_seconds(command);
	snprintf(command, sizeof(command), "grep -F -c error,relay= %s | cat >/dev/null", file);
	grep = command_seconds(command);
	match = classify_seconds(file, set, &offences);
	unlink(file);
	printf("%u lines, %llu offences\n", lines, (unsigned long long)offences);
	row("wc -l", wc, lines, wc);
	row("grep -F -c", grep, lines, wc);
	row("wavebreak", match, lines, wc);
	signature_set_destroy(set);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* match_bench - lines classified per CPU second, beside other readers of the same file.
 *
 *	build/bench/match_bench [LINES [PEERS]]        1,000,000 lines when not given
 *
 * The log is made up in /tmp, the same for the same number of lines: a host where Courier, Postfix,
 * Exim, Sendmail and Dovecot write, under a wave: three of ten lines are rejects and failed
 * logins, the rest connections, timeouts, queues, deliveries, logins, and other programs.
 *
 * Beside it run wc -l and grep -F, and, where bench/fetch-peers has put them into PEERS, sshguard's
 * parser and fail2ban-regex with its filter for Postfix alone. Every row is CPU time, user and
 * system, the best of several rounds, because a machine that does something else at the same time
 * only ever makes it worse; of fail2ban it is one round, which takes half a minute.
 */
#include "judge/line_reader.h"
#include "sense/lines.h"
#include "sense/signature_load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* As a client's address stands without the clothing that Courier gives it. */
static const char *plain_client(void)
{
	const char *text = client();

	return strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text;
}

static void write_reject_of_others(FILE *out, unsigned port)
{
	const char *from = plain_client();

	switch (random_below(6)) {
	case 0:
		fprintf(out,
			"mx postfix/smtpd[%u]: NOQUEUE: reject: RCPT from unknown[%s]: 554 5.7.1 Service unavailable; "
			"Client host [%s] blocked using bl.example; see http://bl.example/; from=<sale@spam.example> "
			"to=<ham@mail.example> proto=ESMTP helo=<zombie>\n",
			port, from, from);
		break;
	case 1:
		fprintf(out,
			"mx postfix/smtpd[%u]: NOQUEUE: reject: RCPT from unknown[%s]: 550 5.1.1 <info@mail.example>: "
			"Recipient address rejected: User unknown in local recipient table; from=<sale@spam.example> "
			"to=<info@mail.example> proto=ESMTP helo=<zombie>\n",
			port, from);
		break;
	case 2:
		fprintf(out, "mx postfix/smtpd[%u]: warning: unknown[%s]: SASL LOGIN authentication failed: UGFzc3dvcmQ6\n",
			port, from);
		break;
	case 3:
		fprintf(out,
			"mx exim[%u]: 2009-07-27 15:05:01 H=(zombie) [%s] F=<sale@spam.example> rejected RCPT "
			"<info@mail.example>: Unrouteable address\n",
			port, from);
		break;
	case 4:
		fprintf(out,
			"mx dovecot: imap-login: Aborted login (auth failed, 3 attempts in 17 secs): user=<anna>, "
			"method=PLAIN, rip=%s, lip=198.51.100.1, TLS, session=<abcdefgh>\n",
			from);
		break;
	default:
		fprintf(out,
			"mx sendmail[%u]: m5CBDfFx006134: ruleset=check_rcpt, arg1=<info@elsewhere.example>, "
			"relay=[%s], reject=550 5.7.1 <info@elsewhere.example>... Relaying denied\n",
			port, from);
	}
}

static void write_line_of_others(FILE *out, unsigned port)
{
	static const char *const lines[] = {
		"mx postfix/smtpd[%u]: connect from mail.ham.example[%s]\n",
		"mx postfix/smtpd[%u]: disconnect from mail.ham.example[%s] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5\n",
		"mx postfix/smtpd[%u]: 4Z1c0G2Q7Yz9sX: client=mail.ham.example[%s]\n",
		"mx exim[%u]: 2009-07-27 15:05:01 1MVSxk-0001Xr-7A <= a@ham.example H=mail.ham.example [%s] P=esmtp S=2210\n",
		"mx dovecot: imap-login: Login: user=<anna>, method=PLAIN, rip=%2$s, lip=198.51.100.1, mpid=%1$u, TLS\n",
		"mx sendmail[%u]: m5CBDfFx006134: from=<a@ham.example>, size=2210, class=0, nrcpts=1, proto=ESMTP, "
		"daemon=MTA, relay=mail.ham.example [%s]\n",
		"mx postfix/qmgr[%u]: 4Z1c0G2Q7Yz9sX: from=<a@ham.example>, size=2210, nrcpt=1 (queue active) %s\n",
		"mx postfix/smtp[%u]: 4Z1c0G2Q7Yz9sX: to=<b@far.example>, relay=mx.far.example[%s]:25, delay=0.7, "
		"dsn=5.1.1, status=bounced (host said: 550 5.1.1 no such user)\n",
	};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(out, lines[random_below(sizeof(lines) / sizeof(lines[0]))], port, plain_client());
#pragma GCC diagnostic pop
}

static void write_line(FILE *out, unsigned number)
{
	static const char id[] = "000000000011008A.000000006B04D813.000071F5";
	unsigned port = 1024 + random_below(64000);
	bool courier = random_below(2);

	fprintf(out, "Jul 27 %02u:%02u:%02u ", number / 3600 % 24, number / 60 % 60, number % 60);
	if (random_below(10) < 3) {
		if (courier)
			write_reject(out, port);
		else
			write_reject_of_others(out, port);
		return;
	}
	if (!courier) {
		write_line_of_others(out, port);
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
static double command_seconds(const char *command, int rounds)
{
	double best = 1e9;

	for (int round = 0; round < rounds; round++) {
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

static void row(const char *name, double seconds, unsigned lines, double ours)
{
	printf("%-34s %9.3f s %9.3f M lines/s   %8.2f x the time of wavebreak\n", name, seconds, lines / seconds / 1e6,
	       seconds / ours);
}

static bool is_there(const char *folder, const char *path, char whole[256])
{
	return snprintf(whole, 256, "%s/%s", folder, path) < 256 && access(whole, R_OK) == 0;
}

static void peers(const char *folder, const char *file, unsigned lines, double ours)
{
	char path[256], command[1024];

	if (is_there(folder, "usr/libexec/sshguard/sshg-parser", path)) {
		snprintf(command, sizeof(command), "%s <%s | cat >/dev/null", path, file);
		row("sshguard's parser", command_seconds(command, 3), lines, ours);
	}
	if (is_there(folder, "usr/bin/fail2ban-regex", path)) {
		snprintf(command, sizeof(command),
			 "PYTHONPATH=%s/usr/lib/python3/dist-packages /usr/bin/python3 %s -c %s/etc/fail2ban --print-no-missed "
			 "--print-no-ignored %s %s/etc/fail2ban/filter.d/postfix.conf >/dev/null 2>&1",
			 folder, path, folder, file, folder);
		row("fail2ban-regex, filter postfix", command_seconds(command, 1), lines, ours);
	}
}

int main(int argc, char **argv)
{
	char file[] = "/tmp/wavebreak-bench-XXXXXX", command[128],
	     mistake[SIGNATURE_LOAD_TEXT_SIZE];
	unsigned lines = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
	struct signature_set *set;
	uint64_t offences;
	double ours;
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
	ours = classify_seconds(file, set, &offences);
	printf("%u lines, %llu offences, %zu signatures\n", lines, (unsigned long long)offences, set->signature_count);
	row("wavebreak", ours, lines, ours);
	snprintf(command, sizeof(command), "wc -l %s | cat >/dev/null", file);
	row("wc -l", command_seconds(command, ROUNDS), lines, ours);
	snprintf(command, sizeof(command), "grep -F -c reject %s | cat >/dev/null", file);
	row("grep -F -c", command_seconds(command, ROUNDS), lines, ours);
	if (argc > 2)
		peers(argv[2], file, lines, ours);
	unlink(file);
	signature_set_destroy(set);
	return 0;
}

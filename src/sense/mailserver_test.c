/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/mailserver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* As courier-mta installs it, shortened: comments with the names of settings in them, shell
 * variables in values, and the settings that count somewhere in between. */
static const char installed[] =
	"##VERSION: $Id: esmtpd.dist.in $\n"
	"##NAME: PATH:0\n"
	"#\n"
	"PATH=/usr/bin:/bin\n"
	"ULIMIT=32768\n"
	"##NAME: TARPIT:1\n"
	"#\n"
	"# Set TARPIT to 1 to enable tarpitting; TARPIT=0 turns it off.\n"
	"#\n"
	"TARPIT=1\n"
	"##NAME: ESMTP_LOG_DIALOG:0\n"
	"ESMTP_LOG_DIALOG=0\n"
	"#\n"
	"# PORT=465 would be smtps\n"
	"PORT=smtp\n"
	"BLACKLISTS=\"-block=bl.example,BLOCK,*\"\n"
	"ACCESSFILE=${sysconfdir}/smtpaccess\n"
	"##NAME: MAXDAEMONS:0\n"
	"#\n"
	"#  Maximum number of daemons started\n"
	"#MAXDAEMONS=7\n"
	"MAXDAEMONS=40\n"
	"MAXPERC=5\n"
	"PIDFILE=/run/courier/esmtpd.pid\n"
	"TCPDOPTS=\"-stderrlogger=/usr/sbin/courierlogger -noidentlookup\"\n"
	"ESMTPDSTART=YES\n";

static struct mail_server read_esmtpd(const char *text)
{
	struct mail_server server = { .limit = 11, .ports = { 2525 }, .port_count = 1 };

	courier_esmtpd_read(bytes_of(text), &server);
	return server;
}

static void the_file_that_is_installed(void **state)
{
	struct mail_server server = read_esmtpd(installed);

	assert_int_equal(server.limit, 40);
	assert_true(server.tarpit);
	assert_false(server.logs_dialogue);
	assert_int_equal(server.port_count, 1);
	assert_int_equal(server.ports[0], 25);
}

static void what_is_not_named_keeps_its_value(void **state)
{
	struct mail_server server = read_esmtpd("");

	assert_int_equal(server.limit, 11);
	assert_int_equal(server.port_count, 1);
	assert_int_equal(server.ports[0], 2525);
}

static void assignments(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: there is none */
	} rows[] = {
		{ "X=1", "1" },
		{ "X=1\n", "1" },
		{ "X=1\r\n", "1" },
		{ "  X=1  \n", "1" },
		{ "X=\"1\"\n", "1" },
		{ "X='1'\n", "1" },
		{ "X=\"a b\"\n", "a b" },
		{ "X=\"a # b\"\n", "a # b" },
		{ "X='a \" b'\n", "a \" b" },
		{ "X=1 # more\n", "1" },
		{ "X=\"1\" # it was \"2\"\n", "1" },
		{ "X='1'#\n", "1" },
		{ "X=\n", "" },
		{ "X=\"\"\n", "" },
		{ "X=1\nX=2\n", "2" },
		{ "X=1\nX=2\nY=3\nX=4", "4" },
		{ "X=1\n#X=2\n", "1" },
		{ "X=a=b\n", "a=b" },
		{ "X=$Y\n", "$Y" },
		{ "\n\n\nX=1", "1" },

		{ "", NULL },
		{ "X", NULL },
		{ "X\n=1", NULL },
		{ "XX=1", NULL },
		{ "YX=1", NULL },
		{ "x=1", NULL },
		{ "X =1", NULL },
		{ "#X=1", NULL },
		{ "# X=1", NULL },
		{ "Y=1 X=1", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes value = { NULL, 0 };
		int r = shell_assignment(bytes_of(rows[i].text), "X", &value);

		assert_int_equal(r, rows[i].value ? 0 : -ENOENT);
		if (r == 0 && !bytes_equal(value, bytes_of(rows[i].value)))
			fail_msg("%s gives %.*s", rows[i].text, BYTES_FMT(value));
	}
}

static void which_assignments_are_plain(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: not plain */
	} rows[] = {
		{ "X=1", "1" },
		{ "X=", "" },
		{ "  X=/usr/bin:/bin  \r\n", "/usr/bin:/bin" },
		{ "X=1 # more", "1" },
		{ "X=\"a b\"", "a b" },
		{ "X=\"\"", "" },
		{ "X=\"-block=zone,BLOCK,*\" # why", "-block=zone,BLOCK,*" },
		{ "X='a $b `c` \\ \" d'", "a $b `c` \\ \" d" },
		{ "X=a=b,c@d%e", "a=b,c@d%e" },

		{ "X=$Y", NULL },
		{ "X=${Y}/z", NULL },
		{ "X=\"$Y\"", NULL },
		{ "X=\"`date`\"", NULL },
		{ "X=`date`", NULL },
		{ "X=a\\ b", NULL },
		{ "X=\"a\\\"b\"", NULL },
		{ "X=a\"b\"", NULL },
		{ "X=\"a\"b", NULL },
		{ "X=\"a\"#b", NULL },
		{ "X=a#b", NULL },
		{ "X=a b", NULL },
		{ "X= a", NULL },
		{ "X=a;b", NULL },
		{ "X=~/y", NULL },
		{ "X=*", NULL },
		{ "X=\"a", NULL },
		{ "X='a\nb'", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes text = bytes_of(rows[i].text);
		struct shell_assignment found;

		assert_true(shell_assignment_next(&text, &found));
		assert_true(bytes_equal(found.name, BYTES_LITERAL("X")));
		if (found.plain != (rows[i].value != NULL))
			fail_msg("%s is %splain", rows[i].text, found.plain ? "" : "not ");
		if (found.plain && !bytes_equal(found.value, bytes_of(rows[i].value)))
			fail_msg("%s gives %.*s", rows[i].text, BYTES_FMT(found.value));
		assert_false(shell_assignment_next(&text, &found));
	}
}

static void assignments_one_after_the_other(void **state)
{
	struct bytes text = BYTES_LITERAL("# A=0\nset -a\nB=1\n2C=3\nD_4='x\nE=5\n'\n\n_f=\"\"\nB=$C\nG=\0\nexport H=1\nI");
	static const struct {
		const char *name;
		bool plain;
	} rows[] = { { "B", true }, { "D_4", false }, { "_f", true }, { "B", false }, { "G", false } };
	struct shell_assignment found;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(shell_assignment_next(&text, &found));
		if (!bytes_equal(found.name, bytes_of(rows[i].name)) || found.plain != rows[i].plain)
			fail_msg("row %zu is %.*s", i, BYTES_FMT(found.name));
	}
	assert_false(shell_assignment_next(&text, &found));
	text = (struct bytes){ NULL, 0 };
	assert_false(shell_assignment_next(&text, &found));
}

/* A quote that is not closed, or not the end of the value: not plain, whatever it is. */
static void no_plain_value_is_no_number(void **state)
{
	static const char *const rows[] = {
		"MAXDAEMONS=\"300\n", "MAXDAEMONS='300\n",	  "MAXDAEMONS=\"300'\n",      "MAXDAEMONS=\"\n",
		"MAXDAEMONS=$MOST\n", "MAXDAEMONS=$((2*150))\n", "MAXDAEMONS=`cat most`\n", "MAXDAEMONS=3\"0\"0\n",
		"MAXDAEMONS=-1\n",    "MAXDAEMONS=300x\n",	  "MAXDAEMONS=\n",	      "MAXDAEMONS=\"30\"0\n",
		"MAXDAEMONS=1000001\n", "MAXDAEMONS=99999999999999999999999999\n", "MAXDAEMONS=0x12c\n",
		"MAXDAEMONS=300\nMAXDAEMONS=$MOST\n",
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(read_esmtpd(rows[i]).limit, 0);
	assert_int_equal(read_esmtpd("MAXDAEMONS=\"300\" # was 40\n").limit, 300);
	assert_int_equal(read_esmtpd("MAXDAEMONS=1000000\n").limit, 1000000);
}

static void switches(void **state)
{
	static const struct {
		const char *text;
		bool on;
	} rows[] = {
		{ "TARPIT=1\n", true },	  { "TARPIT=0\n", false },  { "TARPIT=2\n", true },  { "TARPIT=\"1\"\n", true },
		{ "TARPIT=\n", false },	  { "TARPIT=$T\n", false }, { "TARPIT=00\n", false }, { "TARPIT=no\n", false },
		{ "TARPIT=1\nTARPIT=0\n", false }, { "TARPIT=0\nTARPIT=1\n", true }, { "#TARPIT=1\n", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(read_esmtpd(rows[i].text).tarpit, rows[i].on);
	assert_true(read_esmtpd("ESMTP_LOG_DIALOG=1\n").logs_dialogue);
	assert_false(read_esmtpd("ESMTP_LOG_DIALOG=1\nESMTP_LOG_DIALOG=0\n").logs_dialogue);
}

static void ports(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		uint16_t ports[3];
	} rows[] = {
		{ "PORT=smtp\n", 1, { 25 } },
		{ "PORT=25\n", 1, { 25 } },
		{ "PORT=\"smtp,465\"\n", 2, { 25, 465 } },
		{ "PORT=\"smtp, smtps submission\"\n", 3, { 25, 465, 587 } },
		{ "PORT=smtp,25,ssmtp,smtps\n", 2, { 25, 465 } },
		{ "PORT=192.0.2.1.25\n", 1, { 25 } },
		{ "PORT=192.0.2.1.smtp,127.0.0.1.2525\n", 2, { 25, 2525 } },
		{ "PORT=\"::1.25\"\n", 1, { 25 } },
		{ "PORT=\"smtp /usr/lib/courier/gate\"\n", 1, { 25 } },
		{ "PORT=\"smtp /usr/lib/gate.26 , 587\"\n", 2, { 25, 587 } },
		{ "PORT=587\nPORT=smtp\n", 1, { 25 } },
		{ "PORT=\" \t, ,,smtp,,\"\n", 1, { 25 } },
		{ "PORT=65535,65536,0,-1,99999999999999999999\n", 1, { 65535 } },
		{ "PORT=$PORTS\n", 0, { 0 } },
		{ "PORT=unheard-of\n", 0, { 0 } },
		{ "PORT=.\n", 0, { 0 } },
		{ "PORT=\n", 0, { 0 } },
		{ "MSAPORT=26\n", 1, { 2525 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mail_server server = read_esmtpd(rows[i].text);

		assert_int_equal(server.port_count, rows[i].count);
		assert_memory_equal(server.ports, rows[i].ports, rows[i].count * sizeof(server.ports[0]));
	}
}

static void no_more_ports_than_there_is_room_for(void **state)
{
	char text[1000] = "PORT=";
	struct mail_server server;

	for (int port = 1; port <= 100; port++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d,", port);
	server = read_esmtpd(text);
	assert_int_equal(server.port_count, MAIL_PORTS_MAX);
	assert_int_equal(server.ports[MAIL_PORTS_MAX - 1], MAIL_PORTS_MAX);
}

static void only_the_view_is_read(void **state)
{
	struct mail_server server = { 0 };
	struct bytes value;

	courier_esmtpd_read(bytes_first(bytes_of("MAXDAEMONS=400"), 13), &server);
	assert_int_equal(server.limit, 40);
	courier_esmtpd_read((struct bytes){ NULL, 0 }, &server);
	assert_int_equal(server.limit, 40);
	assert_int_equal(shell_assignment(BYTES_LITERAL("\0X=1\nX=2\0\n"), "X", &value), 0);
	assert_true(bytes_equal(value, BYTES_LITERAL("2\0")));
}

static const struct {
	void (*read)(struct bytes text, struct mail_server *server);
	const char *text;
	unsigned limit; /* 7 before */
} others[] = {
	{ postfix_main_read, "myhostname = mx\ndefault_process_limit = 50\n", 50 },
	{ postfix_main_read, "default_process_limit=50\ndefault_process_limit = 60", 60 },
	{ postfix_main_read, "#default_process_limit = 50\n default_process_limit = 60\n", 7 },
	{ postfix_main_read, "default_process_limit = ${stress?10}\n", 0 },
	{ postfix_main_read, "default_process_limits = 50\n", 7 },
	{ postfix_master_read, "smtp      inet  n       -       y       -       -       smtpd\n", 7 },
	{ postfix_master_read, "smtp inet n - y - 30 smtpd\n  -o x=y\n", 30 },
	{ postfix_master_read, "smtp inet n - y - 0 smtpd\n", 0 },
	{ postfix_master_read, "#smtp inet n - y - 30 smtpd\nsmtp unix - - y - 9 smtp\n", 7 },
	{ postfix_master_read, " smtp inet n - y - 30 smtpd\nsmtp inet", 7 },
	{ exim_read, "smtp_accept_max = 200\nsmtp_accept_max_per_host = 5\n", 200 },
	{ exim_read, "smtp_accept_max=SOME_MACRO\n", 0 },
	{ sendmail_read, "O MaxDaemonChildren=40\n", 40 },
	{ sendmail_read, "#O MaxDaemonChildren=0\n", 7 },
	{ sendmail_read, "", 7 },
};

static void limits_of_the_other_servers(void **state)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct mail_server server = { .limit = 7 };

		print_message("%s\n", others[i].text);
		others[i].read(bytes_of(others[i].text), &server);
		assert_int_equal(server.limit, others[i].limit);
	}
}

static void a_name_that_nobody_knows(void **state)
{
	struct mail_server server;

	assert_int_equal(mail_server_find("no-such-server", &server), -ENOENT);
	assert_null(server.name);
	assert_int_equal(mail_server_find("courie", &server), -ENOENT);
}

static void names_in_greetings(void **state)
{
	static const struct {
		void (*read)(struct bytes, struct mail_server *);
		const char *text, *name;
	} rows[] = {
		{ courier_me_read, "mx.example.test\n", "mx.example.test" },
		{ courier_me_read, " mx.example.test \nother\n", "mx.example.test" },
		{ courier_me_read, "", "" },
		{ courier_me_read, "mx\x1b[2J\n", "" },
		{ courier_me_read, "220 mx.example.test\r\n", "" },
		{ postfix_main_read, "myhostname = mx.example.test\n", "mx.example.test" },
		{ postfix_main_read, "myhostname = $mydomain\n", "" },
		{ postfix_main_read, "#myhostname = mx.example.test\n", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail_server server = { 0 };

		rows[i].read(bytes_of(rows[i].text), &server);
		assert_string_equal(server.greets_as, rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_greetings),
		cmocka_unit_test(the_file_that_is_installed),
		cmocka_unit_test(what_is_not_named_keeps_its_value),
		cmocka_unit_test(assignments),
		cmocka_unit_test(which_assignments_are_plain),
		cmocka_unit_test(assignments_one_after_the_other),
		cmocka_unit_test(no_plain_value_is_no_number),
		cmocka_unit_test(switches),
		cmocka_unit_test(ports),
		cmocka_unit_test(no_more_ports_than_there_is_room_for),
		cmocka_unit_test(only_the_view_is_read),
		cmocka_unit_test(limits_of_the_other_servers),
		cmocka_unit_test(a_name_that_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

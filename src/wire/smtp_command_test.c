/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/smtp_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define LITERAL(s) { (s), sizeof(s) - 1 }

static void expect_bytes(struct bytes got, const char *want)
{
	assert_int_equal(got.size, strlen(want));
	if (got.size)
		assert_memory_equal(got.data, want, got.size);
}

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define FIVE_HUNDRED FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
#define LONGEST FIVE_HUNDRED TEN /* 510, and 512 with CRLF */

/* What a stream is made of: W well, B bare LF, L long; and what is left over. */
static const struct {
	struct bytes stream;
	const char *kinds;
	const char *lines[4];
	size_t left;
} streams[] = {
	{ LITERAL(""), "", { NULL }, 0 },
	{ LITERAL("QUIT\r\n"), "W", { "QUIT" }, 0 },
	{ LITERAL("QUIT\r"), "", { NULL }, 5 },
	{ LITERAL("\r\n\n"), "WB", { "", "" }, 0 },
	{ LITERAL("RSET\r\nNOOP\r\nQU"), "WW", { "RSET", "NOOP" }, 2 },
	{ LITERAL("RSET\nNOOP\r\n"), "BW", { "RSET", "NOOP" }, 0 },
	{ LITERAL("RSET\rNOOP\r\nQUIT\r\n"), "BW", { "RSET\rNOOP", "QUIT" }, 0 },
	{ LITERAL("RSET\r\r\nQUIT\r\n"), "BW", { "RSET\r", "QUIT" }, 0 },
	{ LITERAL("a\n\rb\r\n"), "BB", { "a", "\rb" }, 0 },
	{ LITERAL(LONGEST "\r\nQUIT\r\n"), "WW", { LONGEST, "QUIT" }, 0 },
	{ LITERAL(LONGEST "1\r\nQUIT\r\n"), "LW", { "", "QUIT" }, 0 },
	{ LITERAL(LONGEST "1\nQUIT\r\n"), "BW", { LONGEST "1", "QUIT" }, 0 },
	{ LITERAL(LONGEST "12\nQUIT\r\n"), "LW", { "", "QUIT" }, 0 },
	{ LITERAL(LONGEST LONGEST LONGEST "\r\nRSET\r\n" LONGEST "\r\r\n\r\n"), "LWLW", { "", "RSET", "", "" }, 0 },
	{ LITERAL(LONGEST "1"), "", { NULL }, 511 },
	{ LITERAL(LONGEST "12"), "", { NULL }, 0 },
	{ LITERAL(LONGEST LONGEST), "", { NULL }, 0 },
};

static const char kind_letters[] = { [SMTP_LINE_WELL] = 'W', [SMTP_LINE_BARE_LF] = 'B', [SMTP_LINE_LONG] = 'L' };

/* As a session does it: what comes is put behind what was left, in memory that ends there. */
static void read_in_pieces(size_t row, size_t piece)
{
	struct bytes rest = streams[row].stream;
	struct smtp_lines lines = { 0 };
	char *held = malloc(1);
	size_t held_size = 0, taken = 0;

	while (rest.size) {
		struct bytes come = bytes_first(rest, piece), input, line;
		char *buffer = malloc(held_size + come.size);
		enum smtp_line kind;

		memcpy(buffer, held, held_size);
		memcpy(buffer + held_size, come.data, come.size);
		free(held);
		held = buffer;
		input = bytes_make(held, held_size + come.size);
		while ((kind = smtp_line_take(&lines, &input, &line)) != SMTP_LINE_UNFINISHED) {
			assert_int_equal(kind_letters[kind], streams[row].kinds[taken]);
			expect_bytes(line, streams[row].lines[taken]);
			taken++;
		}
		assert_int_equal(line.size, 0);
		assert_true(input.size < SMTP_LINE_MOST);
		memmove(held, input.data, input.size);
		held_size = input.size;
		rest = bytes_skip(rest, piece);
	}
	assert_int_equal(taken, strlen(streams[row].kinds));
	assert_int_equal(held_size, streams[row].left);
	free(held);
}

static void lines_are_the_same_in_pieces_of_any_size(void **state)
{
	for (size_t i = 0; i < COUNT(streams); i++)
		for (size_t piece = 1; piece <= streams[i].stream.size; piece++)
			read_in_pieces(i, piece);
}

#define NONE SMTP_FAULT_NONE
#define BYTES SMTP_FAULT_BYTES
#define SYNTAX SMTP_FAULT_SYNTAX

static const struct {
	struct bytes line;
	enum smtp_verb verb;
	enum smtp_fault fault;
	const char *argument;
} verbs[] = {
	{ LITERAL("HELO mx.example"), SMTP_HELO, NONE, "mx.example" },
	{ LITERAL("EHLO mx.example"), SMTP_EHLO, NONE, "mx.example" },
	{ LITERAL("ehlo   mx.example of mine "), SMTP_EHLO, NONE, "mx.example" },
	{ LITERAL("EhLo [192.0.2.1]\t"), SMTP_EHLO, NONE, "[192.0.2.1]" },
	{ LITERAL("EHLO"), SMTP_EHLO, SYNTAX, "" },
	{ LITERAL("HELO "), SMTP_HELO, SYNTAX, "" },
	{ LITERAL("EHLO\tmx.example"), SMTP_UNKNOWN, BYTES, "" },
	{ LITERAL("EHLO m\xc3\xbc.example"), SMTP_EHLO, BYTES, "" },
	{ LITERAL("EHLO:mx.example"), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL(" EHLO mx.example"), SMTP_UNKNOWN, NONE, "EHLO mx.example" },
	{ LITERAL("DATA"), SMTP_DATA, NONE, "" },
	{ LITERAL("data \t "), SMTP_DATA, NONE, "" },
	{ LITERAL("DATA now"), SMTP_DATA, SYNTAX, "now" },
	{ LITERAL("DATA."), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("DATA\0"), SMTP_UNKNOWN, BYTES, "" },
	{ LITERAL("DATA \0"), SMTP_DATA, BYTES, "" },
	{ LITERAL("RSET"), SMTP_RSET, NONE, "" },
	{ LITERAL("RSET x"), SMTP_RSET, SYNTAX, "x" },
	{ LITERAL("QUIT"), SMTP_QUIT, NONE, "" },
	{ LITERAL("qUIT"), SMTP_QUIT, NONE, "" },
	{ LITERAL("QUIT x"), SMTP_QUIT, SYNTAX, "x" },
	{ LITERAL("QUITX"), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("QUI"), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("QUIT\r"), SMTP_UNKNOWN, BYTES, "" },
	{ LITERAL("\x91UIT"), SMTP_UNKNOWN, BYTES, "" },
	{ LITERAL("\x11\x15\x09\x14"), SMTP_UNKNOWN, BYTES, "" },
	{ LITERAL("STARTTLS"), SMTP_STARTTLS, NONE, "" },
	{ LITERAL("StartTls"), SMTP_STARTTLS, NONE, "" },
	{ LITERAL("STARTTLS now"), SMTP_STARTTLS, SYNTAX, "now" },
	{ LITERAL("STARTSSL"), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("STOPTTLS"), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("NOOP"), SMTP_NOOP, NONE, "" },
	{ LITERAL("NOOP a b"), SMTP_NOOP, NONE, "a b" },
	{ LITERAL("NOOP \x7f"), SMTP_NOOP, BYTES, "" },
	{ LITERAL("HELP"), SMTP_HELP, NONE, "" },
	{ LITERAL("HELP MAIL"), SMTP_HELP, NONE, "MAIL" },
	{ LITERAL("VRFY"), SMTP_VRFY, SYNTAX, "" },
	{ LITERAL("VRFY a@b"), SMTP_VRFY, NONE, "a@b" },
	{ LITERAL("EXPN"), SMTP_EXPN, SYNTAX, "" },
	{ LITERAL("EXPN list"), SMTP_EXPN, NONE, "list" },
	{ LITERAL("AUTH"), SMTP_AUTH, SYNTAX, "" },
	{ LITERAL("AUTH  PLAIN AGEAYg== "), SMTP_AUTH, NONE, "PLAIN AGEAYg==" },
	{ LITERAL("BDAT 12 LAST"), SMTP_BDAT, NONE, "12 LAST" },
	{ LITERAL("ETRN example"), SMTP_ETRN, NONE, "example" },
	{ LITERAL("GET / HTTP/1.1"), SMTP_UNKNOWN, NONE, "/ HTTP/1.1" },
	{ LITERAL(""), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("   "), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("MAILFROM:<a@b>"), SMTP_UNKNOWN, NONE, "" },
	{ LITERAL("MAIL:FROM <a@b>"), SMTP_UNKNOWN, NONE, "<a@b>" },
	{ LITERAL("MAIL"), SMTP_MAIL, SYNTAX, "" },
	{ LITERAL("RCPT"), SMTP_RCPT, SYNTAX, "" },
	{ LITERAL("MAIL FROM:<\xe4@b>"), SMTP_MAIL, BYTES, "" },
	{ LITERAL("MAIL FROM:<\"a\tb\"@b>"), SMTP_MAIL, BYTES, "" },
};

static void verbs_are_known_as_whole_words(void **state)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		struct smtp_command command;

		print_message("%.*s\n", BYTES_FMT(verbs[i].line));
		smtp_command_read(verbs[i].line, &command);
		assert_int_equal(command.verb, verbs[i].verb);
		assert_int_equal(command.fault, verbs[i].fault);
		expect_bytes(command.argument, verbs[i].argument);
	}
}

/* Every byte, in a verb and behind one. */
static void only_printable_ascii_has_no_fault(void **state)
{
	for (unsigned c = 0; c < 256; c++) {
		char line[] = "NOOP x?y";
		bool printable = c >= ' ' && c <= '~';
		struct smtp_command command;

		line[6] = (char)c;
		smtp_command_read(bytes_make(line, 8), &command);
		assert_int_equal(command.fault, printable ? NONE : BYTES);
		assert_int_equal(command.argument.size, printable ? 3 : 0);
		line[0] = (char)c;
		line[6] = '?';
		smtp_command_read(bytes_make(line, 8), &command);
		assert_int_equal(command.fault, printable ? NONE : BYTES);
		assert_int_equal(command.verb, c == 'N' || c == 'n' ? SMTP_NOOP : SMTP_UNKNOWN);
	}
}

/* Without a mailbox: a fault of syntax. */
static const struct {
	const char *line, *local_part, *domain;
} paths[] = {
	{ "MAIL FROM:<a@b.example>", "a", "b.example" },
	{ "mail from:<A@B.example>", "A", "B.example" },
	{ "MAIL  FROM:<a@b>", "a", "b" },
	{ "MAIL FROM: <a@b> ", "a", "b" },
	{ "MAIL FROM:   <a@b>", "a", "b" },
	{ "MAIL FROM :<a@b>", NULL, NULL },
	{ "MAIL FROM<a@b>", NULL, NULL },
	{ "MAIL FROM:", NULL, NULL },
	{ "MAIL FROM:a@b", NULL, NULL },
	{ "MAIL FROM:<a@b", NULL, NULL },
	{ "MAIL FROM:a@b>", NULL, NULL },
	{ "MAIL FROM:<a@b>>", NULL, NULL },
	{ "MAIL FROM:<<a@b>>", NULL, NULL },
	{ "MAIL FROM:<a@b>SIZE=1", NULL, NULL },
	{ "MAIL FROM:\"A\" <a@b>", NULL, NULL },
	{ "MAIL TO:<a@b>", NULL, NULL },
	{ "MAIL FROM:<>", "", "" },
	{ "MAIL FROM: <>", "", "" },
	{ "MAIL FROM:< >", NULL, NULL },
	{ "MAIL FROM:<@>", NULL, NULL },
	{ "MAIL FROM:<a@>", NULL, NULL },
	{ "MAIL FROM:<@b>", NULL, NULL },
	{ "MAIL FROM:<a>", NULL, NULL },
	{ "MAIL FROM:<Postmaster>", NULL, NULL },
	{ "MAIL FROM:< a@b>", NULL, NULL },
	{ "MAIL FROM:<a@b >", NULL, NULL },
	{ "MAIL FROM:<a b@c>", NULL, NULL },
	{ "MAIL FROM:<a@b@c>", NULL, NULL },
	{ "MAIL FROM:<a,b@c>", NULL, NULL },
	{ "MAIL FROM:<a(x)@c>", NULL, NULL },
	{ "MAIL FROM:<a;b@c>", NULL, NULL },
	{ "MAIL FROM:<a\\b@c>", NULL, NULL },
	{ "MAIL FROM:<!#$%&'*+-/=?^_`{|}~09@b>", "!#$%&'*+-/=?^_`{|}~09", "b" },
	{ "MAIL FROM:<a.b..c.@b>", "a.b..c.", "b" },
	{ "MAIL FROM:<\"a b\"@c>", "\"a b\"", "c" },
	{ "MAIL FROM:<\"a>@b\"@c>", "\"a>@b\"", "c" },
	{ "MAIL FROM:<\"a\\\"> <x@y>\"@c>", "\"a\\\"> <x@y>\"", "c" },
	{ "MAIL FROM:<\"a\\\\\"@c>", "\"a\\\\\"", "c" },
	{ "MAIL FROM:<\"a\\\"@c>", NULL, NULL },
	{ "MAIL FROM:<\"a@c>", NULL, NULL },
	{ "MAIL FROM:<\"\\", NULL, NULL },
	{ "MAIL FROM:<\"", NULL, NULL },
	{ "MAIL FROM:<\"\"@c>", "\"\"", "c" },
	{ "MAIL FROM:<\"a\">", NULL, NULL },
	{ "MAIL FROM:<\"a\"b@c>", NULL, NULL },
	{ "MAIL FROM:<\"a\".b@c>", NULL, NULL },
	{ "MAIL FROM:<a\"b\"@c>", NULL, NULL },
	{ "MAIL FROM:<@a:b@c>", "b", "c" },
	{ "MAIL FROM:<@a,@b.example:c@d>", "c", "d" },
	{ "MAIL FROM:<@a,@b:\"c:\"@d>", "\"c:\"", "d" },
	{ "MAIL FROM:<@a,b:c@d>", NULL, NULL },
	{ "MAIL FROM:<@a,@b,:c@d>", NULL, NULL },
	{ "MAIL FROM:<@a,@b,c@d>", NULL, NULL },
	{ "MAIL FROM:<@a@b:c@d>", NULL, NULL },
	{ "MAIL FROM:<@:c@d>", NULL, NULL },
	{ "MAIL FROM:<@a:>", NULL, NULL },
	{ "MAIL FROM:<@a:c>", NULL, NULL },
	{ "MAIL FROM:<@a:@b:c@d>", NULL, NULL },
	{ "MAIL FROM:<@a:@b>", NULL, NULL },
	{ "MAIL FROM:<@a", NULL, NULL },
	{ "MAIL FROM:<@a>:c@d>", NULL, NULL },
	{ "MAIL FROM:<a@[192.0.2.1]>", "a", "[192.0.2.1]" },
	{ "MAIL FROM:<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]" },
	{ "MAIL FROM:<a@[ipv6:::ffff:192.0.2.1]>", "a", "[ipv6:::ffff:192.0.2.1]" },
	{ "MAIL FROM:<a@[2001:db8::1]>", NULL, NULL },
	{ "MAIL FROM:<a@[IPv6:192.0.2.1]>", NULL, NULL },
	{ "MAIL FROM:<a@[IPv6:]>", NULL, NULL },
	{ "MAIL FROM:<a@[IPv6:fe80::1%eth0]>", NULL, NULL },
	{ "MAIL FROM:<a@[192.0.2.256]>", NULL, NULL },
	{ "MAIL FROM:<a@[192.0.2]>", NULL, NULL },
	{ "MAIL FROM:<a@[192.0.2.1>", NULL, NULL },
	{ "MAIL FROM:<a@192.0.2.1]>", NULL, NULL },
	{ "MAIL FROM:<a@[]>", NULL, NULL },
	{ "MAIL FROM:<a@[>", NULL, NULL },
	{ "MAIL FROM:<a@[tag:x]>", NULL, NULL },
	{ "MAIL FROM:<a@b_c.example>", "a", "b_c.example" },
	{ "MAIL FROM:<a@b--c.3com.example>", "a", "b--c.3com.example" },
	{ "MAIL FROM:<a@.b>", NULL, NULL },
	{ "MAIL FROM:<a@b.>", NULL, NULL },
	{ "MAIL FROM:<a@b..c>", NULL, NULL },
	{ "MAIL FROM:<a@-b>", NULL, NULL },
	{ "MAIL FROM:<a@b->", NULL, NULL },
	{ "MAIL FROM:<a@b.-c>", NULL, NULL },
	{ "MAIL FROM:<a@b-.c>", NULL, NULL },
	{ "MAIL FROM:<a@b/c>", NULL, NULL },
	{ "RCPT TO:<a@b>", "a", "b" },
	{ "rcpt to: <a@b>", "a", "b" },
	{ "RCPT FROM:<a@b>", NULL, NULL },
	{ "RCPT TO:<>", NULL, NULL },
	{ "RCPT TO:<a>", NULL, NULL },
	{ "RCPT TO:<Postmaster>", "Postmaster", "" },
	{ "RCPT TO:<pOSTMASTER>", "pOSTMASTER", "" },
	{ "RCPT TO:<postmaster@b>", "postmaster", "b" },
	{ "RCPT TO:<postmasters>", NULL, NULL },
	{ "RCPT TO:<@a:Postmaster>", NULL, NULL },
	{ "RCPT TO:<@a,@b:c@d>", "c", "d" },
};

static void paths_are_read(void **state)
{
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct smtp_command command;
		char mailbox[SMTP_LINE_MOST] = "";

		print_message("%s\n", paths[i].line);
		smtp_command_read(bytes_of(paths[i].line), &command);
		if (!paths[i].local_part) {
			assert_int_equal(command.fault, SYNTAX);
			assert_int_equal(command.mailbox.size + command.local_part.size + command.domain.size, 0);
			continue;
		}
		assert_int_equal(command.fault, NONE);
		expect_bytes(command.local_part, paths[i].local_part);
		expect_bytes(command.domain, paths[i].domain);
		snprintf(mailbox, sizeof(mailbox), paths[i].domain[0] ? "%s@%s" : "%s%s", paths[i].local_part,
			 paths[i].domain);
		expect_bytes(command.mailbox, mailbox);
	}
}

static enum smtp_fault fault_of(const char *line)
{
	struct smtp_command command;

	smtp_command_read(bytes_of(line), &command);
	return command.fault;
}

#define SIXTY_FOUR FIFTY TEN "0123"
#define SIXTY_THREE FIFTY TEN "012"
/* 187 octets: what fills a path of 256 up. */
#define LABELS SIXTY_THREE "." SIXTY_THREE "." FIFTY "012345678"

static void lengths_are_bounded(void **state)
{
	assert_int_equal(fault_of("MAIL FROM:<" SIXTY_FOUR "@b>"), NONE);
	assert_int_equal(fault_of("MAIL FROM:<" SIXTY_FOUR "4@b>"), SYNTAX);
	assert_int_equal(fault_of("MAIL FROM:<\"" FIFTY TEN "01\"@b>"), NONE);
	assert_int_equal(fault_of("MAIL FROM:<\"" FIFTY TEN "012\"@b>"), SYNTAX);
	assert_int_equal(fault_of("MAIL FROM:<a@" SIXTY_THREE ">"), NONE);
	assert_int_equal(fault_of("MAIL FROM:<a@" SIXTY_FOUR ">"), SYNTAX);
	assert_int_equal(sizeof("<" SIXTY_FOUR "@a." LABELS ">") - 1, 256);
	assert_int_equal(fault_of("MAIL FROM:<" SIXTY_FOUR "@a." LABELS ">"), NONE);
	assert_int_equal(fault_of("MAIL FROM:<" SIXTY_FOUR "@ab." LABELS ">"), SYNTAX);
	assert_int_equal(sizeof("<@" LABELS ":" SIXTY_THREE "@b>") - 1, 256);
	assert_int_equal(fault_of("RCPT TO:<@" LABELS ":" SIXTY_THREE "@b>"), NONE);
	assert_int_equal(fault_of("RCPT TO:<@" LABELS ":" SIXTY_THREE "@bc>"), SYNTAX);
}

#define UNKNOWN SMTP_FAULT_PARAMETER
#define VALUE SMTP_FAULT_PARAMETER_VALUE
#define NO_SIZE UINT64_MAX - 1

static const struct {
	const char *line;
	enum smtp_fault fault;
	uint64_t size;
	enum smtp_body body;
} parameters[] = {
	{ "MAIL FROM:<a@b>", NONE, NO_SIZE, SMTP_BODY_NOT_SAID },
	{ "MAIL FROM:<> SIZE=0", NONE, 0, SMTP_BODY_NOT_SAID },
	{ "MAIL FROM:<a@b> SIZE=1024 BODY=8BITMIME", NONE, 1024, SMTP_BODY_8BITMIME },
	{ "MAIL FROM:<a@b>  body=7bit   size=7 ", NONE, 7, SMTP_BODY_7BIT },
	{ "MAIL FROM:<a@b> SIZE=18446744073709551615", NONE, UINT64_MAX, SMTP_BODY_NOT_SAID },
	{ "MAIL FROM:<a@b> SIZE=99999999999999999999", NONE, UINT64_MAX, SMTP_BODY_NOT_SAID },
	{ "MAIL FROM:<a@b> SIZE=00000000000000000001", NONE, 1, SMTP_BODY_NOT_SAID },
	{ "MAIL FROM:<a@b> SIZE=000000000000000000001", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=999999999999999999999", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=9999999999999999999x", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=99999999999999999999x", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=-1", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=1k", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE==1", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=1 SIZE=1", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE = 1", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> BODY=BINARYMIME", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> BODY=", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> BODY", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> BODY=7BIT BODY=7BIT", VALUE, 0, 0 },
	{ "MAIL FROM:<a@b> SMTPUTF8", UNKNOWN, 0, 0 },
	{ "MAIL FROM:<a@b> RET=HDRS ENVID=QQ", UNKNOWN, 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=1 X-Y=z", UNKNOWN, 0, 0 },
	{ "MAIL FROM:<a@b> SIZES=1", UNKNOWN, 0, 0 },
	{ "MAIL FROM:<a@b> SIZ=1", UNKNOWN, 0, 0 },
	{ "MAIL FROM:<a@b> 0", UNKNOWN, 0, 0 },
	{ "MAIL FROM:<a@b> -X", SYNTAX, 0, 0 },
	{ "MAIL FROM:<a@b> =1", SYNTAX, 0, 0 },
	{ "MAIL FROM:<a@b> <c@d>", SYNTAX, 0, 0 },
	{ "MAIL FROM:<a@b> X_Y", SYNTAX, 0, 0 },
	{ "RCPT TO:<a@b> SIZE=1", UNKNOWN, 0, 0 },
	{ "RCPT TO:<a@b> BODY=7BIT", UNKNOWN, 0, 0 },
	{ "RCPT TO:<a@b> NOTIFY=NEVER", UNKNOWN, 0, 0 },
	{ "RCPT TO:<a@b>, <c@d>", SYNTAX, 0, 0 },
	{ "RCPT TO:<a@b> <c@d>", SYNTAX, 0, 0 },
};

static void parameters_are_read(void **state)
{
	for (size_t i = 0; i < COUNT(parameters); i++) {
		struct smtp_command command;

		print_message("%s\n", parameters[i].line);
		smtp_command_read(bytes_of(parameters[i].line), &command);
		assert_int_equal(command.fault, parameters[i].fault);
		assert_int_equal(command.body, parameters[i].body);
		assert_int_equal(command.has_size, command.fault == NONE && parameters[i].size != NO_SIZE);
		assert_int_equal(command.size, command.has_size ? parameters[i].size : 0);
		assert_true(command.fault == NONE || command.mailbox.size == 0);
	}
}

static void postmaster_is_known(void **state)
{
	assert_true(smtp_is_postmaster(bytes_of("postmaster")));
	assert_true(smtp_is_postmaster(bytes_of("PostMaster")));
	assert_false(smtp_is_postmaster(bytes_of("postmaster1")));
	assert_false(smtp_is_postmaster(bytes_of("postmaste")));
	assert_false(smtp_is_postmaster(bytes_of("")));
}

static const struct {
	struct bytes first;
	enum smtp_speaker speaker;
} speakers[] = {
	{ LITERAL(""), SMTP_SPEAKER_SMTP },
	{ LITERAL("EHLO a\r\n"), SMTP_SPEAKER_SMTP },
	{ LITERAL("EH"), SMTP_SPEAKER_SMTP },
	{ LITERAL("\r\n"), SMTP_SPEAKER_SMTP },
	{ LITERAL("EHLO \xfc\r\n"), SMTP_SPEAKER_SMTP },
	{ LITERAL("HELO a HTTP/1.1\r\n"), SMTP_SPEAKER_SMTP },
	{ LITERAL("EHLO a\r\nMAIL FROM:<a@b>\r\n\xff\x00"), SMTP_SPEAKER_SMTP },
	{ LITERAL("XCLIENT\tA\r\n"), SMTP_SPEAKER_SMTP },
	{ LITERAL("hello there\r\n\x01"), SMTP_SPEAKER_SMTP },
	{ LITERAL("GE"), SMTP_SPEAKER_SMTP },
	{ LITERAL("GETTER"), SMTP_SPEAKER_SMTP },
	{ LITERAL("GET /\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("GET / HTTP/1.1\r\nHost: a\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("POST / HTTP/1.0\r\n\r\nEHLO a\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("CONNECT mx.example:25 HTTP/1.1\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("\r\nHEAD / HTTP/1.1\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("PROPFIND / HTTP/1.1\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), SMTP_SPEAKER_HTTP },
	{ LITERAL("\x16\x03\x01\x02\x00\x01"), SMTP_SPEAKER_TLS },
	{ LITERAL("\x16\x03"), SMTP_SPEAKER_TLS },
	{ LITERAL("\x16"), SMTP_SPEAKER_SMTP },
	{ LITERAL("\x16\x04"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\x80\x2e\x01\x00\x02\x00\x15"), SMTP_SPEAKER_TLS },
	{ LITERAL("\x80\x2e\x01\x03\x01\x00\x15"), SMTP_SPEAKER_TLS },
	{ LITERAL("\x80\x2e\x01\x00"), SMTP_SPEAKER_SMTP },
	{ LITERAL("\x80\x2e\x02"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\x80\x2e\x01\x00\x03"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\x80\x2e\x01\x05"), SMTP_SPEAKER_OTHER },
	{ LITERAL("SSH-2.0-OpenSSH_9.2\r\n"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\x05\x01\x00"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\x04\x01\x00\x19\xc0\x00\x02\x01\x00"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\x03\x00\x00\x13\x0e\xe0"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\r\n\r\n\x00\r\nQUIT\n\x21\x11"), SMTP_SPEAKER_OTHER },
	{ LITERAL("\xff\xfd\x03"), SMTP_SPEAKER_OTHER },
	{ LITERAL("abc\x7f"), SMTP_SPEAKER_OTHER },
};

/* In memory that ends where the bytes end; and what is not SMTP is not until the first byte that
 * tells so, so that no beginning of SMTP's is taken for something else. */
static void speakers_are_known(void **state)
{
	for (size_t i = 0; i < COUNT(speakers); i++) {
		struct bytes first = speakers[i].first;

		assert_int_equal(smtp_speaker_of(first), speakers[i].speaker);
		for (size_t size = 0; size <= first.size; size++) {
			char *copy = malloc(size ? size : 1);
			enum smtp_speaker speaker;

			memcpy(copy, first.data, size);
			speaker = smtp_speaker_of(bytes_make(copy, size));
			assert_true(speaker == SMTP_SPEAKER_SMTP || speaker == speakers[i].speaker);
			free(copy);
		}
	}
}

#define NOT_A_NAME SMTP_HELO_NOT_A_NAME
#define NO_DOT SMTP_HELO_NO_DOT
#define BARE SMTP_HELO_BARE_ADDRESS
#define OTHER SMTP_HELO_OTHER_ADDRESS
#define OURS SMTP_HELO_OUR_NAME
#define LONGEST_DOMAIN SIXTY_THREE "." SIXTY_THREE "." SIXTY_THREE "." SIXTY_THREE

/* To the client 192.0.2.7 we are mx.example, 198.51.100.1. */
static const struct {
	const char *argument;
	unsigned faults;
} names[] = {
	{ "mail.client.example", 0 },
	{ "mail_1.client.example", 0 },
	{ "_a.example", 0 },
	{ "3com.example", 0 },
	{ "7-2-0-192.pool.example", 0 },
	{ "mail", NO_DOT },
	{ "localhost", NO_DOT },
	{ "localhost.localdomain", 0 },
	{ "mail.client.example.", NOT_A_NAME },
	{ ".client.example", NOT_A_NAME },
	{ "mail..example", NOT_A_NAME },
	{ "-mail.example", NOT_A_NAME },
	{ "mail-.example", NOT_A_NAME },
	{ "mail client.example", NOT_A_NAME },
	{ "mail@client.example", NOT_A_NAME },
	{ "<mail.example>", NOT_A_NAME },
	{ "mail.ex*mple", NOT_A_NAME },
	{ "mail.example:25", NOT_A_NAME },
	{ "", NOT_A_NAME },
	{ ".", NOT_A_NAME },
	{ "-", NOT_A_NAME },
	{ LONGEST_DOMAIN, 0 },
	{ SIXTY_THREE "." SIXTY_THREE "." SIXTY_THREE "." FIFTY TEN ".012", NOT_A_NAME },
	{ "a." SIXTY_FOUR, NOT_A_NAME },
	{ "192.0.2.7", BARE },
	{ "2001:db8::1", BARE },
	{ "192.0.2.8", BARE },
	{ "198.51.100.1", BARE | OURS },
	{ "[192.0.2.7]", 0 },
	{ "[192.0.2.8]", OTHER },
	{ "[127.0.0.1]", OTHER },
	{ "[198.51.100.1]", OTHER | OURS },
	{ "[IPv6:2001:db8::1]", OTHER },
	{ "[IPv6:::ffff:192.0.2.7]", 0 },
	{ "[2001:db8::1]", NOT_A_NAME },
	{ "[192.0.2.7", NOT_A_NAME },
	{ "[192.0.2.7].example", NOT_A_NAME },
	{ "[mail.example]", NOT_A_NAME },
	{ "[]", NOT_A_NAME },
	{ "[", NOT_A_NAME },
	{ "mx.example", OURS },
	{ "MX.Example", OURS },
	{ "mx.example.", NOT_A_NAME | OURS },
	{ "a.mx.example", 0 },
};

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void names_of_clients_are_judged(void **state)
{
	struct addr client = addr_of("192.0.2.7"), ours = addr_of("198.51.100.1");
	struct addr client6 = addr_of("2001:db8::7"), none = { .family = ADDR_NONE };

	assert_int_equal(sizeof(LONGEST_DOMAIN) - 1, 255);
	for (size_t i = 0; i < COUNT(names); i++) {
		print_message("%s\n", names[i].argument);
		assert_int_equal(smtp_helo_faults(bytes_of(names[i].argument), &client, bytes_of("mx.example"), &ours),
				 names[i].faults);
	}
	assert_int_equal(smtp_helo_faults(bytes_of("[IPv6:2001:DB8:0::7]"), &client6, bytes_of("mx"), &none), 0);
	assert_int_equal(smtp_helo_faults(bytes_of("MX"), &client6, bytes_of("mx."), &none), OURS | NO_DOT);
	assert_int_equal(smtp_helo_faults(bytes_of("."), &client6, bytes_of(""), &none), NOT_A_NAME);
}

/* Each prefix of each line, in memory that ends where the prefix ends. */
static void nothing_is_read_past_the_end(void **state)
{
	for (size_t i = 0; i < COUNT(paths) + COUNT(parameters); i++) {
		const char *line = i < COUNT(paths) ? paths[i].line : parameters[i - COUNT(paths)].line;

		for (size_t size = 0; size <= strlen(line); size++) {
			char *copy = malloc(size ? size : 1);
			struct smtp_command command;

			memcpy(copy, line, size);
			smtp_command_read(bytes_make(copy, size), &command);
			assert_true(command.argument.size <= size);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_in_pieces_of_any_size),
		cmocka_unit_test(verbs_are_known_as_whole_words),
		cmocka_unit_test(only_printable_ascii_has_no_fault),
		cmocka_unit_test(paths_are_read),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(parameters_are_read),
		cmocka_unit_test(postmaster_is_known),
		cmocka_unit_test(speakers_are_known),
		cmocka_unit_test(names_of_clients_are_judged),
		cmocka_unit_test(nothing_is_read_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

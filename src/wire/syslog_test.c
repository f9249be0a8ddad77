/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/syslog.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *line;
	enum syslog_form form;
	const char *stamp, *host, *tag, *pid, *message;
} heads[] = {
	{ "Jul 27 15:05:01 mx courieresmtpd: started,ip=[::1]", SYSLOG_STAMPED, "Jul 27 15:05:01",
	  "mx", "courieresmtpd", "", "started,ip=[::1]" },
	{ "Jul  7 15:05:01 mx postfix/smtpd[42]: connect", SYSLOG_STAMPED, "Jul  7 15:05:01", "mx",
	  "postfix/smtpd", "42", "connect" },
	{ "<22>Jul 27 15:05:01 mx imapd: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "imapd", "",
	  "x" },
	{ "Jul 27 15:05:01.123456 mx imapd: x", SYSLOG_STAMPED, "Jul 27 15:05:01.123456", "mx",
	  "imapd", "", "x" },
	{ "Jul 27 15:05:01 imapd: x y: z", SYSLOG_STAMPED, "Jul 27 15:05:01", "", "imapd", "",
	  "x y: z" },
	{ "Jul 27 15:05:01 mx imapd:no blank", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "imapd", "",
	  "no blank" },
	{ "Jul 27 15:05:01 mx imapd:  two blanks", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "imapd",
	  "", " two blanks" },
	{ "Jul 27 15:05:01 mx imapd:", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "imapd", "", "" },
	{ "Jul 27 15:05:01 mx imapd: x\r", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "imapd", "",
	  "x" },
	{ "Jul 27 15:05:01 mx last message repeated 3 times", SYSLOG_STAMPED, "Jul 27 15:05:01",
	  "mx", "", "", "last message repeated 3 times" },
	{ "Jul 27 15:05:01 mx evil imapd: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "", "",
	  "evil imapd: x" },
	{ "Jul 27 15:05:01 mx evil[imapd]: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "evil",
	  "imapd", "x" },
	{ "Jul 27 15:05:01 mx evil[1] imapd: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "", "",
	  "evil[1] imapd: x" },
	{ "Jul 27 15:05:01 mx evil[1", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "", "", "evil[1" },
	{ "Jul 27 15:05:01 mx [1]: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "mx", "", "", "[1]: x" },
	{ "Jul 27 15:05:01 2001:db8::1 imapd: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "2001:db8::1",
	  "imapd", "", "x" },
	{ "Jul 27 15:05:01 auth( imap: badlogin", SYSLOG_STAMPED, "Jul 27 15:05:01", "", "", "",
	  "auth( imap: badlogin" },
	{ "Jul 27 15:05:01 [192.0.2.1]:514 imapd: x", SYSLOG_STAMPED, "Jul 27 15:05:01", "[192.0.2.1]:514",
	  "imapd", "", "x" },
	{ "2026-07-27T15:05:01.214511+02:00 mx courieresmtpd[20414]: x", SYSLOG_STAMPED,
	  "2026-07-27T15:05:01.214511+02:00", "mx", "courieresmtpd", "20414", "x" },
	{ "2026-07-27T15:05:01Z mx imapd: x", SYSLOG_STAMPED, "2026-07-27T15:05:01Z", "mx", "imapd",
	  "", "x" },
	{ "2026-07-27T15:05:01+0200 mx imapd: x", SYSLOG_STAMPED, "2026-07-27T15:05:01+0200", "mx",
	  "imapd", "", "x" },
	{ "2026-07-27T15:05:01 mx imapd: x", SYSLOG_STAMPED, "2026-07-27T15:05:01", "mx", "imapd",
	  "", "x" },
	{ "<22>1 2026-07-27T13:05:01.5Z mx imapd 812 ID47 - \xef\xbb\xbfx: y", SYSLOG_RFC5424,
	  "2026-07-27T13:05:01.5Z", "mx", "imapd", "812", "x: y" },
	{ "<22>1 - - - - - - x", SYSLOG_RFC5424, "", "", "", "", "x" },
	{ "<22>1 - mx imapd - - [a@1 b=\"] \\\" [\" c=\"\"][d@2] x", SYSLOG_RFC5424, "", "mx",
	  "imapd", "", "x" },
	{ "<22>1 - mx imapd - - -", SYSLOG_RFC5424, "", "mx", "imapd", "", "" },
	{ "<22>1 - mx imapd - - -x y", SYSLOG_BARE, "", "", "", "", "<22>1 - mx imapd - - -x y" },
	{ "<22>1 - mx imapd - - [a b=\"] x", SYSLOG_BARE, "", "", "", "",
	  "<22>1 - mx imapd - - [a b=\"] x" },
	{ "<22>1 - mx imapd", SYSLOG_BARE, "", "", "", "", "<22>1 - mx imapd" },
	{ "<192>Jul 27 15:05:01 mx imapd: x", SYSLOG_BARE, "", "", "", "",
	  "<192>Jul 27 15:05:01 mx imapd: x" },
	{ "error,relay=::1,port=1: 511 x", SYSLOG_BARE, "", "", "", "",
	  "error,relay=::1,port=1: 511 x" },
	{ "Mon 2026-07-27 15:05:01 CEST mx imapd[812]: x", SYSLOG_STAMPED, "Mon 2026-07-27 15:05:01 CEST",
	  "mx", "imapd", "812", "x" },
	{ "1785157501.214511 mx imapd[812]: x", SYSLOG_STAMPED, "1785157501.214511", "mx", "imapd", "812", "x" },
	{ "[ 5213.214511] mx imapd[812]: x", SYSLOG_STAMPED, "[ 5213.214511]", "mx", "imapd", "812", "x" },
	{ "2026-11-23 09:10:01 H=(x) [192.0.2.7] rejected", SYSLOG_OWN, "2026-11-23 09:10:01", "", "", "",
	  "H=(x) [192.0.2.7] rejected" },
	{ "2026-11-23 09:10:01.217 +0100 [812] H=(x) [192.0.2.7] rejected", SYSLOG_OWN,
	  "2026-11-23 09:10:01.217 +0100", "", "", "812", "H=(x) [192.0.2.7] rejected" },
	{ "2026-11-23 09:10:01 [192.0.2.7] exim[1]: x", SYSLOG_OWN, "2026-11-23 09:10:01", "", "", "",
	  "[192.0.2.7] exim[1]: x" },
	{ "2026-11-23 09:10:01 mx1.example exim[812]: H=(x)", SYSLOG_OWN, "2026-11-23 09:10:01",
	  "mx1.example", "exim", "812", "H=(x)" },
	{ "2026-11-23 09:10:01 H=evil exim[812]: x", SYSLOG_OWN, "2026-11-23 09:10:01", "", "", "",
	  "H=evil exim[812]: x" },
	{ "2026-11-23 09:10:01 rejected exim: x", SYSLOG_OWN, "2026-11-23 09:10:01", "", "", "",
	  "rejected exim: x" },
	{ "2026-11-23 09:10:01 imap-login: Info: x", SYSLOG_OWN, "2026-11-23 09:10:01", "", "", "",
	  "imap-login: Info: x" },
	{ "2022/04/02 13:39:55 [info] 8#8: *66 client login failed", SYSLOG_OWN, "2022/04/02 13:39:55", "",
	  "", "", "[info] 8#8: *66 client login failed" },
	{ "22-06-2014 09:56:12   smtp: x", SYSLOG_OWN, "22-06-2014 09:56:12", "", "", "", "smtp: x" },
	{ "Apr-07-13 07:08:36 [SSL-out] 192.0.2.7 x", SYSLOG_OWN, "Apr-07-13 07:08:36", "", "", "",
	  "[SSL-out] 192.0.2.7 x" },
	{ "[17/Jun/2011 17:00:45] x", SYSLOG_OWN, "[17/Jun/2011 17:00:45]", "", "", "", "x" },
	{ "[2023-03-28 03:09:42,579] WARNING in limiter: x", SYSLOG_OWN, "[2023-03-28 03:09:42,579]", "", "",
	  "", "WARNING in limiter: x" },
	{ "@400000004c91b044077a9e94 imap-login: Info: x", SYSLOG_OWN, "@400000004c91b044077a9e94", "", "",
	  "", "imap-login: Info: x" },
	{ "@400000004c91b044077a9e9 imap-login: x", SYSLOG_BARE, "", "", "", "",
	  "@400000004c91b044077a9e9 imap-login: x" },
	{ "Jul 27 15:05:0x mx imapd: x", SYSLOG_BARE, "", "", "", "",
	  "Jul 27 15:05:0x mx imapd: x" },
	{ "", SYSLOG_BARE, "", "", "", "", "" },
};

static void expect_bytes(struct bytes got, const char *want)
{
	assert_int_equal(got.size, strlen(want));
	if (got.size)
		assert_memory_equal(got.data, want, got.size);
}

static void heads_are_split(void **state)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct syslog_line line;

		print_message("%s\n", heads[i].line);
		syslog_split(bytes_of(heads[i].line), &line);
		assert_int_equal(line.form, heads[i].form);
		expect_bytes(line.stamp, heads[i].stamp);
		expect_bytes(line.host, heads[i].host);
		expect_bytes(line.tag, heads[i].tag);
		expect_bytes(line.pid, heads[i].pid);
		expect_bytes(line.message, heads[i].message);
	}
}

/* Each prefix of each line, in memory that ends where the prefix ends. */
static void nothing_is_read_past_the_end(void **state)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		for (size_t size = 0; size <= strlen(heads[i].line); size++) {
			char *copy = malloc(size ? size : 1);
			struct stamp_clock clock = { .now_s = 1790000000 };
			struct syslog_line line;
			uint64_t wall_s;

			memcpy(copy, heads[i].line, size);
			syslog_split(bytes_make(copy, size), &line);
			assert_true(line.message.size <= size);
			syslog_time(&line, &clock, &wall_s);
			free(copy);
		}
	}
}

#define NOW_2026_07_27 1785157501 /* 13:05:01 UTC */
#define NOW_2027_01_01 1798761600 /* 00:00:00 UTC */
#define NOW_2026_12_31 1798761599 /* a second before */

static const struct {
	const char *line;
	uint64_t now_s;
	int32_t utc_offset_s;
	int result;
	uint64_t wall_s;
} times[] = {
	{ "Jul 27 15:05:01 mx imapd: x", NOW_2026_07_27, 7200, 0, NOW_2026_07_27 },
	{ "Jul 27 13:05:01 mx imapd: x", NOW_2026_07_27, 0, 0, NOW_2026_07_27 },
	{ "Jul 28 13:05:01 mx imapd: x", NOW_2026_07_27, 0, 0, NOW_2026_07_27 + 86400 },
	{ "Jul 28 13:05:02 mx imapd: x", NOW_2026_07_27, 0, 0,
	  NOW_2026_07_27 + 86401 - 365 * 86400 },
	{ "Dec 31 23:59:59 mx imapd: x", NOW_2027_01_01, 0, 0, NOW_2027_01_01 - 1 },
	{ "Jan  1 00:00:05 mx imapd: x", NOW_2026_12_31, 0, 0, NOW_2026_12_31 + 6 },
	{ "Feb 29 00:00:00 mx imapd: x", NOW_2026_07_27, 0, 0, 1709164800 /* of 2024 */ },
	{ "Feb 30 00:00:00 mx imapd: x", NOW_2026_07_27, 0, -EINVAL, 0 },
	{ "Foo 27 00:00:00 mx imapd: x", NOW_2026_07_27, 0, -EINVAL, 0 },
	{ "Jul 27 24:00:00 mx imapd: x", NOW_2026_07_27, 0, -EINVAL, 0 },
	{ "Jul  0 00:00:00 mx imapd: x", NOW_2026_07_27, 0, -EINVAL, 0 },
	{ "2026-07-27T15:05:01.214511+02:00 mx imapd: x", 0, 0, 0, NOW_2026_07_27 },
	{ "2026-07-27T08:35:01-0430 mx imapd: x", 0, 0, 0, NOW_2026_07_27 },
	{ "2026-07-27T15:05:01+02 mx imapd: x", 0, 0, 0, NOW_2026_07_27 },
	{ "2026-07-27T13:05:01Z mx imapd: x", 0, 7200, 0, NOW_2026_07_27 },
	{ "2026-07-27T15:05:01 mx imapd: x", 0, 7200, 0, NOW_2026_07_27 },
	{ "1970-01-01T00:00:00Z mx imapd: x", 0, 0, 0, 0 },
	{ "1969-12-31T23:59:59Z mx imapd: x", 0, 0, -EINVAL, 0 },
	{ "2000-02-29T00:00:00Z mx imapd: x", 0, 0, 0, 951782400 },
	{ "1900-02-29T00:00:00Z mx imapd: x", 0, 0, -EINVAL, 0 },
	{ "<22>1 2026-07-27T13:05:01Z mx imapd - - - x", 0, 0, 0, NOW_2026_07_27 },
	{ "<22>1 yesterday mx imapd - - - x", 0, 0, -EINVAL, 0 },
	{ "<22>1 - mx imapd - - - x", 0, 0, -ENODATA, 0 },
	{ "bare", 0, 0, -ENODATA, 0 },
};

static void times_are_read(void **state)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct stamp_clock clock = { times[i].now_s, times[i].utc_offset_s };
		struct syslog_line line;
		uint64_t wall_s = 0;

		print_message("%s\n", times[i].line);
		syslog_split(bytes_of(times[i].line), &line);
		assert_int_equal(syslog_time(&line, &clock, &wall_s), times[i].result);
		assert_int_equal(wall_s, times[i].wall_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_split),
		cmocka_unit_test(nothing_is_read_past_the_end),
		cmocka_unit_test(times_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

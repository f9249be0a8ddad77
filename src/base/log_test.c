/* SPDX-License-Identifier: Apache-2.0 */
/* What a line and an entry of the journal are, byte for byte, and what hostile text makes of them. */
#include "base/log.h"

#include "base/counter.h"
#include "base/log_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
	const char *name, *id, *text;
} messages[] = {
#define MESSAGE(name, level, id, text, help) { #name, id, text },
#include "defs/messages.def"
#undef MESSAGE
};

static const char *const fields[] = {
#define LOG_FIELD(name, help) #name,
#include "defs/log_fields.def"
#undef LOG_FIELD
};

struct scene {
	int journal;  /* where entries arrive */
	int stream;   /* where lines arrive */
	int own_stderr;
	char data[LOG_ENTRY_SIZE + 1];
};

static int set_up(void **state)
{
	static struct scene scene;
	int ends[2];

	*state = &scene;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	scene.own_stderr = dup(STDERR_FILENO);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	scene.stream = ends[0];
	unsetenv("JOURNAL_STREAM");
	log_open("watch", LOG_LEVEL_INFO);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	scene.journal = ends[0];
	log_to_journal(ends[1]);
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	log_observe(false);
	log_leave_journal();
	dup2(s->own_stderr, STDERR_FILENO);
	close(s->own_stderr);
	close(s->journal);
	close(s->stream);
	return 0;
}

static const char *heard(struct scene *s, int fd)
{
	ssize_t n = read(fd, s->data, sizeof(s->data) - 1);

	s->data[n > 0 ? n : 0] = '\0';
	return s->data;
}

static void test_an_entry(void **state)
{
	struct scene *s = *state;

	log_event(LOG_ZONE_OUT, LOG_TEXT(ZONE, "bl.example"), LOG_TEXT(FAMILY, "IPv6"), LOG_TEXT(WHY, "does not answer"));
	assert_string_equal(heard(s, s->journal),
			    "MESSAGE=watch: bl.example is no more asked for IPv6: it does not answer\n"
			    "PRIORITY=4\nSYSLOG_IDENTIFIER=wavebreak\nWAVEBREAK_ROLE=watch\n"
			    "MESSAGE_ID=470ca9d5263c4b849e19ed0d0afdf379\nWAVEBREAK_ZONE=bl.example\nWAVEBREAK_FAMILY=IPv6\n"
			    "WAVEBREAK_WHY=does not answer\n");
	log_error("cannot: %s", "no");
	assert_string_equal(heard(s, s->journal), "MESSAGE=watch: cannot: no\nPRIORITY=3\nSYSLOG_IDENTIFIER=wavebreak\n"
						  "WAVEBREAK_ROLE=watch\n");
	assert_string_equal(heard(s, s->stream), "");
}

static void test_the_same_as_a_line(void **state)
{
	struct scene *s = *state;

	log_leave_journal();
	log_event(LOG_EVICTED, LOG_TEXT(ADDRESS, "192.0.2.7"), LOG_NUMBER(PORT, 4711), LOG_TEXT(FOR, "300ms"),
		  LOG_TEXT(DETAIL, ""));
	assert_string_equal(heard(s, s->stream), "wavebreak watch: 192.0.2.7:4711 evicted after 300ms\n");
	log_event(LOG_RELOAD_FAILED);
	assert_string_equal(heard(s, s->stream),
			    "wavebreak watch: error: the configuration was not taken; the old one stays in force\n");
	assert_string_equal(heard(s, s->journal), "");
}

static void test_observing_says_what_would_be(void **state)
{
	struct scene *s = *state;

	log_observe(true);
	log_event(LOG_BAN_BEGUN, LOG_TEXT(ADDRESS, "192.0.2.7"), LOG_TEXT(FOR, "10m"), LOG_TEXT(WHY, "listed"));
	heard(s, s->journal);
	assert_non_null(strstr(s->data, "MESSAGE=watch: 192.0.2.7 would be banned for 10m: listed\n"));
	assert_non_null(strstr(s->data, "\nWAVEBREAK_OBSERVING=yes\n"));
	log_event(LOG_BAN_ENDED, LOG_TEXT(ADDRESS, "192.0.2.7"), LOG_TEXT(WHY, "x"));
	assert_non_null(strstr(heard(s, s->journal), "192.0.2.7 would no longer be banned: x\n"));
	log_observe(false);
	log_event(LOG_BAN_ENDED, LOG_TEXT(ADDRESS, "192.0.2.7"), LOG_TEXT(WHY, "x"));
	assert_non_null(strstr(heard(s, s->journal), "192.0.2.7 is no longer banned: x\n"));
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* No caller lets it come here unescaped; and when one does, it is one line and no other field. */
static void test_hostile_text(void **state)
{
	static const char hostile[] = "a\nPRIORITY=0\nMESSAGE_ID=7\r\x1b[2J\x9b" "2J\xc2\x9b\xe2\x80\xae\x7f{ZONE}[|]%s%n";
	static const char shown[] = "a\\x0aPRIORITY=0\\x0aMESSAGE_ID=7\\x0d\\x1b[2J\\x9b2J\\xc2\\x9b\\xe2\\x80\\xae\\x7f"
				    "{ZONE}[|]%s%n";
	struct scene *s = *state;
	char expected[400];

	log_event(LOG_SOURCE_LOST, LOG_TEXT(PATH, hostile), LOG_TEXT(WHY, "no"));
	heard(s, s->journal);
	snprintf(expected, sizeof(expected), "\nWAVEBREAK_PATH=%s\n", shown);
	assert_non_null(strstr(s->data, expected));
	assert_null(strstr(s->data, "\nPRIORITY=0"));
	assert_int_equal(count_lines(s->data), 7);
	log_leave_journal();
	log_event(LOG_SOURCE_LOST, LOG_TEXT(PATH, hostile), LOG_TEXT(WHY, "no"));
	snprintf(expected, sizeof(expected), "wavebreak watch: warning: cannot follow %s: no; waiting for it\n", shown);
	assert_string_equal(heard(s, s->stream), expected);
	log_error("%s", hostile);
	snprintf(expected, sizeof(expected), "wavebreak watch: error: %s\n", shown);
	assert_string_equal(heard(s, s->stream), expected);
}

/* The escapes of the log are a second wall: this one stands by itself. */
static void test_a_value_that_could_end_a_line_has_its_length(void **state)
{
	static const char expected[] = "A=b=c\nMESSAGE\n\x05\0\0\0\0\0\0\0x\nY=z\n";
	struct log_entry entry;

	entry.used = 0;
	log_entry_add(&entry, "A", BYTES_LITERAL("b=c"));
	log_entry_add(&entry, "MESSAGE", BYTES_LITERAL("x\nY=z"));
	assert_int_equal(entry.used, sizeof(expected) - 1);
	assert_memory_equal(entry.data, expected, entry.used);
}

static void test_what_has_no_room_is_left_out(void **state)
{
	static char long_text[LOG_ENTRY_SIZE];
	struct scene *s = *state;
	struct log_entry entry;

	memset(long_text, '\n', sizeof(long_text) - 1);
	entry.used = 0;
	log_entry_add(&entry, "A", bytes_of(long_text));
	assert_int_equal(entry.used, 0);
	log_entry_add(&entry, "B", BYTES_LITERAL("b"));
	assert_int_equal(entry.used, 4);
	/* All fields at once, each as long as it gets. */
	log_event(LOG_SOURCE_LOST, LOG_TEXT(PATH, long_text), LOG_TEXT(WHY, long_text), LOG_TEXT(DETAIL, long_text),
		  LOG_TEXT(ZONE, long_text), LOG_TEXT(PREFIX, long_text), LOG_TEXT(PROCESS, long_text));
	heard(s, s->journal);
	assert_non_null(strstr(s->data, "\nMESSAGE_ID="));
	assert_non_null(strstr(s->data, "\nWAVEBREAK_PROCESS=\\x0a"));
}

/* Neither full nor gone does it hold us up: the line goes to standard error, and is counted where that takes none. */
static void test_a_journal_that_takes_nothing(void **state)
{
	struct scene *s = *state;
	uint64_t dropped = counter_read(COUNTER_messages_dropped);

	for (int i = 0; i < 100000 && heard(s, s->stream)[0] == '\0'; i++)
		log_error("x");
	assert_string_equal(s->data, "wavebreak watch: error: x\n");
	close(s->journal);
	s->journal = -1;
	log_error("y");
	assert_string_equal(heard(s, s->stream), "wavebreak watch: error: y\n");
	assert_int_equal(counter_read(COUNTER_messages_dropped), dropped);
	for (int i = 0; i < 100000 && counter_read(COUNTER_messages_dropped) == dropped; i++)
		log_error("z");
	assert_true(counter_read(COUNTER_messages_dropped) > dropped);
}

static void test_what_the_journal_is(void **state)
{
	struct scene *s = *state;
	char named[64];
	struct stat st;

	assert_int_equal(fstat(s->stream, &st), 0);
	snprintf(named, sizeof(named), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	assert_true(log_journal_is(s->stream, named));
	assert_false(log_journal_is(s->journal, named));
	assert_false(log_journal_is(s->stream, NULL));
	assert_false(log_journal_is(s->stream, ""));
	assert_false(log_journal_is(-1, named));
	strcat(named, "x");
	assert_false(log_journal_is(s->stream, named));
}

static bool is_field(struct bytes name)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (bytes_equal(name, bytes_of(fields[i])))
			return true;
	}
	return false;
}

static void test_the_tables_are_whole(void **state)
{
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct bytes text = bytes_of(messages[i].text);

		assert_int_equal(strlen(messages[i].id), 32);
		assert_int_equal(strspn(messages[i].id, "0123456789abcdef"), 32);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(messages[i].id, messages[j].id);
		while (bytes_find_char(text, '{') < text.size) {
			text = bytes_skip(text, bytes_find_char(text, '{') + 1);
			assert_true(is_field(bytes_first(text, bytes_find_char(text, '}'))));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_entry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_same_as_a_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_observing_says_what_would_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_text, set_up, tear_down),
		cmocka_unit_test(test_a_value_that_could_end_a_line_has_its_length),
		cmocka_unit_test_setup_teardown(test_what_has_no_room_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_journal_that_takes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_the_journal_is, set_up, tear_down),
		cmocka_unit_test(test_the_tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a child, with real processes that do as they are told by a letter. */
#include "daemon/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define PATIENCE_MS 5000

struct scene {
	struct loop *loop;
	struct loop_timer *patience;
	struct child child;
	int (*run)(struct scene *s, int socket); /* what the child does */
	char words[64];
	size_t word_count, words_at_ending;
	int endings, ends, wait_status;
	bool start_again;
	int kept[3];
};

/* In the child. */

static int end_with_seven(struct scene *s, int socket)
{
	return 7;
}

static int say_and_end(struct scene *s, int socket)
{
	return write(socket, "a", 1) == 1 && write(socket, "b", 1) == 1 ? 0 : 1;
}

static int wait_for_a_word(struct scene *s, int socket)
{
	struct pollfd p = { .fd = socket, .events = POLLIN };
	char word = '?';

	if (poll(&p, 1, PATIENCE_MS) != 1 || read(socket, &word, 1) != 1)
		return 99;
	return word;
}

static int say_and_sleep(struct scene *s, int socket)
{
	if (write(socket, "z", 1) == 1)
		pause();
	return 98;
}

/* Tells, a byte each, where the first two descriptors of three were put, whether these are what they were,
 * and whether nothing else is open. */
static int keep_and_tell(struct scene *s, int socket)
{
	int first = dup2(socket, 3), absent = -1, last = s->kept[2]; /* 3 is where the first of them goes */
	int *const keep[] = { &last, &absent, &first };
	struct stat now, before;
	char told[6];
	int others = 0;

	fstat(s->kept[2], &before);
	if (child_keep(keep, COUNT(keep)) < 0)
		return 1;
	for (int fd = 3; fd < 256; fd++)
		others += fcntl(fd, F_GETFD) >= 0;
	told[0] = (char)last;
	told[1] = (char)first;
	told[2] = (char)(absent == -1);
	told[3] = (char)(fstat(last, &now) == 0 && now.st_ino == before.st_ino);
	told[4] = (char)others;
	told[5] = (char)((fcntl(last, F_GETFD) & FD_CLOEXEC) && (fcntl(first, F_GETFD) & FD_CLOEXEC));
	return write(first, told, sizeof(told)) == sizeof(told) ? 0 : 2;
}

static int tell_parent(struct scene *s, int socket)
{
	return s->child.parent == getppid() && s->child.parent != getpid() ? 0 : 1;
}

static int run(void *data, int socket)
{
	struct scene *s = data;

	return s->run(s, socket);
}

/* In the parent. */

static void take_words(struct scene *s)
{
	ssize_t n;

	while (s->word_count < sizeof(s->words) &&
	       (n = read(s->child.socket, s->words + s->word_count, sizeof(s->words) - s->word_count)) > 0)
		s->word_count += (size_t)n;
}

static void on_heard(void *data, int socket, uint32_t events)
{
	struct scene *s = data;
	size_t before = s->word_count;

	assert_int_equal(socket, s->child.socket);
	take_words(s);
	if (s->word_count == before) {
		child_stop_hearing(&s->child);
		return;
	}
	child_note_word(&s->child);
	if (s->words[before] == 'z')
		loop_stop(s->loop);
}

static void on_ending(void *data)
{
	struct scene *s = data;

	take_words(s);
	s->words_at_ending = s->word_count;
	s->endings++;
}

static void on_ended(void *data, int wait_status)
{
	struct scene *s = data;

	assert_int_equal(s->child.pid, 0);
	assert_int_equal(s->child.socket, -1);
	assert_int_equal(s->child.pidfd, -1);
	s->ends++;
	s->wait_status = wait_status;
	if (s->start_again) {
		s->start_again = false;
		assert_int_equal(child_start(&s->child), 0);
		return;
	}
	loop_stop(s->loop);
}

static void on_patience(void *data)
{
	fail_msg("the child took too long");
}

static const struct child_calls calls = { run, on_heard, on_ending, on_ended };

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(loop_create(&s->loop), 0);
	assert_int_equal(loop_timer_create(s->loop, on_patience, s, &s->patience), 0);
	child_init(&s->child, s->loop, &calls, s);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	child_destroy(&s->child);
	loop_timer_destroy(s->patience);
	loop_destroy(s->loop);
	free(s);
	return 0;
}

static void start(struct scene *s, int (*what)(struct scene *s, int socket))
{
	s->run = what;
	assert_int_equal(child_start(&s->child), 0);
	assert_true(s->child.pid > 0);
}

static void run_loop(struct scene *s)
{
	loop_timer_arm(s->patience, clock_ms() + PATIENCE_MS);
	assert_int_equal(loop_run(s->loop), 0);
}

static void start_and_wait(struct scene *s, int (*what)(struct scene *s, int socket))
{
	start(s, what);
	run_loop(s);
	assert_int_equal(s->ends, 1);
}

static void nothing_of_it_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_its_status_is_told(void **state)
{
	struct scene *s = *state;

	start_and_wait(s, end_with_seven);
	assert_true(WIFEXITED(s->wait_status));
	assert_int_equal(WEXITSTATUS(s->wait_status), 7);
	assert_int_equal(s->endings, 1);
	nothing_of_it_is_left();
}

static void test_its_last_words_are_heard(void **state)
{
	struct scene *s = *state;

	start_and_wait(s, say_and_end);
	assert_int_equal(s->words_at_ending, 2);
	assert_memory_equal(s->words, "ab", 2);
}

static void test_it_is_told(void **state)
{
	struct scene *s = *state;

	start(s, wait_for_a_word);
	child_tell(&s->child, 'd');
	run_loop(s);
	assert_int_equal(WEXITSTATUS(s->wait_status), 'd');
}

static void test_it_is_ended_by_a_signal(void **state)
{
	struct scene *s = *state;

	start(s, say_and_sleep);
	run_loop(s);
	assert_int_equal(s->ends, 0);
	child_signal(&s->child, SIGKILL);
	run_loop(s);
	assert_int_equal(s->ends, 1);
	assert_true(WIFSIGNALED(s->wait_status));
	assert_int_equal(WTERMSIG(s->wait_status), SIGKILL);
	/* Without one there is nobody to reach. */
	child_signal(&s->child, SIGKILL);
	child_tell(&s->child, 'd');
}

static void test_it_knows_who_started_it(void **state)
{
	struct scene *s = *state;

	start_and_wait(s, tell_parent);
	assert_int_equal(WEXITSTATUS(s->wait_status), 0);
}

static void test_it_is_started_again_from_its_end(void **state)
{
	struct scene *s = *state;

	s->start_again = true;
	start(s, end_with_seven);
	run_loop(s);
	assert_int_equal(s->ends, 2);
	nothing_of_it_is_left();
}

static void test_destroyed_it_calls_nobody(void **state)
{
	struct scene *s = *state;
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	close(before);
	start(s, say_and_sleep);
	child_destroy(&s->child);
	assert_int_equal(s->child.pid, 0);
	nothing_of_it_is_left();
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(after, before);
	loop_stop(s->loop);
	run_loop(s);
	assert_int_equal(s->ends + s->endings, 0);
	start_and_wait(s, end_with_seven);
}

static void test_what_cannot_be_started_leaves_nothing(void **state)
{
	struct scene *s = *state;
	struct rlimit before, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 3, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	s->run = end_with_seven;
	assert_int_equal(child_start(&s->child), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(s->child.pid, 0);
	start_and_wait(s, end_with_seven);
}

static void test_what_it_keeps_and_no_more(void **state)
{
	struct scene *s = *state;
	int pipe_ends[2];
	char word;

	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	s->kept[2] = pipe_ends[0];
	start_and_wait(s, keep_and_tell);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	assert_int_equal(WEXITSTATUS(s->wait_status), 0);
	assert_int_equal(s->word_count, 6);
	assert_int_equal(s->words[0], 3);
	assert_int_equal(s->words[1], 4);
	for (size_t i = 2; i < 6; i++) {
		word = s->words[i];
		assert_int_equal(word, i == 4 ? 2 : 1);
	}
}

static void test_the_delay_grows(void **state)
{
	static const uint64_t delays[] = { 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000 };
	struct scene *s = *state;

	s->child.started_ms = loop_now_ms(s->loop);
	for (size_t i = 0; i < COUNT(delays); i++)
		assert_int_equal(child_start_delay(&s->child), delays[i]);
	child_forgive(&s->child);
	assert_int_equal(child_start_delay(&s->child), 100);
	assert_int_equal(child_start_delay(&s->child), 200);
	/* It ran for more than a minute. */
	s->child.started_ms -= 60001;
	assert_int_equal(child_start_delay(&s->child), 100);
	s->child.started_ms += 60001;
	assert_int_equal(child_start_delay(&s->child), 200);
}

static void test_silence_ends_with_a_word(void **state)
{
	struct scene *s = *state;

	start(s, say_and_sleep);
	s->child.heard_ms -= 5000;
	assert_true(child_silence_ms(&s->child) >= 5000);
	run_loop(s);
	assert_true(child_silence_ms(&s->child) < 5000);
}

static void test_how_an_end_is_called(void **state)
{
	char text[CHILD_END_SIZE];

	assert_string_equal(child_end_text(SIGKILL, text), "was ended by signal 9 (Killed)");
	assert_string_equal(child_end_text(3 << 8, text), "ended with status 3");
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* As by a program that was executed in the place of the one that started it. */
static void test_one_of_before_is_adopted(void **state)
{
	struct scene *s = *state;
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(child_adopt(&s->child, getppid(), pair[0]), -ECHILD);
	assert_int_equal(s->child.pid, 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		_exit(wait_for_a_word(s, pair[1]));
	}
	assert_int_equal(child_adopt(&s->child, pid, pair[0]), 0);
	assert_int_equal(s->child.pid, pid);
	close(pair[1]);
	child_tell(&s->child, 7);
	run_loop(s);
	assert_int_equal(s->ends, 1);
	assert_int_equal(WEXITSTATUS(s->wait_status), 7);
	assert_int_equal(fcntl(pair[0], F_GETFD), -1);
}

/* It is still to be seen how it ended. */
static void test_one_that_has_ended_is_adopted(void **state)
{
	struct scene *s = *state;
	siginfo_t info;
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0)
		_exit(7);
	close(pair[1]);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(child_adopt(&s->child, pid, pair[0]), 0);
	run_loop(s);
	assert_int_equal(s->ends, 1);
	assert_int_equal(WEXITSTATUS(s->wait_status), 7);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_its_status_is_told),
		SCENE_TEST(test_its_last_words_are_heard),
		SCENE_TEST(test_it_is_told),
		SCENE_TEST(test_it_is_ended_by_a_signal),
		SCENE_TEST(test_it_knows_who_started_it),
		SCENE_TEST(test_it_is_started_again_from_its_end),
		SCENE_TEST(test_destroyed_it_calls_nobody),
		SCENE_TEST(test_what_cannot_be_started_leaves_nothing),
		SCENE_TEST(test_what_it_keeps_and_no_more),
		SCENE_TEST(test_the_delay_grows),
		SCENE_TEST(test_silence_ends_with_a_word),
		SCENE_TEST(test_one_of_before_is_adopted),
		SCENE_TEST(test_one_that_has_ended_is_adopted),
		SCENE_TEST(test_how_an_end_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

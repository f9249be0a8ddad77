/* SPDX-License-Identifier: Apache-2.0 */
/* confine_test - what the tests of confinement share.
 *
 * What is given up does not come back, so each test lives in a child. A child tells the line of
 * what it found wrong by its output, and by its exit status that there was something.
 */
#ifndef WAVEBREAK_DAEMON_CONFINE_TEST_H
#define WAVEBREAK_DAEMON_CONFINE_TEST_H

#include "daemon/confine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* In a child, where cmocka's assertions would jump back into the runner. */
#define expect(condition)                                                                              \
	do {                                                                                           \
		if (!(condition)) {                                                                    \
			dprintf(STDERR_FILENO, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__,   \
				#condition, errno);                                                    \
			_exit(1);                                                                      \
		}                                                                                      \
	} while (0)

static inline int status_of(void (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static inline void in_a_child(void (*work)(void))
{
	assert_int_equal(status_of(work), 0);
}

static inline void skip_unless(bool possible, const char *why)
{
	if (possible)
		return;
	print_message("skipped: %s\n", why);
	skip();
}

/* What every process of the daemon does all day. */

static inline void wait_for_events(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	expect(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	expect(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) >= 0);
	expect(eventfd(0, EFD_CLOEXEC) >= 0 && timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) >= 0);
	expect(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0);
	expect(epoll_wait(epoll_fd, &event, 1, 1000) == 1);
	expect(raise(SIGUSR1) == 0);
}

static inline void take_memory_and_time(void)
{
	struct timespec moment = { .tv_nsec = 1000 };
	time_t now = time(NULL);
	struct tm tm;
	void *large = malloc(8 * 1024 * 1024), *larger = realloc(large, 64 * 1024 * 1024);

	expect(larger);
	memset(larger, 1, 64 * 1024 * 1024);
	free(larger);
	expect(nanosleep(&moment, NULL) == 0 && localtime_r(&now, &tm));
}

#endif

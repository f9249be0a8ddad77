/* SPDX-License-Identifier: Apache-2.0 */
#include "act/handler.h"

#include "kernel/diag.h"
#include "base/counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "act/test_network.h"
#include "act/test_tcp.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PORT 2525
#define NOWHERE (-1)

static const char *const names[] = { "courieresmtpd", "submit", NULL };

struct watched {
	struct loop *loop;
	struct handlers *handlers;
	struct diag *diag;
	int listener;
	struct test_pair pair;
	uint32_t inode;
	uint64_t cookie;
	uint64_t signalled;
};

/* Stands in for a process of the mail server: holds the socket at a descriptor, or not at all,
 * and sleeps as with TARPIT. */
_Noreturn static void sleep_as(const char *name, int socket, int at, int ready)
{
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO)
		_exit(1);
	if (at == NOWHERE)
		close(socket);
	else if (dup2(socket, at) != at)
		_exit(1);
	else if (at != socket)
		close(socket);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void wait_ready(const int pipe_ends[2], size_t count)
{
	char byte;

	while (count--)
		assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static pid_t start(const struct watched *w, const char *name, int at)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		sleep_as(name, w->pair.served, at, ready[1]);
	wait_ready(ready, 1);
	return pid;
}

/* A parent and its child. The child comes to us when its parent ends. */
static pid_t start_with_child(const struct watched *w, const char *name, int at, const char *child_name,
			      int child_at, pid_t *ret_child)
{
	int ready[2], number[2];
	pid_t pid, child;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(number), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		child = fork();
		if (child == 0)
			sleep_as(child_name, w->pair.served, child_at, ready[1]);
		if (child < 0 || write(number[1], &child, sizeof(child)) != sizeof(child))
			_exit(1);
		sleep_as(name, w->pair.served, at, ready[1]);
	}
	assert_int_equal(read(number[0], ret_child, sizeof(*ret_child)), sizeof(*ret_child));
	close(number[0]);
	close(number[1]);
	wait_ready(ready, 2);
	return pid;
}

static void assert_signalled(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* Ended here, it shows by which signal it was ended. */
static void assert_innocent(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void begin(struct watched *w)
{
	struct stat st;
	socklen_t size = sizeof(w->cookie);

	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(handlers_create(w->loop, names, 8, &w->handlers), 0);
	assert_int_equal(diag_create(&w->diag), 0);
	w->listener = test_listen(PORT);
	w->pair = test_pair(w->listener, "127.0.0.2");
	assert_int_equal(fstat(w->pair.served, &st), 0);
	w->inode = (uint32_t)st.st_ino;
	assert_int_equal(getsockopt(w->pair.served, SOL_SOCKET, SO_COOKIE, &w->cookie, &size), 0);
	w->signalled = counter_read(COUNTER_handlers_signalled);
}

static void take_key(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct sockdiag_key *key = data;

	assert_int_equal(answer->kind, SOCKDIAG_SOCKET);
	*key = answer->socket.key;
}

static void end_connection(struct watched *w)
{
	const uint16_t port = PORT;
	struct sockdiag_filter filter = {
		.states = SOCKDIAG_BIT(SOCKDIAG_ESTABLISHED),
		.ports = &port,
		.port_count = 1,
	};
	struct sockdiag_key key = { 0 };

	assert_int_equal(diag_dump(w->diag, &filter, take_key, &key), 0);
	assert_int_equal(diag_end(w->diag, &key, 1, take_key, &key), 0);
}

/* Our own copy of the socket goes, as the listening server's does after its fork. */
static void watch_and_wait(struct watched *w)
{
	close(w->pair.served);
	test_run(w->loop, 0);
	assert_int_equal(handlers_watch(w->handlers, w->inode, w->cookie), 0);
	test_run_until(w->loop, handlers_waiting(w->handlers) == 0);
}

static void end(struct watched *w, uint64_t signalled)
{
	assert_int_equal(counter_read(COUNTER_handlers_signalled), w->signalled + signalled);
	close(w->pair.client);
	close(w->listener);
	diag_destroy(w->diag);
	handlers_destroy(w->handlers);
	loop_destroy(w->loop);
}

static void test_sleeper_is_signalled(void **state)
{
	static const int places[] = { 0, 1, 57 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct watched w;
		pid_t sleeper;

		test_network_or_skip();
		begin(&w);
		sleeper = start(&w, "courieresmtpd", places[i]);
		end_connection(&w);
		watch_and_wait(&w);
		assert_signalled(sleeper);
		end(&w, 1);
	}
}

/* Passes come less often while they are for nothing, but they come. */
static void test_sleeper_is_signalled_after_passes_that_found_nobody(void **state)
{
	const uint32_t inode_of_nobody = 0;
	struct watched w;
	pid_t sleeper;

	test_network_or_skip();
	begin(&w);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(handlers_watch(w.handlers, inode_of_nobody, w.cookie), 0);
		test_run_until(w.loop, handlers_waiting(w.handlers) == 0);
	}
	sleeper = start(&w, "courieresmtpd", 0);
	end_connection(&w);
	watch_and_wait(&w);
	assert_signalled(sleeper);
	end(&w, 1);
}

static void test_parent_that_holds_it_too_is_signalled_instead(void **state)
{
	struct watched w;
	pid_t handler, submit;

	test_network_or_skip();
	begin(&w);
	handler = start_with_child(&w, "courieresmtpd", 0, "submit", 1, &submit);
	end_connection(&w);
	watch_and_wait(&w);
	assert_signalled(handler);
	assert_innocent(submit);
	end(&w, 1);
}

static void test_parent_that_does_not_hold_it_is_left_alone(void **state)
{
	struct watched w;
	pid_t parent, submit;

	test_network_or_skip();
	begin(&w);
	parent = start_with_child(&w, "courieresmtpd", NOWHERE, "submit", 1, &submit);
	end_connection(&w);
	watch_and_wait(&w);
	assert_innocent(parent);
	assert_signalled(submit);
	end(&w, 1);
}

static void test_master_is_left_alone_even_if_it_holds_it(void **state)
{
	struct watched w;
	pid_t master, handler;

	test_network_or_skip();
	begin(&w);
	master = start_with_child(&w, "couriertcpd", 5, "courieresmtpd", 1, &handler);
	end_connection(&w);
	watch_and_wait(&w);
	assert_innocent(master);
	assert_signalled(handler);
	end(&w, 1);
}

static void test_another_name_is_left_alone(void **state)
{
	static const char *const others[] = { "couriertcpd", "courieresmtpd2", "courieresmt", "sshd" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct watched w;
		pid_t other;

		test_network_or_skip();
		begin(&w);
		other = start(&w, others[i], 0);
		end_connection(&w);
		watch_and_wait(&w);
		assert_innocent(other);
		end(&w, 0);
	}
}

static void test_handler_of_another_client_is_left_alone(void **state)
{
	struct test_pair other_pair;
	struct watched w;
	pid_t handler;
	int served;

	test_network_or_skip();
	begin(&w);
	end_connection(&w);
	other_pair = test_pair(w.listener, "127.0.0.3");
	served = w.pair.served;
	w.pair.served = other_pair.served;
	close(served);
	handler = start(&w, "courieresmtpd", 0);
	watch_and_wait(&w);
	assert_innocent(handler);
	close(other_pair.client);
	end(&w, 0);
}

/* The right inode and name, but the connection lives: whoever asked was wrong. */
static void test_live_connection_is_left_alone(void **state)
{
	struct watched w;
	pid_t handler;

	test_network_or_skip();
	begin(&w);
	handler = start(&w, "courieresmtpd", 0);
	watch_and_wait(&w);
	assert_true(test_lives(w.pair.client));
	assert_innocent(handler);
	end(&w, 0);
}

/* As if the inode's number had come back to another socket. */
static void test_another_socket_of_that_inode_is_left_alone(void **state)
{
	struct watched w;
	pid_t handler;

	test_network_or_skip();
	begin(&w);
	handler = start(&w, "courieresmtpd", 0);
	end_connection(&w);
	w.cookie++;
	watch_and_wait(&w);
	assert_innocent(handler);
	end(&w, 0);
}

static void test_nobody_is_signalled_after_destroy(void **state)
{
	struct watched w;
	pid_t handler;

	test_network_or_skip();
	begin(&w);
	handler = start(&w, "courieresmtpd", 0);
	end_connection(&w);
	assert_int_equal(handlers_watch(w.handlers, w.inode, w.cookie), 0);
	handlers_destroy(w.handlers);
	w.handlers = NULL;
	test_run(w.loop, 600);
	close(w.pair.served);
	assert_innocent(handler);
	end(&w, 0);
}

static void test_bounds(void **state)
{
	static const char *const none[] = { NULL }, *const empty[] = { "", NULL };
	uint64_t dropped = counter_read(COUNTER_evictions_dropped);
	struct handlers *h;
	struct loop *loop;

	assert_int_equal(loop_create(&loop), 0);
	assert_int_equal(handlers_create(loop, none, 8, &h), -EINVAL);
	assert_int_equal(handlers_create(loop, empty, 8, &h), -EINVAL);
	assert_int_equal(handlers_create(loop, names, 1, &h), 0);
	assert_int_equal(handlers_watch(h, 1, 1), 0);
	assert_int_equal(handlers_watch(h, 2, 2), -ENOSPC);
	assert_int_equal(handlers_waiting(h), 1);
	assert_int_equal(counter_read(COUNTER_evictions_dropped), dropped + 1);
	handlers_destroy(h);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleeper_is_signalled),
		cmocka_unit_test(test_sleeper_is_signalled_after_passes_that_found_nobody),
		cmocka_unit_test(test_parent_that_holds_it_too_is_signalled_instead),
		cmocka_unit_test(test_parent_that_does_not_hold_it_is_left_alone),
		cmocka_unit_test(test_master_is_left_alone_even_if_it_holds_it),
		cmocka_unit_test(test_another_name_is_left_alone),
		cmocka_unit_test(test_handler_of_another_client_is_left_alone),
		cmocka_unit_test(test_live_connection_is_left_alone),
		cmocka_unit_test(test_another_socket_of_that_inode_is_left_alone),
		cmocka_unit_test(test_nobody_is_signalled_after_destroy),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

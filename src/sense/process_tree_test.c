/* SPDX-License-Identifier: Apache-2.0 */
/* Real processes: one that listens, and those that it starts. Each lives until its pipe is closed. */
#include "sense/process_tree.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define BURNT_MS 60
#define TAKEN_BYTES ((size_t)4 << 20)

struct server {
	pid_t pid;
	int port;
	/* 'f': fork a child that burns BURNT_MS, takes TAKEN_BYTES and waits; 'w': have it end, and wait for it; EOF: end */
	int orders[2];
	int done[2];
};

static uint64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Time and memory. */
static void burn(void)
{
	volatile char *memory = malloc(TAKEN_BYTES);

	for (size_t i = 0; memory && i < TAKEN_BYTES; i += 1024)
		memory[i] = 1;
	/* The clock of proc(5) has ticks of 10 ms. */
	while (cpu_ms() < BURNT_MS + 20)
		;
}

static pid_t start_child(struct server *s, int hold[2])
{
	pid_t pid;

	assert_int_equal(pipe(hold), 0);
	pid = fork();
	if (pid == 0) {
		char end;

		close(hold[1]);
		burn();
		(void)!write(s->done[1], "f", 1);
		(void)!read(hold[0], &end, 1);
		_exit(0);
	}
	close(hold[0]);
	return pid;
}

static void serve(struct server *s)
{
	int hold[2] = { -1, -1 };
	char order;

	close(s->orders[1]);
	while (read(s->orders[0], &order, 1) == 1) {
		if (order == 'f') {
			start_child(s, hold);
			continue;
		}
		close(hold[1]);
		waitpid(-1, NULL, 0);
		(void)!write(s->done[1], "w", 1);
	}
	_exit(0);
}

static int listen_somewhere(int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* The socket is the server's alone. */
static void start_server(struct server *s)
{
	int listener = listen_somewhere(&s->port);

	assert_int_equal(pipe(s->orders), 0);
	assert_int_equal(pipe(s->done), 0);
	s->pid = fork();
	if (s->pid == 0)
		serve(s);
	close(listener);
	close(s->orders[0]);
}

static void order(struct server *s, char what)
{
	char done;

	assert_int_equal(write(s->orders[1], &what, 1), 1);
	assert_int_equal(read(s->done[0], &done, 1), 1);
	assert_int_equal(done, what);
}

static void stop_server(struct server *s)
{
	close(s->orders[1]);
	waitpid(s->pid, NULL, 0);
	close(s->done[0]);
	close(s->done[1]);
}

static struct process_tree *tree_at(int port)
{
	uint16_t ports[] = { (uint16_t)port };
	struct process_tree *tree;

	assert_int_equal(process_tree_create(ports, 1, &tree), 0);
	return tree;
}

static struct process_tree_use look(struct process_tree *tree, const struct process_tree_own *own, size_t count)
{
	struct process_tree_use use;

	process_tree_begin(tree, own, count);
	while (!process_tree_go_on(tree, &use))
		;
	return use;
}

static void test_who_listens_and_its_children(void **state)
{
	struct server s;
	struct process_tree *tree;
	struct process_tree_use before, busy, after;

	start_server(&s);
	tree = tree_at(s.port);
	before = look(tree, NULL, 0);
	assert_int_equal(before.processes, 1);
	assert_int_equal(before.cpu_ms, 0);
	assert_true(before.memory_bytes > 10000);

	order(&s, 'f'); /* with the socket, too: it is no second server */
	busy = look(tree, NULL, 0);
	assert_int_equal(busy.processes, 2);
	assert_in_range(busy.cpu_ms, BURNT_MS, 20 * BURNT_MS);
	assert_true(busy.memory_bytes > before.memory_bytes + TAKEN_BYTES / 2);

	order(&s, 'w');
	after = look(tree, NULL, 0);
	assert_int_equal(after.processes, 1);
	assert_in_range(after.cpu_ms, busy.cpu_ms, 20 * BURNT_MS);
	process_tree_destroy(tree);
	stop_server(&s);
}

static void test_who_is_gone(void **state)
{
	struct server s;
	struct process_tree *tree;
	struct process_tree_use use;

	start_server(&s);
	tree = tree_at(s.port);
	order(&s, 'f');
	assert_int_equal(look(tree, NULL, 0).processes, 2);
	order(&s, 'w');
	use = look(tree, NULL, 0);
	stop_server(&s);
	assert_int_equal(look(tree, NULL, 0).processes, 0);
	assert_int_equal(look(tree, NULL, 0).cpu_ms, use.cpu_ms);
	process_tree_destroy(tree);
}

static void test_children_of_a_starter(void **state)
{
	struct server starter;
	struct process_tree *tree;
	struct process_tree_own own[] = { { 0, true } };
	struct process_tree_use use;

	start_server(&starter);
	own[0].pid = starter.pid;
	tree = tree_at(starter.port);
	use = look(tree, own, 1);
	assert_int_equal(use.processes, 0);
	order(&starter, 'f');
	use = look(tree, own, 1);
	assert_int_equal(use.processes, 1);
	assert_in_range(use.cpu_ms, BURNT_MS, 20 * BURNT_MS);
	order(&starter, 'w');
	assert_int_equal(look(tree, own, 1).processes, 0);
	assert_true(look(tree, own, 1).cpu_ms >= use.cpu_ms);

	/* One of ours that is no starter has no part in it. */
	own[0].starter = false;
	assert_int_equal(look(tree, own, 1).processes, 0);
	process_tree_destroy(tree);
	stop_server(&starter);
}

static void test_nobody_listens(void **state)
{
	struct process_tree *tree;
	int port, fd = listen_somewhere(&port);

	close(fd);
	tree = tree_at(port);
	assert_int_equal(look(tree, NULL, 0).processes, 0);
	process_tree_destroy(tree);
	assert_true(process_tree_create(NULL, 0, &tree) < 0);
}

static void listen_at(uint32_t host, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(host),
				       .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
		_exit(1);
}

/* Listens, starts children that inherit the socket, says so, and waits with all of them until *ret_hold is closed. */
static pid_t start_crowd(uint32_t host, int port, unsigned children, int *ret_hold)
{
	int hold[2], ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		bool is_child = false;

		close(hold[1]);
		listen_at(host, port);
		for (unsigned i = 0; i < children && !is_child; i++)
			is_child = fork() == 0;
		if (!is_child)
			(void)!write(ready[1], "r", 1);
		(void)!read(hold[0], &byte, 1);
		_exit(0);
	}
	close(hold[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	*ret_hold = hold[1];
	return pid;
}

/* As those of postfix, beside who takes what users submit. */
static void test_many_who_inherit_hide_nobody(void **state)
{
	const unsigned children = 300;
	int port, fd = listen_somewhere(&port), hold[2];
	struct process_tree *tree;
	pid_t first, second;

	close(fd);
	first = start_crowd(INADDR_LOOPBACK, port, children, &hold[0]);
	second = start_crowd(INADDR_LOOPBACK + 1, port, 0, &hold[1]);
	tree = tree_at(port);
	assert_int_equal(look(tree, NULL, 0).processes, children + 2);
	process_tree_destroy(tree);
	close(hold[0]);
	close(hold[1]);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_listens_and_its_children),
		cmocka_unit_test(test_who_is_gone),
		cmocka_unit_test(test_children_of_a_starter),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_many_who_inherit_hide_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_hook.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];

static int set_up(void **state)
{
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
}

static int tear_down(void **state)
{
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void send_with(const char *text, size_t size, const int *fds, size_t count)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int)) } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)text, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &message, 0), (ssize_t)size);
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* What comes with the client's descriptor, and what without is nothing. */
static void test_a_client_is_taken(void **state)
{
	char text[GATE_HOOK_TEXT_MOST + 1];
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

	send_with("listed\n\x1b[2J\xff", 12, &client, 1);
	assert_int_equal(gate_hook_receive(pair[1], text, &fd), 1);
	assert_string_equal(text, "listed??[2J?");
	assert_true(fd >= 0 && fd != client);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	close(client);
	assert_int_equal(gate_hook_receive(pair[1], text, &fd), -EAGAIN);
}

/* Courier's hook sends no longer one. */
static void test_a_text_that_is_too_long(void **state)
{
	char text[GATE_HOOK_TEXT_MOST + 1], longest[GATE_HOOK_TEXT_MOST + 1];
	int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

	memset(longest, 'x', sizeof(longest));
	send_with(longest, sizeof(longest) - 1, &client, 1);
	assert_int_equal(gate_hook_receive(pair[1], text, &fd), 1);
	assert_int_equal(strlen(text), GATE_HOOK_TEXT_MOST);
	close(fd);
	send_with(longest, sizeof(longest), &client, 1);
	assert_int_equal(gate_hook_receive(pair[1], text, &fd), -EBADMSG);
	close(client);
}

/* No descriptor of theirs stays open. */
static void test_what_is_no_client(void **state)
{
	char text[GATE_HOOK_TEXT_MOST + 1];
	int before = open_descriptors(), fd = -1;
	struct sockaddr_in any = { .sin_family = AF_INET };
	int no_clients[] = {
		open("/dev/null", O_RDONLY | O_CLOEXEC),
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	};
	size_t count = sizeof(no_clients) / sizeof(no_clients[0]);
	int two[2] = { no_clients[3], no_clients[3] };

	assert_int_equal(bind(no_clients[3], (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(no_clients[3], 1), 0);
	for (size_t i = 0; i < count; i++) {
		send_with("x", 1, &no_clients[i], 1);
		assert_int_equal(gate_hook_receive(pair[1], text, &fd), -EBADMSG);
	}
	send_with("x", 1, NULL, 0);
	assert_int_equal(gate_hook_receive(pair[1], text, &fd), -EBADMSG);
	send_with("x", 1, two, 2);
	assert_int_equal(gate_hook_receive(pair[1], text, &fd), -EBADMSG);
	for (size_t i = 0; i < count; i++)
		close(no_clients[i]);
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_client_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_text_that_is_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_no_client, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

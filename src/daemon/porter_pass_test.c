/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that are passed to Postfix's smtpd, which is played as far as the porter sees it. */
#include "daemon/porter_test.h"

#include "base/clock.h"

#include <sys/stat.h>
#include <sys/un.h>

static struct scene scene;
static char folder[32];
static int listener;

static int set_up(void **state)
{
	strcpy(folder, "/tmp/porter_test.XXXXXX");
	listener = -1;
	return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	if (listener >= 0)
		close(listener);
	unlink(scene.rules.socket);
	end_porter(&scene);
	return rmdir(folder);
}

static void listen_as_smtpd(int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	scene.rules.kind = PORTER_PASS;
	if (!scene.rules.patience_ms)
		scene.rules.patience_ms = 100000;
	snprintf(scene.rules.socket, sizeof(scene.rules.socket), "%s/smtpd", folder);
	memcpy(address.sun_path, scene.rules.socket, strlen(scene.rules.socket));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, backlog), 0);
}

/* As smtpd reads it: a byte and the descriptor first. Returns the connection. */
static int take(int *ret_client, char *attributes, size_t size, size_t *ret_size)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c;
	ssize_t got;
	int fd;

	become_ready(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	become_ready(fd, POLLIN);
	assert_int_equal(recvmsg(fd, &message, MSG_CMSG_CLOEXEC), 1);
	assert_int_equal(byte, 0);
	c = CMSG_FIRSTHDR(&message);
	assert_non_null(c);
	assert_true(c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)));
	memcpy(ret_client, CMSG_DATA(c), sizeof(int));
	if (attributes) {
		become_ready(fd, POLLIN);
		got = read(fd, attributes, size);
		assert_true(got > 0);
		*ret_size = (size_t)got;
	}
	return fd;
}

/* NULs become '|'. */
static void check_attributes(const struct client *c, char *attributes, size_t size, const char *client,
			     const char *local)
{
	char expected[256];

	for (size_t i = 0; i < size; i++)
		attributes[i] = attributes[i] ? attributes[i] : '|';
	attributes[size] = '\0';
	snprintf(expected, sizeof(expected), "client_address|%s|client_port|%u|server_address|%s|server_port|%u||",
		 client, c->request.client_port, local, c->request.local_port);
	assert_string_equal(attributes, expected);
}

static void a_client_is_passed(void **state)
{
	static const struct {
		const char *client, *local;
	} rows[] = { { "127.0.0.9", "127.0.0.1" }, { "::1", "::1" } };

	listen_as_smtpd(8);
	start_porter(&scene);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client c = client_from(rows[i].client);
		char attributes[256], text[8];
		size_t size = 0;
		int fd, passed;

		c.request.ticket = 7;
		assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
		fd = take(&passed, attributes, sizeof(attributes) - 1, &size);
		check_attributes(&c, attributes, size, rows[i].client, rows[i].local);
		/* It is smtpd's when smtpd says so. */
		assert_true(is_silent(scene.gates[0]));
		close(fd);
		hear(&scene, 0, 7, 0, NULL);
		close(c.inside);
		assert_int_equal(write(passed, "220 mx\n", 7), 7);
		assert_string_equal(read_all(c.outside, text, sizeof(text)), "220 mx\n");
		close(passed);
		close(c.outside);
	}
	assert_true(is_silent(scene.gates[0]) && is_silent(scene.gates[1]));
}

static void a_server_that_does_not_take_it(void **state)
{
	struct client c = client_from("127.0.0.1");
	int passed, fd;

	listen_as_smtpd(8);
	start_porter(&scene);
	/* It ends before it has read all. */
	assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
	fd = take(&passed, NULL, 0, NULL);
	close(passed);
	close(fd);
	hear(&scene, 0, 1, -ECONNRESET, NULL);
	/* It says something. */
	assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
	fd = take(&passed, NULL, 0, NULL);
	assert_int_equal(write(fd, "x", 1), 1);
	hear(&scene, 0, 1, -EPROTO, NULL);
	close(passed);
	close(fd);
	/* It is not there, then not even its socket. */
	close(listener);
	expect_answer(&scene, &c.request, c.inside, -ECONNREFUSED);
	unlink(scene.rules.socket);
	expect_answer(&scene, &c.request, c.inside, -ENOENT);
	listener = -1;
	leave(&c);
}

static void a_server_that_is_too_slow(void **state)
{
	struct client c = client_from("127.0.0.1");
	uint64_t begin = clock_ms();
	size_t descriptors;

	scene.rules.patience_ms = 300;
	listen_as_smtpd(8);
	start_porter(&scene);
	expect_answer(&scene, &c.request, -1, -EBADF);
	descriptors = descriptors_of(scene.porter);
	expect_answer(&scene, &c.request, c.inside, -ETIMEDOUT);
	assert_true(clock_ms() - begin >= 300 && clock_ms() - begin < 5000);
	assert_int_equal(descriptors_of(scene.porter), descriptors);
	leave(&c);
}

/* The kernel takes one connection more than the backlog says. */
static void a_full_queue(void **state)
{
	struct client c = client_from("127.0.0.1");
	uint32_t waiting;
	int passed, fd;

	listen_as_smtpd(2);
	start_porter(&scene);
	for (waiting = 1; waiting <= 3; waiting++) {
		c.request.ticket = waiting;
		assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
	}
	c.request.ticket = waiting;
	expect_answer(&scene, &c.request, c.inside, -EAGAIN);
	/* Tried again each second, whether or not one was taken. */
	for (int gate = 0; gate < GATES; gate++)
		hear(&scene, gate, 0, 0, NULL);
	for (waiting = 1; waiting <= 3; waiting++) {
		char attributes[256];
		size_t size;

		fd = take(&passed, attributes, sizeof(attributes), &size);
		close(passed);
		close(fd);
		hear(&scene, 0, waiting, 0, NULL);
	}
	assert_true(is_silent(scene.gates[0]));
	leave(&c);
}

/* The next answer to any gate. */
static struct porter_answer hear_any(void)
{
	struct pollfd gates[GATES];
	struct porter_answer answer;
	int fd;

	for (int i = 0; i < GATES; i++)
		gates[i] = (struct pollfd){ .fd = scene.gates[i], .events = POLLIN };
	assert_true(poll(gates, GATES, PATIENCE_MS) > 0);
	for (int i = 0; i < GATES; i++) {
		if (!(gates[i].revents & POLLIN))
			continue;
		assert_int_equal(porter_hear(scene.gates[i], &answer, &fd), 1);
		assert_int_equal(fd, -1);
		/* Each hears of its own. */
		assert_true(answer.ticket == 0 || answer.ticket % GATES == (uint32_t)i);
		return answer;
	}
	return (struct porter_answer){ .error = 1 };
}

static void as_many_as_may_wait(void **state)
{
	struct client c = client_from("127.0.0.1");
	bool heard[PASSES_MOST + 1] = { false };
	unsigned rooms = 0;
	char attributes[256];
	size_t size;
	int passed, fd;

	listen_as_smtpd(1000);
	start_porter(&scene);
	for (uint32_t i = 1; i <= PASSES_MOST; i++) {
		c.request.ticket = i;
		assert_int_equal(porter_ask(scene.gates[i % GATES], &c.request, c.inside), 0);
	}
	/* The other gate's were read, too. */
	assert_int_equal(porter_ask(scene.gates[1], &c.request, -1), 0);
	hear(&scene, 1, PASSES_MOST, -EBADF, NULL);
	for (uint32_t i = 1; i <= 2; i++) {
		c.request.ticket = 1000 + i;
		expect_answer(&scene, &c.request, c.inside, -EAGAIN);
	}
	assert_true(is_silent(scene.gates[0]) && is_silent(scene.gates[1]));
	for (uint32_t i = 1; i <= PASSES_MOST; i++) {
		fd = take(&passed, attributes, sizeof(attributes), &size);
		close(passed);
		close(fd);
		for (unsigned answers = i == 1 ? 1 + GATES : 1; answers; answers--) {
			struct porter_answer answer = hear_any();

			assert_true(answer.error == 0 && answer.ticket <= PASSES_MOST);
			assert_false(answer.ticket && heard[answer.ticket]);
			heard[answer.ticket] = true;
			rooms += answer.ticket == 0;
		}
	}
	assert_int_equal(rooms, GATES);
	assert_true(is_silent(scene.gates[0]) && is_silent(scene.gates[1]));
	leave(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_client_is_passed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_does_not_take_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_too_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_queue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_many_as_may_wait, set_up, tear_down),
	};

	return counter_share() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are none, or are somebody else's; whom the porter outlives, and what it may do. */
#include "daemon/porter_test_program.h"

#include "daemon/confine.h"
#include "daemon/message.h"

#include <linux/capability.h>

/* Requests. */

static bool is_ended(int fd)
{
	char byte;

	become_ready(fd, POLLIN);
	return read(fd, &byte, 1) == 0;
}

static void send_two_descriptors(int socket, const struct porter_request *request, const int fds[2])
{
	struct iovec iov = { (void *)(uintptr_t)request, sizeof(*request) };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
	assert_int_equal(sendmsg(socket, &message, 0), sizeof(*request));
}

static void packets_that_are_no_requests(void **state)
{
	static const size_t sizes[] = { 1, 4, sizeof(struct porter_request) - 1, sizeof(struct porter_request) + 1,
					4000 };
	struct client c = client_from("127.0.0.1"), good = client_from("127.0.0.1");
	struct porter_request wrong[8];
	unsigned char packet[4000] = { 1 };
	uint64_t before = counter_read(COUNTER_porter_malformed);
	size_t descriptors;

	run_cat();
	for (size_t i = 0; i < COUNT(wrong); i++)
		wrong[i] = c.request;
	wrong[0].ticket = 0;
	wrong[1].client.family = 7;
	wrong[2].local.family = 0;
	wrong[3].client.octets[15] = 1;
	wrong[4].zone = -2;
	wrong[5].zone = INT16_MIN;
	wrong[6].escorted = 2;
	wrong[7].unused[2] = 1;
	expect_answer(&scene, &good.request, good.inside, 0);
	leave(&good);
	descriptors = descriptors_of(scene.porter);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(porter_ask(scene.gates[0], &wrong[i], c.inside), -EINVAL);
		assert_int_equal(message_send(scene.gates[0], &wrong[i], sizeof(wrong[i]), c.inside), 0);
	}
	memcpy(packet, &c.request, sizeof(c.request));
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_int_equal(message_send(scene.gates[0], packet, sizes[i], c.inside), 0);
	send_two_descriptors(scene.gates[0], &c.request, (int[]){ c.inside, c.inside });
	/* An empty packet with a descriptor is not the end. */
	assert_int_equal(message_send(scene.gates[0], packet, 0, c.inside), 0);
	good = client_from("127.0.0.1");
	expect_answer(&scene, &good.request, good.inside, 0);
	assert_int_equal(counter_read(COUNTER_porter_malformed) - before, COUNT(wrong) + COUNT(sizes) + 2);
	assert_int_equal(descriptors_of(scene.porter), descriptors);
	close(c.inside);
	assert_true(is_ended(c.outside));
	close(c.outside);
	leave(&good);
}

static void descriptors_that_are_not_the_client(void **state)
{
	struct client c = client_from("127.0.0.1"), other = client_from("127.0.0.9");
	struct porter_request r;
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t descriptors;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	run_cat();
	expect_answer(&scene, &c.request, -1, -EBADF);
	descriptors = descriptors_of(scene.porter);
	expect_answer(&scene, &c.request, other.inside, -EPERM);
	expect_answer(&scene, &c.request, c.outside, -EPERM); /* the ends the other way round */
	expect_answer(&scene, &c.request, pair[0], -EPERM);
	expect_answer(&scene, &c.request, null, -EPERM);
	r = c.request;
	r.client_port++;
	expect_answer(&scene, &r, c.inside, -EPERM);
	r = c.request;
	r.local_port++;
	expect_answer(&scene, &r, c.inside, -EPERM);
	r = c.request;
	r.local.octets[3]++;
	expect_answer(&scene, &r, c.inside, -EPERM);
	r = c.request;
	r.zone = 0; /* there is none */
	expect_answer(&scene, &r, c.inside, -EINVAL);
	assert_int_equal(descriptors_of(scene.porter), descriptors);
	close(null);
	close(pair[0]);
	assert_true(is_ended(pair[1]));
	close(pair[1]);
	leave(&c);
	leave(&other);
}

static void a_client_that_has_left(void **state)
{
	static const struct linger at_once = { .l_onoff = 1 };
	struct client c = client_from("127.0.0.1");
	uint64_t failed = counter_read(COUNTER_porter_failed), malformed = counter_read(COUNTER_porter_malformed);

	run_cat();
	setsockopt(c.outside, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(c.outside);
	become_ready(c.inside, POLLIN);
	expect_answer(&scene, &c.request, c.inside, -ENOTCONN);
	assert_int_equal(counter_read(COUNTER_porter_failed), failed);
	assert_int_equal(counter_read(COUNTER_porter_malformed), malformed);
	close(c.inside);
}

/* Gates that do not read: nothing is lost, and each hears in order. */
static void gates_that_do_not_read(void **state)
{
	struct client c = client_from("127.0.0.1");
	struct porter_request wrong = c.request;
	uint32_t asked = 0;
	int small = 1, r = 0;

	run_cat();
	for (int gate = 0; gate < GATES; gate++)
		setsockopt(scene.gates[gate], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (unsigned turn = 0; turn < 100000 && r == 0; turn++) {
		wrong.ticket = asked + 1;
		r = porter_ask(scene.gates[0], &wrong, -1);
		if (r == -EAGAIN) {
			/* It has stopped reading when the socket stays full. */
			struct pollfd p = { .fd = scene.gates[0], .events = POLLOUT };

			r = poll(&p, 1, 300) == 1 ? 0 : -EAGAIN;
			continue;
		}
		asked++;
	}
	assert_int_equal(r, -EAGAIN);
	assert_true(asked > 2);
	/* The other one is served all the while. */
	wrong.ticket = 1;
	assert_int_equal(porter_ask(scene.gates[1], &wrong, -1), 0);
	hear(&scene, 1, 1, -EBADF, NULL);
	for (uint32_t i = 1; i <= asked; i++)
		hear(&scene, 0, i, -EBADF, NULL);
	assert_true(is_silent(scene.gates[0]));
	leave(&c);
}

/* Life. */

/* Clients whom the gates still have are let in. */
static void it_outlives_the_warden_for_its_gates(void **state)
{
	struct client c = client_from("127.0.0.1");
	int status;
	char byte, text[8];

	run_cat();
	for (int i = 0; i < 2; i++) {
		become_ready(scene.warden, POLLIN);
		assert_int_equal(read(scene.warden, &byte, 1), 1);
	}
	close(scene.warden);
	expect_answer(&scene, &c.request, c.inside, 0);
	close(c.inside);
	assert_int_equal(write(c.outside, "quit\r\n", 6), 6);
	assert_string_equal(read_all(c.outside, text, 7), "quit\r\n");
	close(c.outside);
	assert_int_equal(waitpid(scene.porter, &status, WNOHANG), 0);
	for (int i = 0; i < GATES; i++)
		close(scene.gates[i]);
	assert_int_equal(waitpid(scene.porter, &status, 0), scene.porter);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	scene.porter = 0;
}

static void it_ends_with_the_gates(void **state)
{
	int status;

	run_cat();
	close(scene.gates[0]);
	assert_int_equal(waitpid(scene.porter, &status, WNOHANG), 0);
	close(scene.gates[1]);
	assert_int_equal(waitpid(scene.porter, &status, 0), scene.porter);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	scene.porter = 0;
	close(scene.warden);
}

static void programs_outlive_it(void **state)
{
	struct client c = client_from("127.0.0.1");
	char text[8];

	run_cat();
	expect_answer(&scene, &c.request, c.inside, 0);
	close(c.inside);
	assert_int_equal(end_porter(&scene), 0);
	assert_int_equal(write(c.outside, "quit\r\n", 6), 6);
	assert_string_equal(read_all(c.outside, text, 7), "quit\r\n");
	close(c.outside);
}

static void a_gate_that_goes_leaves_the_others(void **state)
{
	struct client c = client_from("127.0.0.1");

	run_cat();
	close(scene.gates[1]);
	expect_answer(&scene, &c.request, c.inside, 0);
	scene.gates[1] = dup(scene.gates[0]);
	leave(&c);
}

/* Privileges. */

static void each_kind_keeps_what_it_needs(void **state)
{
	static const struct {
		enum porter_kind kind;
		bool marks;
		uint64_t capabilities;
		const char *user;
	} rows[] = {
		{ PORTER_PASS, false, BIT(CAP_DAC_READ_SEARCH), "0\t0\t0\t0" },
		{ PORTER_PROXY, false, 0, "65534\t65534\t65534\t65534" },
		{ PORTER_PROXY, true, BIT(CAP_NET_ADMIN), "0\t0\t0\t0" },
		{ PORTER_TRANSPARENT, false, BIT(CAP_NET_ADMIN), "0\t0\t0\t0" },
	};
	uint64_t all = confine_effective();
	char line[128];

	skip_unless(geteuid() == 0 && (all & BIT(CAP_NET_ADMIN)) && (all & BIT(CAP_DAC_READ_SEARCH)), "not root");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client c = client_from("127.0.0.1");

		scene.rules.kind = rows[i].kind;
		scene.rules.marks = rows[i].marks;
		scene.rules.own_uid = scene.rules.own_gid = NOBODY;
		start_porter(&scene);
		/* It has given up the rest when it answers. */
		expect_answer(&scene, &c.request, rows[i].kind == PORTER_PROXY ? c.inside : -1,
			      rows[i].kind == PORTER_PROXY ? -EINVAL : -EBADF);
		assert_int_equal(strtoull(status_of_porter(&scene, "CapEff", line), NULL, 16), rows[i].capabilities);
		assert_int_equal(strtoull(status_of_porter(&scene, "CapPrm", line), NULL, 16), rows[i].capabilities);
		assert_string_equal(status_of_porter(&scene, "NoNewPrivs", line), "1");
		assert_string_equal(status_of_porter(&scene, "Uid", line), rows[i].user);
		end_porter(&scene);
		leave(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROGRAM_TEST(packets_that_are_no_requests),
		PROGRAM_TEST(descriptors_that_are_not_the_client),
		PROGRAM_TEST(a_client_that_has_left),
		PROGRAM_TEST(gates_that_do_not_read),
		PROGRAM_TEST(it_outlives_the_warden_for_its_gates),
		PROGRAM_TEST(it_ends_with_the_gates),
		PROGRAM_TEST(programs_outlive_it),
		PROGRAM_TEST(a_gate_that_goes_leaves_the_others),
		PROGRAM_TEST(each_kind_keeps_what_it_needs),
	};

	return counter_share() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

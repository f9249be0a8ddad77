/* SPDX-License-Identifier: Apache-2.0 */
/* What is passed to a server that runs already: descriptors, and connections to it. */
#include "daemon/porter_test.h"

#include "base/clock.h"
#include "daemon/confine.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NOBODY 65534
#define BIT(capability) (1ULL << (capability))

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

/* Postfix's smtpd, as far as the porter sees it. */

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

/* Gates that do not read: nothing is lost, and each hears in order. */
static void gates_that_do_not_read(void **state)
{
	struct client c = client_from("127.0.0.1");
	struct porter_request wrong = c.request;
	uint32_t asked = 0;
	int small = 1, r = 0;

	listen_as_smtpd(8);
	start_porter(&scene);
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

/* Connections. */

static void listen_as_server(enum porter_kind kind, bool six)
{
	const struct in_addr loopback = { .s_addr = htonl(INADDR_LOOPBACK) };
	struct endpoint *server = &scene.rules.server;
	struct sockaddr_storage address;
	socklen_t size;

	scene.rules.kind = kind;
	scene.rules.own_uid = scene.rules.own_gid = NOBODY;
	server->addr = six ? addr_from_ipv6(&in6addr_loopback) : addr_from_ipv4(&loopback);
	size = addr_to_sockaddr(&server->addr, 0, &address);
	listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

/* What the server sees of the connection that the gate got: the address at its other end. */
static const char *check_connection(int fd, char text[ADDR_TEXT_SIZE])
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	struct addr addr;
	char byte;
	int server;

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	become_ready(listener, POLLIN);
	server = accept4(listener, (struct sockaddr *)&address, &size, SOCK_CLOEXEC);
	assert_true(server >= 0);
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&address, size, &addr), 0);
	become_ready(fd, POLLOUT);
	assert_int_equal(write(fd, "x", 1), 1);
	become_ready(server, POLLIN);
	assert_int_equal(read(server, &byte, 1), 1);
	close(server);
	return addr_format(&addr, text);
}

static void connections_to_the_server(void **state)
{
	char text[ADDR_TEXT_SIZE];

	for (int six = 0; six < 2; six++) {
		/* The family of the server is its own. */
		struct client c = client_from("127.0.0.9");
		int fd;

		listen_as_server(PORTER_PROXY, six);
		start_porter(&scene);
		assert_int_equal(porter_ask(scene.gates[0], &c.request, -1), 0);
		hear(&scene, 0, 1, 0, &fd);
		assert_string_equal(check_connection(fd, text), six ? "::1" : "127.0.0.1");
		close(fd);
		/* A descriptor is none of its business. */
		expect_answer(&scene, &c.request, c.inside, -EINVAL);
		close(listener);
		end_porter(&scene);
		leave(&c);
	}
	listener = -1;
}

static void a_server_that_is_not_there(void **state)
{
	struct client c = client_from("127.0.0.1");
	struct porter_answer answer;
	int fd, error = 0;
	socklen_t size = sizeof(error);

	listen_as_server(PORTER_PROXY, false);
	close(listener);
	listener = -1;
	start_porter(&scene);
	assert_int_equal(porter_ask(scene.gates[0], &c.request, -1), 0);
	become_ready(scene.gates[0], POLLIN);
	assert_int_equal(porter_hear(scene.gates[0], &answer, &fd), 1);
	/* At once, or when the gate looks. */
	if (answer.error == 0) {
		become_ready(fd, POLLOUT);
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), 0);
		answer.error = -error;
		close(fd);
	}
	assert_int_equal(answer.error, -ECONNREFUSED);
	leave(&c);
}

static void connections_from_the_client(void **state)
{
	static const struct {
		const char *client;
		bool six;
	} rows[] = { { "127.0.0.9", false }, { "::1", true } };
	char text[ADDR_TEXT_SIZE];

	skip_unless(confine_effective() & BIT(CAP_NET_ADMIN), "no CAP_NET_ADMIN");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client c = client_from(rows[i].client), lie = c, other = client_from(i ? "127.0.0.1" : "::1");
		int fd, mark = 0;
		socklen_t size = sizeof(mark);

		listen_as_server(PORTER_TRANSPARENT, rows[i].six);
		start_porter(&scene);
		assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
		hear(&scene, 0, 1, 0, &fd);
		assert_string_equal(check_connection(fd, text), rows[i].client);
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &size), 0);
		assert_int_equal(mark, PORTER_MARK);
		close(fd);
		/* Nobody's address but the client's. */
		lie.request.client.octets[rows[i].six ? 15 : 3]++;
		expect_answer(&scene, &lie.request, c.inside, -EPERM);
		expect_answer(&scene, &c.request, -1, -EBADF);
		expect_answer(&scene, &other.request, other.inside, -EAFNOSUPPORT);
		leave(&c);
		leave(&other);
		close(listener);
		end_porter(&scene);
	}
	listener = -1;
}

/* Nothing of this host would tell: the RST goes to the client's own. */
static void a_server_that_is_not_there_for_clients_as_themselves(void **state)
{
	static const bool sixes[] = { false, true };

	skip_unless(confine_effective() & BIT(CAP_NET_ADMIN), "no CAP_NET_ADMIN");
	for (size_t i = 0; i < COUNT(sixes); i++) {
		struct client c = client_from(sixes[i] ? "::1" : "127.0.0.9");
		char text[ADDR_TEXT_SIZE];
		int fd;

		listen_as_server(PORTER_TRANSPARENT, sixes[i]);
		start_porter(&scene);
		close(listener);
		expect_answer(&scene, &c.request, c.inside, -ECONNREFUSED);
		/* As soon as somebody listens, be it for all addresses and IPv4 on a socket of IPv6. */
		listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(listener, (struct sockaddr *)&(struct sockaddr_in6){
			.sin6_family = AF_INET6, .sin6_port = htons(scene.rules.server.port) }, sizeof(struct sockaddr_in6)), 0);
		assert_int_equal(listen(listener, 4), 0);
		assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
		hear(&scene, 0, 1, 0, &fd);
		assert_string_equal(check_connection(fd, text), sixes[i] ? "::1" : "127.0.0.9");
		close(fd);
		close(listener);
		end_porter(&scene);
		leave(&c);
	}
	listener = -1;
}

/* As one that is steered: what is not said of the server is where the client came to, as its socket has it. */
static void connections_to_the_very_place_where_the_client_came(void **state)
{
	int fd, server, mark = 0;
	struct client c = client_from("127.0.0.9");
	struct sockaddr_in client = { .sin_family = AF_INET }, there = { .sin_family = AF_INET };
	socklen_t size = sizeof(there), mark_size = sizeof(mark);

	skip_unless(confine_effective() & BIT(CAP_NET_ADMIN), "no CAP_NET_ADMIN");
	leave(&c);
	/* One who came to the place where the server listens. */
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(&there.sin_addr, c.request.local.octets, 4);
	assert_int_equal(bind(listener, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&there, &size), 0);
	c.outside = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(&client.sin_addr, c.request.client.octets, 4);
	assert_int_equal(bind(c.outside, (struct sockaddr *)&client, sizeof(client)), 0);
	assert_int_equal(connect(c.outside, (struct sockaddr *)&there, sizeof(there)), 0);
	c.inside = accept(listener, (struct sockaddr *)&client, &size);
	c.request.client_port = ntohs(client.sin_port);
	c.request.local_port = ntohs(there.sin_port);
	scene.rules.kind = PORTER_TRANSPARENT;
	scene.rules.marks = true;
	start_porter(&scene);
	assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
	hear(&scene, 0, 1, 0, &fd);
	become_ready(listener, POLLIN);
	server = accept(listener, NULL, NULL);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &mark_size), 0);
	assert_int_equal(mark, PORTER_MARK);
	/* The gate's word is not what counts. */
	c.request.local_port++;
	expect_answer(&scene, &c.request, c.inside, -EPERM);
	close(server);
	close(fd);
	close(listener);
	listener = -1;
	leave(&c);
}

/* A port alone is that of the address that the client came to. */
static void connections_to_where_the_client_came(void **state)
{
	static const bool sixes[] = { false, true };
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(sixes); i++) {
		struct client c = client_from(sixes[i] ? "::1" : "127.0.0.9");
		int fd;

		listen_as_server(PORTER_PROXY, sixes[i]);
		scene.rules.server.addr = (struct addr){ .family = ADDR_NONE };
		start_porter(&scene);
		assert_int_equal(porter_ask(scene.gates[0], &c.request, -1), 0);
		hear(&scene, 0, 1, 0, &fd);
		assert_string_equal(check_connection(fd, text), sixes[i] ? "::1" : "127.0.0.1");
		close(fd);
		close(listener);
		end_porter(&scene);
		leave(&c);
	}
	listener = -1;
}

static void a_gate_that_does_not_read_its_connections(void **state)
{
	struct client c = client_from("127.0.0.1");
	int fd, r;
	uint32_t asked = 0;
	char text[ADDR_TEXT_SIZE];

	listen_as_server(PORTER_PROXY, false);
	start_porter(&scene);
	for (; asked < 60; asked++) {
		c.request.ticket = asked + 1;
		r = porter_ask(scene.gates[0], &c.request, -1);
		if (r == -EAGAIN)
			break;
		assert_int_equal(r, 0);
	}
	for (uint32_t i = 1; i <= asked; i++) {
		hear(&scene, 0, i, 0, &fd);
		if (i <= 8)
			check_connection(fd, text);
		close(fd);
	}
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
		cmocka_unit_test_setup_teardown(a_client_is_passed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_does_not_take_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_too_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_queue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_many_as_may_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gates_that_do_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_to_the_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_from_the_client, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_to_where_the_client_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_to_the_very_place_where_the_client_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_not_there_for_clients_as_themselves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gate_that_does_not_read_its_connections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_kind_keeps_what_it_needs, set_up, tear_down),
	};

	return counter_share() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

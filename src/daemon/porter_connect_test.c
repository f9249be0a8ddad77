/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to a server that runs already: from this host, or with the client's own address. */
#include "daemon/porter_test.h"

#include "daemon/confine.h"

#include <linux/capability.h>

static struct scene scene;
static int listener;

static int set_up(void **state)
{
	listener = -1;
	return 0;
}

static int tear_down(void **state)
{
	if (listener >= 0)
		close(listener);
	end_porter(&scene);
	return 0;
}

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(connections_to_the_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_to_where_the_client_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_from_the_client, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_to_the_very_place_where_the_client_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_not_there_for_clients_as_themselves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gate_that_does_not_read_its_connections, set_up, tear_down),
	};

	return counter_share() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

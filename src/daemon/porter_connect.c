/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/porter_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The port is chosen at connect(2), by the whole of both ends: one client's address has all of them for each
 * server. The answers come to this host and not to the client by a routing rule for the mark. */
static int take_address_of(const struct addr *client, int fd)
{
	static const int one = 1;
	struct sockaddr_storage own;
	socklen_t size = addr_to_sockaddr(client, 0, &own);
	int r;

	if (own.ss_family == AF_INET6)
		r = setsockopt(fd, SOL_IPV6, IPV6_TRANSPARENT, &one, sizeof(one));
	else
		r = setsockopt(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one));
	if (r < 0 || setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&own, size) < 0)
		return -errno;
	return 0;
}

/* What is not said of it is as the client came. */
static struct endpoint server_of(const struct porter_rules *rules, const struct porter_request *request)
{
	const struct endpoint *server = &rules->server;

	return (struct endpoint){ .addr = server->addr.family == ADDR_NONE ? request->local : server->addr,
				  .port = server->port ? server->port : request->local_port };
}

static void note_answer(void *data, size_t index, const struct sockdiag_answer *answer)
{
	bool *nobody = data;

	*nobody = answer->kind == SOCKDIAG_ERROR && answer->error == -ENOENT;
}

/* Nobody would tell us: the RST of a port where nobody listens carries no mark, so it goes to the client's own host,
 * and we would connect until gate.full_wait. Sending it our way takes a setting for the whole host
 * (net.ipv4.fwmark_reflect); asking before costs some microseconds. In doubt somebody does. */
static bool nobody_listens(struct diag *diag, const struct endpoint *server)
{
	struct sockdiag_key key = sockdiag_key_of_listener(&server->addr, server->port);
	bool nobody = false;

	return diag && diag_get(diag, &key, 1, note_answer, &nobody) == 0 && nobody;
}

int porter_connect(const struct porter *p, const struct porter_request *request, int *ret_fd)
{
	static const int mark = PORTER_MARK;
	bool transparent = p->rules->kind == PORTER_TRANSPARENT;
	struct endpoint place = server_of(p->rules, request);
	struct sockaddr_storage server;
	socklen_t size = addr_to_sockaddr(&place.addr, place.port, &server);
	int fd, r = 0;

	*ret_fd = -1;
	if (transparent && (server.ss_family == AF_INET) != (request->client.family == ADDR_IPV4))
		return -EAFNOSUPPORT;
	if (transparent && nobody_listens(p->diag, &place))
		return -ECONNREFUSED;
	fd = socket(server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (transparent || p->rules->marks)
		r = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ? -errno : 0;
	if (r == 0 && transparent)
		r = take_address_of(&request->client, fd);
	if (r == 0 && connect(fd, (const struct sockaddr *)&server, size) < 0 && errno != EINPROGRESS)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

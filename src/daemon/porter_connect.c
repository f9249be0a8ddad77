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
	static const int one = 1, mark = PORTER_MARK;
	struct sockaddr_storage own;
	socklen_t size = addr_to_sockaddr(client, 0, &own);
	int r;

	if (own.ss_family == AF_INET6)
		r = setsockopt(fd, SOL_IPV6, IPV6_TRANSPARENT, &one, sizeof(one));
	else
		r = setsockopt(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one));
	if (r < 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
	    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&own, size) < 0)
		return -errno;
	return 0;
}

static socklen_t server_address(const struct porter_rules *rules, const struct porter_request *request,
				struct sockaddr_storage *ret)
{
	const struct endpoint *server = &rules->server;

	return addr_to_sockaddr(server->addr.family == ADDR_NONE ? &request->local : &server->addr, server->port, ret);
}

int porter_connect(const struct porter_rules *rules, const struct porter_request *request, int *ret_fd)
{
	bool transparent = rules->kind == PORTER_TRANSPARENT;
	struct sockaddr_storage server;
	socklen_t size = server_address(rules, request, &server);
	int fd, r = 0;

	*ret_fd = -1;
	if (transparent && (server.ss_family == AF_INET) != (request->client.family == ADDR_IPV4))
		return -EAFNOSUPPORT;
	fd = socket(server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (transparent)
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

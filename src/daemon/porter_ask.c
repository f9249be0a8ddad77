/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/porter_internal.h"

#include "daemon/message.h"

#include <errno.h>
#include <unistd.h>

_Static_assert(sizeof(struct porter_request) == 48 && sizeof(struct porter_answer) == 8, "fixed sizes, no holes");

static bool is_address(const struct addr *addr)
{
	static const uint8_t zeros[12];

	return addr->family == ADDR_IPV6 ||
	       (addr->family == ADDR_IPV4 && memcmp(addr->octets + 4, zeros, sizeof(zeros)) == 0);
}

static bool is_request(const struct porter_request *request)
{
	return request->ticket && is_address(&request->client) && is_address(&request->local) &&
	       request->zone >= PORTER_NOT_LISTED && request->escorted <= 1 &&
	       !(request->unused[0] | request->unused[1] | request->unused[2]);
}

int porter_ask(int socket, const struct porter_request *request, int client_fd)
{
	return is_request(request) ? message_send(socket, request, sizeof(*request), client_fd) : -EINVAL;
}

int porter_send(int socket, const struct porter_answer *answer, int fd)
{
	return message_send(socket, answer, sizeof(*answer), fd);
}

/* A packet of exactly this size, or none. */
static int receive(int socket, void *data, size_t size, int *ret_fd)
{
	ssize_t got = message_receive(socket, data, size, ret_fd);

	if (got <= 0)
		return (int)got;
	return (size_t)got == size ? 1 : -EBADMSG;
}

static int drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EBADMSG;
}

int porter_receive(int socket, struct porter_request *request, int *ret_fd)
{
	int r = receive(socket, request, sizeof(*request), ret_fd);

	return r == -EBADMSG || (r == 1 && !is_request(request)) ? drop(ret_fd) : r;
}

int porter_hear(int socket, struct porter_answer *answer, int *ret_fd)
{
	int r = receive(socket, answer, sizeof(*answer), ret_fd);

	/* No connection comes with an error. */
	if (r == 1 && (answer->error > 0 || (answer->error < 0 && *ret_fd >= 0)))
		r = -EBADMSG;
	return r == -EBADMSG ? drop(ret_fd) : r;
}

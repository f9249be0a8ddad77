/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket belongs to the namespace that it was made in, whoever uses it later. */
static int socket_there(int there, int home)
{
	int fd, error;

	if (setns(there, CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	error = errno;
	if (setns(home, CLONE_NEWNET) < 0) {
		error = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	return fd < 0 ? -error : fd;
}

int sockets_open(pid_t pid)
{
	char path[64];
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	there = open(path, O_RDONLY | O_CLOEXEC);
	fd = home < 0 || there < 0 ? -errno : socket_there(there, home);
	if (home >= 0)
		close(home);
	if (there >= 0)
		close(there);
	return fd;
}

static int ask(int fd, uint8_t family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = 1U << TCP_ESTABLISHED | 1U << TCP_CLOSE_WAIT },
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -errno : 0;
}

static void count(const struct nlmsghdr *header, uint16_t port, struct socket_count *ret)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(header);

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) ||
	    ntohs(socket->id.idiag_sport) != port)
		return;
	if (socket->idiag_inode)
		ret->served++;
	else
		ret->waiting++;
}

/* Returns 1 when there is more to come. */
static int read_part(int fd, uint16_t port, struct socket_count *ret)
{
	static _Alignas(struct nlmsghdr) char part[32768];
	ssize_t received = recv(fd, part, sizeof(part), 0);
	unsigned int left = received > 0 ? (unsigned int)received : 0;

	if (received < 0)
		return errno == EINTR ? 1 : -errno;
	for (const struct nlmsghdr *header = (const void *)part; NLMSG_OK(header, left);
	     header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(header);

			return error->error < 0 ? error->error : -EPROTO;
		}
		count(header, port, ret);
	}
	return 1;
}

int sockets_count(int fd, uint16_t port, struct socket_count *ret)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	*ret = (struct socket_count){ 0 };
	for (size_t i = 0; i < sizeof(families); i++) {
		int r = ask(fd, families[i]);

		if (r < 0)
			return r;
		while ((r = read_part(fd, port, ret)) == 1)
			;
		if (r < 0)
			return r;
	}
	return 0;
}

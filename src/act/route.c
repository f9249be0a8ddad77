/* SPDX-License-Identifier: Apache-2.0 */
#include "act/route.h"

#include "base/bytes.h"
#include "wire/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK_INDEX 1U /* of lo, in every network namespace (LOOPBACK_IFINDEX, <net/flow.h>) */
#define FWMARK_ACCEPT "/proc/sys/net/ipv4/tcp_fwmark_accept"

struct route {
	int fd;
	uint32_t mark, sequence;
	char fwmark_accept_before; /* '0' or '1'; NUL: not changed */
};

/* Sends one message and reads its acknowledgement, which comes within the call (rtnetlink(7)). */
static int ask(struct route *route, struct nl_writer *w)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char buffer[1024];
	struct bytes stream;
	struct nl_message answer;
	ssize_t n;

	if (nl_overflow(w))
		return -EMSGSIZE;
	if (sendto(route->fd, w->data, w->used, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	n = recv(route->fd, buffer, sizeof(buffer), 0);
	if (n < 0)
		return -errno;
	stream = bytes_make(buffer, (size_t)n);
	if (nl_next_message(&stream, &answer) != 1 || answer.type != NLMSG_ERROR || answer.sequence != route->sequence)
		return -EPROTO;
	return nl_error(&answer);
}

static void put_u32(struct nl_writer *w, uint16_t attribute, uint32_t value)
{
	nl_put(w, attribute, &value, sizeof(value));
}

static int change_rule(struct route *route, uint8_t family, uint16_t type, uint16_t flags)
{
	struct fib_rule_hdr head = { .family = family, .action = FR_ACT_TO_TBL };
	char buffer[512];
	struct nl_writer w;

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, type, (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), ++route->sequence, &head, sizeof(head));
	put_u32(&w, FRA_PRIORITY, ROUTE_PRIORITY);
	put_u32(&w, FRA_FWMARK, route->mark);
	put_u32(&w, FRA_TABLE, ROUTE_TABLE);
	nl_end(&w);
	return ask(route, &w);
}

static int change_route(struct route *route, uint8_t family, uint16_t type, uint16_t flags)
{
	struct rtmsg head = { .rtm_family = family, .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_HOST,
			      .rtm_type = RTN_LOCAL };
	char buffer[512];
	struct nl_writer w;

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, type, (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), ++route->sequence, &head, sizeof(head));
	put_u32(&w, RTA_TABLE, ROUTE_TABLE);
	put_u32(&w, RTA_OIF, LOOPBACK_INDEX);
	nl_end(&w);
	return ask(route, &w);
}

/* What is there from a start before, which could not clear up, is as good. */
static int add(struct route *route, uint8_t family)
{
	int r = change_route(route, family, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	if (r == 0 || r == -EEXIST)
		r = change_rule(route, family, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	return r == -EEXIST ? 0 : r;
}

static void take_away(struct route *route, uint8_t family)
{
	change_rule(route, family, RTM_DELRULE, 0);
	change_route(route, family, RTM_DELROUTE, 0);
}

static int set_fwmark_accept(char value, char *ret_before)
{
	int fd = open(FWMARK_ACCEPT, O_RDWR | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (pread(fd, ret_before, 1, 0) != 1)
		r = -EIO;
	else if (*ret_before == value)
		*ret_before = '\0';
	else if (pwrite(fd, &value, 1, 0) != 1)
		r = -errno;
	close(fd);
	return r;
}

static int open_socket(struct route *route)
{
	struct timeval patience = { .tv_sec = 1 };

	route->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (route->fd < 0)
		return -errno;
	return setsockopt(route->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ? -errno : 0;
}

int route_open(uint32_t mark, struct route **ret)
{
	struct route *route = calloc(1, sizeof(*route));
	int r;

	if (!route)
		return -ENOMEM;
	route->mark = mark;
	r = open_socket(route);
	if (r == 0)
		r = set_fwmark_accept('1', &route->fwmark_accept_before);
	if (r == 0)
		r = add(route, AF_INET);
	if (r == 0)
		r = add(route, AF_INET6);
	if (r == -EAFNOSUPPORT || r == -EOPNOTSUPP)
		r = 0;
	if (r < 0) {
		route_close(route);
		return r;
	}
	*ret = route;
	return 0;
}

void route_close(struct route *route)
{
	char before;

	if (!route)
		return;
	if (route->fd >= 0) {
		take_away(route, AF_INET);
		take_away(route, AF_INET6);
		close(route->fd);
	}
	if (route->fwmark_accept_before)
		set_fwmark_accept(route->fwmark_accept_before, &before);
	free(route);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "act/route.h"

#include "base/bytes.h"
#include "base/log.h"
#include "wire/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOPBACK_INDEX 1U /* of lo, in every network namespace (LOOPBACK_IFINDEX, <net/flow.h>) */
#define FWMARK_ACCEPT "/proc/sys/net/ipv4/tcp_fwmark_accept"
#define IPV6_DISABLED "/proc/sys/net/ipv6/conf/lo/disable_ipv6"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LENGTH 36
#define RECORD_SIZE 80

struct route {
	int fd;
	uint32_t mark, sequence;
	char fwmark_accept_before; /* '0' or '1'; NUL: not changed */
	char *record;
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

/* What is there already, from a start before that could not clear up, is as good. Returns how many of the two were
 * missing, or -errno. */
static int add(struct route *route, uint8_t family)
{
	int r = change_route(route, family, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL), missing = r == 0;

	if (r == 0 || r == -EEXIST)
		r = change_rule(route, family, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	missing += r == 0;
	return r == 0 || r == -EEXIST ? missing : r;
}

/* A host without IPv6 has the IPv4 part; EACCES is what the kernel says where it was disabled for lo (sysctl). */
static int add_both(struct route *route)
{
	int r = add(route, AF_INET), r6 = r < 0 ? 0 : add(route, AF_INET6);

	if (r6 < 0 && r6 != -EAFNOSUPPORT && r6 != -EOPNOTSUPP && r6 != -EACCES)
		return r6;
	return r6 < 0 ? r : r + r6;
}

static void take_away(struct route *route, uint8_t family)
{
	change_rule(route, family, RTM_DELRULE, 0);
	change_route(route, family, RTM_DELROUTE, 0);
}

/* Its first character, or NUL. */
static char read_setting(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char value = '\0';

	if (fd < 0)
		return '\0';
	if (pread(fd, &value, 1, 0) != 1)
		value = '\0';
	close(fd);
	return value;
}

char route_fwmark_accept(void)
{
	return read_setting(FWMARK_ACCEPT);
}

bool route_has_ipv6(void)
{
	return read_setting(IPV6_DISABLED) == '0';
}

static int set_fwmark_accept(char value)
{
	int fd = open(FWMARK_ACCEPT, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (pwrite(fd, &value, 1, 0) != 1)
		r = -errno;
	close(fd);
	return r;
}

/* The whole line that says so, in this boot; false where the kernel does not tell. */
static bool write_line(char before, char line[RECORD_SIZE])
{
	char boot[BOOT_ID_LENGTH];
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, boot, sizeof(boot));

	if (fd >= 0)
		close(fd);
	snprintf(line, RECORD_SIZE, "%.*s tcp_fwmark_accept %c\n", BOOT_ID_LENGTH, boot, before);
	return size == BOOT_ID_LENGTH;
}

/* Where the folder is somebody else's after all, or something else stands there, it is none of ours. */
static bool is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* '0' or '1'; NUL where nothing is known. There are two lines that can stand in it. */
static char read_record(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[RECORD_SIZE + 1] = "", line[RECORD_SIZE], found = '\0';
	ssize_t size = -1;

	if (fd < 0)
		return '\0';
	if (is_ours(fd))
		size = read(fd, text, sizeof(text));
	close(fd);
	for (char before = '0'; size > 0 && before <= '1'; before++) {
		if (write_line(before, line) && (size_t)size == strlen(line) && memcmp(text, line, (size_t)size) == 0)
			found = before;
	}
	return found;
}

/* Anew each time: what stands there is not written to. */
static int write_record(const char *path, char before)
{
	char line[RECORD_SIZE];
	ssize_t size;
	int fd;

	if (!write_line(before, line))
		return -ENOENT;
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	size = write(fd, line, strlen(line));
	close(fd);
	if (size == (ssize_t)strlen(line))
		return 0;
	unlink(path);
	return -EIO;
}

/* What it was before is written down before it is changed. */
static int begin_fwmark_accept(struct route *route)
{
	char now = route_fwmark_accept(), before = read_record(route->record);
	int r;

	if (!now)
		return -ENOENT;
	if (now == '1') {
		route->fwmark_accept_before = before == '0' ? before : '\0';
		return 0;
	}
	r = write_record(route->record, now);
	if (r < 0)
		log_warning("%s: cannot write down that net.ipv4.tcp_fwmark_accept was %c: %s; it is put back at the end, "
			    "but not after a crash",
			    route->record, now, strerror(-r));
	r = set_fwmark_accept('1');
	if (r == 0)
		route->fwmark_accept_before = now;
	return r;
}

static void end_fwmark_accept(struct route *route)
{
	if (!route->fwmark_accept_before)
		return;
	if (set_fwmark_accept(route->fwmark_accept_before) == 0)
		unlink(route->record);
}

static int open_socket(struct route *route)
{
	struct timeval patience = { .tv_sec = 1 };

	route->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (route->fd < 0)
		return -errno;
	return setsockopt(route->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ? -errno : 0;
}

int route_open(uint32_t mark, const char *record, struct route **ret)
{
	struct route *route = calloc(1, sizeof(*route));
	int r;

	if (!route)
		return -ENOMEM;
	route->fd = -1;
	route->mark = mark;
	route->record = strdup(record);
	r = route->record ? open_socket(route) : -ENOMEM;
	if (r == 0)
		r = begin_fwmark_accept(route);
	if (r == 0)
		r = add_both(route);
	if (r < 0) {
		route_close(route);
		return r;
	}
	*ret = route;
	return 0;
}

void route_close(struct route *route)
{
	if (!route)
		return;
	if (route->fd >= 0) {
		take_away(route, AF_INET);
		take_away(route, AF_INET6);
		close(route->fd);
	}
	end_fwmark_accept(route);
	free(route->record);
	free(route);
}

int route_keep(struct route *route)
{
	int missing = add_both(route), r = 0;

	if (route_fwmark_accept() == '0') {
		r = set_fwmark_accept('1');
		missing += missing >= 0;
	}
	return r < 0 ? r : missing;
}

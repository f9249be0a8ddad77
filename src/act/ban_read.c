/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's suspects, read in parts. Each part is one recvfrom(2), for which the kernel passes over all that it has
 * handed out already: so it is the owner who has to come to an end (BAN_READ_MOST_UNITS), and to let time pass. */
#include "act/ban_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills no more than it is offered room for, and at least a page. */
#define PART_SIZE 8192
/* With its timeout an element of the shorter kind takes 44 bytes. */
_Static_assert(PART_SIZE / 44 < BAN_READ_PART_MOST, "a part has room for what comes at once");

struct ban_reader {
	int fd;
	enum addr_family family;
};

static int ask(const struct ban_reader *reader)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char buffer[256];
	struct nl_writer w;

	nl_writer_init(&w, buffer, sizeof(buffer));
	nft_ask_elements(&w, 1, BAN_TABLE_NAME, reader->family == ADDR_IPV4 ? NFT_GUARD_SUSPECT4 : NFT_GUARD_SUSPECT6);
	return sendto(reader->fd, w.data, w.used, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

int ban_reader_open(enum addr_family family, struct ban_reader **ret)
{
	struct ban_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->family = family;
	/* One of its own: by the answers to a change this would be read to its end. */
	reader->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	r = reader->fd < 0 ? -errno : ask(reader);
	if (r < 0) {
		ban_reader_close(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

void ban_reader_close(struct ban_reader *reader)
{
	if (!reader)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader);
}

static void take(const struct ban_reader *reader, struct bytes elements, struct ban_read *ret, size_t *count)
{
	size_t key_size = reader->family == ADDR_IPV4 ? 4 : 16;
	struct nft_element element;
	struct addr addr;
	uint8_t octets[16];

	while (*count < BAN_READ_PART_MOST && nft_next_element(&elements, &element) > 0) {
		if (element.key.size != key_size || element.remaining_ms == UINT64_MAX)
			continue;
		memcpy(octets, element.key.data, key_size);
		addr = reader->family == ADDR_IPV4 ? addr_from_ipv4(octets) : addr_from_ipv6(octets);
		ret[(*count)++] = (struct ban_read){ addr_unit(&addr), element.remaining_ms };
	}
}

int ban_reader_next(struct ban_reader *reader, struct ban_read ret[BAN_READ_PART_MOST], size_t *ret_count)
{
	struct sockaddr_nl from;
	socklen_t from_size = sizeof(from);
	struct nl_message message;
	char buffer[PART_SIZE];
	struct bytes stream, elements;
	ssize_t size;
	int r;

	*ret_count = 0;
	size = recvfrom(reader->fd, buffer, sizeof(buffer), MSG_TRUNC, (struct sockaddr *)&from, &from_size);
	if (size < 0)
		return -errno;
	if (from_size != sizeof(from) || from.nl_pid != 0)
		return 1;
	if ((size_t)size > sizeof(buffer))
		return -EMSGSIZE;
	stream = bytes_make(buffer, (size_t)size);
	while (nl_next_message(&stream, &message) > 0) {
		if (message.type == NLMSG_DONE)
			return 0;
		r = nft_read_elements(&message, &elements);
		if (r < 0)
			return r;
		take(reader, elements, ret, ret_count);
	}
	return 1;
}

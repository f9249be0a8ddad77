/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_transaction.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* An answer about an element with all its attributes is below 200 bytes; a refusal without
 * a copy of what it refuses is 36. */
#define ANSWER_ROOM 4096
#define ANSWERS_ROOM (NFT_QUESTIONS_MOST * 8 * 1024)

/* Beyond net.core.wmem_max, which CAP_NET_ADMIN may; without it the plain option gets what
 * there is, and the first big batch says -EMSGSIZE. */
static int set_buffer(int fd, int force_option, int option, size_t size)
{
	int bytes = (int)size;

	if (setsockopt(fd, SOL_SOCKET, force_option, &bytes, sizeof(bytes)) == 0)
		return 0;
	return setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)) < 0 ? -errno : 0;
}

static int set_options(int fd, size_t most)
{
	static const int yes = 1;
	int r = set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, most);

	if (r == 0)
		r = set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, ANSWERS_ROOM);
	/* Otherwise a refused message of 64 KiB comes back whole. */
	if (r == 0 && setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes)) < 0)
		r = -errno;
	return r;
}

int nft_socket_open(size_t most, int *ret_fd)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	int r;

	if (fd < 0)
		return -errno;
	r = bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ? -errno : set_options(fd, most);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int send_all(int fd, const struct nl_writer *w)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (nl_overflow(w))
		return -EMSGSIZE;
	if (sendto(fd, w->data, w->used, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* Reads until nothing is left, so that no answer is ever taken for that to a later
 * question; what another process sent us is passed over. */
static int read_all(int fd, nft_answer_fn *fn, void *data)
{
	char buffer[ANSWER_ROOM];
	struct sockaddr_nl from;
	socklen_t from_size;
	struct nl_message answer;
	struct bytes stream;
	ssize_t size;
	int r = 0;

	for (;;) {
		from_size = sizeof(from);
		size = recvfrom(fd, buffer, sizeof(buffer), MSG_TRUNC, (struct sockaddr *)&from,
				&from_size);
		if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return r;
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno != ENOBUFS)
			return -errno;
		if (size < 0 || (size_t)size > sizeof(buffer)) {
			r = -ENOBUFS; /* answers were lost; the rest still has to be taken away */
			continue;
		}
		if (from_size != sizeof(from) || from.nl_pid != 0)
			continue;
		stream = bytes_make(buffer, (size_t)size);
		while (nl_next_message(&stream, &answer) > 0)
			fn(data, &answer);
	}
}

struct refusal {
	const struct nft_batch *batch;
	int error;
	uint32_t sequence;
};

static void note_refusal(void *data, const struct nl_message *answer)
{
	struct refusal *refusal = data;
	uint32_t place = answer->sequence - refusal->batch->first_sequence;

	if (answer->type != NLMSG_ERROR || refusal->error ||
	    place >= refusal->batch->next_sequence - refusal->batch->first_sequence)
		return;
	refusal->error = nl_error(answer);
	refusal->sequence = answer->sequence;
}

int nft_transaction_run(int fd, const struct nft_batch *batch, uint32_t *ret_refused_sequence)
{
	struct refusal refusal = { .batch = batch };
	int r = send_all(fd, &batch->w);

	*ret_refused_sequence = 0;
	if (r < 0)
		return r;
	r = read_all(fd, note_refusal, &refusal);
	if (refusal.error == 0)
		return r;
	*ret_refused_sequence = refusal.sequence;
	return refusal.error;
}

int nft_questions_run(int fd, const struct nl_writer *questions, nft_answer_fn *fn, void *data)
{
	int r = send_all(fd, questions);

	return r < 0 ? r : read_all(fd, fn, data);
}

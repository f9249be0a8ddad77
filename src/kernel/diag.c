/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/diag.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer to a get: a head, an inet_diag_msg and a tcp_info, about 450 bytes on Linux 6.18.
 * A batch of them stays below a socket's default receive buffer. */
#define ANSWER_MOST 1024

struct diag {
	int fd;
	/* Of the first request in the latest send: an answer to an earlier one is passed over. */
	uint32_t sequence;
	union {
		uint8_t dump[SOCKDIAG_DATAGRAM_MOST];
		uint8_t answers[DIAG_BATCH][ANSWER_MOST];
	} received;
};

typedef void put_fn(struct nl_writer *w, uint32_t sequence, const struct sockdiag_key *key);

static int send_all(struct diag *diag, const struct nl_writer *w)
{
	if (nl_overflow(w))
		return -EINVAL;
	return send(diag->fd, w->data, w->used, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* Whoever can send to our socket is the kernel or root; only the kernel has port 0. */
static ssize_t receive_one(struct diag *diag)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_size = sizeof(from);
	ssize_t n;

	do {
		n = recvfrom(diag->fd, diag->received.dump, sizeof(diag->received.dump),
			     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_size);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0)
		return -errno;
	return (size_t)n > sizeof(diag->received.dump) ? -EMSGSIZE : n;
}

/* A dump that is left in the middle would keep the socket busy for all that follows. */
static void drain(struct diag *diag)
{
	ssize_t n;

	do
		n = receive_one(diag);
	while (n >= 0 || n == -EMSGSIZE);
}

/* Returns 1 when the dump is complete, 0 when more datagrams follow, or -errno. */
static int read_dump(const struct diag *diag, struct bytes datagram, diag_fn *fn, void *data)
{
	struct sockdiag_answer answer;
	int r;

	while ((r = sockdiag_next(&datagram, &answer)) == 1) {
		if (answer.sequence != diag->sequence)
			continue;
		if (answer.kind != SOCKDIAG_SOCKET)
			return answer.error < 0 ? answer.error : 1;
		fn(data, 0, &answer);
	}
	return r;
}

int diag_dump(struct diag *diag, const struct sockdiag_filter *filter, diag_fn *fn, void *data)
{
	uint8_t request[SOCKDIAG_DUMP_SIZE];
	struct bytes datagram;
	struct nl_writer w;
	ssize_t n;
	int r;

	nl_writer_init(&w, request, sizeof(request));
	sockdiag_put_dump(&w, ++diag->sequence, filter);
	r = send_all(diag, &w);
	while (r == 0) {
		n = receive_one(diag);
		datagram = bytes_make((const char *)diag->received.dump, n < 0 ? 0 : (size_t)n);
		r = n < 0 ? (int)n : read_dump(diag, datagram, fn, data);
	}
	if (r < 0)
		drain(diag);
	return r < 0 ? r : 0;
}

static int put_batch(struct diag *diag, const struct sockdiag_key *keys, size_t count, put_fn *put)
{
	uint8_t requests[DIAG_BATCH * SOCKDIAG_REQUEST_SIZE];
	struct nl_writer w;

	if (count > DIAG_BATCH)
		return -EINVAL;
	nl_writer_init(&w, requests, sizeof(requests));
	diag->sequence += DIAG_BATCH;
	for (size_t i = 0; i < count; i++)
		put(&w, diag->sequence + (uint32_t)i, &keys[i]);
	return count ? send_all(diag, &w) : 0;
}

/* Returns how many answers there were. */
static size_t deliver(const struct diag *diag, struct bytes datagram, size_t count, diag_fn *fn, void *data)
{
	struct sockdiag_answer answer;
	size_t delivered = 0;

	while (sockdiag_next(&datagram, &answer) == 1) {
		uint32_t index = answer.sequence - diag->sequence;

		if (index >= count)
			continue;
		fn(data, index, &answer);
		delivered++;
	}
	return delivered;
}

/* Up to `room` datagrams in one call, as recvmmsg(2). */
static int receive_batch(struct diag *diag, size_t room, struct bytes datagrams[DIAG_BATCH])
{
	struct mmsghdr heads[DIAG_BATCH];
	struct iovec parts[DIAG_BATCH];
	struct sockaddr_nl from[DIAG_BATCH];
	int n;

	for (size_t i = 0; i < room; i++) {
		parts[i] = (struct iovec){ diag->received.answers[i], ANSWER_MOST };
		heads[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i],
			.msg_namelen = sizeof(from[i]),
			.msg_iov = &parts[i],
			.msg_iovlen = 1,
		};
	}
	n = recvmmsg(diag->fd, heads, (unsigned)room, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		bool good = from[i].nl_pid == 0 && !(heads[i].msg_hdr.msg_flags & MSG_TRUNC);

		datagrams[i] = bytes_make((const char *)diag->received.answers[i], good ? heads[i].msg_len : 0);
	}
	return n < 0 ? -errno : n;
}

/* Reads until the answers that have to come are there, or no more are. */
static void read_batch(struct diag *diag, size_t count, size_t to_come, diag_fn *fn, void *data)
{
	struct bytes datagrams[DIAG_BATCH];
	size_t delivered = 0;
	int n;

	do {
		n = receive_batch(diag, count, datagrams);
		for (int i = 0; i < n; i++)
			delivered += deliver(diag, datagrams[i], count, fn, data);
		/* ENOBUFS says once that an answer was lost; the others are still there. */
	} while (delivered < to_come && (n > 0 || n == -EINTR || n == -ENOBUFS));
}

int diag_get(struct diag *diag, const struct sockdiag_key *keys, size_t count, diag_fn *fn, void *data)
{
	int r = put_batch(diag, keys, count, sockdiag_put_get);

	if (r == 0 && count > 0)
		read_batch(diag, count, count, fn, data);
	return r;
}

int diag_end(struct diag *diag, const struct sockdiag_key *keys, size_t count, diag_fn *fn, void *data)
{
	int r = put_batch(diag, keys, count, sockdiag_put_destroy);

	if (r == 0 && count > 0)
		read_batch(diag, count, SIZE_MAX, fn, data);
	return r;
}

static void note_error(void *data, size_t index, const struct sockdiag_answer *answer)
{
	int *error = data;

	*error = answer->error;
}

/* Asks to end a socket that cannot exist: the answer is -ENOENT where it is possible at all. */
int diag_can_end(struct diag *diag)
{
	struct sockdiag_key nobody = { .family = AF_INET };
	int error = 0, r;

	/* A cookie that is none of the kernel's: its numbers count up from 1. */
	memset(nobody.id + sizeof(nobody.id) - 8, 0xfe, 8);
	r = diag_end(diag, &nobody, 1, note_error, &error);
	if (r < 0)
		return r;
	return error == -ENOENT ? 0 : -EOPNOTSUPP;
}

int diag_create(struct diag **ret)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct diag *diag = calloc(1, sizeof(*diag));
	int r;

	if (!diag)
		return -ENOMEM;
	diag->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag->fd < 0 || connect(diag->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		r = -errno;
		diag_destroy(diag);
		return r;
	}
	*ret = diag;
	return 0;
}

void diag_destroy(struct diag *diag)
{
	if (!diag)
		return;
	if (diag->fd >= 0)
		close(diag->fd);
	free(diag);
}

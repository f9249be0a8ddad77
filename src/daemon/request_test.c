/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/request.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static int here, there;
static size_t descriptors;
static struct packet packet, received;

static size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static int set_up(void **state)
{
	int pair[2];

	descriptors = count_descriptors();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -1;
	here = pair[0];
	there = pair[1];
	memset(&packet, 0, sizeof(packet));
	memset(&received, 0xaa, sizeof(received));
	return 0;
}

/* No test leaves a descriptor behind. */
static int tear_down(void **state)
{
	close(here);
	close(there);
	return count_descriptors() != descriptors;
}

static void check_passes(uint32_t kind, uint32_t count, size_t item_size)
{
	size_t size = sizeof(packet.head) + count * item_size;
	int fd = 99;

	for (size_t i = 0; i < sizeof(packet); i++)
		((unsigned char *)&packet)[i] = (unsigned char)(i * 7);
	packet.head = (struct packet_head){ kind, count };
	assert_int_equal(packet_send(here, &packet, -1), 0);
	assert_int_equal(packet_receive(there, &received, &fd), 1);
	assert_memory_equal(&received, &packet, size);
	assert_int_equal(fd, -1);
}

static void packets_of_all_kinds_and_counts(void **state)
{
	static const struct {
		uint32_t kind, most;
		size_t item_size;
	} rows[] = {
		{ PACKET_REQUESTS, PACKET_ITEMS_MOST, sizeof(struct request) },
		{ PACKET_OPEN_LOG, 1, sizeof(struct log_request) },
		{ PACKET_ANSWERS, PACKET_ITEMS_MOST, sizeof(struct answer) },
		{ PACKET_LOG, PACKET_ITEMS_MOST, sizeof(struct answer) },
		{ PACKET_NEVER, PACKET_ENTRIES_MOST, sizeof(struct prefix_entry) },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (uint32_t count = 0; count <= rows[i].most; count++)
			check_passes(rows[i].kind, count, rows[i].item_size);
	}
}

/* Sends raw bytes and expects that they are refused. */
static void check_refused(const void *data, size_t size)
{
	int fd = 99;

	assert_int_equal(send(here, data, size, 0), size);
	assert_int_equal(packet_receive(there, &received, &fd), -EBADMSG);
	assert_int_equal(fd, -1);
}

static void sizes_that_do_not_fit(void **state)
{
	static const struct {
		uint32_t kind, count;
		size_t size; /* of what follows the head */
	} rows[] = {
		{ PACKET_REQUESTS, 1, 0 },
		{ PACKET_REQUESTS, 1, sizeof(struct request) - 1 },
		{ PACKET_REQUESTS, 1, sizeof(struct request) + 1 },
		{ PACKET_REQUESTS, 0, 1 },
		{ PACKET_REQUESTS, 2, sizeof(struct request) },
		{ PACKET_REQUESTS, PACKET_ITEMS_MOST + 1, sizeof(struct request) },
		{ PACKET_REQUESTS, UINT32_MAX, sizeof(struct request) },
		/* 40 times this is 0 in 32 bits. */
		{ PACKET_REQUESTS, 1U << 29, 0 },
		{ PACKET_REQUESTS, (1U << 29) + 1, sizeof(struct request) },
		{ PACKET_OPEN_LOG, 1, sizeof(struct request) },
		{ PACKET_OPEN_LOG, 2, 2 * sizeof(struct log_request) },
		{ PACKET_ANSWERS, 3, 3 * sizeof(struct answer) - 8 },
		{ PACKET_NEVER, PACKET_ENTRIES_MOST + 1, (PACKET_ENTRIES_MOST + 1) * sizeof(struct prefix_entry) },
		{ 0, 0, 0 },
		{ 0, 1, sizeof(struct request) },
		{ PACKET_NEVER + 1, 0, 0 },
		{ UINT32_MAX, 1, sizeof(struct request) },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		packet.head = (struct packet_head){ rows[i].kind, rows[i].count };
		check_refused(&packet, sizeof(packet.head) + rows[i].size);
	}
	packet.head = (struct packet_head){ PACKET_REQUESTS, 0 };
	for (size_t size = 1; size < sizeof(packet.head); size++)
		check_refused(&packet, size);
}

/* Longer than the largest packet: its cut begin would look whole. */
static void a_packet_that_was_cut_is_none(void **state)
{
	static char bytes[sizeof(struct packet) + 100];

	packet.head = (struct packet_head){ PACKET_REQUESTS, PACKET_ITEMS_MOST };
	memcpy(bytes, &packet, sizeof(packet));
	check_refused(bytes, sizeof(bytes));
}

static void the_end_and_nothing_yet(void **state)
{
	int fd = 99;

	assert_int_equal(packet_receive(there, &received, &fd), -EAGAIN);
	assert_int_equal(fd, -1);
	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	assert_int_equal(packet_send(here, &packet, -1), 0);
	close(here);
	here = -1;
	assert_int_equal(packet_receive(there, &received, &fd), 1);
	assert_int_equal(packet_receive(there, &received, &fd), 0);
	assert_int_equal(packet_send(there, &packet, -1), -EPIPE);
}

/* One of ours had not been read when we went: a reset, which is an end as well. */
static void a_reset_is_the_end(void **state)
{
	int fd;

	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	assert_int_equal(packet_send(there, &packet, -1), 0);
	close(here);
	here = -1;
	assert_int_equal(packet_receive(there, &received, &fd), 0);
}

static void a_full_socket_says_so(void **state)
{
	size_t sent = 0;
	int fd, r;

	packet.head = (struct packet_head){ PACKET_REQUESTS, PACKET_ITEMS_MOST };
	while ((r = packet_send(here, &packet, -1)) == 0)
		sent++;
	assert_int_equal(r, -EAGAIN);
	assert_true(sent > 0);
	assert_int_equal(packet_receive(there, &received, &fd), 1);
	assert_int_equal(packet_send(here, &packet, -1), 0);
}

static void a_descriptor_comes_along(void **state)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC), fd = -1;
	struct stat sent, got;

	packet.head = (struct packet_head){ PACKET_LOG, 1 };
	assert_int_equal(packet_send(here, &packet, file), 0);
	assert_int_equal(packet_receive(there, &received, &fd), 1);
	assert_true(fd >= 0 && fd != file);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(file, &sent), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(got.st_rdev, sent.st_rdev);
	close(fd);
	close(file);
}

/* What a hostile other end may send along. */
static void send_descriptors(const void *data, size_t size, size_t count)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(64 * sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &here, sizeof(here));
	assert_int_equal(sendmsg(here, &message, 0), size);
}

static void several_descriptors_are_refused_and_none_is_kept(void **state)
{
	static const size_t counts[] = { 2, 3, 4, 64 };
	size_t before = count_descriptors();
	int fd;

	packet.head = (struct packet_head){ PACKET_LOG, 1 };
	for (size_t i = 0; i < COUNT(counts); i++) {
		send_descriptors(&packet, sizeof(packet.head) + sizeof(struct answer), counts[i]);
		assert_int_equal(packet_receive(there, &received, &fd), -EBADMSG);
		assert_int_equal(fd, -1);
		assert_int_equal(count_descriptors(), before);
	}
}

static void a_broken_packet_leaves_no_descriptor(void **state)
{
	size_t before = count_descriptors();
	int fd;

	packet.head = (struct packet_head){ PACKET_LOG, 2 };
	send_descriptors(&packet, sizeof(packet.head) + sizeof(struct answer), 1);
	assert_int_equal(packet_receive(there, &received, &fd), -EBADMSG);
	send_descriptors(&packet, 1, 1);
	assert_int_equal(packet_receive(there, &received, &fd), -EBADMSG);
	/* Empty, which would be the end, were it not for what it carries. */
	send_descriptors(&packet, 0, 1);
	assert_int_equal(packet_receive(there, &received, &fd), -EBADMSG);
	send_descriptors(&packet, 0, 3);
	assert_int_equal(packet_receive(there, &received, &fd), -EBADMSG);
	assert_int_equal(count_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_of_all_kinds_and_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sizes_that_do_not_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_packet_that_was_cut_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_and_nothing_yet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reset_is_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_socket_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_descriptor_comes_along, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_descriptors_are_refused_and_none_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_broken_packet_leaves_no_descriptor, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

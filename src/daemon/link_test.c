/* SPDX-License-Identifier: Apache-2.0 */
/* The warden's end is a plain socket of the test; where it has to answer while the link waits,
 * it is a child. */
#include "daemon/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SEEN_MOST 20000

static struct loop *loop;
static struct loop_timer *turn;
static struct link *worker;
static int warden;
static struct packet packet;

static struct {
	uint64_t answers[SEEN_MOST]; /* their values, in order */
	size_t answer_count;
	size_t never_calls, never_entries;
	char never_why[PREFIX_WHY_SIZE];
	int rooms, gone;
	int opens_log; /* how many times an answer makes us open a log */
} seen;

static void on_answer(void *data, const struct answer *answer)
{
	assert_ptr_equal(data, &seen);
	seen.answers[seen.answer_count++] = answer->value;
	if (seen.opens_log > 0) {
		seen.opens_log--;
		assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -ENOENT);
	}
}

static void on_never(void *data, const struct prefix_set *never)
{
	seen.never_calls++;
	seen.never_entries = never->count;
	if (never->count)
		memcpy(seen.never_why, never->entries[never->count - 1].why, PREFIX_WHY_SIZE);
}

static void on_room(void *data)
{
	seen.rooms++;
}

static void on_gone(void *data)
{
	seen.gone++;
	loop_stop(loop);
}

static void stop(void *data)
{
	loop_stop(loop);
}

static int set_up(void **state)
{
	static const struct link_calls calls = { on_answer, on_never, on_room, on_gone };
	int pair[2];

	memset(&seen, 0, sizeof(seen));
	memset(&packet, 0, sizeof(packet));
	if (loop_create(&loop) < 0 || loop_timer_create(loop, stop, NULL, &turn) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -1;
	warden = pair[1];
	*state = (void *)(intptr_t)pair[0];
	return link_create(loop, pair[0], &calls, &seen, &worker);
}

static int tear_down(void **state)
{
	link_destroy(worker);
	loop_timer_destroy(turn);
	loop_destroy(loop);
	close((int)(intptr_t)*state);
	close(warden);
	return 0;
}

static void rounds(int count)
{
	while (count--) {
		assert_int_equal(loop_timer_arm(turn, 0), 0);
		assert_int_equal(loop_run(loop), 0);
	}
}

static int ask_numbered(uint64_t number)
{
	return link_ask(worker, &(struct request){ .kind = REQUEST_BAN, .timeout_ms = number });
}

/* Takes what has arrived at the warden; the requests have to be numbered on from *next. */
static size_t take_requests(uint64_t *next)
{
	size_t packets = 0;
	int fd;

	while (packet_receive(warden, &packet, &fd) == 1) {
		assert_int_equal(packet.head.kind, PACKET_REQUESTS);
		for (size_t i = 0; i < packet.head.count; i++)
			assert_int_equal(packet.requests[i].timeout_ms, (*next)++);
		packets++;
	}
	return packets;
}

static void requests_leave_together(void **state)
{
	uint64_t next = 0;

	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(ask_numbered(i), 0);
	assert_int_equal(take_requests(&next), 0);
	link_flush(worker);
	assert_int_equal(take_requests(&next), 1);
	assert_int_equal(next, 10);
	link_flush(worker);
	assert_int_equal(take_requests(&next), 0);
}

static void a_full_packet_leaves_by_itself(void **state)
{
	uint64_t next = 0;

	for (uint64_t i = 0; i < PACKET_ITEMS_MOST + 5; i++)
		assert_int_equal(ask_numbered(i), 0);
	assert_int_equal(take_requests(&next), 1);
	assert_int_equal(next, PACKET_ITEMS_MOST);
	assert_int_equal(link_room(worker), LINK_WAITING_MOST - 5);
}

/* Fills socket and queue. Returns how many were taken. */
static uint64_t fill(uint64_t from)
{
	while (ask_numbered(from) == 0)
		from++;
	assert_int_equal(link_room(worker), 0);
	return from;
}

static void the_queue_has_an_end_and_keeps_the_order(void **state)
{
	uint64_t asked = fill(0), next = 0;

	assert_true(asked > LINK_WAITING_MOST);
	assert_int_equal(ask_numbered(0), -ENOBUFS);
	rounds(3);
	assert_int_equal(seen.rooms, 0);
	while (next < asked) {
		take_requests(&next);
		rounds(1);
	}
	assert_int_equal(next, asked);
	assert_int_equal(link_room(worker), LINK_WAITING_MOST);
	rounds(2);
	assert_int_equal(seen.rooms, 1);
	/* And round the ring again. */
	asked = fill(asked);
	while (next < asked) {
		take_requests(&next);
		rounds(1);
	}
	assert_int_equal(next, asked);
}

static void room_is_told_at_half(void **state)
{
	uint64_t next = 0;

	fill(0);
	assert_int_equal(ask_numbered(0), -ENOBUFS);
	while (seen.rooms == 0) {
		assert_true(link_room(worker) < LINK_WAITING_MOST);
		take_requests(&next);
		rounds(2);
	}
	assert_true(link_room(worker) >= LINK_WAITING_MOST / 2);
	while (link_room(worker) < LINK_WAITING_MOST) {
		take_requests(&next);
		rounds(1);
	}
	assert_int_equal(seen.rooms, 1);
}

static void room_that_was_wished_for(void **state)
{
	link_want_room(worker);
	link_flush(worker);
	assert_int_equal(seen.rooms, 0);
	rounds(3);
	assert_int_equal(seen.rooms, 1);
}

static void answer_numbered(uint64_t first, uint32_t count)
{
	packet.head = (struct packet_head){ PACKET_ANSWERS, count };
	for (uint32_t i = 0; i < count; i++)
		packet.answers[i] = (struct answer){ .kind = ANSWER_REMAINING, .value = first + i };
	assert_int_equal(packet_send(warden, &packet, -1), 0);
}

static void check_answers(size_t count)
{
	assert_int_equal(seen.answer_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(seen.answers[i], i);
}

static void answers_come_from_the_loop_in_order(void **state)
{
	answer_numbered(0, 3);
	answer_numbered(3, 0);
	answer_numbered(3, 1);
	assert_int_equal(seen.answer_count, 0);
	rounds(5);
	check_answers(4);
}

/* A warden that talks without end does not keep our requests from leaving. */
static void answers_do_not_hold_requests_up(void **state)
{
	uint64_t asked = fill(0), next = 0, answered = 0;

	while (next < asked && answered < SEEN_MOST) {
		answer_numbered(answered, 1);
		answered++;
		take_requests(&next);
		rounds(1);
	}
	assert_int_equal(next, asked);
}

static void send_never(uint32_t count, uint8_t third_octet)
{
	packet.head = (struct packet_head){ PACKET_NEVER, count };
	for (uint32_t i = 0; i < count; i++) {
		struct prefix_entry *e = &packet.entries[i];

		*e = (struct prefix_entry){ .prefix = { .addr = { ADDR_IPV4, { 192, 0, third_octet, (uint8_t)i } },
							.length = 32 } };
		memset(e->why, 'w', sizeof(e->why));
	}
	assert_int_equal(packet_send(warden, &packet, -1), 0);
}

static void the_never_list_is_given_whole(void **state)
{
	send_never(PACKET_ENTRIES_MOST, 1);
	send_never(PACKET_ENTRIES_MOST, 2);
	rounds(4);
	assert_int_equal(seen.never_calls, 0);
	send_never(3, 3);
	rounds(4);
	assert_int_equal(seen.never_calls, 1);
	assert_int_equal(seen.never_entries, 2 * PACKET_ENTRIES_MOST + 3);
	/* A reason without an end gets one. */
	assert_int_equal(strnlen(seen.never_why, PREFIX_WHY_SIZE), PREFIX_WHY_SIZE - 1);

	send_never(2, 4);
	rounds(4);
	assert_int_equal(seen.never_calls, 2);
	assert_int_equal(seen.never_entries, 2);
	send_never(PACKET_ENTRIES_MOST, 1);
	send_never(0, 1);
	rounds(4);
	assert_int_equal(seen.never_calls, 3);
	assert_int_equal(seen.never_entries, PACKET_ENTRIES_MOST);
}

static void a_gone_warden_is_told(void **state)
{
	close(warden);
	warden = -1;
	link_flush(worker);
	ask_numbered(1);
	link_flush(worker);
	assert_int_equal(seen.gone, 0);
	rounds(1);
	assert_true(seen.gone > 0);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -EPIPE);
}

static void nonsense_is_as_good_as_gone(void **state)
{
	assert_int_equal(send(warden, "nonsense", 8, 0), 8);
	rounds(1);
	assert_int_equal(seen.gone, 1);
}

/* The child warden. */
static int children;

static struct log_request wait_for_log_request(void)
{
	struct log_request log = { .index = UINT16_MAX };
	int fd, r;

	do
		r = packet_receive(warden, &packet, &fd);
	while (r == -EAGAIN || (r == 1 && packet.head.kind != PACKET_OPEN_LOG));
	return r == 1 ? packet.log : log;
}

static void answer_log(uint32_t ticket, int error, int fd)
{
	packet.head = (struct packet_head){ PACKET_LOG, 1 };
	packet.answers[0] = (struct answer){ .kind = ANSWER_LOG, .error = error, .value = ticket };
	assert_int_equal(packet_send(warden, &packet, fd), 0);
}

static void be_warden(void (*play)(void))
{
	pid_t child = fork();

	assert_true(child >= 0);
	children++;
	if (child == 0) {
		play();
		_exit(0);
	}
}

static void children_ended_well(void)
{
	int status;

	for (; children; children--) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static bool is_null_device(int fd)
{
	struct stat null, st;

	return stat("/dev/null", &null) == 0 && fstat(fd, &st) == 0 && st.st_rdev == null.st_rdev;
}

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

static void play_one_log(void)
{
	struct log_request log = wait_for_log_request();

	if (log.index != 7 || strcmp(log.sibling, "mail.log.1") != 0)
		_exit(1);
	answer_log(log.ticket, 0, open("/dev/null", O_RDONLY));
}

static void a_log_is_opened(void **state)
{
	int fd;

	be_warden(play_one_log);
	fd = link_open_log(worker, &(struct log_request){ .index = 7, .sibling = "mail.log.1" });
	assert_true(fd >= 0);
	assert_true(is_null_device(fd));
	close(fd);
	children_ended_well();
}

static void play_failures(void)
{
	answer_log(wait_for_log_request().ticket, -EACCES, -1);
	/* Neither an error nor a descriptor. */
	answer_log(wait_for_log_request().ticket, 0, -1);
}

static void a_log_that_cannot_be_opened(void **state)
{
	be_warden(play_failures);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -EACCES);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -EIO);
	children_ended_well();
}

static void play_answers_before_log(void)
{
	struct log_request log = wait_for_log_request();

	for (uint64_t i = 0; i < 20; i++)
		answer_numbered(i, 1);
	answer_log(log.ticket, -ENOENT, -1);
	answer_numbered(20, 1);
}

static void what_comes_in_between_is_held_in_order(void **state)
{
	be_warden(play_answers_before_log);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -ENOENT);
	assert_int_equal(seen.answer_count, 0);
	children_ended_well();
	rounds(5);
	check_answers(21);
}

/* The answer to an earlier question that was given up is nobody's, with its descriptor. */
static void play_a_late_answer(void)
{
	struct log_request log = wait_for_log_request();
	int null = open("/dev/null", O_RDONLY);

	answer_log(log.ticket - 1, 0, null);
	answer_log(log.ticket - 2, -EACCES, -1);
	answer_log(log.ticket, -ENOENT, -1);
	answer_log(log.ticket, 0, null);
}

static void a_late_answer_is_not_taken_for_this_one(void **state)
{
	size_t before = count_descriptors();

	be_warden(play_a_late_answer);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -ENOENT);
	children_ended_well();
	rounds(4);
	assert_int_equal(seen.gone, 0);
	assert_int_equal(count_descriptors(), before);
}

static void play_a_flood(void)
{
	struct log_request log = wait_for_log_request();

	for (uint64_t i = 0; i < 100; i++)
		answer_numbered(i, 1);
	answer_log(log.ticket, 0, open("/dev/null", O_RDONLY));
}

/* More than can be held: the log is given up, and no answer is lost. */
static void a_flood_in_between_loses_nothing(void **state)
{
	size_t before = count_descriptors();

	be_warden(play_a_flood);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -ETIMEDOUT);
	children_ended_well();
	rounds(110);
	check_answers(100);
	assert_int_equal(count_descriptors(), before);
}

/* An answer that was held makes us open another log, in whose wait more has to be held. */
static void play_logs_within_answers(void)
{
	uint64_t number = 0;

	for (int i = 0; i < 4; i++) {
		struct log_request log = wait_for_log_request();

		answer_numbered(number, 1);
		answer_numbered(number + 1, 1);
		number += 2;
		answer_log(log.ticket, -ENOENT, -1);
	}
}

static void a_held_answer_may_open_a_log(void **state)
{
	seen.opens_log = 3;
	be_warden(play_logs_within_answers);
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -ENOENT);
	rounds(10);
	children_ended_well();
	check_answers(8);
}

static void play_hang_up(void)
{
	struct log_request log = wait_for_log_request();

	answer_numbered(0, 1);
	if (log.index != 0)
		_exit(1);
}

static void a_warden_that_dies_in_between(void **state)
{
	be_warden(play_hang_up);
	close(warden);
	warden = -1;
	assert_int_equal(link_open_log(worker, &(struct log_request){ 0 }), -EPIPE);
	children_ended_well();
	/* What it said before is held, and freed with the link. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_leave_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_packet_leaves_by_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_queue_has_an_end_and_keeps_the_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(room_is_told_at_half, set_up, tear_down),
		cmocka_unit_test_setup_teardown(room_that_was_wished_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_come_from_the_loop_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_do_not_hold_requests_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_never_list_is_given_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gone_warden_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nonsense_is_as_good_as_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_is_opened, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_that_cannot_be_opened, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_in_between_is_held_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_late_answer_is_not_taken_for_this_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_in_between_loses_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_held_answer_may_open_a_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_warden_that_dies_in_between, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker that was taken over can ask for: the warden's end of the socketpair, without a
 * kernel table, and with a folder of logs that a stranger may write to. */
#include "daemon/warden_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "act/nft_transaction.h"
#include "act/test_network.h"
#include "base/counter.h"
#include "judge/bans.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 65534

struct scene {
	struct warden warden;
	struct plan plan;
	struct warden_options options;
	int worker;
	char folder[64], log[96], secret[96];
	char *logs[1];
};

/* What the warden links to: it must not come to this here. */
void warden_mend_table(struct warden *w)
{
	fail();
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void protect(struct warden *w, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of(text), &prefix), 0);
	assert_int_equal(prefix_set_add(&w->never, &prefix, "test"), 0);
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	int pair[2];

	assert_non_null(s);
	strcpy(s->folder, "/tmp/warden-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->log, sizeof(s->log), "%s/logs/mail.log", s->folder);
	snprintf(s->secret, sizeof(s->secret), "%s/secret", s->folder);
	*strrchr(s->log, '/') = '\0';
	assert_int_equal(mkdir(s->log, 0755), 0);
	s->log[strlen(s->log)] = '/';
	write_file(s->secret, "secret");
	s->logs[0] = s->log;
	s->plan.logs = (struct path_list){ s->logs, 1 };
	s->plan.settings.ban_limit = 1000;
	s->plan.settings.suspect_limit = 500;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	s->worker = pair[1];
	s->warden = (struct warden){ .options = &s->options, .plan = &s->plan, .listener = -1, .intake = -1 };
	assert_int_equal(loop_create(&s->warden.loop), 0);
	child_init(&s->warden.worker, s->warden.loop, NULL, NULL);
	s->warden.worker.socket = pair[0];
	s->warden.changes = calloc(WARDEN_CHANGES_MOST, sizeof(*s->warden.changes));
	s->warden.evictions = calloc(WARDEN_EVICTIONS_MOST, sizeof(*s->warden.evictions));
	assert_non_null(s->warden.changes);
	assert_non_null(s->warden.evictions);
	warden_set_bounds(&s->warden);
	protect(&s->warden, "192.0.2.0/24");
	protect(&s->warden, "2001:db8::1");
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;
	char command[128];

	close(s->warden.worker.socket);
	close(s->worker);
	loop_destroy(s->warden.loop);
	prefix_set_clear(&s->warden.never);
	prefix_set_clear(&s->warden.allowed);
	free(s->warden.changes);
	free(s->warden.evictions);
	snprintf(command, sizeof(command), "rm -r %s", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

/* 0, or the error of the refusal. */
static int32_t ask(struct scene *s, const struct request *request)
{
	struct packet packet;
	int fd;

	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	packet.requests[0] = *request;
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	if (packet_receive(s->worker, &packet, &fd) == -EAGAIN)
		return 0;
	assert_int_equal(fd, -1);
	assert_int_equal(packet.head.kind, PACKET_ANSWERS);
	assert_int_equal(packet.answers[0].kind, ANSWER_REFUSED);
	return packet.answers[0].error;
}

static void test_who_is_protected_is_neither_banned_nor_evicted(void **state)
{
	static const char *const protected[] = { "192.0.2.7", "2001:db8::" };
	struct request q = { .timeout_ms = 1000 };

	for (size_t i = 0; i < 2; i++) {
		q.unit = address(protected[i]);
		q.kind = REQUEST_BAN;
		assert_int_equal(ask(*state, &q), -EPERM);
		q.kind = REQUEST_EVICT;
		assert_int_equal(ask(*state, &q), -EPERM);
	}
	q = (struct request){ .kind = REQUEST_BAN, .unit = address("198.51.100.7"), .timeout_ms = 1000 };
	assert_int_equal(ask(*state, &q), 0);
	q.kind = REQUEST_ALLOW;
	q.length = 32;
	assert_int_equal(ask(*state, &q), 0);
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(*state, &q), -EPERM);
}

static void test_what_is_no_unit_or_no_time_is_refused(void **state)
{
	struct addr odd = address("198.51.100.7");
	struct request q = { .kind = REQUEST_BAN, .timeout_ms = 1000 };

	q.unit = address("2001:db8:7::1"); /* an address and not its /64, which might be protected */
	assert_int_equal(ask(*state, &q), -EINVAL);
	odd.family = 7;
	q.unit = odd;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.kind = REQUEST_ALLOW;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q = (struct request){ .kind = REQUEST_ALLOW, .unit = address("198.51.100.7"), .length = 33 };
	assert_int_equal(ask(*state, &q), -EINVAL);
	q = (struct request){ .kind = REQUEST_BAN, .unit = address("198.51.100.7") };
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.timeout_ms = BANS_DURATION_MOST_MS + 1;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.timeout_ms = UINT64_MAX;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q = (struct request){ .kind = 250 };
	assert_int_equal(ask(*state, &q), -EINVAL);
}

static void test_more_than_a_wave_is_refused(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_BAN, .timeout_ms = 1000 };
	size_t refused = 0;

	for (uint32_t n = 0; n < 60000; n++) {
		q.unit = addr_from_ipv4((uint8_t[]){ 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n });
		refused += ask(s, &q) == -EAGAIN;
	}
	assert_int_equal(refused, 60000 - 51000);
}

/* By the whole address of an IPv6 client, whose /64 has protected addresses in it as well. */
static void test_whose_connection_may_be_ended(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_RELIEVE, .port = 4711 };
	static const struct {
		const char *address;
		int32_t error;
	} rows[] = {
		{ "192.0.2.7", -EPERM }, { "2001:db8::1", -EPERM }, { "2001:db8::7", -EPERM },
		/* There is nobody who could end it. */
		{ "198.51.100.7", -EOPNOTSUPP }, { "2001:db8:7::7", -EOPNOTSUPP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		q.unit = address(rows[i].address);
		assert_int_equal(ask(s, &q), rows[i].error);
	}
	q.unit.family = 7;
	assert_int_equal(ask(s, &q), -EINVAL);
	s->options.observe = true;
	q.unit = address("198.51.100.7");
	assert_int_equal(ask(s, &q), -EPERM);
}

static void test_more_reliefs_than_a_server_has_places_are_refused(void **state)
{
	struct request q = { .kind = REQUEST_RELIEVE, .unit = address("198.51.100.7"), .port = 4711 };
	size_t refused = 0;

	for (int i = 0; i < 20000; i++)
		refused += ask(*state, &q) == -EAGAIN;
	assert_true(refused >= 10000);
}

static int32_t ask_for_handlers(struct scene *s)
{
	struct packet packet;
	int fd;

	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	packet.requests[0] = (struct request){ .kind = REQUEST_HANDLERS };
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	assert_int_equal(packet_receive(s->worker, &packet, &fd), 1);
	assert_int_equal(packet.head.count, 1);
	assert_int_equal(packet.answers[0].kind, ANSWER_HANDLERS);
	return packet.answers[0].error;
}

static void test_handlers_are_looked_at_once_a_second_and_where_they_tell(void **state)
{
	static const char *const handlers[] = { "courieresmtpd", NULL };
	struct scene *s = *state;
	uint16_t port = 2525;

	assert_int_equal(ask_for_handlers(s), -EOPNOTSUPP);
	s->plan.server = (struct mail_server){ .tells_blocked = true, .handlers = handlers };
	s->plan.settings.mail_ports = (struct port_list){ &port, 1 };
	assert_int_equal(ask_for_handlers(s), 0);
	assert_int_equal(ask_for_handlers(s), -EAGAIN);
	warden_close_relief(&s->warden);
}

/* Each question has an answer, none of which is ever read: the wait for room is bounded for all
 * of them together. At 50 ms each it would take 13 minutes, which the runner does not wait. */
static void test_a_worker_that_does_not_read_holds_up_nothing(void **state)
{
	struct scene *s = *state;
	uint64_t dropped = counter_read(COUNTER_answers_dropped);
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_REQUESTS, PACKET_ITEMS_MOST };
	for (size_t i = 0; i < PACKET_ITEMS_MOST; i++)
		packet.requests[i] = (struct request){ .kind = REQUEST_QUERY, .unit = address("198.51.100.7") };
	warden_renew_patience(&s->warden);
	for (int round = 0; round < 64; round++) {
		if (packet_send(s->worker, &packet, -1) == 0)
			warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	}
	assert_true(counter_read(COUNTER_answers_dropped) - dropped > 10000);
	assert_int_equal(s->warden.answer_patience_ms, 0);
}

/* The error, or 0 with a descriptor of it. */
static int32_t open_log(struct scene *s, uint16_t index, const char *sibling, int *ret_fd)
{
	struct packet packet = { .head = { PACKET_OPEN_LOG, 1 }, .log = { .ticket = 9, .index = index } };

	memccpy(packet.log.sibling, sibling, '\0', sizeof(packet.log.sibling));
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	assert_int_equal(packet_receive(s->worker, &packet, ret_fd), 1);
	assert_int_equal(packet.head.kind, PACKET_LOG);
	assert_int_equal(packet.answers[0].value, 9);
	assert_int_equal(*ret_fd >= 0, packet.answers[0].error == 0);
	return packet.answers[0].error;
}

static void assert_opens(struct scene *s, const char *sibling, const char *text)
{
	char read_text[32] = "";
	int fd;

	assert_int_equal(open_log(s, 0, sibling, &fd), 0);
	assert_true(read(fd, read_text, sizeof(read_text) - 1) >= 0);
	assert_string_equal(read_text, text);
	close(fd);
}

static void assert_refuses(struct scene *s, const char *sibling, int32_t error)
{
	int fd;

	assert_int_equal(open_log(s, 0, sibling, &fd), error);
}

static void in_folder(const struct scene *s, const char *name, char path[160])
{
	snprintf(path, 160, "%s/logs/%s", s->folder, name);
}

static void link_log(const struct scene *s, const char *target, uid_t owner)
{
	unlink(s->log);
	assert_int_equal(symlink(target, s->log), 0);
	if (geteuid() == 0)
		assert_int_equal(lchown(s->log, owner, owner), 0);
}

static void test_siblings_are_beside_the_log_and_no_links(void **state)
{
	struct scene *s = *state;
	char path[160], all[LOG_SIBLING_SIZE + 1];
	int fd;

	write_file(s->log, "log");
	in_folder(s, "mail.log.1", path);
	write_file(path, "old");
	assert_opens(s, "", "log");
	assert_opens(s, "mail.log.1", "old");
	assert_refuses(s, "mail.log.2", -ENOENT);
	assert_refuses(s, "other.log", -EINVAL);
	assert_refuses(s, "mail/../../secret", -EINVAL);
	assert_refuses(s, "../secret", -EINVAL);
	in_folder(s, "mail.log.3", path);
	assert_int_equal(symlink(s->secret, path), 0);
	assert_refuses(s, "mail.log.3", -ELOOP);
	in_folder(s, "mail.log.4", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refuses(s, "mail.log.4", -ENOTSUP);
	memset(all, 'm', sizeof(all));
	all[LOG_SIBLING_SIZE] = '\0';
	assert_refuses(s, all, -EINVAL);
	assert_int_equal(open_log(s, 1, "", &fd), -EINVAL);
}

static void test_a_pattern_opens_what_it_names_and_what_that_became(void **state)
{
	struct scene *s = *state;
	char pattern[160], path[160];
	int fd;

	in_folder(s, "*.log", pattern);
	s->logs[0] = pattern;
	write_file(s->log, "log");
	in_folder(s, "mail.log.1", path);
	write_file(path, "old");
	in_folder(s, "secret.txt", path);
	write_file(path, "secret");
	assert_int_equal(open_log(s, 0, "", &fd), -EINVAL);
	assert_opens(s, "mail.log", "log");
	assert_opens(s, "mail.log.1", "old");
	assert_refuses(s, "secret.txt", -EINVAL);
	assert_refuses(s, "secret.txt.1", -EINVAL);
	assert_refuses(s, "../secret", -EINVAL);
	assert_refuses(s, "x/../../secret.log", -EINVAL);
	assert_refuses(s, "other.log", -ENOENT);
	in_folder(s, "link.log", path);
	assert_int_equal(symlink(s->secret, path), 0);
	assert_refuses(s, "link.log", -ELOOP);
}

static void test_a_link_of_a_stranger_leads_to_no_file_of_others(void **state)
{
	struct scene *s = *state;
	char path[160];

	/* The administrator may link the log to wherever it is; relative links, too. */
	link_log(s, s->secret, geteuid());
	assert_opens(s, "", "secret");
	link_log(s, "../secret", geteuid());
	assert_opens(s, "", "secret");
	snprintf(path, sizeof(path), "%s/secret.1", s->folder);
	write_file(path, "older secret");
	assert_opens(s, "secret.1", "older secret");
	link_log(s, "mail.log", geteuid());
	assert_refuses(s, "", -ELOOP);
	if (geteuid() != 0)
		skip();
	link_log(s, s->secret, STRANGER);
	assert_refuses(s, "", -EPERM);
	assert_refuses(s, "secret.1", -EINVAL);
	/* By way of a link of root's all the same. */
	in_folder(s, "step", path);
	assert_int_equal(symlink(s->secret, path), 0);
	link_log(s, "step", STRANGER);
	assert_refuses(s, "", -EPERM);
	assert_int_equal(chown(s->secret, STRANGER, STRANGER), 0);
	assert_opens(s, "", "secret");
}

static void test_a_wave_lasts_as_long_as_the_worker_says(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_WAVE, .flags = 1 };

	assert_int_equal(ask(s, &q), 0);
	assert_true(s->warden.wave);
	q.flags = 2;
	assert_int_equal(ask(s, &q), -EINVAL);
	assert_true(s->warden.wave);
	q.flags = 0;
	assert_int_equal(ask(s, &q), 0);
	assert_false(s->warden.wave);
}

static void test_the_limits_follow_a_wave_once_a_second(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_WAVE };

	for (int i = 0; i < 1001; i++) {
		q.flags = i % 2 == 0;
		assert_int_equal(ask(s, &q), 0);
		assert_false(s->warden.wave_in_force);
	}
	warden_keep_table(&s->warden);
	assert_true(s->warden.wave_in_force);
}

static void test_suspects_are_checked_like_bans(void **state)
{
	struct request q = { .kind = REQUEST_SUSPECT, .timeout_ms = 1000, .unit = address("192.0.2.7") };

	assert_int_equal(ask(*state, &q), -EPERM);
	q.unit = address("2001:db8:7::1");
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.unit = address("198.51.100.7");
	assert_int_equal(ask(*state, &q), 0);
	q.timeout_ms = 0;
	assert_int_equal(ask(*state, &q), -EINVAL);
	q.kind = REQUEST_TRUST;
	assert_int_equal(ask(*state, &q), 0);
}

static void test_suspects_have_a_bound_of_their_own(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_SUSPECT, .timeout_ms = 1000 };
	size_t refused = 0;

	for (uint32_t n = 0; n < 60000; n++) {
		q.unit = addr_from_ipv4((uint8_t[]){ 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n });
		refused += ask(s, &q) == -EAGAIN;
	}
	assert_int_equal(refused, 60000 - 50500);
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(s, &q), 0);
}

static void test_a_wave_leaves_a_share_of_the_limits(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_WAVE, .flags = 1 };
	struct ban_table_limits limits;

	s->plan.settings.limits_per_address = 10;
	s->plan.settings.limits_per_network = 1;
	s->plan.settings.wave_limits = 50;
	assert_int_equal(ask(s, &q), 0);
	limits = warden_table_limits(&s->warden);
	assert_int_equal(limits.per_address, 5);
	assert_int_equal(limits.per_network, 1);
	assert_int_equal(limits.total, 0);
	q.flags = 2;
	assert_int_equal(ask(s, &q), -EINVAL);
	q.flags = 0;
	assert_int_equal(ask(s, &q), 0);
	assert_int_equal(warden_table_limits(&s->warden).per_address, 10);
}

static void take_element(void *data, const struct nl_message *answer)
{
	uint64_t remaining_ms;

	*(int *)data = nft_read_element(answer, &remaining_ms);
}

static bool is_in(const char *set, const char *text)
{
	struct addr a = address(text);
	uint8_t buffer[256];
	int fd, result = -EIO;
	struct nl_writer w;

	assert_int_equal(nft_socket_open(4096, &fd), 0);
	nl_writer_init(&w, buffer, sizeof(buffer));
	nft_ask_element(&w, 1, "wavebreak", set, a.octets, 4);
	assert_int_equal(nft_questions_run(fd, &w, take_element, &result), 0);
	close(fd);
	assert_true(result == 0 || result == -ENOENT);
	return result == 0;
}

/* In a network of its own; cmocka has no skip in what sets up. */
static void make_table(struct scene *s)
{
	const struct backend_limits backend = { .kind = BACKEND_NFT, .most = 1000 };
	static uint16_t ports[] = { 25 };
	struct settings *settings = &s->plan.settings;
	struct ban_table_limits limits;

	settings->mail_ports.ports = ports;
	settings->mail_ports.count = 1;
	settings->ban_for = settings->suspect_for = 60000;
	settings->limits_per_address = 10;
	settings->limits_burst = 1000;
	limits = warden_table_limits(&s->warden);
	assert_int_equal(ban_create(&limits, &s->warden.ban), 0);
	assert_int_equal(backend_open(s->warden.loop, &backend, &s->warden.ban, &s->warden.backend), 0);
	warden_fill_table(&s->warden);
}

static void test_the_kernel_is_told_of_all(void **state)
{
	struct scene *s = *state;
	struct request q = { .kind = REQUEST_SUSPECT, .timeout_ms = 60000, .unit = address("198.51.100.7") };
	struct request allow = { .kind = REQUEST_ALLOW, .unit = address("198.51.100.9"), .length = 32 };

	test_network_or_skip();
	make_table(s);
	assert_true(is_in("never4", "192.0.2.0"));
	assert_int_equal(ask(s, &q), 0);
	assert_true(is_in("suspect4", "198.51.100.7"));
	assert_false(is_in("ban4", "198.51.100.7"));
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(s, &q), 0);
	assert_true(is_in("ban4", "198.51.100.7"));
	/* A worker ended: what the next one does not ban again is free, and its suspects stay. */
	s->warden.bans_stale = true;
	q = (struct request){ .kind = REQUEST_SUSPECT, .timeout_ms = 60000, .unit = address("198.51.100.8") };
	assert_int_equal(ask(s, &q), 0);
	assert_true(is_in("ban4", "198.51.100.7"));
	q.kind = REQUEST_BAN;
	assert_int_equal(ask(s, &q), 0);
	assert_false(is_in("ban4", "198.51.100.7"));
	assert_true(is_in("suspect4", "198.51.100.7"));
	q.kind = REQUEST_TRUST;
	assert_int_equal(ask(s, &q), 0);
	assert_false(is_in("suspect4", "198.51.100.8"));

	assert_false(is_in("never4", "198.51.100.9"));
	assert_int_equal(ask(s, &allow), 0);
	assert_true(is_in("never4", "198.51.100.9"));
	allow.kind = REQUEST_DISALLOW;
	assert_int_equal(ask(s, &allow), 0);
	assert_false(is_in("never4", "198.51.100.9"));
	assert_true(is_in("never4", "192.0.2.0"));
	/* New limits, with all that was told still there. */
	q = (struct request){ .kind = REQUEST_WAVE, .flags = 1 };
	s->plan.settings.wave_limits = 50;
	assert_int_equal(ask(s, &q), 0);
	warden_keep_table(&s->warden);
	assert_true(is_in("suspect4", "198.51.100.7"));
	assert_true(is_in("never4", "192.0.2.0"));
	backend_close(s->warden.backend);
	ban_destroy(s->warden.ban);
	s->warden.backend = NULL;
	s->warden.ban = NULL;
}

/* One that is too long stands for whatever the kernel may refuse. */
static void test_a_list_that_was_refused_is_told_again(void **state)
{
	struct scene *s = *state;
	struct prefix prefix = { .addr = address("198.51.100.9"), .length = 32 };

	test_network_or_skip();
	make_table(s);
	while (s->warden.never.count <= BAN_PREFIXES_MOST)
		assert_int_equal(prefix_set_append(&s->warden.never, &prefix, "test", BAN_PREFIXES_MOST + 1), 0);
	warden_push_never(&s->warden);
	warden_keep_table(&s->warden);
	assert_false(is_in("never4", "198.51.100.9"));
	s->warden.never.count /= 2;
	warden_keep_table(&s->warden);
	assert_true(is_in("never4", "198.51.100.9"));
	backend_close(s->warden.backend);
	ban_destroy(s->warden.ban);
	s->warden.backend = NULL;
	s->warden.ban = NULL;
}

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_who_is_protected_is_neither_banned_nor_evicted),
		SCENE_TEST(test_what_is_no_unit_or_no_time_is_refused),
		SCENE_TEST(test_more_than_a_wave_is_refused),
		SCENE_TEST(test_whose_connection_may_be_ended),
		SCENE_TEST(test_more_reliefs_than_a_server_has_places_are_refused),
		SCENE_TEST(test_handlers_are_looked_at_once_a_second_and_where_they_tell),
		SCENE_TEST(test_a_worker_that_does_not_read_holds_up_nothing),
		SCENE_TEST(test_a_wave_lasts_as_long_as_the_worker_says),
		SCENE_TEST(test_suspects_are_checked_like_bans),
		SCENE_TEST(test_suspects_have_a_bound_of_their_own),
		SCENE_TEST(test_a_wave_leaves_a_share_of_the_limits),
		SCENE_TEST(test_the_limits_follow_a_wave_once_a_second),
		SCENE_TEST(test_the_kernel_is_told_of_all),
		SCENE_TEST(test_a_list_that_was_refused_is_told_again),
		SCENE_TEST(test_siblings_are_beside_the_log_and_no_links),
		SCENE_TEST(test_a_pattern_opens_what_it_names_and_what_that_became),
		SCENE_TEST(test_a_link_of_a_stranger_leads_to_no_file_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

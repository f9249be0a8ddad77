/* SPDX-License-Identifier: Apache-2.0 */
/* The ban table against real packets, in a private network namespace. A SYN on loopback is
 * through the input hook when connect(2) returns, so nothing here waits to see a drop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/ban.h"
#include "act/nft_transaction.h"
#include "act/test_network.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PORT 2525
#define OTHER_PORT 2526
#define MINUTE_MS 60000

static const struct ban_table_limits usual_limits = {
	.ban_for_ms = 10 * MINUTE_MS,
	.alive_ms = MINUTE_MS,
	.most = 1000,
	.ports = { PORT },
	.port_count = 1,
};

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(bytes_of(text), &a), 0);
	return a;
}

static socklen_t socket_address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return sizeof(*six);
}

static int listen_on(const char *text, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t size = socket_address(text, port, &at);
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 100), 0);
	return fd;
}

/* Loopback answers within connect, so its state afterwards is the firewall's verdict. */
static int try_connect(const char *from, const char *to, uint16_t port, int *ret_state)
{
	struct sockaddr_storage here, there;
	socklen_t here_size = socket_address(from, 0, &here),
		  there_size = socket_address(to, port, &there);
	int fd = socket(here.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct tcp_info info;
	socklen_t size = sizeof(info);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, here_size), 0);
	assert_true(connect(fd, (struct sockaddr *)&there, there_size) == 0 ||
		    errno == EINPROGRESS);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	*ret_state = info.tcpi_state;
	return fd;
}

static bool gets_in(const char *from, const char *to, uint16_t port)
{
	int state;

	close(try_connect(from, to, port, &state));
	assert_true(state == TCP_ESTABLISHED || state == TCP_SYN_SENT);
	return state == TCP_ESTABLISHED;
}

static void change(struct ban_table *ban, const char *unit, uint64_t timeout_ms)
{
	const struct ban_change c = { address(unit), timeout_ms, true };

	assert_int_equal(ban_apply(ban, &c, 1), 0);
}

static uint64_t remaining(struct ban_table *ban, const char *unit)
{
	const struct addr a = address(unit);
	uint64_t ms;

	assert_int_equal(ban_query(ban, &a, 1, &ms), 0);
	return ms;
}

static uint64_t dropped(struct ban_table *ban)
{
	struct ban_counts counts;

	assert_int_equal(ban_counts(ban, &counts), 0);
	return counts.banned;
}

static void banned_client_is_dropped_and_slides(void **state)
{
	struct ban_table *ban;
	int listener;

	test_network_or_skip();
	listener = listen_on("0.0.0.0", PORT);
	assert_int_equal(ban_create(&usual_limits, &ban), 0);
	assert_true(gets_in("127.0.0.2", "127.0.0.1", PORT));
	change(ban, "127.0.0.2", MINUTE_MS);
	assert_true(remaining(ban, "127.0.0.2") <= MINUTE_MS);
	assert_int_equal(dropped(ban), 0);

	assert_false(gets_in("127.0.0.2", "127.0.0.1", PORT));
	assert_int_equal(dropped(ban), 1);
	assert_true(remaining(ban, "127.0.0.2") > 9 * MINUTE_MS);
	assert_true(gets_in("127.0.0.3", "127.0.0.1", PORT));
	assert_int_equal(remaining(ban, "127.0.0.3"), 0);

	/* The cap: user space ends what would slide for ever. */
	change(ban, "127.0.0.2", 0);
	assert_int_equal(remaining(ban, "127.0.0.2"), 0);
	assert_true(gets_in("127.0.0.2", "127.0.0.1", PORT));
	close(listener);
	ban_destroy(ban);
}

static void ipv6_is_banned_by_its_network(void **state)
{
	struct ban_table *ban;
	int listener;

	test_network_or_skip();
	listener = listen_on("::", PORT);
	assert_int_equal(ban_create(&usual_limits, &ban), 0);
	assert_true(gets_in("::1", "::1", PORT));
	change(ban, "0:0:0:1::1", MINUTE_MS);
	assert_true(gets_in("::1", "::1", PORT));
	/* Another address of the /64 that ::1 is in. */
	change(ban, "::7", MINUTE_MS);
	assert_false(gets_in("::1", "::1", PORT));
	assert_true(remaining(ban, "::1") > 9 * MINUTE_MS);
	/* An IPv4 client of the same listener is another matter. */
	assert_true(gets_in("127.0.0.2", "127.0.0.1", PORT));
	change(ban, "127.0.0.2", MINUTE_MS);
	assert_false(gets_in("127.0.0.2", "127.0.0.1", PORT));
	close(listener);
	ban_destroy(ban);
}

static void live_connection_goes_on(void **state)
{
	int listener, client, server, tcp_state;
	struct ban_table *ban;
	char byte = 0;

	test_network_or_skip();
	listener = listen_on("0.0.0.0", PORT);
	assert_int_equal(ban_create(&usual_limits, &ban), 0);
	client = try_connect("127.0.0.2", "127.0.0.1", PORT, &tcp_state);
	assert_int_equal(tcp_state, TCP_ESTABLISHED);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	change(ban, "127.0.0.2", MINUTE_MS);
	assert_false(gets_in("127.0.0.2", "127.0.0.1", PORT));
	assert_int_equal(write(client, "?", 1), 1);
	assert_int_equal(recv(server, &byte, 1, MSG_DONTWAIT), 1);
	assert_int_equal(write(server, "5", 1), 1);
	assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), 1);
	assert_int_equal(byte, '5');
	assert_int_equal(dropped(ban), 1);
	close(client);
	close(server);
	close(listener);
	ban_destroy(ban);
}

static void other_ports_are_open(void **state)
{
	struct ban_table_limits limits = usual_limits;
	int listener, other;
	struct ban_table *ban;

	test_network_or_skip();
	listener = listen_on("0.0.0.0", PORT);
	other = listen_on("0.0.0.0", OTHER_PORT);
	assert_int_equal(ban_create(&limits, &ban), 0);
	change(ban, "127.0.0.2", MINUTE_MS);
	assert_false(gets_in("127.0.0.2", "127.0.0.1", PORT));
	assert_true(gets_in("127.0.0.2", "127.0.0.1", OTHER_PORT));

	limits.ports[0] = OTHER_PORT;
	limits.ban_for_ms = 20 * MINUTE_MS;
	assert_int_equal(ban_reconfigure(ban, &limits), 0);
	assert_true(remaining(ban, "127.0.0.2") > 9 * MINUTE_MS);
	assert_true(gets_in("127.0.0.2", "127.0.0.1", PORT));
	assert_false(gets_in("127.0.0.2", "127.0.0.1", OTHER_PORT));
	assert_true(remaining(ban, "127.0.0.2") > 19 * MINUTE_MS);
	assert_int_equal(dropped(ban), 2);

	limits.port_count = 0;
	assert_int_equal(ban_reconfigure(ban, &limits), -EINVAL);
	assert_false(gets_in("127.0.0.2", "127.0.0.1", OTHER_PORT));
	close(listener);
	close(other);
	ban_destroy(ban);
}

static void hung_daemon_drops_nothing(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct ban_table *ban;
	int listener, tries;

	test_network_or_skip();
	listener = listen_on("0.0.0.0", PORT);
	limits.alive_ms = BAN_SHORTEST_MS;
	assert_int_equal(ban_create(&limits, &ban), 0);
	change(ban, "127.0.0.2", 30 * MINUTE_MS);
	for (tries = 0; tries < 1000 && !gets_in("127.0.0.2", "127.0.0.1", PORT); tries++)
		poll(NULL, 0, 10);
	assert_true(tries < 1000);
	assert_true(remaining(ban, "127.0.0.2") > 0);

	/* It was late, not dead: the same bans hold again. */
	limits.alive_ms = MINUTE_MS;
	assert_int_equal(ban_reconfigure(ban, &limits), 0);
	assert_false(gets_in("127.0.0.2", "127.0.0.1", PORT));
	assert_int_equal(ban_alive(ban), 0);
	assert_false(gets_in("127.0.0.2", "127.0.0.1", PORT));
	close(listener);
	ban_destroy(ban);
}

/* As another program on the host sees the table. */
static void take_result(void *data, const struct nl_message *answer)
{
	struct nft_table_state table;

	*(int *)data = nft_read_table(answer, &table);
}

static int look_for_table(const char *name)
{
	uint8_t buffer[256];
	struct nl_writer w;
	int fd, result = -EIO;

	assert_int_equal(nft_socket_open(4096, &fd), 0);
	nl_writer_init(&w, buffer, sizeof(buffer));
	nft_ask_table(&w, 1, name);
	assert_int_equal(nft_questions_run(fd, &w, take_result, &result), 0);
	close(fd);
	return result;
}

static int meddle(bool remove, bool make)
{
	/* What a refresh needs, so that the other table is known only by being another. */
	static const struct nft_set alive = {
		"alive", NFT_DATATYPE_INET_PROTO, 1, NFT_SET_TIMEOUT, 16, 60000,
	};
	uint8_t buffer[1024];
	struct nft_batch batch;
	uint32_t refused;
	int fd, r;

	assert_int_equal(nft_socket_open(4096, &fd), 0);
	nft_batch_begin(&batch, "wavebreak", 1, buffer, sizeof(buffer));
	if (remove)
		nft_table_delete(&batch);
	if (make) {
		nft_table_add(&batch, false);
		nft_set_add(&batch, &alive);
	}
	assert_int_equal(nft_batch_end(&batch), 0);
	r = nft_transaction_run(fd, &batch, &refused);
	close(fd);
	return r;
}

static void table_is_gone_after_destroy(void **state)
{
	struct ban_table *ban;

	test_network_or_skip();
	assert_int_equal(look_for_table("wavebreak"), -ENOENT);
	assert_int_equal(ban_create(&usual_limits, &ban), 0);
	assert_int_equal(look_for_table("wavebreak"), 0);
	ban_destroy(ban);
	assert_int_equal(look_for_table("wavebreak"), -ENOENT);
	ban_destroy(NULL);
}

static void table_goes_with_its_owner(void **state)
{
	int ready[2];
	struct ban_table *ban;
	pid_t child;
	char byte;

	test_network_or_skip();
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* no stray owner when an assertion below fails */
		byte = ban_create(&usual_limits, &ban) == 0 ? 'y' : 'n';
		_exit(write(ready[1], &byte, 1) == 1 && pause() ? 0 : 1);
	}
	assert_true(child > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(byte, 'y');
	assert_int_equal(ban_create(&usual_limits, &ban), -EBUSY);
	assert_int_equal(meddle(true, false), -EPERM);

	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(look_for_table("wavebreak"), -ENOENT);
	assert_int_equal(ban_create(&usual_limits, &ban), 0);
	ban_destroy(ban);
}

static void lost_table_is_noticed(void **state)
{
	struct ban_table_limits limits = usual_limits;
	const struct ban_change c = { address("192.0.2.7"), MINUTE_MS, false };
	struct ban_table *ban;

	test_network_or_skip();
	limits.unowned = true;
	assert_int_equal(ban_create(&limits, &ban), 0);
	assert_int_equal(ban_alive(ban), 0);
	assert_int_equal(meddle(true, true), 0);
	assert_int_equal(ban_alive(ban), -ENOENT);
	assert_int_equal(meddle(true, false), 0);
	assert_int_equal(ban_alive(ban), -ENOENT);
	assert_int_equal(ban_apply(ban, &c, 1), -ENOENT);
	ban_destroy(ban);

	/* One that was left behind is in nobody's way. */
	assert_int_equal(meddle(false, true), 0);
	assert_int_equal(ban_create(&limits, &ban), 0);
	assert_int_equal(ban_apply(ban, &c, 1), 0);
	ban_destroy(ban);
	assert_int_equal(look_for_table("wavebreak"), -ENOENT);
}

static void take_generation(void *data, const struct nl_message *answer)
{
	struct bytes attributes = bytes_skip(answer->body, sizeof(struct nfgenmsg));
	struct nl_attribute a;

	while (nl_next_attribute(&attributes, &a) > 0) {
		if (a.type == NFTA_GEN_ID)
			*(uint32_t *)data = nl_get_be32(a.value);
	}
}

/* Counts the transactions that took place. */
static uint32_t generation(void)
{
	struct nfgenmsg head = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	uint32_t number = 0;
	uint8_t buffer[64];
	struct nl_writer w;
	int fd;

	assert_int_equal(nft_socket_open(4096, &fd), 0);
	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, NLM_F_REQUEST, 1, &head,
		 sizeof(head));
	nl_end(&w);
	assert_int_equal(nft_questions_run(fd, &w, take_generation, &number), 0);
	close(fd);
	assert_int_not_equal(number, 0);
	return number;
}

static void probe_leaves_nothing(void **state)
{
	struct ban_probe probe;
	struct ban_table *ban;
	uint32_t before;

	test_network_or_skip();
	before = generation();
	probe = ban_probe();
	/* An owned table would be gone by now in any case: it must never have been. */
	assert_int_equal(generation(), before);
	assert_int_equal(probe.support, BAN_SUPPORT_FULL);
	assert_int_equal(probe.error, 0);
	assert_int_equal(look_for_table("wavebreak"), -ENOENT);
	assert_int_equal(look_for_table("wavebreak-check"), -ENOENT);

	assert_int_equal(ban_create(&usual_limits, &ban), 0);
	assert_int_equal(ban_probe().support, BAN_SUPPORT_FULL);
	assert_int_equal(ban_alive(ban), 0);
	ban_destroy(ban);
}

static void without_permission_it_says_so(void **state)
{
	struct ban_table *ban;
	int status;
	pid_t child;

	test_network_or_skip();
	child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(ban_create(&usual_limits, &ban) == -EPERM &&
				      ban_probe().support == BAN_SUPPORT_FORBIDDEN ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void wrong_limits_are_refused(void **state)
{
	struct ban_table_limits limits = usual_limits;
	struct ban_table *ban;

	limits.port_count = 0;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
	limits.port_count = BAN_PORTS_MOST + 1;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
	limits = usual_limits;
	limits.most = 0;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
	limits = usual_limits;
	limits.ban_for_ms = 0;
	assert_int_equal(ban_create(&limits, &ban), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(banned_client_is_dropped_and_slides),
		cmocka_unit_test(ipv6_is_banned_by_its_network),
		cmocka_unit_test(live_connection_goes_on),
		cmocka_unit_test(other_ports_are_open),
		cmocka_unit_test(hung_daemon_drops_nothing),
		cmocka_unit_test(table_is_gone_after_destroy),
		cmocka_unit_test(table_goes_with_its_owner),
		cmocka_unit_test(lost_table_is_noticed),
		cmocka_unit_test(probe_leaves_nothing),
		cmocka_unit_test(without_permission_it_says_so),
		cmocka_unit_test(wrong_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

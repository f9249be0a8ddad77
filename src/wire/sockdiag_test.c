/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of(text), &prefix), 0);
	return prefix;
}

/* A filter program and the two ways the kernel goes through it (net/ipv4/inet_diag.c). */

struct socket_ends {
	int family;
	uint16_t local_port;
	uint8_t peer[16];
};

static size_t size_of_op(uint8_t code)
{
	switch (code) {
	case INET_DIAG_BC_S_EQ:
		return 2 * sizeof(struct inet_diag_bc_op);
	case INET_DIAG_BC_D_COND:
		return sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond);
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
		return sizeof(struct inet_diag_bc_op);
	}
	fail_msg("operation %d is not for us", code);
	return 0;
}

static bool is_on_the_way(struct bytes code, size_t place)
{
	struct inet_diag_bc_op op;

	for (size_t at = 0; at < code.size; at += op.yes) {
		if (at == place)
			return true;
		memcpy(&op, code.data + at, sizeof(op));
		if (op.yes < 4)
			return false;
	}
	return false;
}

/* Every step goes forward, ends on an operation, at the end, or 4 bytes past it. */
static void audit(struct bytes code)
{
	struct inet_diag_bc_op op;
	size_t at;

	for (at = 0; at < code.size; at += op.yes) {
		size_t least, left = code.size - at;

		assert_true(left >= sizeof(op));
		memcpy(&op, code.data + at, sizeof(op));
		least = size_of_op(op.code);
		assert_true(least <= left);
		assert_true(op.yes >= least && op.yes <= left + 4 && op.yes % 4 == 0);
		assert_true(op.no >= least && op.no <= left + 4 && op.no % 4 == 0);
		assert_true(op.no >= left || is_on_the_way(code, at + op.no));
	}
	assert_int_equal(at, code.size);
}

static bool bits_match(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++) {
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	}
	return true;
}

static bool peer_matches(const char *condition_at, const struct socket_ends *s)
{
	static const uint8_t clothing[12] = { [10] = 0xff, [11] = 0xff };
	struct inet_diag_hostcond condition;
	const uint8_t *wanted = (const uint8_t *)condition_at + sizeof(condition);

	memcpy(&condition, condition_at, sizeof(condition));
	assert_int_equal(condition.port, -1);
	if (condition.family == s->family)
		return bits_match(s->peer, wanted, condition.prefix_len);
	return condition.family == AF_INET && s->family == AF_INET6 && memcmp(s->peer, clothing, 12) == 0 &&
	       bits_match(s->peer + 12, wanted, condition.prefix_len);
}

static bool accepts(struct bytes code, const struct socket_ends *s)
{
	struct inet_diag_bc_op op, second;
	bool yes = false;

	while (code.size > 0) {
		size_t step;

		memcpy(&op, code.data, sizeof(op));
		switch (op.code) {
		case INET_DIAG_BC_S_EQ:
			memcpy(&second, code.data + sizeof(op), sizeof(second));
			yes = s->local_port == second.no;
			break;
		case INET_DIAG_BC_D_COND:
			yes = peer_matches(code.data + sizeof(op), s);
			break;
		case INET_DIAG_BC_JMP:
			yes = false;
			break;
		}
		step = yes ? op.yes : op.no;
		if (step > code.size)
			return false;
		code = bytes_skip(code, step);
	}
	return true;
}

static const char *const peer_texts[] = { "192.0.2.7", "198.51.100.0/24", "2001:db8:0:1::/64" };
static const uint16_t port_list[] = { 25, 465, 587 };

static const struct {
	size_t ports, peers; /* how many of the lists above */
	uint16_t local_port;
	int family;
	const char *peer;
	bool accepted;
} filters[] = {
	{ 1, 0, 25, AF_INET, "192.0.2.7", true },
	{ 1, 0, 26, AF_INET, "192.0.2.7", false },
	{ 1, 0, 465, AF_INET6, "2001:db8::1", false },
	{ 3, 0, 25, AF_INET, "192.0.2.7", true },
	{ 3, 0, 465, AF_INET6, "2001:db8::1", true },
	{ 3, 0, 587, AF_INET6, "2001:db8::1", true },
	{ 3, 0, 143, AF_INET6, "2001:db8::1", false },
	{ 0, 1, 143, AF_INET, "192.0.2.7", true },
	{ 0, 1, 143, AF_INET, "192.0.2.8", false },
	{ 0, 1, 143, AF_INET6, "192.0.2.7", true },
	{ 1, 1, 25, AF_INET, "192.0.2.7", true },
	{ 1, 1, 26, AF_INET, "192.0.2.7", false },
	{ 1, 1, 25, AF_INET, "192.0.2.8", false },
	{ 3, 3, 25, AF_INET, "198.51.100.255", true },
	{ 3, 3, 587, AF_INET6, "198.51.100.1", true },
	{ 3, 3, 587, AF_INET6, "198.51.101.1", false },
	{ 3, 3, 465, AF_INET6, "2001:db8:0:1:ffff::1", true },
	{ 3, 3, 465, AF_INET6, "2001:db8:0:2::1", false },
	{ 3, 3, 466, AF_INET6, "2001:db8:0:1::1", false },
	{ 3, 3, 25, AF_INET, "32.1.13.184", false }, /* the same bytes as 2001:db8:: */
};

/* What stands behind the head of the only message in the buffer. */
static struct bytes body_of(const struct nl_writer *w, uint16_t type, uint16_t flags, size_t head_size)
{
	struct bytes stream = bytes_make((const char *)w->data, w->used);
	struct nl_message message;

	assert_false(nl_overflow(w));
	assert_int_equal(nl_next_message(&stream, &message), 1);
	assert_int_equal(stream.size, 0);
	assert_int_equal(message.type, type);
	assert_int_equal(message.flags, flags);
	assert_true(message.body.size >= head_size);
	return bytes_skip(message.body, head_size);
}

static struct bytes program_of(const struct nl_writer *w)
{
	struct bytes attributes = body_of(w, TCPDIAG_GETSOCK, NLM_F_REQUEST | NLM_F_DUMP, sizeof(struct inet_diag_req));
	struct nl_attribute attribute;

	assert_int_equal(nl_next_attribute(&attributes, &attribute), 1);
	assert_int_equal(attribute.type, INET_DIAG_REQ_BYTECODE);
	assert_int_equal(attributes.size, 0);
	return attribute.value;
}

static void test_filters(void **state)
{
	struct prefix peers[3];
	uint8_t buffer[SOCKDIAG_DUMP_SIZE];

	for (size_t i = 0; i < 3; i++)
		peers[i] = prefix_of(peer_texts[i]);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct sockdiag_filter filter = { SOCKDIAG_CONNECTIONS, port_list, filters[i].ports, peers, filters[i].peers };
		struct socket_ends s = { .family = filters[i].family, .local_port = filters[i].local_port };
		struct addr peer = addr_of(filters[i].peer);
		struct nl_writer w;

		if (peer.family == ADDR_IPV4 && s.family == AF_INET6) {
			s.peer[10] = s.peer[11] = 0xff;
			memcpy(s.peer + 12, peer.octets, 4);
		} else {
			memcpy(s.peer, peer.octets, 16);
		}
		nl_writer_init(&w, buffer, sizeof(buffer));
		sockdiag_put_dump(&w, 1, &filter);
		audit(program_of(&w));
		if (accepts(program_of(&w), &s) != filters[i].accepted)
			fail_msg("row %zu: %s on port %d", i, filters[i].peer, filters[i].local_port);
	}
}

static void test_dump_without_filter_has_no_program(void **state)
{
	struct sockdiag_filter filter = { .states = SOCKDIAG_CONNECTIONS };
	uint8_t buffer[SOCKDIAG_DUMP_SIZE];
	struct nl_writer w;

	nl_writer_init(&w, buffer, sizeof(buffer));
	sockdiag_put_dump(&w, 1, &filter);
	assert_int_equal(body_of(&w, TCPDIAG_GETSOCK, NLM_F_REQUEST | NLM_F_DUMP, sizeof(struct inet_diag_req)).size, 0);
}

static void test_bounds_of_filters(void **state)
{
	uint16_t ports[SOCKDIAG_PORTS_MOST + 1] = { 0 };
	struct prefix peers[SOCKDIAG_PEERS_MOST + 1];
	struct sockdiag_filter filter = { 1, ports, SOCKDIAG_PORTS_MOST, peers, SOCKDIAG_PEERS_MOST };
	uint8_t buffer[SOCKDIAG_DUMP_SIZE];
	struct nl_writer w;

	for (size_t i = 0; i < SOCKDIAG_PEERS_MOST + 1; i++)
		peers[i] = prefix_of("2001:db8::1");
	nl_writer_init(&w, buffer, sizeof(buffer));
	sockdiag_put_dump(&w, 1, &filter);
	audit(program_of(&w));

	for (int i = 0; i < 4; i++) {
		struct sockdiag_filter wrong = filter;
		struct prefix bad = peers[0];

		if (i == 0)
			wrong.port_count++;
		if (i == 1)
			wrong.peer_count++;
		if (i == 2)
			bad.addr.family = ADDR_NONE;
		if (i == 3)
			bad.length = 129;
		if (i >= 2)
			wrong.peers = &bad, wrong.peer_count = 1;
		nl_writer_init(&w, buffer, sizeof(buffer));
		sockdiag_put_dump(&w, 1, &wrong);
		assert_true(nl_overflow(&w));
	}
}

/* Answers as the kernel writes them. */

struct answer_parts {
	const char *peer, *local;
	int family;
	uint8_t state;
	size_t info_size; /* 0: none */
};

static void put_ends(__be32 out[4], const char *text, int family)
{
	struct addr addr = addr_of(text);

	if (addr.family == ADDR_IPV4 && family == AF_INET6) {
		out[2] = htonl(0xffff);
		memcpy(&out[3], addr.octets, 4);
	} else {
		memcpy(out, addr.octets, 16);
	}
}

static void put_answer(struct nl_writer *w, uint32_t sequence, const struct answer_parts *parts)
{
	struct inet_diag_msg msg = {
		.idiag_family = (uint8_t)parts->family,
		.idiag_state = parts->state,
		.id = { .idiag_sport = htons(25), .idiag_dport = htons(4711), .idiag_cookie = { 7, 1 } },
		.idiag_rqueue = 3,
		.idiag_wqueue = 12,
		.idiag_inode = 4242,
		.idiag_uid = 104,
	};
	uint8_t info[512] = { 0 };
	struct tcp_info head = {
		.tcpi_last_data_sent = 4,
		.tcpi_last_data_recv = 8,
		.tcpi_data_segs_out = 5,
		.tcpi_data_segs_in = 6,
		.tcpi_bytes_sent = 1000,
		.tcpi_bytes_retrans = 300,
		.tcpi_notsent_bytes = 50,
		.tcpi_bytes_received = 99,
		.tcpi_last_ack_recv = 12,
		.tcpi_retransmits = 3,
	};

	put_ends(msg.id.idiag_dst, parts->peer, parts->family);
	put_ends(msg.id.idiag_src, parts->local, parts->family);
	memcpy(info, &head, sizeof(head));
	nl_begin(w, SOCK_DIAG_BY_FAMILY, 0, sequence, &msg, sizeof(msg));
	nl_put_u8(w, INET_DIAG_SHUTDOWN, 0);
	if (parts->info_size)
		nl_put(w, INET_DIAG_INFO, info, parts->info_size);
	nl_end(w);
}

static struct bytes written(const struct nl_writer *w)
{
	assert_false(nl_overflow(w));
	return bytes_make((const char *)w->data, w->used);
}

static const struct answer_parts answers[] = {
	{ "192.0.2.7", "192.0.2.1", AF_INET, SOCKDIAG_ESTABLISHED, sizeof(struct tcp_info) },
	{ "192.0.2.7", "192.0.2.1", AF_INET6, SOCKDIAG_CLOSE_WAIT, sizeof(struct tcp_info) + 64 },
	{ "2001:db8::7", "2001:db8::1", AF_INET6, SOCKDIAG_FIN_WAIT2, offsetof(struct tcp_info, tcpi_dsack_dups) },
	{ "2001:db8::7", "2001:db8::1", AF_INET6, SOCKDIAG_SYN_RECV, 0 },
	{ "2001:db8::7", "2001:db8::1", AF_INET6, SOCKDIAG_ESTABLISHED, offsetof(struct tcp_info, tcpi_dsack_dups) - 1 },
};

static void test_answers(void **state)
{
	uint8_t buffer[2048];

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct addr peer = addr_of(answers[i].peer), local = addr_of(answers[i].local);
		struct sockdiag_answer answer;
		const struct sockdiag_socket *s = &answer.socket;
		struct bytes stream;
		struct nl_writer w;

		nl_writer_init(&w, buffer, sizeof(buffer));
		put_answer(&w, 17, &answers[i]);
		stream = written(&w);
		assert_int_equal(sockdiag_next(&stream, &answer), 1);
		assert_int_equal(answer.kind, SOCKDIAG_SOCKET);
		assert_int_equal(answer.sequence, 17);
		assert_true(addr_equal(&s->peer, &peer));
		assert_true(addr_equal(&s->local, &local));
		assert_int_equal(s->peer_port, 4711);
		assert_int_equal(s->local_port, 25);
		assert_int_equal(s->state, answers[i].state);
		assert_int_equal(s->receive_queue, 3);
		assert_int_equal(s->send_queue, 12);
		assert_int_equal(s->inode, 4242);
		assert_int_equal(s->uid, 104);
		assert_int_equal(s->cookie, 0x100000007);
		assert_int_equal(s->has_info, answers[i].info_size >= offsetof(struct tcp_info, tcpi_dsack_dups));
		if (s->has_info) {
			assert_int_equal(s->info.data_sent_ago_ms, 4);
			assert_int_equal(s->info.data_received_ago_ms, 8);
			assert_int_equal(s->info.data_segments_sent, 5);
			assert_int_equal(s->info.data_segments_received, 6);
			assert_int_equal(s->info.bytes_written, 750);
			assert_int_equal(s->info.bytes_received, 99);
			assert_int_equal(s->info.ack_received_ago_ms, 12);
			assert_int_equal(s->info.retransmits, 3);
		}
		assert_int_equal(sockdiag_next(&stream, &answer), 0);
	}
}

static void test_key_finds_the_same_socket(void **state)
{
	struct sockdiag_answer answer;
	struct inet_diag_req_v2 head;
	uint8_t from[512], to[512];
	struct nl_writer w;
	struct bytes stream;

	nl_writer_init(&w, from, sizeof(from));
	put_answer(&w, 1, &answers[1]);
	stream = written(&w);
	assert_int_equal(sockdiag_next(&stream, &answer), 1);
	for (int i = 0; i < 2; i++) {
		nl_writer_init(&w, to, sizeof(to));
		if (i == 0)
			sockdiag_put_get(&w, 5, &answer.socket.key);
		else
			sockdiag_put_destroy(&w, 5, &answer.socket.key);
		assert_int_equal(w.used, SOCKDIAG_REQUEST_SIZE);
		stream = body_of(&w, i == 0 ? SOCK_DIAG_BY_FAMILY : SOCK_DESTROY, NLM_F_REQUEST, sizeof(head));
		memcpy(&head, stream.data - sizeof(head), sizeof(head));
		assert_int_equal(head.sdiag_family, AF_INET6);
		assert_int_equal(head.sdiag_protocol, IPPROTO_TCP);
		assert_int_equal(head.id.idiag_dport, htons(4711));
		assert_int_equal(head.id.idiag_cookie[0], 7);
		assert_int_equal(head.id.idiag_cookie[1], 1);
		assert_int_equal(head.id.idiag_dst[2], htonl(0xffff));
	}
}

static const struct {
	const struct answer_parts *like;
	const char *peer;
	int error;
	uint32_t first_word, last_word; /* of the address as the kernel has it */
} peers_of[] = {
	{ &answers[0], "198.51.100.9", 0, 0xc6336409, 0 },
	{ &answers[1], "198.51.100.9", 0, 0, 0xc6336409 },
	{ &answers[2], "2001:db8:5::9", 0, 0x20010db8, 9 },
	{ &answers[0], "2001:db8:5::9", -EAFNOSUPPORT, 0, 0 },
	{ &answers[1], "2001:db8:5::9", -EAFNOSUPPORT, 0, 0 },
	{ &answers[2], "198.51.100.9", -EAFNOSUPPORT, 0, 0 },
};

static void test_key_of_another_peer(void **state)
{
	for (size_t i = 0; i < sizeof(peers_of) / sizeof(peers_of[0]); i++) {
		struct addr peer = addr_of(peers_of[i].peer);
		struct sockdiag_answer answer;
		struct inet_diag_sockid id;
		struct sockdiag_key key;
		uint8_t buffer[512];
		struct nl_writer w;
		struct bytes stream;

		nl_writer_init(&w, buffer, sizeof(buffer));
		put_answer(&w, 1, peers_of[i].like);
		stream = written(&w);
		assert_int_equal(sockdiag_next(&stream, &answer), 1);
		assert_int_equal(sockdiag_key_of_peer(&answer.socket.key, &peer, 99, &key), peers_of[i].error);
		if (peers_of[i].error)
			continue;
		memcpy(&id, key.id, sizeof(id));
		assert_int_equal(key.family, answer.socket.key.family);
		assert_int_equal(id.idiag_dport, htons(99));
		assert_int_equal(id.idiag_sport, htons(25));
		assert_int_equal(ntohl(id.idiag_dst[0]), peers_of[i].first_word);
		assert_int_equal(ntohl(id.idiag_dst[3]), peers_of[i].last_word);

		/* It may be looked for, and must not be ended. */
		nl_writer_init(&w, buffer, sizeof(buffer));
		sockdiag_put_get(&w, 1, &key);
		assert_false(nl_overflow(&w));
		sockdiag_put_destroy(&w, 1, &key);
		assert_true(nl_overflow(&w));
	}
}

static void put_error(struct nl_writer *w, uint16_t type, int error)
{
	nl_begin(w, type, 0, 3, &error, sizeof(error));
	nl_end(w);
}

static void test_errors_and_the_end_of_a_dump(void **state)
{
	struct sockdiag_answer answer;
	uint8_t buffer[512];
	struct nl_writer w;
	struct bytes stream;

	nl_writer_init(&w, buffer, sizeof(buffer));
	put_error(&w, NLMSG_NOOP, 0);
	put_error(&w, NLMSG_ERROR, -ENOENT);
	put_error(&w, NLMSG_DONE, 0);
	put_error(&w, NLMSG_DONE, -ENOMEM);
	put_error(&w, 4711, 0);
	stream = written(&w);
	assert_int_equal(sockdiag_next(&stream, &answer), 1);
	assert_int_equal(answer.kind, SOCKDIAG_ERROR);
	assert_int_equal(answer.error, -ENOENT);
	assert_int_equal(answer.sequence, 3);
	assert_int_equal(sockdiag_next(&stream, &answer), 1);
	assert_int_equal(answer.kind, SOCKDIAG_DONE);
	assert_int_equal(answer.error, 0);
	assert_int_equal(sockdiag_next(&stream, &answer), 1);
	assert_int_equal(answer.kind, SOCKDIAG_DONE);
	assert_int_equal(answer.error, -ENOMEM);
	assert_int_equal(sockdiag_next(&stream, &answer), -EBADMSG);
}

/* Cut anywhere, with every byte changed in turn: never read past the end. The copy is as long
 * as the datagram, so that the sanitizer sees it. */
static void test_damaged_datagrams(void **state)
{
	uint8_t whole[1024];
	struct nl_writer w;

	nl_writer_init(&w, whole, sizeof(whole));
	put_answer(&w, 1, &answers[0]);
	put_error(&w, NLMSG_DONE, 0);
	for (size_t i = 0; i < w.used; i++) {
		for (int damage = 0; damage < 3; damage++) {
			size_t size = damage == 0 ? i : w.used;
			char *copy = malloc(size ? size : 1);
			struct sockdiag_answer answer;
			struct bytes stream = { copy, size };
			int r;

			memcpy(copy, whole, size);
			if (damage)
				copy[i] = (char)(damage == 1 ? ~copy[i] : 0);
			do
				r = sockdiag_next(&stream, &answer);
			while (r == 1);
			assert_true(r == 0 || r == -EBADMSG);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_dump_without_filter_has_no_program),
		cmocka_unit_test(test_bounds_of_filters),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_key_finds_the_same_socket),
		cmocka_unit_test(test_key_of_another_peer),
		cmocka_unit_test(test_errors_and_the_end_of_a_dump),
		cmocka_unit_test(test_damaged_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

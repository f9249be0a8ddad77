/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

_Static_assert(sizeof(((struct sockdiag_key *)0)->id) == sizeof(struct inet_diag_sockid), "a key holds an id");
_Static_assert(SOCKDIAG_REQUEST_SIZE == sizeof(struct nlmsghdr) + sizeof(struct inet_diag_req_v2),
	       "a request is a head and an inet_diag_req_v2");

/* The filter is a small program that the kernel runs for each socket: an operation says how
 * far to go on in bytes when it holds (`yes`) and when it does not (`no`). To arrive exactly
 * at the end accepts the socket, to go 4 bytes past it rejects it. Ours is a list of ports,
 * any of which must hold, and behind it a list of peers. */
#define OP_SIZE sizeof(struct inet_diag_bc_op)
#define PORT_SIZE (2 * OP_SIZE)
#define PEER_SIZE_MOST (OP_SIZE + sizeof(struct inet_diag_hostcond) + 16)
#define PROGRAM_MOST                                                                                   \
	(SOCKDIAG_PORTS_MOST * (PORT_SIZE + OP_SIZE) + SOCKDIAG_PEERS_MOST * (PEER_SIZE_MOST + OP_SIZE))

_Static_assert(PROGRAM_MOST + 256 < SOCKDIAG_DUMP_SIZE, "any dump fits");

struct program {
	uint8_t code[PROGRAM_MOST];
	size_t used, size;
};

static void put_op(struct program *p, uint8_t code, size_t yes, size_t no)
{
	struct inet_diag_bc_op op = { .code = code, .yes = (uint8_t)yes, .no = (uint16_t)no };

	memcpy(p->code + p->used, &op, sizeof(op));
	p->used += sizeof(op);
}

/* Where a test of a list goes when it fails: to the next one past the jump behind it, or out. */
static size_t on_failure(const struct program *p, size_t test_size, bool last)
{
	return last ? p->size - p->used + OP_SIZE : test_size + OP_SIZE;
}

static void put_jump(struct program *p, size_t target)
{
	put_op(p, INET_DIAG_BC_JMP, OP_SIZE, target - p->used);
}

static void put_ports(struct program *p, const struct sockdiag_filter *f, size_t end)
{
	for (size_t i = 0; i < f->port_count; i++) {
		bool last = i + 1 == f->port_count;

		put_op(p, INET_DIAG_BC_S_EQ, PORT_SIZE, on_failure(p, PORT_SIZE, last));
		put_op(p, INET_DIAG_BC_NOP, 0, f->ports[i]);
		if (!last)
			put_jump(p, end);
	}
}

static size_t octets_of(const struct prefix *peer)
{
	return peer->addr.family == ADDR_IPV4 ? 4 : 16;
}

static size_t peer_size(const struct prefix *peer)
{
	return OP_SIZE + sizeof(struct inet_diag_hostcond) + octets_of(peer);
}

/* A condition on an IPv4 address also holds for the same address in IPv6 clothing. */
static void put_peers(struct program *p, const struct sockdiag_filter *f)
{
	for (size_t i = 0; i < f->peer_count; i++) {
		const struct prefix *peer = &f->peers[i];
		struct inet_diag_hostcond condition = {
			.family = peer->addr.family == ADDR_IPV4 ? AF_INET : AF_INET6,
			.prefix_len = peer->length,
			.port = -1,
		};
		bool last = i + 1 == f->peer_count;

		put_op(p, INET_DIAG_BC_D_COND, peer_size(peer), on_failure(p, peer_size(peer), last));
		memcpy(p->code + p->used, &condition, sizeof(condition));
		p->used += sizeof(condition);
		memcpy(p->code + p->used, peer->addr.octets, octets_of(peer));
		p->used += octets_of(peer);
		if (!last)
			put_jump(p, p->size);
	}
}

static bool filter_fits(const struct sockdiag_filter *f)
{
	if (f->port_count > SOCKDIAG_PORTS_MOST || f->peer_count > SOCKDIAG_PEERS_MOST)
		return false;
	for (size_t i = 0; i < f->peer_count; i++) {
		const struct prefix *peer = &f->peers[i];

		if (peer->addr.family != ADDR_IPV4 && peer->addr.family != ADDR_IPV6)
			return false;
		if (peer->length > octets_of(peer) * 8)
			return false;
	}
	return true;
}

static void compile(struct program *p, const struct sockdiag_filter *f)
{
	size_t ports = f->port_count ? f->port_count * (PORT_SIZE + OP_SIZE) - OP_SIZE : 0;
	size_t peers = f->peer_count ? (f->peer_count - 1) * OP_SIZE : 0;

	for (size_t i = 0; i < f->peer_count; i++)
		peers += peer_size(&f->peers[i]);
	*p = (struct program){ .size = ports + peers };
	put_ports(p, f, ports);
	put_peers(p, f);
}

void sockdiag_put_dump(struct nl_writer *w, uint32_t sequence, const struct sockdiag_filter *filter)
{
	/* The older request (of "tcp_diag"): only it takes AF_UNSPEC for both families. */
	struct inet_diag_req head = { .idiag_family = AF_UNSPEC, .idiag_states = filter->states,
				    .idiag_ext = filter->with_info ? 1 << (INET_DIAG_INFO - 1) : 0 };
	struct program program;

	if (!filter_fits(filter)) {
		w->overflow = true;
		return;
	}
	compile(&program, filter);
	nl_begin(w, TCPDIAG_GETSOCK, NLM_F_REQUEST | NLM_F_DUMP, sequence, &head, sizeof(head));
	if (program.size)
		nl_put(w, INET_DIAG_REQ_BYTECODE, program.code, program.size);
	nl_end(w);
}

int sockdiag_key_of_peer(const struct sockdiag_key *like, const struct addr *peer, uint16_t peer_port,
			 struct sockdiag_key *ret)
{
	static const uint8_t clothing[12] = { [10] = 0xff, [11] = 0xff };
	struct inet_diag_sockid id;
	bool local_is_ipv4;

	memcpy(&id, like->id, sizeof(id));
	local_is_ipv4 = like->family == AF_INET || memcmp(id.idiag_src, clothing, sizeof(clothing)) == 0;
	if (peer->family != (local_is_ipv4 ? ADDR_IPV4 : ADDR_IPV6))
		return -EAFNOSUPPORT;
	memset(id.idiag_dst, 0, sizeof(id.idiag_dst));
	if (local_is_ipv4 && like->family == AF_INET6) {
		memcpy(id.idiag_dst, clothing, sizeof(clothing));
		memcpy(&id.idiag_dst[3], peer->octets, 4);
	} else {
		memcpy(id.idiag_dst, peer->octets, sizeof(id.idiag_dst));
	}
	id.idiag_dport = htons(peer_port);
	memset(id.idiag_cookie, 0xff, sizeof(id.idiag_cookie));
	ret->family = like->family;
	memcpy(ret->id, &id, sizeof(id));
	return 0;
}

/* No connection has the remote port 0. */
struct sockdiag_key sockdiag_key_of_listener(const struct addr *local, uint16_t port)
{
	struct sockdiag_key key = { .family = local->family == ADDR_IPV4 ? AF_INET : AF_INET6 };
	struct inet_diag_sockid id = { .idiag_sport = htons(port) };

	memcpy(id.idiag_src, local->octets, local->family == ADDR_IPV4 ? 4 : 16);
	memset(id.idiag_cookie, 0xff, sizeof(id.idiag_cookie));
	memcpy(key.id, &id, sizeof(id));
	return key;
}

static bool has_cookie(const struct sockdiag_key *key)
{
	struct inet_diag_sockid id;

	memcpy(&id, key->id, sizeof(id));
	return id.idiag_cookie[0] != INET_DIAG_NOCOOKIE || id.idiag_cookie[1] != INET_DIAG_NOCOOKIE;
}

static void put_exact(struct nl_writer *w, uint16_t type, uint32_t sequence, const struct sockdiag_key *key)
{
	struct inet_diag_req_v2 head = {
		.sdiag_family = key->family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = 1 << (INET_DIAG_INFO - 1),
		.idiag_states = UINT32_MAX,
	};

	memcpy(&head.id, key->id, sizeof(head.id));
	nl_begin(w, type, NLM_F_REQUEST, sequence, &head, sizeof(head));
	nl_end(w);
}

void sockdiag_put_get(struct nl_writer *w, uint32_t sequence, const struct sockdiag_key *key)
{
	put_exact(w, SOCK_DIAG_BY_FAMILY, sequence, key);
}

void sockdiag_put_destroy(struct nl_writer *w, uint32_t sequence, const struct sockdiag_key *key)
{
	if (has_cookie(key))
		put_exact(w, SOCK_DESTROY, sequence, key);
	else
		w->overflow = true;
}

/* tcp_info grows at its end from kernel to kernel; all that is used here is older than 5.14. */
static bool read_info(struct bytes value, struct sockdiag_info *ret)
{
	struct tcp_info info;

	if (value.size < offsetof(struct tcp_info, tcpi_dsack_dups))
		return false;
	memcpy(&info, value.data, offsetof(struct tcp_info, tcpi_dsack_dups));
	*ret = (struct sockdiag_info){
		.data_sent_ago_ms = info.tcpi_last_data_sent,
		.data_received_ago_ms = info.tcpi_last_data_recv,
		.data_segments_sent = info.tcpi_data_segs_out,
		.data_segments_received = info.tcpi_data_segs_in,
		.bytes_written = info.tcpi_bytes_sent - info.tcpi_bytes_retrans + info.tcpi_notsent_bytes,
		.bytes_received = info.tcpi_bytes_received,
		.ack_received_ago_ms = info.tcpi_last_ack_recv,
		.retransmits = info.tcpi_retransmits,
	};
	return true;
}

static struct addr read_addr(uint8_t family, const void *octets)
{
	return family == AF_INET ? addr_from_ipv4(octets) : addr_from_ipv6(octets);
}

static void read_marks(struct bytes value, struct sockdiag_socket *ret)
{
	struct inet_diag_sockopt options;

	if (value.size < sizeof(options))
		return;
	memcpy(&options, value.data, sizeof(options));
	ret->of_gate = !options.mc_loop;
	ret->greeted_by_gate = options.bind_address_no_port;
}

static int read_socket(struct bytes body, struct sockdiag_socket *ret)
{
	struct bytes attributes = bytes_skip(body, sizeof(struct inet_diag_msg));
	struct nl_attribute attribute;
	struct inet_diag_msg msg;
	int r;

	if (body.size < sizeof(msg))
		return -EBADMSG;
	memcpy(&msg, body.data, sizeof(msg));
	if (msg.idiag_family != AF_INET && msg.idiag_family != AF_INET6)
		return -EBADMSG;
	*ret = (struct sockdiag_socket){
		.peer = read_addr(msg.idiag_family, msg.id.idiag_dst),
		.local = read_addr(msg.idiag_family, msg.id.idiag_src),
		.peer_port = ntohs(msg.id.idiag_dport),
		.local_port = ntohs(msg.id.idiag_sport),
		.state = msg.idiag_state,
		.receive_queue = msg.idiag_rqueue,
		.send_queue = msg.idiag_wqueue,
		.inode = msg.idiag_inode,
		.uid = msg.idiag_uid,
		.cookie = (uint64_t)msg.id.idiag_cookie[1] << 32 | msg.id.idiag_cookie[0],
		.key.family = msg.idiag_family,
	};
	memcpy(ret->key.id, &msg.id, sizeof(msg.id));
	while ((r = nl_next_attribute(&attributes, &attribute)) == 1) {
		if (attribute.type == INET_DIAG_INFO)
			ret->has_info = read_info(attribute.value, &ret->info);
		else if (attribute.type == INET_DIAG_SOCKOPT)
			read_marks(attribute.value, ret);
	}
	return r;
}

int sockdiag_next(struct bytes *datagram, struct sockdiag_answer *ret)
{
	struct nl_message message;
	int r;

	while ((r = nl_next_message(datagram, &message)) == 1) {
		if (message.type == NLMSG_NOOP)
			continue;
		memset(ret, 0, sizeof(*ret));
		ret->sequence = message.sequence;
		switch (message.type) {
		case NLMSG_DONE:
		case NLMSG_ERROR:
			ret->kind = message.type == NLMSG_DONE ? SOCKDIAG_DONE : SOCKDIAG_ERROR;
			ret->error = nl_error(&message);
			return 1;
		case SOCK_DIAG_BY_FAMILY:
		case TCPDIAG_GETSOCK:
			ret->kind = SOCKDIAG_SOCKET;
			r = read_socket(message.body, &ret->socket);
			return r < 0 ? r : 1;
		}
		return -EBADMSG;
	}
	return r;
}

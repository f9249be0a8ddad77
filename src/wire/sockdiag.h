/* SPDX-License-Identifier: Apache-2.0 */
/* sockdiag - questions about TCP sockets to the kernel (sock_diag(7)), and its answers.
 *
 * Pure: requests are written with a nl_writer, datagrams that came back are read one answer
 * after the other. Who owns the netlink socket (NETLINK_SOCK_DIAG) sends and receives.
 *
 * There are three requests. A dump walks over all sockets of the network namespace: the cost
 * is that of the kernel's hash table, 0.4 ms for its 262,144 empty buckets, and 0.2 µs for
 * each socket that the filter passes over. A get asks for one socket that is known from a
 * dump, 1 to 2 µs, however many others there are. A destroy (CAP_NET_ADMIN and a kernel with
 * CONFIG_INET_DIAG_DESTROY) aborts one such socket: its peer gets a RST, and the process that
 * holds it ECONNABORTED.
 *
 * Layout from <linux/inet_diag.h> and <linux/tcp.h>; works from Linux 5.14 on.
 */
#ifndef WAVEBREAK_WIRE_SOCKDIAG_H
#define WAVEBREAK_WIRE_SOCKDIAG_H

#include "base/prefix.h"
#include "wire/netlink.h"

/* The kernel's numbers (include/net/tcp_states.h). A half-open connection, which the kernel
 * keeps as NEW_SYN_RECV, is reported as SYN_RECV. */
enum sockdiag_state {
	SOCKDIAG_ESTABLISHED = 1,
	SOCKDIAG_SYN_SENT,
	SOCKDIAG_SYN_RECV,
	SOCKDIAG_FIN_WAIT1,
	SOCKDIAG_FIN_WAIT2,
	SOCKDIAG_TIME_WAIT,
	SOCKDIAG_CLOSE,
	SOCKDIAG_CLOSE_WAIT,
	SOCKDIAG_LAST_ACK,
	SOCKDIAG_LISTEN,
	SOCKDIAG_CLOSING,
	SOCKDIAG_STATES
};

#define SOCKDIAG_BIT(state) (1U << (state))
/* What is a connection to a listener of ours: TIME_WAIT holds neither a process nor a slot. */
#define SOCKDIAG_CONNECTIONS                                                                           \
	(SOCKDIAG_BIT(SOCKDIAG_ESTABLISHED) | SOCKDIAG_BIT(SOCKDIAG_SYN_RECV) |                        \
	 SOCKDIAG_BIT(SOCKDIAG_FIN_WAIT1) | SOCKDIAG_BIT(SOCKDIAG_FIN_WAIT2) |                         \
	 SOCKDIAG_BIT(SOCKDIAG_CLOSE_WAIT) | SOCKDIAG_BIT(SOCKDIAG_LAST_ACK) |                         \
	 SOCKDIAG_BIT(SOCKDIAG_CLOSING))

#define SOCKDIAG_PORTS_MOST 24
#define SOCKDIAG_PEERS_MOST 64

/* What a dump is to hold. The kernel looks for itself, so what does not match costs no copy. */
struct sockdiag_filter {
	uint32_t states; /* SOCKDIAG_BIT of each state that is wanted */
	const uint16_t *ports; /* local ones; with none given, all */
	size_t port_count;
	const struct prefix *peers; /* remote addresses; with none given, all */
	size_t peer_count;
	bool with_info; /* of each socket, which costs about 1 µs more */
};

/* One socket by its addresses, ports and cookie, as the kernel itself wrote them. The cookie
 * is a number that a running kernel gives to one socket only. */
struct sockdiag_key {
	uint8_t family; /* AF_INET or AF_INET6; the latter also for ::ffff:192.0.2.1 */
	uint8_t id[48]; /* struct inet_diag_sockid */
};

/* From tcp_info. Ages are in milliseconds and steps of the kernel's tick (4 ms at 250 Hz);
 * all are read at one instant, so equal ages are one tick. */
struct sockdiag_info {
	uint32_t data_sent_ago_ms;     /* since the last segment with data; of a new socket, its age */
	uint32_t data_received_ago_ms; /* likewise */
	uint32_t data_segments_sent, data_segments_received;
	uint64_t bytes_written; /* by the process: sent for the first time, or waiting to be */
	uint64_t bytes_received;
	uint32_t ack_received_ago_ms; /* likewise, of the last segment that acknowledged something */
	uint8_t retransmits; /* of what is not acknowledged, one after the other */
};

struct sockdiag_socket {
	struct addr peer, local; /* IPv4 in IPv6 clothing has become IPv4 */
	uint16_t peer_port, local_port;
	uint8_t state; /* enum sockdiag_state */
	bool of_gate; /* kernel/gate_mark.h; a half-open connection, and one that has no process any more, may not show it */
	bool greeted_by_gate; /* likewise: with a line of its own */
	bool has_info; /* in the answer to a get, or a dump with_info; a half-open connection has none */
	/* Of a listener: connections that wait for accept, and how many may. Else bytes that the
	 * process did not read, and bytes that the peer did not acknowledge. */
	uint32_t receive_queue, send_queue;
	/* 0 while no process holds it: not accepted yet, or closed already. */
	uint32_t inode;
	uint32_t uid;
	uint64_t cookie;
	struct sockdiag_key key;
	struct sockdiag_info info;
};

/* The key, without a cookie, of the connection that `peer` would have with the local end of
 * `like`. Returns 0, or -EAFNOSUPPORT where it can have none. */
int sockdiag_key_of_peer(const struct sockdiag_key *like, const struct addr *peer, uint16_t peer_port,
			 struct sockdiag_key *ret);

/* The key of the listener that a connection to this place would find, bound to it or to all addresses. */
struct sockdiag_key sockdiag_key_of_listener(const struct addr *local, uint16_t port);

/* A dump of both families in one pass. More ports or peers than the bounds above, or one
 * that is no address, are an overflow of the writer. */
void sockdiag_put_dump(struct nl_writer *w, uint32_t sequence, const struct sockdiag_filter *filter);

/* Answered by the socket with its info, or by -ENOENT. A key without a cookie finds whatever
 * socket its addresses and ports lead to: where the connection is gone, the listener. */
void sockdiag_put_get(struct nl_writer *w, uint32_t sequence, const struct sockdiag_key *key);

/* Answered only when it failed; -ENOENT says that the socket is gone. A key without a cookie
 * is an overflow, since it could end the listener. */
void sockdiag_put_destroy(struct nl_writer *w, uint32_t sequence, const struct sockdiag_key *key);

/* A get or a destroy, in bytes. */
#define SOCKDIAG_REQUEST_SIZE 72

/* Room for any dump request. */
#define SOCKDIAG_DUMP_SIZE 4096

enum sockdiag_answer_kind {
	SOCKDIAG_SOCKET,
	SOCKDIAG_DONE, /* the dump is complete, or has failed with `error` */
	SOCKDIAG_ERROR, /* `error` is what became of the request `sequence`; 0 when all is well */
};

struct sockdiag_answer {
	enum sockdiag_answer_kind kind;
	uint32_t sequence;
	int error; /* 0 or -errno */
	struct sockdiag_socket socket;
};

/* Takes the next answer off a received datagram. Returns 1, 0 at its end, -EBADMSG for a
 * datagram that no kernel sends. */
int sockdiag_next(struct bytes *datagram, struct sockdiag_answer *ret);

/* A receive buffer has to hold the largest datagram of a dump. */
#define SOCKDIAG_DATAGRAM_MOST 32768

#endif

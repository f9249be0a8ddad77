/* SPDX-License-Identifier: Apache-2.0 */
/* porter - the role that lets a client into the mail server, and does nothing else.
 *
 * A gate worker reads what strangers wrote, so it starts no program and opens no connection: it asks
 * the porter, in fixed-size packets over a socketpair (SOCK_SEQPACKET), for one of four things, and
 * which one, with which program, user, socket or address, is fixed in the configuration:
 *
 *   exec         the server's own program, inetd style, with the client's descriptor as 0, 1 (2 is the
 *                null device), as gate.user, with the environment of gate.environment and the names
 *                of tcp-environ(5) (TCPREMOTEIP, TCPREMOTEPORT, TCPLOCALIP, TCPLOCALPORT)
 *   pass         the client's descriptor to Postfix's smtpd, as postscreen does
 *   proxy        a connection to gate.server; the gate writes the PROXY header
 *   transparent  a connection to gate.server from the client's own address and port 0 (IP_TRANSPARENT), or to the
 *                place that the client came to
 *
 * With gate.steer both of these carry PORTER_MARK, by which the kernel knows what is not to be steered again.
 *
 * It is forked from the warden and keeps only the capabilities that its kind needs. Programs that it
 * started are counted; at gate.processes the answer is -EAGAIN, and an answer with ticket 0 tells all
 * gates when there is room again: a gate then asks for its clients one by one, until it hears -EAGAIN
 * anew. The same where Postfix's queue of connections is full.
 *
 * A gate could be in a stranger's hands: who the client is, the porter sees for itself at the
 * descriptor, and a request that names somebody else is refused (-EPERM). Nothing that a gate says
 * makes a client one who may relay.
 */
#ifndef WAVEBREAK_DAEMON_PORTER_H
#define WAVEBREAK_DAEMON_PORTER_H

#include "base/addr.h"
#include "config/settings.h"

#include <sys/types.h>

#define PORTER_NOT_LISTED (-1)
/* SO_MARK of connections that come from the client's own address, for the routing rules that bring their
 * answers back here; and with gate.steer of all our connections to the mail server. */
#define PORTER_MARK 77
/* Gates that one porter serves. */
#define PORTER_GATES_MOST 16

struct porter_request {
	uint32_t ticket; /* comes back; never 0 */
	uint16_t client_port, local_port;
	struct addr client, local;
	/* PORTER_NOT_LISTED, or the zone of the settings that lists a client who may come in to log in; their number
	 * for a list that is not ours. Such a client has spoken with the gate, so with exec (of Courier) the program
	 * talks to a pair of sockets, of which the answer has the other end; BLOCK is set for it. */
	int16_t zone;
	uint8_t escorted; /* 1: the gate stays between (gate/chaperone.h): exec makes a pair of sockets for it, too, and
			   * the client is none who may relay, whoever it is; else 0 */
	uint8_t unused[3]; /* zero */
};

struct porter_answer {
	uint32_t ticket;
	int32_t error; /* 0 or -errno; -EAGAIN: no room now; -EUSERS: the client has gate.per_address programs; -ENOTCONN:
			* the client has left */
};

/* With the client's descriptor, for proxy with -1. It stays the caller's, who closes it when the answer
 * is 0; for exec and pass only then is the client somebody else's. After -ETIMEDOUT (pass) the server may
 * still take it: what is to end has to be shut down (shutdown(2)). Returns 0 or -errno (-EAGAIN: the socket
 * is full; -EINVAL: no such request). */
int porter_ask(int socket, const struct porter_request *request, int client_fd);
/* *ret_fd is -1, or for proxy, transparent and a client that is listed or escorted a (connecting) non-blocking socket
 * that is now the caller's. Returns 1, 0 when the porter is gone, -EAGAIN, -EBADMSG, or -errno. */
int porter_hear(int socket, struct porter_answer *answer, int *ret_fd);

struct porter_start {
	const struct settings *settings;
	const int *gates; /* one socket a gate worker */
	size_t gate_count;
	int warden; /* a socket that hears of our life each second: a byte */
	pid_t warden_pid;
};

/* Ends by SIGTERM, and when all gates are gone, not with the warden; programs that it started live on. Returns the
 * exit status of the process. */
int porter_run(const struct porter_start *start);

#endif

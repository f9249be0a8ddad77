/* SPDX-License-Identifier: Apache-2.0 */
/* courier-hook - stands in /etc/courier/esmtpd between couriertcpd and courieresmtpd:
 *
 *   PORT="smtp /usr/libexec/wavebreak/courier-hook"
 *
 * couriertcpd starts it for each connection, with courieresmtpd's path as its argument, the client as descriptor 0, and
 * BLOCK set for one that a block list names. A listed client it hands to the gate (daemon/gate_hook.h), and ends: so it
 * holds no slot of the server. Everybody else, and a listed client that the gate does not take, becomes
 * courieresmtpd's, as without it: it never is why mail stops. WAVEBREAK_HOOK in /etc/courier/esmtpd names the gate's
 * socket where that is another one.
 */
#define GATE_HOOK_SENDS_ONLY
#include "daemon/gate_hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define USUAL_SOCKET WAVEBREAK_HOOK_SOCKET

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* BLOCK may begin with a reply code (courieresmtpd(8)); the gate has its own. */
static const char *reason_of(const char *block)
{
	size_t digits = strspn(block, "0123456789");

	return digits == 3 && block[digits] == ' ' ? block + digits + 1 : block;
}

static int hand_over(const char *path, const char *reason, int client)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
	size_t size = strnlen(reason, GATE_HOOK_TEXT_MOST);
	struct iovec part = { .iov_base = (void *)(unsigned long)reason, .iov_len = size ? size : 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd = connect_to(path), sent;

	if (fd < 0)
		return 0;
	memcpy(CMSG_DATA(&control.head), &client, sizeof(client));
	sent = sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
	close(fd);
	return sent;
}

int main(int argc, char **argv)
{
	const char *block = getenv("BLOCK"), *path = getenv("WAVEBREAK_HOOK");

	if (argc < 2) {
		fputs("usage: courier-hook PROGRAM [ARGUMENT...], started by couriertcpd(8); see wavebreak(8)\n", stderr);
		return 2;
	}
	if (block && *block && hand_over(path && *path ? path : USUAL_SOCKET, reason_of(block), STDIN_FILENO))
		return 0;
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}

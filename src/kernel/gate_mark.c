/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/gate_mark.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

int gate_mark(int fd, bool is_of_gate)
{
	const int loop = !is_of_gate;

	/* A socket of IPv6 takes it, too. */
	return setsockopt(fd, SOL_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)) < 0 ? -errno : 0;
}

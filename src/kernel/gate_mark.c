/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/gate_mark.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A socket of IPv6 takes it, too. */
static int set(int fd, int option, int value)
{
	return setsockopt(fd, SOL_IP, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

int gate_mark(int fd, bool is_of_gate)
{
	return set(fd, IP_MULTICAST_LOOP, !is_of_gate);
}

int gate_mark_greeted(int fd)
{
	return set(fd, IP_BIND_ADDRESS_NO_PORT, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* steer_table - the kernel's table as the warden makes it, without the rest of wavebreak:
 *
 *	steer_table PORT GATE_PORT ADDRESSES
 *
 * gate.steer = suspect and limits for PORT that nobody reaches; ADDRESSES suspects and as many bans, half of
 * them of IPv6, and 1,000 suspect networks; a socket listens at GATE_PORT of loopback, so that steering would
 * work. Says "ready", keeps all of it alive, and ends with its input.
 */
#include "act/ban.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETWORKS 1000
#define LASTING_MS 3600000

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "steer_table: %s: %s\n", what, strerror(-r));
	exit(1);
}

/* None of them a client of bench/steer: of 172.16.0.0/12 and 2001:db8::/32. */
static struct addr unit_number(uint32_t n)
{
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint32_t four = htonl(0xac100000 + n);

	if (n % 2 == 0)
		return addr_from_ipv4(&four);
	n = htonl(n);
	memcpy(six + 4, &n, sizeof(n));
	return addr_from_ipv6(six);
}

static void fill(struct ban_table *ban, uint32_t count)
{
	struct ban_change *changes = calloc(2 * (size_t)count + 1, sizeof(*changes));
	struct prefix_set networks = { 0 };
	struct prefix prefix;
	uint32_t four;

	must(changes ? 0 : -1, "memory");
	for (uint32_t n = 0; n < 2 * count; n++)
		changes[n] = (struct ban_change){ unit_number(n / 2), LASTING_MS, false,
						  n % 2 ? BAN_LIST_SUSPECT : BAN_LIST_BANNED };
	must(ban_apply(ban, changes, 2 * (size_t)count), "bans and suspects");
	free(changes);
	for (uint32_t n = 0; n < NETWORKS; n++) {
		four = htonl(0xc0000000 + n * 1024);
		prefix = (struct prefix){ addr_from_ipv4(&four), 24 };
		must(prefix_set_add(&networks, &prefix, "bench"), "networks");
	}
	must(ban_set_networks(ban, &networks), "networks");
	prefix_set_clear(&networks);
}

static void listen_at(uint16_t port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 128) < 0) {
		perror("steer_table: listener");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct ban_table_limits limits = {
		.ban_for_ms = LASTING_MS, .port_count = 1, .steer_port_count = 1, .steer = BAN_STEER_SUSPECT,
		.per_address = 100000, .per_network = 100000, .burst_ms = 5000, .limit_suspects = true,
		.suspect_for_ms = LASTING_MS, .own_mark = 77,
	};
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct ban_counts counts;
	struct ban_table *ban;
	uint32_t count;

	if (argc != 4)
		return 2;
	limits.ports[0] = limits.steer_ports[0] = (uint16_t)atoi(argv[1]);
	limits.steer_to = (uint16_t)atoi(argv[2]);
	count = (uint32_t)atoi(argv[3]);
	limits.most = limits.most_suspects = count ? count : 1;
	listen_at(limits.steer_to);
	must(ban_create(&limits, &ban), "table");
	if (ban_lacks(ban).limits || ban_lacks(ban).steering)
		must(ban_lacks(ban).steering, "this kernel cannot do it");
	fill(ban, count);
	must(ban_steer(ban, true), "steering");
	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 1000) == 0) {
		must(ban_alive(ban), "table");
		must(ban_steer(ban, true), "steering");
	}
	must(ban_counts(ban, &counts), "counts");
	printf("arrivals=%llu steered=%llu\n", (unsigned long long)counts.arrivals, (unsigned long long)counts.steered);
	ban_destroy(ban);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* syn_flood - asks for connections at a steady pace, and never answers:
 *
 *	syn_flood SERVER PORT FIRST ADDRESSES PER_SECOND SECONDS
 *
 * from FIRST and the ADDRESSES - 1 addresses after it, by a raw socket (raw(7)), so that no address has to be
 * ours. Prints sent=N seconds=N. For a network namespace of a bench, where nobody else is.
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define A_BATCH 100

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
};

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t sum_of(const void *data, size_t size)
{
	const uint16_t *words = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < size / 2; i++)
		sum += words[i];
	return sum;
}

/* The kernel fills in the sum of the IP header (raw(7)). */
static void make(struct packet *p, uint32_t from, const struct sockaddr_in *to, uint16_t port)
{
	*p = (struct packet){
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP, .saddr = from,
			.daddr = to->sin_addr.s_addr, .tot_len = htons(sizeof(*p)) },
		.tcp = { .source = htons(port), .dest = to->sin_port, .doff = 5, .syn = 1, .window = htons(64240) },
	};
	p->tcp.check = folded(sum_of(&p->ip.saddr, 8) + htons(IPPROTO_TCP) + htons(sizeof(p->tcp)) +
			      sum_of(&p->tcp, sizeof(p->tcp)));
}

int main(int argc, char **argv)
{
	static struct packet packets[A_BATCH];
	static struct iovec parts[A_BATCH];
	static struct mmsghdr messages[A_BATCH];
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct in_addr first;
	uint64_t began, now, due, sent = 0, addresses, per_second, ms;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (argc != 7 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || inet_pton(AF_INET, argv[3], &first) != 1)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	addresses = strtoull(argv[4], NULL, 10);
	per_second = strtoull(argv[5], NULL, 10);
	ms = strtoull(argv[6], NULL, 10) * 1000;
	if (fd < 0) {
		fprintf(stderr, "syn_flood: %s\n", strerror(errno));
		return 3;
	}
	for (size_t i = 0; i < A_BATCH; i++) {
		parts[i] = (struct iovec){ &packets[i], sizeof(packets[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &parts[i],
						       .msg_iovlen = 1 };
	}
	began = now = clock_ms();
	while (now - began < ms) {
		due = (now - began) * per_second / 1000;
		if (sent + A_BATCH > due) {
			usleep(500);
		} else {
			for (size_t i = 0; i < A_BATCH; i++)
				make(&packets[i], htonl((uint32_t)(ntohl(first.s_addr) + (sent + i) % addresses)), &to,
				     (uint16_t)(1024 + (sent + i) / addresses % 60000));
			if (sendmmsg(fd, messages, A_BATCH, 0) == A_BATCH)
				sent += A_BATCH;
		}
		now = clock_ms();
	}
	printf("sent=%llu seconds=%.3f\n", (unsigned long long)sent, (double)(now - began) / 1000);
	return 0;
}

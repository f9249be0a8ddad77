/* SPDX-License-Identifier: Apache-2.0 */
/* name_server - a block list for benches: name_server PORT, on 127.0.0.1, by UDP.
 *
 * dnsbl.test names every address of 10.128.0.0/9, and 127.0.0.2 (RFC 5782 section 5); nothing else
 * exists, which is said with a SOA, so that it can be remembered (RFC 2308).
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_SIZE 12
#define QUESTION_END 5 /* the root's label, type, class */
#define TYPE_A 1
#define RECORDS_MOST 64

static bool is_listed(const char *name)
{
	unsigned last, third, second, first;
	char zone[16];

	if (sscanf(name, "%3u.%3u.%3u.%3u.%15s", &last, &third, &second, &first, zone) != 5)
		return false;
	if (strcmp(zone, "dnsbl.test.") != 0)
		return false;
	return (first == 10 && second >= 128) || (first == 127 && second == 0 && third == 0 && last == 2);
}

/* Each label and a dot. Returns where the root's label is, 0 when it does not come. */
static size_t read_name(const uint8_t *message, size_t size, char name[256])
{
	size_t at = HEADER_SIZE, used = 0;

	while (at < size && message[at]) {
		size_t label = message[at];

		if (label > 63 || at + label >= size || used + label + 2 > 256)
			return 0;
		memcpy(name + used, message + at + 1, label);
		used += label;
		name[used++] = '.';
		at += label + 1;
	}
	name[used] = '\0';
	return at + QUESTION_END <= size ? at : 0;
}

/* In place. Returns its size, 0 for what is no question. `message` has room for RECORDS_MOST bytes more. */
static size_t make_answer(uint8_t *message, size_t size)
{
	static const uint8_t address[] = { 0xc0, HEADER_SIZE, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 127, 0, 0, 2 };
	static const uint8_t soa[] = { 0xc0, HEADER_SIZE, 0, 6, 0, 1, 0, 0, 1, 44, 0, 22, 0, 0, 0, 0, 0, 1,
				       0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 44 };
	char name[256];
	size_t end = size > HEADER_SIZE ? read_name(message, size, name) : 0;
	bool listed, answers;

	if (end == 0)
		return 0;
	listed = is_listed(name);
	answers = listed && message[end + 2] == TYPE_A;
	end += QUESTION_END;
	memcpy(message + 2, (uint8_t[]){ 0x81, listed ? 0x80 : 0x83, 0, 1, 0, answers, 0, !answers, 0, 0 }, 10);
	if (answers)
		memcpy(message + end, address, sizeof(address));
	else
		memcpy(message + end, soa, sizeof(soa));
	return end + (answers ? sizeof(address) : sizeof(soa));
}

int main(int argc, char **argv)
{
	struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = 4 << 20;
	uint8_t message[1500];

	if (argc != 2)
		return 2;
	place.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&place, sizeof(place)) < 0) {
		perror("name_server");
		return 1;
	}
	for (;;) {
		struct sockaddr_in from;
		socklen_t from_size = sizeof(from);
		ssize_t n = recvfrom(fd, message, sizeof(message) - RECORDS_MOST, 0, (struct sockaddr *)&from, &from_size);
		size_t size = n > 0 ? make_answer(message, (size_t)n) : 0;

		if (size)
			sendto(fd, message, size, 0, (struct sockaddr *)&from, from_size);
	}
}

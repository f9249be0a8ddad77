/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: whatever the kernel and the server say of the connections, nobody protected is chosen,
 * nobody twice, and as many as are asked for where there are as many. */
#include "judge/relief.h"

#include <stdlib.h>

#define CLIENTS_MOST 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sockets in the first half of the input, seen twice; the flags that others know of are in the rest. */
static struct relief_candidate client_of(const struct relief_rules *rules, const uint8_t *data)
{
	struct relief_seen seen = { 0 };
	struct relief_candidate client;
	struct sockdiag_socket socket = { .has_info = true };

	memcpy(&socket.info, data, sizeof(socket.info));
	socket.inode = data[0] & 3;
	socket.state = data[1] % SOCKDIAG_STATES;
	socket.peer = addr_from_ipv4(data + 2);
	relief_see(rules, &socket, 1000, &seen, &client);
	socket.info.bytes_received += data[3];
	relief_see(rules, &socket, 1000 + data[4] * 1000ULL, &seen, &client);
	client.flags |= data[5] & (RELIEF_IS_NEVER | RELIEF_IS_GOOD | RELIEF_IS_BLOCKED | RELIEF_IS_LEAVING);
	client.score = data[6];
	return client;
}

static void check(const struct relief_rules *rules, const struct relief_candidate *c)
{
	if (c->flags & (RELIEF_IS_NEVER | RELIEF_IS_GOOD | RELIEF_IS_TRANSFERRING | RELIEF_IS_LEAVING) ||
	    c->place == RELIEF_OPENING || c->place == RELIEF_CLOSING)
		abort();
	if (!(c->flags & RELIEF_IS_BLOCKED) && c->score < 50 && c->silent_ms < rules->silence_ms &&
	    c->there_ms < rules->silence_ms * 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct relief_rules rules = { .silence_ms = 5000, .ban_score = 100 };
	struct relief_candidate clients[CLIENTS_MOST];
	struct relief_choice choices[CLIENTS_MOST], all[CLIENTS_MOST];
	struct relief_crowd crowds[CLIENTS_MOST * 2];
	bool chosen[CLIENTS_MOST] = { false };
	size_t count = 0, wanted = size ? data[0] % CLIENTS_MOST : 0, n, possible;

	while (count < CLIENTS_MOST && size >= sizeof(struct sockdiag_info)) {
		clients[count++] = client_of(&rules, data);
		data += sizeof(struct sockdiag_info);
		size -= sizeof(struct sockdiag_info);
	}
	relief_count_crowds(clients, count, crowds, CLIENTS_MOST * 2, wanted);
	n = relief_choose(&rules, clients, count, wanted, choices);
	possible = relief_choose(&rules, clients, count, count, all);
	if (n != (possible < wanted ? possible : wanted))
		abort();
	for (size_t i = 0; i < n; i++) {
		if (choices[i].index >= count || chosen[choices[i].index] || choices[i].index != all[i].index)
			abort();
		chosen[choices[i].index] = true;
		check(&rules, &clients[choices[i].index]);
	}
	return 0;
}

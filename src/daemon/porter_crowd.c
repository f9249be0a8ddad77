/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/porter_crowd.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

struct porter_crowd {
	size_t most, per_client;
	struct table *programs; /* struct addr, the client's unit, by pid */
	struct table *clients;  /* uint32_t, how many programs, by unit */
};

int porter_crowd_create(size_t most, size_t per_client, struct porter_crowd **ret)
{
	struct porter_crowd *crowd = calloc(1, sizeof(*crowd));
	int r;

	if (!crowd)
		return -ENOMEM;
	crowd->most = most;
	crowd->per_client = per_client;
	r = table_create(sizeof(pid_t), sizeof(struct addr), most ? most : 1, &crowd->programs);
	if (r == 0)
		r = table_create(sizeof(struct addr), sizeof(uint32_t), most ? most : 1, &crowd->clients);
	if (r < 0) {
		porter_crowd_destroy(crowd);
		return r;
	}
	*ret = crowd;
	return 0;
}

void porter_crowd_destroy(struct porter_crowd *crowd)
{
	if (!crowd)
		return;
	table_destroy(crowd->programs);
	table_destroy(crowd->clients);
	free(crowd);
}

size_t porter_crowd_count(const struct porter_crowd *crowd)
{
	return table_count(crowd->programs);
}

int porter_crowd_has_room(const struct porter_crowd *crowd, const struct addr *client)
{
	struct addr unit = addr_unit(client);
	const uint32_t *count = table_find(crowd->clients, &unit);

	if (count && crowd->per_client && *count >= crowd->per_client)
		return -EUSERS;
	return porter_crowd_count(crowd) >= crowd->most ? -EAGAIN : 0;
}

void porter_crowd_add(struct porter_crowd *crowd, pid_t pid, const struct addr *client)
{
	struct addr unit = addr_unit(client), *program;
	uint32_t *count;

	if (table_add(crowd->programs, &pid, (void **)&program) < 0)
		return;
	*program = unit;
	if (table_add(crowd->clients, &unit, (void **)&count) >= 0)
		(*count)++;
}

void porter_crowd_remove(struct porter_crowd *crowd, pid_t pid)
{
	const struct addr *program = table_find(crowd->programs, &pid);
	struct addr unit;
	uint32_t *count;

	if (!program)
		return;
	unit = *program;
	table_remove(crowd->programs, &pid);
	count = table_find(crowd->clients, &unit);
	if (count && --*count == 0)
		table_remove(crowd->clients, &unit);
}

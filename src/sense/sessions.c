/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/sessions.h"

#include "sense/connections.h"

#include <errno.h>
#include <stdlib.h>

#define SSH_PORT 22

struct sessions {
	struct connections *connections;
};

struct visit {
	struct prefix_set *set;
	int error;
};

int sessions_create(struct sessions **ret)
{
	const uint16_t port = SSH_PORT;
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	int r;

	if (!sessions)
		return -ENOMEM;
	r = connections_create(&port, 1, &sessions->connections);
	if (r < 0) {
		free(sessions);
		return r;
	}
	*ret = sessions;
	return 0;
}

void sessions_destroy(struct sessions *sessions)
{
	if (!sessions)
		return;
	connections_destroy(sessions->connections);
	free(sessions);
}

static int add(struct prefix_set *set, const struct addr *addr)
{
	struct prefix prefix = prefix_around(addr, addr->family == ADDR_IPV4 ? 32 : 128);

	return prefix_set_add(set, &prefix, SESSIONS_WHY);
}

static void visit(void *data, const struct sockdiag_socket *connection)
{
	struct visit *visit = data;

	if (connection->state == SOCKDIAG_ESTABLISHED && visit->error == 0)
		visit->error = add(visit->set, &connection->peer);
}

int sessions_own(struct addr *ret)
{
	const char *connection = getenv("SSH_CONNECTION");

	if (!connection || addr_parse(bytes_first(bytes_of(connection), strcspn(connection, " ")), ret) < 0)
		return -ENOENT;
	return 0;
}

bool sessions_is_own(const struct addr *addr)
{
	struct addr own, unit = addr_unit(addr);

	if (sessions_own(&own) < 0)
		return false;
	own = addr_unit(&own);
	return addr_equal(&own, &unit);
}

int sessions_protect(struct sessions *sessions, struct prefix_set *ret)
{
	struct visit all = { .set = ret };
	struct connection_counts counts;
	struct addr own;
	int r = sessions_own(&own) == 0 ? add(ret, &own) : 0;

	if (r == 0 && sessions)
		r = connections_visit(sessions->connections, visit, &all, &counts);
	return r < 0 ? r : all.error;
}

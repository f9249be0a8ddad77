/* SPDX-License-Identifier: Apache-2.0 */
#include "act/blocked.h"

#include "base/clock.h"
#include "base/table.h"
#include "kernel/diag.h"
#include "kernel/process.h"
#include "wire/environ.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* More is not read of an environment; Courier's has 2 KiB. */
#define ENVIRON_MOST 65536
#define SOCKETS_MOST 65536
#define VARIABLE "BLOCK"

struct served {
	struct addr client;
	uint16_t port;
};

struct blocked {
	struct diag *diag;
	struct process_names names;
	uint16_t ports[SOCKDIAG_PORTS_MOST];
	size_t port_count;
	struct table *served; /* inode (uint32_t): struct served */
	int next; /* the lowest process that is to be looked at: 0 for all */
	char environment[ENVIRON_MOST];
};

static void take(void *data, size_t index, const struct sockdiag_answer *answer)
{
	const struct sockdiag_socket *socket = &answer->socket;
	struct blocked *b = data;
	void *value;

	/* One too many is one that is not known to be blocked. */
	if (socket->inode && table_add(b->served, &socket->inode, &value) >= 0)
		*(struct served *)value = (struct served){ socket->peer, socket->peer_port };
}

static void look_at(struct blocked *b, int pid, blocked_fn *fn, void *data)
{
	uint32_t inode = process_socket_inode(pid, STDIN_FILENO);
	const struct served *served = inode ? table_find(b->served, &inode) : NULL;
	size_t size;

	if (!served || !process_has_name(&b->names, pid))
		return;
	size = process_read(pid, "environ", b->environment, sizeof(b->environment));
	/* Still the same one, and not another process of that number. */
	if (environ_has(bytes_make(b->environment, size), VARIABLE) &&
	    process_socket_inode(pid, STDIN_FILENO) == inode)
		fn(data, &served->client, served->port);
}

/* In the order of their numbers, as /proc lists them. */
static int look_at_all(struct blocked *b, blocked_fn *fn, void *data)
{
	uint64_t until = clock_ms() + BLOCKED_LOOK_MS;
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int from = b->next;

	if (!proc)
		return -errno;
	b->next = 0;
	while ((entry = readdir(proc))) {
		int pid = char_is_digit(entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (pid <= 0 || pid < from)
			continue;
		if (clock_ms() >= until) {
			b->next = pid;
			break;
		}
		look_at(b, pid, fn, data);
	}
	closedir(proc);
	return 0;
}

int blocked_look(struct blocked *b, blocked_fn *fn, void *data)
{
	struct sockdiag_filter filter = { .states = SOCKDIAG_CONNECTIONS, .ports = b->ports, .port_count = b->port_count };
	int r;

	table_clear(b->served);
	r = diag_dump(b->diag, &filter, take, b);
	return r < 0 ? r : look_at_all(b, fn, data);
}

int blocked_create(const uint16_t *ports, size_t port_count, const char *const *handlers, struct blocked **ret)
{
	struct blocked *b;
	int r;

	if (port_count == 0 || port_count > SOCKDIAG_PORTS_MOST)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	memcpy(b->ports, ports, port_count * sizeof(*ports));
	b->port_count = port_count;
	r = process_names_copy(&b->names, handlers);
	if (r == 0)
		r = diag_create(&b->diag);
	if (r == 0)
		r = table_create(sizeof(uint32_t), sizeof(struct served), SOCKETS_MOST, &b->served);
	if (r < 0)
		blocked_destroy(b);
	else
		*ret = b;
	return r;
}

void blocked_destroy(struct blocked *b)
{
	if (!b)
		return;
	table_destroy(b->served);
	diag_destroy(b->diag);
	free(b);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* porter_rules - what the porter may do, fixed before the first request: all that the settings and this
 * machine say of it, looked up (users, groups, the environment file) while that is still possible.
 */
#ifndef WAVEBREAK_DAEMON_PORTER_RULES_H
#define WAVEBREAK_DAEMON_PORTER_RULES_H

#include "config/settings.h"

#include <sys/types.h>

enum porter_kind {
	PORTER_EXEC,
	PORTER_PASS,
	PORTER_PROXY,
	PORTER_TRANSPARENT,
};

#define PORTER_ARGUMENTS_MOST 32
#define PORTER_GROUPS_MOST 64
#define PORTER_ENVIRONMENT_MOST 256
#define PORTER_SOCKET_SIZE 108 /* of sockaddr_un, with its NUL */
/* Of the text for a listed client, in Courier's reply line (RFC 5321 section 4.5.3.1.5: 512 octets). */
#define PORTER_BLOCK_SIZE 400

/* A list of texts, NULL-ended, each from malloc(3). */
struct porter_texts {
	char **texts;
	size_t count;
};

struct porter_rules {
	enum porter_kind kind;

	/* exec */
	struct porter_texts arguments;   /* the program is the first, with its path */
	struct porter_texts environment; /* NAME=value, nothing that the porter sets itself */
	bool change_user;                /* to the ones below; else programs run as the porter does */
	uid_t uid;
	gid_t gid, groups[PORTER_GROUPS_MOST];
	size_t group_count;
	size_t processes;     /* at once */
	size_t per_client;    /* of these; 0: no bound */
	uint64_t data_limit;  /* RLIMIT_DATA in bytes, 0: as it is (Courier's ULIMIT) */
	bool mapped;          /* IPv4 is written as ::ffff:a.b.c.d, as couriertcpd does */
	struct prefix_set relay; /* RELAYCLIENT is set for these, and for nobody else */
	struct porter_texts blocks; /* by zone, and one more: BLOCK of a client that the zone, or a list that is not
				     * ours, names; %a is its address. None without gate.auth: then a gate that asks for
				     * such a client has been taken over */

	/* pass */
	char socket[PORTER_SOCKET_SIZE];
	uint64_t patience_ms; /* for a server process to take a client */

	/* proxy, transparent */
	bool marks; /* connections to the server are not to be steered */
	struct endpoint server; /* without an address: the one that the client came to */

	/* Who the porter itself becomes where its kind needs no capability. */
	uid_t own_uid;
	gid_t own_gid;
};

/* From the settings, of which gate.handoff is not none, and from this machine. What is wrong is said in the log;
 * an environment that cannot be read is no reason to let nobody in. Returns 0 or -errno; either way, the rules
 * are the caller's until porter_rules_free. */
int porter_rules_make(const struct settings *settings, struct porter_rules *ret);

/* Adds a copy of the text. Returns 0 or -ENOMEM. */
int porter_texts_add(struct porter_texts *texts, struct bytes text);

/* Adds NAME=value of the plain assignments of a shell's file, the last one of a name; names that the porter sets
 * itself are passed over, above all RELAYCLIENT, which would make of every client one who may relay. What
 * depends on the shell is left out, too. `left_out` gets the names of both, comma-separated, "" for none.
 * ULIMIT, in kilobytes, becomes data_limit. Returns 0, -ENOMEM, or -E2BIG: too many. */
int porter_environment_add(struct porter_rules *rules, struct bytes text, char *left_out, size_t left_out_size);

void porter_rules_free(struct porter_rules *rules);

#endif

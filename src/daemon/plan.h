/* SPDX-License-Identifier: Apache-2.0 */
/* plan - what is guarded and how: the configuration, completed with what this machine has.
 *
 * The same for `run`, which carries it out, and for `check`, which only tells it.
 */
#ifndef WAVEBREAK_DAEMON_PLAN_H
#define WAVEBREAK_DAEMON_PLAN_H

#include "config/settings.h"
#include "judge/bans.h"
#include "judge/judge.h"
#include "judge/suspects.h"
#include "sense/host.h"
#include "sense/mailserver.h"

struct plan {
	const char *config_file; /* as named by the user, or NULL: the default one */
	struct settings settings;
	struct mail_server server; /* .name is NULL when none was found */
	int server_error;          /* why not: -ENOENT, -EACCES */
	char log_found[MAIL_LOG_PATH_SIZE];
	char *log_found_list[1];
	struct path_list logs;     /* what is followed: views of the above */
	bool follow_stdin;         /* lines come from there, too; as the command line says */
	bool journal;              /* it is followed: asked for, or for want of a log file */
	const char *untagged;      /* the service of lines without a tag, or NULL */
	unsigned limit;            /* connections at once; 0 when unknown */
	char gate_name[HOST_NAME_SIZE]; /* by which the gate greets */
	struct prefix_set suspect_networks; /* whose clients are suspects: daemon/networks.h */
};

/* Returns 0, -EINVAL with mistakes, or what settings_load returns. A missing mail server or
 * log is no error here: what can be guarded is. */
int plan_make(const char *config_file, struct plan *ret, struct mistakes *mistakes);

/* Where lines come from: again, after follow_stdin or watch.socket was changed. */
void plan_find_lines(struct plan *plan);

/* The suspect networks, with gate.steer = suspect; what is wrong with them goes to the log. */
void plan_find_networks(struct plan *plan);

void plan_free(struct plan *plan);

/* Adds what must never be banned: of this host (sense/host.h), and ban.never. Returns 0,
 * HOST_INCOMPLETE, -ENOMEM or -ENOSPC. */
int plan_never(const struct plan *plan, struct prefix_set *never);

/* Where who is banned is not let in: mail.ports, and those of a gate that listens by itself. Each once. Returns how
 * many. */
#define PLAN_PORTS_MOST 24
size_t plan_guarded_ports(const struct settings *settings, uint16_t ports[PLAN_PORTS_MOST]);

/* How long a gate that takes no new clients may need for those that it has: gate.session, or an hour where it
 * stands between clients and server. */
uint64_t plan_longest_session_ms(const struct settings *settings);

/* What the settings say of scores and bans. */
void plan_judge_limits(const struct settings *settings, struct judge_limits *ret_judge, struct ban_limits *ret_bans);

void plan_suspect_limits(const struct settings *settings, struct suspect_limits *ret);

/* The path of the control socket. Returns `path`. */
#define PLAN_SOCKET_SIZE 108
const char *plan_socket(const struct settings *settings, char path[PLAN_SOCKET_SIZE]);

#endif

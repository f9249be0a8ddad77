/* SPDX-License-Identifier: Apache-2.0 */
/* mailserver - the mail server of this machine, as its own configuration tells.
 *
 * Nothing is executed and nothing is included: what a configuration gets from elsewhere stays
 * unknown. Courier's /etc/courier/esmtpd is a list of shell assignments, and
 * the plain ones (NAME=value, NAME="value") are read as they stand. What depends on shell
 * expansion stays unknown.
 */
#ifndef WAVEBREAK_SENSE_MAILSERVER_H
#define WAVEBREAK_SENSE_MAILSERVER_H

#include "base/bytes.h"

#define MAIL_PORTS_MAX 16

struct mail_server {
	const char *name;              /* "courier", or NULL when none was found */
	char version[24];              /* "" when unknown */
	char config_path[96];
	char greets_as[254];           /* the name in its greeting, "" when unknown */
	uint16_t ports[MAIL_PORTS_MAX];
	size_t port_count;
	unsigned limit;                /* connections at once, 0 when unknown */
	const char *limit_setting;     /* "MAXDAEMONS", or NULL */
	bool tarpit;                   /* Courier: refusals and their log lines come 8 s late */
	bool logs_dialogue;            /* Courier: raw client text in the log (ESMTP_LOG_DIALOG) */
	const char *own_log;           /* that it writes by itself, or NULL: syslog has its lines */
	bool tells_blocked;            /* Courier: who is listed has BLOCK in its handler's environment */
	const char *const *handlers;   /* names of the processes that hold a client, NULL-ended */
};

/* Looks for the server of that name, or for any known one when `name` is "".
 * Names are those of defs/servers.def. Returns 0, -ENOENT when there is none, -EACCES when its
 * configuration may not be read. */
int mail_server_find(const char *name, struct mail_server *ret);

/* The log file that the syslog of this system writes mail to, "" when none is there. */
#define MAIL_LOG_PATH_SIZE 96
#define MAIL_LOG_USUAL "/var/log/mail.log"
const char *mail_log_find(char path[MAIL_LOG_PATH_SIZE]);

/* Pure parts, for tests. `text` is the whole of esmtpd; fields it does not name keep
 * their value, and those whose value is not plain become unknown (0, false). */
void courier_esmtpd_read(struct bytes text, struct mail_server *server);
/* The whole of /etc/courier/me. */
void courier_me_read(struct bytes text, struct mail_server *server);
void postfix_main_read(struct bytes text, struct mail_server *server);
void postfix_master_read(struct bytes text, struct mail_server *server);
void exim_read(struct bytes text, struct mail_server *server);
void sendmail_read(struct bytes text, struct mail_server *server);
/* "name = value" or "name=value" at the begin of a line; the last one counts. */
int config_assignment(struct bytes text, const char *name, struct bytes *ret);
/* Goes through the assignments of a shell's file, NAME=value at the begin of a line. `plain` ones are
 * those whose value a shell, too, would take as it stands here: it expands nothing, and nothing goes on
 * in another line. Begins at *text, which becomes what is left. False at the end. */
struct shell_assignment {
	struct bytes name, value;
	bool plain;
};
bool shell_assignment_next(struct bytes *text, struct shell_assignment *ret);
/* The value of an assignment, or -ENOENT. The last one counts, as for the shell. */
int shell_assignment(struct bytes text, const char *name, struct bytes *ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* mailserver_find - how each server of defs/servers.def is found; see mailserver.h. */
#ifndef WAVEBREAK_SENSE_MAILSERVER_FIND_H
#define WAVEBREAK_SENSE_MAILSERVER_FIND_H

#include "sense/mailserver.h"

/* 0 with all that is known of it, -ENOENT when it is not here, -EACCES. */
#define SERVER(name, called) int find_##name(struct mail_server *ret);
#include "defs/servers.def"
#undef SERVER

#define MAIL_CONFIG_MOST ((size_t)256 * 1024)

/* A whole file of at most `most` bytes; from malloc(3). Returns 0 or -errno (-EFBIG). */
int mail_file_read(const char *path, size_t most, char **ret_data, size_t *ret_size);

/* The first of these files that is there and may be read, NULL-ended, goes to `read`, and its path to
 * ret->config_path. Returns 0, -ENOENT, or -EACCES where one is there and may not be read. */
int mail_config_read(const char *const *paths, void (*read)(struct bytes text, struct mail_server *server),
		     struct mail_server *ret);

/* What can be no domain name is left out. */
void mail_greeting_name(struct bytes name, struct mail_server *server);

/* 0 is also what a value that is no plain number stands for: nobody knows. */
unsigned mail_number(struct bytes value);

#endif

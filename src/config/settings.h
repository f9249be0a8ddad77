/* SPDX-License-Identifier: Apache-2.0 */
/* settings - what wavebreak.conf(5) says, checked, with a default for all that it leaves out.
 *
 * struct settings has a field section_name for each row of defs/settings.def: `for` of the
 * section `ban` is ban_for. Each `zone` of the section `gate` is a struct zone_settings.
 * Durations are in milliseconds, sizes in bytes. Text is never NULL. Where the default is
 * empty, the help of the row says what that means.
 *
 * A struct settings that was filled is the caller's until settings_free. On a mistake
 * nothing is given back, so that a reload keeps what it has.
 */
#ifndef WAVEBREAK_CONFIG_SETTINGS_H
#define WAVEBREAK_CONFIG_SETTINGS_H

#include "base/prefix.h"
#include "config/mistakes.h"

#include <stdio.h>

struct path_list {
	char **paths;
	size_t count;
};

/* A program and its arguments. */
struct word_list {
	char **words;
	size_t count;
};

struct port_list {
	uint16_t *ports;
	size_t count;
};

/* Family ADDR_NONE stands for all addresses of both families; port 0 for no endpoint at all. */
struct endpoint {
	struct addr addr;
	uint16_t port;
};

struct endpoint_list {
	struct endpoint *endpoints;
	size_t count;
};

/* Answers of a DNS list, as numbers of host byte order, both ends included; within 127.0.0.0/8. */
struct reply_range {
	uint32_t first, last;
};

struct reply_ranges {
	struct reply_range *ranges;
	size_t count;
};

enum handoff {
#define HANDOFF(id, name, help) HANDOFF_##id,
#include "defs/handoffs.def"
#undef HANDOFF
};

enum steering {
#define STEERING(id, name, help) STEERING_##id,
#include "defs/steerings.def"
#undef STEERING
};

enum backend {
#define BACKEND(id, name, help) BACKEND_##id,
#include "defs/backends.def"
#undef BACKEND
};

#define SETTING_TYPE(type, c_type, words) typedef c_type setting_##type;
#include "config/setting_types.def"
#undef SETTING_TYPE

/* How many outcomes there are: enum outcome is the index of settings.score. */
enum {
#define SETTING(section, name, type, standard, least, most, help)
#define SCORE(id, name, points, help) SETTINGS_SCORE_##id,
#include "defs/settings.def"
#undef SCORE
#undef SETTING
	SETTINGS_SCORES
};

/* A section `zone NAME` of `gate`. */
struct zone_settings {
	char *name; /* a domain name, as it was written */
#define SETTING(section, name, type, standard, least, most, help)
#define ZONE(name, type, standard, least, most, help) setting_##type name;
#include "defs/settings.def"
#undef ZONE
#undef SETTING
};

#define SETTINGS_ZONES_MOST 32
/* 64 octets stand before it where a list is asked of an IPv6 address (RFC 5782 section 2.4), and
 * a name has 253 at most. */
#define SETTINGS_ZONE_NAME_MOST 189

struct settings {
#define SETTING(section, name, type, standard, least, most, help) setting_##type section##_##name;
#include "defs/settings.def"
#undef SETTING
	setting_COUNT score[SETTINGS_SCORES];
	struct zone_settings *zones; /* in the order of the file; no name is there twice */
	size_t zone_count;
};

/* A longer file is no configuration. */
#define SETTINGS_FILE_MAX ((size_t)1024 * 1024)

/* The file that is read when none is named, WAVEBREAK_SYSCONF_DIR/wavebreak.conf. */
const char *settings_default_file(void);

/* Reads `file`; NULL is the default file, and then a file that does not exist is as good
 * as an empty one.
 *
 * Returns 0; -EINVAL when the mistakes are the file's; -ENOENT, -EACCES, -EFBIG … when it
 * could not be read, -ENOMEM: there is a mistake with a sentence for these, too. `file` has
 * to live as long as `mistakes`. */
int settings_load(const char *file, struct settings *ret, struct mistakes *mistakes);

/* The same from memory: no system call. An empty text gives the defaults. */
int settings_parse(struct bytes text, const char *file, struct settings *ret,
		   struct mistakes *mistakes);

/* The defaults alone. Returns 0 or -ENOMEM. */
int settings_usual(struct settings *ret);

void settings_free(struct settings *settings);

/* All that is in force, in the form of the file, so it can be read back; what differs
 * from the default is marked with a comment that names the default. */
void settings_print(const struct settings *settings, FILE *out);

#endif

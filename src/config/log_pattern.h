/* SPDX-License-Identifier: Apache-2.0 */
/* log_pattern - log files that are named by a pattern: /var/log/mail/mail*.
 *
 * Wildcards (glob(7)) stand in the name of the file alone; its folder is plain. A name that
 * rotation gave ("mail.log.1", "mail-20260727.log") is no log of its own where the pattern takes
 * the name that it had: its lines were, or will be, read under that. What is compressed is none.
 *
 * Pure.
 */
#ifndef WAVEBREAK_CONFIG_LOG_PATTERN_H
#define WAVEBREAK_CONFIG_LOG_PATTERN_H

#include "base/bytes.h"

bool log_pattern_is_one(const char *path);
/* No wildcard in the folder. */
bool log_pattern_is_good(struct bytes path);

/* Whether a file of the pattern's folder is one of its logs. Hidden files are not. */
bool log_pattern_takes(const char *pattern, const char *name);
/* Whether it is what such a log became by rotation. */
bool log_pattern_takes_rotated(const char *pattern, const char *name);

#endif

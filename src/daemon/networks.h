/* SPDX-License-Identifier: Apache-2.0 */
/* networks - the networks whose clients all are suspects: suspect.networks and suspect.files, read and checked.
 *
 * Refused are everybody (a prefix of no length: gate.steer = all says that better), and what holds an address of
 * this host, its gateways, its name servers, or of somebody who is logged in over ssh: that would be a slip, or a
 * list that somebody made to do harm. The rest goes on. Entries within others are merged.
 */
#ifndef WAVEBREAK_DAEMON_NETWORKS_H
#define WAVEBREAK_DAEMON_NETWORKS_H

#include "config/settings.h"
#include "sense/prefix_file.h"

#define NETWORKS_MOST 100000U
#define NETWORKS_FILES_MOST 16 /* as suspect.files has at most */

struct networks_report {
	struct prefix_file settings; /* suspect.networks, as if it were a file without lines */
	struct prefix_file files[NETWORKS_FILES_MOST];
	size_t file_count;
	size_t merged;
};

/* Fills *ret, which is empty, with sorted entries whose words say where each comes from ("suspect.networks",
 * "/etc/wavebreak/drop.txt:17", from the left cut to fit). Paths in the report are those of the settings. Returns 0 or
 * -ENOMEM; what cannot be read is in the report. */
int networks_find(const struct settings *settings, struct prefix_set *ret, struct networks_report *ret_report);

/* One line in the log for each source that has something wrong. */
void networks_say(const struct networks_report *report);

#endif

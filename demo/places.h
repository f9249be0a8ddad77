/* SPDX-License-Identifier: Apache-2.0 */
/* places - where the demo finds the programs and files that it needs.
 *
 * Started from the build folder, it takes the source tree's; installed, those that were
 * installed with it. The environment variable WAVEBREAK_DEMO_DIR names another folder with
 * mailhost, network and waves, WAVEBREAK_DEMO_GUARD another program that guards (bench/wave).
 */
#ifndef WAVEBREAK_DEMO_PLACES_H
#define WAVEBREAK_DEMO_PLACES_H

#include "complaint.h"

#include <stdbool.h>

struct places {
	char demo_dir[PATH_MAX]; /* mailhost, network, waves */
	char fetch[PATH_MAX]; /* tools/fetch-mail-server */
	char cache[PATH_MAX]; /* what it has fetched is kept here */
	char server_root[PATH_MAX];
	char wavebreak[PATH_MAX];
	char visible_dir[PATH_MAX]; /* to be shown to the mail host, so that wavebreak is there */
};

/* `guarded`: wavebreak itself is needed too. Returns 0, or -ECANCELED with a complaint when a file is missing. */
int places_find(bool guarded, struct complaint *complaint, struct places *ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* complaint - why the demo cannot go on, in one sentence for the person at the terminal.
 *
 * The function that finds the obstacle fills it and returns what complain() returns, so that
 * it passes up like any -errno. A ^C is -EINTR and needs no sentence.
 */
#ifndef WAVEBREAK_DEMO_COMPLAINT_H
#define WAVEBREAK_DEMO_COMPLAINT_H

#include <limits.h>

enum {
	STATUS_FAILED = 1,
	STATUS_NOT_PERMITTED = 3, /* no root, or the kernel refuses or lacks it */
	STATUS_INTERRUPTED = 130, /* 128 + SIGINT, as shells report it */
};

struct complaint {
	int status; /* of the program; 0: nothing to complain of */
	char sentence[512];
	char log_path[PATH_MAX]; /* a file whose end explains more; empty: none */
};

/* Returns -ECANCELED. The first complaint stays: later ones are its consequences. */
int complain(struct complaint *complaint, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Before complain(): the end of folder/name explains more. */
void complaint_see(struct complaint *complaint, const char *folder, const char *name);

/* Prints the sentence and the end of the log to standard error. */
void complaint_print(const struct complaint *complaint);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* signature_load - finds the signature files and reads them all.
 *
 * First the administrator's folder ($sysconfdir/wavebreak/signatures), then the one that is
 * installed, or, for a binary that runs from its build folder, the source's. Of each folder
 * all regular files whose names end in ".sig" and do not begin with a dot, in the order of
 * the bytes of their names. A file hides those of the same name in later folders; that is
 * how a shipped file is replaced as a whole.
 */
#ifndef WAVEBREAK_SENSE_SIGNATURE_LOAD_H
#define WAVEBREAK_SENSE_SIGNATURE_LOAD_H

#include "judge/signature.h"

#define SIGNATURE_FILES_MAX 256  /* in one folder */
#define SIGNATURE_FOLDERS_MAX 16 /* beside the usual ones */
#define SIGNATURE_LOAD_TEXT_SIZE 768

/* What goes wrong is told as one sentence, with file, line and column where there are some.
 * `folder` is read in place of the usual ones, or NULL.
 * Returns 0 with a sealed set, or a negative errno with the sentence. Blocks on the disk. */
int signature_load(const char *folder, struct signature_set **ret,
		   char text[SIGNATURE_LOAD_TEXT_SIZE]);

/* The usual folders and these (watch.signatures), which come right after the administrator's own;
 * one that does not exist is a mistake. At most SIGNATURE_FOLDERS_MAX. */
int signature_load_with(char *const *folders, size_t count, struct signature_set **ret,
			char text[SIGNATURE_LOAD_TEXT_SIZE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* signature_file - reads a signature file into a set.
 *
 *	service courier-smtp
 *	  server courier
 *	  tag courieresmtpd
 *
 *	signature relay-denied
 *	  pattern ^error,relay={addr}(?:,port={port})?,from=<[^<>:]*>,to=<[^<>:]*>: {reply}\b
 *	  reply   513
 *	  outcome relay-denied
 *	  yes     error,relay=192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 513 No.
 *	  client  192.0.2.7
 *	  no      error,relay=192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 513
 *
 * The language is described in wavebreak-signatures(5). A file is taken as a whole or not at
 * all: its first mistake ends the reading, and the set is then fit only to be destroyed. The
 * examples of a file are tried as soon as it is read, against the signatures of that file.
 */
#ifndef WAVEBREAK_JUDGE_SIGNATURE_FILE_H
#define WAVEBREAK_JUDGE_SIGNATURE_FILE_H

#include "judge/signature.h"

#define SIGNATURE_FILE_SIZE_MAX (256 * 1024)

/* `name` is kept for messages. Not of a sealed set.
 * Returns 0, -EINVAL with ret_mistake filled in, -EFBIG or -ENOMEM. */
int signature_file_read(struct signature_set *set, struct bytes text, const char *name,
			struct signature_mistake *ret_mistake);

#endif

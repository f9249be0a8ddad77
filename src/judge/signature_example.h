/* SPDX-License-Identifier: Apache-2.0 */
/* signature_example - whether signatures do what the examples in their file say.
 *
 * An example is tried against the signatures of its own file and service, in order: what
 * another file puts before them, on purpose, must not make this one wrong.
 */
#ifndef WAVEBREAK_JUDGE_SIGNATURE_EXAMPLE_H
#define WAVEBREAK_JUDGE_SIGNATURE_EXAMPLE_H

#include "judge/signature.h"

/* The examples of all signatures from `first` on, which are those of one file.
 * Returns 0, -EINVAL with ret_mistake filled in, or -ENOMEM. */
int signature_examples_try(const struct signature_set *set, size_t first,
			   struct signature_mistake *ret_mistake);

#endif

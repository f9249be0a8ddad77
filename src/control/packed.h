/* SPDX-License-Identifier: Apache-2.0 */
/* packed - bytes as a JSON string: base64 (RFC 4648, section 4). */
#ifndef WAVEBREAK_CONTROL_PACKED_H
#define WAVEBREAK_CONTROL_PACKED_H

#include "base/bytes.h"

#include <jansson.h>

/* So long a string for so many bytes. */
#define PACKED_SIZE(bytes) (((bytes) + 2) / 3 * 4)

/* The caller's to free; NULL without memory. */
json_t *packed_make(struct bytes bytes);

/* Writes the bytes to `ret`. Returns 0, -EINVAL for what is no such string, or -EMSGSIZE when it says more than
 * `most`. */
int packed_read(const json_t *text, char *ret, size_t most, size_t *ret_size);

#endif

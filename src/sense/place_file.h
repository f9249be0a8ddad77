/* SPDX-License-Identifier: Apache-2.0 */
/* place_file - a database of where networks are, in the format of MaxMind (.mmdb), read with libmaxminddb: the
 * country of a client, or the holder of its network.
 *
 * The file is the administrator's, and what is in it somebody else's. It is copied first: one that is written over in
 * place would end a process that has mapped it (SIGBUS). Copying it is done as root, since it may lie where others do
 * not come; it is read as the user that reads foreign bytes, and from memory alone, so also when confined. The library
 * checks what it follows; names may hold any byte.
 *
 * Of MaxMind's and of those who publish in the same way: country.iso_code with country.names.en, else
 * registered_country; autonomous_system_number with autonomous_system_organization.
 */
#ifndef WAVEBREAK_SENSE_PLACE_FILE_H
#define WAVEBREAK_SENSE_PLACE_FILE_H

#include "base/addr.h"

#define PLACE_FILE_SIZE_MOST (128U << 20)
#define PLACE_WHY_SIZE 120

struct place_file;

/* *ret_fd is a copy in memory. Returns 0 or -errno; -EFBIG: no regular file, or too large. */
int place_file_copy(const char *path, int *ret_fd);
/* That in words. */
const char *place_file_trouble(int error);

/* The descriptor is the database's from then on, also when that fails. Returns 0 or -EBADMSG, and then why. */
int place_file_open(int fd, struct place_file **ret, char ret_why[PLACE_WHY_SIZE]);
void place_file_close(struct place_file *file);

/* What it calls itself, such as GeoLite2-Country (foreign text), and when it was made. */
const char *place_file_type(const struct place_file *file);
uint64_t place_file_built_s(const struct place_file *file);

/* Each returns 0, -ENOENT where it does not know, or -EBADMSG where the database is damaged. A name that is cut ends
 * between two characters, and may be "". */
int place_file_country(const struct place_file *file, const struct addr *client, char ret_code[2], char *ret_name,
		       size_t name_size);
int place_file_holder(const struct place_file *file, const struct addr *client, uint32_t *ret_asn, char *ret_name,
		      size_t name_size);

#endif

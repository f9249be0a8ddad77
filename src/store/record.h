/* SPDX-License-Identifier: Apache-2.0 */
/* record - how bans, suspects and prefixes look in the store.
 *
 * Keys and values have one size each and are in the byte order of the host, as LMDB's own file
 * is. STORE_FORMAT counts up when anything here changes its meaning, the numbers of
 * defs/outcomes.def included; a file of another format is not read. Reading checks size,
 * version and range of everything: a disk may give back what nobody wrote.
 */
#ifndef WAVEBREAK_STORE_RECORD_H
#define WAVEBREAK_STORE_RECORD_H

#include "judge/bans.h"
#include "judge/suspects.h"

#define STORE_FORMAT 1U

enum store_database {
	DATABASE_META,	    /* "format" to uint32_t: STORE_FORMAT */
	DATABASE_BANS,	    /* unit_record to ban_record */
	DATABASE_REASONS,   /* unit_record to text, for bans by hand */
	DATABASE_POSITIONS, /* path of a log to what its follower wrote */
	DATABASE_ALLOWED,   /* prefix_record to nothing */
	DATABASE_PASSED,    /* unit_record to uint64_t: until when, wall time in seconds */
	DATABASE_SUSPECTS,  /* unit_record to suspect_record; a file of before has none */
	DATABASE_DELIVERED, /* as DATABASE_PASSED; a file of before has none */
	DATABASE_COUNT
};

/* From here on a database may be missing in a file of the same format: an older version made it. */
#define DATABASE_YOUNGER DATABASE_SUSPECTS

extern const char *const store_database_names[DATABASE_COUNT];

#define META_FORMAT BYTES_LITERAL("format")

/* What of an address makes a unit: an IPv4 address, or the upper half of an IPv6 one. */
struct unit_record {
	uint8_t family;
	uint8_t octets[8];
};

struct ban_record {
	uint8_t version; /* STORE_FORMAT */
	uint8_t flags;	 /* BAN_RECORD_… */
	uint8_t outcome;
	uint8_t zero;
	uint32_t signature;
	uint64_t begin_ms, last_ms, until_ms; /* wall time */
};

#define BAN_RECORD_BY_HAND 1
#define BAN_RECORD_FIXED 2

struct suspect_record {
	uint8_t version; /* STORE_FORMAT */
	uint8_t outcome;
	uint16_t zero;
	uint32_t signature;
	uint32_t score;
	uint32_t more_zero;
	uint64_t begin_ms, last_ms, until_ms; /* wall time */
};

struct prefix_record {
	uint8_t family;
	uint8_t length;
	uint8_t octets[16];
};

_Static_assert(sizeof(struct unit_record) == 9 && sizeof(struct ban_record) == 32 &&
		       sizeof(struct suspect_record) == 40 &&
		       sizeof(struct prefix_record) == 18,
	       "no holes in what goes to disk");

struct unit_record record_of_unit(const struct addr *unit);
struct ban_record record_of_ban(const struct ban *ban);
struct suspect_record record_of_suspect(const struct suspect *suspect);
struct prefix_record record_of_prefix(const struct prefix *prefix);

/* Return 0 or -EBADMSG. The reason is kept apart and stays empty here. */
int record_read_ban(struct bytes key, struct bytes value, struct ban *ret);
int record_read_suspect(struct bytes key, struct bytes value, struct suspect *ret);
int record_read_prefix(struct bytes key, struct prefix *ret);
int record_read_until(struct bytes key, struct bytes value, struct addr *ret_unit, uint64_t *ret_until_s);

#endif

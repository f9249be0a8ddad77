/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

#include <errno.h>

const char *const store_database_names[DATABASE_COUNT] = {
	[DATABASE_META] = "meta",	[DATABASE_BANS] = "bans",
	[DATABASE_REASONS] = "reasons", [DATABASE_POSITIONS] = "positions",
	[DATABASE_ALLOWED] = "allowed",	[DATABASE_PASSED] = "passed",
	[DATABASE_SUSPECTS] = "suspects", [DATABASE_DELIVERED] = "delivered",
};

struct unit_record record_of_unit(const struct addr *unit)
{
	struct unit_record record = { .family = unit->family };

	memcpy(record.octets, unit->octets, sizeof(record.octets));
	return record;
}

struct ban_record record_of_ban(const struct ban *ban)
{
	return (struct ban_record){
		.version = STORE_FORMAT,
		.flags = (uint8_t)((ban->by_hand ? BAN_RECORD_BY_HAND : 0) |
				   (ban->fixed ? BAN_RECORD_FIXED : 0)),
		.outcome = ban->outcome,
		.signature = ban->signature,
		.begin_ms = ban->begin_ms,
		.last_ms = ban->last_ms,
		.until_ms = ban->until_ms,
	};
}

struct suspect_record record_of_suspect(const struct suspect *suspect)
{
	return (struct suspect_record){
		.version = STORE_FORMAT,
		.outcome = suspect->outcome,
		.signature = suspect->signature,
		.score = suspect->score,
		.begin_ms = suspect->begin_ms,
		.last_ms = suspect->last_ms,
		.until_ms = suspect->until_ms,
	};
}

struct prefix_record record_of_prefix(const struct prefix *prefix)
{
	struct prefix_record record = { .family = prefix->addr.family, .length = prefix->length };

	memcpy(record.octets, prefix->addr.octets, sizeof(record.octets));
	return record;
}

static int read_unit(struct bytes key, struct addr *ret)
{
	static const uint8_t nothing[sizeof(((struct unit_record *)0)->octets)];
	struct unit_record record;

	if (key.size != sizeof(record))
		return -EBADMSG;
	memcpy(&record, key.data, sizeof(record));
	if (record.family != ADDR_IPV4 && record.family != ADDR_IPV6)
		return -EBADMSG;
	if (record.family == ADDR_IPV4 && memcmp(record.octets + 4, nothing, 4) != 0)
		return -EBADMSG;
	*ret = (struct addr){ .family = record.family };
	memcpy(ret->octets, record.octets, sizeof(record.octets));
	return 0;
}

int record_read_ban(struct bytes key, struct bytes value, struct ban *ret)
{
	struct ban_record record;

	*ret = (struct ban){ 0 };
	if (value.size != sizeof(record) || read_unit(key, &ret->unit) < 0)
		return -EBADMSG;
	memcpy(&record, value.data, sizeof(record));
	if (record.version != STORE_FORMAT || record.outcome >= OUTCOME_COUNT || record.zero != 0 ||
	    record.flags > (BAN_RECORD_BY_HAND | BAN_RECORD_FIXED) ||
	    record.flags == BAN_RECORD_FIXED || record.begin_ms > record.until_ms)
		return -EBADMSG;
	ret->begin_ms = record.begin_ms;
	ret->last_ms = record.last_ms;
	ret->until_ms = record.until_ms;
	ret->signature = record.signature;
	ret->outcome = record.outcome;
	ret->by_hand = record.flags & BAN_RECORD_BY_HAND;
	ret->fixed = record.flags & BAN_RECORD_FIXED;
	return 0;
}

int record_read_suspect(struct bytes key, struct bytes value, struct suspect *ret)
{
	struct suspect_record record;

	*ret = (struct suspect){ 0 };
	if (value.size != sizeof(record) || read_unit(key, &ret->unit) < 0)
		return -EBADMSG;
	memcpy(&record, value.data, sizeof(record));
	if (record.version != STORE_FORMAT || record.outcome >= OUTCOME_COUNT || record.zero != 0 ||
	    record.more_zero != 0 || record.begin_ms > record.until_ms)
		return -EBADMSG;
	ret->begin_ms = record.begin_ms;
	ret->last_ms = record.last_ms;
	ret->until_ms = record.until_ms;
	ret->signature = record.signature;
	ret->score = record.score;
	ret->outcome = record.outcome;
	return 0;
}

int record_read_prefix(struct bytes key, struct prefix *ret)
{
	struct prefix_record record;
	struct addr addr = { 0 };

	if (key.size != sizeof(record))
		return -EBADMSG;
	memcpy(&record, key.data, sizeof(record));
	if (!(record.family == ADDR_IPV4 && record.length <= 32) &&
	    !(record.family == ADDR_IPV6 && record.length <= 128))
		return -EBADMSG;
	addr.family = record.family;
	memcpy(addr.octets, record.octets, sizeof(record.octets));
	*ret = prefix_around(&addr, record.length);
	return addr_equal(&ret->addr, &addr) ? 0 : -EBADMSG;
}

int record_read_until(struct bytes key, struct bytes value, struct addr *ret_unit, uint64_t *ret_until_s)
{
	if (value.size != sizeof(*ret_until_s) || read_unit(key, ret_unit) < 0)
		return -EBADMSG;
	memcpy(ret_until_s, value.data, sizeof(*ret_until_s));
	return 0;
}

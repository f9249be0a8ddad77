/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/dns_message.h"

#include <assert.h>

#define HEAD_SIZE 12
#define RECORD_HEAD_SIZE 10 /* type, class, TTL, size: what stands behind the name */
#define NAME_WIRE_MOST 255
#define POINTERS_MOST 32
#define ALIASES_MOST 16

#define FLAG_RESPONSE 0x8000
#define FLAG_TRUNCATED 0x0200
#define OPCODE 0x7800
#define RCODE 0x000f
#define RCODE_NO_ERROR 0
#define RCODE_NO_NAME 3

#define CLASS_IN 1
#define TYPE_CNAME 5
#define TYPE_SOA 6

/* Labels with their lengths and the empty one at the end, letters small: two names are one exactly when
 * their octets are, also where a label holds a dot or a slash (RFC 2317). */
struct name {
	uint8_t size;
	uint8_t octets[NAME_WIRE_MOST];
};

struct record {
	size_t owner; /* where its name begins */
	uint16_t type, class;
	uint32_t ttl_s;
	size_t data, end;
};

struct reader {
	const uint8_t *data;
	size_t size, at;
};

static bool take_u16(struct reader *r, uint16_t *ret)
{
	if (r->size - r->at < 2)
		return false;
	*ret = (uint16_t)(r->data[r->at] << 8 | r->data[r->at + 1]);
	r->at += 2;
	return true;
}

static bool take_u32(struct reader *r, uint32_t *ret)
{
	uint16_t high, low;

	if (!take_u16(r, &high) || !take_u16(r, &low))
		return false;
	*ret = (uint32_t)high << 16 | low;
	return true;
}

/* A pointer leads before all that has been read of the name, so that there is no circle. How many may
 * be followed is bounded too, or a chain of them through 64 kB would be walked for each record. */
static bool take_name(struct reader *r, struct name *ret)
{
	size_t at = r->at, lowest = r->at, pointers = 0;

	ret->size = 0;
	for (;;) {
		uint8_t length;

		if (at >= r->size)
			return false;
		length = r->data[at];
		if (length >= 0xc0) {
			size_t target;

			if (r->size - at < 2 || ++pointers > POINTERS_MOST)
				return false;
			target = (size_t)(length & 0x3f) << 8 | r->data[at + 1];
			if (target < HEAD_SIZE || target >= lowest)
				return false;
			if (pointers == 1)
				r->at = at + 2;
			at = lowest = target;
			continue;
		}
		/* 0x40 and 0x80 never came to mean anything (RFC 6891 section 5). */
		if (length > 63 || r->size - at - 1 < length || (size_t)ret->size + length + 1 > NAME_WIRE_MOST)
			return false;
		ret->octets[ret->size++] = length;
		for (size_t i = 0; i < length; i++)
			ret->octets[ret->size++] = (uint8_t)char_to_lower((char)r->data[at + 1 + i]);
		at += 1 + (size_t)length;
		if (length == 0)
			break;
	}
	if (pointers == 0)
		r->at = at;
	return true;
}

static bool name_equal(const struct name *a, const struct name *b)
{
	return a->size == b->size && memcmp(a->octets, b->octets, a->size) == 0;
}

/* Is `name` the zone or in it? */
static bool name_is_in(const struct name *name, const struct name *zone)
{
	size_t at = 0;

	while ((size_t)name->size - at > zone->size)
		at += 1 + (size_t)name->octets[at];
	return (size_t)name->size - at == zone->size && memcmp(name->octets + at, zone->octets, zone->size) == 0;
}

/* `text` is well. */
static void name_of_text(struct bytes text, struct name *ret)
{
	ret->size = 0;
	while (text.size) {
		size_t label = bytes_find_char(text, '.');

		ret->octets[ret->size++] = (uint8_t)label;
		for (size_t i = 0; i < label; i++)
			ret->octets[ret->size++] = (uint8_t)char_to_lower(text.data[i]);
		text = bytes_skip(text, label + 1);
	}
	ret->octets[ret->size++] = 0;
}

static bool take_record(struct reader *r, struct record *ret)
{
	struct name owner;
	uint16_t size;

	ret->owner = r->at;
	if (!take_name(r, &owner) || !take_u16(r, &ret->type) || !take_u16(r, &ret->class) ||
	    !take_u32(r, &ret->ttl_s) || !take_u16(r, &size) || r->size - r->at < size)
		return false;
	ret->data = r->at;
	r->at += size;
	ret->end = r->at;
	/* RFC 2181 section 8: a TTL with its highest bit set is none. */
	if (ret->ttl_s > INT32_MAX)
		ret->ttl_s = 0;
	return true;
}

struct message {
	struct bytes bytes;
	struct record records[DNS_RECORDS_MOST];
	size_t answers, count; /* of the records, the answer section's first; what is beyond is not looked at */
};

static struct reader reader_at(const struct message *m, size_t at)
{
	return (struct reader){ (const uint8_t *)m->bytes.data, m->bytes.size, at };
}

/* Of one that has been taken once. */
static void name_at(const struct message *m, size_t at, struct name *ret)
{
	struct reader r = reader_at(m, at);

	bool well = take_name(&r, ret);

	assert(well);
}

/* The data of a record that is one name and nothing else. */
static bool read_target(const struct message *m, const struct record *record, struct name *ret)
{
	struct reader r = reader_at(m, record->data);

	return take_name(&r, ret) && r.at == record->end;
}

/* The next answer of that name and type, from number `from` on; m->answers when there is none. */
static size_t find_answer(const struct message *m, size_t from, const struct name *name, unsigned type)
{
	struct name owner;

	for (; from < m->answers; from++) {
		if (m->records[from].type != type || m->records[from].class != CLASS_IN)
			continue;
		name_at(m, m->records[from].owner, &owner);
		if (name_equal(&owner, name))
			break;
	}
	return from;
}

static void lower(uint32_t *ttl_s, uint32_t other_s)
{
	if (other_s < *ttl_s)
		*ttl_s = other_s;
}

/* Goes on to the name that has no alias, in whatever order the records stand. A chain in a circle is
 * longer than any that is followed. */
static bool follow_aliases(const struct message *m, struct name *name, uint32_t *ttl_s)
{
	for (size_t aliases = 0;; aliases++) {
		size_t i = find_answer(m, 0, name, TYPE_CNAME);

		if (i == m->answers)
			return true;
		if (aliases == ALIASES_MOST || !read_target(m, &m->records[i], name))
			return false;
		lower(ttl_s, m->records[i].ttl_s);
	}
}

static bool read_address(const struct message *m, const struct record *record, struct dns_answer *ret)
{
	if (record->end - record->data != 4)
		return false;
	if (ret->address_count < DNS_ADDRESSES_MOST)
		memcpy(ret->addresses[ret->address_count++], m->bytes.data + record->data, 4);
	return true;
}

/* Strings of a length and so many octets (RFC 1035 section 3.3.14). */
static bool read_text(const struct message *m, const struct record *record, struct dns_answer *ret)
{
	size_t at = record->data, used = 0;

	while (at < record->end) {
		size_t end = at + 1 + (uint8_t)m->bytes.data[at];

		if (end > record->end)
			return false;
		for (at++; at < end; at++) {
			char c = m->bytes.data[at];

			if (used < DNS_TEXT_SIZE - 1)
				ret->text[used++] = c >= ' ' && c <= '~' ? c : '?';
		}
	}
	ret->text[used] = '\0';
	ret->text_size = (uint8_t)used;
	return true;
}

static bool read_record(const struct message *m, const struct record *record, struct dns_answer *ret)
{
	struct name target;

	switch (record->type) {
	case DNS_A:
		return read_address(m, record, ret);
	case DNS_PTR:
		return read_target(m, record, &target);
	case DNS_TXT:
		return ret->outcome == DNS_FOUND || read_text(m, record, ret);
	default:
		return true;
	}
}

/* How long "no" holds (RFC 2308 section 5): the least of the SOA's own TTL and its last field. It has
 * to be of a zone that the name is in. */
static uint32_t negative_ttl_s(const struct message *m, const struct name *name)
{
	for (size_t i = m->answers; i < m->count; i++) {
		const struct record *soa = &m->records[i];
		struct reader r = reader_at(m, soa->data);
		uint32_t ttl_s = soa->ttl_s, minimum_s;
		struct name zone, server, mailbox;

		if (soa->type != TYPE_SOA || soa->class != CLASS_IN)
			continue;
		name_at(m, soa->owner, &zone);
		if (!name_is_in(name, &zone) || !take_name(&r, &server) || !take_name(&r, &mailbox) ||
		    r.at + 5 * sizeof(uint32_t) != soa->end)
			continue;
		r.at += 4 * sizeof(uint32_t);
		if (take_u32(&r, &minimum_s))
			lower(&ttl_s, minimum_s);
		return ttl_s;
	}
	return 0;
}

/* What the records say, of which none has to be there. */
static enum dns_outcome read_answers(const struct message *m, struct name *name, enum dns_type type, bool no_name,
				     struct dns_answer *ret)
{
	uint32_t ttl_s = UINT32_MAX;

	if (!follow_aliases(m, name, &ttl_s))
		return DNS_BROKEN;
	for (size_t i = 0; !no_name && (i = find_answer(m, i, name, type)) < m->answers; i++) {
		if (!read_record(m, &m->records[i], ret))
			return DNS_BROKEN;
		lower(&ttl_s, m->records[i].ttl_s);
		ret->outcome = DNS_FOUND;
	}
	if (ret->outcome != DNS_FOUND)
		lower(&ttl_s, negative_ttl_s(m, name));
	ret->ttl_s = ttl_s;
	if (no_name)
		return DNS_NO_NAME;
	return ret->outcome == DNS_FOUND ? DNS_FOUND : DNS_NO_DATA;
}

static bool take_records(struct reader *r, uint16_t answers, uint16_t authorities, struct message *ret)
{
	size_t all = (size_t)answers + authorities;

	for (ret->count = 0; ret->count < all && ret->count < DNS_RECORDS_MOST; ret->count++)
		if (!take_record(r, &ret->records[ret->count]))
			return false;
	ret->answers = answers < ret->count ? answers : ret->count;
	return true;
}

static bool take_question(struct reader *r, const struct name *name, enum dns_type type)
{
	uint16_t asked_type, asked_class;
	struct name asked;

	return take_name(r, &asked) && take_u16(r, &asked_type) && take_u16(r, &asked_class) &&
	       name_equal(&asked, name) && asked_type == type && asked_class == CLASS_IN;
}

static enum dns_outcome read_message(struct bytes bytes, struct name *name, enum dns_type type,
				     struct dns_answer *ret)
{
	struct message m;
	struct reader r;
	uint16_t id, flags, questions, answers, authorities, additionals;
	unsigned rcode;

	m.bytes = bytes;
	r = reader_at(&m, 0);
	if (!take_u16(&r, &id) || !take_u16(&r, &flags) || !take_u16(&r, &questions) || !take_u16(&r, &answers) ||
	    !take_u16(&r, &authorities) || !take_u16(&r, &additionals) || !(flags & FLAG_RESPONSE) ||
	    (flags & OPCODE))
		return DNS_BROKEN;
	rcode = flags & RCODE;
	/* A server that does not want to read the question (FORMERR, REFUSED) may leave it out. */
	if (questions == 0 && rcode != RCODE_NO_ERROR && rcode != RCODE_NO_NAME)
		return DNS_FAILED;
	if (questions != 1 || !take_question(&r, name, type))
		return DNS_BROKEN;
	if (rcode != RCODE_NO_ERROR && rcode != RCODE_NO_NAME)
		return DNS_FAILED;
	if (flags & FLAG_TRUNCATED)
		return DNS_TRUNCATED;
	if (!take_records(&r, answers, authorities, &m))
		return DNS_BROKEN;
	return read_answers(&m, name, type, rcode == RCODE_NO_NAME, ret);
}

void dns_answer_read(struct bytes message, struct bytes name, enum dns_type type, struct dns_answer *ret)
{
	struct name asked;

	*ret = (struct dns_answer){ .outcome = DNS_BROKEN };
	if (!dns_name_is_well(name))
		return;
	name_of_text(name, &asked);
	ret->outcome = (uint8_t)read_message(message, &asked, type, ret);
	/* What was read of a message that then proved broken is not told. */
	if (ret->outcome == DNS_BROKEN)
		*ret = (struct dns_answer){ .outcome = DNS_BROKEN };
}

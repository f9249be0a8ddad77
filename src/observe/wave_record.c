/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/wave_record.h"

#include "base/text.h"

#include <errno.h>

#define RECORD_VERSION 1
/* Version, and a hash of all that follows it. */
#define HEAD_SIZE 5
#define NUMBER_MOST 10
/* Rates are kept in thousandths. */
#define RATE_PARTS 1000.0
#define RATE_MOST 1e12

enum { GOES_ON = 1, BY_FILLING = 2, AT_LEAST = 4, ALL_FLAGS = 7 };

/* A worst one has a length, an address and four numbers of 32 bits; a part a country, three numbers and its name. */
_Static_assert(HEAD_SIZE + 32 * NUMBER_MOST + 2 * WAVE_WORST * (2 + 16 + 4 * 5) +
	       2 * WAVE_WORST * (2 + 3 * 5 + 1 + WAVE_NAME_SIZE) <= WAVE_RECORD_MOST, "all of it has room");

/* Seven bits a byte, the lowest first, the eighth for one more to come. */
static char *put(char *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*out++ = (char)(number | 0x80);
	*out++ = (char)number;
	return out;
}

static char *put_bytes(char *out, const void *data, size_t size)
{
	memcpy(out, data, size);
	return out + size;
}

static uint64_t parts_of(double rate)
{
	return rate > 0 && rate < RATE_MOST ? (uint64_t)(rate * RATE_PARTS + 0.5) : 0;
}

static char *put_figures(char *out, const struct wave_figures *f)
{
	const uint64_t numbers[] = { f->begin_s, f->peak_s, f->end_s, f->peak_open, f->limit, parts_of(f->usual),
				     parts_of(f->peak_rate), f->arrivals, f->offences, f->bans, f->evictions, f->dropped,
				     f->peak_without };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		out = put(out, numbers[i]);
	return out;
}

static char *put_worst(char *out, const struct wave_worst *list, size_t count)
{
	out = put(out, count);
	for (size_t i = 0; i < count; i++) {
		*out++ = (char)list[i].who.addr.family;
		*out++ = (char)list[i].who.length;
		out = put_bytes(out, list[i].who.addr.octets, list[i].who.addr.family == ADDR_IPV4 ? 4 : 16);
		out = put(out, list[i].clients);
		out = put(out, list[i].connections);
		out = put(out, list[i].told);
		out = put(out, list[i].evicted);
	}
	return out;
}

static char *put_parts(char *out, const struct wave_part *list, size_t count)
{
	out = put(out, count);
	for (size_t i = 0; i < count; i++) {
		size_t size = strnlen(list[i].name, WAVE_NAME_SIZE - 1);

		out = put_bytes(out, list[i].of.country, 2);
		out = put(out, list[i].of.asn);
		out = put(out, list[i].share.clients);
		out = put(out, list[i].share.told);
		out = put(out, size);
		out = put_bytes(out, list[i].name, size);
	}
	return out;
}

static char *put_hash(char *out, uint32_t hash)
{
	for (unsigned i = 0; i < 4; i++)
		*out++ = (char)(hash >> (8 * i));
	return out;
}

size_t wave_record_encode(const struct wave_record *record, char out[WAVE_RECORD_MOST])
{
	const struct wave_sources *s = &record->sources;
	const uint32_t numbers[] = { s->clients, s->told, s->evicted, s->relieved, s->with_country, s->with_asn };
	char *at = out + HEAD_SIZE;

	at = put(at, (record->figures.goes_on ? GOES_ON : 0U) | (record->figures.by_filling ? BY_FILLING : 0U) |
		     (s->at_least ? AT_LEAST : 0U));
	at = put_figures(at, &record->figures);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		at = put(at, numbers[i]);
	at = put_worst(at, s->client, s->worst_clients);
	at = put_worst(at, s->network, s->worst_networks);
	at = put_parts(at, s->country, s->worst_countries);
	at = put_parts(at, s->asn, s->worst_asns);
	out[0] = RECORD_VERSION;
	put_hash(out + 1, bytes_hash(BYTES_HASH_BEGIN, bytes_make(out + HEAD_SIZE, (size_t)(at - out - HEAD_SIZE))));
	return (size_t)(at - out);
}

/* What is left to read; it stays wrong once it was. */
struct reading {
	struct bytes text;
	bool wrong;
};

static uint64_t take(struct reading *r, uint64_t most)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64 && r->text.size; shift += 7) {
		uint8_t byte = (uint8_t)r->text.data[0];

		r->text = bytes_skip(r->text, 1);
		number |= (uint64_t)(byte & 0x7F) << shift;
		if (byte & 0x80)
			continue;
		if (number <= most)
			return number;
		break;
	}
	r->wrong = true;
	return 0;
}

static void take_bytes(struct reading *r, void *ret, size_t size)
{
	if (r->text.size < size) {
		r->wrong = true;
		return;
	}
	memcpy(ret, r->text.data, size);
	r->text = bytes_skip(r->text, size);
}

static void take_figures(struct reading *r, struct wave_figures *f)
{
	const uint64_t rate_most = (uint64_t)(RATE_MOST * RATE_PARTS);

	f->begin_s = take(r, WALL_MOST_S);
	f->peak_s = take(r, WALL_MOST_S);
	f->end_s = take(r, WALL_MOST_S);
	f->peak_open = (uint32_t)take(r, UINT32_MAX);
	f->limit = (uint32_t)take(r, UINT32_MAX);
	f->usual = (double)take(r, rate_most) / RATE_PARTS;
	f->peak_rate = (double)take(r, rate_most) / RATE_PARTS;
	f->arrivals = take(r, INT64_MAX);
	f->offences = take(r, INT64_MAX);
	f->bans = take(r, INT64_MAX);
	f->evictions = take(r, INT64_MAX);
	f->dropped = take(r, INT64_MAX);
	f->peak_without = (uint32_t)take(r, UINT32_MAX);
	r->wrong |= f->end_s < f->begin_s;
}

static struct prefix take_prefix(struct reading *r)
{
	struct addr addr = { 0 };
	uint8_t head[2] = { 0 };
	struct prefix prefix;
	bool is_ipv4;

	take_bytes(r, head, sizeof(head));
	is_ipv4 = head[0] == ADDR_IPV4;
	addr.family = head[0];
	if ((!is_ipv4 && head[0] != ADDR_IPV6) || head[1] > (is_ipv4 ? 32 : 128)) {
		r->wrong = true;
		return (struct prefix){ 0 };
	}
	take_bytes(r, addr.octets, is_ipv4 ? 4 : 16);
	prefix = prefix_around(&addr, head[1]);
	r->wrong |= !addr_equal(&prefix.addr, &addr);
	return prefix;
}

static size_t take_worst(struct reading *r, struct wave_worst list[WAVE_WORST])
{
	size_t count = (size_t)take(r, WAVE_WORST);

	for (size_t i = 0; i < count && !r->wrong; i++) {
		list[i].who = take_prefix(r);
		list[i].clients = (uint32_t)take(r, UINT32_MAX);
		list[i].connections = (uint32_t)take(r, UINT32_MAX);
		list[i].told = (uint32_t)take(r, UINT32_MAX);
		list[i].evicted = (uint32_t)take(r, UINT32_MAX);
	}
	return count;
}

static bool is_country(const char country[2])
{
	for (int i = 0; i < 2; i++)
		if (country[i] < 'A' || country[i] > 'Z')
			return false;
	return true;
}

static size_t take_parts(struct reading *r, struct wave_part list[WAVE_WORST], bool of_countries)
{
	size_t count = (size_t)take(r, WAVE_WORST);

	for (size_t i = 0; i < count && !r->wrong; i++) {
		take_bytes(r, list[i].of.country, 2);
		list[i].of.asn = (uint32_t)take(r, UINT32_MAX);
		list[i].share.clients = (uint32_t)take(r, UINT32_MAX);
		list[i].share.told = (uint32_t)take(r, UINT32_MAX);
		take_bytes(r, list[i].name, (size_t)take(r, WAVE_NAME_SIZE - 1));
		r->wrong |= of_countries ? !is_country(list[i].of.country) || list[i].of.asn :
					   !list[i].of.asn || list[i].of.country[0] || list[i].of.country[1];
	}
	return count;
}

int wave_record_decode(struct bytes text, struct wave_record *ret)
{
	struct reading r = { bytes_skip(text, HEAD_SIZE) };
	struct wave_sources *s = &ret->sources;
	char hash[4];
	unsigned flags;

	*ret = (struct wave_record){ 0 };
	put_hash(hash, bytes_hash(BYTES_HASH_BEGIN, r.text));
	if (text.size < HEAD_SIZE || text.size > WAVE_RECORD_MOST || text.data[0] != RECORD_VERSION ||
	    memcmp(hash, text.data + 1, sizeof(hash)) != 0)
		return -EBADMSG;
	flags = (unsigned)take(&r, ALL_FLAGS);
	ret->figures.goes_on = flags & GOES_ON;
	ret->figures.by_filling = flags & BY_FILLING;
	s->at_least = flags & AT_LEAST;
	take_figures(&r, &ret->figures);
	s->clients = (uint32_t)take(&r, UINT32_MAX);
	s->told = (uint32_t)take(&r, s->clients);
	s->evicted = (uint32_t)take(&r, s->clients);
	s->relieved = (uint32_t)take(&r, s->clients);
	s->with_country = (uint32_t)take(&r, s->clients);
	s->with_asn = (uint32_t)take(&r, s->clients);
	s->worst_clients = take_worst(&r, s->client);
	s->worst_networks = take_worst(&r, s->network);
	s->worst_countries = take_parts(&r, s->country, true);
	s->worst_asns = take_parts(&r, s->asn, false);
	return r.wrong || r.text.size ? -EBADMSG : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/wave_record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wave_worst worst(unsigned number)
{
	struct wave_worst w = { .clients = 1 + number, .connections = 100 - number, .told = UINT32_MAX - number,
				.evicted = 7 };
	char text[PREFIX_TEXT_SIZE];

	snprintf(text, sizeof(text), number % 2 ? "2001:db8:%x::/48" : "192.0.%u.0/24", number);
	assert_int_equal(prefix_parse(bytes_of(text), &w.who), 0);
	return w;
}

static struct wave_part part(unsigned number, bool country)
{
	struct wave_part p = { .share = { 50 - number, number } };

	if (country)
		memcpy(p.of.country, (char[2]){ 'A', (char)('A' + number) }, 2);
	else
		p.of.asn = 64496 + number;
	snprintf(p.name, sizeof(p.name), "<b>\"\x1b[31m%u", number);
	return p;
}

static struct wave_record full(void)
{
	struct wave_record r = { .figures = { .begin_s = 1795842000, .peak_s = 1795842060, .end_s = 1795842120,
					      .goes_on = true, .peak_open = 300, .limit = 300, .usual = 0.25,
					      .peak_rate = 20.5, .arrivals = 3000, .offences = 2000, .bans = 1000,
					      .evictions = 900, .dropped = 800, .peak_without = 1200 },
				 .sources = { .at_least = true, .clients = 900, .told = 800, .evicted = 700, .relieved = 6,
					      .with_country = 880, .with_asn = 870 } };

	for (unsigned i = 0; i < WAVE_WORST; i++) {
		r.sources.client[i] = r.sources.network[i] = worst(i);
		r.sources.country[i] = part(i, true);
		r.sources.asn[i] = part(i, false);
	}
	r.sources.worst_clients = r.sources.worst_networks = r.sources.worst_countries = r.sources.worst_asns = WAVE_WORST;
	return r;
}

static void what_is_written_is_read(void **state)
{
	struct wave_record records[] = { full(), { .figures = { .begin_s = 5, .end_s = 5 } } }, again;
	char text[WAVE_RECORD_MOST];

	for (size_t i = 0; i < 2; i++) {
		size_t size = wave_record_encode(&records[i], text);

		assert_in_range(size, 20, 4096);
		assert_int_equal(wave_record_decode(bytes_make(text, size), &again), 0);
		assert_memory_equal(&again, &records[i], sizeof(again));
	}
}

static void what_is_cut_or_damaged_is_none(void **state)
{
	struct wave_record record = full(), again;
	char text[WAVE_RECORD_MOST];
	size_t size = wave_record_encode(&record, text);

	for (size_t i = 0; i < size; i++) {
		assert_int_equal(wave_record_decode(bytes_make(text, i), &again), -EBADMSG);
		text[i] ^= 1;
		assert_int_equal(wave_record_decode(bytes_make(text, size), &again), -EBADMSG);
		text[i] ^= 1;
	}
}

/* What no sum can come to is refused, though its hash is right. */
static void what_makes_no_sense_is_none(void **state)
{
	struct wave_record records[] = { full(), full(), full(), full(), full(), full() }, again;
	char text[WAVE_RECORD_MOST];

	records[0].sources.told = 901;
	records[1].figures.end_s = records[1].figures.begin_s - 1;
	records[2].sources.client[3].who.length = 129;
	records[3].sources.country[2].of.country[0] = '<';
	records[4].sources.asn[2].of.asn = 0;
	records[5].sources.network[0].who.addr.octets[3] = 1;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		assert_int_equal(wave_record_decode(bytes_make(text, wave_record_encode(&records[i], text)), &again), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_cut_or_damaged_is_none),
		cmocka_unit_test(what_makes_no_sense_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

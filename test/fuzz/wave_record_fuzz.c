/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the record of a wave, also with a right hash: what is taken is written so that it is taken again as the
 * same. */
#include "observe/wave_record.h"
#include "test/fuzz/hashed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check(struct bytes text)
{
	static struct wave_record record, again;
	char written[WAVE_RECORD_MOST];
	size_t size;

	if (wave_record_decode(text, &record) < 0)
		return;
	must(record.sources.worst_clients <= WAVE_WORST && record.sources.worst_asns <= WAVE_WORST);
	must(record.sources.told <= record.sources.clients && record.figures.begin_s <= record.figures.end_s);
	size = wave_record_encode(&record, written);
	must(size <= sizeof(written));
	must(wave_record_decode(bytes_make(written, size), &again) == 0);
	must(again.sources.clients == record.sources.clients && again.figures.arrivals == record.figures.arrivals);
	must(again.sources.worst_networks == record.sources.worst_networks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(bytes_make((const char *)data, size));
	check_hashed(bytes_make((const char *)data, size), check);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a chunk of the history, also with a right hash, and as a list that somebody imports: what is taken
 * is written so that it is taken again as the same. */
#include "cli/history_list.h"
#include "observe/history.h"
#include "test/fuzz/hashed.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_chunk(struct bytes text)
{
	static struct history_chunk chunk, again;
	char written[HISTORY_CHUNK_MOST], picked[HISTORY_CHUNK_MOST];
	size_t size;
	int r = history_decode(text, &chunk);

	must(history_pick(text, 1 << HISTORY_open, picked) <= sizeof(picked));
	if (r < 0)
		return;
	must(chunk.present && chunk.present >> HISTORY_SLOTS == 0);
	size = history_encode(&chunk, HISTORY_ALL, written);
	must(size > 0 && size <= sizeof(written));
	must(history_decode(bytes_make(written, size), &again) == 0);
	must(again.present == chunk.present);
	for (unsigned c = 0; c < HISTORY_COLUMNS; c++)
		for (unsigned s = 0; s < HISTORY_SLOTS; s++)
			must(!(chunk.present >> s & 1) || chunk.values[c][s] == again.values[c][s]);
	size = history_pick(bytes_make(written, size), 1 << HISTORY_open, picked);
	must(size > 0 && history_decode(bytes_make(picked, size), &again) == 0);
	must(again.present == chunk.present);
}

static void check_list(struct bytes text)
{
	struct history_list list = { .now_s = UINT64_C(1795842000) };
	char series[HISTORY_LIST_SERIES_SIZE] = "";
	uint64_t last_s = 0;

	while (text.size) {
		struct bytes line = bytes_first(text, bytes_find_char(text, '\n'));
		uint32_t values[HISTORY_COLUMNS];
		const char *mistake;
		uint64_t at_s = 0;
		int r = history_list_line(&list, line, &at_s, values, &mistake);

		text = bytes_skip(text, line.size + 1);
		must(r == 0 || r == 1 || (r == -EINVAL && mistake));
		must(strlen(list.series) < sizeof(series));
		for (const char *c = list.series; *c; c++)
			must(*c > ' ' && *c <= '~');
		if (strcmp(series, list.series) != 0)
			last_s = 0;
		strcpy(series, list.series);
		must(r != 1 || (at_s <= list.now_s && at_s / 60 >= last_s / 60));
		last_s = r == 1 ? at_s : last_s;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size);

	check_chunk(text);
	check_hashed(text, check_chunk);
	check_list(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a log of any bytes through the whole policy, with all shipped signatures and the ids
 * that they remember. The first byte chooses of which server the lines without a tag are; figures
 * that contradict each other are a find. */
#include "build_config.h"
#include "observe/replay.h"
#include "sense/signature_load.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signature_set *set;

static void load(void)
{
	char text[SIGNATURE_LOAD_TEXT_SIZE];

	if (signature_load(WAVEBREAK_SOURCE_DIR "/signatures", &set, text) < 0) {
		fprintf(stderr, "%s\n", text);
		exit(1);
	}
}

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check(struct replay *replay)
{
	const struct replay_figures *f = replay_end(replay);
	struct frequent_entry worst[2];
	const struct wave_found *waves;
	uint64_t dropped, in_waves = 0;
	size_t count = replay_waves(replay, &waves, &dropped);

	must(f->recognised <= f->lines && f->offences <= f->recognised);
	must(f->clients <= f->offences && f->banned_clients <= f->bans);
	must(f->bans <= f->offences && f->unknown_ends <= f->evicted);
	for (size_t i = 0; i < count; i++)
		in_waves += waves[i].offences;
	must(in_waves <= f->offences);
	must(replay_worst_clients(replay, worst, 2) == 0 || worst[0].count <= f->offences);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct prefix_set never = { 0 };
	struct replay_limits limits = {
		.judge = { .half_life_ms = 600000, .ban_score = 100, .clients = 100 },
		.bans = { .for_ms = 600000, .at_most_ms = 3600000, .most = 100 },
		.never = &never,
	};
	const struct stamp_clock clock = { .now_s = 1785157501, .utc_offset_s = 7200 };
	struct bytes rest = bytes_make((const char *)data, size);
	struct replay *replay;

	if (!set)
		load();
	for (int i = 0; i < OUTCOME_COUNT; i++)
		limits.judge.scores[i] = outcome_score((enum outcome)i);
	if (size == 0 || replay_create(set, &set->groups[data[0] % set->group_count], &limits, &replay) < 0)
		return 0;
	rest = bytes_skip(rest, 1);
	while (rest.size) {
		struct bytes line = bytes_first(rest, bytes_find_char(rest, '\n'));

		rest = bytes_skip(rest, line.size + 1);
		replay_line(replay, line, line.size % 7 == 6, &clock);
	}
	check(replay);
	replay_destroy(replay);
	return 0;
}

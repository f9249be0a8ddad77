/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "base/clock.h"
#include "base/text.h"
#include "sense/place_file.h"

#include <errno.h>
#include <string.h>

#define DAY_S 86400
/* Networks change hands: an older one is wrong about many. */
#define OLD_DAYS 90

static void tell_place_file(struct check *check, const char *setting, const char *path)
{
	struct findings *f = check->findings;
	char why[PLACE_WHY_SIZE], built[WALL_TEXT_SIZE];
	uint64_t now_s = clock_wall_s(), days;
	struct place_file *file;
	int fd = -1, r = place_file_copy(path, &fd);

	if (r == 0)
		r = place_file_open(fd, &file, why);
	if (r < 0) {
		findings_add(f, FINDING_LACKS, "waves", "%s: %s: %s", setting, path,
			     r == -EBADMSG ? why : place_file_trouble(r));
		findings_advise(f, "waves are told without it");
		return;
	}
	days = now_s > place_file_built_s(file) ? (now_s - place_file_built_s(file)) / DAY_S : 0;
	findings_add(f, FINDING_WORKS, "waves", "%s: %s, built %.10s (%llu day%s ago)", setting, place_file_type(file),
		     wall_format(place_file_built_s(file), built), (unsigned long long)days, days == 1 ? "" : "s");
	if (days > OLD_DAYS)
		findings_advise(f, "a newer one is wrong about fewer networks; reload the guard when it is there");
	place_file_close(file);
}

void check_places(struct check *check)
{
	const struct settings *s = &check->plan->settings;

	if (*s->wave_countries)
		tell_place_file(check, "wave.countries", s->wave_countries);
	if (*s->wave_asns)
		tell_place_file(check, "wave.asns", s->wave_asns);
	if ((*s->wave_countries || *s->wave_asns) && (!s->wave_detect || !s->history_enabled))
		findings_advise(check->findings, "with %s = no nothing is told by it",
				s->wave_detect ? "history.enabled" : "wave.detect");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "judge/relief.h"

static void tell_marks(struct check *check)
{
	const struct plan *plan = check->plan;
	const struct settings *s = &plan->settings;

	findings_add(check->findings, FINDING_WORKS, "relief", "from %u of %u connections down to %u%s",
		     relief_mark(plan->limit, (uint32_t)s->relief_start), plan->limit,
		     relief_mark(plan->limit, (uint32_t)s->relief_stop),
		     plan->server.tells_blocked ? "; whom the server's own block lists name goes first" : "");
}

void check_relief(struct check *check)
{
	struct findings *f = check->findings;

	if (!check->plan->settings.relief_enabled) {
		findings_add(f, FINDING_WORKS, "relief", "off (relief.enabled)");
		return;
	}
	if (check->plan->limit) {
		tell_marks(check);
		return;
	}
	findings_add(f, FINDING_LACKS, "relief", "off: the limit of the mail server is not known");
	findings_advise(f, "say how many connections it serves at once with mail.limit");
}

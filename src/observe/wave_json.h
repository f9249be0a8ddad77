/* SPDX-License-Identifier: Apache-2.0 */
/* wave_json - a wave as JSON, for `wavebreak waves --json` and for the page.
 *
 * Names come from somebody else's database: one that is UTF-8 is told as it is, and who shows it escapes it; of others
 * the bytes are written as text_escape does.
 */
#ifndef WAVEBREAK_OBSERVE_WAVE_JSON_H
#define WAVEBREAK_OBSERVE_WAVE_JSON_H

#include "observe/wave_course.h"
#include "observe/wave_sources.h"

#include <jansson.h>

/* The caller's. `counted` says whether what the guard did was counted, too, and not only what was open. */
json_t *wave_figures_to_json(const struct wave_figures *figures, bool counted);
json_t *wave_sources_to_json(const struct wave_sources *sources);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* page - the files of the dashboard, which are built into the program: src/observe/page/, and uPlot where
 * tools/fetch-uplot had brought it when the build was set up.
 *
 * The page fetches nothing from elsewhere and may run nothing but its own script: PAGE_POLICY has the browser see to
 * that. The script puts all that it is told on the page as text; no string can become markup (trusted types).
 */
#ifndef WAVEBREAK_OBSERVE_PAGE_H
#define WAVEBREAK_OBSERVE_PAGE_H

#include "base/bytes.h"

#define PAGE_POLICY                                                                                             \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "          \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

/* The file of that path, "/" being the page; false when there is none. */
bool page_find(const char *path, struct bytes *ret_file, const char **ret_type);

#endif

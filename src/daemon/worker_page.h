/* SPDX-License-Identifier: Apache-2.0 */
/* worker_page - what the dashboard of the watch worker asks for: its files (observe/page.h), the last
 * seconds (observe/page_samples.h), each further one as it comes, the status, the explanation of an address, the latest
 * waves, and each of them with its curve.
 *
 * It only reads, but for bans of who has http.token. What it tells has addresses of clients and what they said in
 * it, so it is there only where http.page says so; metrics have neither.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_PAGE_H
#define WAVEBREAK_DAEMON_WORKER_PAGE_H

#include "observe/http.h"

struct worker;
struct worker_page;

/* NULL without memory. */
struct worker_page *worker_page_create(struct worker *w);

/* False when that is nothing of the page; the answer is then untouched. */
bool worker_page_answer(struct worker_page *page, const struct http_request *request, struct http_answer *answer);

/* For a POST: /ban.json or /unban.json, of who has the token. */
void worker_page_act(struct worker_page *page, const struct http_request *request, struct http_answer *answer);

void worker_page_each_second(struct worker_page *page, struct http_server *server);

#endif

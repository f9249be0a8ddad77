/* SPDX-License-Identifier: Apache-2.0 */
/* check - the parts of `wavebreak check`: each looks at one thing and adds what it found.
 *
 * None of them changes anything: files are read, the kernel is asked, and what can only be
 * known by trying (nf_tables, SOCK_DESTROY) is tried in a way that leaves nothing behind. They
 * work for any user as far as that user may look, and say what they could not see.
 */
#ifndef WAVEBREAK_CLI_CHECK_H
#define WAVEBREAK_CLI_CHECK_H

#include "cli/findings.h"
#include "daemon/plan.h"
#include "judge/signature.h"

struct check {
	const struct plan *plan;
	struct findings *findings;
	struct signature_set *signatures; /* NULL where a mistake is in them */
};

/* check_server.c: what is guarded, and what is known of it */
void check_mail_server(struct check *check);
void check_signatures(struct check *check);
void check_logs(struct check *check);

/* check_kernel.c: what the kernel can do, and lets us do */
void check_connections(struct check *check);
void check_ban(struct check *check);
void check_evict(struct check *check);
void check_confinement(struct check *check);
void check_privileges(struct check *check);

/* check_relief.c: what happens near the server's limit */
void check_relief(struct check *check);

/* check_backend.c: who keeps the banned away, where that is not our own table; check_ban calls it */
void check_backend(struct check *check);

/* check_gate.c: the gate; asks each of its zones */
void check_gate(struct check *check);

/* check_suspect.c: limits in the kernel, and who is led to the gate */
void check_limits(struct check *check);
void check_suspect(struct check *check);

/* check_places.c: databases of where clients are */
void check_places(struct check *check);

/* check_host.c: the place where the daemon lives, and whom it must not ban */
void check_user(struct check *check);
void check_folders(struct check *check);
void check_never_list(struct check *check);
void check_daemon(struct check *check);
void check_http(struct check *check);

#endif

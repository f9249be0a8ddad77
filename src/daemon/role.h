/* SPDX-License-Identifier: Apache-2.0 */
/* role - what each process of the daemon that reads foreign bytes does before the first of them. */
#ifndef WAVEBREAK_DAEMON_ROLE_H
#define WAVEBREAK_DAEMON_ROLE_H

#include <sys/types.h>

/* Becomes that user for good, of no supplementary group but `group` (0: none). Who was not started by root stays
 * who he is. No capability is left either way. Says its error. Returns 0 or -errno. */
int role_become_user(uid_t uid, gid_t gid, gid_t group);

/* A dead warden takes this process along by that signal, also when it has died before this. After
 * role_become_user, which makes the kernel forget it (commit_creds, kernel/cred.c). Returns 0 or -ESRCH. */
int role_die_with_warden(pid_t warden, int signal_number);

#endif

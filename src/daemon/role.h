/* SPDX-License-Identifier: Apache-2.0 */
/* role - what each process of the daemon that reads foreign bytes does before the first of them. */
#ifndef WAVEBREAK_DAEMON_ROLE_H
#define WAVEBREAK_DAEMON_ROLE_H

#include <sys/types.h>

/* Becomes that user for good, of no supplementary group but `group` (0: none). Who was not started by root stays
 * who he is. No capability is left either way. Says its error. Returns 0 or -errno. */
int role_become_user(uid_t uid, gid_t gid, gid_t group);

/* A dead warden sends this process that signal; one that has died before this is found out. After role_become_user,
 * which makes the kernel forget it (commit_creds, kernel/cred.c). Returns 0 or -ESRCH. */
int role_die_with_warden(pid_t warden, int signal_number);
/* For who goes on for a while without the warden, and sees at its socket that it is gone: stopped (SIGSTOP) at that
 * moment it would never see it, so it is sent SIGCONT. Otherwise the same. */
int role_outlive_warden(pid_t warden);

#endif

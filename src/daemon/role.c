/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/role.h"

#include "base/log.h"
#include "daemon/confine.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Who started us may not be root, and have been given capabilities all the same. */
int role_become_user(uid_t uid, gid_t gid, gid_t group)
{
	int r = geteuid() == 0 ? confine_user(uid, gid, group) : confine_capabilities(0);

	if (r < 0)
		log_error("cannot become user %u: %s", uid, strerror(-r));
	return r;
}

int role_die_with_warden(pid_t warden, int signal_number)
{
	prctl(PR_SET_PDEATHSIG, signal_number);
	return getppid() == warden ? 0 : -ESRCH;
}

int role_outlive_warden(pid_t warden)
{
	return role_die_with_warden(warden, SIGCONT);
}

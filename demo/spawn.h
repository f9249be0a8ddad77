/* SPDX-License-Identifier: Apache-2.0 */
/* spawn - starts the demo's programs so that none of them outlives it.
 *
 * Each gets a session of its own (a ^C at the terminal reaches only the demo, which ends
 * the others in the right order), and is killed by the kernel when the demo dies, however
 * it dies (PR_SET_PDEATHSIG; it survives execve).
 */
#ifndef WAVEBREAK_DEMO_SPAWN_H
#define WAVEBREAK_DEMO_SPAWN_H

#include <signal.h>
#include <sys/types.h>

struct spawn {
	const char *const *argv; /* argv[0] is a path */
	const char *log_path; /* standard output and error are appended; NULL: the demo's own */
	unsigned long namespaces; /* CLONE_NEW…: it is the first process of new ones */
	int wait_fd; /* it begins when a byte can be read here; -1: at once */
	int close_fd; /* the other end of it, or -1 */
};

/* Returns 0 or -errno (-EPERM, -ENOSPC, -EINVAL: the kernel refuses the namespaces). */
int spawn(const struct spawn *what, pid_t *ret);

/* For a process that runs a function of the demo itself: like fork(2), with namespaces
 * and with the same promise about its end. */
pid_t spawn_fork(unsigned long namespaces);

/* Waits up to `seconds`. Returns 0 with the wait status, -ETIMEDOUT, or -EINTR when `*stop`
 * becomes true (`stop` may be NULL). */
int spawn_wait(pid_t pid, double seconds, const volatile sig_atomic_t *stop, int *ret_status);

/* SIGKILL, and reaped. Of a PID namespace's first process: with all that is in it. */
void spawn_kill(pid_t pid);

/* Sleeps for 20 ms, the pace of every wait here. */
void spawn_pause(void);

double spawn_now(void); /* seconds on the monotonic clock */

#endif

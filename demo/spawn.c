/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double spawn_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void spawn_pause(void)
{
	const struct timespec pace = { .tv_nsec = 20 * 1000 * 1000 };

	nanosleep(&pace, NULL);
}

/* clone(2) by its number works like fork(2): the order of the arguments behind the first
 * two, in which architectures differ, does not matter where all of them are 0. */
pid_t spawn_fork(unsigned long namespaces)
{
	pid_t demo = getpid();
	pid_t pid = (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The demo may have died before that. In a new PID namespace its number reads 0 in
	 * either case; there the byte on wait_fd tells. */
	if (!(namespaces & CLONE_NEWPID) && getppid() != demo)
		_exit(1);
	setsid();
	return 0;
}

static void wait_for_byte(const struct spawn *what)
{
	char byte;

	if (what->wait_fd < 0)
		return;
	close(what->close_fd);
	if (read(what->wait_fd, &byte, 1) != 1)
		_exit(1);
}

static void take_streams(const char *log_path)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = log_path ? open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

	dup2(in, STDIN_FILENO);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
}

/* Mounts of a new mount namespace reach the machine's unless they are made private. */
static void begin(const struct spawn *what)
{
	wait_for_byte(what);
	if ((what->namespaces & CLONE_NEWNS) &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(1);
	take_streams(what->log_path);
	signal(SIGPIPE, SIG_DFL);
	/* The exec family takes arguments that it promises not to change as if it might. */
	execv(what->argv[0], (char *const *)(uintptr_t)what->argv);
	_exit(127);
}

int spawn(const struct spawn *what, pid_t *ret)
{
	pid_t pid = spawn_fork(what->namespaces);

	if (pid < 0)
		return -errno;
	if (pid == 0)
		begin(what);
	*ret = pid;
	return 0;
}

int spawn_wait(pid_t pid, double seconds, const volatile sig_atomic_t *stop, int *ret_status)
{
	double deadline = spawn_now() + seconds;

	for (;;) {
		if (waitpid(pid, ret_status, WNOHANG) == pid)
			return 0;
		if (stop && *stop)
			return -EINTR;
		if (spawn_now() >= deadline)
			return -ETIMEDOUT;
		spawn_pause();
	}
}

void spawn_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

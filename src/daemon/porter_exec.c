/* SPDX-License-Identifier: Apache-2.0 */
/* A program is started hundreds of times a second in a wave, so the new process shares our memory until it
 * executes (CLONE_VM and CLONE_VFORK, as posix_spawn(3) does, which has no setgroups(2)): nothing is copied,
 * and an error is simply left where we find it. What runs in between is system calls alone: no libc that
 * could hold a lock, and no signal, since all are blocked. Nobody can trace it there: the change of user
 * makes the memory that is shared with us undumpable (commit_creds, kernel/cred.c).
 */
#include "daemon/porter_internal.h"

#include "kernel/gate_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)64 * 1024)
/* What programs expect that still use select(2). */
#define USUAL_FILES 1024

#ifdef SYS_setresuid32
#define SET_GROUPS SYS_setgroups32
#define SET_GROUP SYS_setresgid32
#define SET_USER SYS_setresuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GROUP SYS_setresgid
#define SET_USER SYS_setresuid
#endif

struct birth {
	const struct porter_rules *rules;
	char *const *environment;
	int client_fd, null_fd;
	struct rlimit files, data;
	volatile int error;
	pid_t pid; /* of what was started */
};

static int set_limits(const struct birth *b)
{
	if (setrlimit(RLIMIT_NOFILE, &b->files) < 0)
		return -errno;
	return b->rules->data_limit && setrlimit(RLIMIT_DATA, &b->data) < 0 ? -errno : 0;
}

/* By the system calls themselves: those of libc would have every thread of the process follow. */
static int set_user(const struct porter_rules *rules)
{
	if (!rules->change_user)
		return 0;
	if (syscall(SET_GROUPS, rules->group_count, rules->groups) < 0 ||
	    syscall(SET_GROUP, rules->gid, rules->gid, rules->gid) < 0 ||
	    syscall(SET_USER, rules->uid, rules->uid, rules->uid) < 0)
		return -errno;
	return 0;
}

/* All of ours are closed by execve(2) anyway; this is for what somebody else left open in the warden. */
static void close_all_else(void)
{
	struct rlimit files;

	if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0 || getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	for (rlim_t fd = 3; fd < files.rlim_cur && fd < 65536; fd++)
		close((int)fd);
}

/* By the system call: sigaction(3) does not touch the two signals that libc keeps to itself, and who started us may
 * have left those ignored, too. All zero is SIG_DFL, whatever the order of the fields. */
static void reset_signals(void)
{
	static const unsigned long usual[8];

	for (int s = 1; s < NSIG; s++)
		syscall(SYS_rt_sigaction, s, usual, NULL, (size_t)(NSIG - 1) / 8); /* some cannot be, and need not */
}

static int be_born(void *data)
{
	struct birth *b = data;
	sigset_t none;
	int r;

	if (dup2(b->client_fd, 0) < 0 || dup2(b->client_fd, 1) < 0 || dup2(b->null_fd, 2) < 0) {
		b->error = -errno;
		_exit(127);
	}
	close_all_else();
	setsid();
	umask(022);
	reset_signals();
	r = set_limits(b);
	if (r == 0)
		r = set_user(b->rules);
	if (r == 0 && chdir("/") < 0)
		r = -errno;
	if (r == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execve(b->rules->arguments.texts[0], b->rules->arguments.texts, b->environment);
		r = -errno;
	}
	b->error = r;
	_exit(127);
}

static char *stack_end(void)
{
	static char *stack;

	if (!stack) {
		stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
		if (stack == MAP_FAILED)
			stack = NULL;
	}
	return stack ? stack + STACK_SIZE : NULL;
}

static void choose_limits(struct birth *b)
{
	getrlimit(RLIMIT_NOFILE, &b->files);
	if (b->files.rlim_cur > USUAL_FILES)
		b->files.rlim_cur = USUAL_FILES;
	getrlimit(RLIMIT_DATA, &b->data);
	if (b->rules->data_limit < b->data.rlim_max)
		b->data = (struct rlimit){ b->rules->data_limit, b->rules->data_limit };
}

static int start_program(struct birth *b)
{
	char *stack = stack_end();
	sigset_t all, before;
	pid_t pid;
	int r;

	if (!stack)
		return -ENOMEM;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	b->pid = pid = clone(be_born, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, b);
	r = pid < 0 ? -errno : b->error;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0 && r < 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return r;
}

/* A pair: the gate's end does not block, the program's does. */
static int make_pair(int pair[2])
{
	int flags;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	flags = fcntl(pair[0], F_GETFL);
	if (flags >= 0 && fcntl(pair[0], F_SETFL, flags | O_NONBLOCK) >= 0)
		return 0;
	close(pair[0]);
	close(pair[1]);
	return -EINVAL;
}

/* It has spoken with the gate already, which has to stand between. */
static int start_behind_gate(struct birth *b, int *ret_fd)
{
	int pair[2], r = make_pair(pair);

	if (r < 0)
		return r;
	b->client_fd = pair[1];
	r = start_program(b);
	close(pair[1]);
	if (r < 0)
		close(pair[0]);
	else
		*ret_fd = pair[0];
	return r;
}

static int start_with_client(struct birth *b)
{
	int flags = fcntl(b->client_fd, F_GETFL), r;

	/* The flags are the connection's, which the gate shares with the program. */
	if (flags < 0 || fcntl(b->client_fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	r = start_program(b);
	if (r < 0)
		fcntl(b->client_fd, F_SETFL, flags);
	return r;
}

int porter_exec(struct porter *p, int client_fd, const struct porter_request *request, int *ret_fd)
{
	struct birth b = { .rules = p->rules, .client_fd = client_fd, .null_fd = p->null_fd };
	bool listed = request->zone != PORTER_NOT_LISTED;
	int r;

	if (listed && (size_t)request->zone >= p->rules->blocks.count)
		return -EINVAL;
	r = porter_crowd_has_room(p->crowd, &request->client);
	if (r < 0)
		return r;
	b.environment = porter_environment(p->rules, request);
	choose_limits(&b);
	r = listed || request->escorted ? start_behind_gate(&b, ret_fd) : start_with_client(&b);
	if (r == 0) {
		porter_crowd_add(p->crowd, b.pid, &request->client);
		/* Also where the gate stands between: the client has a process of the server. */
		(void)gate_mark(client_fd, false);
	}
	return r;
}

void porter_reap(struct porter *p)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		porter_crowd_remove(p->crowd, pid);
	porter_tell_room(p);
}

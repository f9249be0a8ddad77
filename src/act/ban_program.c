/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban_program.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads of its output that are made in one go; what writes faster than we read must not hold us up. */
#define READS_AT_ONCE 16

struct ban_program {
	struct loop *loop;
	char *const *words;
	ban_program_ended_fn *ended;
	void *data;
	pid_t pid; /* 0: none runs */
	int pidfd, output; /* -1 then */
	struct loop_fd *exit_watch, *output_watch;
	struct loop_timer *patience;
	bool hung;
	char line[BAN_PROGRAM_LINE_SIZE];
	size_t line_size;
	bool line_cut;
	unsigned lines;
};

static void say_line(struct ban_program *p)
{
	char text[BAN_PROGRAM_LINE_SIZE * 4 + 4];

	if ((p->line_size || p->line_cut) && ++p->lines <= BAN_PROGRAM_LINES)
		log_info("ban.command says: %s%s",
			 text_escape(bytes_make(p->line, p->line_size), text, sizeof(text)), p->line_cut ? " ..." : "");
	p->line_size = 0;
	p->line_cut = false;
}

static void take_output(struct ban_program *p, struct bytes output)
{
	for (size_t i = 0; i < output.size; i++) {
		if (output.data[i] == '\n')
			say_line(p);
		else if (p->line_size < sizeof(p->line))
			p->line[p->line_size++] = output.data[i];
		else
			p->line_cut = true;
	}
}

static void hear(struct ban_program *p)
{
	char buffer[4096];
	ssize_t size = 1;

	for (int i = 0; i < READS_AT_ONCE && size > 0; i++) {
		size = read(p->output, buffer, sizeof(buffer));
		if (size > 0)
			take_output(p, bytes_make(buffer, (size_t)size));
	}
	if (size == 0) {
		loop_fd_remove(p->output_watch);
		p->output_watch = NULL;
	}
}

static void on_output(void *data, int fd, uint32_t events)
{
	hear(data);
}

static void end_of_words(struct ban_program *p)
{
	if (p->output >= 0)
		hear(p);
	say_line(p);
	if (p->lines > BAN_PROGRAM_LINES)
		log_info("ban.command says %u lines more", p->lines - BAN_PROGRAM_LINES);
}

static void forget(struct ban_program *p)
{
	loop_timer_disarm(p->patience);
	loop_fd_remove(p->exit_watch);
	loop_fd_remove(p->output_watch);
	p->exit_watch = p->output_watch = NULL;
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->output >= 0)
		close(p->output);
	p->pidfd = p->output = -1;
	p->pid = 0;
}

static int reap(struct ban_program *p)
{
	int status = 0;

	/* What it has started and left behind goes with it; as long as it is not reaped, the number is its own. */
	kill(-p->pid, SIGKILL);
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	end_of_words(p);
	forget(p);
	return status;
}

static void on_exit_seen(void *data, int fd, uint32_t events)
{
	struct ban_program *p = data;
	int status = reap(p);

	p->ended(p->data, status, p->hung);
}

static void on_patience(void *data)
{
	struct ban_program *p = data;

	p->hung = true;
	kill(-p->pid, SIGKILL);
	kill(p->pid, SIGKILL); /* it may have left its group */
}

int ban_program_create(struct loop *loop, char *const *words, ban_program_ended_fn *ended, void *data,
		       struct ban_program **ret)
{
	struct ban_program *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct ban_program){
		.loop = loop, .words = words, .ended = ended, .data = data, .pidfd = -1, .output = -1,
	};
	r = loop_timer_create(loop, on_patience, p, &p->patience);
	if (r < 0)
		free(p);
	else
		*ret = p;
	return r;
}

void ban_program_destroy(struct ban_program *p)
{
	if (!p)
		return;
	ban_program_stop(p);
	loop_timer_destroy(p->patience);
	free(p);
}

bool ban_program_runs(const struct ban_program *p)
{
	return p->pid > 0;
}

void ban_program_stop(struct ban_program *p)
{
	if (p->pid > 0)
		reap(p);
}

bool ban_program_wait(struct ban_program *p, uint64_t patience_ms)
{
	uint64_t until = clock_ms() + patience_ms, now;
	struct pollfd end = { .fd = p->pidfd, .events = POLLIN };
	int ready = 0, status;

	if (p->pid <= 0)
		return false;
	while (ready <= 0 && (now = clock_ms()) < until) {
		/* Or a full pipe would hold it up. */
		hear(p);
		ready = poll(&end, 1, until - now < 50 ? (int)(until - now) : 50);
	}
	status = reap(p);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* In the new process. What it cannot be started for, it says itself. */
_Noreturn static void become(const struct ban_program *p, int input, int output, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (lseek(input, 0, SEEK_SET) < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0 || syscall(SYS_close_range, 3U, ~0U, 0U) < 0 || chdir("/") < 0)
		_exit(1);
	execv(p->words[0], p->words);
	dprintf(STDERR_FILENO, "%s: %s\n", p->words[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int watch(struct ban_program *p, uint64_t patience_ms)
{
	int r;

	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	r = p->pidfd < 0 ? -errno : 0;
	if (r == 0)
		r = loop_fd_add(p->loop, p->pidfd, EPOLLIN, on_exit_seen, p, &p->exit_watch);
	if (r == 0)
		r = loop_fd_add(p->loop, p->output, EPOLLIN, on_output, p, &p->output_watch);
	if (r == 0)
		r = loop_timer_arm(p->patience, clock_ms() + patience_ms);
	return r;
}

int ban_program_start(struct ban_program *p, int input, uint64_t patience_ms)
{
	pid_t parent = getpid();
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	p->lines = 0;
	p->hung = false;
	p->pid = fork();
	if (p->pid == 0)
		become(p, input, ends[1], parent);
	r = p->pid < 0 ? -errno : 0;
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		p->pid = 0;
		return r;
	}
	/* In both processes: whoever comes first. */
	setpgid(p->pid, p->pid);
	p->output = ends[0];
	fcntl(p->output, F_SETFL, O_NONBLOCK);
	r = watch(p, patience_ms);
	if (r < 0)
		ban_program_stop(p);
	return r;
}

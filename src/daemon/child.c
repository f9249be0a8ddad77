/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* One that ran so long begins anew with the shortest delay. */
#define FORGIVEN_MS 60000
#define KEPT_FIRST 3

void child_init(struct child *child, struct loop *loop, const struct child_calls *calls, void *data)
{
	*child = (struct child){ .loop = loop, .calls = calls, .data = data, .pidfd = -1, .socket = -1 };
}

static void forget(struct child *child)
{
	loop_fd_remove(child->exit_watch);
	loop_fd_remove(child->socket_watch);
	child->exit_watch = child->socket_watch = NULL;
	if (child->pidfd >= 0)
		close(child->pidfd);
	if (child->socket >= 0)
		close(child->socket);
	child->pidfd = child->socket = -1;
	child->pid = 0;
}

static void on_end(void *data, int fd, uint32_t events)
{
	struct child *child = data;
	int status = 0;

	if (child->calls->ending)
		child->calls->ending(child->data);
	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	forget(child);
	child->calls->ended(child->data, status);
}

static int watch(struct child *child)
{
	int r;

	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd < 0)
		return -errno;
	r = loop_fd_add(child->loop, child->pidfd, EPOLLIN, on_end, child, &child->exit_watch);
	if (r == 0)
		r = loop_fd_add(child->loop, child->socket, EPOLLIN, child->calls->heard, child->data,
				&child->socket_watch);
	return r;
}

static int make_pair(size_t buffer, int pair[2])
{
	int size = (int)buffer;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	for (int i = 0; i < 2 && buffer; i++) {
		/* Beyond net.core.wmem_max where CAP_NET_ADMIN lets us, else up to it. */
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
			setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
	return 0;
}

int child_start(struct child *child)
{
	int pair[2], r;

	assert(child->pid == 0);
	r = make_pair(child->socket_buffer, pair);
	if (r < 0)
		return r;
	child->parent = getpid();
	child->pid = fork();
	if (child->pid < 0) {
		r = -errno;
		close(pair[0]);
		close(pair[1]);
		child->pid = 0;
		return r;
	}
	if (child->pid == 0)
		_exit(child->calls->run(child->data, pair[1]));
	close(pair[1]);
	child->socket = pair[0];
	child->started_ms = child->heard_ms = loop_now_ms(child->loop);
	r = watch(child);
	if (r < 0)
		child_destroy(child);
	return r;
}

int child_adopt(struct child *child, pid_t pid, int socket)
{
	siginfo_t info;
	int r;

	assert(child->pid == 0);
	/* One that has ended is still a child, and its end is seen as ever. */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -errno;
	child->parent = getpid();
	child->pid = pid;
	child->socket = socket;
	child->started_ms = child->heard_ms = loop_now_ms(child->loop);
	r = watch(child);
	if (r == 0)
		return 0;
	child->socket = -1;
	child_destroy(child);
	return r;
}

/* The pidfd is of our own child, which is not yet reaped: it cannot be anybody else. */
void child_signal(const struct child *child, int signal_number)
{
	if (child->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, child->pidfd, signal_number, NULL, 0);
}

void child_tell(const struct child *child, char word)
{
	if (child->socket >= 0)
		send(child->socket, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void child_note_word(struct child *child)
{
	child->heard_ms = loop_now_ms(child->loop);
}

uint64_t child_silence_ms(const struct child *child)
{
	return loop_now_ms(child->loop) - child->heard_ms;
}

void child_stop_hearing(struct child *child)
{
	loop_fd_remove(child->socket_watch);
	child->socket_watch = NULL;
}

uint64_t child_start_delay(struct child *child)
{
	uint64_t delay_ms = child->delay_ms;

	if (delay_ms == 0 || loop_now_ms(child->loop) - child->started_ms > FORGIVEN_MS)
		delay_ms = CHILD_DELAY_FIRST_MS;
	child->delay_ms = delay_ms * 2 > CHILD_DELAY_MOST_MS ? CHILD_DELAY_MOST_MS : delay_ms * 2;
	return delay_ms;
}

void child_forgive(struct child *child)
{
	child->delay_ms = 0;
}

void child_destroy(struct child *child)
{
	if (child->pid == 0)
		return;
	/* By its number where there is no pidfd: it is ours, and not reaped. */
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(child);
}

const char *child_end_text(int wait_status, char text[CHILD_END_SIZE])
{
	if (WIFSIGNALED(wait_status))
		snprintf(text, CHILD_END_SIZE, "was ended by signal %d (%s)", WTERMSIG(wait_status),
			 strsignal(WTERMSIG(wait_status)));
	else
		snprintf(text, CHILD_END_SIZE, "ended with status %d", WEXITSTATUS(wait_status));
	return text;
}

/* First out of the way of all places that will be taken, and then into these. */
int child_keep(int *const *fds, size_t count)
{
	int moved[CHILD_KEEP_MOST], next = KEPT_FIRST;

	assert(count <= CHILD_KEEP_MOST);
	for (size_t i = 0; i < count; i++) {
		moved[i] = *fds[i] < 0 ? -1 : fcntl(*fds[i], F_DUPFD_CLOEXEC, KEPT_FIRST + (int)count);
		if (*fds[i] >= 0 && moved[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < count; i++) {
		if (moved[i] < 0)
			continue;
		if (dup3(moved[i], next, O_CLOEXEC) < 0)
			return -errno;
		*fds[i] = next++;
	}
	return syscall(SYS_close_range, (unsigned)next, ~0U, 0U) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "act/handler.h"

#include "base/bytes.h"
#include "base/counter.h"
#include "base/table.h"
#include "kernel/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A handler that is awake has exited by then (Courier: in less than 140 ms). */
#define PATIENCE_MS 250
/* Passes over /proc keep at least this distance, and up to the longer one as long as they find
 * nobody to wake: in a wave whose clients say nothing after their 5xx no handler sleeps, and
 * four passes a second over 300 of them were a quarter of the whole guard's CPU. */
#define PASS_INTERVAL_MS 250
#define PASS_INTERVAL_MOST_MS 1000
/* A process is asked about no more descriptors than this; a mail handler has a dozen. */
#define DESCRIPTORS_MOST 1024

struct ended_socket {
	uint64_t cookie;
	uint64_t due_ms;
};

struct handlers {
	struct loop *loop;
	struct loop_timer *timer;
	struct process_names names;
	struct table *waiting; /* inode (uint32_t): struct ended_socket */
	uint64_t next_pass_ms, pass_interval_ms;
};

/* A process that holds one of the sockets, and the descriptor it holds it by. */
struct holder {
	pid_t pid;
	int descriptor;
	uint32_t inode;
};

/* glibc 2.36 has pidfd_open and pidfd_getfd, older ones that we build on do not. */
static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int fetch_descriptor(int pidfd, int descriptor)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0);
}

static pid_t parent_of(pid_t pid)
{
	char text[1024];
	struct process_stat stat;
	size_t size = process_read(pid, "stat", text, sizeof(text));

	return process_parse_stat(bytes_make(text, size), &stat) < 0 ? 0 : stat.parent;
}

static bool is_due(const struct handlers *h, uint32_t inode, uint64_t now)
{
	const struct ended_socket *s = inode ? table_find(h->waiting, &inode) : NULL;

	return s && s->due_ms <= now;
}

static bool find_among_all(const struct handlers *h, struct holder *holder)
{
	uint64_t now = loop_now_ms(h->loop);
	char path[PROCESS_PATH_SIZE];
	struct dirent *entry;
	int looked = 0;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)holder->pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && looked++ < DESCRIPTORS_MOST && (entry = readdir(dir))) {
		holder->descriptor = atoi(entry->d_name);
		holder->inode = process_socket_inode(holder->pid, holder->descriptor);
		found = is_due(h, holder->inode, now);
	}
	closedir(dir);
	return found;
}

/* A handler that was started for one client, as by inetd, has it at 0, and nothing else has to
 * be read: a pass over 300 of them takes 4 ms, and 20 ms where descriptors have to be listed. */
static bool is_holder(const struct handlers *h, struct holder *holder)
{
	holder->descriptor = STDIN_FILENO;
	holder->inode = process_socket_inode(holder->pid, STDIN_FILENO);
	if (holder->inode)
		return is_due(h, holder->inode, loop_now_ms(h->loop)) && process_has_name(&h->names, holder->pid);
	return process_has_name(&h->names, holder->pid) && find_among_all(h, holder);
}

/* That this very process holds this very socket, and that it is closed. */
static bool is_proved(int pidfd, int descriptor, uint64_t cookie)
{
	int fd = fetch_descriptor(pidfd, descriptor);
	uint64_t its_cookie = 0;
	struct tcp_info info = { 0 };
	socklen_t cookie_size = sizeof(its_cookie), info_size = sizeof(info);
	bool same, closed;

	if (fd < 0)
		return false;
	same = getsockopt(fd, SOL_SOCKET, SO_COOKIE, &its_cookie, &cookie_size) == 0 &&
	       its_cookie == cookie;
	closed = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size) == 0 &&
		 info.tcpi_state == TCP_CLOSE;
	close(fd);
	return same && closed;
}

/* A pidfd on the process when it passes all of the proof, else -1. What was read before the
 * pidfd was open may have been of an earlier process of that number, so it is proved again;
 * should the number change hands after that, the signal finds nobody. */
static int prove(const struct handlers *h, struct holder *holder)
{
	const struct ended_socket *s;
	int pidfd;

	if (!is_holder(h, holder))
		return -1;
	pidfd = open_pidfd(holder->pid);
	if (pidfd < 0)
		return -1;
	s = table_find(h->waiting, &holder->inode);
	if (s && is_proved(pidfd, holder->descriptor, s->cookie) && process_has_name(&h->names, holder->pid))
		return pidfd;
	close(pidfd);
	return -1;
}

/* Goes up from a proved holder as long as the parent passes the same proof for the same socket. */
static int prove_topmost(const struct handlers *h, pid_t pid, uint32_t *ret_inode)
{
	struct holder holder = { .pid = pid }, parent;
	int pidfd = prove(h, &holder), parents;

	if (pidfd < 0)
		return -1;
	*ret_inode = holder.inode;
	for (;;) {
		parent = (struct holder){ .pid = parent_of(holder.pid) };
		if (parent.pid <= 1)
			return pidfd;
		parents = prove(h, &parent);
		if (parents < 0)
			return pidfd;
		if (parent.inode != holder.inode) {
			close(parents);
			return pidfd;
		}
		close(pidfd);
		pidfd = parents;
		holder = parent;
	}
}

/* Returns whether a socket that was due has found its handler. */
static bool look_at(struct handlers *h, pid_t pid)
{
	uint32_t inode;
	int pidfd = prove_topmost(h, pid, &inode);

	if (pidfd < 0)
		return false;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) == 0)
		counter_add(COUNTER_handlers_signalled, 1);
	close(pidfd);
	/* Once is enough: who does not end on SIGTERM has a reason that we do not know. */
	table_remove(h->waiting, &inode);
	return true;
}

static size_t count_due(const struct handlers *h, uint64_t now)
{
	const struct ended_socket *s;
	uint32_t cursor = 0;
	size_t due = 0;

	while ((s = table_next(h->waiting, &cursor)))
		due += s->due_ms <= now;
	return due;
}

/* Returns how many of the sockets that are due have found their handlers. /proc lists processes
 * by their number, and who was refused longest ago mostly has the lowest: where handlers do sleep,
 * all are found early. */
static size_t look_at_all(struct handlers *h, size_t due)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t found = 0;

	if (!proc) {
		counter_add(COUNTER_kernel_errors, 1);
		return 0;
	}
	while (found < due && (entry = readdir(proc))) {
		if (char_is_digit(entry->d_name[0]))
			found += look_at(h, atoi(entry->d_name));
	}
	closedir(proc);
	return found;
}

static uint64_t next_interval_ms(const struct handlers *h, size_t found)
{
	if (found)
		return PASS_INTERVAL_MS;
	return 2 * h->pass_interval_ms < PASS_INTERVAL_MOST_MS ? 2 * h->pass_interval_ms
								: PASS_INTERVAL_MOST_MS;
}

static int schedule(struct handlers *h, uint64_t due_ms)
{
	return loop_timer_arm(h->timer, due_ms > h->next_pass_ms ? due_ms : h->next_pass_ms);
}

static void pass(void *data)
{
	struct handlers *h = data;
	uint64_t now = loop_now_ms(h->loop), soonest = UINT64_MAX;
	struct ended_socket *s;
	uint32_t cursor = 0;

	h->pass_interval_ms = next_interval_ms(h, look_at_all(h, count_due(h, now)));
	h->next_pass_ms = now + h->pass_interval_ms;
	while ((s = table_next(h->waiting, &cursor))) {
		if (s->due_ms <= now)
			table_remove(h->waiting, table_key(h->waiting, s));
		else if (s->due_ms < soonest)
			soonest = s->due_ms;
	}
	if (soonest != UINT64_MAX)
		schedule(h, soonest);
}

int handlers_watch(struct handlers *h, uint32_t inode, uint64_t cookie)
{
	struct ended_socket *s;
	void *value;
	int r = table_add(h->waiting, &inode, &value);

	if (r == -ENOSPC)
		counter_add(COUNTER_evictions_dropped, 1);
	if (r < 0)
		return r;
	s = value;
	*s = (struct ended_socket){ .cookie = cookie, .due_ms = loop_now_ms(h->loop) + PATIENCE_MS };
	return loop_timer_armed(h->timer) ? 0 : schedule(h, s->due_ms);
}

size_t handlers_waiting(const struct handlers *h)
{
	return table_count(h->waiting);
}

int handlers_create(struct loop *loop, const char *const *names, size_t most, struct handlers **ret)
{
	struct handlers *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->loop = loop;
	h->pass_interval_ms = PASS_INTERVAL_MS;
	r = process_names_copy(&h->names, names);
	if (r == 0)
		r = table_create(sizeof(uint32_t), sizeof(struct ended_socket), most, &h->waiting);
	if (r == 0)
		r = loop_timer_create(loop, pass, h, &h->timer);
	if (r < 0) {
		handlers_destroy(h);
		return r;
	}
	*ret = h;
	return 0;
}

void handlers_destroy(struct handlers *h)
{
	if (!h)
		return;
	loop_timer_destroy(h->timer);
	table_destroy(h->waiting);
	free(h);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/family.h"

#include "base/clock.h"
#include "kernel/diag.h"
#include "sense/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLICE_US 1000
#define THREADS_MOST 32 /* of one process */
/* Who listens is looked for again when one of them is gone, and each five minutes in case there are more by then. */
#define FIND_AGAIN_MS 10000
#define FIND_MORE_MS 300000

#define LISTENERS_MOST 64
#define ROOTS_MOST 32
/* From a process that listens up to the first of those that do. */
#define GENERATIONS_MOST 16
#define PROCESSES_MOST 4096
/* Who has more open has its listening sockets among the first. */
#define DESCRIPTORS_MOST 1024
#define PATH_SIZE 96
#define TEXT_SIZE 1024
#define CHILDREN_SIZE 65536

/* Where a look begins. Of a host, only the children count. */
struct root {
	pid_t pid;
	uint64_t start_ticks; /* 0: no look was complete yet */
	uint64_t ticks, ticks_before;
	bool host, known_before, gone;
};

struct member {
	pid_t pid;
	uint32_t root;
	bool host;
};

enum phase { IDLE, FINDING, WALKING };

struct family {
	struct diag *diag;
	uint16_t ports[SOCKDIAG_PORTS_MOST];
	size_t port_count;
	enum phase phase;

	DIR *proc; /* finding */
	uint32_t listeners[LISTENERS_MOST];
	size_t listener_count;
	pid_t holders[ROOTS_MOST]; /* that have the socket from nobody */
	size_t holder_count;
	uint64_t found_ms;
	bool lost; /* one of the roots is gone */

	struct family_own own[FAMILY_OWN_MOST];
	size_t own_count;
	struct root roots[ROOTS_MOST];
	size_t root_count;
	struct member members[PROCESSES_MOST]; /* those before `next` have been looked at */
	size_t member_count, next;
	struct family_use use; /* of the look that goes on */
	uint64_t cpu_ticks;    /* of all that were complete */
	char children[CHILDREN_SIZE];
};

static size_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while (have < size && (n = read(fd, text + have, size - have)) > 0)
		have += (size_t)n;
	close(fd);
	return have;
}

static int look_at_stat(pid_t pid, struct process_stat *ret)
{
	char path[PATH_SIZE], text[TEXT_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return process_parse_stat(bytes_make(text, read_file(path, text, sizeof(text))), ret);
}

static const struct family_own *own_process(const struct family *f, pid_t pid)
{
	for (size_t i = 0; i < f->own_count; i++)
		if (f->own[i].pid == pid)
			return &f->own[i];
	return NULL;
}

/* Finding */

static void take_listener(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct family *f = data;

	if (answer->socket.inode && f->listener_count < LISTENERS_MOST)
		f->listeners[f->listener_count++] = answer->socket.inode;
}

static bool is_listener(const struct family *f, const char *target)
{
	unsigned inode;

	if (sscanf(target, "socket:[%u]", &inode) != 1)
		return false;
	for (size_t i = 0; i < f->listener_count; i++)
		if (f->listeners[i] == inode)
			return true;
	return false;
}

static bool listens(const struct family *f, pid_t pid)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder)
		return false;
	for (int i = 0; i < DESCRIPTORS_MOST && !found && (entry = readdir(folder)); i++) {
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		found = is_listener(f, target);
	}
	closedir(folder);
	return found;
}

/* Process 1 may hold a socket for somebody whom it starts for each client; its family is all of this machine. */
static bool may_hold(const struct family *f, pid_t pid)
{
	return pid > 1 && !own_process(f, pid);
}

static bool holds(const struct family *f, pid_t pid)
{
	for (size_t i = 0; i < f->holder_count; i++)
		if (f->holders[i] == pid)
			return true;
	return false;
}

/* Hundreds of processes may have inherited the socket from one, whose number may be higher than theirs: that one alone
 * is kept, or there would be no room for who listens beside it. */
static void look_for_holder(struct family *f, pid_t pid)
{
	struct process_stat stat;

	if (!may_hold(f, pid) || !listens(f, pid))
		return;
	for (int i = 0; i < GENERATIONS_MOST; i++) {
		if (holds(f, pid) || look_at_stat(pid, &stat) < 0)
			return;
		if (!may_hold(f, stat.parent) || !(holds(f, stat.parent) || listens(f, stat.parent)))
			break;
		pid = stat.parent;
	}
	if (f->holder_count < ROOTS_MOST)
		f->holders[f->holder_count++] = pid;
}

static struct root *root_of(struct family *f, pid_t pid, bool host)
{
	for (size_t i = 0; i < f->root_count; i++)
		if (f->roots[i].pid == pid && f->roots[i].host == host)
			return &f->roots[i];
	return NULL;
}

static void add_root(struct family *f, pid_t pid, bool host)
{
	if (!root_of(f, pid, host) && f->root_count < ROOTS_MOST)
		f->roots[f->root_count++] = (struct root){ .pid = pid, .host = host };
}

static void drop_roots(struct family *f, bool (*unwanted)(const struct family *f, const struct root *root))
{
	size_t kept = 0;

	for (size_t i = 0; i < f->root_count; i++)
		if (!unwanted(f, &f->roots[i]))
			f->roots[kept++] = f->roots[i];
	f->root_count = kept;
}

static bool listens_no_more(const struct family *f, const struct root *root)
{
	return !root->host && !holds(f, root->pid);
}

static bool hosts_no_more(const struct family *f, const struct root *root)
{
	const struct family_own *own = own_process(f, root->pid);

	return root->host && !(own && own->host);
}

static void begin_walk(struct family *f)
{
	f->phase = WALKING;
	f->use = (struct family_use){ 0 };
	f->member_count = f->next = 0;
	drop_roots(f, hosts_no_more);
	for (size_t i = 0; i < f->own_count; i++)
		if (f->own[i].host)
			add_root(f, f->own[i].pid, true);
	for (size_t i = 0; i < f->root_count; i++) {
		f->roots[i].ticks = 0;
		f->members[f->member_count++] = (struct member){ f->roots[i].pid, (uint32_t)i, f->roots[i].host };
	}
}

static void end_find(struct family *f)
{
	closedir(f->proc);
	f->proc = NULL;
	drop_roots(f, listens_no_more);
	for (size_t i = 0; i < f->holder_count; i++)
		add_root(f, f->holders[i], false);
	begin_walk(f);
}

static void find(struct family *f)
{
	for (uint64_t until_us = clock_us() + SLICE_US; clock_us() < until_us;) {
		struct dirent *entry = readdir(f->proc);

		if (!entry) {
			end_find(f);
			return;
		}
		if (char_is_digit(entry->d_name[0]))
			look_for_holder(f, (pid_t)atoi(entry->d_name));
	}
}

static bool has_listener(const struct family *f)
{
	for (size_t i = 0; i < f->root_count; i++)
		if (!f->roots[i].host)
			return true;
	return false;
}

static bool is_to_find(const struct family *f)
{
	uint64_t wait_ms = f->lost || !has_listener(f) ? FIND_AGAIN_MS : FIND_MORE_MS;

	return f->found_ms == 0 || clock_ms() - f->found_ms >= wait_ms;
}

static bool begin_find(struct family *f)
{
	struct sockdiag_filter filter = { .states = SOCKDIAG_BIT(SOCKDIAG_LISTEN), .ports = f->ports,
					  .port_count = f->port_count };

	f->found_ms = clock_ms();
	f->lost = false;
	f->listener_count = f->holder_count = 0;
	if (diag_dump(f->diag, &filter, take_listener, f) < 0)
		return false;
	f->proc = opendir("/proc");
	if (!f->proc)
		return false;
	f->phase = FINDING;
	return true;
}

/* Walking */

static void add_children(struct family *f, const struct member *parent, const char *thread)
{
	char path[PATH_SIZE];
	struct bytes left;

	snprintf(path, sizeof(path), "/proc/%d/task/%.12s/children", (int)parent->pid, thread);
	left = bytes_make(f->children, read_file(path, f->children, sizeof(f->children)));
	while (left.size) {
		size_t end = bytes_find_char(left, ' ');
		uint64_t pid;

		if (f->member_count < PROCESSES_MOST && bytes_to_u64(bytes_first(left, end), INT32_MAX, &pid) == 0 &&
		    !root_of(f, (pid_t)pid, false))
			f->members[f->member_count++] = (struct member){ (pid_t)pid, parent->root, false };
		left = bytes_skip(left, end + 1);
	}
}

static void add_children_of_threads(struct family *f, const struct member *parent)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent->pid);
	threads = opendir(path);
	if (!threads)
		return;
	for (int i = 0; i < THREADS_MOST && (entry = readdir(threads)); i++)
		if (char_is_digit(entry->d_name[0]))
			add_children(f, parent, entry->d_name);
	closedir(threads);
}

static void take_own_use(struct family *f, pid_t pid)
{
	char path[PATH_SIZE], text[TEXT_SIZE];
	struct process_statm statm;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	/* One that has ended and is not waited for yet has no memory any more. */
	if (process_parse_statm(bytes_make(text, read_file(path, text, sizeof(text))), &statm) < 0 ||
	    statm.resident_pages == 0)
		return;
	f->use.memory_bytes += process_unshared_bytes(&statm);
	f->use.processes++;
}

/* Of another process that has got the number meanwhile nothing is counted. */
static void look_at_member(struct family *f, const struct member *member, bool is_root)
{
	struct root *root = &f->roots[member->root];
	struct process_stat stat;
	char thread[16];

	if (look_at_stat(member->pid, &stat) < 0 ||
	    (is_root && root->start_ticks && root->start_ticks != stat.start_ticks)) {
		root->gone = root->gone || is_root;
		return;
	}
	if (is_root)
		root->start_ticks = stat.start_ticks;
	root->ticks += stat.children_ticks + (member->host ? 0 : stat.ticks);
	if (!member->host)
		take_own_use(f, member->pid);
	if (stat.threads > 1) {
		add_children_of_threads(f, member);
		return;
	}
	snprintf(thread, sizeof(thread), "%d", (int)member->pid);
	add_children(f, member, thread);
}

static bool is_gone(const struct family *f, const struct root *root)
{
	return root->gone;
}

/* A process that ended between the look at its parent and the one at itself is in neither: it is with the next
 * look, and time never goes back. */
static void end_walk(struct family *f, struct family_use *ret)
{
	for (size_t i = 0; i < f->root_count; i++) {
		struct root *root = &f->roots[i];

		f->lost = f->lost || (root->gone && !root->host);
		if (root->known_before && root->ticks > root->ticks_before)
			f->cpu_ticks += root->ticks - root->ticks_before;
		if (!root->known_before || root->ticks > root->ticks_before)
			root->ticks_before = root->ticks;
		root->known_before = true;
	}
	drop_roots(f, is_gone);
	f->use.cpu_ms = process_ticks_to_ms(f->cpu_ticks);
	*ret = f->use;
	f->phase = IDLE;
}

static bool walk(struct family *f, struct family_use *ret)
{
	for (uint64_t until_us = clock_us() + SLICE_US; f->next < f->member_count && clock_us() < until_us; f->next++)
		look_at_member(f, &f->members[f->next], f->next < f->root_count);
	if (f->next < f->member_count)
		return false;
	end_walk(f, ret);
	return true;
}

bool family_go_on(struct family *f, struct family_use *ret)
{
	if (f->phase == FINDING)
		find(f);
	else if (f->phase == WALKING)
		return walk(f, ret);
	return false;
}

void family_begin(struct family *f, const struct family_own *own, size_t count)
{
	if (f->phase != IDLE)
		return;
	f->own_count = count < FAMILY_OWN_MOST ? count : FAMILY_OWN_MOST;
	if (f->own_count)
		memcpy(f->own, own, f->own_count * sizeof(*own));
	if (!is_to_find(f) || !begin_find(f))
		begin_walk(f);
}

int family_create(const uint16_t *ports, size_t port_count, struct family **ret)
{
	struct family *f;
	int r;

	if (port_count == 0 || port_count > SOCKDIAG_PORTS_MOST)
		return -EINVAL;
	if (access("/proc/thread-self/children", R_OK) < 0)
		return -EOPNOTSUPP;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	memcpy(f->ports, ports, port_count * sizeof(*ports));
	f->port_count = port_count;
	r = diag_create(&f->diag);
	if (r < 0)
		family_destroy(f);
	else
		*ret = f;
	return r;
}

void family_destroy(struct family *f)
{
	if (!f)
		return;
	if (f->proc)
		closedir(f->proc);
	diag_destroy(f->diag);
	free(f);
}

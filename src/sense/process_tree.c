/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/process_tree.h"

#include "base/clock.h"
#include "kernel/diag.h"
#include "kernel/process.h"

#include <dirent.h>
#include <errno.h>
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
#define TEXT_SIZE 1024
#define CHILDREN_SIZE 65536

/* Where a look begins. Of a starter, only the children count. */
struct root {
	pid_t pid;
	uint64_t start_ticks; /* 0: no look was complete yet */
	uint64_t ticks, ticks_before;
	bool starter, known_before, gone;
};

struct member {
	pid_t pid;
	uint32_t root;
	bool starter;
};

enum phase { IDLE, FINDING, WALKING };

struct process_tree {
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

	struct process_tree_own own[PROCESS_TREE_OWN_MOST];
	size_t own_count;
	struct root roots[ROOTS_MOST];
	size_t root_count;
	struct member members[PROCESSES_MOST]; /* those before `next` have been looked at */
	size_t member_count, next;
	struct process_tree_use use; /* of the look that goes on */
	uint64_t cpu_ticks;          /* of all that were complete */
	char children[CHILDREN_SIZE];
};

static int look_at_stat(pid_t pid, struct process_stat *ret)
{
	char text[TEXT_SIZE];

	return process_parse_stat(bytes_make(text, process_read(pid, "stat", text, sizeof(text))), ret);
}

static const struct process_tree_own *own_process(const struct process_tree *t, pid_t pid)
{
	for (size_t i = 0; i < t->own_count; i++)
		if (t->own[i].pid == pid)
			return &t->own[i];
	return NULL;
}

/* Finding */

static void take_listener(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct process_tree *t = data;

	if (answer->socket.inode && t->listener_count < LISTENERS_MOST)
		t->listeners[t->listener_count++] = answer->socket.inode;
}

static bool is_listener(const struct process_tree *t, uint32_t inode)
{
	for (size_t i = 0; inode && i < t->listener_count; i++)
		if (t->listeners[i] == inode)
			return true;
	return false;
}

static bool listens(const struct process_tree *t, pid_t pid)
{
	char path[PROCESS_PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder)
		return false;
	for (int i = 0; i < DESCRIPTORS_MOST && !found && (entry = readdir(folder)); i++)
		found = char_is_digit(entry->d_name[0]) && is_listener(t, process_socket_inode(pid, atoi(entry->d_name)));
	closedir(folder);
	return found;
}

/* Process 1 may hold a socket for somebody whom it starts for each client; its tree is all of this machine. */
static bool may_hold(const struct process_tree *t, pid_t pid)
{
	return pid > 1 && !own_process(t, pid);
}

static bool holds(const struct process_tree *t, pid_t pid)
{
	for (size_t i = 0; i < t->holder_count; i++)
		if (t->holders[i] == pid)
			return true;
	return false;
}

/* Hundreds of processes may have inherited the socket from one, whose number may be higher than theirs: that one alone
 * is kept, or there would be no room for who listens beside it. */
static void look_for_holder(struct process_tree *t, pid_t pid)
{
	struct process_stat stat;

	if (!may_hold(t, pid) || !listens(t, pid))
		return;
	for (int i = 0; i < GENERATIONS_MOST; i++) {
		if (holds(t, pid) || look_at_stat(pid, &stat) < 0)
			return;
		if (!may_hold(t, stat.parent) || !(holds(t, stat.parent) || listens(t, stat.parent)))
			break;
		pid = stat.parent;
	}
	if (t->holder_count < ROOTS_MOST)
		t->holders[t->holder_count++] = pid;
}

static struct root *root_of(struct process_tree *t, pid_t pid, bool starter)
{
	for (size_t i = 0; i < t->root_count; i++)
		if (t->roots[i].pid == pid && t->roots[i].starter == starter)
			return &t->roots[i];
	return NULL;
}

static void add_root(struct process_tree *t, pid_t pid, bool starter)
{
	if (!root_of(t, pid, starter) && t->root_count < ROOTS_MOST)
		t->roots[t->root_count++] = (struct root){ .pid = pid, .starter = starter };
}

static void drop_roots(struct process_tree *t, bool (*unwanted)(const struct process_tree *t, const struct root *root))
{
	size_t kept = 0;

	for (size_t i = 0; i < t->root_count; i++)
		if (!unwanted(t, &t->roots[i]))
			t->roots[kept++] = t->roots[i];
	t->root_count = kept;
}

static bool listens_no_more(const struct process_tree *t, const struct root *root)
{
	return !root->starter && !holds(t, root->pid);
}

static bool starts_no_more(const struct process_tree *t, const struct root *root)
{
	const struct process_tree_own *own = own_process(t, root->pid);

	return root->starter && !(own && own->starter);
}

static void begin_walk(struct process_tree *t)
{
	t->phase = WALKING;
	t->use = (struct process_tree_use){ 0 };
	t->member_count = t->next = 0;
	drop_roots(t, starts_no_more);
	for (size_t i = 0; i < t->own_count; i++)
		if (t->own[i].starter)
			add_root(t, t->own[i].pid, true);
	for (size_t i = 0; i < t->root_count; i++) {
		t->roots[i].ticks = 0;
		t->members[t->member_count++] = (struct member){ t->roots[i].pid, (uint32_t)i, t->roots[i].starter };
	}
}

static void end_find(struct process_tree *t)
{
	closedir(t->proc);
	t->proc = NULL;
	drop_roots(t, listens_no_more);
	for (size_t i = 0; i < t->holder_count; i++)
		add_root(t, t->holders[i], false);
	begin_walk(t);
}

static void find(struct process_tree *t)
{
	for (uint64_t until_us = clock_us() + SLICE_US; clock_us() < until_us;) {
		struct dirent *entry = readdir(t->proc);

		if (!entry) {
			end_find(t);
			return;
		}
		if (char_is_digit(entry->d_name[0]))
			look_for_holder(t, (pid_t)atoi(entry->d_name));
	}
}

static bool has_listener(const struct process_tree *t)
{
	for (size_t i = 0; i < t->root_count; i++)
		if (!t->roots[i].starter)
			return true;
	return false;
}

static bool is_to_find(const struct process_tree *t)
{
	uint64_t wait_ms = t->lost || !has_listener(t) ? FIND_AGAIN_MS : FIND_MORE_MS;

	return t->found_ms == 0 || clock_ms() - t->found_ms >= wait_ms;
}

static bool begin_find(struct process_tree *t)
{
	struct sockdiag_filter filter = { .states = SOCKDIAG_BIT(SOCKDIAG_LISTEN), .ports = t->ports,
					  .port_count = t->port_count };

	t->found_ms = clock_ms();
	t->lost = false;
	t->listener_count = t->holder_count = 0;
	if (diag_dump(t->diag, &filter, take_listener, t) < 0)
		return false;
	t->proc = opendir("/proc");
	if (!t->proc)
		return false;
	t->phase = FINDING;
	return true;
}

/* Walking */

static void add_children(struct process_tree *t, const struct member *parent, const char *thread)
{
	char file[PROCESS_PATH_SIZE];
	struct bytes left;

	snprintf(file, sizeof(file), "task/%.12s/children", thread);
	left = bytes_make(t->children, process_read_all(parent->pid, file, t->children, sizeof(t->children)));
	while (left.size) {
		size_t end = bytes_find_char(left, ' ');
		uint64_t pid;

		if (t->member_count < PROCESSES_MOST && bytes_to_u64(bytes_first(left, end), INT32_MAX, &pid) == 0 &&
		    !root_of(t, (pid_t)pid, false))
			t->members[t->member_count++] = (struct member){ (pid_t)pid, parent->root, false };
		left = bytes_skip(left, end + 1);
	}
}

static void add_children_of_threads(struct process_tree *t, const struct member *parent)
{
	char path[PROCESS_PATH_SIZE];
	struct dirent *entry;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent->pid);
	threads = opendir(path);
	if (!threads)
		return;
	for (int i = 0; i < THREADS_MOST && (entry = readdir(threads)); i++)
		if (char_is_digit(entry->d_name[0]))
			add_children(t, parent, entry->d_name);
	closedir(threads);
}

static void take_own_use(struct process_tree *t, pid_t pid)
{
	char text[TEXT_SIZE];
	struct process_statm statm;

	/* One that has ended and is not waited for yet has no memory any more. */
	if (process_parse_statm(bytes_make(text, process_read(pid, "statm", text, sizeof(text))), &statm) < 0 ||
	    statm.resident_pages == 0)
		return;
	t->use.memory_bytes += process_unshared_bytes(&statm);
	t->use.processes++;
}

/* Of another process that has got the number meanwhile nothing is counted. */
static void look_at_member(struct process_tree *t, const struct member *member, bool is_root)
{
	struct root *root = &t->roots[member->root];
	struct process_stat stat;
	char thread[16];

	if (look_at_stat(member->pid, &stat) < 0 ||
	    (is_root && root->start_ticks && root->start_ticks != stat.start_ticks)) {
		root->gone = root->gone || is_root;
		return;
	}
	if (is_root)
		root->start_ticks = stat.start_ticks;
	root->ticks += stat.children_ticks + (member->starter ? 0 : stat.ticks);
	if (!member->starter)
		take_own_use(t, member->pid);
	if (stat.threads > 1) {
		add_children_of_threads(t, member);
		return;
	}
	snprintf(thread, sizeof(thread), "%d", (int)member->pid);
	add_children(t, member, thread);
}

static bool is_gone(const struct process_tree *t, const struct root *root)
{
	return root->gone;
}

/* A process that ended between the look at its parent and the one at itself is in neither: it is with the next
 * look, and time never goes back. */
static void end_walk(struct process_tree *t, struct process_tree_use *ret)
{
	for (size_t i = 0; i < t->root_count; i++) {
		struct root *root = &t->roots[i];

		t->lost = t->lost || (root->gone && !root->starter);
		if (root->known_before && root->ticks > root->ticks_before)
			t->cpu_ticks += root->ticks - root->ticks_before;
		if (!root->known_before || root->ticks > root->ticks_before)
			root->ticks_before = root->ticks;
		root->known_before = true;
	}
	drop_roots(t, is_gone);
	t->use.cpu_ms = process_ticks_to_ms(t->cpu_ticks);
	*ret = t->use;
	t->phase = IDLE;
}

static bool walk(struct process_tree *t, struct process_tree_use *ret)
{
	for (uint64_t until_us = clock_us() + SLICE_US; t->next < t->member_count && clock_us() < until_us; t->next++)
		look_at_member(t, &t->members[t->next], t->next < t->root_count);
	if (t->next < t->member_count)
		return false;
	end_walk(t, ret);
	return true;
}

bool process_tree_go_on(struct process_tree *t, struct process_tree_use *ret)
{
	if (t->phase == FINDING)
		find(t);
	else if (t->phase == WALKING)
		return walk(t, ret);
	return false;
}

void process_tree_begin(struct process_tree *t, const struct process_tree_own *own, size_t count)
{
	if (t->phase != IDLE)
		return;
	t->own_count = count < PROCESS_TREE_OWN_MOST ? count : PROCESS_TREE_OWN_MOST;
	if (t->own_count)
		memcpy(t->own, own, t->own_count * sizeof(*own));
	if (!is_to_find(t) || !begin_find(t))
		begin_walk(t);
}

int process_tree_create(const uint16_t *ports, size_t port_count, struct process_tree **ret)
{
	struct process_tree *t;
	int r;

	if (port_count == 0 || port_count > SOCKDIAG_PORTS_MOST)
		return -EINVAL;
	if (access("/proc/thread-self/children", R_OK) < 0)
		return -EOPNOTSUPP;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	memcpy(t->ports, ports, port_count * sizeof(*ports));
	t->port_count = port_count;
	r = diag_create(&t->diag);
	if (r < 0)
		process_tree_destroy(t);
	else
		*ret = t;
	return r;
}

void process_tree_destroy(struct process_tree *t)
{
	if (!t)
		return;
	if (t->proc)
		closedir(t->proc);
	diag_destroy(t->diag);
	free(t);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* process_tree - what the mail server takes: the processes that listen at the guarded ports, and all that they started.
 *
 * Who listens is found by the inodes of the listening sockets, among the descriptors of all processes; then a look
 * goes from there to their children, and theirs (/proc/PID/task/TID/children, CONFIG_PROC_CHILDREN). Both in slices: a
 * server at the height of a wave has hundreds of processes, of which each costs 25 µs.
 *
 * Processor time is counted on from the first look. A process that has ended is in its parent's account as soon as that
 * has waited for it; of one whose parent does not care, what it took since the look before is lost. Memory is what
 * is no file's, so that the program is not counted with each process; what a parent still shares with its children is.
 *
 * Takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH to find who listens. Owned by the warden.
 */
#ifndef WAVEBREAK_SENSE_PROCESS_TREE_H
#define WAVEBREAK_SENSE_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_tree;

struct process_tree_use {
	uint64_t cpu_ms;    /* since the first look */
	uint64_t memory_bytes;
	uint32_t processes; /* 0: nobody listens, or it cannot be found out */
};

/* Belongs to the network namespace of this moment. Returns 0, -EINVAL, -ENOMEM, -EOPNOTSUPP where the kernel names no
 * children, or what sock_diag said. */
int process_tree_create(const uint16_t *ports, size_t port_count, struct process_tree **ret);
void process_tree_destroy(struct process_tree *tree);

#define PROCESS_TREE_OWN_MOST 72

/* Begins a look. `own` are processes of ours, which listen for the mail server at most; a `starter` of them starts
 * processes that are the mail server's. At most PROCESS_TREE_OWN_MOST. */
struct process_tree_own {
	pid_t pid;
	bool starter;
};
void process_tree_begin(struct process_tree *tree, const struct process_tree_own *own, size_t count);

/* Goes on for a millisecond or so. True when the look is complete: *ret is set then, and the next one may begin. */
bool process_tree_go_on(struct process_tree *tree, struct process_tree_use *ret);

#endif

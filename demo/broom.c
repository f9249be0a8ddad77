/* SPDX-License-Identifier: Apache-2.0 */
#include "broom.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* After a kill -9 of the demo the kernel is still ending its namespaces, and somebody in
 * there may write another file meanwhile. */
#define TRIES 50
#define BETWEEN_TRIES_MS 100

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	(void)remove(path);
	return 0;
}

/* FTW_MOUNT: should a mount still be there, its files are not ours to remove. */
static void remove_folder(const char *folder)
{
	const struct timespec pause = { .tv_nsec = BETWEEN_TRIES_MS * 1000L * 1000 };

	for (int i = 0; i < TRIES; i++) {
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		if (access(folder, F_OK) < 0)
			return;
		nanosleep(&pause, NULL);
	}
}

static void wait_and_sweep(const char *folder, int ended_fd)
{
	char byte;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* Whoever reads the demo's output through a pipe need not wait for the broom. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	while (read(ended_fd, &byte, 1) < 0 && errno == EINTR)
		;
	remove_folder(folder);
	_exit(0);
}

static int make_folder(char folder[PATH_MAX])
{
	const char *parent = getenv("TMPDIR");

	if (!parent || parent[0] != '/')
		parent = "/tmp";
	if (snprintf(folder, PATH_MAX, "%s/wavebreak-demo.XXXXXX", parent) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!mkdtemp(folder))
		return -errno;
	return chmod(folder, 0755) < 0 ? -errno : 0;
}

int broom_create(struct broom *ret)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = make_folder(ret->folder);
	if (r < 0) {
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	ret->pid = fork();
	if (ret->pid == 0) {
		close(ends[1]);
		wait_and_sweep(ret->folder, ends[0]);
	}
	close(ends[0]);
	ret->hold_fd = ends[1];
	return ret->pid < 0 ? -EAGAIN : 0;
}

void broom_sweep(struct broom *broom)
{
	close(broom->hold_fd);
	while (waitpid(broom->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "test/follow/rotating_writer.h"

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Lines that still go to the old file after it was renamed, and after the new one exists. */
#define LINES_BEFORE_CREATE 20
#define LINES_BEFORE_REOPEN 40

struct writing {
	const struct rotating_writer *writer;
	char path[PATH_MAX], old[PATH_MAX];
	unsigned number, rotated;
	int fd;
	struct timespec next;
};

static void check(bool good, const char *what)
{
	if (!good) {
		perror(what);
		_exit(1);
	}
}

static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	check(fd >= 0, path);
	return fd;
}

static size_t numbered_line(unsigned number, char line[ROTATING_LINE_SIZE])
{
	return (size_t)snprintf(line, ROTATING_LINE_SIZE,
				"line %u courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711: 511 listed\n", number);
}

static void write_line(struct writing *w)
{
	char line[ROTATING_LINE_SIZE];
	size_t size = w->writer->line ? w->writer->line(w->number, line) : numbered_line(w->number, line);

	w->number++;
	check(write(w->fd, line, size) == (ssize_t)size, "write");
	w->next.tv_nsec += 1000000000 / w->writer->lines_per_second;
	if (w->next.tv_nsec >= 1000000000) {
		w->next.tv_nsec -= 1000000000;
		w->next.tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &w->next, NULL);
}

static void write_lines(struct writing *w, unsigned count)
{
	while (count-- > 0 && w->number < w->writer->lines)
		write_line(w);
}

static void copy_and_truncate(const char *path, const char *old)
{
	int from = open(path, O_RDWR | O_CLOEXEC), to = open_log(old);
	char bytes[65536];
	ssize_t n;

	check(from >= 0, path);
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		check(write(to, bytes, (size_t)n) == n, old);
	check(ftruncate(from, 0) == 0, "ftruncate");
	close(from);
	close(to);
}

static void rename_and_create(struct writing *w)
{
	check(rename(w->path, w->old) == 0, "rename");
	write_lines(w, LINES_BEFORE_CREATE);
	close(open_log(w->path));
	write_lines(w, LINES_BEFORE_REOPEN);
	close(w->fd);
	w->fd = open_log(w->path);
}

/* In a process of its own, which the writer does not wait for until the end. */
static bool is_child(void)
{
	pid_t child = fork();

	check(child >= 0, "fork");
	return child == 0;
}

static void rotate(struct writing *w)
{
	snprintf(w->old, sizeof(w->old), "%s/mail.log-2026%04u", w->writer->dir, ++w->rotated);
	switch (w->writer->rotation) {
	case ROTATION_COPYTRUNCATE:
		if (w->writer->apart && !is_child())
			break;
		copy_and_truncate(w->path, w->old);
		if (w->writer->apart)
			_exit(0);
		break;
	case ROTATION_RENAME:
		rename_and_create(w);
		break;
	case ROTATION_COMPRESS:
		rename_and_create(w);
		if (is_child()) {
			execlp("gzip", "gzip", w->old, (char *)NULL);
			check(false, "gzip");
		}
		break;
	}
}

static void write_all(const struct rotating_writer *writer)
{
	unsigned part = writer->lines / (writer->rotations + 1);
	struct writing w = { .writer = writer };
	int status;

	snprintf(w.path, sizeof(w.path), "%s/mail.log", writer->dir);
	clock_gettime(CLOCK_MONOTONIC, &w.next);
	w.fd = open_log(w.path);
	while (w.number < writer->lines) {
		write_lines(&w, part);
		if (w.rotated < writer->rotations)
			rotate(&w);
	}
	while (wait(&status) > 0)
		check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "rotation");
}

pid_t rotating_writer_start(const struct rotating_writer *writer)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	write_all(writer);
	_exit(0);
}

int rotating_writer_number(const char *text, size_t size, unsigned *ret)
{
	struct bytes rest = bytes_skip(bytes_make(text, size), strlen("line "));
	uint64_t number;
	int r;

	if (!bytes_starts_with(bytes_make(text, size), BYTES_LITERAL("line ")))
		return -EINVAL;
	r = bytes_to_u64(bytes_first(rest, bytes_find_char(rest, ' ')), UINT_MAX, &number);
	*ret = (unsigned)number;
	return r;
}

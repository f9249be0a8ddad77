/* SPDX-License-Identifier: Apache-2.0 */
/* Opening logs for the worker. The warden may read every file, the worker none, and the folder of
 * a log often belongs to the mail server's own user: neither of them, nor both together, may
 * get at a file that is not a log.
 */
#include "daemon/warden_internal.h"

#include "config/log_pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From the name of a log to its file; the kernel itself ends at 40. */
#define LINKS_MOST 8

/* A FIFO would hang us without O_NONBLOCK. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* Makes of the path of a link the path that it leads to, and says whose the link is. */
static int follow_link(char path[PATH_MAX], uid_t *ret_owner)
{
	char target[PATH_MAX], whole[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int link = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW), folder;
	struct stat st;
	ssize_t size;
	int r = 0;

	if (link < 0)
		return -errno;
	size = readlinkat(link, "", target, sizeof(target) - 1);
	if (size < 0 || fstat(link, &st) < 0)
		r = -errno;
	close(link);
	if (r < 0)
		return r;
	target[size] = '\0';
	folder = target[0] == '/' || !slash ? 0 : (int)(slash + 1 - path);
	if (snprintf(whole, sizeof(whole), "%.*s%s", folder, path, target) >= (int)sizeof(whole))
		return -ENAMETOOLONG;
	strcpy(path, whole);
	*ret_owner = st.st_uid;
	return 0;
}

/* Opens what the path leads to, and leaves there the path of the file itself. A link that is not
 * root's leads only to files of its owner (the idea of fs.protected_symlinks, proc(5)), or who
 * may write to the folder of a log would choose what is read in its place. */
static int open_followed(char path[PATH_MAX])
{
	uid_t owner = 0, link_owner;
	struct stat st;
	int fd, r;

	for (int links = 0; (fd = open_file(path)) == -ELOOP && links < LINKS_MOST; links++) {
		r = follow_link(path, &link_owner);
		if (r < 0)
			return r;
		if (owner && link_owner && link_owner != owner)
			return -EPERM;
		if (link_owner)
			owner = link_owner;
	}
	if (fd < 0 || !owner || (fstat(fd, &st) == 0 && st.st_uid == owner))
		return fd;
	close(fd);
	return -EPERM;
}

/* Whether `name` is one of the logs that a pattern names, or what such a one became by rotation;
 * else whether it begins like the name of the one log, up to its first dot. */
static bool belongs_to(const char *log, struct bytes sibling)
{
	struct bytes stem = bytes_of(strrchr(log, '/') + 1);
	char name[LOG_SIBLING_SIZE + 1];

	if (bytes_find_char(sibling, '/') < sibling.size)
		return false;
	if (!log_pattern_is_one(log)) {
		stem = bytes_first(stem, bytes_find_char(stem, '.'));
		return stem.size && bytes_starts_with(sibling, stem);
	}
	snprintf(name, sizeof(name), "%.*s", BYTES_FMT(sibling));
	return log_pattern_takes(log, name) || log_pattern_takes_rotated(log, name);
}

/* The path of a file beside `log` to which it was rotated (mail.log.1, mail-20260727.log), or that
 * its pattern names. Returns 0, -EINVAL for a name that is not like that, or -ENAMETOOLONG. */
static int sibling_path(const char *log, struct bytes sibling, char path[PATH_MAX])
{
	const char *slash = strrchr(log, '/');

	if (!slash || !belongs_to(log, sibling))
		return -EINVAL;
	return snprintf(path, PATH_MAX, "%.*s/%.*s", (int)(slash - log), log, BYTES_FMT(sibling)) < PATH_MAX ?
		       0 : -ENAMETOOLONG;
}

/* No link is followed to a sibling. */
static int open_sibling(const char *log, struct bytes sibling)
{
	char path[PATH_MAX];
	int r = sibling_path(log, sibling, path);

	return r < 0 ? r : open_file(path);
}

/* The path is the configuration's, never the worker's, but for the name of a sibling, which
 * stands beside the log or beside what the log points to. */
static int open_any(const struct plan *plan, const struct log_request *log)
{
	struct bytes sibling = { log->sibling, strnlen(log->sibling, sizeof(log->sibling)) };
	char path[PATH_MAX];
	const char *base;
	int fd, beside;

	if (log->index >= plan->logs.count || sibling.size == sizeof(log->sibling))
		return -EINVAL;
	base = plan->logs.paths[log->index];
	if (!memccpy(path, base, '\0', sizeof(path)))
		return -ENAMETOOLONG;
	if (sibling.size == 0)
		return log_pattern_is_one(base) ? -EINVAL : open_followed(path);
	fd = open_sibling(base, sibling);
	if (fd >= 0 || log_pattern_is_one(base))
		return fd;
	beside = open_followed(path);
	if (beside < 0)
		return fd;
	close(beside);
	return strcmp(path, base) == 0 ? fd : open_sibling(path, sibling);
}

int warden_open_log(const struct plan *plan, const struct log_request *log)
{
	int fd = open_any(plan, log);
	struct stat st = { 0 };

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/unix_socket.h"

#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

/* Whether it is a socket that nobody reads from any more, as one of ours that was left behind. */
static bool is_left_behind(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return false;
	yes = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 && errno == ECONNREFUSED;
	close(fd);
	return yes;
}

int unix_socket_bind(int type, const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;
	mode_t mask = umask(0117);

	r = fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return r;
}

int unix_socket_open_datagrams(const char *path, const char *setting)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		log_error("%s: %s is there already, and no socket", setting, path);
		return -EEXIST;
	}
	if (is_left_behind(path))
		unlink(path);
	fd = unix_socket_bind(SOCK_DGRAM, path);
	if (fd < 0)
		log_error("%s: cannot make %s: %s", setting, path,
			  fd == -EADDRINUSE ? "somebody else reads from it" :
			  fd == -ENOENT     ? "its folder is not there" :
					      strerror(-fd));
	return fd;
}

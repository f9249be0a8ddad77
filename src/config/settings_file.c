/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include "build_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* As many bytes as there are, up to one more than a configuration may have. */
static int read_file(const char *file, char *buffer, size_t *ret_size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	*ret_size = 0;
	while (n != 0 && *ret_size <= SETTINGS_FILE_MAX && error == 0) {
		n = read(fd, buffer + *ret_size, SETTINGS_FILE_MAX + 1 - *ret_size);
		if (n > 0)
			*ret_size += (size_t)n;
		else if (n < 0 && errno != EINTR)
			error = -errno;
	}
	close(fd);
	return *ret_size > SETTINGS_FILE_MAX ? -EFBIG : error;
}

const char *settings_default_file(void)
{
	return WAVEBREAK_SYSCONF_DIR "/wavebreak.conf";
}

int settings_load(const char *file, struct settings *ret, struct mistakes *mistakes)
{
	const char *path = file ? file : settings_default_file();
	char *buffer = malloc(SETTINGS_FILE_MAX + 1);
	size_t size = 0;
	int r;

	*mistakes = (struct mistakes){ .file = path };
	r = buffer ? read_file(path, buffer, &size) : -ENOMEM;
	if (r == 0 || (r == -ENOENT && !file)) {
		r = settings_parse(bytes_make(buffer, size), path, ret, mistakes);
	} else {
		mistakes_add(mistakes, (struct place){ 0, 0 }, "%s",
			     r == -EFBIG ? "larger than 1 MiB: this is no configuration" : strerror(-r));
	}
	free(buffer);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/prefix_file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN_SIZE 64

void prefix_file_refuse(struct prefix_file *file, unsigned line, const char *why)
{
	struct prefix_refusal *refusal = &file->said[file->said_count];

	file->refused++;
	if (file->said_count == PREFIX_FILE_SAID_MOST)
		return;
	file->said_count++;
	refusal->line = line;
	snprintf(refusal->why, sizeof(refusal->why), "%s", why);
}

static const char *what_is_wrong(int error)
{
	switch (error) {
	case -EDOM:
		return "is an address within a network, not the network's own";
	case -ERANGE:
		return "has a length that no network has";
	default:
		return "is no network";
	}
}

/* Without its comment and the blanks around it. */
static struct bytes content_of(struct bytes line)
{
	line = bytes_first(line, bytes_find_char(line, '#'));
	return bytes_trim(bytes_first(line, bytes_find_char(line, ';')));
}

static void take_line(struct bytes line, unsigned number, struct prefix_file *ret, prefix_file_fn *fn, void *data)
{
	char why[PREFIX_FILE_WHY_SIZE] = "", shown[SHOWN_SIZE];
	struct bytes content = content_of(line);
	struct prefix prefix;
	int r;

	if (content.size == 0)
		return;
	r = content.size > PREFIX_FILE_LINE_MOST ? -EINVAL : prefix_parse(content, &prefix);
	if (r == 0 && fn(data, &prefix, number, why)) {
		ret->taken++;
		return;
	}
	if (r < 0)
		snprintf(why, sizeof(why), "'%s' %s", text_escape(content, shown, sizeof(shown)), what_is_wrong(r));
	prefix_file_refuse(ret, number, why);
}

void prefix_file_scan(struct bytes text, struct prefix_file *ret, prefix_file_fn *fn, void *data)
{
	for (unsigned number = 1; text.size; number++) {
		size_t end = bytes_find_char(text, '\n');

		take_line(bytes_first(text, end), number, ret, fn, data);
		text = bytes_skip(text, end + 1);
	}
}

/* A pipe or a device would have us wait, or never end. */
static int read_regular(int fd, char **ret_data, size_t *ret_size)
{
	struct stat st;
	size_t size = 0;
	ssize_t n = 1;
	char *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)PREFIX_FILE_SIZE_MOST)
		return -EFBIG;
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		return -ENOMEM;
	while (size < (size_t)st.st_size && n > 0) {
		n = read(fd, data + size, (size_t)st.st_size - size);
		size += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		free(data);
		return -errno;
	}
	*ret_data = data;
	*ret_size = size;
	return 0;
}

void prefix_file_read(struct prefix_file *ret, prefix_file_fn *fn, void *data)
{
	int fd = open(ret->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	size_t size = 0;

	ret->error = fd < 0 ? -errno : read_regular(fd, &text, &size);
	if (fd >= 0)
		close(fd);
	if (ret->error == 0)
		prefix_file_scan(bytes_make(text, size), ret, fn, data);
	free(text);
}

const char *prefix_file_trouble(const struct prefix_file *file)
{
	return file->error == -EFBIG ? "no regular file, or larger than 16 MiB" : strerror(-file->error);
}

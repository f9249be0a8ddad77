/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define INPUT_SIZE (128 * 1024)
/* inflateInit2: the largest window, and a gzip head has to be there. */
#define GZIP_WINDOW (15 + 16)

struct archive {
	int fd;
	enum { ARCHIVE_PLAIN, ARCHIVE_GZIP, ARCHIVE_ZSTD } kind;
	bool ended;    /* of the file */
	bool in_part;  /* within a compressed part, so that the end of the file is too soon */
	uint64_t progress;
	z_stream gzip;
	ZSTD_DStream *zstd;
	size_t from, to;
	char input[INPUT_SIZE];
};

/* More input behind what is there. */
static int fill(struct archive *a)
{
	ssize_t n;

	if (a->from == a->to)
		a->from = a->to = 0;
	if (a->to == INPUT_SIZE || a->ended)
		return 0;
	do
		n = read(a->fd, a->input + a->to, INPUT_SIZE - a->to);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	a->ended = n == 0;
	a->to += (size_t)n;
	a->progress += (uint64_t)n;
	return 0;
}

static bool begins_with(const struct archive *a, const char *magic, size_t size)
{
	return a->to - a->from >= size && memcmp(a->input + a->from, magic, size) == 0;
}

/* A pipe may give its first bytes one by one. */
static int recognise(struct archive *a)
{
	int r = 0;

	while (r == 0 && !a->ended && a->to < 4)
		r = fill(a);
	if (r < 0)
		return r;
	if (begins_with(a, "\x1f\x8b\x08", 3)) {
		a->kind = ARCHIVE_GZIP;
		return inflateInit2(&a->gzip, GZIP_WINDOW) == Z_OK ? 0 : -ENOMEM;
	}
	if (begins_with(a, "\x28\xb5\x2f\xfd", 4)) {
		a->kind = ARCHIVE_ZSTD;
		a->zstd = ZSTD_createDStream();
		return a->zstd ? 0 : -ENOMEM;
	}
	return 0;
}

int archive_open(int fd, struct archive **ret)
{
	struct archive *a = malloc(sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	memset(a, 0, offsetof(struct archive, input));
	a->fd = fd;
	r = recognise(a);
	if (r < 0) {
		archive_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

void archive_close(struct archive *a)
{
	if (!a)
		return;
	if (a->kind == ARCHIVE_GZIP)
		inflateEnd(&a->gzip);
	ZSTD_freeDStream(a->zstd);
	free(a);
}

/* Past what was read to find out the kind, straight into the reader's buffer. */
static ssize_t read_plain(struct archive *a, char *buffer, size_t size)
{
	size_t n = a->to - a->from;
	ssize_t got;

	if (n) {
		n = n < size ? n : size;
		memcpy(buffer, a->input + a->from, n);
		a->from += n;
		return (ssize_t)n;
	}
	do
		got = read(a->fd, buffer, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	a->progress += (uint64_t)got;
	return got;
}

/* A file that was padded with zeros, as on a tape, has ended where they begin (gzip's own manual). */
static void pass_over_padding(struct archive *a)
{
	while (a->from < a->to && a->input[a->from] == '\0')
		a->from++;
}

/* Takes from the input; returns what came out, or -EBADMSG. */
static ssize_t step_gzip(struct archive *a, char *buffer, size_t size)
{
	int r;

	if (!a->in_part)
		pass_over_padding(a);
	if (!a->in_part && a->from == a->to)
		return 0;
	a->gzip.next_in = (Bytef *)a->input + a->from;
	a->gzip.avail_in = (uInt)(a->to - a->from);
	a->gzip.next_out = (Bytef *)buffer;
	a->gzip.avail_out = (uInt)(size < INPUT_SIZE ? size : INPUT_SIZE);
	size = a->gzip.avail_out;
	r = inflate(&a->gzip, Z_NO_FLUSH);
	a->from = a->to - a->gzip.avail_in;
	a->in_part = r != Z_STREAM_END;
	if (r == Z_STREAM_END && inflateReset(&a->gzip) != Z_OK)
		return -EBADMSG;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return -EBADMSG;
	return (ssize_t)(size - a->gzip.avail_out);
}

static ssize_t step_zstd(struct archive *a, char *buffer, size_t size)
{
	ZSTD_inBuffer in = { a->input + a->from, a->to - a->from, 0 };
	ZSTD_outBuffer out = { buffer, size, 0 };
	size_t r = ZSTD_decompressStream(a->zstd, &out, &in);

	a->from += in.pos;
	a->in_part = r != 0;
	return ZSTD_isError(r) ? -EBADMSG : (ssize_t)out.pos;
}

ssize_t archive_read(void *archive, char *buffer, size_t size)
{
	struct archive *a = archive;
	ssize_t n;
	int r;

	if (a->kind == ARCHIVE_PLAIN)
		return read_plain(a, buffer, size);
	for (;;) {
		/* Also without input: something may wait inside for room. */
		if (a->from < a->to || a->in_part) {
			n = a->kind == ARCHIVE_GZIP ? step_gzip(a, buffer, size) : step_zstd(a, buffer, size);
			if (n != 0)
				return n;
		}
		if (a->from < a->to)
			continue;
		if (a->ended)
			return a->in_part ? -ENODATA : 0;
		r = fill(a);
		if (r < 0)
			return r;
	}
}

int archive_lines_open(int fd, struct archive **ret, struct lines *ret_lines)
{
	int r = archive_open(fd, ret);

	if (r < 0)
		return r;
	r = lines_init_from(ret_lines, archive_read, *ret);
	if (r < 0)
		archive_close(*ret);
	return r;
}

void archive_lines_close(struct archive *archive, struct lines *lines)
{
	lines_clear(lines);
	archive_close(archive);
}

uint64_t archive_progress(const struct archive *a)
{
	return a->progress;
}

const char *archive_error_text(int error)
{
	switch (error) {
	case -EBADMSG:
		return "the compressed file is damaged";
	case -ENODATA:
		return "the compressed file breaks off";
	default:
		return strerror(-error);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#define LINES 20000

struct file {
	char *data;
	size_t size;
};

/* More than any buffer on the way. */
static struct file plain_text(void)
{
	struct file f = { malloc(LINES * 40), 0 };

	assert_non_null(f.data);
	for (int i = 0; i < LINES; i++)
		f.size += (size_t)sprintf(f.data + f.size, "line number %d of a log\n", i);
	return f;
}

static struct file gzipped(struct file plain)
{
	z_stream z = { 0 };
	struct file f = { malloc(plain.size + 1000), 0 };

	assert_non_null(f.data);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)plain.data;
	z.avail_in = (uInt)plain.size;
	z.next_out = (Bytef *)f.data;
	z.avail_out = (uInt)(plain.size + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	f.size = plain.size + 1000 - z.avail_out;
	deflateEnd(&z);
	return f;
}

static struct file zstd_of(struct file plain)
{
	size_t room = ZSTD_compressBound(plain.size);
	struct file f = { malloc(room), 0 };

	ZSTD_CCtx *context = ZSTD_createCCtx();

	assert_non_null(f.data);
	assert_non_null(context);
	/* As zstd(1) does. */
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	f.size = ZSTD_compress2(context, f.data, room, plain.data, plain.size);
	assert_false(ZSTD_isError(f.size));
	ZSTD_freeCCtx(context);
	return f;
}

static struct file twice(struct file one)
{
	struct file f = { malloc(one.size * 2), one.size * 2 };

	assert_non_null(f.data);
	memcpy(f.data, one.data, one.size);
	memcpy(f.data + one.size, one.data, one.size);
	return f;
}

static int descriptor_of(struct file f)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f.data, f.size), f.size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* How many lines came, or what reading failed with. What is damaged may say anything before that is
 * noticed. */
static int read_file(struct file f, bool damaged)
{
	int fd = descriptor_of(f), count = 0, r;
	struct archive *archive;
	struct lines lines;
	struct bytes line;
	char want[64];
	bool cut;

	assert_int_equal(archive_open(fd, &archive), 0);
	assert_int_equal(lines_init_from(&lines, archive_read, archive), 0);
	while ((r = lines_next(&lines, &line, &cut)) == 1) {
		snprintf(want, sizeof(want), "line number %d of a log", count++ % LINES);
		assert_true(damaged || bytes_equal(line, bytes_of(want)));
	}
	assert_true(r < 0 || archive_progress(archive) == f.size);
	lines_clear(&lines);
	archive_close(archive);
	close(fd);
	return r < 0 ? r : count;
}

static int read_lines(struct file f)
{
	return read_file(f, false);
}

static void all_kinds_are_read(void **state)
{
	struct file plain = plain_text(), gzip = gzipped(plain), zstd = zstd_of(plain);
	struct file two_gzips = twice(gzip), two_zstds = twice(zstd);

	assert_int_equal(read_lines(plain), LINES);
	assert_int_equal(read_lines(gzip), LINES);
	assert_int_equal(read_lines(zstd), LINES);
	assert_int_equal(read_lines(two_gzips), 2 * LINES);
	assert_int_equal(read_lines(two_zstds), 2 * LINES);
	free(two_zstds.data);
	free(two_gzips.data);
	free(zstd.data);
	free(gzip.data);
	free(plain.data);
}

static void zeros_behind_a_gzip_are_no_damage(void **state)
{
	struct file plain = plain_text(), gzip = gzipped(plain), padded = { calloc(1, gzip.size + 300000), gzip.size + 300000 };

	assert_non_null(padded.data);
	memcpy(padded.data, gzip.data, gzip.size);
	assert_int_equal(read_lines(padded), LINES);
	memcpy(padded.data + padded.size - 4, "more", 4);
	assert_int_equal(read_file(padded, true), -EBADMSG);
	free(padded.data);
	free(gzip.data);
	free(plain.data);
}

static void what_breaks_off_or_is_damaged_is_told(void **state)
{
	struct file plain = plain_text(), files[] = { gzipped(plain), zstd_of(plain) };

	for (size_t i = 0; i < 2; i++) {
		struct file half = { files[i].data, files[i].size / 2 };
		int r;

		assert_int_equal(read_lines(half), -ENODATA);
		memset(files[i].data + files[i].size / 2, 0xff, 64);
		r = read_file(files[i], true);
		assert_true(r == -EBADMSG || r == -ENODATA);
		free(files[i].data);
	}
	free(plain.data);
}

static void small_and_empty_files(void **state)
{
	char start_of_gzip[] = "\x1f\x8b\x08";
	struct file empty = { start_of_gzip, 0 }, magic = { start_of_gzip, 2 }, short_gzip = { start_of_gzip, 3 };
	struct archive *archive;
	char buffer[16];
	int fd;

	assert_int_equal(read_lines(empty), 0);
	fd = descriptor_of(magic);
	assert_int_equal(archive_open(fd, &archive), 0);
	assert_int_equal(archive_read(archive, buffer, sizeof(buffer)), 2);
	assert_int_equal(archive_read(archive, buffer, sizeof(buffer)), 0);
	archive_close(archive);
	close(fd);
	assert_int_equal(read_lines(short_gzip), -ENODATA);
}

static void a_folder_is_no_file(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);
	struct archive *archive;

	assert_int_equal(archive_open(fd, &archive), -EISDIR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_are_read),
		cmocka_unit_test(zeros_behind_a_gzip_are_no_damage),
		cmocka_unit_test(what_breaks_off_or_is_damaged_is_told),
		cmocka_unit_test(small_and_empty_files),
		cmocka_unit_test(a_folder_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_file.h"

#include "base/counter.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fewer bytes than this may be the same in two files by chance: a date, a host name. */
#define FINGERPRINT_TELLS 32u

int follow_file_take(int fd, struct follow_file *ret)
{
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		r = -ENOTSUP;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret = (struct follow_file){
		.fd = fd,
		.watch = -1,
		.at = { .device = st.st_dev, .inode = st.st_ino },
	};
	return 0;
}

void follow_file_close(struct follow_file *file)
{
	close(file->fd);
	file->fd = -1;
}

bool follow_position_is(const struct follow_position *position, uint64_t device, uint64_t inode)
{
	return position->device == device && position->inode == inode;
}

static size_t read_before(int fd, uint64_t offset, size_t size, char *bytes)
{
	ssize_t n = pread(fd, bytes, size, (off_t)(offset - size));

	return n < 0 ? 0 : (size_t)n;
}

bool follow_file_holds(const struct follow_file *file, const struct follow_position *position)
{
	char bytes[FOLLOW_FINGERPRINT_SIZE];
	size_t size = position->fingerprint_size;

	/* A position comes from a store on disk: its numbers are as foreign as a log line. */
	if (size > sizeof(bytes) || size > position->offset || position->offset > INT64_MAX)
		return false;
	if (size < FINGERPRINT_TELLS &&
	    !follow_position_is(position, file->at.device, file->at.inode))
		return false;
	if (size == 0)
		return position->offset == 0;
	return read_before(file->fd, position->offset, size, bytes) == size &&
	       memcmp(bytes, position->fingerprint, size) == 0;
}

static bool in_mid_line(const struct follow_position *at)
{
	return at->fingerprint_size > 0 && at->fingerprint[at->fingerprint_size - 1] != '\n';
}

void follow_file_resume(struct follow_file *file, const struct follow_position *position)
{
	file->at.offset = position->offset;
	file->at.fingerprint_size = position->fingerprint_size;
	memcpy(file->at.fingerprint, position->fingerprint, sizeof(file->at.fingerprint));
	file->passing_over = in_mid_line(&file->at);
}

int follow_file_seek_end(struct follow_file *file)
{
	struct follow_position *at = &file->at;
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	at->offset = (uint64_t)st.st_size;
	at->fingerprint_size = at->offset < FOLLOW_FINGERPRINT_SIZE ? (uint32_t)at->offset :
								      FOLLOW_FINGERPRINT_SIZE;
	if (read_before(file->fd, at->offset, at->fingerprint_size, at->fingerprint) <
	    at->fingerprint_size)
		follow_file_restart(file);
	file->passing_over = in_mid_line(at);
	return 0;
}

void follow_file_restart(struct follow_file *file)
{
	file->at.offset = 0;
	file->at.fingerprint_size = 0;
	file->passing_over = false;
	file->truncated = true;
	file->at_end = false;
}

bool follow_file_same_start(const struct follow_file *a, const struct follow_file *b)
{
	char start_a[FOLLOW_FINGERPRINT_SIZE], start_b[FOLLOW_FINGERPRINT_SIZE];
	ssize_t size_a = pread(a->fd, start_a, sizeof(start_a), 0);
	ssize_t size_b = pread(b->fd, start_b, sizeof(start_b), 0);
	ssize_t least = size_a < size_b ? size_a : size_b;

	return least >= (ssize_t)FINGERPRINT_TELLS && memcmp(start_a, start_b, (size_t)least) == 0;
}

/* A writer that does not append goes on at its old offset after a truncation, and the file
 * begins with a hole as long as the old log. The hole ends with a block, the NULs after it
 * where the writer stands, so those are passed over when they are read. */
static void jump_over_hole(struct follow_file *file)
{
	struct follow_position *at = &file->at;
	off_t data = lseek(file->fd, (off_t)at->offset, SEEK_DATA);

	if (data <= (off_t)at->offset)
		return;
	at->offset = (uint64_t)data;
	at->fingerprint_size = FOLLOW_FINGERPRINT_SIZE;
	memset(at->fingerprint, 0, sizeof(at->fingerprint));
}

static size_t leading_nuls(struct bytes b)
{
	size_t count = 0;

	while (count < b.size && b.data[count] == '\0')
		count++;
	return count;
}

struct split {
	size_t lines, cut;
	size_t taken; /* bytes that need not be read again */
};

static void hand_out(const struct follow_lines *lines, struct bytes text, struct split *split)
{
	bool cut = text.size > FOLLOW_LINE_MOST;

	split->lines++;
	split->cut += cut;
	lines->calls->line(lines->data, lines->path, bytes_first(text, FOLLOW_LINE_MOST), cut);
}

static struct split split_lines(struct follow_file *file, const struct follow_lines *lines,
				struct bytes unread)
{
	struct split split = { 0 };
	struct bytes rest = unread;
	size_t length;

	while ((length = bytes_find_char(rest, '\n')) < rest.size) {
		if (file->passing_over)
			file->passing_over = false;
		else
			hand_out(lines, bytes_first(rest, length), &split);
		rest = bytes_skip(rest, length + 1);
	}
	if (!file->passing_over && rest.size > FOLLOW_LINE_MOST) {
		hand_out(lines, rest, &split);
		file->passing_over = true;
	}
	if (file->passing_over)
		rest.size = 0;
	split.taken = unread.size - rest.size;
	return split;
}

/* `read` begins with the fingerprint, and `taken` bytes after it are done with. */
static void advance(struct follow_position *at, struct bytes read, size_t taken)
{
	size_t known = at->fingerprint_size + taken;
	size_t keep = known < FOLLOW_FINGERPRINT_SIZE ? known : FOLLOW_FINGERPRINT_SIZE;

	memcpy(at->fingerprint, read.data + known - keep, keep);
	at->fingerprint_size = (uint32_t)keep;
	at->offset += taken;
}

static void count(const struct split *split)
{
	counter_add(COUNTER_log_bytes, split->taken);
	if (split->lines)
		counter_add(COUNTER_log_lines, split->lines);
	if (split->cut)
		counter_add(COUNTER_log_lines_cut, split->cut);
}

int follow_file_read(struct follow_file *file, const struct follow_lines *lines, size_t *ret_bytes)
{
	struct follow_position *at = &file->at;
	struct split split;
	struct bytes unread;
	size_t nuls = 0;
	ssize_t n;

	*ret_bytes = 0;
	if (file->truncated)
		jump_over_hole(file);
	n = pread(file->fd, lines->buffer, FOLLOW_BUFFER_SIZE, (off_t)(at->offset - at->fingerprint_size));
	if (n < 0)
		return -errno;
	if ((size_t)n < at->fingerprint_size ||
	    memcmp(lines->buffer, at->fingerprint, at->fingerprint_size) != 0)
		return FOLLOW_READ_TRUNCATED;

	unread = bytes_skip(bytes_make(lines->buffer, (size_t)n), at->fingerprint_size);
	if (file->truncated) {
		nuls = leading_nuls(unread);
		unread = bytes_skip(unread, nuls);
		file->truncated = unread.size == 0;
	}
	split = split_lines(file, lines, unread);
	split.taken += nuls;
	advance(at, bytes_make(lines->buffer, (size_t)n), split.taken);
	file->at_end = n < (ssize_t)FOLLOW_BUFFER_SIZE;
	*ret_bytes = split.taken;
	if (split.taken)
		count(&split);
	if (split.lines)
		lines->calls->batch_end(lines->data);
	return file->at_end ? FOLLOW_READ_END : FOLLOW_READ_MORE;
}

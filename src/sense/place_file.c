/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/place_file.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct place_file {
	MMDB_s database;
};

static int copy_into(int from, int to, size_t size)
{
	while (size > 0) {
		ssize_t n = sendfile(to, from, NULL, size);

		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		size -= (size_t)n;
	}
	return 0;
}

int place_file_copy(const char *path, int *ret_fd)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), to = -1, r = 0;
	struct stat st;

	if (from < 0)
		return -errno;
	if (fstat(from, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > PLACE_FILE_SIZE_MOST)
		r = -EFBIG;
	if (r == 0) {
		to = memfd_create("places", MFD_CLOEXEC);
		r = to < 0 ? -errno : copy_into(from, to, (size_t)st.st_size);
	}
	close(from);
	if (r < 0 && to >= 0)
		close(to);
	if (r == 0)
		*ret_fd = to;
	return r;
}

const char *place_file_trouble(int error)
{
	return error == -EFBIG ? "no regular file, or larger than 128 MiB" : strerror(-error);
}

static int broken(int code)
{
	return code == MMDB_SUCCESS ? 0 : code == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR ||
						 code == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR ? -ENOENT : -EBADMSG;
}

static int look_up(const struct place_file *file, const struct addr *client, MMDB_lookup_result_s *ret)
{
	struct sockaddr_storage where;
	int code = MMDB_SUCCESS;

	addr_to_sockaddr(client, 0, &where);
	*ret = MMDB_lookup_sockaddr(&file->database, (const struct sockaddr *)&where, &code);
	return code != MMDB_SUCCESS ? broken(code) : ret->found_entry ? 0 : -ENOENT;
}

int place_file_open(int fd, struct place_file **ret, char ret_why[PLACE_WHY_SIZE])
{
	struct place_file *file = calloc(1, sizeof(*file));
	char path[32];
	int code = MMDB_OUT_OF_MEMORY_ERROR;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (file)
		code = MMDB_open(path, MMDB_MODE_MMAP, &file->database);
	close(fd);
	if (code == MMDB_SUCCESS) {
		*ret = file;
		return 0;
	}
	snprintf(ret_why, PLACE_WHY_SIZE, "%s", MMDB_strerror(code));
	free(file);
	return -EBADMSG;
}

void place_file_close(struct place_file *file)
{
	if (!file)
		return;
	MMDB_close(&file->database);
	free(file);
}

const char *place_file_type(const struct place_file *file)
{
	return file->database.metadata.database_type ? file->database.metadata.database_type : "";
}

uint64_t place_file_built_s(const struct place_file *file)
{
	return file->database.metadata.build_epoch;
}

static int get(MMDB_lookup_result_s *found, const char *const *path, uint32_t type, MMDB_entry_data_s *ret)
{
	int code = MMDB_aget_value(&found->entry, ret, path);

	if (code != MMDB_SUCCESS)
		return broken(code);
	return !ret->has_data ? -ENOENT : ret->type == type ? 0 : -EBADMSG;
}

/* "" where there is none. */
static void get_name(MMDB_lookup_result_s *found, const char *const *path, char *ret, size_t size)
{
	MMDB_entry_data_s data;
	size_t used;

	ret[0] = '\0';
	if (get(found, path, MMDB_DATA_TYPE_UTF8_STRING, &data) < 0)
		return;
	used = strnlen(data.utf8_string, data.data_size);
	if (used >= size) {
		used = size - 1;
		/* Not in the middle of a character: these go on with 10xxxxxx. */
		while (used > 0 && ((uint8_t)data.utf8_string[used] & 0xC0) == 0x80)
			used--;
	}
	memcpy(ret, data.utf8_string, used);
	ret[used] = '\0';
}

int place_file_country(const struct place_file *file, const struct addr *client, char ret_code[2], char *ret_name,
		       size_t name_size)
{
	static const char *const kinds[] = { "country", "registered_country" };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s code;
	int r = look_up(file, client, &found);

	for (size_t i = 0; r == 0 && i < 2; i++) {
		r = get(&found, (const char *const[]){ kinds[i], "iso_code", NULL }, MMDB_DATA_TYPE_UTF8_STRING, &code);
		if (r == -ENOENT && i == 0) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		if (code.data_size != 2 || code.utf8_string[0] < 'A' || code.utf8_string[0] > 'Z' ||
		    code.utf8_string[1] < 'A' || code.utf8_string[1] > 'Z')
			return -ENOENT;
		memcpy(ret_code, code.utf8_string, 2);
		get_name(&found, (const char *const[]){ kinds[i], "names", "en", NULL }, ret_name, name_size);
		return 0;
	}
	return r;
}

int place_file_holder(const struct place_file *file, const struct addr *client, uint32_t *ret_asn, char *ret_name,
		      size_t name_size)
{
	MMDB_lookup_result_s found;
	MMDB_entry_data_s number;
	int r = look_up(file, client, &found);

	if (r == 0)
		r = get(&found, (const char *const[]){ "autonomous_system_number", NULL }, MMDB_DATA_TYPE_UINT32, &number);
	if (r == 0 && number.uint32 == 0)
		r = -ENOENT;
	if (r < 0)
		return r;
	*ret_asn = number.uint32;
	get_name(&found, (const char *const[]){ "autonomous_system_organization", NULL }, ret_name, name_size);
	return 0;
}

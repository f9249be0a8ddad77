/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/signature_load.h"

#include "build_config.h"
#include "judge/signature_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct loader {
	struct signature_set *set;
	char *text; /* for the sentence */
	/* File names that were read. */
	char *names[SIGNATURE_FILES_MAX * (SIGNATURE_FOLDERS_MAX + 2)];
	size_t name_count;
};

__attribute__((format(printf, 3, 4)))
static int tell(struct loader *loader, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(loader->text, SIGNATURE_LOAD_TEXT_SIZE, format, args);
	va_end(args);
	return r;
}

/* Returns the size, or -errno. A file that grows meanwhile is read as long as it was. */
static ssize_t read_whole(int fd, char *buffer, size_t room)
{
	size_t used = 0;

	while (used < room) {
		ssize_t n = read(fd, buffer + used, room - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static int parse(struct loader *loader, const char *path, struct bytes text)
{
	struct signature_mistake mistake;
	int r = signature_file_read(loader->set, text, path, &mistake);

	if (r == -EINVAL)
		return tell(loader, r, "%s:%u:%u: %s", path, mistake.line, mistake.column,
			    mistake.text);
	if (r == -EFBIG)
		return tell(loader, r, "%s: larger than %d KiB", path,
			    SIGNATURE_FILE_SIZE_MAX / 1024);
	return r < 0 ? tell(loader, r, "%s: %s", path, strerror(-r)) : 0;
}

static int load_file(struct loader *loader, const char *path)
{
	/* Not blocking, in case the name is that of a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;
	struct stat st;
	char *buffer;
	ssize_t size;

	if (fd < 0)
		return tell(loader, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	buffer = malloc(SIGNATURE_FILE_SIZE_MAX + 1);
	size = buffer ? read_whole(fd, buffer, SIGNATURE_FILE_SIZE_MAX + 1) : -ENOMEM;
	close(fd);
	if (size < 0)
		r = tell(loader, (int)size, "%s: %s", path, strerror((int)-size));
	else
		r = parse(loader, path, bytes_make(buffer, (size_t)size));
	free(buffer);
	return r;
}

static bool is_read_already(const struct loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->name_count; i++)
		if (strcmp(loader->names[i], name) == 0)
			return true;
	return false;
}

static int is_signature_file(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".sig") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_entry(struct loader *loader, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int r;

	if (is_read_already(loader, name))
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return tell(loader, -ENAMETOOLONG, "%s: %s", folder, strerror(ENAMETOOLONG));
	r = load_file(loader, path);
	if (r < 0)
		return r;
	loader->names[loader->name_count] = strdup(name);
	if (!loader->names[loader->name_count])
		return tell(loader, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	loader->name_count++;
	return 0;
}

/* -ENOENT without a sentence where there is no such folder. */
static int load_folder(struct loader *loader, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_signature_file, by_bytes), r = 0;

	if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (count < 0)
		return tell(loader, -errno, "%s: %s", folder, strerror(errno));
	if (count > SIGNATURE_FILES_MAX)
		r = tell(loader, -E2BIG, "%s: more than %d signature files", folder,
			 SIGNATURE_FILES_MAX);
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = load_entry(loader, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static const char *shipped_folder(void)
{
	static const char build_folder[] = WAVEBREAK_BUILD_DIR "/";
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path));

	if (size >= (ssize_t)sizeof(build_folder) - 1 &&
	    memcmp(path, build_folder, sizeof(build_folder) - 1) == 0)
		return WAVEBREAK_SOURCE_DIR "/signatures";
	return WAVEBREAK_DATA_DIR "/signatures";
}

/* A folder that somebody named has to be there. */
static int load_more(struct loader *loader, char *const *folders, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		r = load_folder(loader, folders[i]);
		if (r == -ENOENT)
			tell(loader, r, "%s: no such folder (watch.signatures)", folders[i]);
	}
	return r;
}

static int load_usual(struct loader *loader, char *const *more, size_t more_count)
{
	const char *own = WAVEBREAK_SYSCONF_DIR "/signatures", *shipped = shipped_folder();
	int r = load_folder(loader, own);

	if (r < 0 && r != -ENOENT)
		return r;
	r = load_more(loader, more, more_count);
	if (r < 0)
		return r;
	r = load_folder(loader, shipped);
	if (r < 0 && r != -ENOENT)
		return r;
	if (loader->name_count == 0)
		return tell(loader, -ENOENT, "no signature files in %s or %s", own, shipped);
	return 0;
}

static int load_only(struct loader *loader, const char *folder)
{
	int r = load_folder(loader, folder);

	if (r == -ENOENT)
		return tell(loader, r, "%s: no such folder", folder);
	if (r == 0 && loader->name_count == 0)
		return tell(loader, -ENOENT, "%s: no signature files in it", folder);
	return r;
}

/* `r` is what the reading of the files came to. */
static int finish(struct loader *loader, int r, struct signature_set **ret)
{
	for (size_t i = 0; i < loader->name_count; i++)
		free(loader->names[i]);
	if (r == 0) {
		r = signature_set_seal(loader->set);
		if (r < 0)
			tell(loader, r, "signatures: %s", strerror(-r));
	}
	if (r < 0)
		signature_set_destroy(loader->set);
	else
		*ret = loader->set;
	return r;
}

int signature_load(const char *folder, struct signature_set **ret,
		   char text[SIGNATURE_LOAD_TEXT_SIZE])
{
	struct loader loader = { .text = text };
	int r = signature_set_create(&loader.set);

	if (r < 0)
		return tell(&loader, r, "signatures: %s", strerror(-r));
	return finish(&loader, folder ? load_only(&loader, folder) : load_usual(&loader, NULL, 0),
		      ret);
}

int signature_load_with(char *const *folders, size_t count, struct signature_set **ret,
			char text[SIGNATURE_LOAD_TEXT_SIZE])
{
	struct loader loader = { .text = text };
	int r = signature_set_create(&loader.set);

	if (r < 0)
		return tell(&loader, r, "signatures: %s", strerror(-r));
	return finish(&loader, load_usual(&loader, folders, count), ret);
}

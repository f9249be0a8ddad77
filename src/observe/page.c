/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/page.h"

struct page_file {
	const char *path;
	const unsigned char *data;
	size_t size;
};

#include "page_files.inc"

#define UTF8 "; charset=utf-8"

static const char *type_of(const char *path)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html" UTF8 },
		{ ".css", "text/css" UTF8 },
		{ ".js", "text/javascript" UTF8 },
	};
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && ending; i++) {
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	}
	return "text/plain" UTF8;
}

bool page_find(const char *path, struct bytes *ret_file, const char **ret_type)
{
	if (strcmp(path, "/") == 0)
		path = "/page.html";
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(path, files[i].path) != 0)
			continue;
		*ret_file = bytes_make((const char *)files[i].data, files[i].size);
		*ret_type = type_of(path);
		return true;
	}
	return false;
}

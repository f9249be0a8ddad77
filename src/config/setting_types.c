/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setting_types.h"

#include "base/text.h"
#include "config/log_pattern.h"
#include "config/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static int number_bound(struct bytes text, uint64_t *ret)
{
	return bytes_to_u64(text, UINT64_MAX, ret);
}

static uint64_t number_measure(const void *field)
{
	return *(const uint64_t *)field;
}

static void number_clear(void *field)
{
	*(uint64_t *)field = 0;
}

static int duration_take(void *field, struct bytes value, const char *setting)
{
	return duration_parse(value, field);
}

static void duration_print(const void *field, FILE *out)
{
	char text[DURATION_TEXT_SIZE];

	fputs(duration_format(*(const uint64_t *)field, text), out);
}

static int count_take(void *field, struct bytes value, const char *setting)
{
	return number_bound(value, field);
}

static void count_print(const void *field, FILE *out)
{
	fprintf(out, "%" PRIu64, *(const uint64_t *)field);
}

static int size_take(void *field, struct bytes value, const char *setting)
{
	return size_parse(value, field);
}

static void size_print(const void *field, FILE *out)
{
	static const char units[] = "\0kMG";
	uint64_t size = *(const uint64_t *)field;
	size_t unit = 0;

	while (size && size % 1024 == 0 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	fprintf(out, "%" PRIu64 "%.1s", size, units + unit);
}

static int percent_bound(struct bytes text, uint64_t *ret)
{
	if (text.size == 0 || text.data[text.size - 1] != '%')
		return -EINVAL;
	return bytes_to_u64(bytes_first(text, text.size - 1), UINT32_MAX, ret);
}

static int percent_take(void *field, struct bytes value, const char *setting)
{
	uint64_t percent;
	int r = percent_bound(value, &percent);

	if (r == 0)
		*(unsigned *)field = (unsigned)percent;
	return r;
}

static uint64_t percent_measure(const void *field)
{
	return *(const unsigned *)field;
}

static void percent_print(const void *field, FILE *out)
{
	fprintf(out, "%u%%", *(const unsigned *)field);
}

static void percent_clear(void *field)
{
	*(unsigned *)field = 0;
}

static int switch_take(void *field, struct bytes value, const char *setting)
{
	bool yes = bytes_equal(value, BYTES_LITERAL("yes"));

	if (!yes && !bytes_equal(value, BYTES_LITERAL("no")))
		return -EINVAL;
	*(bool *)field = yes;
	return 0;
}

static uint64_t switch_measure(const void *field)
{
	return *(const bool *)field;
}

static void switch_print(const void *field, FILE *out)
{
	fputs(*(const bool *)field ? "yes" : "no", out);
}

static void switch_clear(void *field)
{
	*(bool *)field = false;
}

static int text_take(void *field, struct bytes value, const char *setting)
{
	char *copy = strndup(value.data, value.size);

	if (!copy)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return 0;
}

static uint64_t text_measure(const void *field)
{
	return strlen(*(char *const *)field);
}

static void text_print_quoted(const char *text, FILE *out)
{
	if (*text && !strpbrk(text, " \t#\"\\{}=,")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void text_print(const void *field, FILE *out)
{
	text_print_quoted(*(char *const *)field, out);
}

static void text_clear(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

static int path_take(void *field, struct bytes value, const char *setting)
{
	/* Whether there may be none is for the bounds to say. */
	if (value.size && value.data[0] != '/')
		return -EINVAL;
	return text_take(field, value, setting);
}

static int paths_take(void *field, struct bytes value, const char *setting)
{
	struct path_list *list = field;
	char *path = NULL, **longer;
	int r = value.size ? path_take(&path, value, setting) : -EINVAL;

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->paths[i], path) == 0)
			r = -EEXIST;
	longer = r == 0 ? reallocarray(list->paths, list->count + 1, sizeof(*longer)) : NULL;
	if (!longer) {
		free(path);
		return r < 0 ? r : -ENOMEM;
	}
	list->paths = longer;
	list->paths[list->count++] = path;
	return 0;
}

static const char *const server_names[] = {
	"",
#define SERVER(name, called) #name,
#include "defs/servers.def"
#undef SERVER
	NULL,
};

static int server_take(void *field, struct bytes value, const char *setting)
{
	for (size_t i = 0; server_names[i]; i++) {
		if (bytes_equal(value, bytes_of(server_names[i])))
			return text_take(field, value, setting);
	}
	return -EINVAL;
}

/* glob(7), in the last part alone: its folder is what is watched. */
static int logs_take(void *field, struct bytes value, const char *setting)
{
	return log_pattern_is_good(value) ? paths_take(field, value, setting) : -EINVAL;
}

static uint64_t paths_measure(const void *field)
{
	return ((const struct path_list *)field)->count;
}

static void paths_print(const void *field, FILE *out)
{
	const struct path_list *list = field;

	for (size_t i = 0; i < list->count; i++) {
		fputs(i ? ", " : "", out);
		text_print_quoted(list->paths[i], out);
	}
}

static void paths_clear(void *field)
{
	struct path_list *list = field;

	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct path_list){ NULL, 0 };
}

static int ports_take(void *field, struct bytes value, const char *setting)
{
	struct port_list *list = field;
	uint16_t *longer;
	uint64_t port;

	if (bytes_to_u64(value, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	for (size_t i = 0; i < list->count; i++)
		if (list->ports[i] == port)
			return -EEXIST;
	longer = reallocarray(list->ports, list->count + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	list->ports = longer;
	list->ports[list->count++] = (uint16_t)port;
	return 0;
}

static uint64_t ports_measure(const void *field)
{
	return ((const struct port_list *)field)->count;
}

static void ports_print(const void *field, FILE *out)
{
	const struct port_list *list = field;

	for (size_t i = 0; i < list->count; i++)
		fprintf(out, "%s%u", i ? ", " : "", list->ports[i]);
}

static void ports_clear(void *field)
{
	struct port_list *list = field;

	free(list->ports);
	*list = (struct port_list){ NULL, 0 };
}

static int prefixes_take(void *field, struct bytes value, const char *setting)
{
	struct prefix_set *set = field;
	size_t before = set->count;
	struct prefix prefix;
	int r = prefix_parse(value, &prefix);

	if (r == -ERANGE)
		return -EINVAL;
	if (r == 0)
		r = prefix_set_add(set, &prefix, setting);
	return r == 0 && set->count == before ? -EEXIST : r;
}

static uint64_t prefixes_measure(const void *field)
{
	return ((const struct prefix_set *)field)->count;
}

static void prefixes_print(const void *field, FILE *out)
{
	const struct prefix_set *set = field;
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < set->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", prefix_format(&set->entries[i].prefix, text));
}

static void prefixes_clear(void *field)
{
	prefix_set_clear(field);
}

#define SETTING_TYPE(type, c_type, words) static const char words_##type[] = words;
#include "config/setting_types.def"
#undef SETTING_TYPE

const struct setting_type setting_type_DURATION = {
	words_DURATION, "a time such as 10m, 2h or 500ms", NULL, false, NULL,
	duration_take, number_measure, duration_parse, duration_print, number_clear,
};

const struct setting_type setting_type_COUNT = {
	words_COUNT, "a number", NULL, false, NULL,
	count_take, number_measure, number_bound, count_print, number_clear,
};

const struct setting_type setting_type_SIZE = {
	words_SIZE, "a size such as 512, 64k or 10M", NULL, false, NULL,
	size_take, number_measure, size_parse, size_print, number_clear,
};

const struct setting_type setting_type_PERCENT = {
	words_PERCENT, "a percentage such as 80%", NULL, false, NULL,
	percent_take, percent_measure, percent_bound, percent_print, percent_clear,
};

const struct setting_type setting_type_SWITCH = {
	words_SWITCH, "yes or no", NULL, false, NULL,
	switch_take, switch_measure, number_bound, switch_print, switch_clear,
};

const struct setting_type setting_type_TEXT = {
	words_TEXT, "text", "bytes", false, NULL,
	text_take, text_measure, number_bound, text_print, text_clear,
};

const struct setting_type setting_type_SERVER = {
	words_SERVER, "a mail server that is known here", "bytes", false, server_names + 1,
	server_take, text_measure, number_bound, text_print, text_clear,
};

const struct setting_type setting_type_PATH = {
	words_PATH, "an absolute path", "bytes", false, NULL,
	path_take, text_measure, number_bound, text_print, text_clear,
};

const struct setting_type setting_type_PATHS = {
	words_PATHS, "an absolute path", "paths", true, NULL,
	paths_take, paths_measure, number_bound, paths_print, paths_clear,
};

const struct setting_type setting_type_LOGS = {
	words_LOGS, "an absolute path, with wildcards in the name of the file alone", "paths", true, NULL,
	logs_take, paths_measure, number_bound, paths_print, paths_clear,
};

const struct setting_type setting_type_PORTS = {
	words_PORTS, "a port from 1 to 65535", "ports", true, NULL,
	ports_take, ports_measure, number_bound, ports_print, ports_clear,
};

const struct setting_type setting_type_PREFIXES = {
	words_PREFIXES, "an address or a network such as 192.0.2.0/24 or 2001:db8::/48",
	"entries", true, NULL,
	prefixes_take, prefixes_measure, number_bound, prefixes_print, prefixes_clear,
};

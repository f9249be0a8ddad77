/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setting_type_parts.h"

#include "base/text.h"
#include "base/domain_name.h"
#include "config/log_pattern.h"
#include "config/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

int number_bound(struct bytes text, uint64_t *ret)
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

/* What does not fit is as large or small as can be, so that the bounds tell of it. */
static int integer_parse(struct bytes text, int *ret)
{
	bool negative = text.size && text.data[0] == '-';
	uint64_t magnitude = INT_MAX;
	int r = bytes_to_u64(bytes_skip(text, negative), INT_MAX, &magnitude);

	if (r < 0 && r != -ERANGE)
		return r;
	*ret = negative ? -(int)magnitude : (int)magnitude;
	return 0;
}

static int integer_take(void *field, struct bytes value, const char *setting)
{
	return integer_parse(value, field);
}

static int weight_take(void *field, struct bytes value, const char *setting)
{
	int weight, r = integer_parse(value, &weight);

	if (r < 0 || weight == 0)
		return -EINVAL;
	*(int *)field = weight;
	return 0;
}

/* The least integer is measured as 0, so that unsigned numbers sort as signed ones. */
static uint64_t integer_measure(const void *field)
{
	return (uint64_t)((int64_t)*(const int *)field - INT_MIN);
}

static int integer_bound(struct bytes text, uint64_t *ret)
{
	int integer, r = integer_parse(text, &integer);

	if (r == 0)
		*ret = integer_measure(&integer);
	return r;
}

static void integer_print(const void *field, FILE *out)
{
	fprintf(out, "%d", *(const int *)field);
}

static void integer_clear(void *field)
{
	*(int *)field = 0;
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

/* A value that is one of a few words: an enum whose names begin with 0. */
#define CHOICE(c_type, type_name)                                                                 \
	static int type_name##_take(void *field, struct bytes value, const char *setting)         \
	{                                                                                         \
		for (size_t i = 0; type_name##_names[i]; i++) {                                   \
			if (!bytes_equal(value, bytes_of(type_name##_names[i])))                  \
				continue;                                                         \
			*(c_type *)field = (c_type)i;                                             \
			return 0;                                                                 \
		}                                                                                 \
		return -EINVAL;                                                                   \
	}                                                                                         \
	static uint64_t type_name##_measure(const void *field)                                    \
	{                                                                                         \
		return *(const c_type *)field;                                                    \
	}                                                                                         \
	static void type_name##_print(const void *field, FILE *out)                               \
	{                                                                                         \
		fputs(type_name##_names[*(const c_type *)field], out);                            \
	}                                                                                         \
	static void type_name##_clear(void *field)                                                \
	{                                                                                         \
		*(c_type *)field = (c_type)0;                                                     \
	}

static const char *const handoff_names[] = {
#define HANDOFF(id, name, help) [HANDOFF_##id] = name,
#include "defs/handoffs.def"
#undef HANDOFF
	NULL,
};
CHOICE(enum handoff, handoff)

static const char *const steering_names[] = {
#define STEERING(id, name, help) [STEERING_##id] = name,
#include "defs/steerings.def"
#undef STEERING
	NULL,
};
CHOICE(enum steering, steering)

static const char *const backend_names[] = {
#define BACKEND(id, name, help) [BACKEND_##id] = name,
#include "defs/backends.def"
#undef BACKEND
	NULL,
};
CHOICE(enum backend, backend)

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

static void texts_print(char *const *texts, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		text_print_quoted(texts[i], out);
	}
}

static void texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
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

static int reply_text_take(void *field, struct bytes value, const char *setting)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return -EINVAL;
	return text_take(field, value, setting);
}

static int hostname_take(void *field, struct bytes value, const char *setting)
{
	if (value.size && !domain_name_is_good(value))
		return -EINVAL;
	return text_take(field, value, setting);
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

static int program_take(void *field, struct bytes value, const char *setting)
{
	struct word_list *list = field;
	char *word = NULL, **longer;
	int r;

	if (list->count == 0 && value.size == 0)
		return -EINVAL;
	r = list->count ? text_take(&word, value, setting) : path_take(&word, value, setting);
	if (r < 0)
		return r;
	longer = reallocarray(list->words, list->count + 1, sizeof(*longer));
	if (!longer) {
		free(word);
		return -ENOMEM;
	}
	list->words = longer;
	list->words[list->count++] = word;
	return 0;
}

static uint64_t program_measure(const void *field)
{
	return ((const struct word_list *)field)->count;
}

static void program_print(const void *field, FILE *out)
{
	const struct word_list *list = field;

	texts_print(list->words, list->count, out);
}

static void program_clear(void *field)
{
	struct word_list *list = field;

	texts_free(list->words, list->count);
	*list = (struct word_list){ NULL, 0 };
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

	texts_print(list->paths, list->count, out);
}

static void paths_clear(void *field)
{
	struct path_list *list = field;

	texts_free(list->paths, list->count);
	*list = (struct path_list){ NULL, 0 };
}

const struct setting_type setting_type_DURATION = {
	words_DURATION, "a time such as 10m, 2h or 500ms", NULL, false, NULL,
	duration_take, number_measure, duration_parse, duration_print, number_clear,
};

const struct setting_type setting_type_COUNT = {
	words_COUNT, "a number", NULL, false, NULL,
	count_take, number_measure, number_bound, count_print, number_clear,
};

const struct setting_type setting_type_INTEGER = {
	words_INTEGER, "a whole number", NULL, false, NULL,
	integer_take, integer_measure, integer_bound, integer_print, integer_clear,
};

const struct setting_type setting_type_WEIGHT = {
	words_WEIGHT, "a whole number other than 0, such as 2 or -2", NULL, false, NULL,
	weight_take, integer_measure, integer_bound, integer_print, integer_clear,
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

const struct setting_type setting_type_HANDOFF = {
	words_HANDOFF, "a way to hand over clients", NULL, false, handoff_names,
	handoff_take, handoff_measure, number_bound, handoff_print, handoff_clear,
};

const struct setting_type setting_type_STEERING = {
	words_STEERING, "a way to steer", NULL, false, steering_names,
	steering_take, steering_measure, number_bound, steering_print, steering_clear,
};

const struct setting_type setting_type_BACKEND = {
	words_BACKEND, "one that keeps the banned away", NULL, false, backend_names,
	backend_take, backend_measure, number_bound, backend_print, backend_clear,
};

const struct setting_type setting_type_TEXT = {
	words_TEXT, "text", "bytes", false, NULL,
	text_take, text_measure, number_bound, text_print, text_clear,
};

const struct setting_type setting_type_REPLY_TEXT = {
	words_REPLY_TEXT, "of printable ASCII alone, as a reply of SMTP has to be", "bytes", false, NULL,
	reply_text_take, text_measure, number_bound, text_print, text_clear,
};

const struct setting_type setting_type_HOSTNAME = {
	words_HOSTNAME, "a domain name such as mx.example.org", "bytes", false, NULL,
	hostname_take, text_measure, number_bound, text_print, text_clear,
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

const struct setting_type setting_type_PROGRAM = {
	words_PROGRAM, "the absolute path of a program", "words", true, NULL,
	program_take, program_measure, number_bound, program_print, program_clear,
};

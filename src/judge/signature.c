/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/signature.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* Room for one more in an array that grows by doubling; count is the number it has. */
static int grow(void *array_pointer, size_t count, size_t element_size)
{
	void **array = array_pointer, *more;

	if (count & (count - 1))
		return 0; /* not a power of two: the doubled array has room */
	more = reallocarray(*array, count ? count * 2 : 1, element_size);
	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

static char *text_of(struct bytes text)
{
	return strndup(text.data, text.size);
}

int signature_set_create(struct signature_set **ret)
{
	struct signature_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->compile_context = pcre2_compile_context_create(NULL);
	if (!set->compile_context) {
		free(set);
		return -ENOMEM;
	}
	pcre2_set_newline(set->compile_context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(set->compile_context, SIGNATURE_TEXT_MAX);
	pcre2_set_parens_nest_limit(set->compile_context, 32);
	*ret = set;
	return 0;
}

static void service_destroy(struct service *service)
{
	for (size_t i = 0; i < service->tag_count; i++)
		free(service->tags[i]);
	free(service->server);
	free(service->name);
	free(service);
}

static void signature_destroy(struct signature *signature)
{
	free(signature->examples);
	free(signature->name);
	free(signature);
}

void signature_set_destroy(struct signature_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->group_count; i++) {
		free(set->groups[i].order);
		free(set->groups[i].first);
	}
	for (size_t i = 0; i < set->signature_count; i++)
		signature_destroy(set->signatures[i]);
	for (size_t i = 0; i < set->service_count; i++)
		service_destroy(set->services[i]);
	for (size_t i = 0; i < set->pattern_count; i++) {
		pcre2_code_free(set->patterns[i].code);
		free(set->patterns[i].text);
	}
	for (size_t i = 0; i < set->text_count; i++)
		free(set->texts[i]);
	pcre2_compile_context_free(set->compile_context);
	free(set->by_tag);
	free(set->by_name);
	free(set->groups);
	free(set->signatures);
	free(set->services);
	free(set->patterns);
	free(set->texts);
	free(set);
}

int signature_set_keep_text(struct signature_set *set, struct bytes text, struct bytes *ret)
{
	char *copy;

	if (grow(&set->texts, set->text_count, sizeof(*set->texts)) < 0)
		return -ENOMEM;
	copy = malloc(text.size + 1);
	if (!copy)
		return -ENOMEM;
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	set->texts[set->text_count++] = copy;
	*ret = bytes_make(copy, text.size);
	return 0;
}

int signature_set_service(struct signature_set *set, struct bytes name, struct service **ret)
{
	struct service *service;

	for (size_t i = 0; i < set->service_count; i++) {
		*ret = set->services[i];
		if (bytes_equal(bytes_of((*ret)->name), name))
			return 0;
	}
	if (set->service_count >= SERVICES_MAX)
		return -ENOSPC;
	if (grow(&set->services, set->service_count, sizeof(*set->services)) < 0)
		return -ENOMEM;
	service = calloc(1, sizeof(*service));
	if (!service)
		return -ENOMEM;
	service->name = text_of(name);
	service->server = text_of(name);
	if (!service->name || !service->server) {
		service_destroy(service);
		return -ENOMEM;
	}
	set->services[set->service_count++] = service;
	*ret = service;
	return 0;
}

int service_add_tag(struct service *service, struct bytes tag)
{
	for (size_t i = 0; i < service->tag_count; i++)
		if (bytes_equal(bytes_of(service->tags[i]), tag))
			return 0;
	if (service->tag_count >= SERVICE_TAGS_MAX)
		return -ENOSPC;
	service->tags[service->tag_count] = text_of(tag);
	if (!service->tags[service->tag_count])
		return -ENOMEM;
	service->tag_count++;
	return 0;
}

int service_set_server(struct service *service, struct bytes server)
{
	char *copy = text_of(server);

	if (!copy)
		return -ENOMEM;
	free(service->server);
	service->server = copy;
	return 0;
}

int signature_set_add(struct signature_set *set, struct service *service, struct bytes name,
		      struct signature **ret)
{
	struct signature *signature;

	if (set->signature_count >= SIGNATURES_MAX)
		return -ENOSPC;
	if (grow(&set->signatures, set->signature_count, sizeof(*set->signatures)) < 0)
		return -ENOMEM;
	signature = calloc(1, sizeof(*signature));
	if (!signature)
		return -ENOMEM;
	signature->name = text_of(name);
	if (!signature->name) {
		free(signature);
		return -ENOMEM;
	}
	signature->service = service;
	signature->replies.any = true;
	set->signatures[set->signature_count++] = signature;
	*ret = signature;
	return 0;
}

const struct signature *signature_set_find(const struct signature_set *set,
					   const struct service *service, struct bytes name)
{
	for (size_t i = 0; i < set->signature_count; i++) {
		const struct signature *signature = set->signatures[i];

		if (signature->service == service && bytes_equal(bytes_of(signature->name), name))
			return signature;
	}
	return NULL;
}

int signature_add_example(struct signature *signature, const struct example *example)
{
	if (grow(&signature->examples, signature->example_count, sizeof(*example)) < 0)
		return -ENOMEM;
	signature->examples[signature->example_count++] = *example;
	return 0;
}

/* The offset of the ']' that ends the class which begins at `i`. */
static size_t skip_class(struct bytes text, size_t i)
{
	i++;
	if (i < text.size && text.data[i] == '^')
		i++;
	if (i < text.size && text.data[i] == ']')
		i++;
	for (; i < text.size && text.data[i] != ']'; i++) {
		if (text.data[i] == '\\')
			i++;
		else if (bytes_starts_with(bytes_skip(text, i), BYTES_LITERAL("[:")))
			i += bytes_find(bytes_skip(text, i), BYTES_LITERAL(":]")) + 1;
	}
	return i;
}

/* Whether a '|' stands outside of all parentheses, so that the pattern's start is only one
 * of several. */
static bool has_alternatives(struct bytes text)
{
	int depth = 0;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '\\')
			i++;
		else if (c == '[')
			i = skip_class(text, i);
		else if (c == '(' || c == ')')
			depth += c == '(' ? 1 : -1;
		else if (c == '|' && depth == 0)
			return true;
	}
	return false;
}

/* The fixed text after a leading '^', written to `out`, which holds text.size bytes. Most
 * signatures begin with one, and comparing it costs next to nothing. */
static size_t fixed_start(struct bytes text, char *out)
{
	size_t used = 0, i = 1;

	if (text.size == 0 || text.data[0] != '^' || has_alternatives(text))
		return 0;
	for (; i < text.size; i++) {
		char c = text.data[i];

		if (c == '\\') {
			/* Only punctuation is itself after a backslash. */
			if (++i == text.size || !ispunct((unsigned char)text.data[i]))
				break;
			c = text.data[i];
		} else if (strchr("^$.[|()?*+{", c)) {
			break;
		}
		out[used++] = c;
	}
	/* A quantifier makes what stands before it optional or not single. */
	if (used && i < text.size && strchr("?*+{", text.data[i]))
		used--;
	return used;
}

static int find_group(const pcre2_code *code, const char *name, uint32_t *ret)
{
	int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)name);

	if (number == PCRE2_ERROR_NOUNIQUESUBSTRING)
		return number;
	*ret = number > 0 ? (uint32_t)number : 0;
	return 0;
}

static int pattern_compile(struct signature_set *set, struct pattern *pattern, size_t size,
			   int *ret_error, size_t *ret_offset)
{
	/* Lines are bytes: a client may write any, so nothing is taken for UTF-8. '$' is the
	 * very end, since a message holds no newline of its own. */
	const uint32_t options = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF |
				 PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	const char *const names[] = { "addr", "port", "reply", "id" };
	uint32_t *const groups[] = { &pattern->addr_group, &pattern->port_group,
				     &pattern->reply_group, &pattern->id_group };

	pattern->code = pcre2_compile((PCRE2_SPTR)pattern->text, size, options, ret_error,
				      ret_offset, set->compile_context);
	if (!pattern->code)
		return -EINVAL;
	*ret_offset = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*ret_error = find_group(pattern->code, names[i], groups[i]);
		if (*ret_error < 0)
			return -EINVAL;
	}
	return 0;
}

int signature_set_pattern(struct signature_set *set, struct bytes text, size_t *ret, int *ret_error,
			  size_t *ret_offset)
{
	struct pattern pattern = { 0 };
	char *start;
	int r;

	for (size_t i = 0; i < set->pattern_count; i++) {
		if (!bytes_equal(bytes_of(set->patterns[i].text), text))
			continue;
		*ret = i;
		return 0;
	}
	if (grow(&set->patterns, set->pattern_count, sizeof(pattern)) < 0)
		return -ENOMEM;
	/* Twice the size: the text with its NUL, and its fixed start after it. */
	pattern.text = malloc(text.size * 2 + 1);
	if (!pattern.text)
		return -ENOMEM;
	if (text.size)
		memcpy(pattern.text, text.data, text.size);
	pattern.text[text.size] = '\0';
	r = pattern_compile(set, &pattern, text.size, ret_error, ret_offset);
	if (r < 0) {
		pcre2_code_free(pattern.code);
		free(pattern.text);
		return r;
	}
	start = pattern.text + text.size + 1;
	pattern.start = bytes_make(start, fixed_start(text, start));
	*ret = set->pattern_count;
	set->patterns[set->pattern_count++] = pattern;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/signature_example.h"

#include "judge/matcher.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4)))
static int wrong(struct signature_mistake *mistake, const struct example *example,
		 const char *format, ...)
{
	va_list args;

	mistake->line = example->file_line;
	mistake->column = 1;
	va_start(args, format);
	vsnprintf(mistake->text, sizeof(mistake->text), format, args);
	va_end(args);
	return -EINVAL;
}

static const struct signature *first_match(const struct signature_set *set, size_t first,
					   struct matcher *matcher, const struct service *service,
					   struct bytes line, struct match *ret)
{
	for (size_t i = first; i < set->signature_count; i++)
		if (set->signatures[i]->service == service &&
		    matcher_try(matcher, set->signatures[i], line, false, ret))
			return set->signatures[i];
	return NULL;
}

/* `found` is the signature that recognises the example, or NULL. */
static int judge(const struct signature *signature, const struct example *example,
		 const struct signature *found, const struct match *match,
		 struct signature_mistake *mistake)
{
	char client[ADDR_TEXT_SIZE];

	if (!example->expected && found != signature)
		return 0;
	if (!example->expected)
		return wrong(mistake, example, "'%s' recognises this line, and should not",
			     signature->name);
	if (!found)
		return wrong(mistake, example, "'%s' does not recognise this line",
			     signature->name);
	if (found != signature)
		return wrong(mistake, example, "'%s' recognises this line before '%s' can",
			     found->name, signature->name);
	if (example->client.family != ADDR_NONE && !addr_equal(&example->client, &match->addr))
		return wrong(mistake, example, "'%s' takes %s for the client", signature->name,
			     addr_format(&match->addr, client));
	return 0;
}

int signature_examples_try(const struct signature_set *set, size_t first,
			   struct signature_mistake *ret_mistake)
{
	struct matcher *matcher;
	int r = matcher_create(set, &matcher);

	if (r < 0)
		return r;
	matcher_interpret(matcher);
	for (size_t i = first; i < set->signature_count && r == 0; i++) {
		const struct signature *signature = set->signatures[i];

		for (size_t j = 0; j < signature->example_count && r == 0; j++) {
			const struct example *example = &signature->examples[j];
			struct match match = { 0 };
			const struct signature *found;

			matcher_forget(matcher);
			for (size_t k = 0; k < example->before_count; k++)
				first_match(set, first, matcher, signature->service, example->before[k], &match);
			match = (struct match){ 0 };
			found = first_match(set, first, matcher, signature->service, example->line, &match);

			r = judge(signature, example, found, &match, ret_mistake);
		}
	}
	matcher_destroy(matcher);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

json_t *ask_word(const char *word)
{
	json_t *text = json_string(word);
	char *plain;

	if (text)
		return text;
	plain = strdup(word);
	if (!plain)
		return NULL;
	for (char *c = plain; *c; c++) {
		if (*c & 0x80)
			*c = '?';
	}
	text = json_string(plain);
	free(plain);
	return text;
}

const char *ask_text(const json_t *object, const char *name, char text[ASK_TEXT_SIZE])
{
	const json_t *value = json_object_get(object, name);
	struct bytes foreign = { "", 0 };

	if (json_is_string(value))
		foreign = bytes_make(json_string_value(value), json_string_length(value));
	return text_escape(foreign, text, ASK_TEXT_SIZE);
}

uint64_t ask_number(const json_t *object, const char *name)
{
	json_int_t number = json_integer_value(json_object_get(object, name));

	return number > 0 ? (uint64_t)number : 0;
}

bool ask_is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

const char *ask_why(const json_t *object, char text[ASK_WHY_SIZE])
{
	char words[ASK_TEXT_SIZE], service[ASK_TEXT_SIZE], signature[ASK_TEXT_SIZE];

	if (ask_is_true(object, "by_hand")) {
		ask_text(object, "why", words);
		snprintf(text, ASK_WHY_SIZE, "by hand%s%s", *words ? ": " : "", words);
	} else if (ask_is_true(object, "over_limit")) {
		snprintf(text, ASK_WHY_SIZE, "more new connections than limits.per_address allows");
	} else if (*ask_text(object, "signature", signature)) {
		snprintf(text, ASK_WHY_SIZE, "%s, %s/%s", ask_text(object, "outcome", words),
			 ask_text(object, "service", service), signature);
	} else {
		snprintf(text, ASK_WHY_SIZE, "%s", ask_text(object, "outcome", words));
	}
	return text;
}

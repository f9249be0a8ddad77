/* SPDX-License-Identifier: Apache-2.0 */
#include "base/domain_name.h"

#define LABEL_MOST 63

static const bool is_label_char[256] = {
	['-'] = true, ['_'] = true, ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

bool domain_labels_are_good(struct bytes name)
{
	size_t label = 0;

	for (size_t i = 0; i < name.size; i++) {
		bool dot = name.data[i] == '.';

		if (dot ? label == 0 : !is_label_char[(uint8_t)name.data[i]] || label == LABEL_MOST)
			return false;
		label = dot ? 0 : label + 1;
	}
	return label > 0;
}

bool domain_name_is_good(struct bytes name)
{
	struct bytes last = name;
	size_t dot;

	if (name.size > DOMAIN_NAME_MOST || !domain_labels_are_good(name))
		return false;
	while ((dot = bytes_find_char(last, '.')) < last.size)
		last = bytes_skip(last, dot + 1);
	return !bytes_are_digits(last);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "control/packed.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>

json_t *packed_make(struct bytes bytes)
{
	unsigned char *text;
	json_t *packed;

	if (bytes.size > INT_MAX / 2)
		return NULL;
	text = malloc(PACKED_SIZE(bytes.size) + 1);
	if (!text)
		return NULL;
	packed = json_stringn_nocheck((const char *)text, (size_t)EVP_EncodeBlock(text, (const unsigned char *)bytes.data,
										 (int)bytes.size));
	free(text);
	return packed;
}

static size_t padding(struct bytes text)
{
	size_t count = 0;

	while (count < 2 && text.size > count && text.data[text.size - 1 - count] == '=')
		count++;
	return count;
}

/* OpenSSL would pass over white space around it, take padding anywhere, and writes it as bytes: only whole strings are
 * ours. */
int packed_read(const json_t *string, char *ret, size_t most, size_t *ret_size)
{
	struct bytes text = bytes_make(json_string_value(string), json_string_length(string));
	size_t padded = padding(text), size = text.size / 4 * 3 - padded;
	unsigned char *whole;
	int r;

	if (!json_is_string(string) || text.size % 4 || text.size > INT_MAX / 2 ||
	    bytes_find_char(text, '=') != text.size - padded)
		return -EINVAL;
	if (text.size == 0) {
		*ret_size = 0;
		return 0;
	}
	if (size > most)
		return -EMSGSIZE;
	whole = malloc(text.size / 4 * 3);
	if (!whole)
		return -ENOMEM;
	r = EVP_DecodeBlock(whole, (const unsigned char *)text.data, (int)text.size);
	if (r == (int)(text.size / 4 * 3)) {
		memcpy(ret, whole, size);
		*ret_size = size;
	}
	free(whole);
	return r == (int)(text.size / 4 * 3) ? 0 : -EINVAL;
}

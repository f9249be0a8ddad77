/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/environ.h"

bool environ_has(struct bytes block, const char *name)
{
	struct bytes wanted = bytes_of(name), variable;

	while (block.size) {
		variable = bytes_first(block, bytes_find_char(block, '\0'));
		block = bytes_skip(block, variable.size + 1);
		if (variable.size > wanted.size + 1 && bytes_starts_with(variable, wanted) &&
		    variable.data[wanted.size] == '=')
			return true;
	}
	return false;
}

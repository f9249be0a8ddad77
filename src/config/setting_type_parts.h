/* SPDX-License-Identifier: Apache-2.0 */
/* setting_type_parts - what the files that define setting types have in common. For them alone. */
#ifndef WAVEBREAK_CONFIG_SETTING_TYPE_PARTS_H
#define WAVEBREAK_CONFIG_SETTING_TYPE_PARTS_H

#include "config/setting_types.h"

#define SETTING_TYPE(type, c_type, words) static const char words_##type[] __attribute__((unused)) = words;
#include "config/setting_types.def"
#undef SETTING_TYPE

/* Plain decimal digits: a bound that is a number, or a number of units. */
int number_bound(struct bytes text, uint64_t *ret);

#endif

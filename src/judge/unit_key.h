/* SPDX-License-Identifier: Apache-2.0 */
/* unit_key - a unit (addr_unit) as the key of a table: the bytes of it that count, half the size of a struct
 * addr, a million times. Pure.
 */
#ifndef WAVEBREAK_JUDGE_UNIT_KEY_H
#define WAVEBREAK_JUDGE_UNIT_KEY_H

#include "base/prefix.h"

#include <string.h>

struct unit_key {
	uint8_t family;
	uint8_t octets[8];
};

static inline struct unit_key unit_key_of(const struct addr *unit)
{
	struct unit_key key = { .family = unit->family };

	memcpy(key.octets, unit->octets, sizeof(key.octets));
	return key;
}

static inline struct addr unit_key_addr(const struct unit_key *key)
{
	struct addr unit = { .family = key->family };

	memcpy(unit.octets, key->octets, sizeof(key->octets));
	return unit;
}

#endif

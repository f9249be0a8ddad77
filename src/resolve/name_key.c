/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/name_key.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <sys/random.h>

int name_secret_draw(struct name_secret *ret)
{
	ssize_t n = getrandom(ret, sizeof(*ret), 0);

	if (n < 0)
		return -errno;
	return n == sizeof(*ret) ? 0 : -EIO;
}

static uint64_t turned(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], unsigned count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turned(v[1], 13) ^ v[0];
		v[3] = turned(v[3], 16) ^ v[2];
		v[0] = turned(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = turned(v[1], 17) ^ v[2];
		v[3] = turned(v[3], 21) ^ v[0];
		v[2] = turned(v[2], 32);
	}
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

static uint64_t sip_end(uint64_t v[4])
{
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct name_key name_key_hash(const struct name_secret *secret, struct bytes text)
{
	/* The constants are the authors': "somepseudorandomlygeneratedbytes", and 0xee for 128 bits. */
	uint64_t v[4] = {
		secret->halves[0] ^ 0x736f6d6570736575ULL,
		secret->halves[1] ^ 0x646f72616e646f6dULL ^ 0xee,
		secret->halves[0] ^ 0x6c7967656e657261ULL,
		secret->halves[1] ^ 0x7465646279746573ULL,
	};
	uint64_t last = (uint64_t)text.size << 56, word;
	struct name_key key;

	for (; text.size >= sizeof(word); text = bytes_skip(text, sizeof(word))) {
		memcpy(&word, text.data, sizeof(word));
		sip_word(v, le64toh(word));
	}
	for (size_t i = 0; i < text.size; i++)
		last |= (uint64_t)(uint8_t)text.data[i] << (8 * i);
	sip_word(v, last);
	v[2] ^= 0xee;
	key.halves[0] = sip_end(v);
	v[1] ^= 0xdd;
	key.halves[1] = sip_end(v);
	return key;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct name_key name_key_of(const struct name_secret *secret, struct bytes name, enum dns_type type)
{
	char text[DNS_NAME_SIZE];

	assert(name.size < sizeof(text));
	for (size_t i = 0; i < name.size; i++)
		text[i] = lower(name.data[i]);
	text[name.size] = (char)type;
	return name_key_hash(secret, bytes_make(text, name.size + 1));
}

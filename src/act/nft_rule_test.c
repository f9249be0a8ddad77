/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/nft_rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

static const struct nft_guard guard = {
	.input = "input",
	.banned = "banned",
	.alive = "alive",
	.ports = "ports",
	.ban4 = "ban4",
	.ban6 = "ban6",
	.dropped = "dropped",
	.ban_for_ms = 600000,
};

/* Rules in words, one line each, so that a test reads like the rules: every expression with
 * the numbers in it, in the order of its attributes. */
struct words {
	char text[4096];
	size_t size;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(words->text + words->size, sizeof(words->text) - words->size, format, args);
	va_end(args);
	assert_true(size >= 0 && (size_t)size < sizeof(words->text) - words->size);
	words->size += (size_t)size;
}

static bool is_text(struct bytes value)
{
	return value.size > 2 && value.data[0] >= 'a' && value.data[value.size - 1] == '\0';
}

static void say_attributes(struct words *words, struct bytes attributes)
{
	struct nl_attribute a;
	uint16_t raw_type;

	while (attributes.size) {
		memcpy(&raw_type, attributes.data + 2, sizeof(raw_type));
		assert_int_equal(nl_next_attribute(&attributes, &a), 1);
		if (raw_type & NLA_F_NESTED) {
			say_attributes(words, a.value);
		} else if (is_text(a.value)) {
			say(words, " %s", a.value.data);
		} else if (a.value.size == 4) {
			say(words, " %d", (int)nl_get_be32(a.value));
		} else if (a.value.size == 8) {
			say(words, " %llu", (unsigned long long)nl_get_be64(a.value));
		} else {
			say(words, " ");
			for (size_t i = 0; i < a.value.size; i++)
				say(words, "%02x", (uint8_t)a.value.data[i]);
		}
	}
}

static const char *in_words(struct nft_batch *batch, uint16_t message, struct words *words)
{
	struct bytes stream = bytes_make((const char *)batch->w.data, batch->w.used);
	struct nl_message m;

	words->size = 0;
	words->text[0] = '\0';
	while (nl_next_message(&stream, &m) > 0) {
		if (m.type != (NFNL_SUBSYS_NFTABLES << 8 | message))
			continue;
		say_attributes(words, bytes_skip(m.body, sizeof(struct nfgenmsg)));
		say(words, "\n");
	}
	return words->text;
}

/* The numbers are those of <linux/netfilter/nf_tables.h> and <linux/netfilter.h>: meta 16 is
 * l4proto and 15 nfproto; payload is register, base (1 network, 2 transport), offset, size;
 * cmp is register, 0 (equal), value; bitwise is registers, size, mask, xor; dynset 1 is
 * update; verdict -4 is goto, 0 drop. */
#define DROP_RULES                                                                                     \
	" wavebreak banned meta 15 1 cmp 1 0 02 payload 1 1 12 4 lookup ban4 1"                         \
	" dynset ban4 1 1 600000 objref 1 dropped immediate 0 0\n"                                      \
	" wavebreak banned meta 15 1 cmp 1 0 0a payload 1 1 8 16"                                       \
	" bitwise 1 1 16 ffffffffffffffff0000000000000000 00000000000000000000000000000000 lookup ban6 1" \
	" dynset ban6 1 1 600000 objref 1 dropped immediate 0 0\n"

static void only_new_connections_to_guarded_ports_are_dropped(void **state)
{
	static uint8_t buffer[8192];
	struct nft_batch batch;
	struct words words;

	nft_batch_begin(&batch, "wavebreak", 1, buffer, sizeof(buffer));
	nft_guard_add(&batch, &guard);
	assert_int_equal(nft_batch_end(&batch), 0);
	assert_string_equal(in_words(&batch, NFT_MSG_NEWRULE, &words),
			    DROP_RULES
			    " wavebreak input meta 16 1 cmp 1 0 06 payload 1 2 13 1 bitwise 1 1 1 12 00 cmp 1 0 02"
			    " payload 1 2 2 2 lookup ports 1 meta 16 1 lookup alive 1 immediate 0 -4 banned\n");
}

static void only_the_input_chain_is_hooked_and_it_lets_in(void **state)
{
	static uint8_t buffer[8192];
	struct nft_batch batch;
	struct words words;

	nft_batch_begin(&batch, "wavebreak", 1, buffer, sizeof(buffer));
	nft_guard_add(&batch, &guard);
	assert_int_equal(nft_batch_end(&batch), 0);
	/* Hook 1 is input; then the priority, and policy 1, accept. */
	assert_string_equal(in_words(&batch, NFT_MSG_NEWCHAIN, &words),
			    " wavebreak banned\n"
			    " wavebreak input 1 -10 1 filter\n");
}

static void rules_are_exchanged_in_one_batch(void **state)
{
	static uint8_t buffer[8192];
	struct nft_batch batch;
	struct words words;

	nft_batch_begin(&batch, "wavebreak", 1, buffer, sizeof(buffer));
	nft_guard_replace(&batch, &guard);
	assert_int_equal(nft_batch_end(&batch), 0);
	assert_string_equal(in_words(&batch, NFT_MSG_DELRULE, &words), " wavebreak banned\n");
	assert_string_equal(in_words(&batch, NFT_MSG_NEWRULE, &words), DROP_RULES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_new_connections_to_guarded_ports_are_dropped),
		cmocka_unit_test(only_the_input_chain_is_hooked_and_it_lets_in),
		cmocka_unit_test(rules_are_exchanged_in_one_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

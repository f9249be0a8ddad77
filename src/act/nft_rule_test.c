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

static const struct nft_guard bans_alone = { .ban_for_ms = 600000 };

static const struct nft_guard everything = {
	.ban_for_ms = 600000,
	.own_mark = 77,
	.per_address = { 10, 50 },
	.per_network = { 40, 200 },
	.total = { 500, 2500 },
	.suspect_for_ms = 3600000,
	.steer = true,
	.steer_to = 8025,
};

/* Rules in words, one line each, so that a test reads like the rules: every expression with
 * the numbers in it, in the order of its attributes. */
struct words {
	char text[8192];
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

/* The numbers are those of <linux/netfilter/nf_tables.h> and <linux/netfilter.h>: meta 16 is l4proto, 15 nfproto, 3
 * mark and 4 iif; payload is register, base (1 network, 2 transport), offset, size; cmp is register, 0 (equal) or 1
 * (not), value; bitwise is registers, size, mask, xor; dynset 0 is add and 1 update, its limit is rate, unit, burst, 0
 * (packets), 1 (over); fib 1 3 2 is the type of the destination, and 2 local; verdict -4 is goto, -5 return, 0 drop, 1
 * accept. */
#define IPV4 " meta 15 1 cmp 1 0 02"
#define IPV6 " meta 15 1 cmp 1 0 0a"
#define SENDER4 IPV4 " payload 1 1 12 4"
#define SENDER6 IPV6 " payload 1 1 8 16"
#define NET64 " bitwise 1 1 16 ffffffffffffffff0000000000000000 00000000000000000000000000000000"
#define NET24 " bitwise 1 1 4 -256 0"
#define TCP " meta 16 1 cmp 1 0 06"
#define OPENING TCP " payload 1 2 13 1 bitwise 1 1 1 12 00 cmp 1 0 02"

#define DROP_RULES                                                                                     \
	" wavebreak arriving" SENDER4 " lookup ban4 1 dynset ban4 1 1 600000 objref 1 dropped immediate 0 0\n" \
	" wavebreak arriving" SENDER6 NET64 " lookup ban6 1 dynset ban6 1 1 600000 objref 1 dropped immediate 0 0\n"
#define INPUT_RULE                                                                              \
	" wavebreak input" OPENING " payload 1 2 2 2 lookup ports 1 meta 16 1 lookup alive 1"   \
	" immediate 0 -4 arriving\n"

static const char *rules_of(struct nft_batch *batch, struct words *words)
{
	assert_int_equal(nft_batch_end(batch), 0);
	return in_words(batch, NFT_MSG_NEWRULE, words);
}

static void begin(struct nft_batch *batch)
{
	static uint8_t buffer[32768];

	nft_batch_begin(batch, "wavebreak", 1, buffer, sizeof(buffer));
}

static void only_new_connections_to_guarded_ports_are_dropped(void **state)
{
	struct nft_batch batch;
	struct words words;

	begin(&batch);
	nft_guard_add(&batch, &bans_alone);
	assert_string_equal(rules_of(&batch, &words),
			    " wavebreak arriving objref 1 arrivals\n" DROP_RULES INPUT_RULE);
}

static void without_steering_only_the_input_chain_is_hooked_and_it_lets_in(void **state)
{
	struct nft_batch batch;
	struct words words;

	begin(&batch);
	nft_guard_add(&batch, &bans_alone);
	assert_int_equal(nft_batch_end(&batch), 0);
	/* Hook 1 is input; then the priority, and policy 1, accept. */
	assert_string_equal(in_words(&batch, NFT_MSG_NEWCHAIN, &words),
			    " wavebreak over_address\n"
			    " wavebreak arriving\n"
			    " wavebreak input 1 -10 1 filter\n");
}

/* A mark and an index are numbers of the machine's byte order, which these words read as big-endian. */
static int as_read(uint32_t number)
{
	return (int)__builtin_bswap32(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? number : __builtin_bswap32(number));
}

static void limits_spare_our_own_and_the_never_listed(void **state)
{
	struct nft_guard guard = everything;
	struct nft_batch batch;
	struct words words;
	char expected[4096];

	guard.steer = false;
	snprintf(expected, sizeof(expected),
		 " wavebreak arriving meta 3 1 cmp 1 1 %d objref 1 arrivals\n" DROP_RULES
		 " wavebreak arriving meta 3 1 cmp 1 0 %d immediate 0 -5\n"
		 " wavebreak arriving meta 4 1 cmp 1 0 %d immediate 0 -5\n"
		 " wavebreak arriving" SENDER4 " lookup never4 1 immediate 0 -5\n"
		 " wavebreak arriving" SENDER6 " lookup never6 1 immediate 0 -5\n"
		 " wavebreak over_address" SENDER4 " dynset suspect4 1 1 3600000\n"
		 " wavebreak over_address" SENDER6 NET64 " dynset suspect6 1 1 3600000\n"
		 " wavebreak over_address objref 1 over_address immediate 0 0\n"
		 " wavebreak arriving" SENDER4 " dynset rate4 1 1 60000 2 limit 10 1 50 0 1 immediate 0 -4 over_address\n"
		 " wavebreak arriving" SENDER6 " dynset rate6 1 1 60000 2 limit 10 1 50 0 1 immediate 0 -4 over_address\n"
		 " wavebreak arriving" SENDER4 NET24
		 " dynset net4 1 1 60000 2 limit 40 1 200 0 1 objref 1 over_network immediate 0 0\n"
		 " wavebreak arriving" SENDER6 NET64
		 " dynset net6 1 1 60000 2 limit 40 1 200 0 1 objref 1 over_network immediate 0 0\n"
		 " wavebreak arriving limit 500 1 2500 0 1 objref 1 over_total immediate 0 0\n" INPUT_RULE,
		 as_read(77), as_read(77), as_read(1));
	begin(&batch);
	nft_guard_add(&batch, &guard);
	assert_string_equal(rules_of(&batch, &words), expected);
}

#define WORKS " meta 16 1 lookup steering 1 meta 3 1 cmp 1 1 %2$d"
#define TO_GATE4 IPV4 " fib 1 3 2 cmp 1 0 %1$d immediate 1 2130706433 immediate 2 1f59 tproxy 2 1 2"
#define TO_GATE6 IPV6 " fib 1 3 2 cmp 1 0 %1$d immediate 1 00000000000000000000000000000001" \
	" immediate 2 1f59 tproxy 10 1 2"
#define PASSED_RULES                                                                                    \
	" wavebreak to_gate meta 4 1 cmp 1 0 %3$d immediate 0 -5\n"                                     \
	" wavebreak to_gate" SENDER4 " lookup never4 1 immediate 0 -5\n"                                \
	" wavebreak to_gate" SENDER6 " lookup never6 1 immediate 0 -5\n"
#define OPENING4_RULE " wavebreak to_gate" OPENING WORKS TO_GATE4 " objref 1 steered immediate 0 1\n"
#define OPENING6_RULE " wavebreak to_gate" OPENING WORKS TO_GATE6 " objref 1 steered immediate 0 1\n"
#define OTHERS4_RULE " wavebreak to_gate" WORKS TO_GATE4 " immediate 0 1\n"
#define OTHERS6_RULE " wavebreak to_gate" WORKS TO_GATE6 " immediate 0 1\n"
#define STEER_RULE(packets) " wavebreak steer" packets " payload 1 2 2 2 lookup steer_ports 1 immediate 0 -4 steering\n"

static void suspects_are_steered_and_only_openings_counted(void **state)
{
	struct nft_batch batch;
	struct words words;
	char expected[4096];

	snprintf(expected, sizeof(expected),
		 PASSED_RULES OPENING4_RULE OPENING6_RULE
		 " wavebreak steering" SENDER4 " lookup suspect4 1 immediate 0 -4 to_gate\n"
		 " wavebreak steering" SENDER4 " lookup network4 1 immediate 0 -4 to_gate\n"
		 " wavebreak steering" SENDER6 NET64 " lookup suspect6 1 immediate 0 -4 to_gate\n"
		 " wavebreak steering" SENDER6 " lookup network6 1 immediate 0 -4 to_gate\n" STEER_RULE(OPENING),
		 as_read(2), as_read(77), as_read(1));
	begin(&batch);
	nft_guard_add(&batch, &everything);
	assert_non_null(strstr(rules_of(&batch, &words), expected));
	/* Hook 0 is prerouting, and -150 its priority mangle. */
	assert_non_null(strstr(in_words(&batch, NFT_MSG_NEWCHAIN, &words), " wavebreak steer 0 -150 1 filter\n"));
}

static void all_are_steered_but_the_never_listed(void **state)
{
	struct nft_guard guard = everything;
	struct nft_batch batch;
	struct words words;
	char expected[4096];

	guard.steer_all = true;
	snprintf(expected, sizeof(expected),
		 PASSED_RULES OPENING4_RULE OTHERS4_RULE OPENING6_RULE OTHERS6_RULE
		 " wavebreak steering immediate 0 -4 to_gate\n" STEER_RULE(TCP), as_read(2), as_read(77), as_read(1));
	begin(&batch);
	nft_guard_add(&batch, &guard);
	assert_non_null(strstr(rules_of(&batch, &words), expected));
}

static void rules_are_exchanged_in_one_batch(void **state)
{
	struct nft_batch batch;
	struct words words;

	begin(&batch);
	nft_guard_replace(&batch, &everything, &bans_alone);
	assert_string_equal(rules_of(&batch, &words), " wavebreak arriving objref 1 arrivals\n" DROP_RULES);
	assert_string_equal(in_words(&batch, NFT_MSG_DELRULE, &words),
			    " wavebreak arriving\n wavebreak over_address\n wavebreak steer\n wavebreak steering\n"
			    " wavebreak to_gate\n");
	assert_string_equal(in_words(&batch, NFT_MSG_DELCHAIN, &words),
			    " wavebreak steer\n wavebreak steering\n wavebreak to_gate\n");

	begin(&batch);
	nft_guard_replace(&batch, &bans_alone, &everything);
	assert_int_equal(nft_batch_end(&batch), 0);
	assert_string_equal(in_words(&batch, NFT_MSG_DELCHAIN, &words), "");
	assert_string_equal(in_words(&batch, NFT_MSG_NEWCHAIN, &words),
			    " wavebreak to_gate\n wavebreak steering\n wavebreak steer 0 -150 1 filter\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_new_connections_to_guarded_ports_are_dropped),
		cmocka_unit_test(without_steering_only_the_input_chain_is_hooked_and_it_lets_in),
		cmocka_unit_test(limits_spare_our_own_and_the_never_listed),
		cmocka_unit_test(suspects_are_steered_and_only_openings_counted),
		cmocka_unit_test(all_are_steered_but_the_never_listed),
		cmocka_unit_test(rules_are_exchanged_in_one_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

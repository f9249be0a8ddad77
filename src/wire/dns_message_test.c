/* SPDX-License-Identifier: Apache-2.0 */
#include "base/domain_name.h"
#include "wire/dns_message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define LITERAL(s) { (s), sizeof(s) - 1 }

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define SIXTY_THREE SIXTY "012"
#define LONGEST SIXTY_THREE "." SIXTY_THREE "." SIXTY_THREE "." SIXTY "0" /* 253 */

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void names_are_asked_for(void **state)
{
	struct addr ipv4 = addr_of("192.0.2.107"), ipv6 = addr_of("2001:db8::23:7");
	struct addr least = addr_of("0.0.0.0"), mapped = addr_of("::ffff:127.0.0.2");
	char name[DNS_NAME_SIZE];

	assert_int_equal(dns_list_name(&ipv4, bytes_of("bl.example"), name), 0);
	assert_string_equal(name, "107.2.0.192.bl.example");
	assert_int_equal(dns_list_name(&mapped, bytes_of("bl.example"), name), 0);
	assert_string_equal(name, "2.0.0.127.bl.example");
	assert_int_equal(dns_list_name(&ipv6, bytes_of("bl.example"), name), 0);
	assert_string_equal(name, "7.0.0.0.3.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example");
	dns_reverse_name(&ipv4, name);
	assert_string_equal(name, "107.2.0.192.in-addr.arpa");
	dns_reverse_name(&least, name);
	assert_string_equal(name, "0.0.0.0.in-addr.arpa");
	dns_reverse_name(&ipv6, name);
	assert_string_equal(name, "7.0.0.0.3.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

/* 253 octets with the address in front of the zone, whose first octets are left out here. */
static void a_name_that_is_too_long_is_none(void **state)
{
	struct addr ipv4 = addr_of("192.0.2.107"), ipv6 = addr_of("2001:db8::7");
	size_t front4 = strlen("107.2.0.192."), front6 = 64;
	char *name = malloc(DNS_NAME_SIZE);

	assert_int_equal(sizeof(LONGEST), DNS_NAME_SIZE);
	assert_int_equal(dns_list_name(&ipv4, bytes_of(LONGEST + front4), name), 0);
	assert_int_equal(strlen(name), 253);
	assert_int_equal(dns_list_name(&ipv4, bytes_of(LONGEST + front4 - 1), name), -ENAMETOOLONG);
	assert_int_equal(dns_list_name(&ipv6, bytes_of(LONGEST + front6), name), 0);
	assert_int_equal(strlen(name), 253);
	assert_int_equal(dns_list_name(&ipv6, bytes_of(LONGEST + front6 - 1), name), -ENAMETOOLONG);
	free(name);
}

static const struct {
	struct bytes name;
	bool well;
} names[] = {
	{ LITERAL("bl.example"), true },
	{ LITERAL("a"), true },
	{ LITERAL("7.2.0.192.Bl_2.ex-ample"), true },
	{ LITERAL(SIXTY_THREE ".example"), true },
	{ LITERAL(LONGEST), true },
	{ LITERAL(""), false },
	{ LITERAL("."), false },
	{ LITERAL("bl.example."), false },
	{ LITERAL(".bl.example"), false },
	{ LITERAL("bl..example"), false },
	{ LITERAL(SIXTY_THREE "3.example"), false },
	{ LITERAL("example." SIXTY_THREE "3"), false },
	{ LITERAL(LONGEST "1"), false },
	{ LITERAL("bl example"), false },
	{ LITERAL("bl/example"), false },
	{ LITERAL("bl\0.example"), false },
	{ LITERAL("bl.ex\xe4mple"), false },
};

static void names_are_checked(void **state)
{
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(dns_name_is_well(names[i].name), names[i].well);
	assert_true(domain_labels_are_good(bytes_of(LONGEST "1")));
	assert_false(domain_labels_are_good(bytes_of("")));
}

/* A message is put together: a head, of which RD and RA are set in every one, a question, records. */
#define HEAD(flags, questions, answers, authorities)                                                               \
	"\x12\x34" flags "\x00" questions "\x00" answers "\x00" authorities "\x00\x00"
#define NO_ERROR "\x81\x80"
#define ANSWERS(count) HEAD(NO_ERROR, "\x01", count, "\x00")
#define IN "\x00\x01"
#define A "\x00\x01" IN
#define CNAME "\x00\x05" IN
#define SOA "\x00\x06" IN
#define PTR "\x00\x0c" IN
#define TXT "\x00\x10" IN
#define ASKED "\x01" "a" "\x07" "example" "\x00" /* at 12, and at 14 "example" */
#define ASKED_AT "\xc0\x0c"
#define EXAMPLE_AT "\xc0\x0e"
#define TTL(s) "\x00\x00\x00" s
#define ADDRESS(last) "\x00\x04" "\x7f\x00\x00" last
#define LISTED ASKED_AT A TTL("\x3c") ADDRESS("\x02")
#define NAME_B "\x01" "b" EXAMPLE_AT
#define NAME_C "\x01" "c" EXAMPLE_AT
#define A_IS_B ASKED_AT CNAME TTL("\x20") "\x00\x04" NAME_B
#define B_IS_C NAME_B CNAME TTL("\x30") "\x00\x04" NAME_C
#define C_LISTED NAME_C A TTL("\x40") ADDRESS("\x03")
#define SOA_DATA(minimum)                                                                                          \
	"\x00\x16" "\x00\x00" "\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04" minimum

/* A question of 255 octets, and a record of the same name written out. */
#define LONG_ASKED "\x3f" SIXTY_THREE "\x3f" SIXTY_THREE "\x3f" SIXTY_THREE "\x3d" SIXTY "0" "\x00"

#define FOUR(record) record record record record
#define SIXTEEN(record) FOUR(FOUR(record))

static const struct {
	const char *what;
	struct bytes message;
	enum dns_type type;
	enum dns_outcome outcome;
	uint32_t ttl_s;
	unsigned address_count;
	uint8_t last_octet; /* of the first address */
	const char *text;
} answers[] = {
	{ "listed", LITERAL(ANSWERS("\x01") ASKED A LISTED), DNS_A, DNS_FOUND, 60, 1, 2, "" },
	{ "two addresses, the least TTL",
	  LITERAL(ANSWERS("\x02") ASKED A LISTED ASKED_AT A TTL("\x0a") ADDRESS("\x04")), DNS_A,
	  DNS_FOUND, 10, 2, 2, "" },
	{ "sixteen addresses", LITERAL(ANSWERS("\x10") ASKED A SIXTEEN(LISTED)), DNS_A,
	  DNS_FOUND, 60, 8, 2, "" },
	{ "the name written out, in another case",
	  LITERAL(ANSWERS("\x01") "\x01" "A" "\x07" "eXAMPLe" "\x00" A
		  "\x01" "A" "\x07" "ExampLE" "\x00" A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_FOUND, 60, 1, 2, "" },
	{ "a record of another name, type or class",
	  LITERAL(ANSWERS("\x04") ASKED A C_LISTED
		  ASKED_AT TXT TTL("\x01") "\x00\x02\x01x" ASKED_AT "\x00\x01\x00\x03" TTL("\x01") ADDRESS("\x05")
		  EXAMPLE_AT A TTL("\x01") ADDRESS("\x05")),
	  DNS_A, DNS_NO_DATA, 0, 0, 0, "" },
	{ "a dot within a label is another name",
	  LITERAL(ANSWERS("\x01") ASKED A "\x09" "a.example" "\x00" A TTL("\x3c")
		  ADDRESS("\x02")),
	  DNS_A, DNS_NO_DATA, 0, 0, 0, "" },
	{ "a TTL with its highest bit set",
	  LITERAL(ANSWERS("\x01") ASKED A ASKED_AT A "\x80\x00\x00\x3c" ADDRESS("\x02")), DNS_A,
	  DNS_FOUND, 0, 1, 2, "" },
	{ "the largest TTL",
	  LITERAL(ANSWERS("\x01") ASKED A ASKED_AT A "\x7f\xff\xff\xff" ADDRESS("\x02")), DNS_A,
	  DNS_FOUND, INT32_MAX, 1, 2, "" },
	{ "an address of five octets",
	  LITERAL(ANSWERS("\x02") ASKED A LISTED ASKED_AT A TTL("\x3c")
		  "\x00\x05\x7f\x00\x00\x02\x00"),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "an address of three octets",
	  LITERAL(ANSWERS("\x01") ASKED A ASKED_AT A TTL("\x3c") "\x00\x03\x7f\x00\x00"), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "more octets behind the records",
	  LITERAL(ANSWERS("\x01") ASKED A LISTED "\xff\xff"), DNS_A, DNS_FOUND, 60, 1, 2, "" },

	{ "an alias", LITERAL(ANSWERS("\x03") ASKED A A_IS_B B_IS_C C_LISTED), DNS_A, DNS_FOUND,
	  32, 1, 3, "" },
	{ "an alias, the wrong way round",
	  LITERAL(ANSWERS("\x03") ASKED A C_LISTED B_IS_C A_IS_B), DNS_A, DNS_FOUND, 32, 1, 3,
	  "" },
	{ "an alias of nothing", LITERAL(ANSWERS("\x01") ASKED A A_IS_B), DNS_A, DNS_NO_DATA, 0,
	  0, 0, "" },
	{ "a chain that begins elsewhere",
	  LITERAL(ANSWERS("\x02") ASKED A B_IS_C C_LISTED), DNS_A, DNS_NO_DATA, 0, 0, 0, "" },
	{ "an alias of itself",
	  LITERAL(ANSWERS("\x01") ASKED A ASKED_AT CNAME TTL("\x20") "\x00\x02" ASKED_AT), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "aliases in a circle",
	  LITERAL(ANSWERS("\x02") ASKED A A_IS_B NAME_B CNAME TTL("\x20") "\x00\x02" ASKED_AT),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "an alias with something behind it",
	  LITERAL(ANSWERS("\x01") ASKED A ASKED_AT CNAME TTL("\x20") "\x00\x05" NAME_B "x"),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "an alias that runs out of its record",
	  LITERAL(ANSWERS("\x02") ASKED A ASKED_AT CNAME TTL("\x20") "\x00\x02" NAME_B LISTED),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },

	{ "no data", LITERAL(ANSWERS("\x00") ASKED A), DNS_A, DNS_NO_DATA, 0, 0, 0, "" },
	{ "no data, the SOA's TTL",
	  LITERAL(HEAD(NO_ERROR, "\x01", "\x00", "\x01") ASKED A EXAMPLE_AT SOA TTL("\x10")
		  SOA_DATA("\x00\x00\x00\x20")),
	  DNS_A, DNS_NO_DATA, 16, 0, 0, "" },
	{ "no name, the SOA's last field",
	  LITERAL(HEAD("\x81\x83", "\x01", "\x00", "\x01") ASKED A EXAMPLE_AT SOA TTL("\x40")
		  SOA_DATA("\x00\x00\x00\x20")),
	  DNS_A, DNS_NO_NAME, 32, 0, 0, "" },
	{ "no name, the root's SOA",
	  LITERAL(HEAD("\x81\x83", "\x01", "\x00", "\x01") ASKED A "\x00" SOA TTL("\x40") SOA_DATA("\x00\x00\x00\x20")),
	  DNS_A, DNS_NO_NAME, 32, 0, 0, "" },
	{ "no name, the SOA of another zone",
	  LITERAL(HEAD("\x81\x83", "\x01", "\x00", "\x01") ASKED A NAME_B SOA TTL("\x40") SOA_DATA("\x00\x00\x00\x20")),
	  DNS_A, DNS_NO_NAME, 0, 0, 0, "" },
	{ "no name, a SOA with more behind it",
	  LITERAL(HEAD("\x81\x83", "\x01", "\x00", "\x01") ASKED A "\x00" SOA TTL("\x40")
		  "\x00\x17" "\x00\x00" TEN TEN "x"),
	  DNS_A, DNS_NO_NAME, 0, 0, 0, "" },
	{ "an alias of what is no name",
	  LITERAL(HEAD("\x81\x83", "\x01", "\x01", "\x01") ASKED A A_IS_B EXAMPLE_AT SOA TTL("\x40")
		  SOA_DATA("\x00\x00\x00\x21")),
	  DNS_A, DNS_NO_NAME, 32, 0, 0, "" },
	{ "no name, and yet an address", LITERAL(HEAD("\x81\x83", "\x01", "\x01", "\x00") ASKED A LISTED), DNS_A,
	  DNS_NO_NAME, 0, 0, 0, "" },
	{ "a SOA among the answers is none of the authority's",
	  LITERAL(ANSWERS("\x01") ASKED A EXAMPLE_AT SOA TTL("\x10")
		  SOA_DATA("\x00\x00\x00\x20")),
	  DNS_A, DNS_NO_DATA, 0, 0, 0, "" },

	{ "SERVFAIL", LITERAL(HEAD("\x81\x82", "\x01", "\x00", "\x00") ASKED A), DNS_A, DNS_FAILED, 0, 0, 0, "" },
	{ "REFUSED without a question", LITERAL(HEAD("\x81\x85", "\x00", "\x00", "\x00")), DNS_A, DNS_FAILED, 0, 0, 0,
	  "" },
	{ "REFUSED to another question", LITERAL(HEAD("\x81\x85", "\x01", "\x00", "\x00") "\x01" "b" "\x00" A), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "REFUSED, and yet an address", LITERAL(HEAD("\x81\x85", "\x01", "\x01", "\x00") ASKED A LISTED), DNS_A,
	  DNS_FAILED, 0, 0, 0, "" },
	{ "well without a question",
	  LITERAL(HEAD(NO_ERROR, "\x00", "\x01", "\x00") ASKED A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "no name without a question", LITERAL(HEAD("\x81\x83", "\x00", "\x00", "\x00")), DNS_A, DNS_BROKEN, 0, 0, 0,
	  "" },
	{ "truncated", LITERAL(HEAD("\x83\x80", "\x01", "\x01", "\x00") ASKED A), DNS_A, DNS_TRUNCATED, 0, 0, 0, "" },
	{ "truncated before the question ends", LITERAL(HEAD("\x83\x80", "\x01", "\x01", "\x00") ASKED "\x00"), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a question, not an answer", LITERAL(HEAD("\x01\x00", "\x01", "\x01", "\x00") ASKED A LISTED), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "another OPCODE", LITERAL(HEAD("\x91\x80", "\x01", "\x01", "\x00") ASKED A LISTED), DNS_A, DNS_BROKEN, 0, 0,
	  0, "" },
	{ "two questions", LITERAL(HEAD(NO_ERROR, "\x02", "\x01", "\x00") ASKED A ASKED A LISTED), DNS_A, DNS_BROKEN, 0,
	  0, 0, "" },
	{ "two questions, of which one is there", LITERAL(HEAD(NO_ERROR, "\x02", "\x01", "\x00") ASKED A LISTED), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "no question, and yet one is there", LITERAL(HEAD(NO_ERROR, "\x00", "\x01", "\x00") ASKED A LISTED), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "of another name", LITERAL(ANSWERS("\x01") "\x01" "b" "\x07" "example" "\x00" A LISTED),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "of a name within ours", LITERAL(ANSWERS("\x01") "\x01" "b" "\x01" "a" "\x07"
		  "example" "\x00" A LISTED), DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "of another type", LITERAL(ANSWERS("\x01") ASKED TXT LISTED), DNS_A, DNS_BROKEN, 0, 0,
	  0, "" },
	{ "of another class", LITERAL(ANSWERS("\x01") ASKED "\x00\x01\x00\x03" LISTED), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "nothing", LITERAL(""), DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "fewer records than promised", LITERAL(ANSWERS("\x02") ASKED A LISTED), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },

	{ "a question that points to itself", LITERAL(ANSWERS("\x01") ASKED_AT A LISTED), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a question that points into the head", LITERAL(ANSWERS("\x01") "\xc0\x04" A LISTED),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "a name that points to itself",
	  LITERAL(ANSWERS("\x01") ASKED A "\xc0\x1b" A TTL("\x3c") ADDRESS("\x02")), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a name that points into itself, behind a label",
	  LITERAL(ANSWERS("\x01") ASKED A "\x01" "a" "\xc0\x1b" A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "a name that points forward",
	  LITERAL(ANSWERS("\x01") ASKED A "\xc0\x1d" A TTL("\x3c") ADDRESS("\x02")), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a name that points back, and from there forward",
	  LITERAL(ANSWERS("\x02") ASKED A EXAMPLE_AT TXT TTL("\x3c") "\x00\x04" "\xc0\x29" ASKED_AT
		  "\xc0\x27" A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "a name that points back twice",
	  LITERAL(ANSWERS("\x02") ASKED A EXAMPLE_AT TXT TTL("\x3c") "\x00\x04" "\xc0\x29" ASKED_AT
		  "\xc0\x29" A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_FOUND, 60, 1, 2, "" },
	{ "an alias that points into the head",
	  LITERAL(ANSWERS("\x01") ASKED A ASKED_AT CNAME TTL("\x20") "\x00\x02" "\xc0\x04"), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a name that points beyond the end",
	  LITERAL(ANSWERS("\x01") ASKED A "\xff\xff" A TTL("\x3c") ADDRESS("\x02")), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a label of no kind",
	  LITERAL(ANSWERS("\x01") ASKED A "\x40" SIXTY_THREE "3" "\x00" A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },
	{ "a label longer than the message", LITERAL(ANSWERS("\x01") ASKED A "\x3f" "abc"), DNS_A,
	  DNS_BROKEN, 0, 0, 0, "" },
	{ "a name of 256 octets",
	  LITERAL(ANSWERS("\x01") ASKED A "\x3f" SIXTY_THREE "\x3f" SIXTY_THREE "\x3f" SIXTY_THREE
		  "\x36" TEN TEN TEN TEN TEN "0123" EXAMPLE_AT A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_BROKEN, 0, 0, 0, "" },

	{ "another name of 255 octets",
	  LITERAL(ANSWERS("\x01") ASKED A "\x3f" SIXTY_THREE "\x3f" SIXTY_THREE "\x3f" SIXTY_THREE
		  "\x35" TEN TEN TEN TEN TEN "012" EXAMPLE_AT A TTL("\x3c") ADDRESS("\x02")),
	  DNS_A, DNS_NO_DATA, 0, 0, 0, "" },

	{ "a text", LITERAL(ANSWERS("\x01") ASKED TXT ASKED_AT TXT TTL("\x3c") "\x00\x06" "\x05"
		  "Hello"), DNS_TXT, DNS_FOUND, 60, 0, 0, "Hello" },
	{ "a text of three strings and two texts",
	  LITERAL(ANSWERS("\x02") ASKED TXT ASKED_AT TXT TTL("\x3c") "\x00\x08" "\x02" "ab"
		  "\x00" "\x03" " cd" ASKED_AT TXT TTL("\x0a") "\x00\x02" "\x01" "x"),
	  DNS_TXT, DNS_FOUND, 10, 0, 0, "ab cd" },
	{ "a text that nobody should see",
	  LITERAL(ANSWERS("\x01") ASKED TXT ASKED_AT TXT TTL("\x3c") "\x00\x0a" "\x09"
		  "a\r\n\0\x1b\x7f\xe4~ "),
	  DNS_TXT, DNS_FOUND, 60, 0, 0, "a??????~ " },
	{ "an empty text", LITERAL(ANSWERS("\x01") ASKED TXT ASKED_AT TXT TTL("\x3c") "\x00\x01"
		  "\x00"), DNS_TXT, DNS_FOUND, 60, 0, 0, "" },
	{ "a text that runs out of its record",
	  LITERAL(ANSWERS("\x01") ASKED TXT ASKED_AT TXT TTL("\x3c") "\x00\x02" "\x05" "Hello"),
	  DNS_TXT, DNS_BROKEN, 0, 0, 0, "" },

	{ "a name of the address",
	  LITERAL(ANSWERS("\x01") ASKED PTR ASKED_AT PTR TTL("\x3c") "\x00\x04" NAME_B), DNS_PTR,
	  DNS_FOUND, 60, 0, 0, "" },
	{ "a name of the address that is none",
	  LITERAL(ANSWERS("\x01") ASKED PTR ASKED_AT PTR TTL("\x3c") "\x00\x02" "\x01" "b"),
	  DNS_PTR, DNS_BROKEN, 0, 0, 0, "" },
	{ "a delegation of less than 256 addresses (RFC 2317)",
	  LITERAL(ANSWERS("\x02") ASKED PTR ASKED_AT CNAME TTL("\x3c") "\x00\x07" "\x04" "0/25"
		  EXAMPLE_AT "\x04" "0/25" EXAMPLE_AT PTR TTL("\x20") "\x00\x04" NAME_B),
	  DNS_PTR, DNS_FOUND, 32, 0, 0, "" },
};

/* In memory of its own size. */
static void read_copy(struct bytes message, const char *name, enum dns_type type, struct dns_answer *ret)
{
	char *copy = malloc(message.size ? message.size : 1);

	memcpy(copy, message.data, message.size);
	memset(ret, 0xff, sizeof(*ret));
	dns_answer_read(bytes_make(copy, message.size), bytes_of(name), type, ret);
	free(copy);
}

static void answers_are_read(void **state)
{
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct dns_answer answer;

		print_message("%s\n", answers[i].what);
		read_copy(answers[i].message, i % 2 ? "a.example" : "A.eXample", answers[i].type, &answer);
		assert_int_equal(answer.outcome, answers[i].outcome);
		assert_int_equal(answer.ttl_s, answers[i].ttl_s);
		assert_int_equal(answer.address_count, answers[i].address_count);
		assert_int_equal(answer.addresses[0][0], answers[i].address_count ? 127 : 0);
		assert_int_equal(answer.addresses[0][3], answers[i].last_octet);
		assert_string_equal(answer.text, answers[i].text);
		assert_int_equal(answer.text_size, strlen(answers[i].text));
	}
}

/* What is cut anywhere is not found. */
static void a_part_of_an_answer_is_broken(void **state)
{
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct bytes whole = answers[i].message;
		struct dns_answer answer;

		for (size_t size = 0; size < whole.size; size++) {
			read_copy(bytes_first(whole, size), "a.example", answers[i].type, &answer);
			if (answers[i].outcome == DNS_FOUND && !bytes_equal(bytes_skip(whole, whole.size - 2),
									    BYTES_LITERAL("\xff\xff")))
				assert_int_equal(answer.outcome, DNS_BROKEN);
			assert_true(answers[i].outcome == DNS_FOUND || answer.outcome != DNS_FOUND);
		}
	}
}

static void a_name_of_any_length_is_compared(void **state)
{
	static const struct bytes well = LITERAL(ANSWERS("\x01") LONG_ASKED A LONG_ASKED A
						 TTL("\x3c") ADDRESS("\x02"));
	static const struct bytes same = LITERAL(ANSWERS("\x01") ASKED A LISTED);
	struct dns_answer answer;

	read_copy(well, LONGEST, DNS_A, &answer);
	assert_int_equal(answer.outcome, DNS_FOUND);
	read_copy(well, LONGEST "1", DNS_A, &answer);
	assert_int_equal(answer.outcome, DNS_BROKEN);
	read_copy(same, "a.exampl", DNS_A, &answer);
	assert_int_equal(answer.outcome, DNS_BROKEN);
	read_copy(same, "a.example.", DNS_A, &answer);
	assert_int_equal(answer.outcome, DNS_BROKEN);
	read_copy(same, "", DNS_A, &answer);
	assert_int_equal(answer.outcome, DNS_BROKEN);
}

/* Each name is a pointer to the one before: what is longer than POINTERS_MOST is broken. The first record
 * points to the question, and of each only the name counts. */
static enum dns_outcome outcome_of_pointers(size_t pointers)
{
	static const struct bytes head = LITERAL(ANSWERS("\x02") ASKED A);
	static const struct bytes carrier = LITERAL(EXAMPLE_AT TXT TTL("\x3c")), found = LITERAL(A TTL("\x3c")
												 ADDRESS("\x02"));
	char message[512];
	size_t used = 0, target = 12;
	struct dns_answer answer;

	memcpy(message, head.data, head.size);
	used += head.size;
	memcpy(message + used, carrier.data, carrier.size);
	used += carrier.size;
	message[used++] = 0;
	message[used++] = (char)(2 * (pointers - 1));
	for (size_t i = 0; i < pointers; i++) {
		message[used] = (char)(0xc0 | target >> 8);
		message[used + 1] = (char)(target & 0xff);
		target = used;
		used += 2;
	}
	memcpy(message + used, found.data, found.size);
	used += found.size;
	read_copy(bytes_make(message, used), "a.example", DNS_A, &answer);
	return answer.outcome;
}

static void pointers_are_followed_so_far(void **state)
{
	assert_int_equal(outcome_of_pointers(1), DNS_FOUND);
	assert_int_equal(outcome_of_pointers(2), DNS_FOUND);
	assert_int_equal(outcome_of_pointers(32), DNS_FOUND);
	assert_int_equal(outcome_of_pointers(33), DNS_BROKEN);
}

/* So many records of another name, and then ours. */
static enum dns_outcome outcome_behind(size_t others)
{
	static const struct bytes head = LITERAL(ANSWERS("\x00") ASKED A);
	static const struct bytes other = LITERAL(C_LISTED), ours = LITERAL(LISTED);
	char message[2048];
	size_t used = head.size;
	struct dns_answer answer;

	memcpy(message, head.data, head.size);
	message[7] = (char)(others + 1);
	for (size_t i = 0; i < others; i++, used += other.size)
		memcpy(message + used, other.data, other.size);
	memcpy(message + used, ours.data, ours.size);
	used += ours.size;
	read_copy(bytes_make(message, used), "a.example", DNS_A, &answer);
	return answer.outcome;
}

static void so_many_records_are_looked_at(void **state)
{
	assert_int_equal(outcome_behind(DNS_RECORDS_MOST - 1), DNS_FOUND);
	assert_int_equal(outcome_behind(DNS_RECORDS_MOST), DNS_NO_DATA);
}

/* A chain of so many aliases: "a" is "b", "b" is "c" … of the root, and the last one is listed. */
static enum dns_outcome outcome_of_aliases(size_t aliases)
{
	static const struct bytes head = LITERAL(ANSWERS("\x00") "\x01" "a" "\x00" A);
	static const struct bytes alias = LITERAL("\x01" "a" "\x00" CNAME TTL("\x3c") "\x00\x03" "\x01" "b" "\x00");
	static const struct bytes listed = LITERAL("\x01" "a" "\x00" A TTL("\x3c") ADDRESS("\x02"));
	char message[1024];
	size_t used = head.size;
	struct dns_answer answer;

	memcpy(message, head.data, head.size);
	message[7] = (char)(aliases + 1);
	for (size_t i = 0; i < aliases; i++, used += alias.size) {
		memcpy(message + used, alias.data, alias.size);
		message[used + 1] = (char)('a' + i);
		message[used + alias.size - 2] = (char)('b' + i);
	}
	memcpy(message + used, listed.data, listed.size);
	message[used + 1] = (char)('a' + aliases);
	used += listed.size;
	read_copy(bytes_make(message, used), "a", DNS_A, &answer);
	return answer.outcome;
}

static void aliases_are_followed_so_far(void **state)
{
	assert_int_equal(outcome_of_aliases(0), DNS_FOUND);
	assert_int_equal(outcome_of_aliases(16), DNS_FOUND);
	assert_int_equal(outcome_of_aliases(17), DNS_BROKEN);
}

/* 5 strings of 60 octets: cut to what has room. */
static void a_long_text_is_cut(void **state)
{
	static const struct bytes message = LITERAL(ANSWERS("\x01") ASKED TXT ASKED_AT TXT
						    TTL("\x3c") "\x01\x31" "\x3c" SIXTY "\x3c" SIXTY "\x3c" SIXTY
						    "\x3c" SIXTY "\x3c" SIXTY);
	struct dns_answer answer;

	read_copy(message, "a.example", DNS_TXT, &answer);
	assert_int_equal(answer.outcome, DNS_FOUND);
	assert_int_equal(answer.text_size, DNS_TEXT_SIZE - 1);
	assert_string_equal(answer.text, SIXTY SIXTY SIXTY SIXTY TEN "01234");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_asked_for),
		cmocka_unit_test(a_name_that_is_too_long_is_none),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(a_part_of_an_answer_is_broken),
		cmocka_unit_test(a_name_of_any_length_is_compared),
		cmocka_unit_test(pointers_are_followed_so_far),
		cmocka_unit_test(so_many_records_are_looked_at),
		cmocka_unit_test(aliases_are_followed_so_far),
		cmocka_unit_test(a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_zones - what the tests of zones.h share: a loop, a name server that says what it is told, a
 * resolver that gives up after 60 ms, and zones whose tests come in quick succession. */
#ifndef WAVEBREAK_RESOLVE_TEST_ZONES_H
#define WAVEBREAK_RESOLVE_TEST_ZONES_H

#include "resolve/test_name_server.h"
#include "resolve/zones_internal.h"

/* Before the names of a zone, of ::ffff:7f00:2 and of `spammer6`. */
#define TEST6_LISTED "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
#define SPAMMER6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."

extern struct loop *loop;
extern struct name_server *server;
extern struct resolver *resolver;
extern struct zones *zones;

int zones_set_up(void **state);
int zones_tear_down(void **state);

extern const struct addr spammer;  /* 192.0.2.7 */
extern const struct addr spammer6; /* 2001:db8::1 */
extern const struct zones_timing quick;

/* bl.example and other.example (which has a text of its own), and an allow list, wl.example. */
#define ZONES_OF_THREE 3
extern const struct zone_rule three[ZONES_OF_THREE];

/* What the name server was told of an address; and it lists it, as 127.0.0.`last`. */
struct told *told(const char *before, const char *zone);
struct told *lists(const char *before, const char *zone, uint8_t last);
void zone_is_well(const char *zone);
/* What it says of 198.51.100.0 to .99 in bl.example. An address that begins with 0 is none. */
void clients_meet(enum manner manner, const uint8_t address[4]);

void open_zones(const struct zone_rule *rules, size_t count, const struct zones_timing *timing);
/* Until each has been tested. */
void open_tested(const struct zone_rule *rules, size_t count);
/* All well. */
void open_three(void);
struct zone_health health(unsigned zone);

struct zones_look *look(const struct addr *client, bool reverse_too, int *called);
/* When all have answered. */
struct zones_verdict verdict_of(const struct addr *client, bool reverse_too);
/* Looks of 198.51.100.`first` and those after it, one after the other. */
void ask_about(uint8_t first, uint8_t count);

/* For loop_until; zone 0's IPv4 is meant, and `called` of a look. */
bool is_told(void *called);
bool all_are_tested(void *data);
bool nothing_in_flight(void *data);
bool is_well(void *data);
bool is_out(void *data);

#endif

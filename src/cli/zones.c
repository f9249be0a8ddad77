/* SPDX-License-Identifier: Apache-2.0 */
/* zones - how the gate's DNS lists do, one a line. */
#include "cli/ask.h"
#include "cli/commands.h"

#include <inttypes.h>

#define ZONE_COLUMN 24

static void print_family(const json_t *zone, const char *state_name, const char *trouble_name, const char *family)
{
	char state[ASK_TEXT_SIZE], trouble[ASK_TEXT_SIZE];

	ask_text(zone, state_name, state);
	if (*ask_text(zone, trouble_name, trouble))
		printf("%*s%s: %s%s\n", ZONE_COLUMN + 2, "", family, trouble,
		       strcmp(state, "out") == 0 ? "; it is left out until that has changed" : "");
}

static void print_zone(const json_t *zone)
{
	char name[ASK_TEXT_SIZE], state[ASK_TEXT_SIZE];
	const json_t *weight = json_object_get(zone, "weight");

	printf("%-*s  %-8s %6" JSON_INTEGER_FORMAT " %5" PRIu64 " ms %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %6" PRIu64 "\n",
	       ZONE_COLUMN,
	       ask_text(zone, "zone", name), ask_text(zone, "state", state),
	       json_is_integer(weight) ? json_integer_value(weight) : 0, ask_number(zone, "latency_ms"),
	       ask_number(zone, "asked"), ask_number(zone, "listed"), ask_number(zone, "decided"),
	       ask_number(zone, "errors"));
	print_family(zone, "state", "trouble", "IPv4");
	print_family(zone, "state6", "trouble6", "IPv6");
}

int cmd_zones(int argc, char **argv)
{
	struct options options;
	json_t *answer;
	const json_t *zones, *zone;
	size_t i;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	status = ask_daemon(&options, "zones", NULL, NULL, NULL, &answer);
	if (status != STATUS_OK)
		return status;
	zones = json_object_get(answer, "zones");
	if (options.json) {
		ask_print_json(answer);
	} else if (json_array_size(zones) == 0) {
		puts("no zones: gate { zone NAME { } } names them");
	} else {
		printf("%-*s  %-8s %6s %8s %8s %8s %8s %6s\n", ZONE_COLUMN, "ZONE", "STATE", "WEIGHT", "LATENCY", "ASKED",
		       "LISTED", "DECIDED", "ERRORS");
		json_array_foreach(zones, i, zone)
			print_zone(zone);
	}
	json_decref(answer);
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "visit.h"

#include <arpa/inet.h>

static const char *const ends[] = {
	[END_NONE] = "none", [END_DONE] = "done", [END_CLOSED] = "closed", [END_RESET] = "reset",
	[END_UNANSWERED] = "unanswered", [END_TURNED_AWAY] = "turned-away",
	[END_REJECTED] = "rejected", [END_GAVE_UP] = "gave-up", [END_STOPPED] = "stopped",
};

static void print_moment(const struct visit *visit, const char *name, double moment, FILE *out)
{
	if (moment == NEVER)
		fprintf(out, ",\"%s\":null", name);
	else
		fprintf(out, ",\"%s\":%.6f", name, moment - visit->begun);
}

void visit_print_json(const struct visit *visit, FILE *out)
{
	bool ipv4 = IN6_IS_ADDR_V4MAPPED(&visit->source);
	const void *bytes = ipv4 ? &visit->source.s6_addr[12] : visit->source.s6_addr;
	char address[INET6_ADDRSTRLEN];

	inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes, address, sizeof(address));
	fprintf(out, "{\"visitor\":\"%s\",\"address\":\"%s\",\"port\":%u",
		visit->visitor == VISITOR_HONEST ? "honest" : "zombie", address,
		visit->source_port);
	fprintf(out, ",\"mute\":%s,\"again\":%s,\"begun\":%.6f", visit->mute ? "true" : "false",
		visit->again ? "true" : "false", visit->begun);
	print_moment(visit, "greeted", visit->greeted, out);
	print_moment(visit, "asked", visit->asked, out);
	print_moment(visit, "refused", visit->refused, out);
	print_moment(visit, "delivered", visit->delivered, out);
	print_moment(visit, "ended", visit->ended, out);
	fprintf(out, ",\"end\":\"%s\",\"reply\":%u}\n", ends[visit->end], visit->reply_code);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_dns.h"

#define QUESTIONS_MOST 65536 /* in flight: those of some thousand clients */
#define QUESTION_TIMEOUT_MS 1500
#define QUESTION_TRIES 2
#define LONGEST_TTL_S 3600
#define FAILURE_TTL_S 10

int gate_dns_zones(struct loop *loop, struct resolver *resolver, const struct settings *settings, struct zones **ret)
{
	struct zone_rule rules[ZONES_MOST];

	for (size_t i = 0; i < settings->zone_count; i++) {
		const struct zone_settings *zone = &settings->zones[i];

		rules[i] = (struct zone_rule){ .name = zone->name, .text = zone->text, .weight = (int)zone->weight,
					       .reply_count = zone->replies.count };
		for (size_t j = 0; j < zone->replies.count; j++)
			rules[i].replies[j] = (struct zone_replies){ zone->replies.ranges[j].first,
								     zone->replies.ranges[j].last };
	}
	return zones_create(loop, resolver, rules, settings->zone_count, ret);
}

int gate_dns_resolver(struct loop *loop, const struct settings *settings, struct resolver **ret)
{
	const struct endpoint_list *servers = &settings->gate_resolvers;
	struct resolver_limits limits = { .server_count = servers->count, .questions = QUESTIONS_MOST,
					  .cache = (uint32_t)settings->gate_dns_cache,
					  .timeout_ms = QUESTION_TIMEOUT_MS, .tries = QUESTION_TRIES,
					  .longest_ttl_s = LONGEST_TTL_S, .failure_ttl_s = FAILURE_TTL_S };

	for (size_t i = 0; i < servers->count; i++)
		limits.servers[i] = (struct resolver_server){ servers->endpoints[i].addr, servers->endpoints[i].port };
	return resolver_create(loop, &limits, ret);
}

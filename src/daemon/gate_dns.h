/* SPDX-License-Identifier: Apache-2.0 */
/* gate_dns - the resolver and the zones as the settings of the gate want them; for the gate and for `check`. */
#ifndef WAVEBREAK_DAEMON_GATE_DNS_H
#define WAVEBREAK_DAEMON_GATE_DNS_H

#include "config/settings.h"
#include "resolve/zones.h"

/* As resolver_create and zones_create. The settings have to live as long as the zones. */
int gate_dns_resolver(struct loop *loop, const struct settings *settings, struct resolver **ret);
int gate_dns_zones(struct loop *loop, struct resolver *resolver, const struct settings *settings, struct zones **ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "act/ban_command.h"
#include "act/ipset.h"
#include "act/xt_recent.h"

#include <errno.h>
#include <unistd.h>

#define OWN_SECTION "see \"OTHER FIREWALLS\" in wavebreak.conf(5)"

static void check_room(struct findings *f, const struct xt_recent_facts *facts, const struct settings *s)
{
	if (facts->room == 0) {
		if (geteuid() != 0)
			findings_advise(f, "run the check as root to learn how many addresses a list holds");
		return;
	}
	findings_append(f, "; a list holds %u addresses", facts->room);
	if (facts->room < XT_RECENT_FEW && facts->room < s->ban_limit)
		findings_advise(f,
				"%u addresses are too few for a wave: 'options xt_recent ip_list_tot=10000' in "
				"/etc/modprobe.d/wavebreak.conf, and load the module anew (built in: the boot option "
				"xt_recent.ip_list_tot=10000)",
				facts->room);
}

static void check_recent(struct findings *f, const struct settings *s)
{
	struct xt_recent_facts facts = xt_recent_look(s->ban_list);

	if (!facts.module)
		findings_add(f, FINDING_UNABLE, "ban", "recent: no module xt_recent is loaded");
	else if (!facts.list4 && !facts.list6)
		findings_add(f, FINDING_UNABLE, "ban", "recent: no rule refers to a list %s or %s6", s->ban_list,
			     s->ban_list);
	else
		findings_add(f, FINDING_WORKS, "ban", "recent: %s %s, %s %s6", facts.list4 ? "list" : "no list",
			     s->ban_list, facts.list6 ? "list" : "no list", s->ban_list);
	check_room(f, &facts, s);
	if (!facts.list4)
		findings_advise(f, "IPv4: iptables -I INPUT -p tcp --dport 25 --syn -m recent --name %s --update "
				   "--seconds %llu -j DROP; " OWN_SECTION,
				s->ban_list, (unsigned long long)s->ban_for / 1000);
	if (!facts.list6)
		findings_advise(f, "IPv6: ip6tables -I INPUT -p tcp --dport 25 --syn -m recent --name %s6 --mask "
				   "ffff:ffff:ffff:ffff:: --update --seconds %llu -j DROP",
				s->ban_list, (unsigned long long)s->ban_for / 1000);
}

static void check_sets(struct findings *f, const struct settings *s, const struct ipset_facts *facts)
{
	bool unfit = facts->unfit[0] || facts->unfit[1];

	findings_add(f, unfit ? FINDING_UNABLE : FINDING_WORKS, "ban", "ipset: ");
	for (int i = 0; i < 2; i++) {
		findings_append(f, "%sset %s%d ", i ? ", " : "", s->ban_list, i ? 6 : 4);
		if (facts->unfit[i])
			findings_append(f, "cannot be used: %s", facts->unfit[i]);
		else if (facts->there[i])
			findings_append(f, "holds %u elements, %u rules refer to it", facts->most[i],
					facts->references[i]);
		else
			findings_append(f, "will be made");
	}
	if (unfit)
		findings_advise(f,
				"ipset create %s4 hash:ip timeout %llu; ipset create %s6 hash:net family inet6 "
				"timeout %llu; " OWN_SECTION,
				s->ban_list, (unsigned long long)s->ban_for / 1000, s->ban_list,
				(unsigned long long)s->ban_for / 1000);
	else if (!facts->references[0] || !facts->references[1])
		findings_advise(f,
				"nobody is dropped by a set that no rule refers to: iptables -I INPUT -p tcp "
				"--dport 25 --syn -m set --match-set %s4 src -j DROP, and ip6tables with %s6; "
				OWN_SECTION,
				s->ban_list, s->ban_list);
}

static void check_ipset(struct findings *f, const struct settings *s)
{
	struct ipset_facts facts = ipset_look(s->ban_list);

	if (facts.error == 0) {
		check_sets(f, s, &facts);
	} else if (facts.error == -EPERM) {
		findings_add(f, FINDING_UNABLE, "ban", "ipset: not permitted: root or CAP_NET_ADMIN is needed");
		findings_advise(f, "run the check as root to learn more");
	} else {
		findings_add(f, FINDING_UNABLE, "ban", "ipset: no (%s)",
			     facts.error == -EOPNOTSUPP ? "this kernel has none" : strerror(-facts.error));
		findings_advise(f, "load the modules ip_set, ip_set_hash_ip and ip_set_hash_net (CONFIG_IP_SET)");
	}
}

static void check_command(struct findings *f, const struct settings *s)
{
	const char *program = s->ban_command.words[0];
	int r = ban_command_probe(program);

	if (r == 0) {
		findings_add(f, FINDING_WORKS, "ban", "command: %s is told who is banned", program);
	} else if (r == -EPERM) {
		findings_add(f, FINDING_LACKS, "ban", "command: %s can be changed by others than root", program);
		findings_advise(f, "it runs as root: chown root %s; chmod go-w %s", program, program);
	} else {
		findings_add(f, FINDING_UNABLE, "ban", "command: %s cannot be executed: %s", program, strerror(-r));
	}
}

void check_backend(struct check *check)
{
	const struct settings *s = &check->plan->settings;

	switch (s->ban_backend) {
	case BACKEND_NFT: /* check_ban */
		break;
	case BACKEND_RECENT:
		check_recent(check->findings, s);
		break;
	case BACKEND_IPSET:
		check_ipset(check->findings, s);
		break;
	case BACKEND_COMMAND:
		check_command(check->findings, s);
		break;
	}
}

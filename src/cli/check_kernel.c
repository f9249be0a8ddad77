/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "act/ban.h"
#include "kernel/diag.h"
#include "daemon/confine.h"
#include "sense/connections.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

static bool has_capability(unsigned number)
{
	return confine_effective() >> number & 1;
}

void check_connections(struct check *check)
{
	struct findings *f = check->findings;
	const struct port_list *ports = &check->plan->settings.mail_ports;
	struct connections *connections;
	struct connection_counts counts;
	int r = connections_create(ports->ports, ports->count, &connections);

	if (r == 0) {
		r = connections_sample(connections, &counts);
		connections_destroy(connections);
	}
	if (r < 0) {
		findings_add(f, FINDING_LACKS, "monitor", "sock_diag: no (%s)", strerror(-r));
		findings_advise(f, "load the modules tcp_diag and inet_diag "
				   "(CONFIG_INET_TCP_DIAG)");
		return;
	}
	findings_add(f, FINDING_WORKS, "monitor",
		     "sock_diag: yes; open connections %u, of which waiting %u", counts.total,
		     counts.waiting);
	if (counts.listeners == 0)
		findings_advise(f, "nobody listens on the guarded ports now: start the mail "
				   "server, or name its ports with mail.ports");
}

void check_ban(struct check *check)
{
	struct findings *f = check->findings;
	struct ban_probe probe = ban_probe();

	if (check->plan->settings.ban_backend != BACKEND_NFT) {
		check_backend(check);
		return;
	}
	switch (probe.support) {
	case BAN_SUPPORT_FULL:
	case BAN_SUPPORT_UNOWNED:
		findings_add(f, FINDING_WORKS, "ban", "nf_tables: %s", probe.reason);
		break;
	case BAN_SUPPORT_FORBIDDEN:
		findings_add(f, FINDING_UNABLE, "ban", "nf_tables: %s", probe.reason);
		findings_advise(f, "run the check as root to learn more");
		break;
	case BAN_SUPPORT_NONE:
	case BAN_SUPPORT_PARTIAL:
		findings_add(f, FINDING_UNABLE, "ban", "nf_tables: %s (%s)", probe.reason,
			     strerror(-probe.error));
		findings_advise(f, "take a kernel, or load its modules, with CONFIG_NF_TABLES and "
				   "CONFIG_NF_TABLES_INET");
		break;
	}
}

/* 3 forbids ptrace(2) to everybody, and with it to see which process holds a socket. */
static bool ptrace_is_forbidden(void)
{
	int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
	char scope = '0';

	if (fd < 0)
		return false;
	if (read(fd, &scope, 1) < 1)
		scope = '0';
	close(fd);
	return scope == '3';
}

static void advise_about_handlers(struct check *check)
{
	struct findings *f = check->findings;

	if (!check->plan->server.tarpit)
		return;
	if (!check->plan->settings.evict_signal)
		findings_advise(f, "with TARPIT=1 and without evict.signal, a slot is free only "
				   "when its process wakes up");
	else if (ptrace_is_forbidden())
		findings_advise(f, "a sleeping process of the server cannot be signalled: "
				   "kernel.yama.ptrace_scope is 3");
}

void check_evict(struct check *check)
{
	struct findings *f = check->findings;
	struct diag *diag;
	int r;

	if (!check->plan->settings.evict_enabled) {
		findings_add(f, FINDING_WORKS, "evict", "off (evict.enabled)");
		return;
	}
	r = diag_create(&diag);
	if (r == 0) {
		r = diag_can_end(diag);
		diag_destroy(diag);
	}
	if (r < 0) {
		findings_add(f, FINDING_LACKS, "evict", "SOCK_DESTROY: no (%s)", strerror(-r));
		findings_advise(f, "take a kernel with CONFIG_INET_DIAG_DESTROY; without it a "
				   "banned client keeps the connections that it has");
		return;
	}
	if (has_capability(CAP_NET_ADMIN))
		findings_add(f, FINDING_WORKS, "evict", "SOCK_DESTROY: yes");
	else
		findings_add(f, FINDING_UNABLE, "evict",
			     "SOCK_DESTROY: this kernel has it; not permitted: root or "
			     "CAP_NET_ADMIN is needed");
	advise_about_handlers(check);
}

void check_privileges(struct check *check)
{
	struct findings *f = check->findings;
	uint64_t missing = confine_warden_mask() & ~confine_effective();
	const char *separator = ": ";

	if (!missing) {
		findings_add(f, FINDING_WORKS, "privileges", "all that the warden needs");
		return;
	}
	findings_add(f, FINDING_UNABLE, "privileges", "missing");
	for (unsigned c = 0; c < 64; c++) {
		if (!(missing >> c & 1))
			continue;
		findings_append(f, "%s%s", separator, confine_capability_name(c));
		separator = ", ";
	}
	findings_advise(f, "start the daemon as root; it gives up all but these. 'wavebreak run "
			   "--observe' needs none, only a log that it may read");
}

void check_confinement(struct check *check)
{
	struct findings *f = check->findings;
	int abi = confine_landlock_abi();

	if (abi)
		findings_add(f, FINDING_WORKS, "Landlock", "yes, ABI %d", abi);
	else
		findings_add(f, FINDING_LACKS, "Landlock",
			     "no: the worker can read what its user can");
	if (!abi)
		findings_advise(f, "it takes Linux 5.13, CONFIG_SECURITY_LANDLOCK, and 'landlock' "
				   "in the boot option lsm=");
	if (confine_seccomp_available())
		findings_add(f, FINDING_WORKS, "seccomp", "yes");
	else
		findings_add(f, FINDING_LACKS, "seccomp",
			     "no: the worker can make any system call");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (1ULL << (capability))

static const struct {
	unsigned number;
	const char *name;
} warden_capabilities[] = {
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },             /* nf_tables, SOCK_DESTROY */
	{ CAP_KILL, "CAP_KILL" },                       /* SIGTERM to a handler that sleeps */
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },           /* to see which sockets a process holds */
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" }, /* logs that only root or adm may read */
	{ CAP_SETUID, "CAP_SETUID" },                   /* to start the worker again */
	{ CAP_SETGID, "CAP_SETGID" },
	{ CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE" }, /* for the gate, also after a reload */
};

#define WARDEN_CAPABILITIES (sizeof(warden_capabilities) / sizeof(warden_capabilities[0]))

uint64_t confine_warden_mask(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < WARDEN_CAPABILITIES; i++)
		mask |= BIT(warden_capabilities[i].number);
	return mask;
}

const char *confine_capability_name(unsigned number)
{
	for (size_t i = 0; i < WARDEN_CAPABILITIES; i++) {
		if (warden_capabilities[i].number == number)
			return warden_capabilities[i].name;
	}
	return NULL;
}

/* capget(2) and capset(2) have no wrappers in glibc. */
static int get_capabilities(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &head, data) < 0 ? -errno : 0;
}

uint64_t confine_effective(void)
{
	struct __user_cap_data_struct data[2] = { 0 };

	if (get_capabilities(data) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

int confine_own_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int r;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	r = get_capabilities(data);
	if (r < 0)
		return r;
	data[0].effective = data[0].permitted &= (uint32_t)mask;
	data[1].effective = data[1].permitted &= (uint32_t)(mask >> 32);
	data[0].inheritable = data[1].inheritable = 0;
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int confine_capabilities(uint64_t mask)
{
	/* The bounding set first: dropping from it needs CAP_SETPCAP, which goes next. The
	 * first number that the kernel does not know ends it. */
	for (unsigned long c = 0; c < 64; c++) {
		if (mask & BIT(c))
			continue;
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0 && errno == EINVAL)
			break;
	}
	return confine_own_capabilities(mask);
}

void confine_keep_across_execution(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (geteuid() == 0 || get_capabilities(data) < 0)
		return;
	data[0].inheritable = data[0].permitted;
	data[1].inheritable = data[1].permitted;
	if (syscall(SYS_capset, &head, data) < 0)
		return;
	for (unsigned long c = 0; c < 64; c++)
		if (data[c / 32].permitted >> c % 32 & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
}

int confine_user(uid_t uid, gid_t gid, gid_t group)
{
	if (setgroups(group ? 1 : 0, &group) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return confine_capabilities(0);
}

int confine_no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Rights of later ABI versions, which Debian 12's headers do not name (<linux/landlock.h>). */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define ACCESS_NET_BIND_TCP (1ULL << 0)
#define ACCESS_NET_CONNECT_TCP (1ULL << 1)

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                                 \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* from ABI 4 on; zero is taken by any version */
};

int confine_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t known_fs_rights(int abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* all of version 1 */

	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return rights;
}

static int allow_path(int ruleset, const struct confine_path *path, uint64_t known)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_DIR };
	struct stat st;
	int r = 0;

	rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
	/* What cannot be reached without Landlock is not reached with it either. */
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	if (path->access != CONFINE_LIST)
		rule.allowed_access |= ACCESS_READ;
	if (path->access == CONFINE_WRITE)
		rule.allowed_access |= (ACCESS_WRITE | LANDLOCK_ACCESS_FS_TRUNCATE) & known;
	/* A right that only makes sense on a folder is refused on a file. */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				       (LANDLOCK_ACCESS_FS_TRUNCATE & known);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		r = -errno;
	close(rule.parent_fd);
	return r;
}

/* Debian 12's headers do not have it. */
struct port_rule {
	uint64_t allowed_access;
	uint64_t port;
};
#define RULE_NET_PORT 2

static int allow_port(int ruleset, uint16_t port)
{
	const struct port_rule rule = { .allowed_access = ACCESS_NET_CONNECT_TCP, .port = port };

	return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0 ? -errno : 0;
}

int confine_paths_and_ports(const struct confine_path *paths, size_t count, const uint16_t *ports, size_t port_count)
{
	int abi = confine_landlock_abi(), ruleset, r = 0;
	struct ruleset attr = { .handled_fs = known_fs_rights(abi) };

	if (abi == 0)
		return 0;
	if (abi >= 4)
		attr.handled_net = ACCESS_NET_BIND_TCP | ACCESS_NET_CONNECT_TCP;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, abi >= 4 ? sizeof(attr) : sizeof(uint64_t), 0);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; i < count && r == 0; i++)
		r = allow_path(ruleset, &paths[i], attr.handled_fs);
	for (size_t i = 0; abi >= 4 && i < port_count && r == 0; i++)
		r = allow_port(ruleset, ports[i]);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	close(ruleset);
	return r < 0 ? r : abi;
}

int confine_paths(const struct confine_path *paths, size_t count)
{
	return confine_paths_and_ports(paths, count, NULL, 0);
}

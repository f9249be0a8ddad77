/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The worker of a warden that was just killed may take a moment to write down what it knows. */
#define PREDECESSOR_LOOKS 200
#define PREDECESSOR_LOOK_US 10000

int warden_find_user(struct warden *w)
{
	const char *name = w->plan->settings.daemon_user;
	struct passwd *user = getpwnam(name);

	if (!user) {
		log_error("daemon.user: there is no user '%s'; create it (useradd --system %s) or name another one", name,
			  name);
		return WARDEN_WRONG;
	}
	w->uid = user->pw_uid;
	w->gid = user->pw_gid;
	return 0;
}

int warden_check_permission(struct warden *w)
{
	uint64_t missing = confine_warden_mask() & ~confine_effective();
	char list[256] = "";
	size_t used = 0;

	/* To observe, it takes no more than to read the log. */
	if (!missing || w->options->observe)
		return 0;
	for (unsigned c = 0; c < 64; c++) {
		if (missing & (1ULL << c))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
						 confine_capability_name(c));
	}
	log_error("not permitted: missing %s; run it as root, or look on with --observe", list);
	return WARDEN_UNABLE;
}

static int make_folder(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST) {
		log_error("cannot make the folder %s: %s", path, strerror(errno));
		return WARDEN_UNABLE;
	}
	if (geteuid() != 0)
		return 0;
	if (chown(path, uid, gid) < 0 || chmod(path, mode) < 0) {
		log_error("cannot give the folder %s to user %u: %s", path, uid, strerror(errno));
		return WARDEN_UNABLE;
	}
	return 0;
}

int warden_make_folders(struct warden *w)
{
	const struct settings *s = &w->plan->settings;
	int r = 0;

	/* Where both are one folder (the demo), the worker has to own it. */
	if (strcmp(s->daemon_runtime, s->daemon_state) != 0)
		r = make_folder(s->daemon_runtime, 0755, geteuid(), getegid());
	if (r == 0)
		r = make_folder(s->daemon_state, 0750, w->uid, w->gid);
	return r;
}

static bool somebody_listens(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0;

	if (fd >= 0)
		close(fd);
	return yes;
}

/* Root and the group may use it; where the group does not exist, root alone. */
static void set_socket_rights(const struct warden *w, const char *path)
{
	const char *name = w->plan->settings.daemon_group;
	struct group *group = getgrnam(name);

	if (group && geteuid() == 0 && chown(path, 0, group->gr_gid) == 0) {
		chmod(path, 0660);
		return;
	}
	chmod(path, 0600);
	if (!group)
		log_info("there is no group '%s': only root may use the control socket", name);
}

int warden_open_control(struct warden *w)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[PLAN_SOCKET_SIZE];
	mode_t mask;
	int r;

	plan_socket(&w->plan->settings, path);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	for (int tries = 0; somebody_listens(&sun); tries++) {
		if (tries == PREDECESSOR_LOOKS) {
			log_error("another wavebreak answers on %s", path);
			return WARDEN_WRONG;
		}
		usleep(PREDECESSOR_LOOK_US);
	}
	unlink(path);
	w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	r = w->listener < 0 ? -1 : bind(w->listener, (const struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (r < 0 || listen(w->listener, 16) < 0) {
		log_error("cannot open the control socket %s: %s", path, strerror(errno));
		return WARDEN_UNABLE;
	}
	set_socket_rights(w, path);
	return 0;
}

void warden_close_control(struct warden *w)
{
	char path[PLAN_SOCKET_SIZE];

	if (w->listener < 0)
		return;
	close(w->listener);
	unlink(plan_socket(&w->plan->settings, path));
}

struct ban_table_limits warden_ban_limits(const struct plan *plan)
{
	const struct settings *s = &plan->settings;
	struct ban_table_limits limits = { .ban_for_ms = s->ban_for, .most = (uint32_t)s->ban_limit };

	for (size_t i = 0; i < s->mail_ports.count && i < BAN_PORTS_MOST; i++)
		limits.ports[limits.port_count++] = s->mail_ports.ports[i];
	return limits;
}

static void on_evicted(void *data, const struct eviction *eviction)
{
	struct answer answer = {
		.kind = ANSWER_EVICTED,
		.flags = eviction->forced ? ANSWER_FORCED : 0,
		.port = eviction->client_port,
		.unit = eviction->client,
		.value = eviction->waited_ms,
	};

	warden_answer(data, &answer);
}

void warden_open_evict(struct warden *w)
{
	const struct settings *s = &w->plan->settings;
	struct evict_limits limits = {
		.grace_ms = s->evict_grace,
		.signal_handlers = s->evict_signal,
		.handlers = w->plan->server.handlers,
		.ended = on_evicted,
		.data = w,
	};
	int r;

	evict_destroy(w->evict);
	w->evict = NULL;
	if (!s->evict_enabled || w->options->observe)
		return;
	for (size_t i = 0; i < s->mail_ports.count && i < EVICT_PORTS_MOST; i++)
		limits.ports[limits.port_count++] = s->mail_ports.ports[i];
	r = evict_create(w->loop, &limits, &w->evict);
	if (r < 0)
		log_error("cannot end connections (SOCK_DESTROY): %s; bans still work", strerror(-r));
}

int warden_open_kernel(struct warden *w)
{
	struct ban_table_limits limits = warden_ban_limits(w->plan);
	int r;

	if (w->options->observe)
		return 0;
	r = ban_create(&limits, &w->ban);
	if (r < 0) {
		log_error("cannot make the nf_tables table inet wavebreak: %s", strerror(-r));
		return WARDEN_UNABLE;
	}
	warden_open_evict(w);
	return 0;
}

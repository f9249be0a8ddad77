/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/unix_socket.h"
#include "daemon/porter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* The worker of a warden that was just killed may take a moment to write down what it knows. */
#define PREDECESSOR_LOOKS 200
#define PREDECESSOR_LOOK_US 10000
#define PREDECESSOR_PATIENCE_S 2

int warden_find_user(struct warden *w)
{
	const char *name = w->plan->settings.daemon_user;
	const struct passwd *user = getpwnam(name);
	const struct group *journal;

	if (!user) {
		log_error("daemon.user: there is no user '%s'; create it (useradd --system %s) or name another one", name,
			  name);
		return WARDEN_WRONG;
	}
	w->uid = user->pw_uid;
	w->gid = user->pw_gid;
	journal = getgrnam("systemd-journal");
	w->journal_group = journal ? journal->gr_gid : 0;
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

/* Gives the folder's files to the user when all of them are called like ours. */
static int give_files(int folder, uid_t uid, gid_t gid)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!bytes_starts_with(bytes_of(entry->d_name), BYTES_LITERAL("wavebreak.")))
			r = -ENOTEMPTY;
		else if (fchownat(folder, entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
	}
	closedir(dir);
	return r;
}

/* A folder that is there already stays as it is when it is the user's. One of root's, as systemd
 * makes it anew of the user's at each start (StateDirectory=), is given away only when it holds
 * nothing else: what the configuration names by mistake (/tmp, /etc), or what stands there in
 * the place of the folder, must not become the user's. */
static int claim_folder(int folder, bool fresh, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st;
	int r = fstat(folder, &st) < 0 ? -errno : 0;

	if (r == 0 && !fresh) {
		if (st.st_uid == uid)
			return 0;
		if (st.st_uid != geteuid() || (st.st_mode & S_IWOTH))
			return -EPERM;
		r = give_files(folder, uid, gid);
	}
	if (r == 0 && (fchown(folder, uid, gid) < 0 || fchmod(folder, mode) < 0))
		r = -errno;
	return r;
}

static int make_folder(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	bool fresh = mkdir(path, mode) == 0;
	int folder, r;

	if (!fresh && errno != EEXIST) {
		log_error("cannot make the folder %s: %s", path, strerror(errno));
		return WARDEN_UNABLE;
	}
	if (geteuid() != 0)
		return 0;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (fresh ? O_NOFOLLOW : 0));
	r = folder < 0 ? -errno : claim_folder(folder, fresh, mode, uid, gid);
	if (folder >= 0)
		close(folder);
	if (r == 0)
		return 0;
	log_error("the folder %s is not that of user %u, and will not be made so: %s", path, uid, strerror(-r));
	return WARDEN_UNABLE;
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

/* Not that it answers well, but that it does: an empty request is refused, too, and nothing of
 * the answer has to be parsed here. A worker that hangs outlives its warden, and holds the
 * listener without ever answering; it must not keep the next one from guarding. */
static bool somebody_answers(const struct sockaddr_un *sun)
{
	const struct timeval patience = { .tv_sec = PREDECESSOR_PATIENCE_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer;
	bool yes;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	yes = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 &&
	      send(fd, "\n", 1, MSG_NOSIGNAL) == 1 && recv(fd, &answer, 1, 0) >= 0;
	close(fd);
	return yes;
}

/* Root and the group may use it; where the group does not exist, root alone. Its mode it has from
 * its making: where the worker owns the folder, another file may stand under that name by
 * now, so that no link is followed. */
static void set_socket_group(const struct warden *w, const char *path)
{
	const char *name = w->plan->settings.daemon_group;
	struct group *group = getgrnam(name);

	if (!group)
		log_info("there is no group '%s': only root may use %s", name, path);
	else if (geteuid() == 0 && lchown(path, 0, group->gr_gid) < 0)
		log_warning("cannot give %s to the group '%s': %s", path, name, strerror(errno));
}

/* One that was bound elsewhere, by another configuration, goes. */
static bool take_handed(int *handed, const char *path, int *ret)
{
	int fd = *handed;

	*handed = -1;
	if (fd < 0)
		return false;
	if (upgrade_is_bound_to(fd, path)) {
		*ret = fd;
		return true;
	}
	upgrade_unlink(fd);
	close(fd);
	return false;
}

int warden_open_control(struct warden *w)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[PLAN_SOCKET_SIZE];
	int r;

	plan_socket(&w->plan->settings, path);
	if (take_handed(&w->handed.control, path, &w->listener))
		return 0;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	for (int tries = 0; somebody_answers(&sun); tries++) {
		if (tries == PREDECESSOR_LOOKS) {
			log_error("another wavebreak answers on %s", path);
			return WARDEN_WRONG;
		}
		usleep(PREDECESSOR_LOOK_US);
	}
	unlink(path);
	w->listener = unix_socket_bind(SOCK_STREAM, path);
	r = w->listener < 0 ? w->listener : 0;
	if (r == 0)
		set_socket_group(w, path);
	if (r == 0 && listen(w->listener, 16) < 0)
		r = -errno;
	if (r < 0) {
		log_error("cannot open the control socket %s: %s", path, strerror(-r));
		return WARDEN_UNABLE;
	}
	return 0;
}

int warden_open_intake(struct warden *w)
{
	const char *path = w->plan->settings.watch_socket;
	int fd;

	if (take_handed(&w->handed.intake, path, &w->intake) || !*path)
		return 0;
	fd = unix_socket_open_datagrams(path, "watch.socket");
	if (fd < 0)
		return fd == -EEXIST ? WARDEN_WRONG : WARDEN_UNABLE;
	w->intake = fd;
	set_socket_group(w, path);
	return 0;
}

void warden_close_intake(struct warden *w)
{
	if (w->intake < 0)
		return;
	close(w->intake);
	unlink(w->plan->settings.watch_socket);
}

void warden_close_control(struct warden *w)
{
	char path[PLAN_SOCKET_SIZE];

	if (w->listener < 0)
		return;
	close(w->listener);
	unlink(plan_socket(&w->plan->settings, path));
}

static void add_steering(const struct settings *s, struct ban_table_limits *limits)
{
	static const enum ban_steer ways[] = {
		[STEERING_NONE] = BAN_STEER_NONE, [STEERING_SUSPECT] = BAN_STEER_SUSPECT, [STEERING_ALL] = BAN_STEER_ALL,
	};

	limits->steer = ways[s->gate_steer];
	limits->steer_to = (uint16_t)s->gate_steer_port;
	for (size_t i = 0; i < s->mail_ports.count; i++)
		limits->steer_ports[limits->steer_port_count++] = s->mail_ports.ports[i];
}

struct ban_table_limits warden_ban_limits(const struct plan *plan)
{
	const struct settings *s = &plan->settings;
	struct ban_table_limits limits = {
		.ban_for_ms = s->ban_for, .most = (uint32_t)s->ban_limit, .unowned = !s->ban_exclusive,
	};

	_Static_assert(PLAN_PORTS_MOST == BAN_PORTS_MOST && PLAN_PORTS_MOST == EVICT_PORTS_MOST, "all of them fit");
	limits.port_count = plan_guarded_ports(s, limits.ports);
	limits.per_address = (uint32_t)s->limits_per_address;
	limits.per_network = (uint32_t)s->limits_per_network;
	limits.total = (uint32_t)s->limits_total;
	limits.burst_ms = s->limits_burst;
	limits.limit_suspects = s->limits_suspect;
	limits.suspect_for_ms = s->suspect_for;
	limits.most_suspects = (uint32_t)s->suspect_limit;
	limits.own_mark = PORTER_MARK;
	add_steering(s, &limits);
	return limits;
}

static struct backend_limits backend_limits(const struct plan *plan)
{
	const struct settings *s = &plan->settings;

	return (struct backend_limits){
		.kind = s->ban_backend,
		.list = s->ban_list,
		.program = s->ban_command,
		.ban_for_ms = s->ban_for,
		.most = (uint32_t)s->ban_limit,
	};
}

/* The worker that comes next sends all bans. */
void warden_change_backend(struct warden *w)
{
	struct backend_limits limits = backend_limits(w->plan);
	struct ban_backend *fresh;

	if (!w->backend || backend_takes(w->backend, &limits))
		return;
	if (w->bounded && limits.kind == BACKEND_COMMAND)
		log_warning("a program of ban.command that needs more privileges than the warden has takes a restart");
	if (backend_open(w->loop, &limits, &w->ban, &fresh) < 0) {
		log_error("the banned are kept away as before");
		return;
	}
	backend_clear(w->backend);
	backend_close(w->backend);
	w->backend = fresh;
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
		.observe = w->options->observe,
		.ended = on_evicted,
		.relieved = warden_on_relieved,
		.data = w,
	};
	int r;

	evict_destroy(w->evict);
	w->evict = NULL;
	if (!s->evict_enabled && !s->relief_enabled)
		return;
	limits.port_count = plan_guarded_ports(s, limits.ports);
	r = evict_create(w->loop, &limits, &w->evict);
	if (r < 0 && w->options->observe)
		log_warning("cannot say whose connections would be ended (sock_diag): %s", strerror(-r));
	else if (r < 0)
		log_error("cannot end connections (SOCK_DESTROY): %s; bans still work", strerror(-r));
}

/* Without it what else we do goes on, such as ending the connections of who would be banned. */
static int open_table(struct warden *w)
{
	struct ban_table_limits limits = warden_table_limits(w);
	int r = ban_create(&limits, &w->ban);

	w->table_limit = limits.most;
	w->suspect_limit = limits.most_suspects;
	if (r == 0) {
		warden_fill_table(w);
		return 0;
	}
	if (r != -EBUSY && r != -EPERM) {
		log_error("no nf_tables table inet wavebreak (%s): nobody is %slimited or steered", strerror(-r),
			  w->plan->settings.ban_backend == BACKEND_NFT ? "kept out, " : "");
		w->table_error = r;
		return 0;
	}
	log_error("cannot make the nf_tables table inet wavebreak: %s",
		  r == -EBUSY ? "another wavebreak is running" : strerror(-r));
	return r;
}

int warden_open_kernel(struct warden *w)
{
	struct backend_limits limits = backend_limits(w->plan);

	if (!w->options->observe && (open_table(w) < 0 || backend_open(w->loop, &limits, &w->ban, &w->backend) < 0))
		return WARDEN_UNABLE;
	/* Before the worker's first second: whether they are counted at all. */
	warden_count_arrivals(w);
	warden_open_evict(w);
	return 0;
}

int warden_prepare_gate(struct warden *w, const struct plan *plan)
{
	const struct warden_gate_start start = { plan, &w->never, w->uid, w->gid };

	if (w->bounded && plan->settings.gate_handoff == HANDOFF_EXEC)
		log_warning("programs of the mail server that change their user take a restart of wavebreak");
	if (!w->options->observe)
		return warden_gate_prepare(w->gate, &start);
	if (plan->settings.gate_handoff != HANDOFF_NONE)
		log_info("observing: the gate is not opened");
	return 0;
}

static const char *route_record(const struct warden *w, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", w->plan->settings.daemon_runtime, ROUTE_RECORD);
	return path;
}

/* Taking it over and closing it at the end is the one way of putting back. */
void warden_take_over_route(struct warden *w)
{
	char record[PATH_MAX];
	int r;

	if (w->route || w->options->observe || access(route_record(w, record), F_OK) < 0)
		return;
	r = route_open(PORTER_MARK, record, &w->route);
	if (r < 0)
		log_warning("what a run before has set for gate.handoff = transparent cannot be put back: %s", strerror(-r));
}

void warden_keep_route(struct warden *w)
{
	char record[PATH_MAX];
	int r;

	if (w->route) {
		r = route_keep(w->route);
		if (r > 0)
			log_warning("what the connections of gate.handoff = transparent need for their way back (ip rule, route, "
				    "sysctl) was taken away by somebody else; it is made anew");
		return;
	}
	if (w->plan->settings.gate_handoff != HANDOFF_TRANSPARENT)
		return;
	r = route_open(PORTER_MARK, route_record(w, record), &w->route);
	if (r < 0 && r != w->route_error)
		log_error("gate.handoff = transparent: the routing rule cannot be made (%s); no client comes to the mail "
			  "server by the gate",
			  strerror(-r));
	w->route_error = r;
}

void warden_start_gate(struct warden *w)
{
	if (w->options->observe)
		return;
	warden_keep_route(w);
	warden_gate_start(w->gate);
}

int warden_open_gate(struct warden *w)
{
	int r = warden_gate_adopt(w->gate, &w->handed);

	if (r < 0)
		log_error("cannot take over the gate: %s", strerror(-r));
	else
		r = warden_prepare_gate(w, w->plan);

	if (r == 0)
		return 0;
	return r == -EADDRINUSE || r == -EADDRNOTAVAIL || r == -EINVAL || r == -ENOENT ? WARDEN_WRONG : WARDEN_UNABLE;
}

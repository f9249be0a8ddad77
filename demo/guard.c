/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include "spawn.h"
#include "window.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_SECONDS 10.0
#define LOG_NAME "wavebreak.log"
#define GUARD_USER "nobody"

/* The list that the server itself asks; all else is as it comes, the 6 s before the greeting too. */
static const char gate[] =
	"gate {\n\thandoff     = exec\n\tprogram     = /usr/sbin/courieresmtpd\n"
	"\tuser        = courier\n\tenvironment = /etc/courier/esmtpd\n"
	"\tname        = mx.example.test\n\tzone dnsbl.test {\n\t\tweight = 3\n\t}\n}\n";

static int write_configuration(const struct guard_plan *plan, struct complaint *complaint)
{
	char path[PATH_MAX];
	bool failed;
	FILE *out;

	snprintf(path, sizeof(path), "%s/wavebreak.conf", plan->state);
	out = fopen(path, "we");
	if (!out)
		return complain(complaint, STATUS_FAILED, "%s: %s", path, strerror(errno));
	fprintf(out,
		"mail {\n\tserver = courier\n}\n"
		"watch {\n\tfile = /var/log/mail.log\n}\n"
		"daemon {\n\tuser    = %s\n\tstate   = %s/store\n\truntime = %s/run\n}\n"
		"ban {\n\tfor = 10m\n}\n",
		GUARD_USER, plan->state, plan->state);
	if (plan->page)
		fprintf(out, "http {\n\tlisten = %u\n\tpage   = yes\n}\n", WINDOW_GUARD_PORT);
	if (plan->gate)
		fputs(gate, out);
	failed = ferror(out);
	if (fclose(out) != 0 || failed)
		return complain(complaint, STATUS_FAILED, "%s: cannot be written", path);
	return 0;
}

/* In the state folder, which is the same file inside and outside. */
static int open_notify(const struct guard_plan *plan, struct complaint *complaint)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int length = snprintf(name.sun_path, sizeof(name.sun_path), "%s/notify", plan->state);

	if (fd < 0 || length >= (int)sizeof(name.sun_path) ||
	    bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    chmod(name.sun_path, 0666) < 0) {
		if (fd >= 0)
			close(fd);
		return complain(complaint, STATUS_FAILED, "%s/notify cannot be a socket",
				plan->state);
	}
	setenv("NOTIFY_SOCKET", name.sun_path, 1);
	return fd;
}

static int start(const struct guard_plan *plan, struct complaint *complaint, struct guard *ret)
{
	char mailhost[PATH_MAX], log[PATH_MAX], conf[PATH_MAX], server[16];
	const char *const argv[] = { mailhost, "enter", server, "--",
				     plan->program, "run", "-c", conf,
				     plan->observe ? "--observe" : NULL, NULL };
	const struct spawn what = { .argv = argv, .log_path = log, .wait_fd = -1 };
	int r;

	snprintf(mailhost, sizeof(mailhost), "%s/mailhost", plan->demo_dir);
	snprintf(log, sizeof(log), "%s/" LOG_NAME, plan->state);
	snprintf(conf, sizeof(conf), "%s/wavebreak.conf", plan->state);
	snprintf(server, sizeof(server), "%d", plan->server);
	r = spawn(&what, &ret->pid);
	unsetenv("NOTIFY_SOCKET");
	return r < 0 ? complain(complaint, STATUS_FAILED, "%s: %s", mailhost, strerror(-r)) : 0;
}

/* Lines of name=value; READY=1 may be any of them. */
static bool says_ready(const char *text)
{
	while (text) {
		if (strncmp(text, "READY=1", 7) == 0)
			return true;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return false;
}

static bool said_ready(int fd)
{
	char text[4096];
	ssize_t length;

	while ((length = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[length] = '\0';
		if (says_ready(text))
			return true;
	}
	return false;
}

int guard_check(const struct guard *guard, const char *state, struct complaint *complaint)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)guard->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == 0)
		return 0;
	complaint_see(complaint, state, LOG_NAME);
	if (info.si_code == CLD_EXITED)
		return complain(complaint, STATUS_FAILED,
				"wavebreak ended with status %d and does not guard:",
				info.si_status);
	return complain(complaint, STATUS_FAILED,
			"wavebreak was ended by signal %d:", info.si_status);
}

static int wait_until_ready(const struct guard *guard, const char *state, int notify_fd,
			    const volatile sig_atomic_t *stop, struct complaint *complaint)
{
	double deadline = spawn_now() + READY_SECONDS;

	while (!said_ready(notify_fd)) {
		int r = guard_check(guard, state, complaint);

		if (r < 0)
			return r;
		if (*stop)
			return -EINTR;
		if (spawn_now() > deadline) {
			complaint_see(complaint, state, LOG_NAME);
			return complain(complaint, STATUS_FAILED,
					"wavebreak did not say within %.0f s that it guards:",
					READY_SECONDS);
		}
		spawn_pause();
	}
	return 0;
}

int guard_start(const struct guard_plan *plan, const volatile sig_atomic_t *stop,
		struct complaint *complaint, struct guard *ret)
{
	int notify_fd, r;

	*ret = (struct guard){ 0 };
	r = write_configuration(plan, complaint);
	if (r < 0)
		return r;
	notify_fd = open_notify(plan, complaint);
	if (notify_fd < 0)
		return notify_fd;
	r = start(plan, complaint, ret);
	if (r == 0)
		r = wait_until_ready(ret, plan->state, notify_fd, stop, complaint);
	close(notify_fd);
	return r;
}

void guard_let_go(struct guard *guard)
{
	if (guard->pid > 0)
		spawn_kill(guard->pid);
	*guard = (struct guard){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What the warden links to: it must not come to this here. */
void warden_mend_table(struct warden *w)
{
	fail();
}

void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void protect(struct warden *w, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of(text), &prefix), 0);
	assert_int_equal(prefix_set_add(&w->never, &prefix, "test"), 0);
}

int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	int pair[2];

	assert_non_null(s);
	strcpy(s->folder, "/tmp/warden-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->log, sizeof(s->log), "%s/logs/mail.log", s->folder);
	snprintf(s->secret, sizeof(s->secret), "%s/secret", s->folder);
	*strrchr(s->log, '/') = '\0';
	assert_int_equal(mkdir(s->log, 0755), 0);
	s->log[strlen(s->log)] = '/';
	write_file(s->secret, "secret");
	s->logs[0] = s->log;
	s->plan.logs = (struct path_list){ s->logs, 1 };
	s->plan.settings.ban_limit = 1000;
	s->plan.settings.suspect_limit = 500;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	s->worker = pair[1];
	s->warden = (struct warden){ .options = &s->options, .plan = &s->plan, .listener = -1, .intake = -1 };
	assert_int_equal(loop_create(&s->warden.loop), 0);
	child_init(&s->warden.worker, s->warden.loop, NULL, NULL);
	s->warden.worker.socket = pair[0];
	s->warden.changes = calloc(WARDEN_CHANGES_MOST, sizeof(*s->warden.changes));
	s->warden.evictions = calloc(WARDEN_EVICTIONS_MOST, sizeof(*s->warden.evictions));
	assert_non_null(s->warden.changes);
	assert_non_null(s->warden.evictions);
	warden_set_bounds(&s->warden);
	protect(&s->warden, "192.0.2.0/24");
	protect(&s->warden, "2001:db8::1");
	*state = s;
	return 0;
}

int tear_down(void **state)
{
	struct scene *s = *state;
	char command[128];

	close(s->warden.worker.socket);
	close(s->worker);
	loop_destroy(s->warden.loop);
	prefix_set_clear(&s->warden.never);
	prefix_set_clear(&s->warden.allowed);
	free(s->warden.changes);
	free(s->warden.evictions);
	snprintf(command, sizeof(command), "rm -r %s", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

int32_t ask(struct scene *s, const struct request *request)
{
	struct packet packet;
	int fd;

	packet.head = (struct packet_head){ PACKET_REQUESTS, 1 };
	packet.requests[0] = *request;
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	if (packet_receive(s->worker, &packet, &fd) == -EAGAIN)
		return 0;
	assert_int_equal(fd, -1);
	assert_int_equal(packet.head.kind, PACKET_ANSWERS);
	assert_int_equal(packet.answers[0].kind, ANSWER_REFUSED);
	return packet.answers[0].error;
}

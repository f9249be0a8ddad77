/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a worker that was taken over gets to read: logs of the plan and what these became, whatever a stranger
 * put into their folder. */
#include "daemon/warden_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 65534

/* The error, or 0 with a descriptor of it. */
static int32_t open_log(struct scene *s, uint16_t index, const char *sibling, int *ret_fd)
{
	struct packet packet = { .head = { PACKET_OPEN_LOG, 1 }, .log = { .ticket = 9, .index = index } };

	memccpy(packet.log.sibling, sibling, '\0', sizeof(packet.log.sibling));
	assert_int_equal(packet_send(s->worker, &packet, -1), 0);
	warden_on_worker(&s->warden, s->warden.worker.socket, EPOLLIN);
	assert_int_equal(packet_receive(s->worker, &packet, ret_fd), 1);
	assert_int_equal(packet.head.kind, PACKET_LOG);
	assert_int_equal(packet.answers[0].value, 9);
	assert_int_equal(*ret_fd >= 0, packet.answers[0].error == 0);
	return packet.answers[0].error;
}

static void assert_opens(struct scene *s, const char *sibling, const char *text)
{
	char read_text[32] = "";
	int fd;

	assert_int_equal(open_log(s, 0, sibling, &fd), 0);
	assert_true(read(fd, read_text, sizeof(read_text) - 1) >= 0);
	assert_string_equal(read_text, text);
	close(fd);
}

static void assert_refuses(struct scene *s, const char *sibling, int32_t error)
{
	int fd;

	assert_int_equal(open_log(s, 0, sibling, &fd), error);
}

static void in_folder(const struct scene *s, const char *name, char path[160])
{
	snprintf(path, 160, "%s/logs/%s", s->folder, name);
}

static void link_log(const struct scene *s, const char *target, uid_t owner)
{
	unlink(s->log);
	assert_int_equal(symlink(target, s->log), 0);
	if (geteuid() == 0)
		assert_int_equal(lchown(s->log, owner, owner), 0);
}

static void test_siblings_are_beside_the_log_and_no_links(void **state)
{
	struct scene *s = *state;
	char path[160], all[LOG_SIBLING_SIZE + 1];
	int fd;

	write_file(s->log, "log");
	in_folder(s, "mail.log.1", path);
	write_file(path, "old");
	assert_opens(s, "", "log");
	assert_opens(s, "mail.log.1", "old");
	assert_refuses(s, "mail.log.2", -ENOENT);
	assert_refuses(s, "other.log", -EINVAL);
	assert_refuses(s, "mail/../../secret", -EINVAL);
	assert_refuses(s, "../secret", -EINVAL);
	in_folder(s, "mail.log.3", path);
	assert_int_equal(symlink(s->secret, path), 0);
	assert_refuses(s, "mail.log.3", -ELOOP);
	in_folder(s, "mail.log.4", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refuses(s, "mail.log.4", -ENOTSUP);
	memset(all, 'm', sizeof(all));
	all[LOG_SIBLING_SIZE] = '\0';
	assert_refuses(s, all, -EINVAL);
	assert_int_equal(open_log(s, 1, "", &fd), -EINVAL);
}

static void test_a_pattern_opens_what_it_names_and_what_that_became(void **state)
{
	struct scene *s = *state;
	char pattern[160], path[160];
	int fd;

	in_folder(s, "*.log", pattern);
	s->logs[0] = pattern;
	write_file(s->log, "log");
	in_folder(s, "mail.log.1", path);
	write_file(path, "old");
	in_folder(s, "secret.txt", path);
	write_file(path, "secret");
	assert_int_equal(open_log(s, 0, "", &fd), -EINVAL);
	assert_opens(s, "mail.log", "log");
	assert_opens(s, "mail.log.1", "old");
	assert_refuses(s, "secret.txt", -EINVAL);
	assert_refuses(s, "secret.txt.1", -EINVAL);
	assert_refuses(s, "../secret", -EINVAL);
	assert_refuses(s, "x/../../secret.log", -EINVAL);
	assert_refuses(s, "other.log", -ENOENT);
	in_folder(s, "link.log", path);
	assert_int_equal(symlink(s->secret, path), 0);
	assert_refuses(s, "link.log", -ELOOP);
}

static void test_a_link_of_a_stranger_leads_to_no_file_of_others(void **state)
{
	struct scene *s = *state;
	char path[160];

	/* The administrator may link the log to wherever it is; relative links, too. */
	link_log(s, s->secret, geteuid());
	assert_opens(s, "", "secret");
	link_log(s, "../secret", geteuid());
	assert_opens(s, "", "secret");
	snprintf(path, sizeof(path), "%s/secret.1", s->folder);
	write_file(path, "older secret");
	assert_opens(s, "secret.1", "older secret");
	link_log(s, "mail.log", geteuid());
	assert_refuses(s, "", -ELOOP);
	if (geteuid() != 0)
		skip();
	link_log(s, s->secret, STRANGER);
	assert_refuses(s, "", -EPERM);
	assert_refuses(s, "secret.1", -EINVAL);
	/* By way of a link of root's all the same. */
	in_folder(s, "step", path);
	assert_int_equal(symlink(s->secret, path), 0);
	link_log(s, "step", STRANGER);
	assert_refuses(s, "", -EPERM);
	assert_int_equal(chown(s->secret, STRANGER, STRANGER), 0);
	assert_opens(s, "", "secret");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_siblings_are_beside_the_log_and_no_links),
		SCENE_TEST(test_a_pattern_opens_what_it_names_and_what_that_became),
		SCENE_TEST(test_a_link_of_a_stranger_leads_to_no_file_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

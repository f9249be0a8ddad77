/* SPDX-License-Identifier: Apache-2.0 */
/* warden_world - a warden for the tests of what a worker that was taken over can ask for: its end of the socketpair,
 * without a kernel table, and with a folder of logs that a stranger may write to. 192.0.2.0/24 and 2001:db8::1 are
 * protected. */
#ifndef WAVEBREAK_DAEMON_WARDEN_WORLD_H
#define WAVEBREAK_DAEMON_WARDEN_WORLD_H

#include "daemon/warden_internal.h"

struct scene {
	struct warden warden;
	struct plan plan;
	struct warden_options options;
	int worker;
	char folder[64], log[96], secret[96];
	char *logs[1];
};

int set_up(void **state);
int tear_down(void **state);
#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

void write_file(const char *path, const char *text);
struct addr address(const char *text);
/* 0, or the error of the refusal. */
int32_t ask(struct scene *s, const struct request *request);

#endif

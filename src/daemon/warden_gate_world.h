/* SPDX-License-Identifier: Apache-2.0 */
/* warden_gate_world - the words in which the tests of the gate's processes are told.
 *
 * Generations with real processes and sockets, and doubles for what these do: a gate worker that accepts clients, tells
 * each its number and its process, and holds them until they leave; and a porter that ends with its gates. There are
 * two plans, of which a test may change what it likes before it starts one. A wait that lasts too long fails the test.
 */
#ifndef WAVEBREAK_DAEMON_WARDEN_GATE_WORLD_H
#define WAVEBREAK_DAEMON_WARDEN_GATE_WORLD_H

#include "daemon/warden_gate.h"
#include "event/loop.h"

#include <signal.h>

#define PATIENCE_MS 8000

struct scene {
	struct loop *loop;
	struct loop_timer *look, *stop;
	struct warden_gate *gate;
	struct plan plans[2];
	struct endpoint endpoints[2][2];
	struct prefix_set never;
	int ends; /* how often the gate said that it has ended */
};

int set_up(void **state);
/* Nothing may be left of any generation. */
int tear_down(void **state);
#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Words that a porter has had of a gate. */
extern volatile sig_atomic_t porter_heard;

void run_for(struct scene *s, uint64_t ms);
/* As warden_gate_prepare returns. */
int prepare(struct scene *s, int plan);
void start(struct scene *s, int plan);

/* As its gate worker told it. */
struct client {
	int fd;
	unsigned number;
	pid_t pid;
};

/* A port that nobody has, as far as one can know. */
uint16_t free_port(void);
struct endpoint loopback(uint16_t port);
/* Connects: that is never refused while there is a gate. Returns the socket or -errno. */
int connect_to(const struct endpoint *endpoint);
/* The loop runs until it is greeted. */
struct client wait_for_greeting(struct scene *s, int fd);
struct client enter(struct scene *s);
/* At the worker of that number. */
struct client enter_at(struct scene *s, unsigned number);
/* 'p' is a word to the porter, 'x' one that ends it, 'w' one to the watch worker; 's' stops the gate worker, and 'e'
 * ends it. */
void say(const struct client *client, char letter);
bool is_open(const struct client *client);
void wait_closed(struct scene *s, const struct client *client, uint64_t ms);

bool process_exists(pid_t pid);
void wait_gone(struct scene *s, pid_t pid, uint64_t ms);

#endif

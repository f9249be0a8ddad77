/* SPDX-License-Identifier: Apache-2.0 */
#include "bare_loop.h"

#include "act/nft_rule.h"
#include "act/nft_transaction.h"
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAN_MS 600000
#define SETTLE_US 100000

static void make_table(const char *table, int netlink, uint32_t most)
{
	const struct nft_set sets[] = {
		{ "ban4", NFT_DATATYPE_IPV4_ADDR, 4, NFT_SET_TIMEOUT | NFT_SET_EVAL, most, 60000 },
		{ "ban6", NFT_DATATYPE_IPV6_ADDR, 16, NFT_SET_TIMEOUT | NFT_SET_EVAL, most, 60000 },
	};
	struct nft_batch batch;
	char buffer[4096];
	uint32_t refused;
	int r;

	nft_batch_begin(&batch, table, 1, buffer, sizeof(buffer));
	nft_table_add(&batch, false);
	for (size_t i = 0; i < 2; i++)
		nft_set_add(&batch, &sets[i]);
	r = nft_batch_end(&batch);
	if (r == 0)
		r = nft_transaction_run(netlink, &batch, &refused);
	if (r < 0)
		rig_die("cannot make the table of the bare loop: %s", strerror(-r));
}

static void ban(const char *table, int netlink, const struct addr *client)
{
	struct nft_elements elements;
	struct nft_batch batch;
	char buffer[2048];
	uint32_t refused;

	nft_batch_begin(&batch, table, 1, buffer, sizeof(buffer));
	nft_elements_add(&elements, &batch, client->family == ADDR_IPV4 ? "ban4" : "ban6");
	nft_elements_put(&elements, client->octets, client->family == ADDR_IPV4 ? 4 : 16, BAN_MS);
	nft_elements_end(&elements);
	if (nft_batch_end(&batch) == 0)
		nft_transaction_run(netlink, &batch, &refused);
}

static bool client_of(struct bytes line, struct addr *ret)
{
	struct bytes text = bytes_skip(line, bytes_find(line, BYTES_LITERAL("relay=")));

	text = bytes_skip(text, strlen("relay="));
	return addr_parse(bytes_first(text, bytes_find_char(text, ',')), ret) == 0;
}

/* To `netlink`, or to who has it, over `socket`. */
static _Noreturn void read_log(const char *table, int log, int netlink, int socket)
{
	char event[4096], data[65536], path[64];
	int notify = inotify_init1(0);
	struct addr client;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", log);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MODIFY) < 0)
		_exit(1);
	while (read(notify, event, sizeof(event)) > 0) {
		while ((n = read(log, data, sizeof(data))) > 0) {
			if (!client_of(bytes_make(data, (size_t)n), &client))
				continue;
			if (socket < 0)
				ban(table, netlink, &client);
			else if (send(socket, &client, sizeof(client), 0) < 0)
				_exit(1);
		}
	}
	_exit(1);
}

static _Noreturn void ban_told(const char *table, int netlink, int socket)
{
	struct addr client;

	while (recv(socket, &client, sizeof(client), 0) == (ssize_t)sizeof(client))
		ban(table, netlink, &client);
	_exit(0);
}

static pid_t fork_bound(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		rig_die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

void bare_loop_start(struct bare_loop *loop, enum bare_loop_kind kind, const char *table, const char *log_path,
		     uint32_t most)
{
	int log = open(log_path, O_RDONLY | O_CLOEXEC), pair[2] = { -1, -1 }, netlink;

	if (log < 0 || nft_socket_open(65536, &netlink) < 0)
		rig_die("cannot set up the bare loop");
	if (kind == BARE_LOOP_APART && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		rig_die("cannot set up the bare loop: %s", strerror(errno));
	make_table(table, netlink, most);
	*loop = (struct bare_loop){ .table = table };
	loop->processes[0] = fork_bound();
	if (loop->processes[0] == 0)
		read_log(table, log, netlink, pair[0]);
	if (kind == BARE_LOOP_APART) {
		loop->processes[1] = fork_bound();
		if (loop->processes[1] == 0)
			ban_told(table, netlink, pair[1]);
		close(pair[0]);
		close(pair[1]);
	}
	close(log);
	close(netlink);
	usleep(SETTLE_US);
}

void bare_loop_stop(struct bare_loop *loop)
{
	for (size_t i = 0; i < 2; i++) {
		if (loop->processes[i] == 0)
			continue;
		kill(loop->processes[i], SIGKILL);
		waitpid(loop->processes[i], NULL, 0);
	}
}

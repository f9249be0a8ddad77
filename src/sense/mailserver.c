/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/mailserver.h"

#include "sense/mailserver_find.h"

#include "base/domain_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBER_MOST 1000000

int mail_file_read(const char *path, size_t most, char **ret_data, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = 0;
	char *data;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > most) {
		close(fd);
		return -EFBIG;
	}
	data = malloc((size_t)st.st_size + 1);
	if (data)
		n = read(fd, data, (size_t)st.st_size);
	close(fd);
	if (!data || n < 0) {
		free(data);
		return -ENOMEM;
	}
	*ret_data = data;
	*ret_size = (size_t)n;
	return 0;
}

int mail_config_read(const char *const *paths, void (*read)(struct bytes text, struct mail_server *server),
		     struct mail_server *ret)
{
	int worst = -ENOENT;
	char *text;
	size_t size;

	for (size_t i = 0; paths[i]; i++) {
		int r = mail_file_read(paths[i], MAIL_CONFIG_MOST, &text, &size);

		if (r == 0) {
			snprintf(ret->config_path, sizeof(ret->config_path), "%s", paths[i]);
			read(bytes_make(text, size), ret);
			free(text);
			return 0;
		}
		if (r == -EACCES)
			worst = r;
	}
	return worst;
}

void mail_greeting_name(struct bytes name, struct mail_server *server)
{
	if (!domain_name_is_good(name) || name.size >= sizeof(server->greets_as))
		return;
	memcpy(server->greets_as, name.data, name.size);
	server->greets_as[name.size] = '\0';
}

unsigned mail_number(struct bytes value)
{
	uint64_t number;

	return bytes_to_u64(value, NUMBER_MOST, &number) < 0 ? 0 : (unsigned)number;
}

static const struct {
	const char *name;
	int (*find)(struct mail_server *ret);
} servers[] = {
#define SERVER(name, called) { #name, find_##name },
#include "defs/servers.def"
#undef SERVER
};

int mail_server_find(const char *name, struct mail_server *ret)
{
	int worst = -ENOENT;

	*ret = (struct mail_server){ 0 };
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		int r;

		if (name[0] && strcmp(name, servers[i].name) != 0)
			continue;
		r = servers[i].find(ret);
		if (r == 0)
			return 0;
		*ret = (struct mail_server){ 0 };
		if (r != -ENOENT)
			worst = r;
	}
	return worst;
}

const char *mail_log_find(char path[MAIL_LOG_PATH_SIZE])
{
	static const char *const candidates[] = { MAIL_LOG_USUAL, "/var/log/maillog", "/var/log/mail/mail.log",
						  "/var/log/mail/info", "/var/log/syslog" };

	path[0] = '\0';
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (access(candidates[i], F_OK) < 0)
			continue;
		snprintf(path, MAIL_LOG_PATH_SIZE, "%s", candidates[i]);
		break;
	}
	return path;
}

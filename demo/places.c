/* SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include "build_config.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CACHE_DIR "/var/cache/wavebreak/mail-servers"

static bool is_in(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* A folder named at build time may by now be somebody else's: it is taken only by a program
 * that lies in it itself. */
static bool is_built_tree(char own_folder[PATH_MAX])
{
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[length > 0 ? length : 0] = '\0';
	snprintf(own_folder, PATH_MAX, "%s", dirname(own));
	return is_in(own_folder, WAVEBREAK_BUILD_DIR) ||
	       strcmp(own_folder, WAVEBREAK_BUILD_DIR) == 0;
}

static int need(const char *path, int mode, const char *what, struct complaint *complaint)
{
	if (access(path, mode) == 0)
		return 0;
	return complain(complaint, STATUS_FAILED, "%s is missing: %s", what, path);
}

/* Installed, this program is in libexec/wavebreak and wavebreak in sbin or bin. */
static void find_installed_wavebreak(const char *own_folder, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.2000s/../../sbin/wavebreak", own_folder);
	if (access(path, X_OK) < 0)
		snprintf(path, PATH_MAX, "%.2000s/../../bin/wavebreak", own_folder);
}

static int find_wavebreak(bool built, const char *own_folder, struct complaint *complaint, struct places *ret)
{
	const char *given = getenv("WAVEBREAK_DEMO_GUARD");
	char path[PATH_MAX];

	if (given)
		snprintf(path, sizeof(path), "%s", given);
	else if (built)
		snprintf(path, sizeof(path), "%s/wavebreak", WAVEBREAK_BUILD_DIR);
	else
		find_installed_wavebreak(own_folder, path);
	if (need(path, X_OK, "wavebreak itself (it is built by `make build`)", complaint) < 0)
		return -ECANCELED;
	if (!realpath(path, ret->wavebreak))
		return complain(complaint, STATUS_FAILED, "%s: %s", path, strerror(errno));
	/* The private root shows /usr anyway, and there it has to be writable. */
	snprintf(path, sizeof(path), "%s", ret->wavebreak);
	if (!is_in(path, "/usr"))
		snprintf(ret->visible_dir, sizeof(ret->visible_dir), "%s", dirname(path));
	return 0;
}

int places_find(bool guarded, struct complaint *complaint, struct places *ret)
{
	const char *given = getenv("WAVEBREAK_DEMO_DIR");
	char own_folder[PATH_MAX], mailhost[PATH_MAX];
	bool built = is_built_tree(own_folder);
	const char *tree = built ? WAVEBREAK_SOURCE_DIR : WAVEBREAK_DATA_DIR;

	if (given)
		snprintf(ret->demo_dir, sizeof(ret->demo_dir), "%s", given);
	else
		snprintf(ret->demo_dir, sizeof(ret->demo_dir), "%s/demo", tree);
	snprintf(ret->fetch, sizeof(ret->fetch), "%s/tools/fetch-mail-server", tree);
	snprintf(ret->cache, sizeof(ret->cache), "%s",
		 built ? WAVEBREAK_BUILD_DIR "/mail-servers" : CACHE_DIR);
	if (snprintf(ret->server_root, sizeof(ret->server_root), "%s/courier-root", ret->cache) >=
		    (int)sizeof(ret->server_root) ||
	    snprintf(mailhost, sizeof(mailhost), "%s/mailhost", ret->demo_dir) >=
		    (int)sizeof(mailhost))
		return complain(complaint, STATUS_FAILED,
				"the path of the demo's files is too long");
	if (need(mailhost, X_OK, "the script that runs the mail server", complaint) < 0 ||
	    need(ret->fetch, X_OK, "the script that fetches the mail server", complaint) < 0)
		return -ECANCELED;
	snprintf(ret->visible_dir, sizeof(ret->visible_dir), "%s", ret->demo_dir);
	if (!guarded)
		return 0;
	return find_wavebreak(built, own_folder, complaint, ret);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* misspelt - has a program speak to a kernel that, for all it can see, lacks one expression of nf_tables.
 *
 *	MISSPELT=tproxy LD_PRELOAD=misspelt.so wavebreak run
 *
 * Each time that the program names it to the kernel, the last letter is changed: so it is the real kernel that answers
 * that it has no such thing.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>

typedef ssize_t sendto_fn(int, const void *, size_t, int, const struct sockaddr *, socklen_t);

static void misspell(char *message, size_t size, const char *word)
{
	size_t length = strlen(word) + 1; /* its NUL is sent, too */
	char *end = message + size, *at = message;

	while ((at = memmem(at, (size_t)(end - at), word, length))) {
		at[length - 2] = '?';
		at += length;
	}
}

ssize_t sendto(int fd, const void *message, size_t size, int flags, const struct sockaddr *to, socklen_t to_size)
{
	sendto_fn *real = (sendto_fn *)dlsym(RTLD_NEXT, "sendto");
	const char *word = getenv("MISSPELT");
	char *copy;
	ssize_t r;

	if (!word || !to || to->sa_family != AF_NETLINK || !(copy = malloc(size)))
		return real(fd, message, size, flags, to, to_size);
	memcpy(copy, message, size);
	misspell(copy, size, word);
	r = real(fd, copy, size, flags, to, to_size);
	free(copy);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* starve - a process that gets no more memory.
 *
 *	STARVE=/path/to/file LD_PRELOAD=starve.so wavebreak run
 *
 * A test shares the file, a struct starving, with all that this starts. What is forked when the one that starves has
 * been waited for is started in its place, and gets no memory either: so it stays until the test says that it is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct starving {
	int process; /* 0: nobody */
	unsigned refused; /* so often it was told that there is none */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static struct starving *starving;
static int me;

static void begin_as_child(void)
{
	int other = __atomic_load_n(&starving->process, __ATOMIC_SEQ_CST);

	me = getpid();
	if (other && kill(other, 0) < 0 && errno == ESRCH)
		__atomic_store_n(&starving->process, me, __ATOMIC_SEQ_CST);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STARVE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared = mmap(NULL, sizeof(*starving), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (shared == MAP_FAILED)
		return;
	close(fd);
	me = getpid();
	pthread_atfork(NULL, NULL, begin_as_child);
	starving = shared;
}

static int refused(void)
{
	if (!starving || __atomic_load_n(&starving->process, __ATOMIC_SEQ_CST) != me)
		return 0;
	__atomic_add_fetch(&starving->refused, 1, __ATOMIC_SEQ_CST);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return refused() ? NULL : __libc_realloc(memory, size);
}

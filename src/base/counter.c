/* SPDX-License-Identifier: Apache-2.0 */
#include "base/counter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

static const struct {
	const char *name, *help;
} rows[] = {
#define COUNTER(name, help) { #name, help },
#include "defs/counters.def"
#undef COUNTER
};

struct numbers {
	_Atomic uint64_t of[COUNTER_COUNT];
	atomic_bool unknown[COUNTER_COUNT];
};

static struct numbers own;
static struct numbers *numbers = &own;

int counter_share(void)
{
	void *shared = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return -errno;
	numbers = shared;
	return 0;
}

void counter_add(enum counter counter, uint64_t steps)
{
	atomic_fetch_add_explicit(&numbers->of[counter], steps, memory_order_relaxed);
}

uint64_t counter_read(enum counter counter)
{
	return atomic_load_explicit(&numbers->of[counter], memory_order_relaxed);
}

void counter_make_known(enum counter counter, bool known)
{
	atomic_store_explicit(&numbers->unknown[counter], !known, memory_order_relaxed);
}

bool counter_is_known(enum counter counter)
{
	return !atomic_load_explicit(&numbers->unknown[counter], memory_order_relaxed);
}

const char *counter_name(enum counter counter)
{
	return rows[counter].name;
}

const char *counter_help(enum counter counter)
{
	return rows[counter].help;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what proc(5) tells of a process, which may be called as it likes: what is taken can be counted with. */
#include "kernel/process.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size);
	struct process_statm statm;
	struct process_stat stat;

	if (process_parse_stat(text, &stat) == 0)
		must(stat.parent >= 0 && stat.threads <= INT64_MAX && stat.start_ticks <= INT64_MAX);
	if (process_parse_statm(text, &statm) == 0)
		must(process_unshared_bytes(&statm) <= INT64_MAX);
	return 0;
}

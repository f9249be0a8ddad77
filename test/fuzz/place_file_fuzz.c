/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a database of where networks are: it is refused, or answers something. */
#include "sense/place_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The library loses memory when it opens a file whose description is damaged: once for a start, and not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void ask(const struct place_file *file, const struct addr *client)
{
	char name[64], code[2];
	uint32_t asn;

	if (place_file_country(file, client, code, name, sizeof(name)) == 0 && strlen(name) >= sizeof(name))
		abort();
	if (place_file_holder(file, client, &asn, name, sizeof(name)) == 0 && strlen(name) >= sizeof(name))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t octets[16] = { 0x20, 1, 0xd, 0xb8, 10, 66, 0, 7 };
	struct addr v4 = addr_from_ipv4(octets + 4), v6 = addr_from_ipv6(octets);
	struct place_file *file;
	char why[PLACE_WHY_SIZE];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (place_file_open(fd, &file, why) < 0)
		return 0;
	(void)place_file_type(file);
	ask(file, &v4);
	ask(file, &v6);
	place_file_close(file);
	return 0;
}

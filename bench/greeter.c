/* SPDX-License-Identifier: Apache-2.0 */
/* greeter - what a mail server that is started for one connection does first, and nothing else: it greets
 * on descriptor 1, and ends with its client. Linked statically where that goes, so that the way to it is measured. */
#include <unistd.h>

int main(void)
{
	static const char greeting[] = "220 mx.example.test ESMTP\r\n";
	char byte[512];

	if (write(STDOUT_FILENO, greeting, sizeof(greeting) - 1) != sizeof(greeting) - 1)
		return 1;
	while (read(STDIN_FILENO, byte, sizeof(byte)) > 0)
		;
	return 0;
}

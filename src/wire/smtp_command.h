/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_command - what an SMTP client says, line by line (RFC 5321 section 4.1).
 *
 * Pure: views of the caller's bytes, no allocation. A command line is at most 512 octets with its
 * CRLF (section 4.5.3.1.4). Only CRLF ends a line (section 2.3.8): what a bare LF ends is told
 * apart, so that it can be refused and is never obeyed. A line with a NUL, another control byte or
 * a byte above 126 has SMTP_FAULT_BYTES, so that whatever is passed on holds printable ASCII alone
 * (we do not offer SMTPUTF8). Blanks and tabs at the end of a line are no part of it (section 4.1.1).
 */
#ifndef WAVEBREAK_WIRE_SMTP_COMMAND_H
#define WAVEBREAK_WIRE_SMTP_COMMAND_H

#include "base/addr.h"

#define SMTP_LINE_MOST 512 /* octets with CRLF */

enum smtp_line {
	SMTP_LINE_UNFINISHED, /* more has to come; what is in *input stays there */
	SMTP_LINE_WELL,
	SMTP_LINE_BARE_LF, /* ended by LF without CR, or with a CR in the middle */
	SMTP_LINE_LONG,    /* more than SMTP_LINE_MOST; the whole of it has been passed over */
};

/* What has to be known from one read to the next. Zeroed at the begin. */
struct smtp_lines {
	bool passing_over; /* within a line that is too long */
};

/* Takes the next line off *input. *ret_line is without its end, and empty for LONG. Within a line
 * that is too long everything is taken and UNFINISHED is returned, until its end. So *input never
 * keeps SMTP_LINE_MOST bytes or more at UNFINISHED. */
enum smtp_line smtp_line_take(struct smtp_lines *lines, struct bytes *input, struct bytes *ret_line);

enum smtp_verb {
	SMTP_UNKNOWN,
	SMTP_HELO,
	SMTP_EHLO,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_RSET,
	SMTP_NOOP,
	SMTP_VRFY,
	SMTP_EXPN,
	SMTP_HELP,
	SMTP_QUIT,
	SMTP_STARTTLS,
	SMTP_AUTH,
	SMTP_BDAT,
	SMTP_ETRN,
};

enum smtp_fault {
	SMTP_FAULT_NONE,
	SMTP_FAULT_BYTES,     /* 500 5.5.2: control bytes, NUL, or 8 bits */
	SMTP_FAULT_SYNTAX,    /* 501 5.5.4, of MAIL 5.1.7, of RCPT 5.1.3: the argument is not what it has to be */
	SMTP_FAULT_PARAMETER, /* 555 5.5.4: a parameter of MAIL or RCPT that is not known */
	SMTP_FAULT_PARAMETER_VALUE, /* 501 5.5.4: a parameter that is known, given twice or with a wrong value */
};

enum smtp_body { SMTP_BODY_NOT_SAID, SMTP_BODY_7BIT, SMTP_BODY_8BITMIME };

struct smtp_command {
	enum smtp_verb verb;
	enum smtp_fault fault;
	struct bytes argument; /* all after the verb, trimmed; of HELO and EHLO the first word; empty for FAULT_BYTES */
	/* All below is empty or zero where there is a fault.
	 * MAIL and RCPT: what is between < and > without a source route (section 4.1.1.3, appendix C), a
	 * mailbox of local part and domain; empty for <>. A quoted local part keeps its quotes, and in one
	 * without quotes dots may stand anywhere, since honest people have such addresses. RCPT takes
	 * <Postmaster> without a domain (section 4.1.1.3), then domain is empty. */
	struct bytes mailbox, local_part, domain;
	bool has_size;
	uint64_t size;         /* SIZE= of MAIL (RFC 1870); UINT64_MAX also for what is larger */
	enum smtp_body body;   /* BODY= of MAIL (RFC 6152) */
};

/* The verb is known in any case of letters, and only as a whole word. HELO and EHLO need an argument;
 * DATA, RSET, QUIT and STARTTLS must not have one (section 4.1.1, RFC 3207 section 4). MAIL FROM: and
 * RCPT TO: may have blanks after the colon, as broken senders write them, and need < and >. MAIL
 * knows the parameters SIZE and BODY, RCPT none. */
void smtp_command_read(struct bytes line, struct smtp_command *ret);

/* "postmaster", in any case of letters (section 4.5.1). */
bool smtp_is_postmaster(struct bytes local_part);

/* What speaks there, by its first bytes before any banner. */
enum smtp_speaker {
	SMTP_SPEAKER_SMTP,  /* or too little to tell */
	SMTP_SPEAKER_HTTP,  /* GET, POST, CONNECT …, of any version, also HTTP/2's preface */
	SMTP_SPEAKER_TLS,   /* a ClientHello: 0x16 0x03 (RFC 8446 section 5.1), or SSLv2's */
	SMTP_SPEAKER_OTHER, /* control bytes or 8 bits: SOCKS, RDP, SSH … ("SSH-" too) */
};
enum smtp_speaker smtp_speaker_of(struct bytes first);

/* What is wrong with the argument of a HELO or EHLO (section 4.1.4: no reason to refuse alone). Bits. */
enum smtp_helo_fault {
	SMTP_HELO_NOT_A_NAME = 1,     /* neither a domain nor an address literal (section 4.1.2, 4.1.3) */
	SMTP_HELO_NO_DOT = 2,         /* a name of one label; "localhost" among them */
	SMTP_HELO_BARE_ADDRESS = 4,   /* an address without brackets */
	SMTP_HELO_OTHER_ADDRESS = 8,  /* an address literal that is not the client's own */
	SMTP_HELO_OUR_NAME = 16,      /* our own name or address */
};
unsigned smtp_helo_faults(struct bytes argument, const struct addr *client, struct bytes our_name,
			  const struct addr *our_address);

#endif

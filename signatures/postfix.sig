# SPDX-License-Identifier: Apache-2.0
#
# Postfix: smtpd, postscreen, cleanup and what belongs to them. The language is in
# wavebreak-signatures(5).
#
# Written from what the log statements of Postfix 1.1 to 3.11 can produce (src/smtpd,
# src/postscreen, src/cleanup, src/dnsblog, src/master, src/qmgr, src/tls, src/xsasl), not from
# samples.
#
# Which part of a line the server itself wrote:
# - NAME[ADDR], with :PORT where smtpd_client_port_logging is set, stands behind words that
#   are the server's. NAME is "unknown" unless the reverse name leads back to ADDR, and a name
#   with anything but letters, digits, '.', '-' and '_' is not taken. ADDR is "unknown" for a
#   client that was gone before it could be asked; nothing is read from such a line.
# - A refusal of smtpd is QUEUEID: reject: STAGE from NAME[ADDR]: CODE DSN TEXT; and then
#   from=<> to=<> proto= helo=<>. The queue id is NOQUEUE as long as there is none. There is
#   no DSN before Postfix 2.3. With warn_if_reject the word is reject_warning, and nobody was
#   refused.
# - TEXT begins with '<' where it quotes the client: "<anna@b.example>: Recipient address
#   rejected: ...". The quoted address is printed without the quotes that a local part with
#   blanks needs, so it can hold "<", ">: " and every sentence below, and so can from=<> and
#   to=<>. Whether a line is an offence and of whom must therefore be told from what stands up to
#   the first '<'; what comes later may only choose between the outcomes of a 5xx.
# - TEXT that does not begin with '<' begins with words of the server or the administrator.
# - A control character in a message is logged as '?', a newline is one, and no log statement
#   of smtpd begins with text of the client.
#
# Where a 4xx is an offence although a greylisting server answers so, too, the whole line has
# to be of the form in which the address has no '<' or '>', see {tail}.
#
# Lines of smtp, lmtp, local, virtual, pipe, bounce and error are about delivery. They name
# hosts that did nothing to us and quote what those answered: no signature may ever have their
# tags. anvil's statistics, and what opendkim, opendmarc and policyd-spf log, tell of nothing that
# smtpd or cleanup do not log themselves, with the address at a better place: policyd-spf has the
# sender before it and the recipient behind it.
#
# A tag is syslog_name, '/' and the program; below are those of master.cf as shipped, of the
# usual distributions, and some names of second instances. For another one, as "postfix-edge"
# of postmulti(1), put a file into /etc/wavebreak/signatures:
#     service postfix-smtpd
#       server postfix
#       tag    postfix-edge/smtpd

define name    [A-Za-z0-9._-]{1,255}
define client  {name}\[{addr}\](?::(?:{port}|unknown))?
define queueid [0-9A-Za-z]{5,40}
define stage   [A-Z-]{3,20}(?: content)?
define refused ^{queueid}: reject: {stage} from {client}: {reply}(?: [245]\.[0-9]{1,3}\.[0-9]{1,3})?\x20
# What is refused. Some tools on a log's way take <...> for markup and leave nothing of it. TEXT
# is cut at 510 bytes; with a bound on what it quotes, the cut never comes within a sentence.
define quoted  (?:<[^<>]{0,256}>)?
# Up to the end of the line there is no '<' or '>' but those of Postfix. An address that holds
# one is written at least twice, in TEXT and here, so a line with one never passes.
define tail    ;(?: from=<[^<>]*>)?(?: to=<[^<>]*>)? proto=[A-Z]{1,10}(?: helo=(?:<[^<>]*>)?)?(?: sasl_username=<[^<>]*>)?$
define peer    \[{addr}\](?::{port})?

service postfix-smtpd
  server postfix
  tag    postfix/smtpd postfix/smtp/smtpd postfix/smtpd/smtpd postfix/submission/smtpd postfix/submissions/smtpd postfix/smtps/smtpd
  tag    postfix/smtp-25/smtpd postfix/25/smtpd postfix/465/smtpd postfix/587/smtpd postfix/2525/smtpd
  tag    postfix/haproxy/smtpd postfix/smtp-haproxy/smtpd postfix/smtps-haproxy/smtpd postfix/submission-haproxy/smtpd postfix/submissions-haproxy/smtpd
  tag    postfix/smtpd-proxied/smtpd postfix/smtps-proxied/smtpd postfix/submission-proxied/smtpd postfix/submissions-proxied/smtpd
  tag    postfix-in/smtpd postfix-in/submission/smtpd postfix-in/submissions/smtpd
  tag    postfix-out/smtpd postfix-out/submission/smtpd postfix-out/submissions/smtpd
  tag    postfix-incoming/smtpd postfix-inbound/smtpd postfix-mx/smtpd postfix-mta/smtpd postfix-external/smtpd postfix-relay/smtpd
  tag    postfix-outgoing/smtpd postfix-outbound/smtpd postfix-msa/smtpd postfix-submission/smtpd postfix-submissions/smtpd postfix-smtps/smtpd

# The two lines that every client has come first.
signature connected
  pattern ^connect from {client}$
  outcome connected
  yes     connect from mail.b.example[192.0.2.7]
  client  192.0.2.7
  yes     connect from unknown[2001:db8::7]:49152
  client  2001:db8::7
  no      connect from unknown[unknown]
  no      connect from a[198.51.100.9] b.example[192.0.2.7]

# Since Postfix 3.0 the last line of a session counts its commands, "auth=0/2" being none of
# two. Where AUTH is not offered at all, no other line tells of the attempts; where it is,
# each has been counted by its own line, so this adds little.
signature login-never-succeeded
  literal auth=0/
  pattern ^disconnect from {client}(?: (?!auth=)[a-z]{2,12}=[0-9]+(?:/[0-9]+)?){0,8}+ auth=0/[1-9]
  outcome auth-failure
  score   5
  yes     disconnect from unknown[192.0.2.7] ehlo=1 auth=0/1 quit=1 commands=2/3
  client  192.0.2.7
  yes     disconnect from unknown[192.0.2.7]:49152 ehlo=2 starttls=1 auth=0/3 commands=3/6
  client  192.0.2.7
  no      disconnect from unknown[192.0.2.7] ehlo=1 auth=1/2 mail=1 rcpt=1 data=1 quit=1 commands=6/7
  no      disconnect from unknown[192.0.2.7] ehlo=1 quit=1 commands=2

signature disconnected
  pattern ^disconnect from {client}(?: |$)
  outcome other
  yes     disconnect from mail.b.example[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4
  client  192.0.2.7
  yes     disconnect from mail.b.example[192.0.2.7]

# Two lines that are frequent and say nothing, so that they are tried no further.
signature tls-established
  pattern ^Anonymous TLS connection established from {client}:\x20
  outcome other
  yes     Anonymous TLS connection established from mail.b.example[192.0.2.7]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
  client  192.0.2.7

signature name-not-confirmed
  pattern ^warning: hostname [A-Za-z0-9._-]{1,255} does not resolve to address\x20
  outcome other
  yes     warning: hostname mail.b.example does not resolve to address 192.0.2.7: Name or service not known

# Where a message is: its queue id stands for the client until qmgr has the message. A login
# name comes behind the address. NOQUEUE is nobody's id.
signature logged-in
  literal , sasl_method=
  pattern ^(?<id>(?!NOQUEUE){queueid}): client={client}, sasl_method=
  outcome accepted
  remember
  yes     4ZbcDe1FgHz9vKb: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=anna@example.com
  client  192.0.2.7
  yes     4ZbcDe1FgHz9vKb: client=unknown[192.0.2.7]:49152, sasl_method=LOGIN, sasl_username=x, orig_client=y[198.51.100.9]
  client  192.0.2.7
  no      4ZbcDe1FgHz9vKb: client=unknown[192.0.2.7], orig_client=a[198.51.100.9], sasl_method=

signature message-begun
  literal : client=
  pattern ^(?<id>(?!NOQUEUE){queueid}): client={client}(?:,|$)
  outcome other
  remember
  yes     2C1A3F0B9E: client=mail.b.example[192.0.2.7]
  client  192.0.2.7
  yes     2C1A3F0B9E: client=localhost[127.0.0.1], orig_queue_id=4ZbcDe1FgHz9vKb, orig_client=a.example[198.51.100.9]
  client  127.0.0.1

# The server's own trouble: Dovecot out of reach, or what libsasl says when saslauthd is. In
# newer versions the login name follows.
signature login-server-failed
  pattern ^warning: {client}: SASL [^ ]{1,100} authentication failed: (?:Connection lost to authentication server|Can't connect to authentication server|Authentication backend error|Temporary [a-z ]{0,40}failure\.?|generic failure|remote authentication server unavailable|transient failure \(e\.g\., weak key\)|no memory available)(?:, sasl_username=.{0,200})?$
  outcome other
  yes     warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: Connection lost to authentication server
  client  192.0.2.7
  yes     warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: Connection lost to authentication server, sasl_username=anna
  yes     warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: generic failure
  no      warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: authentication failure, sasl_username=: generic failure

# The mechanism's name is the client's, and so may be the reason: the last challenge of the
# server, or what Dovecot was given to say.
signature login-failed
  pattern ^warning: {client}: SASL .{1,200}? authentication failed(?::|$)
  outcome auth-failure
  yes     warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
  client  192.0.2.7
  yes     warning: unknown[192.0.2.7]:49152: SASL login authentication failed: authentication failure
  client  192.0.2.7
  yes     warning: unknown[2001:db8::7]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=a[198.51.100.9]: SASL
  client  2001:db8::7
  yes     warning: mail.b.example[192.0.2.7]: SASL "X a[198.51.100.9]" authentication failed: Invalid authentication mechanism
  client  192.0.2.7
  yes     warning: mail.b.example[192.0.2.7]: SASL DIGEST-MD5 authentication failed
  no      warning: SASL authentication failure: Password verification failed
  no      warning: a[198.51.100.9]x: SASL LOGIN authentication failed: y
  no      warning: hostname mail.b.example does not resolve to address 192.0.2.7: Name or service not known

# Some clients try GSSAPI or NTLM first, find that they have no ticket, and give up.
signature login-given-up
  pattern ^warning: {client}: SASL .{1,200}? authentication aborted$
  outcome auth-failure
  score   5
  yes     warning: unknown[192.0.2.7]: SASL LOGIN authentication aborted
  client  192.0.2.7

signature not-smtp
  pattern ^warning: non-SMTP command from {client}:\x20
  outcome protocol-abuse
  yes     warning: non-SMTP command from unknown[192.0.2.7]: GET / HTTP/1.1
  client  192.0.2.7
  yes     warning: non-SMTP command from unknown[192.0.2.7]: To: from a[198.51.100.9]: x
  client  192.0.2.7

# The words before "limit exceeded" are Postfix's; all of them count per client and minute but
# "concurrency", which is at once.
signature over-limit
  pattern ^warning: (?:Connection (?:rate|concurrency)|Message delivery request rate|Recipient address rate|New TLS session rate|AUTH command rate) limit exceeded: [0-9]+ from {client} for service\x20
  outcome at-limit
  yes     warning: Connection rate limit exceeded: 31 from b.example[192.0.2.7] for service smtp
  client  192.0.2.7
  yes     warning: Connection concurrency limit exceeded: 51 from unknown[192.0.2.7] for service smtpd
  yes     warning: Message delivery request rate limit exceeded: 101 from b.example[2001:db8::7] for service submission
  client  2001:db8::7
  yes     warning: Recipient address rate limit exceeded: 101 from b.example[192.0.2.7] for service smtp
  yes     warning: New TLS session rate limit exceeded: 11 from b.example[192.0.2.7] for service smtp
  yes     warning: AUTH command rate limit exceeded: 11 from b.example[192.0.2.7]:49152 for service submission
  client  192.0.2.7

signature no-more-tls
  pattern ^warning: Refusing (?:STARTTLS|TLS service) request from {client} for service\x20
  outcome at-limit
  yes     warning: Refusing STARTTLS request from b.example[192.0.2.7] for service smtp
  client  192.0.2.7

signature bad-address
  pattern ^warning: Illegal address syntax from {client} in [A-Z]{4} command:\x20
  outcome protocol-abuse
  yes     warning: Illegal address syntax from b.example[192.0.2.7] in RCPT command: <a@b@[198.51.100.9]>
  client  192.0.2.7

signature endless-command
  pattern ^warning: {client}: request longer than [0-9]+:\x20
  outcome protocol-abuse
  yes     warning: b.example[192.0.2.7]: request longer than 2048: EHLO xxxxxxxxxxxxxxxxxxxxxxxxx...
  client  192.0.2.7

# CHUNKING, since Postfix 3.4.
signature bad-bdat
  literal BDAT
  pattern ^warning: {queueid}: (?:malformed BDAT command syntax|null BDAT request) from {client}(?::|$)
  outcome protocol-abuse
  yes     warning: NOQUEUE: malformed BDAT command syntax from b.example[192.0.2.7]: BDAT x
  client  192.0.2.7
  yes     warning: 4ZbcDe1FgHz9vKb: null BDAT request from b.example[192.0.2.7]

# A domain name or an address literal, checked before it is logged.
signature etrn-refused
  pattern ^warning: reject: ETRN [^ ]{1,100}\.\.\. from {client}$
  outcome policy-refused
  yes     warning: reject: ETRN example.com... from b.example[192.0.2.7]
  client  192.0.2.7

# With a client that gives up after each guess there are two lines for one failure. In the
# newest versions such lines begin with the queue id, which a session in AUTH does not have.
signature gone-after-login
  pattern ^lost connection after AUTH from {client}$
  outcome auth-failure
  score   10
  yes     lost connection after AUTH from unknown[192.0.2.7]
  client  192.0.2.7
  yes     lost connection after AUTH from b.example[2001:db8::7]:49152
  client  2001:db8::7
  no      lost connection after EHLO from unknown[192.0.2.7]

signature gone-after-login-noqueue
  pattern ^NOQUEUE: lost connection after AUTH from {client}$
  outcome auth-failure
  score   10
  yes     NOQUEUE: lost connection after AUTH from unknown[192.0.2.7]
  client  192.0.2.7

# Clients go away for reasons of their own, port scans and bad networks among them.
signature gone
  pattern ^lost connection after {stage}(?: \([0-9]+ bytes\))? from {client}$
  outcome other
  yes     lost connection after DATA (7774180 bytes) from b.example[192.0.2.7]
  client  192.0.2.7
  yes     lost connection after CONNECT from unknown[192.0.2.7]

# Old versions do not log what was sent too early. The stage is a command that Postfix knows,
# in its own letters.
signature pipelining
  pattern ^improper command pipelining after {stage} from {client}(?::|$)
  outcome protocol-abuse
  yes     improper command pipelining after HELO from unknown[192.0.2.7]: MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example> from a[198.51.100.9]
  client  192.0.2.7
  yes     improper command pipelining after NOOP from unknown[192.0.2.7]
  client  192.0.2.7
  yes     improper command pipelining after CONNECT from unknown[2001:db8::7]:49152: EHLO x\r\n
  client  2001:db8::7

signature too-many-errors
  literal too many errors after
  pattern ^(?:{queueid}: )?too many errors after {stage}(?: \([0-9]+ bytes\))? from {client}$
  outcome protocol-abuse
  yes     too many errors after RCPT from b.example[192.0.2.7]
  client  192.0.2.7
  yes     NOQUEUE: too many errors after UNKNOWN from b.example[192.0.2.7]:49152
  client  192.0.2.7
  yes     too many errors after DATA (0 bytes) from b.example[192.0.2.7]

# An idle connection before any mail. A server that keeps its connection for the next message,
# or whose network has gone, is cut off in the other stages.
signature idle
  literal timeout after
  pattern ^(?:NOQUEUE: )?timeout after (?:CONNECT|UNKNOWN|HELO|EHLO|STARTTLS|AUTH|VRFY|ETRN|HELP) from {client}$
  outcome timed-out
  yes     timeout after CONNECT from unknown[192.0.2.7]
  client  192.0.2.7
  yes     NOQUEUE: timeout after AUTH from unknown[2001:db8::7]:49152
  client  2001:db8::7
  no      timeout after END-OF-MESSAGE from b.example[192.0.2.7]
  no      timeout after DATA (1234 bytes) from b.example[192.0.2.7]

# smtpd_forbid_bare_newline. In its first form it ended the session as a timeout does.
signature bare-newline-ended
  pattern ^bare <LF> received after {stage}(?: \([0-9]+ bytes\))? from {client}$
  outcome protocol-abuse
  yes     bare <LF> received after DATA (1234 bytes) from unknown[192.0.2.7]
  client  192.0.2.7
  yes     bare <LF> received after EHLO from unknown[192.0.2.7]

# Handshakes fail for reasons of age and certificates, too.
signature tls-failed
  pattern ^SSL_accept error from {client}:\x20
  outcome other
  yes     SSL_accept error from unknown[192.0.2.7]: -1
  client  192.0.2.7
  yes     SSL_accept error from unknown[192.0.2.7]:49152: Connection timed out
  client  192.0.2.7

# Refusals. reject_rbl_client and reject_maps_rbl: the address that is listed has to be the
# client's. Old versions do not have the words "Client host". maps_rbl_reject_code and
# soft_bounce make a 4xx of it.
signature listed
  literal blocked using
  pattern {refused}Service unavailable; (?:Client host )?\[\k<addr>\] blocked using\x20
  outcome listed
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example; Listed, see http://bl.example/; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: CONNECT from b.example[2001:db8::7]:49152: 454 4.7.1 Service unavailable; Client host [2001:db8::7] blocked using bl.example; proto=SMTP
  client  2001:db8::7
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 Service unavailable; [192.0.2.7] blocked using bl.example, reason: x; from=<> to=<c@d.example>
  client  192.0.2.7
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Client host [b.example] blocked using dbl.example; from=<> to=<c@d.example> proto=SMTP
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Helo command [192.0.2.7] blocked using dbl.example; from=<> to=<c@d.example> proto=SMTP
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example>: Recipient address rejected: User unknown; from=<>
  no      NOQUEUE: reject_warning: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example; from=<>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Client host [192.0.2.70] blocked using bl.example; from=<>

# DSN 5.1.x is about the address, whatever the words. Old versions have the words alone.
signature unknown-recipient
  literal : Recipient address rejected:
  pattern ^{queueid}: reject: {stage} from {client}: {reply}(?: 5\.1\.(?:1|2|6|10) {quoted}: Recipient address rejected: |(?: 5\.[0-9]{1,3}\.[0-9]{1,3})? {quoted}: Recipient address rejected: (?:User unknown|undeliverable address:))
  reply   5xx
  outcome unknown-recipient
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <c@d.example>: Recipient address rejected: User unknown in virtual mailbox table; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     4ZbcDe1FgHz9vKb: reject: RCPT from b.example[2001:db8::7]:49152: 550 5.1.1 <c@d.example>: Recipient address rejected: undeliverable address: unknown user: "c"; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  2001:db8::7
  yes     NOQUEUE: reject: VRFY from unknown[192.0.2.7]: 550 5.1.1 <root>: Recipient address rejected: User unknown in local recipient table; to=<root> proto=SMTP helo=<x>
  yes     2C1A3F0B9E: reject: RCPT from unknown[192.0.2.7]: 550 <c@d.example>: Recipient address rejected: User unknown in relay recipient table; from=<> to=<c@d.example>
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 556 5.1.10 <c@d.example>: Recipient address rejected: Domain d.example does not accept mail (nullMX); from=<> to=<c@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.1 <c@d.example>: Recipient address rejected: unverified address: Address verification in progress; from=<> to=<c@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject_warning: RCPT from unknown[192.0.2.7]: 550 5.1.1 <c@d.example>: Recipient address rejected: User unknown in virtual mailbox table; from=<> to=<c@d.example>

# unknown_local_recipient_reject_code and its like are 450 where somebody has been careful,
# and unverified_recipient_reject_code is unless changed.
signature unknown-recipient-soft
  literal : Recipient address rejected:
  pattern {refused}{quoted}: Recipient address rejected: (?:User unknown(?: in [a-z ]{1,40} table)?|undeliverable address: [^<>;]{0,150}){tail}
  reply   4xx
  outcome unknown-recipient
  score   10
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.1 <c@d.example>: Recipient address rejected: User unknown in local recipient table; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.1 <c@d.example>: Recipient address rejected: undeliverable address: User unknown in virtual alias table; from=<> to=<c@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <a>: Recipient address rejected: User unknown; from=<b> to=<c> proto=SMTP helo=<d@d.example>: Recipient address rejected: Greylisted; from=<> to=<a>: Recipient address rejected: User unknown; from=<b> to=<c> proto=SMTP helo=<d@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <c@d.example>: Recipient address rejected: Greylisted; from=<> to=<c@d.example> proto=ESMTP helo=<User unknown>

# A name server that does not answer leads to the same words, and a mail program of our own
# users to the same line each time it tries.
signature unknown-domain-soft
  literal : Recipient address rejected: Domain not found
  pattern {refused}{quoted}: Recipient address rejected: Domain not found{tail}
  reply   4xx
  outcome unknown-recipient
  score   5
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.2 <c@d.invalid>: Recipient address rejected: Domain not found; from=<a@b.example> to=<c@d.invalid> proto=ESMTP helo=<x>
  client  192.0.2.7
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <c@d.example>: Recipient address rejected: Greylisted; from=<": Recipient address rejected: Domain not found"@b.example> to=<c@d.example> proto=ESMTP helo=<x>

signature relay-denied
  literal Relay access denied
  pattern {refused}{quoted}: (?:Recipient address rejected: )?Relay access denied
  reply   5xx
  outcome relay-denied
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <c@elsewhere.example>: Relay access denied; from=<a@b.example> to=<c@elsewhere.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 <c@elsewhere.example>: Recipient address rejected: Relay access denied; from=<> to=<c@elsewhere.example>

# defer_unauth_destination: what a Postfix says that has smtpd_relay_restrictions as shipped.
signature relay-denied-soft
  literal Relay access denied
  pattern {refused}{quoted}: (?:Recipient address rejected: )?Relay access denied{tail}
  reply   4xx
  outcome relay-denied
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 454 4.7.1 <c@elsewhere.example>: Relay access denied; from=<a@b.example> to=<c@elsewhere.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: VRFY from unknown[192.0.2.7]: 454 4.7.1 <c@elsewhere.example>: Relay access denied; to=<c@elsewhere.example> proto=SMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <a>: Relay access denied; from=<>@d.example>: Recipient address rejected: Greylisted; from=<> to=<"a>: Relay access denied; from=<>"@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <c@d.example>: Recipient address rejected: Greylisted; from=<"Relay access denied"@b.example> to=<c@d.example> proto=ESMTP helo=<x>

# A domain that does not exist, one that is listed, an address that bounced, one that belongs
# to another user, or what the administrator has in a table.
signature sender-refused
  literal Sender address
  pattern {refused}(?:{quoted}: Sender address rejected: |Service unavailable; Sender address \[)
  reply   5xx
  outcome sender-refused
  yes     NOQUEUE: reject: MAIL from unknown[192.0.2.7]: 550 5.1.8 <a@b.invalid>: Sender address rejected: Domain not found; from=<a@b.invalid> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 504 5.5.2 <root>: Sender address rejected: need fully-qualified address; from=<root> to=<c@d.example> proto=SMTP helo=<x>
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 553 5.7.1 <a@b.example>: Sender address rejected: not owned by user anna; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 553 5.7.1 <a@b.example>: Sender address rejected: not logged in; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Sender address [a@b.example] blocked using dbl.example; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>

# unknown_address_reject_code and unverified_sender_reject_code are 450 unless changed. A name
# server that does not answer leads to the same words, hence half the score.
signature sender-refused-soft
  literal : Sender address rejected:
  pattern {refused}{quoted}: Sender address rejected: (?:Domain not found|Malformed DNS server reply|need fully-qualified address|User unknown(?: in [a-z ]{1,40} table)?|undeliverable address: [^<>;]{0,150}){tail}
  reply   4xx
  outcome sender-refused
  score   10
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.8 <a@b.invalid>: Sender address rejected: Domain not found; from=<a@b.invalid> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.7 <a@b.example>: Sender address rejected: unverified address: connect to b.example[198.51.100.9]:25: Connection timed out; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <c@d.example>: Recipient address rejected: Greylisted; from=<": Sender address rejected: Domain not found;"@b.example> to=<c@d.example> proto=ESMTP helo=<x>

# The address in brackets is a second time the client's; it is left alone.
signature no-reverse-name
  literal Client host rejected: cannot
  pattern {refused}Client host rejected: cannot find your (?:reverse )?hostname
  reply   5xx
  outcome policy-refused
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7

# unknown_client_reject_code is 450 unless changed.
signature no-reverse-name-soft
  literal Client host rejected: cannot
  pattern {refused}Client host rejected: cannot find your (?:reverse )?hostname
  reply   4xx
  outcome policy-refused
  score   10
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.7]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: CONNECT from unknown[192.0.2.7]: 450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]; proto=SMTP
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <Client host rejected: cannot find your hostname@d.example>: Recipient address rejected: Greylisted; from=<>

# unknown_hostname_reject_code is 450 unless changed. Other refusals of HELO are 5xx.
signature helo-refused-soft
  literal : Helo command rejected:
  pattern {refused}{quoted}: Helo command rejected: (?:Host not found|Malformed DNS server reply|need fully-qualified hostname|Invalid name|invalid ip address){tail}
  reply   4xx
  outcome policy-refused
  score   10
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.7.1 <x.invalid>: Helo command rejected: Host not found; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x.invalid>
  client  192.0.2.7
  no      NOQUEUE: reject: EHLO from unknown[192.0.2.7]: 450 4.7.1 <x>: Helo command rejected: Host not found; proto=SMTP helo=<y>: Helo command rejected: Try again later; proto=SMTP helo=<x>: Helo command rejected: Host not found; proto=SMTP helo=<y>

signature pipelining-refused
  literal Improper use of SMTP command pipelining
  pattern {refused}{quoted}: [A-Z][A-Za-z -]{1,30} rejected: Improper use of SMTP command pipelining
  reply   5xx
  outcome protocol-abuse
  yes     NOQUEUE: reject: DATA from unknown[192.0.2.7]: 503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining; from=<a@b.example> to=<c@d.example> proto=SMTP helo=<x>
  client  192.0.2.7

# In its later form it is a refusal without a code, at END-OF-MESSAGE for one within a message.
signature bare-newline
  literal : bare <LF> received;
  pattern ^{queueid}: reject: {stage} from {client}: bare <LF> received;
  outcome protocol-abuse
  yes     NOQUEUE: reject: EHLO from unknown[192.0.2.7]: bare <LF> received; proto=SMTP
  client  192.0.2.7
  yes     4ZbcDe1FgHz9vKb: reject: END-OF-MESSAGE from unknown[192.0.2.7]:49152: bare <LF> received; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7

# Sizes: a lawful sender meets them.
signature message-too-big
  literal Message size exceeds
  pattern {refused}Message size exceeds\x20
  outcome other
  yes     NOQUEUE: reject: MAIL from b.example[192.0.2.7]: 552 5.3.4 Message size exceeds fixed limit; proto=ESMTP helo=<b.example>
  client  192.0.2.7
  no      NOQUEUE: reject: RCPT from b.example[192.0.2.7]: 550 5.7.1 <Message size exceeds @d.example>: Recipient address rejected: No; from=<>

# What is left: tables of the administrator, policy servers (SPF), HELO, names and HELO in lists of
# domains, recipients that nobody may write to.
signature refused
  literal : reject:
  pattern {refused}
  reply   5xx
  outcome policy-refused
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: EHLO from unknown[192.0.2.7]: 504 5.5.2 <User>: Helo command rejected: need fully-qualified hostname; proto=SMTP helo=<User>
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.7.23 <c@d.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see http://spf.example/Why?ip=198.51.100.9; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <c@d.example>: Recipient address rejected: Access denied; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<from a[198.51.100.9]: 554>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from b.example[2001:db8::7]:49152: 554 5.7.1 Service unavailable; Client host [b.example] blocked using dbl.example; from=<> to=<c@d.example> proto=ESMTP helo=<x>
  client  2001:db8::7
  yes     NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.7.1 <a>: Recipient address rejected: x; from=<b> to=<@d.example>: Recipient address rejected: No; from=<"a[198.51.100.9]: 450"@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  no      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <c@d.example>: Recipient address rejected: 554 5.7.1 later; from=<> to=<c@d.example> proto=ESMTP helo=<x>
  no      NOQUEUE: reject: RCPT from unknown[unknown]: 554 5.7.1 <c@d.example>: Relay access denied; from=<a[198.51.100.9]: 554 > to=<c@d.example> proto=SMTP
  no      4ZbcDe1FgHz9vKb: discard: RCPT from unknown[192.0.2.7]: <a@b.example>: Sender address triggers DISCARD action; from=<a@b.example> to=<x: reject: RCPT from a[198.51.100.9]: 554 5.7.1 @d.example> proto=SMTP

# Greylisting, trouble with tables and name servers, a full disk.
signature deferred
  literal : reject:
  pattern {refused}
  reply   4xx
  outcome other
  yes     NOQUEUE: reject: RCPT from b.example[192.0.2.7]: 451 4.3.0 <c@d.example>: Temporary lookup failure; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<b.example>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from b.example[192.0.2.7]: 450 4.2.0 <c@d.example>: Recipient address rejected: Greylisted, see http://postgrey.example/; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<b.example>

# The text is the filter's, and what it quotes is the client's.
signature milter-refused
  literal : milter-reject:
  pattern ^{queueid}: milter-reject: {stage} from {client}: {reply}(?: |$)
  reply   5xx
  outcome policy-refused
  yes     NOQUEUE: milter-reject: RCPT from unknown[192.0.2.7]: 550 5.7.1 Command rejected; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: milter-reject: EHLO from unknown[2001:db8::7]:49152: 554 5.7.1 Go away, from a[198.51.100.9]: x; proto=SMTP helo=<from a[198.51.100.9]: 550 y>
  client  2001:db8::7
  no      NOQUEUE: milter-reject: RCPT from unknown[192.0.2.7]: 451 4.7.1 Greylisting in action, please come back later; from=<> to=<c@d.example> proto=ESMTP helo=<550 x>

signature milter-deferred
  literal : milter-reject:
  pattern ^{queueid}: milter-reject: {stage} from {client}: {reply}(?: |$)
  reply   4xx
  outcome other
  yes     NOQUEUE: milter-reject: RCPT from unknown[192.0.2.7]: 451 4.7.1 Service unavailable - try again later; from=<> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7

service postfix-postscreen
  server postfix
  tag    postfix/postscreen postfix/smtp/postscreen postfix/smtpd/postscreen postfix/25/postscreen postfix/haproxy/postscreen
  tag    postfix-in/postscreen postfix-incoming/postscreen postfix-inbound/postscreen postfix-mx/postscreen postfix-mta/postscreen postfix-external/postscreen

# The server's own address follows in newer versions.
signature connected
  pattern ^CONNECT from {peer}(?: to \[[0-9A-Fa-f:.]{2,45}\]:[0-9]{1,5})?$
  outcome connected
  yes     CONNECT from [192.0.2.7]:49152 to [203.0.113.1]:25
  client  192.0.2.7
  yes     CONNECT from [2001:db8::7]:49152
  client  2001:db8::7

# Passing these tests is no merit: a program that guesses passwords passes them as well.
signature passed
  pattern ^PASS (?:NEW|OLD) {peer}$
  outcome other
  yes     PASS NEW [192.0.2.7]:49152
  client  192.0.2.7
  yes     PASS OLD [2001:db8::7]:49152
  client  2001:db8::7

signature disconnected
  pattern ^DISCONNECT {peer}$
  outcome other
  yes     DISCONNECT [192.0.2.7]:49152
  client  192.0.2.7

# The sum of the lists' weights has reached postscreen_dnsbl_threshold. It is logged also
# where postscreen_dnsbl_action is "ignore", so a first time alone does not ban. Where it is
# "enforce", the refusal at RCPT is logged as well.
signature dnsbl-rank
  pattern ^DNSBL rank [0-9]{1,9} for {peer}$
  outcome listed
  score   50
  yes     DNSBL rank 3 for [192.0.2.7]:49152
  client  192.0.2.7

signature listed
  literal blocked using
  pattern ^NOQUEUE: reject: RCPT from {peer}: {reply} [45]\.7\.1 Service unavailable; client \[\k<addr>\] blocked using\x20
  outcome listed
  yes     NOQUEUE: reject: RCPT from [192.0.2.7]:49152: 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using bl.example; from=<a@b.example>, to=<c@d.example>, proto=ESMTP, helo=<x>
  client  192.0.2.7
  yes     NOQUEUE: reject: RCPT from [2001:db8::7]:49152: 450 4.7.1 Service unavailable; client [2001:db8::7] blocked using bl.example; from=<>, to=<c@d.example>, proto=SMTP, helo=<>
  client  2001:db8::7
  no      NOQUEUE: reject: RCPT from [192.0.2.7]:49152: 450 4.3.2 Service currently unavailable; from=<550 5.7.1 Service unavailable; client [192.0.2.7] blocked using x>, to=<c@d.example>, proto=ESMTP, helo=<x>

# What was said before the greeting stands at the end.
signature pregreet
  pattern ^PREGREET [0-9]{1,9} after [0-9.]{1,12} from {peer}:\x20
  outcome protocol-abuse
  yes     PREGREET 14 after 0.08 from [192.0.2.7]:49152: EHLO ylmf-pc\r\n
  client  192.0.2.7
  yes     PREGREET 47 after 0 from [2001:db8::7]:49152: \003\000\000/*\340 from [198.51.100.9]:25: x
  client  2001:db8::7

signature protocol-error
  pattern ^NOQUEUE: reject: RCPT from {peer}: {reply} [45]\.5\.1 Protocol error;
  outcome protocol-abuse
  yes     NOQUEUE: reject: RCPT from [192.0.2.7]:49152: 550 5.5.1 Protocol error; from=<a@b.example>, to=<c@d.example>, proto=SMTP, helo=<x>
  client  192.0.2.7

signature refused
  pattern ^NOQUEUE: reject: RCPT from {peer}: {reply}(?: |$)
  reply   5xx
  outcome policy-refused
  yes     NOQUEUE: reject: RCPT from [192.0.2.7]:49152: 550 5.3.2 Service currently unavailable; from=<a@b.example>, to=<c@d.example>, proto=ESMTP, helo=<x>
  client  192.0.2.7
  no      NOQUEUE: reject: RCPT from [192.0.2.7]:49152: 450 4.3.2 Service currently unavailable; from=<a@b.example>, to=<from [198.51.100.9]:1: 550 >, proto=ESMTP, helo=<x>

# Tests after the greeting end like this for everybody who passes them for the first time.
signature try-again
  pattern ^NOQUEUE: reject: RCPT from {peer}: {reply}(?: |$)
  reply   4xx
  outcome other
  yes     NOQUEUE: reject: RCPT from [192.0.2.7]:49152: 450 4.3.2 Service currently unavailable; from=<a@b.example>, to=<c@d.example>, proto=ESMTP, helo=<x>
  client  192.0.2.7

signature too-many-connections
  pattern ^NOQUEUE: reject: CONNECT from {peer}: too many connections$
  outcome at-limit
  yes     NOQUEUE: reject: CONNECT from [192.0.2.7]:49152: too many connections
  client  192.0.2.7

signature server-full
  pattern ^NOQUEUE: reject: CONNECT from \[[0-9A-Fa-f:.]{2,45}\]:[0-9]{1,5}: all (?:server|screening) ports busy$
  outcome server-full
  yes     NOQUEUE: reject: CONNECT from [192.0.2.7]:49152: all server ports busy

signature screening-full
  pattern ^reject: connect from \[[0-9A-Fa-f:.]{2,45}\]:[0-9]{1,5}: all (?:server|screening) ports busy$
  outcome server-full
  yes     reject: connect from [192.0.2.7]:49152: all screening ports busy

# postscreen_access_list. BLACKLISTED before Postfix 3.6, and after it unless
# respectful_logging is set.
signature denylisted
  pattern ^(?:DENY|BLACK)LISTED {peer}$
  outcome policy-refused
  yes     DENYLISTED [192.0.2.7]:49152
  client  192.0.2.7
  yes     BLACKLISTED [2001:db8::7]:49152
  client  2001:db8::7

# A veto is for those that come to the address of the second MX first, or when the first
# does not answer.
signature allowlisted
  pattern ^(?:ALLOW|WHITE)LIST(?:ED| VETO) {peer}$
  outcome other
  yes     ALLOWLISTED [192.0.2.7]:49152
  client  192.0.2.7
  yes     WHITELIST VETO [192.0.2.7]:49152

# The word after the second "after" is the client's, and so is the rest.
signature pipelining
  pattern ^COMMAND PIPELINING from {peer} after\x20
  outcome protocol-abuse
  yes     COMMAND PIPELINING from [192.0.2.7]:49152 after HELO: MAIL FROM:<a@b.example>\r\n
  client  192.0.2.7

signature not-smtp
  pattern ^NON-SMTP COMMAND from {peer} after\x20
  outcome protocol-abuse
  yes     NON-SMTP COMMAND from [192.0.2.7]:49152 after CONNECT: GET / HTTP/1.1
  client  192.0.2.7

signature bare-newline
  pattern ^BARE NEWLINE from {peer} after\x20
  outcome protocol-abuse
  yes     BARE NEWLINE from [192.0.2.7]:49152 after HELO x from [198.51.100.9]:1
  client  192.0.2.7

signature endless-command
  pattern ^COMMAND LENGTH LIMIT from {peer} after\x20
  outcome protocol-abuse
  yes     COMMAND LENGTH LIMIT from [192.0.2.7]:49152 after CONNECT
  client  192.0.2.7

signature too-many-commands
  pattern ^COMMAND COUNT LIMIT from {peer} after\x20
  outcome at-limit
  yes     COMMAND COUNT LIMIT from [192.0.2.7]:49152 after RSET
  client  192.0.2.7

signature idle
  pattern ^COMMAND TIME LIMIT from {peer} after\x20
  outcome timed-out
  yes     COMMAND TIME LIMIT from [192.0.2.7]:49152 after CONNECT
  client  192.0.2.7

# Every RCPT has been refused, and PIPELINING was not announced.
signature data-all-the-same
  pattern ^DATA without valid RCPT from {peer}$
  outcome protocol-abuse
  yes     DATA without valid RCPT from [192.0.2.7]:49152
  client  192.0.2.7

signature bdat-all-the-same
  pattern ^BDAT without valid RCPT from {peer}$
  outcome protocol-abuse
  yes     BDAT without valid RCPT from [192.0.2.7]:49152
  client  192.0.2.7

# Gone without QUIT, after a dialogue that only those have who failed a test or are being
# tested. Mail servers that keep connections do so now and then, and stay far below a ban.
signature hung-up
  pattern ^HANGUP after [0-9.]{1,12} from {peer} in tests after SMTP handshake$
  outcome protocol-abuse
  score   5
  yes     HANGUP after 0.07 from [192.0.2.7]:49152 in tests after SMTP handshake
  client  192.0.2.7
  no      HANGUP after 0.07 from [192.0.2.7]:49152 in tests before SMTP handshake

# One line for each list that has the client, lists of the good among them: DNSBL rank tells
# what it comes to.
service postfix-dnsblog
  server postfix
  tag    postfix/dnsblog postfix-in/dnsblog postfix-incoming/dnsblog postfix-inbound/dnsblog postfix-mx/dnsblog postfix-mta/dnsblog postfix-external/dnsblog

signature in-a-list
  pattern ^addr {addr} listed by domain\x20
  outcome other
  yes     addr 192.0.2.7 listed by domain list.bl.example as 127.0.0.2
  client  192.0.2.7

# TLS for postscreen's clients, which it has counted itself.
service postfix-tlsproxy
  server postfix
  tag    postfix/tlsproxy postfix-in/tlsproxy postfix-incoming/tlsproxy postfix-inbound/tlsproxy postfix-mx/tlsproxy postfix-mta/tlsproxy postfix-external/tlsproxy

signature tls-failed
  pattern ^SSL_accept error from {peer}:\x20
  outcome other
  yes     SSL_accept error from [192.0.2.7]:49152: lost connection
  client  192.0.2.7

service postfix-cleanup
  server postfix
  tag    postfix/cleanup postfix/smtp/cleanup postfix/smtpd/cleanup postfix/submission/cleanup postfix/submissions/cleanup postfix/smtps/cleanup
  tag    postfix/sender-cleanup/cleanup postfix/postscreen/cleanup
  tag    postfix-in/cleanup postfix-out/cleanup postfix-incoming/cleanup postfix-inbound/cleanup postfix-mx/cleanup postfix-mta/cleanup postfix-external/cleanup postfix-relay/cleanup
  tag    postfix-outgoing/cleanup postfix-outbound/cleanup postfix-msa/cleanup postfix-submission/cleanup

# A filter at the end of a message. There is no code, but the DSN tells which it was. Mail of
# the sendmail command has localhost's address.
signature milter-refused
  literal : milter-reject:
  pattern ^(?<id>{queueid}): milter-reject: {stage} from {client}: (?:5[0-9]{2} )?5\.[0-9]
  outcome policy-refused
  forget
  yes     4ZbcDe1FgHz9vKb: milter-reject: END-OF-MESSAGE from b.example[192.0.2.7]: 5.7.1 Spam message rejected; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>
  client  192.0.2.7
  no      4ZbcDe1FgHz9vKb: milter-reject: END-OF-MESSAGE from b.example[192.0.2.7]: 4.7.1 Try again later; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<5.7.1>

# header_checks and body_checks with REJECT. Up to 200 bytes of the header or line come before
# the client, which is NAME[ADDR], a name alone when a proxy told no address, "unknown" or
# "local"; sender and recipient come behind it. What is taken for the client is the first such
# thing in the line. Were it in the header, the true one would have to follow: not within
# from=<> and to=<>, because it has a '<' right behind it, and not after them either.
signature content-refused
  literal : reject:
  pattern ^{queueid}: reject: (?:header|mime-header|nested-header|body|content) (?:(?! from [^ ;]+;).){0,260}+ from {client}; from=<[^<>]{0,2100}>(?: to=<[^<>]{0,2100}>)? proto=[A-Z]{1,10} helo=<[^<> ]{0,300}>: 5\.[0-9](?:(?! from [^ ;]+;).){0,300}+$
  outcome policy-refused
  yes     4ZbcDe1FgHz9vKb: reject: header Subject: Cheap watches from b.example[192.0.2.7]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<b.example>: 5.7.1 message content rejected
  client  192.0.2.7
  yes     4ZbcDe1FgHz9vKb: reject: header Received: from x.example (y.example [198.51.100.9])??by z.example; Mon, 27 Jul 2026 15:05:01 from b.example[192.0.2.7]:49152; from=<> to=<c@d.example> proto=ESMTP helo=<b.example>: 5.7.1 No
  client  192.0.2.7
  no      4ZbcDe1FgHz9vKb: reject: header Subject: x from a[198.51.100.9]; from=<a> to=<b> proto=ESMTP helo=<h>: 5.7.1 y from b.example[192.0.2.7]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<b.example>: 5.7.1 message content rejected
  no      4ZbcDe1FgHz9vKb: reject: header Subject: x from a[198.51.100.9]; from=<a> to=<b> proto=ESMTP helo=<h>: 5.7.1 y from local; from=<a@b.example> to=<c@d.example>: 5.7.1 message content rejected
  yes     4ZbcDe1FgHz9vKb: reject: header Subject: Cheap watches from b.example[192.0.2.7]; from=<" from a[198.51.100.9]; "@b.example> to=<c@d.example> proto=ESMTP helo=<b.example>: 5.7.1 message content rejected
  client  192.0.2.7
  no      4ZbcDe1FgHz9vKb: reject: header Subject: Cheap watches from b.example[192.0.2.7]; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<b.example>: 4.7.1 later

# qmgr has a message for the first time, so nothing has refused it any more.
service postfix-qmgr
  server postfix
  tag    postfix/qmgr postfix-in/qmgr postfix-out/qmgr postfix-incoming/qmgr postfix-inbound/qmgr postfix-mx/qmgr postfix-mta/qmgr postfix-external/qmgr postfix-relay/qmgr
  tag    postfix-outgoing/qmgr postfix-outbound/qmgr postfix-msa/qmgr postfix-submission/qmgr

signature accepted
  literal (queue active)
  pattern ^(?<id>{queueid}): from=<.{0,600}>, size=[0-9]+, nrcpt=[0-9]+ \(queue active\)$
  outcome accepted
  recall
  forget
  yes     4ZbcDe1FgHz9vKb: from=<a@b.example>, size=2798, nrcpt=1 (queue active)
  after   4ZbcDe1FgHz9vKb: from=<a@b.example>, size=2798, nrcpt=1 (queue active)
  yes     4ZbcDe1FgHz9vKb: from=<>, size=1, nrcpt=2 (queue active)

service postfix-master
  server postfix
  tag    postfix/master postfix-in/master postfix-out/master postfix-incoming/master postfix-inbound/master postfix-mx/master postfix-mta/master postfix-external/master postfix-relay/master
  tag    postfix-outgoing/master postfix-outbound/master postfix-msa/master postfix-submission/master

signature server-full
  pattern ^warning: service "[^"]{1,100}" \([^()]{1,100}\) has reached its process limit "[0-9]+":
  outcome server-full
  yes     warning: service "smtp" (25) has reached its process limit "100": new clients may experience noticeable delays

# Greylisting says no for now. The client comes before the sender.
service postgrey
  server postfix
  tag    postgrey

signature greylisted
  literal action=greylist
  pattern ^(?:{queueid}: )?action=greylist, [^=]{1,20}=[^=]{1,80}, client_name={name}, client_address={addr}(?:/[0-9]{1,3})?, sender=
  outcome other
  yes     action=greylist, reason=new, client_name=b.example, client_address=192.0.2.7, sender=a@b.example, recipient=c@d.example
  client  192.0.2.7

# A content filter in front of the queue. The first address with a port is that of the client,
# told by XFORWARD or the milter protocol; the one behind it, from the Received fields, is not
# trustworthy. Names of files and viruses stand in parentheses before the address and are
# passed over.
service amavis
  server postfix
  tag    amavis amavisd amavisd-new

signature refused
  literal {Rejected
  pattern ^\([0-9A-Za-z-]{1,40}\) Blocked (?:SPAM|SPAMMY|BAD-HEADER(?:-[0-9])?|UNCHECKED(?:-ENCRYPTED)?|OVERSIZED|OTHER) \{Rejected[A-Za-z,]{1,200}\}, (?:[A-Z][A-Za-z0-9_/-]{0,80} ){0,3}\[{addr}\]:{port}\x20
  outcome policy-refused
  yes     (12345-01) Blocked SPAM {RejectedInbound,Quarantined}, [192.0.2.7]:49152 [198.51.100.9] <a@b.example> -> <c@d.example>, Message-ID: <x@b.example>, mail_id: x, Hits: 31.5, size: 2798, 731 ms
  client  192.0.2.7
  no      (12345-01) Blocked SPAM {DiscardedInbound,Quarantined}, [192.0.2.7]:49152 <a@b.example> -> <c@d.example>
  no      (12345-01) Blocked BANNED (x.exe) {RejectedInbound}, [198.51.100.9]:1 <a>) {RejectedInbound}, [192.0.2.7]:49152 <a@b.example> -> <c@d.example>
  no      (12345-01) Blocked SPAM {RejectedInbound}, [198.51.100.9] <a@b.example> -> <[198.51.100.9]:1 @d.example>

# SPDX-License-Identifier: Apache-2.0
#
# Courier: SMTP, IMAP, POP3 and webmail. The language is in wavebreak-signatures(5).
#
# Written from what the log statements of Courier 0.4x to 1.3 can produce (courieresmtpd,
# submit, couriertcpd, imaplogin, pop3login, sqwebmaild), not from samples.
#
# Which part of a line the server itself wrote:
# - relay=ADDR,port=PORT is the first thing in a line about a refusal. The port is missing
#   before Courier 0.72.
# - from=<> and to=<>: inside, each '<', '>' and ':' has become a blank, and what is longer
#   than 128 bytes ends in "..." with no '>'. So the first ':' after from= is the server's,
#   and the reply code stands right behind it. Everything after the code may quote the client.
# - msg="CODE TEXT" is the server's as long as no ident="..." stands before it, which holds
#   whatever the client's own ident service said. After cmd: all is the client's.
# - user= and method= of a failed login are the client's. ip= and port= come after them, so
#   they count only at the very end of the line.
#
# With ESMTP_LOG_DIALOG=1 Courier writes each command of a client into the log as a line of
# its own, which can read like any line here. Do not combine the two.

define relay  ^error,relay={addr}(?:,port={port})?
# Atomic: once the path's end is found, no other one is tried. The second half is for a path
# with a quoted part as it was sent.
define path   (?><[^<>:]*(?:>|\.\.\.)|<(?:[^<>:"\\]|\\.|"(?:[^"\\]|\\.)*")*>)
define ident  (?:,ident=[^,:]*)?
# A reply of several lines is logged line by line; all but the last have a '-' after the
# code, so one reply counts once.
define mail   {relay}{ident},from={path}: {reply}(?: |$)
define rcpt   {relay}{ident},from={path},to={path}: {reply}(?: (?!Unknown user\.$|Undeliverable address\.$)|$)
define said   {relay}(?:,ident="[^"]*")?,msg="

service courier-smtp
  server courier
  tag    courieresmtpd courieresmtpd-msa courieresmtpd-ssl esmtpd esmtpd-msa esmtpd-ssl couriertcpd

# What a client is told at RCPT when BLOCK is set, by -block= or in smtpaccess: the text of
# BLOCK, with 511 where the text itself begins with no code. No other refusal of a recipient
# has 511 but the two of unknown-user.
signature dnsbl-reject
  pattern {rcpt}
  reply   511
  outcome listed
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 Listed, see http://bl.example/
  client  192.0.2.7
  yes     error,relay=2001:db8::7,port=4711,from=<>,to=<c@d.example>: 511 Blacklisted by bl.example
  client  2001:db8::7
  yes     error,relay=::ffff:192.0.2.7,port=4711,ident=root,from=<a b, c>,to=<c@d.example>: 511 relay=198.51.100.1
  client  192.0.2.7
  yes     error,relay=192.0.2.7,from=<aaaaaaaaaaaaaaaa...,to=<bbbbbbbbbbbbb...: 511 Listed
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511-Listed, and more follows
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<": 511 relay=::ffff:198.51.100.1"@b.example>,to=<c@d.example>: 550 User unknown.
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<"x   511 y"@d.example>: 550 User <x>: 511 y> unknown
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<511@d.example>: 550 User <511> unknown
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 Unknown user.
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 511 Headers specify no receipients.

signature unknown-recipient
  pattern {rcpt}
  reply   550, 551, 553
  outcome unknown-recipient
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User <c> unknown
  client  192.0.2.7
  yes     error,relay=::ffff:192.0.2.7,from=<>,to=<>: 550 User unknown.
  yes     error,relay=::ffff:192.0.2.7,port=1,from=<"error,relay=198.51.100.1,from= "@b.example>,to=<c@d.example>: 550 User unknown.
  client  192.0.2.7
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<": 511 relay=::ffff:198.51.100.1"@b.example>,to=<c@d.example>: 550 User unknown.
  client  192.0.2.7
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 550 No.

signature relay-denied
  literal Relaying denied
  pattern {rcpt}
  reply   513
  outcome relay-denied
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@elsewhere.example>: 513 Relaying denied.
  client  192.0.2.7

signature recipient-syntax
  pattern {rcpt}
  reply   500-504, 513
  outcome protocol-abuse
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<a b c@>: 513 Syntax error.
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<@>: 500 Invalid address

signature too-many-recipients
  pattern {rcpt}
  reply   531
  outcome at-limit
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 531 Too many recipients.

# Sizes, quotas, and an address that bounced before (556): a lawful sender meets them.
signature recipient-unavailable
  pattern {rcpt}
  reply   523, 534, 546, 552, 556
  outcome other
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 556 Address unavailable.

# Recipient filters answer with codes of their own.
signature recipient-refused
  pattern {rcpt}
  reply   5xx
  outcome policy-refused
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 571 Delivery not authorized, message refused.
  client  192.0.2.7
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 451 Greylisted, 550 later
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 431 Too many recipients.
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 432 Service temporarily unavailable.

signature unknown-user
  literal : 511 Un
  pattern {relay}{ident},from={path},to={path}: (?<reply>511) (?:Unknown user|Undeliverable address)\.$
  outcome unknown-recipient
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 Unknown user.
  client  192.0.2.7

# Refused after MAIL: bad syntax, a domain that does not exist, SPF, a HELO that is not the
# client's name, badfrom and badmx of the administrator.
signature sender-refused
  pattern {mail}
  reply   517
  outcome sender-refused
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@nowhere.example>: 517 Invalid domain, see <URL:https://www.ietf.org/rfc/rfc1035.txt>
  client  192.0.2.7
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<"a   511 b"@c.example>: 517 Syntax error.
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 517 SPF fail a@b.example: Address does not pass
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@nowhere.example>: 517-Domain does not exist: nowhere.example.
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 417 DNS lookup failure: b.example.  Try again later.

signature message-too-big
  pattern {mail}
  reply   523, 534, 546, 552
  outcome other
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 534 Message header size exceeds policy limit.

# Refused after DATA, mostly by a filter.
signature message-refused
  pattern {mail}
  reply   5xx
  outcome policy-refused
  yes     error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 550 Contains a virus
  client  192.0.2.7
  no      error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>: 450 Try again 550

signature auth-failure
  pattern {said}(?<reply>535) Authentication (?:failed\.|rejected)",cmd:
  outcome auth-failure
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="535 Authentication failed.",cmd: AUTH LOGIN anna
  client  192.0.2.7
  yes     error,relay=::ffff:192.0.2.7,msg="535 Authentication failed.",cmd: YWRvYmVhZG9iZQ==
  yes     error,relay=::ffff:192.0.2.7,port=4711,ident="root",msg="535 Authentication failed.",cmd: AUTH LOGIN
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="535 Authentication failed.",cmd: AUTH LOGIN x,relay=::ffff:198.51.100.1,port=4: 511 y
  client  192.0.2.7
  no      error,relay=::ffff:192.0.2.7,port=4711,msg="502 ESMTP command error",cmd: ",msg="535 Authentication failed.",cmd: AUTH LOGIN

# A client that pipelines (RFC 2920) has sent RCPT and DATA before it can know that MAIL was
# refused, perhaps only for now. That refusal has its own line.
signature pipelined-after-refusal
  pattern {said}(?<reply>502) ESMTP command error",cmd: (?:RCPT TO|DATA$)
  outcome other
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="502 ESMTP command error",cmd: RCPT TO:<c@d.example>
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="502 ESMTP command error",cmd: DATA
  no      error,relay=::ffff:192.0.2.7,port=4711,msg="502 ESMTP command error",cmd: GET / HTTP/1.1

signature bad-command
  pattern {said}{reply}\b
  reply   500-504, 554
  outcome protocol-abuse
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="502 ESMTP command error",cmd: GET / HTTP/1.1
  client  192.0.2.7
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="502 Polite people say HELO first",cmd: MAIL FROM:<a@b.example>
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="554 Syntax error - your mail software violates RFC 821.",cmd: MAIL FROM: a@b.example
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="502 ESMTP command error",cmd: ERROR,RELAY=::ffff:198.51.100.1,port=1,from=<x>,to=<y>: 511 Listed
  client  192.0.2.7
  no      error,relay=::ffff:192.0.2.7,port=4711,msg="writev: Broken pipe",cmd: DATA",msg="502

# Mail without a login where AUTH_REQUIRED is set.
signature auth-required
  pattern {said}{reply}\b
  reply   535
  outcome policy-refused
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="535 Authentication required.",cmd: MAIL FROM:<a@b.example>

signature listed-at-once
  pattern {said}{reply}\b
  reply   511
  outcome listed
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="511 Your host is listed.",cmd: RCPT TO:<relay=::ffff:198.51.100.1: 511 >
  client  192.0.2.7

# 534 SIZE, 540 TLS not available, 252 VRFY disabled, 4yz: nothing to hold against anybody.
signature answered
  pattern {said}{reply}\b
  outcome other
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="540 TLS not available.",cmd: STARTTLS
  yes     error,relay=::ffff:192.0.2.7,port=4711,msg="432 Service temporarily unavailable.",cmd: MAIL FROM:<a@b.example>

signature connected
  pattern ^started,ip=\[{addr}\](?:,port=\[{port}\])?$
  outcome connected
  yes     started,ip=[::ffff:192.0.2.7],port=[4711]
  client  192.0.2.7
  yes     started,ip=[2001:db8::7]
  no      started,id=0000000000A40217.000000004A6DB0C8.00001234,from=<a@b.example>,module=local,host=c,addr=<c>

signature timed-out
  pattern ^\[{addr}\]: Connection timed out$
  outcome timed-out
  yes     [::ffff:192.0.2.7]: Connection timed out
  client  192.0.2.7

# Handshakes fail for reasons of age and certificates, too.
signature tls-failed
  pattern ^courieresmtpd: STARTTLS failed: ip=\[{addr}\],
  outcome other
  yes     courieresmtpd: STARTTLS failed: ip=[::ffff:192.0.2.7], An unexpected TLS packet was received.
  client  192.0.2.7

# From here on couriertcpd, which listens for all of Courier's servers.
signature too-many-connections
  pattern ^Maximum connection limit reached for {addr}$
  outcome at-limit
  yes     Maximum connection limit reached for ::ffff:192.0.2.7
  client  192.0.2.7

signature dropped
  pattern ^dropped blocked connection from {addr}$
  outcome listed
  yes     dropped blocked connection from ::ffff:192.0.2.7
  client  192.0.2.7

signature server-full
  pattern ^[0-9]+ maximum active connections\.$
  outcome server-full
  yes     300 maximum active connections.
  no      269 active connections.

service courier-login
  server courier
  tag    imapd imapd-ssl pop3d pop3d-ssl imaplogin pop3login courierpop3login courierimaplogin
  tag    courierimapd courierpop3d sqwebmaild
# courierlogger reads 511 bytes at a time, level included, and started with -name= or -start
# it writes the rest of a longer line as a line of its own, leading blanks removed. A login
# name of some 900 bytes, most of them blanks, so becomes a whole line of the client's making:
#     imapd: LOGIN FAILED, user=AAAA...
#     imapd: LOGIN FAILED, user=x, ip=[198.51.100.1]
# Tried with Courier 1.0.16. The first of the two is 505 bytes long.
  split  500

# 300 bytes of name are more than any mailbox has; a longer name may have pushed the end of
# the line out of one of the buffers on its way here, so that the name itself ends the line.
signature auth-failure
  pattern ^LOGIN FAILED,(?: (?:user|method)=.{0,300},)? ip=\[{addr}\](?:, port=\[(?:{port}|N/A)?\])?$
  outcome auth-failure
  yes     LOGIN FAILED, user=sales@example.com, ip=[::ffff:192.0.2.7]
  client  192.0.2.7
  yes     LOGIN FAILED, method=PLAIN, ip=[2001:db8::7], port=[49200]
  client  2001:db8::7
  yes     LOGIN FAILED, user=anna, ip=[::ffff:198.51.100.1], port=[143], ip=[::ffff:192.0.2.7], port=[49200]
  client  192.0.2.7
  yes     LOGIN FAILED, ip=[::ffff:192.0.2.7]
  no      LOGIN FAILED, user=x, ip=[198.51.100.1], ip=[::ffff:192.0.2.7], and more
  no      LOGIN, user=LOGIN FAILED, user=x, ip=[192.0.2.7]

signature accepted
  pattern ^LOGIN, user=.{0,300}, ip=\[{addr}\](?:, port=\[{port}?\])?(?:, [a-z]+=[A-Za-z0-9]+)*$
  outcome accepted
  yes     LOGIN, user=anna, ip=[::ffff:192.0.2.7], port=[50122], protocol=IMAP
  client  192.0.2.7
  yes     LOGIN, user=bert, ip=[2001:db8::7]

signature connected
  pattern ^Connection, ip=\[{addr}\](?:, port=\[{port}?\])?$
  outcome connected
  yes     Connection, ip=[::ffff:192.0.2.7]
  client  192.0.2.7

signature tls-failed
  pattern ^(?:couriertls: )?ip=\[{addr}\], couriertls:
  outcome other
  yes     ip=[::ffff:192.0.2.7], couriertls: accept: error:1408F10B:SSL routines:SSL3_GET_RECORD:wrong version number
  client  192.0.2.7

signature too-many-connections
  pattern ^Maximum connection limit reached for {addr}$
  outcome at-limit
  yes     Maximum connection limit reached for ::ffff:192.0.2.7
  client  192.0.2.7

signature dropped
  pattern ^dropped blocked connection from {addr}$
  outcome listed
  yes     dropped blocked connection from ::ffff:192.0.2.7

signature server-full
  pattern ^[0-9]+ maximum active connections\.$
  outcome server-full
  yes     40 maximum active connections.

# The queue says who delivered a message. HELO comes before the address, but blanks in it
# are written as '_', and what is longer than 128 bytes ends in "...", so the last brackets
# are the server's. Lines of courieresmtp, courierlocal and the other delivering programs
# are about the mail of our own users and name hosts that did nothing to us: no signature
# may ever have their tags.
service courier-queue
  server courier
  tag    courierd

signature accepted
  pattern ^newmsg,id=[0-9A-F.]+(?:, auth=[^:]*)?: dns; [^ ]+ \((?:[^ ]+ )?\[{addr}\]\)$
  outcome accepted
  yes     newmsg,id=0000000000A40218.000000004A6DB0C9.00001235, auth=anna: dns; laptop.example (p5DE2.provider.example [::ffff:192.0.2.7])
  client  192.0.2.7
  yes     newmsg,id=00000000001100D3.000000006B04D81A.000078CF: dns; x,relay=::ffff:198.51.100.1,port=2:_511_y ([::ffff:192.0.2.7])
  client  192.0.2.7
  yes     newmsg,id=00000000001100D3.000000006B04D81A.000078CF: dns; x_([198.51.100.1]) ([::ffff:192.0.2.7])
  client  192.0.2.7

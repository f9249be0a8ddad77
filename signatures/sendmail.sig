# SPDX-License-Identifier: Apache-2.0
#
# Sendmail: the SMTP server. The language is in wavebreak-signatures(5).
#
# Written from what the log statements of Sendmail 8.12 to 8.18 can produce (srvrsmtp.c, parseaddr.c,
# err.c, headers.c, collect.c, daemon.c, conf.c, and the texts of cf/m4 and cf/feature).
#
# A message begins with the queue id and ": ", or with "NOQUEUE: " where there is none yet, or with
# neither where the statement is of no message. Unprintable bytes are written as \ooo. What is longer
# than a line of syslog goes out in pieces as "ID[1]: ", "ID[2]: ", which nothing here begins with.
#
# Which part of a line the server itself wrote:
# - The client is "NAME [ADDRESS]", or "[ADDRESS]" alone where the address has no name, with "USER@"
#   in front where its ident service was asked, and " (may be forged)" behind. IPv6 has "IPv6:" in
#   front. USER is cut down to letters, digits and harmless signs, a name from DNS has no blanks, and
#   one that begins with '[' is not believed: so the only blank is the server's, and brackets behind
#   it, or behind '@', hold the true address.
# - arg2= of check_relay is the client's address, too, unless DNS was asked: then the buffer holds
#   what DNS said last (127.0.0.2). So it counts only where there is no relay=.
# - arg1= of check_rcpt and check_mail is the client's address as it was sent, which can hold blanks
#   where it has quotes, a comment, a '\', or a '<' in its '<'. Without these it ends at its '>', or
#   at the first blank, and what follows is the server's: relay=, reject=, the code, and the text of
#   the configuration behind "ADDRESS... ", which repeats arg1. Any other line is left to the queue id.
# - A refusal that the server logs as "ADDRESS... TEXT" alone names nobody, and so do refusals of
#   filters. The client is in the line "from=..., relay=" of the same id, which comes later: whatever
#   ends a message or a connection writes it.
# - from= and user= are the client's, and stand before relay=, which ends the line.
#
# "to=..., stat=" is about mail that goes out; so are the rulesets tls_server, tls_rcpt and try_tls.

# Never "NOQUEUE", which is everybody's.
define id     (?<id>[0-9A-Za-z]{8,20})
# Solaris puts "[ID NUMBER mail.notice] " in front of each message.
define top    ^(?:\[ID [0-9]{1,10} [a-z0-9]+\.[a-z]+\] )?
define q      {top}(?:{id}|NOQUEUE):\x20
define host   (?:[^ "<(\\]+ |[^ "<(\\@\[]*@)?\[(?:IPv6:)?{addr}\](?: \(may be forged\))?
define arg    (?:<[^<>"()\\ ]*>|[^<>"()\\ ]+)
define status (?:[245]\.[0-9]{1,3}\.[0-9]{1,3} )?
define connect {top}(?:NOQUEUE: |[0-9A-Za-z]{8,20}: )?ruleset=check_relay, arg1=[^ ]+, arg2=(?|(?:IPv6:)?{addr}|[^ ]*, relay={host}), reject={reply} {status}
define refuse {top}(?:(?:{id}|NOQUEUE): )?ruleset=(?:check_(?:rcpt|mail|compat|data|eoh|eom|vrfy|expn|etrn)|tls_client), arg1={arg}(?:, arg2={arg})?, relay={host}, reject={reply} {status}(?:[^ ]+\.\.\. )?
define filter {top}{id}: Milter: (?:(?:to|from|unknown)={arg}|data|cmd=[a-z]+), reject={reply}(?: |$)
# Of the features dnsbl and enhdnsbl, their forerunners, and what administrators put in their place.
# Texts that repeat a sender or a HELO name begin otherwise.
define dnslist (?!(?i:domain|sender|bogus|helo|illegal|host ))(?:Rejected: [0-9A-Fa-f:.]+ listed at |Mail from [][0-9A-Fa-f:.]+ (?:rejected|refused) by |[^@<>"]{0,120}?\b(?i:dns-?[br]l|rbls?|dns ?list|spamhaus|spamcop|sorbs|barracuda|barracudacentral|uceprotect|abuseat|ordb|njabl|dsbl|[xpsc]bl|sbl-xbl|zen\.)\b)
define nouser (?i:(?:user|addressee|recipient|mailbox|account|address) (?:is )?(?:unknown|not found|disabled|does not exist)|(?:no such|unknown|invalid|non-?existent) (?:local )?(?:user|recipient|mailbox|address|account|person))

service sendmail
  tag    sendmail sm-mta sm-acceptingconnections sm-msa sm-mta-in sm-in

# One for each message, and for each connection that gave a sender. What the sender wrote stands
# before nrcpts=, so this is no proof of anything but the client. A recipient "from=..." would stand
# in front of "... ".
signature accepted
  literal : from=
  pattern {top}{id}: from=(?!.*\.\.\. ).{0,300}?, size=[0-9]+, class=-?[0-9]+, nrcpts=[1-9][0-9]*,.{0,500} relay={host}$
  outcome accepted
  remember
  yes     v27K4Vj8018624: from=<a@b.example>, size=4711, class=0, nrcpts=1, msgid=<x@b.example>, proto=ESMTPS, daemon=MTA-v4, relay=mail.b.example [192.0.2.7]
  client  192.0.2.7
  yes     v27K4Vj8018624: from=<"x, relay=y [198.51.100.1]"@b.example>, size=1, class=0, nrcpts=1, proto=SMTP, daemon=MTA, relay=joe@[192.0.2.7]
  client  192.0.2.7
  no      v27K4Vj8018624: from=<a@b.example>, size=1, class=0, nrcpts=1, msgid=<x@b.example>, proto=SMTP, relay=anna@localhost
  no      v27K4Vj8018624: from=x, size=1, class=0, nrcpts=1, y... Domain name required for sender address from=x, relay=[198.51.100.1]
  no      v27K4Vj8018624[1]: from=<a@b.example>, size=1, class=0, nrcpts=1, msgid=<x, relay=y [198.51.100.1]

# The client is named, but no message came of it: what waited for this id is its offence.
signature client-named
  literal : from=
  pattern {top}{id}: from=(?!.*\.\.\. ).{0,800}, relay={host}$
  outcome other
  remember
  yes     v27K4Vj8018624: from=<a@b.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA-v4, relay=[IPv6:2001:db8::7]
  client  2001:db8::7

# At LogLevel 10 and more.
signature connected
  literal : connect from
  pattern {top}NOQUEUE: connect from {host}$
  outcome connected
  yes     NOQUEUE: connect from p5DE2.provider.example [192.0.2.7] (may be forged)
  client  192.0.2.7

# The features ratecontrol and conncontrol, before or after the greeting.
signature at-limit-connect
  literal ruleset=check_relay
  pattern {connect}(?:Connection rate limit exceeded|Too many open connections)
  outcome at-limit
  yes     ruleset=check_relay, arg1=[192.0.2.7], arg2=192.0.2.7, relay=host.example [192.0.2.7] (may be forged), reject=421 4.3.2 Connection rate limit exceeded.
  client  192.0.2.7
  yes     ruleset=check_relay, arg1=[IPv6:2001:db8::7], arg2=IPv6:2001:db8::7, relay=[IPv6:2001:db8::7], reject=421 4.3.2 Too many open connections.
  client  2001:db8::7
  no      ruleset=check_relay, arg1=host.example, arg2=192.0.2.7, relay=host.example [192.0.2.7], reject=421 4.3.2 Try again later.

signature listed-connect
  literal ruleset=check_relay
  pattern {connect}{dnslist}
  reply   5xx
  outcome listed
  yes     ruleset=check_relay, arg1=host.example, arg2=192.0.2.7, relay=host.example [192.0.2.7], reject=550 5.7.1 Rejected: 192.0.2.7 listed at bl.example
  client  192.0.2.7
  yes     ruleset=check_relay, arg1=host.example, arg2=127.0.0.2, relay=host.example [192.0.2.7], reject=553 5.3.0 Spam blocked see: http://spamcop.net/bl.shtml?192.0.2.7
  client  192.0.2.7
  yes     ruleset=check_relay, arg1=host.example, arg2=192.0.2.7, reject=550 5.7.1 Rejected: 192.0.2.7 listed at bl.example
  client  192.0.2.7
  no      ruleset=check_relay, arg1=zen.host.example, arg2=192.0.2.7, relay=zen.host.example [192.0.2.7], reject=550 5.7.1 Access denied
  no      ruleset=check_relay, arg1=host.example, arg2=192.0.2.7, relay=host.example [192.0.2.7], reject=451 4.7.1 Temporary lookup failure of 192.0.2.7 at dnsbl.example

signature refused-connect
  literal ruleset=check_relay
  pattern {connect}
  reply   5xx
  outcome policy-refused
  yes     ruleset=check_relay, arg1=host.example, arg2=192.0.2.7, relay=host.example [192.0.2.7], reject=550 5.7.1 Access denied
  client  192.0.2.7
  yes     ruleset=check_relay, arg1=x,arg2=198.51.100.1,relay=[198.51.100.1],reject=550.example, arg2=192.0.2.7, relay=x,arg2=198.51.100.1,relay=[198.51.100.1],reject=550.example [192.0.2.7], reject=550 5.0.0 Access denied
  client  192.0.2.7
  no      ruleset=check_relay, arg1=host.example, arg2=192.0.2.7, relay=host.example [192.0.2.7], discard

signature at-limit
  literal , reject=4
  pattern {refuse}(?:Connection rate limit exceeded|Too many open connections)
  outcome at-limit
  remember
  yes     v27K4Vj8018624: ruleset=check_mail, arg1=<a@b.example>, relay=[192.0.2.7], reject=421 4.3.2 Connection rate limit exceeded.
  client  192.0.2.7

signature relay-denied
  literal elay
  pattern {refuse}(?i:relaying (?:to .{1,80} )?(?:is )?(?:denied|prohibited|not (?:allowed|permitted))|(?:we do not|will not) relay|relay access denied)
  reply   5xx
  outcome relay-denied
  remember
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<a@elsewhere.example>, relay=host.example [192.0.2.7], reject=550 5.7.1 <a@elsewhere.example>... Relaying denied. Proper authentication required.
  client  192.0.2.7
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<a@elsewhere.example>, relay=int0.host.example [192.0.2.7] (may be forged), reject=550 5.7.1 <a@elsewhere.example>... Relaying denied. IP name possibly forged [192.0.2.7]
  client  192.0.2.7
  yes     NOQUEUE: ruleset=check_rcpt, arg1=a@elsewhere.example, relay=[IPv6:2001:db8::7], reject=550 5.7.1 a@elsewhere.example... Relaying denied
  client  2001:db8::7
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<a@elsewhere.example>, relay=[192.0.2.7], reject=450 4.4.0 <a@elsewhere.example>... Relaying temporarily denied. Cannot resolve PTR record for 192.0.2.7
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<"x, relay=y [198.51.100.1], reject=550 5.7.1 x... Relaying denied"@b.example>, relay=[192.0.2.7], reject=550 5.7.1 <"x, relay=y [198.51.100.1], reject=550 5.7.1 x... Relaying denied"@b.example>... Relaying denied
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<<a>, relay=y [198.51.100.1], reject=550 5.7.1 a... Relaying denied>, relay=[192.0.2.7], reject=550 5.7.1 <<a>, relay=y [198.51.100.1], reject=550 5.7.1 a... Relaying denied>... Relaying denied
  no      v27K4Vj8018624: ruleset=tls_server, arg1=SOFTWARE, relay=mx.elsewhere.example [198.51.100.1], reject=550 5.7.1 Relaying denied

# The domain must exist, must be a whole one, must have an MX that is not forbidden. Before
# unknown-recipient and listed, because the text repeats the sender.
signature sender-refused
  literal , reject=5
  pattern {refuse}(?i:domain of sender|(?:real )?domain name required|sender (?:address|domain)|invalid sender|illegal MX)
  reply   5xx
  outcome sender-refused
  remember
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.7], reject=553 5.1.8 <c@d.example>... Domain of sender address a@nowhere.example does not exist
  client  192.0.2.7
  yes     v27K4Vj8018624: ruleset=check_mail, arg1=<anna>, relay=[192.0.2.7], reject=553 5.5.4 <anna>... Domain name required for sender address anna
  yes     v27K4Vj8018624: ruleset=check_mail, arg1=<a@rbl.example>, relay=[192.0.2.7], reject=553 5.1.8 <a@rbl.example>... Domain of sender address a@rbl.example does not exist
  no      v27K4Vj8018624: ruleset=check_mail, arg1=<a@b.example>, relay=[192.0.2.7], reject=451 4.1.8 <a@b.example>... Domain of sender address a@b.example does not resolve

signature unknown-recipient
  literal , reject=5
  pattern {refuse}{nouser}
  reply   5xx
  outcome unknown-recipient
  remember
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<nosuch@d.example>, relay=198.51.100.1.host.example [192.0.2.7], reject=550 5.1.1 <nosuch@d.example>... User unknown
  client  192.0.2.7
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<old@d.example>, relay=[192.0.2.7], reject=550 5.2.1 <old@d.example>... Mailbox disabled for this recipient
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<No such user@d.example>, relay=[192.0.2.7], reject=550 5.7.1 <No such user@d.example>... Access denied

signature listed
  literal , reject=5
  pattern {refuse}{dnslist}
  reply   5xx
  outcome listed
  remember
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.7], reject=550 5.7.1 <c@d.example>... Rejected: 192.0.2.7 listed at bl.example
  client  192.0.2.7
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=host.example [192.0.2.7], reject=550 5.7.1 <c@d.example>... Rejected: IP in SpamHaus PBL, see http://bl.example/?ip=192.0.2.7
  client  192.0.2.7
  yes     v27K4Vj8018624: ruleset=check_mail, arg1=<a@b.example>, relay=host.example [192.0.2.7], reject=550 5.7.1 Mail from 192.0.2.7 refused by blackhole site bl.example
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<rbl@d.example>, relay=rbl.host.example [192.0.2.7], reject=550 5.7.1 <rbl@d.example>... Access denied
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.7], reject=550 5.7.1 <c@d.example>... bogus HELO name used: zen.rbl.example
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.7], reject=451 4.7.1 <c@d.example>... Temporary lookup failure of 192.0.2.7 at dnsbl.example

signature sender-denied
  literal ruleset=check_mail
  pattern {refuse}
  reply   5xx
  outcome sender-refused
  remember
  yes     v27K4Vj8018624: ruleset=check_mail, arg1=<a@b.example>, relay=host.example [192.0.2.7], reject=550 5.7.1 <a@b.example>... Access denied
  client  192.0.2.7

# The access map, FEATURE(require_rdns), block_bad_helo, local rules.
signature refused
  literal , reject=5
  pattern {refuse}
  reply   5xx
  outcome policy-refused
  remember
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.7], reject=550 5.7.1 <c@d.example>... Fix reverse DNS for 192.0.2.7
  client  192.0.2.7
  yes     v27K4Vj8018624: ruleset=check_eoh, arg1=12, arg2=612, relay=joe@host.example [192.0.2.7], reject=554 5.7.1 Header error
  client  192.0.2.7
  yes     [ID 801593 mail.notice] v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=host.example [192.0.2.7], reject=550 5.7.1 <c@d.example>... Access denied
  client  192.0.2.7
  yes     ruleset=check_expn, arg1=root, relay=[192.0.2.7], reject=550 5.7.1 root... Access denied
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.7], reject=451 4.7.1 <c@d.example>... Greylisting, 550 later
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<a,relay=y@d.example>, relay=[192.0.2.7], reject=450 4.7.1 <a,relay=y@d.example>... Try again
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<a, relay=y [198.51.100.1], reject=550 5.7.1 b@d.example>, relay=[192.0.2.7], reject=451 4.7.1 Try again
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<a>"x, relay=y [198.51.100.1], reject=550 5.7.1 ", relay=[192.0.2.7], reject=451 4.7.1 Try again

# The same with an address or a header field that can hold anything: no address is taken from here.
# Where the client wrote a code of its own in it, a temporary refusal must not look like another.
signature refused-odd
  literal , reject=5
  pattern {top}{id}: ruleset=(?!tls_|try_tls|trust_auth|authinfo|clt_|srv_|check_compat)[A-Za-z_]{1,40}, arg1=(?!.*, reject=4).*, reject=5[0-9][0-9] (?:[^ ].*)?$
  outcome policy-refused
  recall
  after   v27K4Vj8018624: ruleset=check_rcpt, arg1=<"a b"@d.example>, relay=[192.0.2.7], reject=550 5.7.1 <"a b"@d.example>... Access denied
  yes     v27K4Vj8018624: ruleset=CheckSubject, arg1=x, relay=y [198.51.100.1], reject=550 5.7.1 z, relay=[192.0.2.7], reject=553 5.0.0 Header error
  after   v27K4Vj8018624: from=<a@b.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]
  yes     v27K4Vj8018624: ruleset=check_rcpt, arg1=<"x, relay=y [198.51.100.1], reject=550 5.7.1 x... User unknown"@d.example>, relay=[192.0.2.7], reject=550 5.7.1 Access denied
  client  192.0.2.7
  no      v27K4Vj8018624: ruleset=check_rcpt, arg1=<"x, reject=550 5.7.1 y"@d.example>, relay=[192.0.2.7], reject=451 4.7.1 Try again
  no      v27K4Vj8018624: ruleset=tls_server, arg1=x y, relay=mx.elsewhere.example [198.51.100.1], reject=550 5.7.1 x

# At RCPT, from the aliases, the user data base and virtusertable's "error:nouser". The line from=
# of this id comes later.
signature unknown-user
  literal ...
  pattern {top}{id}: (?:<[^<>]{1,250}>|[^ <>"()]{1,250})\.\.\. {nouser}[^<>]{0,80}$
  outcome unknown-recipient
  recall
  after   v27K4Vj8018624: from=<a@b.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]
  yes     v27K4Vj8018624: <nosuch@d.example>... User unknown
  client  192.0.2.7
  yes     v27K4Vj8018624: <anna@d.example>... No such user here
  no      v27K4Vj8018624: host.example [192.0.2.7]: vrfy x... User unknown
  no      v27K4Vj8018624: to=<a@b.example>, delay=00:00:01, mailer=esmtp, relay=mx.b.example. [198.51.100.1], dsn=5.1.1, stat=User unknown
  no      v27K4Vj8018624: <User unknown@d.example>... Name server timeout

# Mail filters, MilterLogLevel 4 and more (9 is the default).
signature unknown-recipient-filter
  literal Milter: to=
  pattern {filter}{status}(?:<[^<>]{0,250}>(?:\.\.\.|:)? )?{nouser}
  reply   5xx
  outcome unknown-recipient
  recall
  after   v27K4Vj8018624: from=<a@b.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]
  yes     v27K4Vj8018624: Milter: to=<nosuch@d.example>, reject=550 5.1.1 <nosuch@d.example>... User unknown
  client  192.0.2.7
  no      v27K4Vj8018624: Milter: to=<c@d.example>, reject=451 4.3.2 Please try again later
  no      v27K4Vj8018624: Milter: to=<c@d.example>, reject=550 5.7.1 Command rejected

signature refused-filter
  literal : Milter: 
  pattern {filter}
  reply   5xx
  outcome policy-refused
  recall
  after   v27K4Vj8018624: from=<a@b.example>, size=4711, class=0, nrcpts=1, msgid=<x@b.example>, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]
  yes     v27K4Vj8018624: Milter: data, reject=554 5.7.1 Command rejected
  client  192.0.2.7
  yes     v27K4Vj8018624: Milter: from=<a@b.example>, reject=550 5.7.1 SPF fail
  no      v27K4Vj8018624: Milter: data, reject=451 4.3.2 Please try again later
  no      v27K4Vj8018624: Milter: to=<c@d.example>, reject=421, errormode=4
  no      v27K4Vj8018624: Milter: to=<"x, reject=550 y"@d.example>, reject=451 4.7.1 Greylisted
  no      v27K4Vj8018624: Milter: data, discard

signature refused-filter-connect
  literal Milter: connect:
  pattern {q}Milter: connect: host=[^ ]*, addr=(?:IPv6:)?{addr}, (?:rejecting commands|reject=5)
  outcome policy-refused
  yes     v27K4Vj8018624: Milter: connect: host=host.example, addr=192.0.2.7, rejecting commands
  client  192.0.2.7
  no      v27K4Vj8018624: Milter: connect: host=host.example, addr=192.0.2.7, temp failing commands

# user= is there since 8.16; the text of SASL can hold the name, too.
signature auth-failure
  literal AUTH failure (
  pattern {q}AUTH failure \([^() ]{1,40}\): .{1,600}, relay={host}$
  outcome auth-failure
  remember
  yes     14NNwaRl065696: AUTH failure (DIGEST-MD5): user not found (-20) SASL(-13): user not found: unable to canonify user and get auxprops, user=scanner, relay=[192.0.2.7]
  client  192.0.2.7
  yes     14NNwaRl065696: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, user=x, relay=[198.51.100.1], relay=host.example [192.0.2.7] (may be forged)
  client  192.0.2.7
  no      14NNwaRl065696: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): checkpass failed, user=x, relay=[198.51.100.1], relay=a.very.long.name.that.was.cut

# After as many tries as there are mechanisms, and one.
signature auth-attack
  literal possible SMTP attack: command=AUTH
  pattern {q}{host}: possible SMTP attack: command=AUTH, count=[0-9]+$
  outcome auth-failure
  remember
  yes     s1OHA28u032053: host.example [192.0.2.7]: possible SMTP attack: command=AUTH, count=6
  client  192.0.2.7
  no      s1OHA28u032053: "x [198.51.100.1]: possible SMTP attack: command=AUTH, count=5"@d.example... User unknown

signature repeated-command
  literal possible SMTP attack: command=
  pattern {q}{host}: possible SMTP attack: command=[A-Z/]{1,40}, count=[0-9]+$
  outcome protocol-abuse
  remember
  yes     s1OHA28u032053: [192.0.2.7]: possible SMTP attack: command=HELO/EHLO, count=3
  client  192.0.2.7

# BadRcptThrottle: that many recipients of one message were refused.
signature recipient-flood
  literal : Possible SMTP RCPT flood, 
  pattern {q}{host}: Possible SMTP RCPT flood, (?:throttling|shutting down connection)\.$
  outcome unknown-recipient
  remember
  yes     s1OHA28u032053: host.example [192.0.2.7]: Possible SMTP RCPT flood, throttling.
  client  192.0.2.7

signature pregreet
  literal due to pre-greeting traffic after
  pattern {q}rejecting commands from [^ "<(]* \[(?:IPv6:)?{addr}\] due to pre-greeting traffic after [0-9]+ seconds$
  outcome protocol-abuse
  remember
  yes     s1R9r60D044307: rejecting commands from  [192.0.2.7] due to pre-greeting traffic after 0 seconds
  client  192.0.2.7
  yes     NOQUEUE: rejecting commands from host.example [IPv6:2001:db8::7] due to pre-greeting traffic after 6 seconds
  client  2001:db8::7
  no      s1R9r60D044307: <rejecting commands from x [198.51.100.1] due to pre-greeting traffic after 0 seconds>... User unknown

# GET, POST, CONNECT or USER on the SMTP port.
signature http
  literal : probable open proxy: command=
  pattern {q}{host}: probable open proxy: command=
  outcome protocol-abuse
  remember
  yes     s1OHA28u032053: host.example [192.0.2.7]: probable open proxy: command=GET / HTTP/1.1\r\n
  client  192.0.2.7
  no      s1OHA28u032053: "x [198.51.100.1]: probable open proxy: command="@d.example... User unknown

# VRFY, EXPN and ETRN where PrivacyOptions forbid them.
signature probing
  literal  [rejected]
  pattern {q}{host}: (?i:expn|vrfy|etrn)(?: .*)? \[rejected\]$
  outcome protocol-abuse
  remember
  yes     s1NKIkZa093301: [192.0.2.7]: EXPN root [rejected]
  client  192.0.2.7
  yes     s1NKIkZa093301: host.example [192.0.2.7]: vrfy x [198.51.100.1]: EXPN root [rejected]
  client  192.0.2.7
  no      s1NKIkZa093301: [192.0.2.7]: vrfy anna

signature violation
  literal : SMTP violation, 
  pattern {q}{host}: SMTP violation, 
  outcome protocol-abuse
  remember
  yes     s1NKIkZa093301: host.example [192.0.2.7]: SMTP violation, input too long: 2050
  client  192.0.2.7

signature debug-command
  literal " command from 
  pattern {q}"(?:wiz|debug|showq)" command from {host} \(
  outcome protocol-abuse
  remember
  yes     s1NKIkZa093301: "wiz" command from host.example [192.0.2.7] (192.0.2.7)
  client  192.0.2.7

# HELO is up to 256 bytes, and the client is cut at 100.
signature bad-helo
  literal : invalid domain name (
  pattern {q}invalid domain name \(.{0,300}\) from {host}$
  outcome protocol-abuse
  remember
  yes     s1NKIkZa093301: invalid domain name (x) from y [198.51.100.1]) from host.example [192.0.2.7]
  client  192.0.2.7
  yes     s1NKIkZa093301: invalid domain name (too long) from [192.0.2.7]

signature bad-sender
  literal : setsender: 
  pattern {q}setsender: .{0,120}: invalid or unparsable, received from {host}$
  outcome protocol-abuse
  remember
  yes     s1NKIkZa093301: setsender: <a@b@c: invalid or unparsable, received from y [198.51.100.1]>: invalid or unparsable, received from [192.0.2.7]
  client  192.0.2.7

signature bad-auth
  literal AUTH decode64 error
  pattern {q}AUTH decode64 error \[-?[0-9]+ for ".{0,500}"\], relay={host}$
  outcome protocol-abuse
  remember
  yes     s1NKIkZa093301: AUTH decode64 error [-5 for "x"], relay=y [198.51.100.1]"], relay=host.example [192.0.2.7]
  client  192.0.2.7

signature pipelining
  literal unauthorized PIPELINING
  pattern {top}unauthorized PIPELINING, sleeping, relay={host}$
  outcome protocol-abuse
  yes     unauthorized PIPELINING, sleeping, relay=host.example [192.0.2.7]
  client  192.0.2.7

# 8.17.2 and later: end of line other than CR LF.
signature bare-newline
  literal : Bare 
  pattern {top}{id}: Bare (?:linefeed \(LF\)|carriage return \(CR\)) not allowed$
  outcome protocol-abuse
  recall
  after   s1NKIkZa093301: from=<a@b.example>, size=10, class=0, nrcpts=1, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]
  yes     s1NKIkZa093301: Bare linefeed (LF) not allowed
  client  192.0.2.7

signature tcpwrappers
  literal : tcpwrappers (
  pattern {q}tcpwrappers \([^ ]+, {addr}\) rejection$
  outcome policy-refused
  yes     NOQUEUE: tcpwrappers (unknown, 192.0.2.7) rejection
  client  192.0.2.7

# Without a name the client's own address stands there. What is read as our own mailer ("client
# greeting") is about a stranger's server.
signature timed-out-address
  literal : timeout waiting for input from [
  pattern {q}timeout waiting for input from \[(?:IPv6:)?{addr}\] during server cmd read$
  outcome timed-out
  remember
  yes     s1NKIkZa093301: timeout waiting for input from [192.0.2.7] during server cmd read
  client  192.0.2.7
  no      s1NKIkZa093301: timeout waiting for input from [198.51.100.1] during client greeting

signature timed-out
  literal : timeout waiting for input from
  pattern {top}{id}: timeout waiting for input from [^ ]+ during server cmd read$
  outcome timed-out
  recall
  after   s1NKIkZa093301: from=<a@b.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=host.example [192.0.2.7]
  yes     s1NKIkZa093301: timeout waiting for input from host.example during server cmd read
  client  192.0.2.7
  no      s1NKIkZa093301: timeout waiting for input from mx.elsewhere.example. during client RCPT

signature timed-out-data
  literal : collect: read timeout on connection from
  pattern {top}{id}: SYSERR\([^()]{1,40}\): collect: read timeout on connection from [^ ]+, from=
  outcome timed-out
  recall
  after   s1NKIkZa093301: from=<a@b.example>, size=0, class=0, nrcpts=1, proto=ESMTP, daemon=MTA, relay=host.example [192.0.2.7]
  yes     s1NKIkZa093301: SYSERR(root): collect: read timeout on connection from host.example, from=<a@b.example>
  client  192.0.2.7

# A connection lost in the middle is nobody's fault, unless a login was tried.
signature lost-after-auth
  literal lost input channel from
  pattern {q}lost input channel from {host} to [^ ]+ after auth$
  outcome auth-failure
  remember
  yes     56VFYCxS024291: lost input channel from host.example [192.0.2.7] to MTA-v4 after auth
  client  192.0.2.7
  no      56VFYCxS024291: lost input channel from host.example [192.0.2.7] to MTA-v4 after rcpt

signature lost
  literal lost input channel from
  pattern {q}lost input channel from {host} to [^ ]+ after [a-z]+$
  outcome other
  remember
  yes     56VFYCxS024291: lost input channel from host.example [192.0.2.7] to MTA-v4 after rcpt
  client  192.0.2.7

# Port scans and health checks alike. A look every five minutes stays far below any ban with 5 points.
signature nothing-wanted
  literal did not issue MAIL
  pattern {q}{host} did not issue MAIL/EXPN/VRFY/ETRN during connection to [^ ]+$
  outcome protocol-abuse
  score   5
  remember
  yes     v27K4Vj8018624: host.example [192.0.2.7] (may be forged) did not issue MAIL/EXPN/VRFY/ETRN during connection to MSP-v4
  client  192.0.2.7
  no      v27K4Vj8018624: "x [198.51.100.1] did not issue MAIL/EXPN/VRFY/ETRN during connection to y"@d.example... User unknown

signature login
  literal AUTH=server, relay=
  pattern {top}AUTH=server, relay={host}, authid=
  outcome accepted
  yes     AUTH=server, relay=host.example [192.0.2.7], authid=anna, mech=PLAIN, bits=0
  client  192.0.2.7
  no      AUTH=client, relay=mx.elsewhere.example. [198.51.100.1], mech=PLAIN, bits=0

# Handshakes fail for reasons of age and certificates, too.
signature tls-failed
  literal STARTTLS=server, error
  pattern {top}STARTTLS=server, error: accept failed=.{0,300}, relay={host}$
  outcome other
  yes     STARTTLS=server, error: accept failed=-1, reason=unsupported protocol, SSL_error=1, errno=0, retry=-1, relay=host.example [192.0.2.7]
  client  192.0.2.7

signature server-full
  literal  connections on daemon
  pattern {top}(?:rejecting|deferring|delaying) connections on daemon [^:]{1,60}: 
  outcome server-full
  yes     rejecting connections on daemon MTA-v4: load average: 14
  yes     rejecting connections on daemon MTA: 40 children, max 40
  yes     deferring connections on daemon MTA: 12 per second

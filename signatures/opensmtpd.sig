# SPDX-License-Identifier: Apache-2.0
#
# OpenSMTPD: the SMTP server. The language is in wavebreak-signatures(5).
#
# Written from the log statements of smtp_session.c and smtp.c, versions 5.3 to 7.x. They changed
# twice; the id of a session is the server's own word in all of them, 16 hex digits:
#
#	5.3  smtp-in: New session ID from host NAME [ADDRESS]
#	     smtp-in: Failed command on session ID: "COMMAND" => CODE TEXT
#	6.0  ID smtp event=failed-command address=ADDRESS host=NAME command="COMMAND" result="CODE TEXT"
#	6.4  ID smtp connected address=ADDRESS host=NAME
#	     ID smtp failed-command command="COMMAND" result="CODE TEXT"
#
# 5.8 and 5.9 mix the first two, with "event=connected" and without an address in the other lines.
#
# - COMMAND is the client's. It is made printable, but a '"' in it is not escaped: only where the line
#   has just the four quotes of the server (two before 5.8) is CODE what it looks like. A line with
#   more is left alone, so that a relay is not blamed for a code that a sender wrote into an address.
# - TEXT can repeat an address; the texts of filters are the administrator's.
# - The names of users are made printable without blanks.
#
# Lines "ID mta ..." are about mail that goes out, and never matched: other words stand behind ID.

define id    (?<id>[0-9a-f]{16})
define from  \[?(?:IPv6:)?{addr}\]? host=[^ "]*
# A command that failed, without an address, up to the command.
define fail  ^(?|{id} smtp (?:event=)?failed-command command=|smtp-in: Failed command on session {id}: )"
# The same in 6.0 to 6.3.
define fail6 ^{id} smtp event=failed-command address={from} command="
define cmd   [^"]*
# What follows the command, up to the text; and from there to the end.
define res   " (?:result="|=> ){reply} (?:[245]\.[0-9]{1,3}\.[0-9]{1,3} )?
define end   [^"]*"?$
# Of filters that ask DNS lists. A text that repeats an address is not believed.
define list  (?i:(?:(?:your|the|this) )?(?:host|ip|client|address|ip address|server)(?: [][0-9a-f.:]+)? (?:is )?(?:black|block)?listed\b|[^"<>@]*(?:\b(?:dns-?[br]l|rbls?|spamhaus|spamcop|barracudacentral|uceprotect|dnswl)\b|\blisted (?:at|in|on|by) ))[^"<>@]*"?$

service opensmtpd
  tag    smtpd

signature connected
  literal connected address=
  pattern ^{id} smtp (?:event=)?connected address={from}$
  outcome connected
  remember
  yes     7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=mail.b.example
  client  192.0.2.7
  yes     7f3a1b2c4d5e6f70 smtp event=connected address=[2001:db8::7] host=<unknown>
  client  2001:db8::7
  no      7f3a1b2c4d5e6f70 smtp connected address=local host=mx.d.example
  no      7f3a1b2c4d5e6f71 mta connected
  no      7f3a1b2c4d5e6f70 smtp failed-command command="x smtp connected address=198.51.100.1 host=y" result="500 5.5.1 Invalid command: Command unrecognized"

signature connected5
  pattern ^smtp-in: New session {id} from host [^ ]+ \[(?:IPv6:)?{addr}\]$
  outcome connected
  remember
  yes     smtp-in: New session 7f3a1b2c4d5e6f70 from host mail.b.example [192.0.2.7]
  client  192.0.2.7
  yes     smtp-in: New session 7f3a1b2c4d5e6f70 from host mail.b.example [IPv6:2001:db8::7]
  client  2001:db8::7

signature closed
  literal  reason=
  pattern ^{id} smtp disconnected reason=(?!timeout$)
  outcome disconnected
  recall
  forget
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=mail.b.example
  yes     7f3a1b2c4d5e6f70 smtp disconnected reason=quit
  client  192.0.2.7
  yes     7f3a1b2c4d5e6f72 smtp disconnected reason="io-error: Connection reset by peer"

signature closed6
  literal smtp event=closed address=
  pattern ^{id} smtp event=closed address={from} reason=(?!timeout$)
  outcome disconnected
  forget
  yes     7f3a1b2c4d5e6f70 smtp event=closed address=192.0.2.7 host=mail.b.example reason=quit
  client  192.0.2.7

signature closed5
  pattern ^smtp-in: (?:Received disconnect from|Closing) session {id}$
  outcome disconnected
  recall
  forget
  after   smtp-in: New session 7f3a1b2c4d5e6f70 from host mail.b.example [192.0.2.7]
  yes     smtp-in: Closing session 7f3a1b2c4d5e6f70
  client  192.0.2.7

signature accepted
  literal smtp 
  pattern ^{id} smtp (?:event=)?message (?!address=)
  outcome accepted
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=mail.b.example
  yes     7f3a1b2c4d5e6f70 smtp message msgid=5be87bb2 size=4711 nrcpt=1 proto=ESMTP
  client  192.0.2.7

signature accepted6
  literal smtp event=message address=
  pattern ^{id} smtp event=message address={from} msgid=
  outcome accepted
  yes     7f3a1b2c4d5e6f70 smtp event=message address=192.0.2.7 host=mail.b.example msgid=5be87bb2 from=<a@b.example> to=<c@d.example> size=4711 ndest=1 proto=ESMTP
  client  192.0.2.7

signature accepted5
  literal smtp-in: Accepted 
  pattern ^smtp-in: Accepted (?:message [0-9a-f]{8}|authentication for user [^ ]*) on session {id}(?::|$)
  outcome accepted
  recall
  after   smtp-in: New session 7f3a1b2c4d5e6f70 from host mail.b.example [192.0.2.7]
  yes     smtp-in: Accepted message 5be87bb2 on session 7f3a1b2c4d5e6f70: from=<a@b.example>, to=<c@d.example>, size=4711, ndest=1, proto=ESMTP
  client  192.0.2.7

# A failed login makes two lines, this one and the reply. Each is half of the offence.
signature login-failed
  literal smtp 
  pattern ^{id} smtp (?:event=)?authentication user=[^ ]* result=permfail$
  outcome auth-failure
  score   10
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp authentication user=anna result=permfail
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp authentication user=anna result=tempfail
  no      7f3a1b2c4d5e6f70 smtp authentication user=permfail result=ok

signature login-failed6
  literal smtp event=authentication user=
  pattern ^{id} smtp event=authentication user=[^ ]* address={from} result=permfail$
  outcome auth-failure
  score   10
  yes     7f3a1b2c4d5e6f70 smtp event=authentication user=x\040address=198.51.100.1 address=192.0.2.7 host=host.example result=permfail
  client  192.0.2.7

signature login-failed5
  pattern ^smtp-in: Authentication failed for user [^ ]* on session {id}$
  outcome auth-failure
  score   10
  recall
  after   smtp-in: New session 7f3a1b2c4d5e6f70 from host host.example [192.0.2.7]
  yes     smtp-in: Authentication failed for user anna on session 7f3a1b2c4d5e6f70
  client  192.0.2.7

signature login
  literal smtp 
  pattern ^{id} smtp (?:event=)?authentication user=[^ ]* result=ok$
  outcome accepted
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp authentication user=anna result=ok
  client  192.0.2.7

signature login6
  literal smtp event=authentication user=
  pattern ^{id} smtp event=authentication user=[^ ]* address={from} result=ok$
  outcome accepted
  yes     7f3a1b2c4d5e6f70 smtp event=authentication user=anna address=192.0.2.7 host=host.example result=ok
  client  192.0.2.7

signature login-refused
  literal ailed
  pattern {fail}{cmd}{res}{end}
  reply   535
  outcome auth-failure
  score   10
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="AUTH LOGIN (password)" result="535 Authentication failed"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command command="AUTH PLAIN (...)" result="535 5.7.8 Authentication failed"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     smtp-in: Failed command on session 7f3a1b2c4d5e6f70: "AUTH PLAIN (...)" => 535 Authentication failed
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="AUTH x" result="535 Authentication failed" y" result="421 Temporary Error"

signature login-refused6
  literal smtp event=failed-command address=
  pattern {fail6}{cmd}{res}{end}
  reply   535
  outcome auth-failure
  score   10
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="AUTH PLAIN (...) address=198.51.100.1" result="535 Authentication failed"
  client  192.0.2.7

# The texts of relaying that is refused are no others than those of an unknown user.
signature relay-denied
  literal elay
  pattern {fail}(?i:RCPT TO:?){cmd}{res}(?i:[^"<>@]*\brelay(?:ing)?\b){end}
  reply   5xx
  outcome relay-denied
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<a@elsewhere.example>" result="550 5.7.1 Relaying denied"
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<relay@d.example>" result="550 Invalid recipient: <relay@d.example>"

signature relay-denied6
  literal elay
  pattern {fail6}(?i:RCPT TO:?){cmd}{res}(?i:[^"<>@]*\brelay(?:ing)?\b){end}
  reply   5xx
  outcome relay-denied
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="RCPT TO:<a@elsewhere.example>" result="550 Relaying denied"
  client  192.0.2.7

signature listed
  literal ailed
  pattern {fail}{cmd}{res}{list}
  reply   5xx
  outcome listed
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="" result="550 Host listed at bl.example"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="EHLO x" result="554 5.7.1 Rejected, see Spamhaus"
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<rbl@d.example>" result="550 Invalid recipient: <rbl@d.example>"
  no      7f3a1b2c4d5e6f70 smtp failed-command command="" result="421 Host listed at bl.example"

signature listed6
  literal smtp event=failed-command address=
  pattern {fail6}{cmd}{res}{list}
  reply   5xx
  outcome listed
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="" result="554 5.7.1 Client host is listed in a DNSBL"
  client  192.0.2.7

# The command is wrong, in the wrong place, or none at all.
signature bad-command
  literal ailed
  pattern {fail}(?!(?i:DATA|\.)"){cmd}{res}{end}
  reply   500-504 521 555
  outcome protocol-abuse
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="GET / HTTP/1.1" result="500 5.5.1 Invalid command: Command unrecognized"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="AUTH LOGIN" result="503 5.5.1 Invalid command: Command not supported"
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="DATA" result="503 5.5.1 Invalid command: Must have sender and recipient"
  no      7f3a1b2c4d5e6f70 smtp failed-command command="x" result="500 y" result="421 Temporary Error"

signature bad-command6
  literal smtp event=failed-command address=
  pattern {fail6}(?!(?i:DATA|\.)"){cmd}{res}{end}
  reply   500-504 521 555
  outcome protocol-abuse
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="x" result="500 5.5.1 Invalid command: Command unrecognized"
  client  192.0.2.7

# The method is the client's, and the server puts it between quotes.
signature bad-method
  literal AUTH method "
  pattern {fail}AUTH [^" ]*" result="504 (?:5\.5\.4 )?(?:[^":]+: )?AUTH method "[^"]*" not supported"$
  outcome protocol-abuse
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="AUTH NTLM" result="504 5.5.4 Security features not supported: AUTH method "NTLM" not supported"
  client  192.0.2.7

signature bad-input
  literal smtp 
  pattern ^{id} smtp (?:event=)?bad-input result="{reply}
  reply   5xx
  outcome protocol-abuse
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp bad-input result="500 5.0.0 Pipelining not supported"
  client  192.0.2.7

signature bad-input6
  literal smtp event=bad-input address=
  pattern ^{id} smtp event=bad-input address={from} result="{reply}
  reply   5xx
  outcome protocol-abuse
  yes     7f3a1b2c4d5e6f70 smtp event=bad-input address=[2001:db8::7] host=host.example result="500 Line too long"
  client  2001:db8::7

signature bad-input5
  pattern ^smtp-in: Bad input on session {id}: {reply}\x20
  reply   5xx
  outcome protocol-abuse
  recall
  after   smtp-in: New session 7f3a1b2c4d5e6f70 from host host.example [192.0.2.7]
  yes     smtp-in: Bad input on session 7f3a1b2c4d5e6f70: 500 Line too long
  client  192.0.2.7

# Encryption or a login first.
signature not-yet
  literal ailed
  pattern {fail}{cmd}{res}(?!Sender ){end}
  reply   530 538
  outcome policy-refused
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="MAIL FROM:<a@b.example>" result="530 5.5.1 Invalid command: Must issue an AUTH command first"
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="MAIL FROM:<a@b.example>" result="530 Sender rejected"

signature not-yet6
  literal smtp event=failed-command address=
  pattern {fail6}{cmd}{res}(?!Sender ){end}
  reply   530 538
  outcome policy-refused
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="MAIL FROM:<a@b.example>" result="530 5.7.0 Must issue a STARTTLS command first"
  client  192.0.2.7

# "Mailing list expansion problem" is what is left of a virtual domain's address that leads
# nowhere.
signature unknown-recipient
  literal ailed
  pattern {fail}(?i:RCPT TO){cmd}{res}(?i:invalid recipient|mailing list expansion problem|recipient (?:rejected|unknown|address)|[^"<>@]*(?:user|mailbox|recipient)){end}
  reply   5xx
  outcome unknown-recipient
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<nosuch@d.example>" result="550 Invalid recipient: <nosuch@d.example>"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<nosuch@d.example>" result="524 5.2.4 Mailing list expansion problem: <nosuch@d.example>"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     smtp-in: Failed command on session 7f3a1b2c4d5e6f70: "RCPT TO:<nosuch@d.example>" => 550 Invalid recipient
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<c@d.example>" result="421 Temporary Error"
  no      7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<x" result="550 Invalid recipient" y@d.example>" result="451 Greylisted"
  no      smtp-in: Failed command on session 7f3a1b2c4d5e6f70: "RCPT TO:<x" => 550 Invalid recipient@d.example>" => 421 Temporary Error

signature unknown-recipient6
  literal smtp event=failed-command address=
  pattern {fail6}(?i:RCPT TO){cmd}{res}(?i:invalid recipient|mailing list expansion problem|recipient (?:rejected|unknown|address)|[^"<>@]*(?:user|mailbox|recipient)){end}
  reply   5xx
  outcome unknown-recipient
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="RCPT TO:<nosuch@d.example>" result="550 Invalid recipient"
  client  192.0.2.7

signature sender-refused
  literal ailed
  pattern {fail}(?i:MAIL FROM){cmd}{res}{end}
  reply   5xx
  outcome sender-refused
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="MAIL FROM:<a@b@c>" result="553 5.1.7 Sender address syntax error"
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="MAIL FROM:<a@b.example>" result="421 Temporary Error"

signature sender-refused6
  literal smtp event=failed-command address=
  pattern {fail6}(?i:MAIL FROM){cmd}{res}{end}
  reply   5xx
  outcome sender-refused
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="MAIL FROM:<a@b.example>" result="530 Sender rejected"
  client  192.0.2.7

# A message that is too big, or that has no recipient left, breaks no rule of ours.
signature refused-other
  literal ailed
  pattern {fail}(?|(?i:DATA|\.){res}(?i:[^"]*(?:recipient|too (?:big|large)|size|loop)){end}|{cmd}" (?:result="|=> )(?<reply>552) {end})
  reply   5xx
  outcome other
  recall
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="DATA" result="503 5.5.1 Invalid command: Must have sender and recipient"
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="." result="554 Message too big"

# Filters, and rules of the configuration, in whatever phase.
signature refused
  literal ailed
  pattern {fail}{cmd}{res}{end}
  reply   5xx
  outcome policy-refused
  recall
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="" result="550 Go away"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="." result="550 5.7.1 Message rejected"
  client  192.0.2.7
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp failed-command command="RCPT TO:<c@d.example>" result="550 Your reputation is too low"
  client  192.0.2.7
  no      7f3a1b2c4d5e6f70 smtp failed-command command="EHLO x" result="421 Try again later, not 550"

signature refused6
  literal smtp event=failed-command address=
  pattern {fail6}{cmd}{res}{end}
  reply   5xx
  outcome policy-refused
  yes     7f3a1b2c4d5e6f70 smtp event=failed-command address=192.0.2.7 host=host.example command="EHLO x" result="550 Go away"
  client  192.0.2.7

signature too-many-errors5
  pattern ^smtp-in: Ending session {id}: too many\x20
  outcome protocol-abuse
  recall
  after   smtp-in: New session 7f3a1b2c4d5e6f70 from host host.example [192.0.2.7]
  yes     smtp-in: Ending session 7f3a1b2c4d5e6f70: too many failed RCPT
  client  192.0.2.7

signature timed-out
  literal reason=timeout
  pattern ^{id} smtp disconnected reason=timeout$
  outcome timed-out
  recall
  forget
  after   7f3a1b2c4d5e6f70 smtp connected address=192.0.2.7 host=host.example
  yes     7f3a1b2c4d5e6f70 smtp disconnected reason=timeout
  client  192.0.2.7

signature timed-out6
  literal smtp event=closed address=
  pattern ^{id} smtp event=closed address={from} reason=timeout$
  outcome timed-out
  forget
  yes     7f3a1b2c4d5e6f70 smtp event=closed address=192.0.2.7 host=host.example reason=timeout
  client  192.0.2.7

signature timed-out5
  pattern ^smtp-in: Disconnecting session {id}: session (?:timeout|timed out|not moving forward)
  outcome timed-out
  recall
  after   smtp-in: New session 7f3a1b2c4d5e6f70 from host host.example [192.0.2.7]
  yes     smtp-in: Disconnecting session 7f3a1b2c4d5e6f70: session timeout
  client  192.0.2.7

signature closed-by-fault5
  pattern ^smtp-in: Disconnecting session {id}: 
  outcome disconnected
  recall
  forget
  yes     smtp-in: Disconnecting session 7f3a1b2c4d5e6f70: IO error: Connection reset by peer

signature server-full
  pattern ^(?:warn: )?Disabling incoming SMTP connections
  outcome server-full
  yes     warn: Disabling incoming SMTP connections: Client limit reached

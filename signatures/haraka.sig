# SPDX-License-Identifier: Apache-2.0
#
# Haraka: the SMTP server. The language is in wavebreak-signatures(5).
#
# Written from logger.js, connection.js, plugins.js, the plugins that ship with it (auth/auth_base,
# early_talker, limit, dnsbl and its forerunner, karma, fcrdns, helo.checks, access, ...), versions 2
# and 3.
#
# A line of the default format is "[LEVEL] [UUID.N] [ORIGIN] TEXT", where ".1" and ".1.1" are a
# transaction and a recipient of the connection UUID; a time in front is taken off with the head. Of
# the format logfmt it is "level=LEVEL uuid=UUID.N origin=ORIGIN message=TEXT", with the values that
# have blanks or '=' in '"', and '"' and '\' in them behind a '\'. JSON is not read.
#
# Only the line "connect" names the client, and "disconnect"; the others are of the same UUID. All
# that is the client's comes behind the words that are looked at here, or in quotes; '"' is not
# escaped by the default format, where a text is taken to its very end.
#
# NOTICE, the usual level, tells of refused recipients, senders and messages, and of failed logins.
# Who was refused before, at connecting or HELO, is told at INFO. Where there are two lines about one
# thing, the one of NOTICE counts.
#
# ORIGIN "outbound" is about mail that goes out.

define uuid (?<id>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})(?:\.[0-9]+){0,2}
# The time is not in the head where syslog or the journal put one of their own in front.
define top  ^ ?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z )?
define core {top}(?|\[[A-Z]+\] \[{uuid}\] \[core\] \x20?|level=[A-Z]+ uuid={uuid} (?:origin|plugin)=core message=)
# A value with its quotes, in which a '"' is escaped, or a bare one.
define text (?:"(?:[^"\\]|\\.)*+"|[^ "]*+)
# An address of an envelope that cannot be taken for what follows it, with the end of the message.
define path <[^<>"\\ ]*>"?
define deny DENY(?:DISCONNECT)?
define hook {core}(?:"" )?hook=

service haraka
  tag    haraka Haraka

signature connected
  literal connect ip=
  pattern {core}connect ip="?{addr}"? port="?{port}"?(?: |$)
  outcome connected
  remember
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  client  192.0.2.7
  yes     level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message=connect ip=2001:db8::7 port=50123 local_ip=2001:db8::25 local_port=25
  client  2001:db8::7
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <"[core] connect ip=198.51.100.1 port=1 "@d.example> code=OK msg=""
  no      [PROTOCOL] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] C: connect ip=198.51.100.1 port=1 state=1

# Behind a proxy the client is another.
signature proxied
  literal HAProxy
  pattern {core}"?HAProxy:? proto=[A-Z]+[46] src_ip={addr}:[0-9]+ 
  outcome connected
  remember
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] HAProxy: proto=TCP4 src_ip=192.0.2.7:50123 dst_ip=198.51.100.25:25
  client  192.0.2.7
  yes     level=INFO uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message="HAProxy: proto=TCP6 src_ip=2001:db8::7:50123 dst_ip=2001:db8::25:25"
  client  2001:db8::7

# What no plugin wanted is a recipient elsewhere. The line "recipient" has the same code as one that
# was accepted, so it is only in the last refusal, "lr", that this is told.
signature relay-denied
  literal I cannot deliver mail for
  pattern {core}disconnect ip="?{addr}"? rdns={text} helo={text}(?: [a-z_]+={text})* lr="550 (?:[0-9.]+ )?I cannot deliver mail for\x20
  outcome relay-denied
  forget
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] disconnect ip=192.0.2.7 rdns=host.example helo=x relay=N early=N esmtp=Y tls=N pipe=N errors=1 txns=1 rcpts=0/0/1 msgs=0/0/0 bytes=0 lr="550 I cannot deliver mail for <c@elsewhere.example>" time=1.2
  client  192.0.2.7
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] disconnect ip=192.0.2.7 rdns="host.example" helo="x" relay=N early=N esmtp=Y tls=N pipe=N txns=1 rcpts=0/0/1 msgs=0/0/0 bytes=0 lr="550 I cannot deliver mail for <c@elsewhere.example>" time=1.2
  client  192.0.2.7
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] disconnect ip=192.0.2.7 rdns=host.example helo="x lr=\"550 I cannot deliver mail for y" relay=N early=N esmtp=Y tls=N pipe=N errors=0 txns=1 rcpts=1/0/0 msgs=1/0/0 bytes=1 lr="" time=1.2

signature closed
  literal disconnect ip=
  pattern {core}disconnect ip="?{addr}"? 
  outcome disconnected
  forget
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] disconnect ip=192.0.2.7 rdns=mail.b.example helo=mail.b.example relay=N early=N esmtp=Y tls=Y pipe=N errors=0 txns=1 rcpts=1/0/0 msgs=1/0/0 bytes=4711 lr="" time=1.2
  client  192.0.2.7

# A list that was asked at connecting, and whose refusal waited for the recipients (delay_deny).
signature listed-recipient
  literal code=DENY
  pattern {core}"?(?:recipient|sender) {path} code={deny} msg="[^"<>@]*\b(?:black|block)?listed (?:by|on|in|at)\b[^"<>@]*"
  outcome listed
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <c@d.example> code=DENY msg="host [192.0.2.7] is blacklisted by bl.example" sender=a@b.example
  client  192.0.2.7
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <c@d.example> code=DENYSOFT msg="host [192.0.2.7] is blacklisted by bl.example" sender=a@b.example

signature relay-denied-recipient
  literal code=DENY
  pattern {core}"?recipient {path} code={deny} msg="(?i:[^"<>@]*\brelay(?:ing)?\b)
  outcome relay-denied
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <c@elsewhere.example> code=DENY msg="Relaying denied" sender=a@b.example
  client  192.0.2.7

signature unknown-recipient
  literal code=DENY
  pattern {core}"?recipient {path} code={deny}(?: |$)
  outcome unknown-recipient
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <nosuch@d.example> code=DENY msg="I don't know that user" sender=a@b.example
  client  192.0.2.7
  after   level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message=connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1 origin=core message="recipient <nosuch@d.example>" code=DENY msg="" sender=a@b.example
  client  192.0.2.7
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <c@d.example> code=CONT msg="" sender=a@b.example
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <c@d.example> code=DENYSOFT msg="code=DENY" sender=a@b.example
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] recipient <"x> code=DENY "@d.example> code=OK msg="" sender=a@b.example

signature sender-refused
  literal code=DENY
  pattern {core}"?sender {path} code={deny}(?: |$)
  outcome sender-refused
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] sender <a@nowhere.example> code=DENY msg="No MX for your FROM address"
  client  192.0.2.7

signature message-refused
  literal code=DENY
  pattern {core}message mid={text} size=[0-9]+ rcpts=[0-9]+/[0-9]+/[0-9]+ delay=[0-9.]+ code={deny} msg={text}$
  outcome policy-refused
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] message mid="<x@b.example>" size=4711 rcpts=1/0/0 delay=0.2 code=DENY msg="spam score exceeded threshold"
  client  192.0.2.7
  no      [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] message mid="x" size=1 rcpts=1/0/0 delay=0 code=DENY msg="y" size=4711 rcpts=1/0/0 delay=0.2 code=CONT msg=""

signature queue-refused
  literal queue code=DENY
  pattern {core}queue code={deny}(?: |$)
  outcome policy-refused
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] queue code=DENY msg="Message denied"
  client  192.0.2.7

signature accepted
  literal queue code=OK
  pattern {core}queue code=OK(?: |$)
  outcome accepted
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core] queue code=OK msg="Message Queued (6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1)"
  client  192.0.2.7

# Each failed login is answered later than the one before.
signature auth-failure
  literal delaying 
  pattern {top}(?|\[[A-Z]+\] \[{uuid}\] \[[^] ]{0,40}auth[^] ]{0,40}\] \x20?|level=[A-Z]+ uuid={uuid} (?:origin|plugin)=[^ ]{0,40}auth[^ ]{0,40} message=)"?delaying (?:response )?for [0-9.]+ seconds?"?$
  outcome auth-failure
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [auth/flat_file] delaying for 4 seconds
  client  192.0.2.7
  after   level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message=connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=auth/auth_ldap message="delaying for 1 seconds"
  client  192.0.2.7

signature timed-out
  literal connection timed out
  pattern {core}"?client (?|connection timed out"? ip={addr}(?: |$)|(?:[^ ]+ )?\[{addr}\] connection timed out"?$)
  outcome timed-out
  yes     [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] client host.example [192.0.2.7] connection timed out
  client  192.0.2.7
  yes     level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message="client connection timed out" ip=192.0.2.7 host=host.example
  client  192.0.2.7

# At INFO: what each plugin said. What the client said is in params, with its quotes escaped, or, in
# old versions, not: so the line is followed to its end.
signature early-talker
  literal plugin=early_talker
  pattern {hook}[a-z_]+ plugin=early_talker function=[^ ]* params={text} retval=DENY[A-Z]* msg={text}$
  outcome protocol-abuse
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=connect plugin=early_talker function=early_talker params="" retval=DENYDISCONNECT msg="You talk too soon"
  client  192.0.2.7

signature listed
  literal retval=DENY
  pattern {hook}[a-z_]+ plugin=(?:haraka-plugin-)?(?:dnsbl|dns-lists?|dns_list_base|backscatterer|spamhaus)[^ ]* function=[^ ]* params={text} retval={deny} msg={text}$
  outcome listed
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=connect plugin=dnsbl function=connect_first params="" retval=DENY msg="host [192.0.2.7] is blacklisted by bl.example"
  client  192.0.2.7
  after   level=NOTICE uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message=connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     level=INFO uuid=6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111 origin=core message="" hook=lookup_rdns plugin=dns-list function=connect_multi params="" retval=DENY msg="host [192.0.2.7] is listed on bl.example"
  client  192.0.2.7
  no      [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=connect plugin=dnsbl function=connect_first params="" retval=DENYSOFT msg="try later"
  no      [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=ehlo plugin=dnsbl function=x params="y\" retval=DENY msg=\"z" retval=OK msg=""
  no      [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=ehlo plugin=dnsbl function=x params="y" retval=DENY msg="z" retval=OK msg=""

signature unrecognized
  literal hook=unrecognized_command
  pattern {hook}unrecognized_command plugin=[^ ]+ function=[^ ]* params={text} retval={deny} msg={text}$
  outcome protocol-abuse
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=unrecognized_command plugin=max_unrecognized_commands function=hook_unrecognized_command params="GET,/" retval=DENYDISCONNECT msg="Too many bad commands"
  client  192.0.2.7

# The plugins limit and rate_limit refuse for a while only, because it is a limit.
signature at-limit
  literal retval=DENY
  pattern {hook}(?:connect_init|connect|lookup_rdns|helo|ehlo) plugin=(?:haraka-plugin-)?(?:rate_)?limit function=[^ ]* params={text} retval=DENY[A-Z]* msg={text}$
  outcome at-limit
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=connect plugin=limit function=conn_rate_limit params="" retval=DENYSOFTDISCONNECT msg="connection rate limit exceeded"
  client  192.0.2.7

signature server-full
  literal plugin=toobusy
  pattern {hook}[a-z_]+ plugin=toobusy\x20
  outcome server-full
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=connect plugin=toobusy function=check_busy params="" retval=DENYSOFTDISCONNECT msg="Too busy; please try again later"

signature refused
  literal retval=DENY
  pattern {hook}(?:connect_init|connect|lookup_rdns|helo|ehlo|vrfy|noop|data) plugin=[^ ]+ function=[^ ]* params={text} retval={deny} msg={text}$
  outcome policy-refused
  recall
  after   [NOTICE] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core] connect ip=192.0.2.7 port=50123 local_ip=198.51.100.25 local_port=25
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111] [core]  hook=ehlo plugin=helo.checks function=valid_hostname params="x" retval=DENY msg="HELO host must be a fully-qualified domain name or address literal (RFC5321 2.3.5)"
  client  192.0.2.7

# The hooks that make a line of NOTICE, too.
signature refused-other
  literal retval=DENY
  pattern {hook}[a-z_]+ plugin=[^ ]+ function=
  outcome other
  yes     [INFO] [6C5A0A5A-8D44-4A5F-A2B4-91B6C7D1E111.1] [core]  hook=rcpt plugin=rcpt_to.in_host_list function=hook_rcpt params="<nosuch@d.example>" retval=DENY msg="I don't know that user"

# SPDX-License-Identifier: Apache-2.0
#
# ASSP, the Anti-Spam SMTP Proxy, versions 1 and 2. The language is in wavebreak-signatures(5).
#
# Written from mlog() and the statements that call it. A line about a connection is
#     [id] [[worker]] [[TLS-in]] [[SSL-out]] [[tag]...] ADDR [[OIP: ADDR]] [<FROM>] [to: RCPT] TEXT
# and one about no connection yet has only the worker and the text, its first letter in capitals.
#
# Which part ASSP itself wrote: all before FROM. FROM and RCPT have no blank and no '<' or '>',
# so what stands behind them begins with words of ASSP's. Within TEXT the client's part comes
# after those words. A line feed in it becomes one and a tab, so it begins no new line.
#
# [OIP: ADDR] is an address from a Received header of a message that our provider's relay
# passed on, and ADDR is that relay: such a line is nobody's offence.
#
# LogDateFormat has to be the default one, and expandedLogging on, as it is by default: without
# it, only the first line of a connection names the client.
#
# [monitoring] tells what would have been refused.
#
# Most refusals are told twice, by a line of their own and by "[SMTP Error] CODE", the reply.
# The reply counts only where there is no such line.

define tags   ^ ?(?:[A-Za-z0-9]*-?[0-9]{3,6}-[0-9]{3,6} )?(?:\[(?!monitoring\])[^][ ]{1,60}\] ?)*+
define client {tags}{addr}(?: <[^<> ]*>)?(?: to: [^ ]+)?\x20

service assp
  server assp
  tag    assp ASSP

signature connected
  pattern {tags}Connected: (?:session:[0-9A-F]+ )?{addr}:{port}(?: > |$)
  literal Connected:
  outcome connected
  yes     [Worker_1] Connected: session:7F5A3C021D48 192.0.2.7:4711 > 198.51.100.2:25 > 127.0.0.1:125
  client  192.0.2.7
  yes     [Worker_2] Connected: 2001:db8::7:4711
  client  2001:db8::7
  no      [Worker_1] Disconnected: session:7F5A3C021D48 192.0.2.7 - processing time 1 seconds

# The backend's reply to AUTH, passed on to the client.
signature auth-failure
  literal [SMTP Error]
  pattern {client}\[SMTP Error\] {reply}\b
  reply   535
  outcome auth-failure
  yes     [Worker_1] [TLS-out] 192.0.2.7 [SMTP Error] 535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6
  client  192.0.2.7
  yes     m1-12345-06789 [Worker_1] 2001:db8::7 <a@b.example> [SMTP Error] 535 5.7.8 no
  client  2001:db8::7
  no      [Worker_1] [TLS-out] 192.0.2.7 [SMTP Status] 451 4.7.1 535 Please try again later
  no      [Worker_1] 192.0.2.7 [OIP: 198.51.100.1] <a@b.example> [SMTP Error] 535 5.7.8 no

signature too-frequent
  literal [SMTP Error]
  pattern {client}\[SMTP Error\] {reply} 5\.7\.1 too (?:frequent connections|many different IP's) for '
  reply   554
  outcome at-limit
  yes     [Worker_1] 192.0.2.7 <a@b.example> [SMTP Error] 554 5.7.1 too frequent connections for '192.0.2.7'
  client  192.0.2.7

signature replied
  literal [SMTP Error]
  pattern {client}\[SMTP Error\] {reply}\b
  outcome other
  yes     m1-12345-06789 [Worker_1] 192.0.2.7 <a@b.example> to: c@d.example [SMTP Error] 550 5.1.1 User unknown

# After a login our own user's mail is relayed; here only its sender was not a local one.
signature local-sender
  literal is set to ON
  pattern {client}relay attempt blocked for: [^ ]+ - because RelayOnlyLocal(?:Sender|Domains) is set to ON$
  outcome other
  yes     m1-12345-06789 [Worker_1] [RelayAttempt] 192.0.2.7 <a@b.example> to: c@d.example relay attempt blocked for: a@b.example - because RelayOnlyLocalSender is set to ON
  no      m1-12345-06789 [Worker_1] [RelayAttempt] 192.0.2.7 <a@b.example> relay attempt blocked for (evil): x!y@z - because RelayOnlyLocalSender is set to ON

signature relay-denied
  literal relay attempt blocked for
  pattern {client}relay attempt blocked for[: ]
  outcome relay-denied
  yes     m1-25391-06124 [Worker_1] [TLS-out] [RelayAttempt] 192.0.2.7 <a@b.example> to: c@d.example relay attempt blocked for: someone@elsewhere.example
  client  192.0.2.7
  yes     m1-01129-09140 [Worker_1] [TLS-in] [TLS-out] [RelayAttempt] 192.0.2.7 <a@b.example> relay attempt blocked for (parsing): <x@y> 198.51.100.1 relay attempt blocked for: z
  client  192.0.2.7
  no      [Worker_1] [RelayAttempt] 192.0.2.7 <a@b.example> to: c@d.example info: 198.51.100.1 relay attempt blocked for: x

signature relay-port
  literal relay attemp on allowRelayCon
  pattern {tags}[Rr]ejected relay attemp on allowRelayCon for ip {addr}$
  outcome relay-denied
  yes     [Worker_1] Rejected relay attemp on allowRelayCon for ip 192.0.2.7
  client  192.0.2.7

signature srs-forged
  literal invalid SRS signature:
  pattern {client}invalid SRS signature:\x20
  outcome relay-denied
  yes     m1-25391-06124 [Worker_1] [RelayAttempt] 192.0.2.7 <> invalid SRS signature: Invalid hash
  client  192.0.2.7

signature unknown-recipient
  pattern {client}(?:invalid address rejected: |rejected by bounce address list: |(?:\[spam found\] )?penalty trap address: |max recipient verification errors \()
  outcome unknown-recipient
  yes     m1-25391-06124 [Worker_1] [InvalidAddress] 192.0.2.7 <a@b.example> to: c@d.example invalid address rejected: nobody@d.example
  client  192.0.2.7
  yes     [Worker_1] [Trap] 192.0.2.7 <a@b.example> penalty trap address: trap@d.example
  yes     [Worker_1] [MaxVRFYErrors] 192.0.2.7 <a@b.example> max recipient verification errors (5) exceeded -- dropping connection - after reply: 550 5.1.1 <x>: Recipient address rejected from 198.51.100.2
  client  192.0.2.7

# What a DNS list says of the client. "neutral" and "[scoring]" are not enough for a refusal.
signature dnsbl-reject
  literal [spam found] (DNSBL
  pattern {client}\[spam found\] \(DNSBL[A-Za-z]*[,:] [^()]{0,80}listed in\x20
  outcome listed
  yes     m1-25391-06124 [Worker_1] [DNSBL] 192.0.2.7 <a@b.example> to: c@d.example [spam found] (DNSBL, 192.0.2.7 listed in bl.example{127.0.0.2}) [Offer] -> spam/1.eml;
  client  192.0.2.7
  no      m1-25391-06124 [Worker_1] [DNSBL][sl] 192.0.2.7 <a@b.example> to: c@d.example [spam found] and possibly passing because spamlover for this check, otherwise blocked (DNSBL, 192.0.2.7 listed in bl.example) [Offer]
  no      m1-25391-06124 [Worker_1] [DNSBL] 192.0.2.7 <a@b.example> to: c@d.example [scoring] DNSBL: neutral, 192.0.2.7 listed in bl.example

signature sender-refused
  literal [spam found]
  pattern {client}\[spam found\] \(?(?:Unknown|Spoofing) Sender
  outcome sender-refused
  yes     m1-25391-06124 [Worker_1] [InvalidLocalSender] 192.0.2.7 <x@d.example> [spam found] Unknown Sender in Local Domain
  client  192.0.2.7

# All other tests: HELO, SPF, names, the penalty box, content.
signature spam-refused
  literal [spam found] (
  pattern {client}\[spam found\] \(
  outcome policy-refused
  yes     m1-25391-06124 [Worker_1] [InvalidHELO] 192.0.2.7 <a@b.example> [spam found] (invalid HELO: 'x [spam found] (DNSBL, y listed in ')
  client  192.0.2.7
  no      m1-25391-06124 [Worker_1] [Bayesian] 192.0.2.7 <a@b.example> to: c@d.example info: [spam found] (Bayesian)
  no      [Worker_1] 192.0.2.7 [OIP: 198.51.100.1] <a@b.example> to: c@d.example [spam found] (Bayesian)

signature spam-passed
  literal [spam found] and possibly
  pattern {client}\[spam found\] and possibly\x20
  outcome other
  yes     m1-25391-06124 [Worker_1] [Bayesian][testmode] 192.0.2.7 <a@b.example> to: c@d.example [spam found] and possibly passing because testmode, otherwise blocked (Bayesian)

# Addresses that have failed too often at once or in the past.
signature auth-blocked
  literal AUTH errors (
  pattern {tags}Block(?:ed|ing) {addr} - too m(?:any|uch) AUTH errors \([0-9]+\)
  outcome auth-failure
  yes     Blocking 192.0.2.7 - too much AUTH errors (10);
  client  192.0.2.7
  yes     [Worker_1] Blocked 192.0.2.7 - too many AUTH errors (6)
  client  192.0.2.7

signature auth-exceeded
  pattern {client}(?:max sender authentication errors \(|too many \([0-9]+\) AUTH errors from |AUTH not allowed$)
  outcome auth-failure
  yes     [SSL-out] 192.0.2.7 max sender authentication errors (5) exceeded -- dropping connection - after reply: 535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6;
  client  192.0.2.7
  yes     [Worker_1] [MaxAUTHErrors] 192.0.2.7 too many (7) AUTH errors from network 192.0.2
  client  192.0.2.7
  yes     [Worker_1] [unsupported_AUTH] 192.0.2.7 AUTH not allowed

signature protocol-abuse
  pattern {client}(?:\[EarlyTalker\] (?:got '|All connections )|max errors \(|malformed address: '|[A-Za-z0-9]{3,12} not allowed$)
  outcome protocol-abuse
  yes     [Worker_1] 192.0.2.7 [EarlyTalker] got 'EHLO x' from the client before the '220 ...' server greeting was sent - rejecting connection
  client  192.0.2.7
  yes     [Worker_1] [MaxErrors] 192.0.2.7 <a@b.example> max errors (MaxErrors=5) exceeded -- dropping connection - after reply: 550 198.51.100.1 from 198.51.100.2
  client  192.0.2.7
  yes     [Worker_1] [unsupported_VRFY] 192.0.2.7 VRFY not allowed
  yes     [Worker_1] [MalformedAddress] 192.0.2.7 <a@b.example> malformed address: 'x' - RFC822' - RFC822
  no      [Worker_1] 192.0.2.7 info: [EarlyTalker] client has sent data before the server greeting '220 ...' was sent - this misbehave is currently ignored for this IP

# Version 1. Version 2 says "Couldn't upgrade to TLS", which happens for reasons of age, too.
signature tls-failed
  literal SSL negotiation with client failed
  pattern {client}SSL negotiation with client failed:
  outcome protocol-abuse
  yes     [SSL-out] 192.0.2.7 SSL negotiation with client failed: SSL accept attempt failed with unknown errorerror:140760FC:SSL routines:SSL23_GET_CLIENT_HELLO:unknown protocol;
  client  192.0.2.7

signature denied
  literal denied by
  pattern {tags}(?:[0-9A-Fa-f.:]+ )?{addr}:{port} denied by (?:[A-Za-z]+ strict: |internal EMERGENCY Blocker)
  outcome policy-refused
  yes     [Worker_1] [DenyStrict] 192.0.2.7:4711 denied by denySMTPConnectionsFromAlways strict: 192.0.2.0/24
  client  192.0.2.7
  yes     [Worker_1] 2001:db8::7:4711 denied by internal EMERGENCY Blocker - this IP has possibly tried before to KILL assp
  client  2001:db8::7
  no      [Worker_1] [DenyStrict] [monitoring] 192.0.2.7:4711 denied by droplist strict: 192.0.2.0/24

signature policy-refused
  pattern {client}(?:connection from [0-9A-Fa-f.:]+ denied by |invalid remote sender for internal address: |(?:'RCPT TO:'|[^ ]*) submited without previouse (?:or included )?AUTH )
  outcome policy-refused
  yes     [Worker_1] [denyExtreme] 192.0.2.7 <a@b.example> connection from 192.0.2.7 denied by PenaltyBox Extreme '192.0.2'
  client  192.0.2.7
  yes     [Worker_1] 192.0.2.7 a@b.example submited without previouse or included AUTH - 'EnforceAuth' is set to 'ON' for 'listenPort2'
  yes     [Worker_1] 192.0.2.7 <a@b.example> 'RCPT TO:' submited without previouse AUTH - 'EnforceAuth' is set to 'ON' for 'listenPort2'
  yes     [Worker_1] [InternalAddress] 192.0.2.7 <a@b.example> to: c@d.example invalid remote sender for internal address: all@d.example

signature at-limit
  literal imiting
  pattern {tags}[Ll]imiting {addr} connections to [0-9]+$
  outcome at-limit
  yes     [Worker_1] Limiting 192.0.2.7 connections to 5
  client  192.0.2.7

signature server-full
  literal imiting total connections
  pattern {tags}[Ll]imiting total connections$
  outcome server-full
  yes     [Worker_1] Limiting total connections

signature accepted
  literal authenticated to
  pattern {client}authenticated to [0-9A-Fa-f.:]+$
  outcome accepted
  yes     [Worker_1] [TLS-in] 192.0.2.7 authenticated to 127.0.0.1
  client  192.0.2.7

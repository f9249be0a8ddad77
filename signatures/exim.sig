# SPDX-License-Identifier: Apache-2.0
#
# Exim: its main log and its reject log, or syslog. The language is in
# wavebreak-signatures(5).
#
# Written from what the log statements of Exim 4.6x to 4.99 can produce (smtp_in.c, receive.c,
# daemon.c, host.c, log.c; sa-exim.c), and from the ACLs that Exim, distributions and control
# panels come with, not from samples.
#
# How the client is named (host.c, host_build_sender_fullhost and host_and_ident):
#     H=HOST (HELO) [ADDRESS]:PORT I=[OURS]:PORT U=IDENT Ci=CONNECTION
# and all but [ADDRESS] may be missing. Who wrote what:
# - HOST is what the address resolves to, and only when the name resolves back. It has the
#   letters, digits, '-', '.' (and '_', '/') that dns_check_names_pattern lets pass: no blank,
#   no bracket.
# - HELO is there when it differs from HOST. check_helo() lets letters, digits, '.', '-' and
#   what helo_allow_chars has pass (mostly '_'), or an address in brackets. So it holds
#   neither a blank nor a parenthesis nor a bracket of its own, and the first [...] behind
#   HOST and (HELO) is the server's. "([192.0.2.1])" is a HELO: the parenthesis tells.
#   There are two holes, and both are closed here:
#   1. Behind '%' or '/' in a bracketed IPv6 address Exim takes anything (the newest ones,
#      anything behind '%' but blanks). "EHLO [::1%x]) [198.51.100.1] F=<...> ... ([::1]" so forges
#      a line from the H= on. A HELO with '%' or '/' counts only where no other "]) [" stands
#      in the line: the server's own comes behind the forged one.
#   2. helo_accept_junk_hosts, nobody by default, lets any text pass. Of "x) [198.51.100.1]
#      (y" the first half would be taken for the client, but the server's ") [ADDRESS]" comes
#      behind it with what the server goes on with. So where there is a HELO, and a second
#      address stands like that outside a quoted local part, nobody is named: {alone}. It
#      cannot be told for a failed login, where the login name may look the same, nor where
#      HELO and recipient together quote the server's half; so do not set
#      helo_accept_junk_hosts to strangers.
# - IDENT is what the client's own ident service said (rfc1413_hosts), DN= and SNI= are the
#   client's too. All three come behind the address. They could make up how the line goes on,
#   so {more} wants that no line of another kind follows.
# - F=<> and the argument of RCPT and MAIL are as the client sent them: a quoted local part
#   can hold blanks, brackets and whole log lines. {path} reads the quotes. The reason comes
#   last, behind ": ".
#
# What the ACLs say as a reason is the administrator's text. Those that are usual are told
# apart by the words that it begins with, letters only, because some ACLs put in a name or an
# address of the client's further on.
#
# Before the line Exim may write "[PID] " and the id of the message. To syslog it writes its
# own time as well (syslog_timestamp), and "[1\12] " before the first of several lines, which
# is whole. "[1/2] " is a line that was cut, "[2/2] " the rest of it: neither is read here,
# and so no chosen length can cut the server's part off.
#
# Both logs have a reject; watch only one of them. With syslog_duplication, which is the
# default, syslog has it twice.

define head   ^(?:\[1\\[0-9]+\] )?(?:[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{8,15} (?:[+-][0-9]{4} )?)?(?:\[[0-9]+\] )?(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} )?
define name   (?:[^][() "]++ )?+
define helo   \((?:[^][()]*+\)|\[[^][()%/]*+\]\)|\[[^][()]*+\]\)(?!.*\]\) \[|.{2000}))\x20
define addrs  \[{addr}\](?::{port})?+
define second \) \[[0-9A-Fa-f:.]++\](?::[0-9]+)?+(?: [A-Z][A-Za-z]*=|: (?:syn|no |too )| (?:rejected|temporarily|sender verify|Warning:|incomplete|dropped|closed|lost|(?:next )?input=|refused|RCPT|\((?:host_|tcp |more ))|$)
define alone  (?!(?>[^)<]++|<"(?:[^"\\]++|\\.)*+"@|(?!{second})[)<])*+{second}|.{4000})
define client {name}(?:{helo}{alone})?+{addrs}
define iface  (?: I=(?:\[[^][ ]*+\](?::[0-9]+)?+|[^][ :]++))?+
define conn   (?: Ci=[^ :]*+)?+
define ident  {iface}(?: U=(?:[^ :"]|:(?! ))*+)?+{conn}
define more   (?: (?:(?:I|Ci|X|CV)=[^ "]*+|(?:U|DN|SNI)=(?!.* (?:temporarily rejected |Warning: |incomplete transaction |sender verify defer |discarded by ))(?:"[^"]*+"|[^ "]*+)))*+
define path   (?><(?:[^<>"\\]++|\\.|"(?:[^"\\]++|\\.)*+")*+>|[^ <>":]++)
define from   (?: F=(?:<(?:[^<>"\\]++|\\.|"(?:[^"\\]++|\\.)*+")*+>|[^ <>"]++))?+
# Of the argument of a refused command Exim writes no more than 100 bytes, and ": " behind them.
define arg    (?>{path}|<.{99}(?=: ))
# The newest Exims add what SPF and DMARC said.
define checks (?: (?:SPF|DMARC)=[^ ]*+)*+
define line   {head}(?: ?DS)?H={client}{more}
define reject {line}{from}{checks} rejected
# The command that was refused, with its argument where it has one.
define what   {reject} (?:(?:RCPT|MAIL|VRFY|EXPN) {arg}|connection in "connect" ACL|after DATA(?: PRDR)?|DATA|during MIME ACL checks|(?:EHLO or HELO|AUTH|STARTTLS|DKIM) (?:\[[^] ]*+\]|[^ ":]*+)):
# How a reason begins: perhaps with a code, then words.
define words  "?(?i)(?:5[0-9][0-9][ -])?(?:#?5\.[0-9]\.[0-9]{1,3}:? )?[a-z"'() :,;.!*-]{0,60}?
# The same without a dot, so that no domain is among them, and not about one.
define plain  "?(?i)(?:5[0-9][0-9][ -])?(?:#?5\.[0-9]\.[0-9]{1,3}:? )?[a-z"'() :,;!*-]{0,60}?
define about  (?!"?(?i)[a-z0-9"'() :,;.!*-]{0,60}\b(?:domain|sender|helo|ehlo|envelope|recipient|ur[il]|not|no)\b)
define zone   [a-z0-9_-]+(?:\.[a-z0-9_-]+)+
define list   (?:dns-? ?[rw]?bl|rbl|dns ?list|[a-z0-9._-]*(?:spamhaus|spamcop|sorbs|barracuda|uceprotect|abuseat|mailspike|surriel|spamrats|dnsbl|rbl|blocklist|blacklist)[a-z0-9._-]*)\b

service exim
  server exim
  tag    exim exim4

# Deliveries: lines of another server's making, and most of a log. Nothing here may ever be
# held against an address that they name.
signature delivery
  pattern {head}(?:(?:[-=>*]>|\*\*|==) [^ ]|Completed(?: QT=[^ ]+)?$)
  outcome other
  yes     1v8X2a-0001Ab-2C => anna@d.example R=r T=remote_smtp H=mx.e.example [198.51.100.1] C="250 OK"
  yes     1v8X2a-0001Ab-2C ** anna@d.example R=r T=remote_smtp H=mx.e.example [198.51.100.1]: SMTP error from remote mail server after RCPT TO:<anna@d.example>: 550 rejected because 192.0.2.7 is in a black list at bl.example
  yes     1v8X2a-0001Ab-2C == anna@d.example R=r T=remote_smtp defer (-44) H=mx.e.example [198.51.100.1]: SMTP error from remote mail server after RCPT TO:<anna@d.example>: 451 Greylisted
  yes     2026-07-27 15:05:01.214 +0200 [812] 1v8X2a-00000000Ab1-2C0D *> anna@d.example <anna> R=r T=t
  yes     1v8X2a-0001Ab-2C Completed

# An arrival. The envelope sender comes first: one with a quote is left to the next signature.
signature accepted
  literal <=
  pattern {head}<= (?:<>|[^ "<>]++)(?: R=[^ ]*+)?+(?: DS)?+ H={client} (?:I=[^ ]*+ |U=[^ ]*+ |Ci=[^ ]*+ |TFO\*{0,2} )*+P=[a-z0-9-]+\x20
  outcome accepted
  yes     1v8X2a-0001Ab-2C <= a@b.example H=mail.b.example (mx7) [192.0.2.7]:4711 I=[203.0.113.1]:25 P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=900 id=1@b.example T="x H=[198.51.100.1] rejected RCPT <a@b>: Unknown user"
  client  192.0.2.7
  yes     1v8X2a-0001Ab-2C <= <> H=([192.0.2.99]) [2001:db8::7] P=smtp S=900
  client  2001:db8::7
  no      1v8X2a-0001Ab-2C <= "x H=[198.51.100.1] P=smtp "@b.example H=(y) [192.0.2.7] P=smtp S=900

signature arrival
  pattern {head}(?:<|\()=\x20
  outcome other
  yes     1v8X2a-0001Ab-2C <= "x H=[198.51.100.1] P=smtp "@b.example H=(y) [192.0.2.7] P=smtp S=900
  yes     1v8X2a-0001Ab-2C <= anna@d.example U=anna P=local S=300

# Whoever logged in first is mostly one of our own users, who mistyped an address or went over
# a limit. It counts, because spam goes out through stolen accounts, too, but little.
signature refused-after-login
  literal A=
  pattern {line}{from}{checks} A=[^ ]*+{checks} rejected\x20
  outcome policy-refused
  score   5
  yes     H=(laptop) [192.0.2.7]:50122 X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no F=<anna@d.example> A=plain_login:anna rejected RCPT <c@e.example>: Unrouteable address
  client  192.0.2.7
  no      H=(laptop) [192.0.2.7]:50122 F=<anna@d.example> A=plain_login:anna temporarily rejected RCPT <c@e.example>

# Also what the next server said of the recipient (verify = recipient/callout).
signature unknown-recipient
  literal rejected RCPT
  pattern {reject} RCPT {arg}: (?:{words}\b(?:unknown (?:user|recipient|local|address|account|mailbox)|(?:user|recipient|address|account|mailbox|local ?-?part)(?: [a-z]+){0,3}? (?:unknown|unavailable|disabled|inactive|invalid|not (?:found|exist)|does(?:n't| not))|no such|no mailbox|not a valid (?:user|recipient|mailbox|address)|invalid (?:user|recipient|mailbox)|recipient(?: address)? (?:verif|cannot|can't|could not|is not|not)|unrouteable|all relevant mx|all host address lookups|no mail ?server|an mx or srv record)|response to "RCPT|[^ ]+ \[[0-9A-Fa-f:.]+\](?::[0-9]+)? ?: [SL]MTP error from remote mail server after (?:pipelined )?RCPT )
  outcome unknown-recipient
  yes     H=mail.b.example [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user
  client  192.0.2.7
  yes     H=mail.b.example (mx7) [192.0.2.7]:4711 F=<> rejected RCPT <c@d.example>: Unrouteable address
  yes     H=mail.b.example [192.0.2.7]:40222 X=TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256 CV=no F=<a@b.example> rejected RCPT <c@d.example>: No Such User Here
  client  192.0.2.7
  yes     H=mail.b.example (x) [192.0.2.7] U=root F=<"a> rejected RCPT <x>: H=y [198.51.100.1]"@b.example> rejected RCPT <"x: z [198.51.100.1]:25"@d.example>: Unknown user
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: mx.d.example [203.0.113.9] : SMTP error from remote mail server after RCPT TO:<c@d.example>: 550 no such user
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@dddddddddddddddddddddddddddddddddd: Unrouteable address
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <"x H=[198.51.100.1]:25 F=<a@b.example> rejected RCPT <c@d.example>: relay not permitted, and more o: Unrouteable address
  client  192.0.2.7
  yes     H=([::1%eth0]) [2001:db8::7] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user
  client  2001:db8::7
  yes     2026-07-27 15:05:01 [812] H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user
  client  192.0.2.7
  no      H=(x) [198.51.100.1] (y) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user
  no      H=(x) [198.51.100.1] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user (y) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user
  no      H=(x) [198.51.100.1]:25 F=<a@b.example> rejected RCPT <c@d.example>: Unknown user) [192.0.2.7]:4711 I=[203.0.113.1]:25 F=<a@b.example> rejected RCPT <c@d.example>: Unknown user
  no      H=([::1%x]) [198.51.100.1] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user ([::1]) [192.0.2.7] F=<> rejected RCPT <c@d.example>: Unknown user
  no      H=([::1/x]) [198.51.100.1] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user ([::1]) [192.0.2.7] F=<> rejected RCPT <c@d.example>: Unknown user
  no      H=(mx7) [192.0.2.7] F=<"> rejected RCPT <c@d.example>: Unknown user"@b.example> temporarily rejected RCPT <c@d.example>: Greylisted
  no      H=(mx7) [192.0.2.7] U=x F=<a@b> rejected RCPT <c@d>: Unknown user F=<a@b.example> temporarily rejected RCPT <c@d.example>: Greylisted
  no      U=anna F=<anna@d.example> rejected RCPT <c@d.example>: Unknown user
  no      [1/2] H=(x) [198.51.100.1] F=<a@b.example> rejected RCPT <c@d.example>: Unknown user

signature relay-denied
  literal elay
  pattern {what} {words}\b(?<!open )relay(?:ing|ed)?\b(?!\.)
  outcome relay-denied
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@e.example>: relay not permitted
  client  192.0.2.7
  yes     H=mail.b.example [192.0.2.7]:40223 I=[203.0.113.1]:25 Ci=812 X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no SNI=mx.d.example F=<a@b.example> rejected RCPT <c@e.example>: relay not permitted
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@e.example>: rejected relay attempt: '192.0.2.7' From: 'a@b.example' To: 'c@e.example'
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@e.example>: Relaying denied
  no      H=(mx7) [192.0.2.7] F=<a@b.example> temporarily rejected RCPT <c@e.example>: relay not permitted

# The texts of dnslists in ACLs: of Exim's own configuration ("rejected because A is in a
# black list at ZONE", "found in ZONE"), of Debian's ("A is listed at ZONE"), of control
# panels ("JunkMail rejected - HOST (HELO) [A]:PORT is in an RBL", "Email blocked by ZONE"),
# and those of the lists themselves, with an address to look the client up at.
# Where the text names an address, it has to be the client's own. What a list says of a
# domain, of the HELO or of the sender is not about the client. A list of the administrator's
# own ("locally blacklisted") is none of DNS, and what another server said in a callout
# ("SMTP error from remote mail server") is about us.
signature dnsbl-address
  literal rejected
  pattern {what} {words}(?:(?-i:[^][() "]++ (?:\([^][()]*+\) )?)?)\[?\k<addr>\]?(?::[0-9]+)?(?! ?: (?:SMTP|LMTP))(?![a-z ]*\bnot\b)[a-z :,"'-]{0,40}?\b(?:in (?:a|an|the|our)? ?(?:dns )?(?:rbl|dnsbl|dns ?list|black ?-?list|block ?-?list)\b|(?:listed|found|blocked|(?:black|block) ?-?list(?:ed)?) (?:at|in|on|by|using|from) (?:[a-z ]{0,20}\b)?(?:{list}|{zone}))
  outcome listed
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: rejected because 192.0.2.7 is in a black list at bl.example
  client  192.0.2.7
  yes     H=mail.b.example (mx7) [192.0.2.7]:4711 F=<a@b.example> rejected RCPT <c@d.example>: "JunkMail rejected - mail.b.example (mx7) [192.0.2.7]:4711 is in an RBL: https://list.example/query"
  client  192.0.2.7
  yes     H=(mx7) [2001:db8::7] rejected EHLO or HELO mx7: 2001:db8::7 is listed at bl.example (127.0.0.2: spam)
  client  2001:db8::7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@dddddddddddddddddddddddddddddddddd: 192.0.2.7 is listed at bl.example
  client  192.0.2.7
  yes     H=[192.0.2.7]:4711 rejected connection in "connect" ACL: Host 192.0.2.7 is blacklisted in bl.example
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: sender IP address 192.0.2.7 is locally blacklisted here. If you think this is wrong, get in touch with postmaster
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: rejected because 192.0.2.70 is in a black list at bl.example
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <"x>: 192.0.2.7 is listed at bl.example"@d.example>: Unknown user
  no      H=(mx7) [192.0.2.7] F=<"> rejected RCPT <c>: 192.0.2.7 is listed at bl.example"@b.example> temporarily rejected RCPT <c@d.example>: Greylisted
  no      H=(mx7) [192.0.2.7] F=<a@b.example> Warning: 192.0.2.7 is listed at bl.example (127.0.0.2: spam)
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: mx7 [192.0.2.7] : SMTP error from remote mail server after RCPT TO:<a@b.example>: 550 203.0.113.1 is listed at bl.example

signature dnsbl
  literal rejected
  pattern {what} {about}{plain}\b(?:(?:listed|found|(?:black|block) ?-?list(?:ed)?) (?:at|in|on|by|using) (?:[a-z ]{0,20}\b)?(?:{list}|{zone})|blocked (?:at|by|using) (?:[a-z ]{0,20}\b)?{list}|(?:dns ?bl|dns ?rbl|rbl|dns ?list)\b|https?://[a-z0-9.-]*(?:spamhaus|spamcop|sorbs|barracuda|uceprotect|abuseat|mailspike|dnsbl|rbl|blocklist)[^ ]*\k<addr>)
  outcome listed
  yes     H=(mx7) [192.0.2.7]:4711 I=[203.0.113.1]:25 F=<a@b.example> rejected RCPT <c@d.example>: found in bl.example
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=a@b.example rejected RCPT c@d.example: rejected found in dnsbl bl.example
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: host is listed in bl.example
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Email blocked by rbl.list.example
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: DNSLIST (bl.example: spam)
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: https://www.rbl.example/query/ip/192.0.2.7
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Email blocked by mail.d.example
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: sender domain b.example is listed in dbl.example
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: b.example is listed in dbl.example
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: HELO name listed in bl.example
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <found@in.bl.example>: Unknown user

# What is no fault of a client's: full mailboxes, sizes, long lines.
signature unavailable
  literal rejected
  pattern {what} {words}(?:over ?-?quota|quota (?:is )?exceeded|mailbox (?:is )?(?:over|full|disabled)|maximum allowed line|line (?:is )?too long|message (?:size|(?:is )?too (?:big|large)))
  outcome other
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: mailbox is full
  client  192.0.2.7
  yes     1v8X2a-0001Ab-2C H=(mx7) [192.0.2.7] F=<a@b.example> rejected after DATA: maximum allowed line length is 998 octets, got 1204

signature auth-refused
  literal rejected AUTH
  pattern {reject} AUTH\x20
  outcome auth-failure
  yes     H=(mx7) [192.0.2.7]:4711 rejected AUTH LOGIN: too many failed logins from 198.51.100.1
  client  192.0.2.7

signature rate-limit
  literal rejected
  pattern {what} {words}\b(?:rate ?-?limit|sender rate|rate [0-9a-z]|too many|(?:limit|maximum)[a-z ]{0,20} (?:exceeded|reached)|exceeded|exceeds)
  outcome at-limit
  yes     H=[192.0.2.7]:40221 rejected connection in "connect" ACL: "Host is ratelimited (12.4/1h max:10)"
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: Sender rate 20.1 / 1h

# A rate limit for connections is told with 4xx, and no client that is in order meets it.
signature connection-rate-limit
  literal temporarily rejected connection
  pattern {line} temporarily rejected connection in "connect" ACL: {words}\b(?:rate ?-?limit|rate [0-9]|too many)
  outcome at-limit
  yes     H=mail.b.example [192.0.2.7]:40221 temporarily rejected connection in "connect" ACL: "Host is ratelimited (12.4/1h max:10)"
  client  192.0.2.7
  no      H=mail.b.example [192.0.2.7]:40221 temporarily rejected connection in "connect" ACL: cannot test dnslists condition
  no      H=(mx7) [192.0.2.7] F=<a@b.example> temporarily rejected RCPT <c@d.example>: ratelimited

# All other refusals of what a HELO, a DNS name, SPF and the like were found to be.
signature name-refused
  literal rejected MAIL
  pattern {what} {words}\b(?:helo|ehlo|reverse|ptr\b|rdns|spf\b|dkim|dmarc|host\b|your ip)
  outcome policy-refused
  yes     H=(mx7) [192.0.2.7] rejected MAIL <a@b.example>: Access denied - Invalid HELO name (See RFC2821 4.1.1.1)
  client  192.0.2.7

signature sender-refused
  literal rejected MAIL
  pattern {reject} MAIL\x20
  outcome sender-refused
  yes     H=(mx7) [192.0.2.7]:4711 rejected MAIL <a@nowhere.example>: Sender verify failed
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] rejected MAIL <"H=x [198.51.100.1] F=<a"@b.example>
  client  192.0.2.7

signature sender-verify-failed
  literal ender
  pattern {what} (?:\([a-z]+\): )?{words}\b(?<!no valid )sender (?!ip |host )
  outcome sender-refused
  yes     H=mail.b.example [192.0.2.7]:40224 X=TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256 CV=no F=<a@b.example> rejected RCPT <c@d.example>: Sender verify failed
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] U=root F=<a@b.example> rejected RCPT <c@d.example>: (recipient): Sender verify failed
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: sender envelope address a@b.example is locally blacklisted here. If you think this is wrong, get in touch with postmaster
  no      H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c@d.example>: sender IP address 192.0.2.7 is locally blacklisted here. If you think this is wrong, get in touch with postmaster

# The line before such a refusal, with the reason: half an offence more.
# "sender verify defer" is a failure of ours to find out.
signature sender-verify
  literal sender verify fail for
  pattern {line} sender verify fail for <
  outcome sender-refused
  score   10
  yes     H=mail.b.example (mx7) [192.0.2.7]:40224 sender verify fail for <a@b.example>: no such mailbox there
  client  192.0.2.7
  yes     H=mail.b.example [192.0.2.7] I=[203.0.113.1]:25 sender verify fail for <"H=x [198.51.100.1] "@b.example>: response to "RCPT TO:<a@b.example>" was: 550 x
  client  192.0.2.7
  no      H=mail.b.example (mx7) [192.0.2.7]:40224 sender verify defer for <a@b.example>: host lookup did not complete
  no      H=(x) [198.51.100.1] sender verify fail for <y) [192.0.2.7] sender verify fail for <a@b.example>

# Everything else that an ACL refused: RCPT, DATA, EHLO, VRFY, EXPN, ETRN, STARTTLS, the
# connection, the message as a whole.
signature refused
  literal rejected
  pattern {reject}\x20
  outcome policy-refused
  yes     H=(mx7) [192.0.2.7] rejected EHLO or HELO mx7: HELO is my own name
  client  192.0.2.7
  yes     H=[192.0.2.7]:4711 rejected connection in "connect" ACL
  yes     H=([IPv6:2001:db8::99]) [2001:db8::7]:4711 rejected VRFY root
  client  2001:db8::7
  yes     H=(mx7) [192.0.2.7] rejected EXPN root
  yes     H=(mx7) [192.0.2.7] rejected ETRN #d.example
  yes     H=(mx7) [192.0.2.7]:40236 X=TLS1.3:TLS_AES_128_GCM_SHA256:128 CV=no F=<a@b.example> rejected RCPT <c@d.example>: Please log in first
  client  192.0.2.7
  yes     1v8X2a-0001Ab-2C H=(mx7) [192.0.2.7] F=<a@b.example> rejected after DATA: This message contains a virus (H=[198.51.100.1]).
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] X=TLS1.3:TLS_AES_128_GCM_SHA256:128 CV=no DN="CN=mx7,O=B" F=<a@b.example> SPF=fail DMARC=reject rejected RCPT <c@d.example>: no
  client  192.0.2.7
  yes     [1\12] 2026-07-27 15:05:01 1v8X2a-0001Ab-2C H=(mx7) [192.0.2.7] F=<a@b.example> rejected after DATA: spam
  client  192.0.2.7
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> rejected RCPT <c d rejected H=[198.51.100.1]
  client  192.0.2.7
  no      H=(mx7) [192.0.2.7] F=<a@b.example> temporarily rejected RCPT <c@d.example>: 550 rejected RCPT <x>: no
  no      H=(mx7) [192.0.2.7] Warning: rejected RCPT <c@d.example>: no
  no      H=(mx7) [192.0.2.7] F=<a@b.example> RCPT <c@d.example>: discarded by RCPT ACL: rejected RCPT
  no      H=(mx7) [192.0.2.7] U=x F=<a@b> rejected RCPT <y> Warning: listed
  no      H=(mx7) [192.0.2.7] DN="x" F=<a> rejected y: z" F=<a@b.example> temporarily rejected RCPT <c@d.example>
  no      H=(mx7) [192.0.2.7] incomplete transaction (QUIT) from <a@b.example> for rejected RCPT <c@d.example>

# What some administrators have their connect ACL write.
signature dropped-by-acl
  literal dropped by '
  pattern {line} dropped by '[a-z]+' ACL(?:: |$)
  outcome policy-refused
  yes     H=[192.0.2.7]:40227 dropped by 'connect' ACL: country not served
  client  192.0.2.7

# 4xx: greylisting, our own lookups that failed, callouts that got no answer.
signature temporarily-refused
  literal temporarily rejected
  pattern {line}{from}(?: (?:A|SPF|DMARC)=[^ ]*+)*+ temporarily rejected\x20
  outcome other
  yes     H=(mx7) [192.0.2.7] F=<a@b.example> temporarily rejected RCPT <c@d.example>: Could not complete sender verify callout
  client  192.0.2.7

# "NAME authenticator failed for CLIENT: CODE TEXT (set_id=LOGIN)"; the login name comes last.
# Some Exims put "H=" before the client.
signature auth-failure
  literal authenticator failed for
  pattern {head}(?:[A-Za-z0-9_.-]+ )?authenticator failed for (?:H=)?{name}(?:{helo})?+{addrs}{ident} ?: {reply} (?:Incorrect authentication data(?: \(set_id=|: [0-9]+ Time\(s\)$|$))
  reply   535
  outcome auth-failure
  yes     plain_login authenticator failed for mail.b.example (mx7) [192.0.2.7]:40233 I=[203.0.113.1]:25: 535 Incorrect authentication data (set_id=anna)
  client  192.0.2.7
  yes     login authenticator failed for ([192.0.2.99]) [192.0.2.7]: 535 Incorrect authentication data
  client  192.0.2.7
  yes     lmtp_login authenticator failed for (desktop) [2001:db8::7]:40234 I=[2001:db8::1]:465 Ci=813: 535 Incorrect authentication data (set_id=anna@d.example)
  client  2001:db8::7
  yes     plain authenticator failed for (mx7) [192.0.2.7]: 535 Incorrect authentication data (set_id=a) [198.51.100.1]: 535 Incorrect authentication data (set_id=b)
  client  192.0.2.7
  yes     sasl authenticator failed for H=(mx7) [192.0.2.7] U=root: 535 Incorrect authentication data (set_id=anna)
  client  192.0.2.7
  no      H=([::1% authenticator failed for (x) [198.51.100.1]: 535 Incorrect authentication data (set_id=]) [192.0.2.7] F=<a@b.example> temporarily rejected RCPT <c@d.example>
  no      plain authenticator failed for (x) [198.51.100.1] (y) [192.0.2.7]: 535 Incorrect authentication data (set_id=a)
  no      plain authenticator failed for (x) [198.51.100.1]: 535 Incorrect authentication data) [192.0.2.7]: 535 Incorrect authentication data (set_id=a)
  no      plain authenticator failed for ([::1%x]) [198.51.100.1]: 535 Incorrect authentication data (set_id=([::1]) [192.0.2.7]: 535 Incorrect authentication data (set_id=a)
  no      plain authenticator failed for (mx7) [192.0.2.7]: 435 Unable to authenticate at present (set_id=x: 535 Incorrect authentication data): lookup failed

signature auth-broken
  literal authenticator failed for
  pattern {head}(?:[A-Za-z0-9_.-]+ )?authenticator failed for (?:H=)?{name}(?:{helo})?+{addrs}{ident} ?: {reply} (?:Invalid base64 data|Initial data not expected)
  reply   501, 553
  outcome protocol-abuse
  yes     login authenticator failed for (mx7) [192.0.2.7]:4711: 501 Invalid base64 data
  client  192.0.2.7
  yes     login authenticator failed for (mx7) [192.0.2.7]: 553 Initial data not expected

# Cancelled by the client, or a fault of ours.
signature auth-without-result
  literal authenticator failed for
  pattern {head}(?:[A-Za-z0-9_.-]+ )?authenticator failed for (?:H=)?{name}(?:{helo})?+{addrs}{ident} ?: {reply}\x20
  reply   435, 501
  outcome other
  yes     login authenticator failed for (mx7) [192.0.2.7]: 501 Authentication cancelled
  yes     login authenticator failed for (mx7) [192.0.2.7]: 435 Unable to authenticate at present: no connection

# log_selector +smtp_protocol_error and +smtp_syntax_error: the command, the client, and what
# was wrong, mostly in Exim's own words, but with some of the address where one was parsed.
# Two ways to know which '" H=' is the server's: the command has no quote and no other '" H='
# follows, so it is the first ({once}); or the line ends right after it and one of Exim's own
# sentences, so it is the last. The second is not true of addresses, and not where there is
# an ident.
define once   "[^"]{0,300}" H={client}{ident}(?!.*(?:" H=|\) \[[0-9A-Fa-f:.]+\])|.{600})
define last   "(?!(?i)(?:MAIL FROM|RCPT TO):|.* U=).{0,300}" H={client}{iface}{conn}
# logwatch adds how often it saw the line.
define times  (?:: [0-9]+ Time\(s\))?

signature auth-not-offered
  literal SMTP protocol error in "
  pattern {head}SMTP protocol error in (?="(?i)AUTH\b)(?:{once}) (?:AUTH command used when not advertised|[A-Za-z0-9_-]+ authentication mechanism not supported){times}$
  outcome auth-failure
  yes     SMTP protocol error in "AUTH LOGIN" H=(mx7) [192.0.2.7]:40235 I=[203.0.113.1]:587 AUTH command used when not advertised
  client  192.0.2.7
  yes     SMTP protocol error in "aUtH lOgIn YW5uYQ==" H=mail.b.example (mx7) [192.0.2.7] U=x LOGIN authentication mechanism not supported
  client  192.0.2.7
  no      SMTP protocol error in "AUTH x" H=(y) [198.51.100.1] AUTH command used when not advertised" H=(mx7) [192.0.2.7] AUTH command used when not advertised
  no      SMTP protocol error in "AUTH x" H=(y) [198.51.100.1] AUTH command used when not advertised" H=(mx7) [192.0.2.7] AUTH comm
  no      SMTP protocol error in "AUTH x" H=(mx7) [192.0.2.7] U=x" H=[198.51.100.1] AUTH command used when not advertised

signature auth-not-offered-quoted
  literal SMTP protocol error in "
  pattern {head}SMTP protocol error in (?="(?i)AUTH\b)(?:{last}) (?:AUTH command used when not advertised|[A-Za-z0-9_-]+ authentication mechanism not supported){times}$
  outcome auth-failure
  yes     SMTP protocol error in "AUTH x" H=(y) [198.51.100.1] AUTH command used when not advertised" H=(mx7) [192.0.2.7] AUTH command used when not advertised
  client  192.0.2.7
  no      SMTP protocol error in "AUTH x" H=(mx7) [192.0.2.7] U=x" H=[198.51.100.1] AUTH command used when not advertised

signature bad-command
  literal error in "
  pattern {head}SMTP (?:protocol|syntax) error in {once} ["'A-Za-z0-9]
  outcome protocol-abuse
  yes     SMTP syntax error in "GET / HTTP/1.1" H=[192.0.2.7]:4711 unrecognized command
  client  192.0.2.7
  yes     SMTP syntax error in "\026\003\001?" H=[192.0.2.7] NUL character(s) present (shown as '?')
  yes     SMTP protocol error in "RCPT TO:<c@d.example>" H=(mx7) [192.0.2.7] sender not yet given
  yes     SMTP syntax error in "RCPT TO:<c d@e.example>" H=(mx7) [192.0.2.7] malformed address: d@e.example> may not follow <c
  client  192.0.2.7
  no      SMTP syntax error in "x" H=(y) [198.51.100.1] unrecognized command" H=(mx7) [192.0.2.7] unrecognized command
  no      SMTP syntax error in "RCPT TO:<x" H=y [198.51.100.1] z>" H=(mx7) [192.0.2.7] malformed address: unrecognized command may not follow
  no      SMTP syntax error in "x" H=(y) [198.51.100.1] U=" H=(mx7) [192.0.2.7] unrecognized command

signature bad-command-quoted
  literal error in "
  pattern {head}SMTP (?:protocol|syntax) error in {last} (?:unrecognized command|NUL character\(s\) present \(shown as '\?'\)|unexpected argument data|valid RCPT command must precede (?:DATA|BDAT)|invalid character in authentication mechanism name|(?:AUTH|STARTTLS|BDAT) command used when [A-Za-z ]{0,40}|[A-Za-z0-9_-]+ authentication mechanism not supported|argument must begin with #){times}$
  outcome protocol-abuse
  yes     SMTP syntax error in "x" H=(y) [198.51.100.1] unrecognized command" H=(mx7) [192.0.2.7] unrecognized command
  client  192.0.2.7
  no      SMTP syntax error in "x" H=(y) [198.51.100.1] unrecognized command" H=(mx7) [192.0.2.7] a@b: unknown text
  no      SMTP syntax error in "RCPT TO:<c>" H=(mx7) [192.0.2.7] malformed address: x may not follow " H=[198.51.100.1] unrecognized command
  no      SMTP syntax error in "x" H=(mx7) [192.0.2.7] U=" H=[198.51.100.1] unrecognized command

# Sent before the greeting, or before the answer to the command. What the client sent stands
# at the end, and the command before the client, as above.
signature early-talker
  literal synchronization error (
  pattern {head}SMTP protocol (?:violation: )?synchronization error \(input sent without waiting for greeting\): rejected connection from H={client}{ident} input="
  outcome protocol-abuse
  yes     SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=[192.0.2.7]:40225 I=[203.0.113.1]:25 input="GET / HTTP/1.1\r\n\r\n"
  client  192.0.2.7
  yes     SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=mail.b.example [192.0.2.7] input="EHLO x\r\n\" H=[198.51.100.1] input=\""
  client  192.0.2.7

signature improper-pipelining
  literal synchronization error (
  pattern {head}SMTP protocol (?:violation: )?synchronization error \(next input sent too soon: pipelining was(?: not)? advertised\): rejected "[^"]{0,300}" H={client}{ident} next input="(?!.*" H=).{0,620}"(?:\.\.\.)?$
  outcome protocol-abuse
  yes     SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected "RSET" H=mail.b.example [192.0.2.7]:40226 I=[203.0.113.1]:25 next input="QUIT\r\n"
  client  192.0.2.7
  yes     SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected "POST / HTTP/1.1" H=[192.0.2.7] next input="Host: \"x\"\r\n"...
  client  192.0.2.7
  no      SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected "EHLO x" H=(y) [198.51.100.1] next input="QUIT" H=(x) [192.0.2.7] next input="QUIT\r\n"
  no      SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected "EHLO x" H=(y) [198.51.100.1] next input="z" H=(x) [192.0.2.7] next input="a" H=(y) [198.51.100.1] next input="b"

# From here on lines whose quotes come behind the client.
signature too-many-errors
  literal SMTP call from
  pattern {head}SMTP call from (?:H=)?{client}{ident} dropped: too many (?:syntax or protocol errors|nonmail commands|unrecognized commands)
  outcome protocol-abuse
  yes     SMTP call from [192.0.2.7] dropped: too many unrecognized commands (last was "SMTP call from [198.51.100.1] dropped: too many ")
  client  192.0.2.7
  yes     SMTP call from mail.b.example (mx7) [192.0.2.7]:4711 I=[203.0.113.1]:25 dropped: too many syntax or protocol errors (last command was "HELO", C=HELO,HELO,HELO,HELO)
  client  192.0.2.7
  yes     SMTP call from (mx7) [192.0.2.7] dropped: too many nonmail commands (last was "NOOP")
  no      SMTP call from (x) [198.51.100.1] dropped: too many nonmail commands (y) [192.0.2.7] dropped: too many nonmail commands (last was "NOOP")
  no      1v8X2a-0001Ab-2C <= a@b.example H=mail.b.example [192.0.2.7] P=esmtps S=900 T="SMTP call from [198.51.100.1] dropped: too many unrecognized commands"

signature bad-helo
  literal : syntactically invalid argument(s):
  pattern {head}rejected (?:HELO|EHLO) from {client}{ident}: syntactically invalid argument\(s\):\x20
  outcome protocol-abuse
  yes     rejected EHLO from [192.0.2.7]: syntactically invalid argument(s): x) [198.51.100.1] (y
  client  192.0.2.7
  yes     rejected HELO from mail.b.example [192.0.2.7]:4711 I=[203.0.113.1]:25: syntactically invalid argument(s): (no argument given)

# helo_verify_hosts. The HELO stands before the client.
signature helo-not-verified
  literal " from
  pattern {head}rejected "(?:HELO|EHLO) [^"]{0,300}" from {client}{ident}$
  outcome policy-refused
  yes     rejected "EHLO mx.d.example" from mail.b.example (mx.d.example) [192.0.2.7]
  client  192.0.2.7
  no      temporarily rejected "EHLO mx.d.example" from (mx.d.example) [192.0.2.7]
  no      rejected "EHLO x" from [198.51.100.1]" from (x" from [198.51.100.1]) [192.0.2.7]

signature mail-without-helo
  literal : no HELO/EHLO given
  pattern {head}rejected MAIL from {client}{ident}: no HELO/EHLO given$
  outcome protocol-abuse
  yes     rejected MAIL from mail.b.example [192.0.2.7]: no HELO/EHLO given
  client  192.0.2.7

signature too-many-messages
  literal : too many messages in one connection
  pattern {head}rejected MAIL command H={client}{ident}: too many messages in one connection$
  outcome at-limit
  yes     rejected MAIL command H=(mx7) [192.0.2.7]: too many messages in one connection
  client  192.0.2.7

signature too-many-recipients
  literal too many recipients: message rejected: sender=
  pattern {head}too many recipients: message rejected: sender={path} H={client}{ident}$
  outcome at-limit
  yes     too many recipients: message rejected: sender=<a@b.example> H=(mx7) [192.0.2.7]
  client  192.0.2.7
  yes     too many recipients: message rejected: sender=<"a> H=x [198.51.100.1]"@b.example> H=(mx7) [192.0.2.7]
  client  192.0.2.7

# An address without a domain; log_selector +smtp_syntax_error. Behind the client may stand
# why its name is not known.
signature unqualified-sender
  literal unqualified sender rejected:
  pattern {head}unqualified sender rejected: {path} H={client}{ident}(?: \([^][()]*\))?$
  outcome sender-refused
  yes     unqualified sender rejected: <anna> H=(mx7) [192.0.2.7] (failed to find host name from IP address)
  client  192.0.2.7
  yes     unqualified sender rejected: <"x> H=[198.51.100.1]"> H=(mx7) [192.0.2.7]
  client  192.0.2.7

signature unqualified-recipient
  literal unqualified
  pattern {head}unqualified (?:recipient|verify) rejected: {path} H={client}{ident}(?: \([^][()]*\))?$
  outcome protocol-abuse
  yes     unqualified recipient rejected: <anna> H=(mx7) [192.0.2.7]
  client  192.0.2.7

signature verify-failed
  literal VRFY failed for
  pattern {head}VRFY failed for (?!.* U=).{0,300} H={client}{ident}$
  outcome unknown-recipient
  yes     VRFY failed for anna H=(mx7) [192.0.2.7]
  client  192.0.2.7
  yes     VRFY failed for x H=(y) [198.51.100.1] H=(mx7) [192.0.2.7]
  client  192.0.2.7

signature connection-refused
  literal refused connection from
  pattern {head}refused connection from (?:H=)?{client}{ident} \((?:host_reject_connection|tcp wrappers)\)$
  outcome policy-refused
  yes     refused connection from mail.b.example [192.0.2.7]:4711 (host_reject_connection)
  client  192.0.2.7
  yes     refused connection from [192.0.2.7] (tcp wrappers)
  no      temporarily refused connection from [192.0.2.7] (tcp wrappers errno=12)

signature ip-options
  literal refused (IP options)
  pattern {head}connection from {client}{ident} refused \(IP options\)$
  outcome protocol-abuse
  yes     connection from [192.0.2.7] refused (IP options)
  client  192.0.2.7

signature too-many-connections
  literal refused: too many connections from that IP address
  pattern {head}Connection from {addrs}{iface}{conn} refused: too many connections from that IP address$
  outcome at-limit
  yes     Connection from [192.0.2.7]:40238 I=[203.0.113.1]:25 refused: too many connections from that IP address
  client  192.0.2.7

# smtp_accept_max, smtp_accept_reserve, smtp_load_reserve: whoever is named only came last.
signature server-full
  literal refused
  pattern {head}(?:Connection from \[[^ ]+(?: I=[^ ]+)?(?: Ci=[^ ]+)? refused: (?:too many connections$|load average =)|temporarily refused connection from .{0,600}: not in reserve list)
  outcome server-full
  yes     Connection from [192.0.2.7]:40238 refused: too many connections
  yes     Connection from [192.0.2.7] refused: load average = 12.40
  yes     temporarily refused connection from mail.b.example [192.0.2.7]: not in reserve list: connected=19 max=20 reserve=5
  no      Connection from [192.0.2.7] refused: too many connections from that IP address

signature local-scan
  literal rejected by local_scan
  pattern {head}F=(?:<>|[^ "<>]++|<[^ "<>]*+>)(?: DS)?+ H={client}(?: (?:I|U|Ci|P|L)[*.-]*(?:=[^ ]*+)?| TFO\*{0,2})*+ rejected by local_scan\(\):(?!.* temporarily rejected by local_scan)
  outcome policy-refused
  yes     1v8X2a-0001Ab-2C F=a@b.example H=(mx7) [192.0.2.7]:40232 I=[203.0.113.1]:25 P=esmtp rejected by local_scan(): Rejected
  client  192.0.2.7
  no      1v8X2a-0001Ab-2C F=a@b.example H=(mx7) [192.0.2.7] P=esmtp temporarily rejected by local_scan(): Rejected
  no      1v8X2a-0001Ab-2C F="x H=y [198.51.100.1] P=esmtp rejected by local_scan(): z"@b.example H=(mx7) [192.0.2.7] P=esmtp temporarily rejected by local_scan(): Rejected

# The size that MAIL announced, or that the message had. A lawful sender meets it.
signature too-big
  literal : message too big:
  pattern {head}rejected (?:MAIL FROM:|from )<
  outcome other
  yes     rejected MAIL FROM:<a@b.example> H=(mx7) [192.0.2.7]: message too big: size=99999999 max=52428800
  yes     rejected from <a@b.example> H=(mx7) [192.0.2.7]: message too big: read=52430000 max=52428800

# SpamAssassin at SMTP time (sa-exim). Message-Id and sender, which the client chose, stand
# before the client, recipients behind it. "(host=" is there once, or nothing is believed.
signature sa-exim
  literal SA: Action:
  pattern {head}SA: Action: (?:silently tossed|permanently rejected) message: [^(|]{0,200}\(scanned in [0-9]+/[0-9]+ secs \| Message-Id: [^ ()|]{0,300}\)\. From <[^ "<>]*> \(host=[^ ()]* \[{addr}\]\) for (?!.*\(host=|.{4000})
  outcome policy-refused
  yes     1v8X2a-0001Ab-2C SA: Action: silently tossed message: score=22.4 required=5.0 trigger=20.0 (scanned in 2/3 secs | Message-Id: 1@b.example). From <a@b.example> (host=mail.b.example [192.0.2.7]) for c@d.example
  client  192.0.2.7
  yes     1v8X2a-0001Ab-2C SA: Action: permanently rejected message: score=12.0 required=5.0 trigger=10.0 (scanned in 1/1 secs | Message-Id: 1@b.example). From <> (host=NULL [2001:db8::7]) for c@d.example
  client  2001:db8::7
  no      1v8X2a-0001Ab-2C SA: Action: silently tossed message: score=22.4 required=5.0 trigger=20.0 (scanned in 2/3 secs | Message-Id: 1). From <> (host=x [198.51.100.1]) for y). From <a@b.example> (host=mail.b.example [198.51.100.1]) for c@d.example (host=z [192.0.2.7]) for "
  no      1v8X2a-0001Ab-2C SA: Action: scanned but message isn't spam: score=0.1 required=5.0 (scanned in 1/1 secs | Message-Id: 1@b.example). From <a@b.example> (host=mail.b.example [192.0.2.7]) for c@d.example

signature timed-out
  literal timeout
  pattern {head}SMTP (?:command timeout on(?: TLS)?|data timeout \(message abandoned\) on) connection from {client}{ident}(?:$| F=<| D=)
  outcome timed-out
  yes     SMTP command timeout on connection from mail.b.example (mx7) [192.0.2.7]:4711 I=[203.0.113.1]:25
  client  192.0.2.7
  yes     SMTP command timeout on TLS connection from [192.0.2.7] D=5m
  yes     SMTP data timeout (message abandoned) on connection from (mx7) [192.0.2.7] F=<a@b.example>

signature oversized-header
  literal ridiculously long message header received from
  pattern {head}ridiculously long message header received from {client} \(more than [0-9]+ characters\): message abandoned$
  outcome protocol-abuse
  yes     ridiculously long message header received from (mx7) [192.0.2.7] (more than 1048576 characters): message abandoned
  client  192.0.2.7

# log_selector +smtp_no_mail. With "A=" the client did log in; with AUTH but without, it did not.
signature lost-after-auth
  literal no MAIL in
  pattern {head}no MAIL in (?:TFO\*? )?SMTP connection from {client}{ident} D=[^ ]+(?: (?:X|CV)=[^ ]*+)*+ C=(?:\.\.\.)?(?:[A-Z]+,)*AUTH\b
  outcome auth-failure
  score   10
  yes     no MAIL in SMTP connection from mail.b.example (mx7) [192.0.2.7]:40229 I=[203.0.113.1]:25 D=12s C=EHLO,AUTH
  client  192.0.2.7
  yes     no MAIL in SMTP connection from (desktop) [192.0.2.7]:40228 I=[203.0.113.1]:25 Ci=814 D=0.7s X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no C=EHLO,STARTTLS,EHLO,AUTH,QUIT
  no      no MAIL in SMTP connection from (laptop) [192.0.2.7] D=1s A=plain:anna C=EHLO,AUTH,QUIT
  no      no MAIL in SMTP connection from [192.0.2.7] D=11s C=EHLO,STARTTLS

# Who came, was not logged in and wanted nothing: a scanner, or a monitor. A look every five minutes
# stays far below any ban with 5 points.
signature nothing-wanted
  literal no MAIL in
  pattern {head}no MAIL in (?:TFO\*? )?SMTP connection from {client}{ident} D=[^ ]+(?: (?:X|CV|C)=[^ ]*+)*+$
  outcome protocol-abuse
  score   5
  yes     no MAIL in SMTP connection from [192.0.2.7]:40231 I=[203.0.113.1]:25 D=0s
  client  192.0.2.7
  yes     no MAIL in SMTP connection from mail.b.example (mx7) [192.0.2.7] D=11s C=EHLO,STARTTLS
  client  192.0.2.7
  no      no MAIL in SMTP connection from (laptop) [192.0.2.7] D=1s A=plain:anna C=EHLO,AUTH,QUIT

signature no-mail
  literal no MAIL in
  pattern {head}no MAIL in (?:TFO\*? )?SMTP connection from {client}{ident} D=
  outcome other
  yes     no MAIL in SMTP connection from (laptop) [192.0.2.7] D=1s A=plain:anna C=EHLO,AUTH,QUIT

# log_selector +smtp_connection.
signature connected
  literal (TCP/IP connection count =
  pattern {head}SMTP connection (?:Ci=[^ ]+ )?from {addrs}{iface}{conn} \(TCP/IP connection count = [0-9]+\)$
  outcome connected
  yes     SMTP connection from [192.0.2.7]:4711 I=[203.0.113.1]:25 (TCP/IP connection count = 3)
  client  192.0.2.7

# An ACL had the connection closed. The refusal has a line of its own, unless the log of
# rejects is switched off.
signature dropped-connection
  literal closed by DROP in ACL
  pattern {head}SMTP connection (?:Ci=[^ ]+ )?from {client}{iface}(?: D=[^ ]+)? closed by DROP in ACL$
  outcome policy-refused
  score   5
  yes     1v8X2a-0001Ab-2C SMTP connection from mail.b.example [192.0.2.7]:40230 I=[203.0.113.1]:25 closed by DROP in ACL
  client  192.0.2.7
  yes     SMTP connection from (mx7) [192.0.2.7] D=0.3s closed by DROP in ACL
  no      SMTP connection from (mx7) [192.0.2.7] closed by QUIT

signature disconnected
  literal connection
  pattern {head}SMTP connection (?:Ci=[^ ]+ )?from {client}(?: \(via inetd\)|{iface}) (?:D=[^ ]+ )?(?:TFO )?(?:lost|closed )
  outcome other
  yes     SMTP connection from mail.b.example (mx7) [192.0.2.7]:4711 I=[203.0.113.1]:25 closed by QUIT
  client  192.0.2.7
  yes     SMTP connection from [192.0.2.7] lost D=0s
  yes     SMTP connection from [192.0.2.7] lost while reading message data (header)

signature lost
  literal disconnection while reading SMTP command from
  pattern {head}unexpected disconnection while reading SMTP command from (?:TFO\*? )?{client}
  outcome other
  yes     unexpected disconnection while reading SMTP command from (mx7) [192.0.2.7]:4711 I=[203.0.113.1]:25 (error: Connection reset by peer) D=3s
  client  192.0.2.7

# Handshakes fail for reasons of age and certificates, too.
signature tls-failed
  literal TLS error on connection
  pattern {head}TLS error on connection (?:Ci=[^ ]+ )?from {client}
  outcome other
  yes     TLS error on connection from [192.0.2.7]:4711 I=[203.0.113.1]:465 (gnutls_handshake): The TLS connection was non-properly terminated.
  client  192.0.2.7

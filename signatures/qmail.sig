# SPDX-License-Identifier: Apache-2.0
#
# qmail and its kin (netqmail, notqmail, s/qmail, IndiMail, sagredo's qmail), with the programs in
# front of qmail-smtpd that refuse clients: tcpserver, rblsmtpd, spamdyke, chkuser, vpopmail's
# vchkpw. The language is in wavebreak-signatures(5).
#
# Written from the log statements of ucspi-tcp's and ucspi-tcp6's tcpserver.c and rblsmtpd.c, of
# vpopmail's vchkpw.c, chkuser.c, sagredo's qmail-smtpd.c, s/qmail's smtpdlog.c, spamdyke's filter.c
# and log.c.
#
# qmail-smtpd itself says nothing, so all of this is of programs around it and of patches. multilog
# puts a time in front (it is taken off with the head); splogger sends to syslog, under whatever tag
# it was given, with a time of its own that is part of the message. What is longer than 800 bytes
# splogger cuts; the rest has a '+' where others have a blank behind that time, and begins no
# signature here. Where an address is searched for at the end, the client's text is bounded so that
# the end of the line was not cut off.
#
# Several services can have the tag smtpd: OpenSMTPD's messages begin otherwise.

define stamp (?:[0-9]{9,11}\.[0-9]{6} )?
define s    ^{stamp}
# A message that was not cut.
define whole ^(?=.{0,780}$)
define v4   (?:::ffff:)?(?<addr>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})
define title (?:qmail-smtpd?(?:\[[0-9]+\])?: )?
define smtp {s}{title}

service qmail
  tag    qmail qmail-smtpd qmail-smtpsd qmail-submission smtpd smtp smtps smtpsd submission
  tag    qmail-popup qmail-pop3d qmail-pop3sd rblsmtpd tcpserver sslserver splogger
  tag    vpopmail vchkpw spamdyke chkuser simscan

# tcpserver, with -v. The names are cut down to harmless signs, without blanks and ':'; so is what the
# client's ident service said. IPv6 stands there as it is. In "pid" the number is of the process that
# serves this client.
signature connected
  literal : pid 
  pattern {s}(?:tcp|ssl)server: pid (?<id>[0-9]+) from {addr}$
  outcome connected
  remember
  yes     tcpserver: pid 4711 from 192.0.2.7
  client  192.0.2.7
  yes     1785164701.123456 tcpserver: pid 4711 from 2001:db8::7
  client  2001:db8::7
  no      1785164701.123456+tcpserver: pid 4711 from 192.0.2.7

signature closed
  literal server: end 
  pattern {s}(?:tcp|ssl)server: end (?<id>[0-9]+) status [0-9]+$
  outcome disconnected
  recall
  forget
  after   tcpserver: pid 4711 from 192.0.2.7
  yes     tcpserver: end 4711 status 0
  client  192.0.2.7

# By the patches that limit the connections of one address or net.
signature at-limit
  literal MAXCONN
  pattern {s}(?:tcp|ssl)server: deny [0-9]+ [^ ]+ [^ :]*:{addr}:[^ :]*:{port}:? ?\(?:?(?:MAXCONNIP|MAXCONNC|MAXCONNNET|MAXCONNRULE)\b
  outcome at-limit
  yes     tcpserver: deny 4711 mx.d.example:198.51.100.25:25 host.example:192.0.2.7::50123 (MAXCONNIP:5)
  client  192.0.2.7

signature refused-rules
  literal server: deny 
  pattern {s}(?:tcp|ssl)server: deny [0-9]+ [^ ]+ [^ :]*:{addr}:[^ :]*:{port}$
  outcome policy-refused
  yes     tcpserver: deny 4711 mx.d.example:198.51.100.25:25 host.example:192.0.2.7:root:50123
  client  192.0.2.7
  yes     tcpserver: deny 4711 0:::ffff:198.51.100.25:25 :::ffff:192.0.2.7::50123
  client  192.0.2.7
  yes     sslserver: deny 4711 mx.d.example:2001:db8::25:465 beef.example:2001:db8::7:beef:50123
  client  2001:db8::7
  no      tcpserver: ok 4711 mx.d.example:198.51.100.25:25 host.example:192.0.2.7::50123

signature server-full
  literal server: status: 
  pattern {s}(?:tcp|ssl)server: status: ([0-9]+)/\1$
  outcome server-full
  yes     tcpserver: status: 40/40
  no      tcpserver: status: 4/40

# rblsmtpd. The text is the list's, or the one of its option -r. A list that does not answer makes a
# 451 of its own. Behind the pid some builds name the list.
signature listed
  literal  pid 
  pattern {s}rblsmtpd: (?|{addr} pid [0-9]+(?: [^ :]+)?|\x20?pid [0-9]+ from {addr}): (?:451|553) (?!temporary|.*temporary (?:RBL )?lookup)(?i:.*(?:https?:|\b(?:black|block)?list|dns-?[br]l|\brbls?\b|spamhaus|spamcop|sorbs|\bblock))
  outcome listed
  yes     rblsmtpd: 192.0.2.7 pid 4711: 451 http://bl.example/query?ip=192.0.2.7
  client  192.0.2.7
  yes     1785164701.123456 rblsmtpd: 2001:db8::7 pid 4711 bl.example: 553 http://bl.example/query?ip=2001:db8::7
  client  2001:db8::7
  yes     rblsmtpd:  pid 4711 from 192.0.2.7: 553 Blocked, see http://bl.example/
  client  192.0.2.7
  no      rblsmtpd: 192.0.2.7 pid 4711: 451 temporary RBL lookup error
  no      rblsmtpd: 192.0.2.7 pid 4711: greetdelay: 30

# What tcprules put into $RBLSMTPD, with '-' in front, is no list's.
signature refused-rblsmtpd
  literal  pid 
  pattern {s}rblsmtpd: {addr} pid [0-9]+(?: [^ :]+)?: {reply}\x20
  reply   553
  outcome policy-refused
  yes     rblsmtpd: 192.0.2.7 pid 4711: 553 No mail from here.
  client  192.0.2.7
  no      rblsmtpd: 192.0.2.7 pid 4711: 451 Come back later.

# An old form.
signature listed-zone
  literal  blocked 
  pattern {s}(?:rblsmtpd: )?[0-9A-Za-z.-]+ blocked {addr} [^ ]+ -$
  outcome listed
  yes     bl.example blocked 192.0.2.7 list.bl.example -
  client  192.0.2.7

# Patches that ask the lists in qmail-smtpd.
signature listed-patch
  literal  badiprbl: 
  pattern {smtp}[45][0-9][0-9] badiprbl: ip {addr} rbl:\x20
  outcome listed
  yes     qmail-smtpd: 553 badiprbl: ip 192.0.2.7 rbl: bl.example
  client  192.0.2.7

signature listed-rbl
  literal rbl: ip=
  pattern {smtp}rbl: ip={addr} query=[^ ]+ result=(?:reject|delay)
  outcome listed
  yes     qmail-smtpd[4711]: rbl: ip=192.0.2.7 query=7.2.0.192.bl.example result=reject message='http://bl.example/?ip=192.0.2.7'
  client  192.0.2.7
  no      rbl: ip=192.0.2.7 query=7.2.0.192.bl.example result=accept

# vpopmail. The address is the end of the line. The user, and in some versions the password, is
# the client's and stands before it. IPv4 has a form that no name can change; IPv6 is looked for only
# behind a user and a domain that vpopmail has examined.
signature login-failed
  literal vchkpw
  pattern {s}vchkpw(?:-[a-z0-9]{1,12})?: (?|(?:password fail|vpopmail user not found|system user not found|system password fail|invalid user/domain characters|null (?:user name|password) given)\b.{0,500}:{v4}|(?:password fail(?: \(pass: '.{0,200}'\)| .{1,200})?|vpopmail user not found) [^ :@]{1,100}@[^ :@]{0,200}:{addr})$
  outcome auth-failure
  yes     vchkpw-smtp: vpopmail user not found nosuch@d.example:192.0.2.7
  client  192.0.2.7
  yes     vchkpw-pop3: password fail (pass: 'x:198.51.100.1') anna@d.example:192.0.2.7
  client  192.0.2.7
  yes     vchkpw: password fail x a@b:198.51.100.1 anna@d.example:2001:db8::7
  client  2001:db8::7
  yes     vchkpw-imap: invalid user/domain characters x:198.51.100.1:192.0.2.7
  client  192.0.2.7
  yes     vchkpw-smtp: vpopmail user not found nosuch@d.example:2001:db8::7
  client  2001:db8::7
  no      vchkpw-smtp: vpopmail user not found x@198.51.100.1:
  no      vchkpw-smtp: invalid user/domain characters x@198:2001:db8::7
  no      vchkpw-smtp: password fail x:198.51.100.1 anna@d.example:

signature login
  literal login success 
  pattern {s}vchkpw(?:-[a-z0-9]{1,12})?: (?:\([A-Z0-9-]{1,20}\) )?login success (?|.{0,300}:{v4}|[^ :@]{1,100}@[^ :@]{0,200}:{addr})$
  outcome accepted
  yes     vchkpw-smtp: (PLAIN) login success anna@d.example:192.0.2.7
  client  192.0.2.7

# spamdyke. Sender and recipient are the client's: a line where they have blanks, or the words of the
# server, is left alone, and one that may have been cut.
define dyke {whole}(?!.* origin_ip: .* origin_ip: ){stamp}(?:spamdyke(?:\[[0-9]+\])?: )?
define orig  from: [^ ]{1,300} to: [^ ]{1,300} origin_ip: {addr} origin_rdns: [^ ]+ auth: 

signature spamdyke-listed
  literal DENIED_RBL_MATCH
  pattern {dyke}DENIED_RBL_MATCH {orig}
  outcome listed
  yes     DENIED_RBL_MATCH from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none) reason: bl.example
  client  192.0.2.7
  no      DENIED_RBL_MATCH from: "x origin_ip: 198.51.100.1 origin_rdns: y auth: z"@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none)

signature spamdyke-unknown-recipient
  literal DENIED_INVALID_RECIPIENT
  pattern {dyke}DENIED_INVALID_RECIPIENT {orig}
  outcome unknown-recipient
  yes     DENIED_INVALID_RECIPIENT from: (unknown) to: nosuch@d.example origin_ip: 192.0.2.7 origin_rdns: (unknown) auth: (unknown) encryption: TLS
  client  192.0.2.7

signature spamdyke-relay-denied
  literal DENIED_RELAYING
  pattern {dyke}DENIED_RELAYING {orig}
  outcome relay-denied
  yes     DENIED_RELAYING from: a@b.example to: c@elsewhere.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown)
  client  192.0.2.7

signature spamdyke-sender-refused
  literal DENIED_
  pattern {dyke}DENIED_(?:RHSBL_MATCH|SENDER_(?:BLACKLISTED|NO_MX|NOT_LOCAL|NOT_AUTH\w*)) {orig}
  outcome sender-refused
  yes     DENIED_SENDER_NO_MX from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none)
  client  192.0.2.7

signature spamdyke-protocol
  literal DENIED_
  pattern {dyke}DENIED_(?:EARLYTALKER|UNPARSEABLE|UNQUALIFIED_RECIPIENT|ZERO_RECIPIENTS) {orig}
  outcome protocol-abuse
  yes     DENIED_EARLYTALKER from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none)
  client  192.0.2.7

signature spamdyke-at-limit
  literal DENIED_TOO_MANY_RECIPIENTS
  pattern {dyke}DENIED_TOO_MANY_RECIPIENTS {orig}
  outcome at-limit
  yes     DENIED_TOO_MANY_RECIPIENTS from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none)
  client  192.0.2.7

# Graylisting is no offence, and neither is what qmail itself refused behind spamdyke.
signature spamdyke-refused
  literal DENIED_
  pattern {dyke}DENIED_(?:RDNS_MISSING|RDNS_RESOLVE|IP_IN_(?:CC_)?RDNS|BLACKLIST_NAME|BLACKLIST_IP|RECIPIENT_BLACKLISTED|AUTH_REQUIRED|REJECT_ALL|IDENTICAL_SENDER_RECIPIENT|HEADER_BLACKLISTED|ACCESS_DENIED) {orig}
  outcome policy-refused
  yes     1785164701.123456 spamdyke[4711]: DENIED_RDNS_MISSING from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: (unknown) auth: (unknown) encryption: (none)
  client  192.0.2.7
  no      DENIED_GRAYLISTED from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none)
  no      DENIED_OTHER from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none) reason: 451_DENIED_RDNS_MISSING

signature spamdyke-login-failed
  literal _AUTH 
  pattern {dyke}(?:FAILED_AUTH|UNKNOWN_AUTH) {orig}
  outcome auth-failure
  yes     FAILED_AUTH from: (unknown) to: (unknown) origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: TLS
  client  192.0.2.7

signature spamdyke-timed-out
  literal TIMEOUT 
  pattern {dyke}TIMEOUT {orig}
  outcome timed-out
  yes     TIMEOUT from: (unknown) to: (unknown) origin_ip: 192.0.2.7 origin_rdns: host.example auth: (unknown) encryption: (none) reason: TIMEOUT
  client  192.0.2.7

signature spamdyke-accepted
  literal ALLOWED 
  pattern {dyke}ALLOWED {orig}
  outcome accepted
  yes     ALLOWED from: a@b.example to: c@d.example origin_ip: 192.0.2.7 origin_rdns: mail.b.example auth: (unknown) encryption: TLS
  client  192.0.2.7

# chkuser, in two forms. Sender, HELO and recipient are the client's, each between its own '<' and '>':
# a line that has more of these is left alone, and one that may have been cut. Without "remotehostip:" the address ends the second,
# and can be told from what stands before it only as IPv4.
define chk  {whole}{stamp}{title}CHKUSER [a-z]+(?: [a-z]+){0,3}: from <[^<>]*> remote <(?|[^<>|]*\|remotehostname:[^<>|]*\|remotehostip:{addr}|[^<>|]*:{v4})> rcpt <[^<>]*> :\x20

signature chkuser-unknown-recipient
  literal CHKUSER rejected
  pattern {chk}(?:not existing recipient|invalid rcpt MX domain)$
  outcome unknown-recipient
  yes     CHKUSER rejected rcpt: from <a@b.example::> remote <helo.example:host.example:192.0.2.7> rcpt <nosuch@d.example> : not existing recipient
  client  192.0.2.7
  yes     CHKUSER rejected rcpt: from <a@b.example|remoteinfo/auth:|chkuser-identify:> remote <helo:x|remotehostname:host.example|remotehostip:2001:db8::7> rcpt <nosuch@d.example> : not existing recipient
  client  2001:db8::7
  no      CHKUSER rejected rcpt: from <a@b.example::> remote <x:198.51.100.1> rcpt <y> : not existing recipient:host.example:192.0.2.7> rcpt <c@d.example> : temporary DNS problem
  no      CHKUSER accepted rcpt: from <a@b.example::> remote <helo.example:host.example:192.0.2.7> rcpt <c@d.example> : found existing recipient

signature chkuser-relay-denied
  literal CHKUSER rejected relaying
  pattern {chk}client not allowed to relay$
  outcome relay-denied
  yes     CHKUSER rejected relaying: from <a@b.example::> remote <helo.example:host.example:192.0.2.7> rcpt <c@elsewhere.example> : client not allowed to relay
  client  192.0.2.7

signature chkuser-sender-refused
  literal CHKUSER rejected sender
  pattern {chk}invalid sender (?:address format|MX domain)$
  outcome sender-refused
  yes     CHKUSER rejected sender: from <a@nowhere.example::> remote <helo.example:host.example:192.0.2.7> rcpt <> : invalid sender MX domain
  client  192.0.2.7

# So many that the connection is closed, or that no further recipient is asked for.
signature chkuser-at-limit
  literal CHKUSER
  pattern {chk}max (?:number|allowed) [a-z ]{1,60}$
  outcome at-limit
  yes     CHKUSER rejected intrusion: from <a@b.example::> remote <helo.example:host.example:192.0.2.7> rcpt <c@d.example> : max number of allowed invalid rcpt
  client  192.0.2.7

signature chkuser-protocol
  literal CHKUSER rejected
  pattern {chk}invalid rcpt address format$
  outcome protocol-abuse
  yes     CHKUSER rejected rcpt: from <a@b.example::> remote <helo.example:host.example:192.0.2.7> rcpt <c@> : invalid rcpt address format
  client  192.0.2.7

signature chkuser-login-needed
  literal CHKUSER
  pattern {chk}[a-z ]{0,60}must auth[a-z ]{0,40}$
  outcome policy-refused
  yes     CHKUSER no auth resource: from <a@b.example::> remote <helo.example:host.example:192.0.2.7> rcpt <c@d.example> : sender must auth
  client  192.0.2.7

# sagredo's qmail-smtpd: one line for each recipient and one for each message. Values have no blanks,
# and the last remoteip= is the server's. What has made a line of its own is not counted twice.
define qlog {smtp}(?:qlogenvelope|qlogreceived): result=
define ip   .{0,600} remoteip={addr} remoteport=[0-9]* remotehost=[^ ]* qp=[0-9]* pid=[0-9]+$

signature qlog-accepted
  literal : result=accepted
  pattern {qlog}accepted code={reply} reason=[^ ]{0,40}{ip}
  reply   2xx
  outcome accepted
  yes     qlogreceived: result=accepted code=250 reason=queueaccept detail=chkuser helo=x mailfrom=a@b.example rcptto=c@d.example relay=no rcpthosts= size=4711 authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp=4712 pid=4711
  client  192.0.2.7

signature qlog-login-failed
  literal reason=auth
  pattern {qlog}rejected code={reply} reason=auth(?:failed|fail) {ip}
  reply   5xx
  outcome auth-failure
  yes     qlogenvelope: result=rejected code=535 reason=authfailed detail=anna helo=x remoteip=198.51.100.1 mailfrom= rcptto= relay=no rcpthosts= size=0 authuser=anna authtype=login encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp= pid=4711
  client  192.0.2.7

signature qlog-relay-denied
  literal : result=rejected
  pattern {qlog}rejected code={reply} reason=(?:not_in_rcpthosts|notinrcpthosts|dontrelay|norelay) {ip}
  reply   5xx
  outcome relay-denied
  yes     qlogenvelope: result=rejected code=553 reason=dontrelay detail=- helo=x mailfrom=a@b.example rcptto=c@elsewhere.example relay=no rcpthosts=no size= authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp= pid=4711
  client  192.0.2.7

signature qlog-unknown-recipient
  literal : result=rejected
  pattern {qlog}rejected code={reply} reason=(?:nomailbox|validrcptto|rcptcheck|nouser) {ip}
  reply   5xx
  outcome unknown-recipient
  yes     qlogenvelope: result=rejected code=550 reason=nomailbox detail=- helo=x mailfrom=a@b.example rcptto=nosuch@d.example relay=no rcpthosts=yes size= authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=2001:db8::7 remoteport=50123 remotehost= qp= pid=4711
  client  2001:db8::7

signature qlog-protocol
  literal : result=rejected
  pattern {qlog}rejected code={reply} reason=(?:authinvalid|badformat|strayNewline|straynewline) {ip}
  reply   5xx
  outcome protocol-abuse
  yes     qlogenvelope: result=rejected code=501 reason=authinvalid detail=- helo=x mailfrom= rcptto= relay=no rcpthosts= size= authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp= pid=4711
  client  192.0.2.7

signature qlog-refused
  literal : result=rejected
  pattern {qlog}rejected code={reply} reason=(?:spf|empf|authrequired|authreq|queuereject) {ip}
  reply   5xx
  outcome policy-refused
  yes     qlogenvelope: result=rejected code=550 reason=spf detail=fail helo=x mailfrom=a@b.example rcptto= relay=no rcpthosts= size= authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp= pid=4711
  client  192.0.2.7
  no      qlogreceived: result=rejected code=451 reason=queuereject detail=- helo=x mailfrom=a@b.example rcptto=c@d.example relay=no rcpthosts=yes size=1 authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp= pid=4711

signature qlog-other
  literal : result=rejected
  pattern {qlog}rejected code={reply} reason=[^ ]{0,40} {ip}
  reply   5xx
  outcome other
  yes     qlogenvelope: result=rejected code=553 reason=rblreject detail=bl.example helo=x mailfrom=a@b.example rcptto=c@d.example relay=no rcpthosts=yes size= authuser= authtype= encrypted= sslverified=no localip=198.51.100.25 localport=25 remoteip=192.0.2.7 remoteport=50123 remotehost=host.example qp= pid=4711
  client  192.0.2.7

# The other lines of that qmail-smtpd. The client's text is between '<' and '>', and the address is
# the end of the line.
signature unknown-recipient
  literal  at 
  pattern {smtp}(?:validrcptto|rcptcheck): (?:drop|reject) address <.{0,500}> at {addr}$
  outcome unknown-recipient
  yes     qmail-smtpd[4711]: validrcptto: drop address <x> at 198.51.100.1> at 192.0.2.7
  client  192.0.2.7

signature sender-refused
  literal badmailfrom
  pattern {smtp}badmailfrom[a-z]*: (?:drop |reject )?(?:address )?<.{0,500}> at {addr}$
  outcome sender-refused
  yes     qmail-smtpd[4711]: badmailfrom: <a@b.example> at 192.0.2.7
  client  192.0.2.7

signature refused
  literal  at 
  pattern {smtp}(?:badhelo|badrcptto): (?:drop |reject )?(?:address )?<.{0,500}> at {addr}$
  outcome policy-refused
  yes     qmail-smtpd[4711]: badhelo: <x> at 192.0.2.7
  client  192.0.2.7

signature too-many
  literal  hanging up on 
  pattern {smtp}(?:badrcptto|validrcptto|rcptcheck): excessive rcptto violations hanging up on {addr}$
  outcome at-limit
  yes     qmail-smtpd[4711]: validrcptto: excessive rcptto violations hanging up on 192.0.2.7
  client  192.0.2.7

signature pregreet
  literal client sent data before greeting
  pattern {smtp}GREETDELAY from {addr}: client sent data before greeting
  outcome protocol-abuse
  yes     GREETDELAY from 192.0.2.7: client sent data before greeting
  client  192.0.2.7

# s/qmail and SPAMCONTROL: "pid N Reject::CLASS::REASON P:PROTOCOL S:ADDRESS:NAME", before all that
# is the client's.
define sq   {s}qmail-(?:smtpd|popup|pop3d): pid [0-9]+ Reject::
define sip   P:[^ ]* S:{addr}:[^ :]*(?: |$)

signature sqmail-login-failed
  literal Reject::AUTH::
  pattern {sq}AUTH::(?!missing)[^ ]+ {sip}
  outcome auth-failure
  yes     qmail-smtpd: pid 4711 Reject::AUTH::login P:ESMTPA S:192.0.2.7:host.example H:x ?~ 'S:198.51.100.1:y'
  client  192.0.2.7
  yes     qmail-popup: pid 4711 Reject::AUTH::apop P:POP3 S:2001:db8::7:unknown ?~ 'anna'
  client  2001:db8::7

signature sqmail-relay-denied
  literal Reject::SNDR::Invalid_Relay
  pattern {sq}SNDR::Invalid_Relay {sip}
  outcome relay-denied
  yes     qmail-smtpd: pid 4711 Reject::SNDR::Invalid_Relay P:ESMTP S:192.0.2.7:host.example H:x F:a@b.example T:c@elsewhere.example
  client  192.0.2.7

signature sqmail-unknown-recipient
  literal Reject::RCPT::Failed_Rcptto
  pattern {sq}RCPT::Failed_Rcptto {sip}
  outcome unknown-recipient
  yes     qmail-smtpd: pid 4711 Reject::RCPT::Failed_Rcptto P:ESMTP S:192.0.2.7:host.example H:x F:a@b.example T:nosuch@d.example
  client  192.0.2.7

signature sqmail-at-limit
  literal Reject::RCPT::Toomany
  pattern {sq}RCPT::Toomany[^ ]* {sip}
  outcome at-limit
  yes     qmail-smtpd: pid 4711 Reject::RCPT::Toomany_Rcptto P:ESMTP S:192.0.2.7:host.example H:x F:a@b.example T:c@d.example
  client  192.0.2.7

signature sqmail-sender-refused
  literal Reject::
  pattern {sq}(?:SNDR::(?!Invalid_Relay)|MAIL::)[^ ]+ {sip}
  outcome sender-refused
  yes     qmail-smtpd: pid 4711 Reject::SNDR::Bad_Mailfrom P:ESMTP S:192.0.2.7:host.example H:x F:a@b.example
  client  192.0.2.7

signature sqmail-other
  literal Reject::DATA::Invalid_Size
  pattern {sq}DATA::Invalid_Size {sip}
  outcome other
  yes     qmail-smtpd: pid 4711 Reject::DATA::Invalid_Size P:ESMTP S:192.0.2.7:host.example H:x F:a@b.example
  client  192.0.2.7

signature sqmail-refused
  literal Reject::
  pattern {sq}[^ ]+ {sip}
  outcome policy-refused
  yes     qmail-smtpd: pid 4711 Reject::ORIG::DNS_HELO P:ESMTP S:192.0.2.7:host.example H:x
  client  192.0.2.7
  no      qmail-smtpd: pid 4711 Deferred::SNDR::Grey_Listed P:ESMTP S:192.0.2.7:host.example H:x
  no      qmail-smtpd: pid 4711 Accept::ORIG::DNS_HELO P:ESMTP S:192.0.2.7:host.example H:Reject::x P: S:198.51.100.1:y

signature sqmail-accepted
  literal Accept::
  pattern {s}qmail-(?:smtpd|popup|pop3d): pid [0-9]+ Accept::[^ ]+ {sip}
  outcome accepted
  yes     qmail-smtpd: pid 4711 Accept::RCPT::Recipients_Rcptto P:ESMTP S:192.0.2.7:mail.b.example H:x F:a@b.example T:c@d.example
  client  192.0.2.7

# A logging patch. The sender stands before the address, and recipient and HELO behind it: only a line
# that says " from " once, and that was not cut, has the server's.
signature message-rejected
  literal qmail-smtpd: message rejected
  pattern {s}qmail-smtpd: message rejected(?: \([^()]*\))?: (?=.{1,600}$)(?!.* from .* from )[^ ]* from {addr} to .* helo\x20
  outcome policy-refused
  yes     qmail-smtpd: message rejected (qmail-dfilter): a@b.example from 192.0.2.7 to c@d.example helo x
  client  192.0.2.7
  no      qmail-smtpd: message rejected: x from 198.51.100.1 to y from 192.0.2.7 to c@d.example helo x

# simscan names the client behind the subject, and sender and recipients behind it: no proof.
signature simscan
  literal simscan:
  pattern {s}simscan: ?\[[0-9]+\]: ?(?:SPAM|VIRUS|ATTACH|CLEAN|PASSTHRU|RELAYCLIENT)
  outcome other
  yes     simscan:[4711]:SPAM REJECT (12.00/5.00):1.2345s:subject:192.0.2.7:a@b.example:c@d.example

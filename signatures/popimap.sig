# SPDX-License-Identifier: Apache-2.0
#
# Smaller POP3 and IMAP servers: UW imapd with ipop2d and ipop3d (and Panda IMAP), Perdition,
# Solid POP3 and cucipop. The language is in wavebreak-signatures(5).
#
# Written from what the log statements of these programs can produce, not from samples:
# UW imap 4.7 to 2007f (imapd.c, ipop3d.c, env_unix.c, tcp_unix.c), Perdition 1.17 to 2.2
# (perdition.c), Solid POP3 0.15 (main.c), cucipop 1.31.

# UW imap. host= ends the line, as NAME [ADDR] or [ADDR]; user=, auth= and a mechanism's name
# stand before it and are the client's. Each is cut at 64 or 80 bytes, host= too: behind a
# name of 65 bytes or more there is no whole address, and the line names nobody. NAME has
# letters, digits, '.' and '-' only (tcp_name_valid).
define host    host=(?:[A-Za-z0-9._-]{1,80} )?\[{addr}\]\x20?$

service uwimap
  server uwimap
  tag    imapd imapsd simapd ipop3d ipop3sd spop3d ipop2d

signature auth-failure
  pattern ^Login (?:failed|failure|disabled|excessive login failures|SYSTEM BREAK-IN ATTEMPT) user=.{0,80}(?: auth=.{0,64})? {host}
  outcome auth-failure
  yes     Login failed user=anna auth=anna host=mail.example.com [192.0.2.7]
  client  192.0.2.7
  yes     Login excessive login failures user=anna auth=bert host=[2001:db8::7]
  client  2001:db8::7
  yes     Login disabled user=anna auth=anna host=mail.example.com [192.0.2.7]
  yes     Login SYSTEM BREAK-IN ATTEMPT user=aaaaaaaa auth=aaaaaaaa host=[192.0.2.7]
  yes     Login failure user=anna host=mail.example.com [192.0.2.7]
  yes     Login failed user=x host=y [198.51.100.1] auth=x host=y [198.51.100.1] host=mail.example.com [192.0.2.7]
  client  192.0.2.7
  no      Login failed user=x auth=x host=y [198.51.100.1] host=mail.a-name-of-more-bytes-than-there-is-room-for.example.com [192.0.2.
  no      Login user=Login failed user=x host=[192.0.2.7]
  no      Login anna failed: unable to set chroot=/home/anna host=mail.example.com [192.0.2.7]

signature mechanism-failure
  pattern ^AUTHENTICATE .{0,80} (?:failure|invalid) {host}
  outcome auth-failure
  yes     AUTHENTICATE LOGIN failure host=mail.example.com [192.0.2.7]
  client  192.0.2.7
  yes     AUTHENTICATE X failure host=y [198.51.100.1] invalid host=[192.0.2.7]
  client  192.0.2.7

signature excessive-failures
  pattern ^Excessive (?:login|authentication) failures (?:user=.{0,80} )?{host}
  outcome auth-failure
  yes     Excessive login failures user=anna host=mail.example.com [192.0.2.7]
  client  192.0.2.7
  yes     Excessive authentication failures host=[192.0.2.7]

# One user who logs in for another, without being a mail administrator.
signature override-failure
  pattern ^Failed .{1,80} override of user=.{0,80} {1,2}{host}
  outcome auth-failure
  yes     Failed anna override of user=bert host=mail.example.com [192.0.2.7]
  client  192.0.2.7

signature accepted
  pattern ^(?:Login|Auth|Authenticated|APOP) user=.{0,80} host=(?:[A-Za-z0-9._-]{1,80} )?\[{addr}\](?: nmsgs=[0-9]{1,10}/[0-9]{1,10})?$
  outcome accepted
  yes     Login user=anna host=mail.example.com [192.0.2.7] nmsgs=3/3
  client  192.0.2.7
  yes     Authenticated user=anna host=[192.0.2.7]

# No name is known yet: it did not log in within three minutes.
signature timed-out
  pattern ^Autologout user=\?\?\? {host}
  outcome timed-out
  yes     Autologout user=??? host=mail.example.com [192.0.2.7]
  client  192.0.2.7
  no      Autologout user=anna host=mail.example.com [192.0.2.7]

signature connected
  pattern ^(?:imaps?|pop[23]s?|port [0-9]{1,5})(?: SSL| alternative)? service init from {addr}$
  outcome connected
  yes     imaps SSL service init from 192.0.2.7
  client  192.0.2.7
  yes     pop3 service init from 2001:db8::7
  yes     port 1143 service init from 192.0.2.7

# Perdition, a proxy. ADDR:PORT->ADDR:PORT is the first thing in a line, or ADDR->ADDR in
# older versions; the client comes first. The user's name follows, and the status ends the line.
define peers   \[?(?<addr>[0-9.]{7,15}|(?<=\[)[0-9A-Fa-f:.]{2,45}(?=\]))\]?(?::{port})?->\[?[0-9A-Fa-f:.]{2,60}\]?(?::[0-9]{1,5})?

service perdition
  server perdition
  tag    perdition perdition.imap perdition.imaps perdition.imap4 perdition.imap4s
  tag    perdition.pop3 perdition.pop3s perdition.managesieve

# The other failures are of the servers behind it.
signature auth-failure
  pattern ^Auth: {peers} .{1,600} status="failed: (?:Re-Authentication Failure|[Ll]ocal authentication failure|Login Disabled)"$
  outcome auth-failure
  yes     Auth: 192.0.2.7:2274->203.0.113.1:993 client-secure=ssl authorisation_id=NONE authentication_id="anna" server="imap.example.com:993" protocol=IMAP4S server-secure=ssl status="failed: Re-Authentication Failure"
  client  192.0.2.7
  yes     Auth: 192.0.2.7->203.0.113.1 user="anna" server="imap.example.com" port="143" status="failed: local authentication failure"
  client  192.0.2.7
  yes     Auth: [2001:db8::7]:2274->[2001:db8::1]:993 client-secure=ssl authorisation_id=NONE authentication_id="Auth: 198.51.100.1:1->203.0.113.1:993" server="imap.example.com:993" protocol=IMAP4S server-secure=ssl status="failed: Re-Authentication Failure"
  client  2001:db8::7
  no      Auth: 192.0.2.7->203.0.113.1 user="x status="failed: Re-Authentication Failure" server="imap.example.com" port="143" status="ok"
  no      Auth: 192.0.2.7->203.0.113.1 user="anna" server="imap.example.com" port="143" status="failed: Could not connect to server"

signature accepted
  pattern ^Auth: {peers} .{1,600} status="ok"$
  outcome accepted
  yes     Auth: 192.0.2.7->203.0.113.1 user="anna" server="imap.example.com" port="143" status="ok"
  client  192.0.2.7

# It went away before it had logged in, or spoke something else.
signature broken-login
  pattern ^Fatal [Ee]rror reading authentication information from client "?{peers} ?"?: Exiting child$
  outcome protocol-abuse
  score   5
  yes     Fatal Error reading authentication information from client 192.0.2.7:2274->203.0.113.1:993: Exiting child
  client  192.0.2.7
  yes     Fatal Error reading authentication information from client "192.0.2.7->203.0.113.1 ": Exiting child
  client  192.0.2.7

signature connected
  pattern ^Connect: {peers} ?(?:inetd_pid=[0-9]{1,10})?$
  outcome connected
  yes     Connect: 192.0.2.7:2274->203.0.113.1:993
  client  192.0.2.7
  yes     Connect: 192.0.2.7->203.0.113.1 inetd_pid=812

# Solid POP3. The address ends the line, as ADDR or NAME (ADDR); the user's name before it is
# the client's and cut at 40 bytes. A server built without --enable-logextend writes no
# address, and the name is the end of the line: do not watch such a one.
define peer    (?:[^ ()]{1,256} (?=\([0-9A-Fa-f:.]{2,45}\)$)\(|(?=[0-9A-Fa-f:.]{2,45}$)){addr}\)?$

service solid-pop3d
  server solid-pop3d
  tag    solid-pop3d spop3d

signature auth-failure
  pattern ^(?:authentication failed(?:: no such user:|: can't map user name:| for (?:mapped )?user)|APOP authentication failed for user|can't find APOP secret for user) .{0,40} - {peer}
  outcome auth-failure
  yes     authentication failed for user anna - 192.0.2.7
  client  192.0.2.7
  yes     authentication failed: no such user: anna - mail.example.com (192.0.2.7)
  client  192.0.2.7
  yes     authentication failed: can't map user name: anna - 2001:db8::7
  client  2001:db8::7
  yes     authentication failed for mapped user anna - 192.0.2.7
  yes     can't find APOP secret for user anna - 192.0.2.7
  yes     APOP authentication failed for user anna - 192.0.2.7
  yes     authentication failed for user x - 198.51.100.1 - 192.0.2.7
  client  192.0.2.7
  yes     authentication failed for user x (198.51.100.1) - 198.51.100.1 (192.0.2.7)
  client  192.0.2.7
  no      authentication failed for user x - 198.51.100.1, and more

signature root-login
  pattern ^root login not allowed - {peer}
  outcome auth-failure
  yes     root login not allowed - 192.0.2.7
  client  192.0.2.7

signature accepted
  pattern ^(?:mapped )?user .{0,40} authenticated(?: through APOP)? - {peer}
  outcome accepted
  yes     user anna authenticated - mail.example.com (192.0.2.7)
  client  192.0.2.7

# Whether it had logged in is not said.
signature timed-out
  pattern ^autologout time elapsed - {peer}
  outcome timed-out
  score   0
  yes     autologout time elapsed - 192.0.2.7
  client  192.0.2.7

signature connected
  pattern ^connect from {peer}
  outcome connected
  yes     connect from mail.example.com (192.0.2.7)
  client  192.0.2.7

# cucipop. A user's name has no blank: a command's first word after its name is all it takes.
service cucipop
  server cucipop
  tag    cucipop

signature auth-failure
  pattern ^authentication failure (?:[^ ]{1,128} )?{addr}$
  outcome auth-failure
  yes     authentication failure anna 192.0.2.7
  client  192.0.2.7
  yes     authentication failure anna 2001:db8::7
  client  2001:db8::7
  no      authentication failure x 198.51.100.1 192.0.2.7

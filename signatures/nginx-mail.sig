# SPDX-License-Identifier: Apache-2.0
#
# nginx as a proxy for SMTP, IMAP and POP3. The language is in wavebreak-signatures(5).
#
# Written from what the log statements of nginx 0.8 to 1.29 can produce (src/mail, and
# src/core/ngx_log.c). Nearly all of them are of level info: "error_log ... info;" has to be
# set, the default shows none of them.
#
# Which part of a line nginx itself wrote: after the message stand, always in this order,
#     while STATE, client: ADDR, server: LISTENER, login: "NAME", upstream: ADDR:PORT
# login: only once there is a name, upstream: only once there is a connection to it.
# - Most messages hold nothing of the client, so the first "client: " behind them is nginx's.
# - "rejected", "rejected before greeting" and "too long command" quote what the client sent,
#   with CR and LF as blanks. Without a login the address ends the line. With one there is the
#   client's text on both sides, and the line counts only when it says ", client: " once.
# - nginx cuts a line at 2048 bytes, syslog perhaps at 1024. Hence the bounds: a line that lost
#   its end may end in the client's text.
# - login: comes after the address. nginx writes it as it was decoded: a login of AUTH PLAIN or
#   AUTH LOGIN may hold a line feed, and what follows it is a line of the client's making. No
#   pattern can tell it from a true one. A syslog daemon escapes the line feed, so
#   "error_log syslog:... info;" is the safe way to be read; a file is not.
#
# By syslog the line keeps its own time behind the tag.

define head   ^(?:[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} )?\[[a-z]+\] [0-9]+#[0-9]+: \*[0-9]+\x20
define client client: {addr}(?: using starttls)?, server: [][0-9A-Za-z.:/_-]+
# What ends a line without, and one with a login.
define alone  , {client}$
define named  , {client}, login: "(?!.*, client: ).{0,300}$
# The text up to the first ", client: ", of a line that is short enough to be whole.
define text   (?!.{900})[^,]*+(?:,(?! client: )[^,]*+)*+

service nginx-mail
  server nginx-mail
  tag    nginx mailu-front

signature connected
  literal connected to
  pattern {head}client \[?{addr}\]?:{port} connected to\x20
  outcome connected
  yes     [info] 8#8: *24785 client 192.0.2.7:54928 connected to 0.0.0.0:25
  client  192.0.2.7
  yes     2026/07/27 15:05:01 [info] 8#8: *24785 client [2001:db8::7]:54928 connected to [::]:25
  client  2001:db8::7
  no      [info] 8#8: *1 client unix: connected to unix:/run/mail

signature accepted
  literal client logged in
  pattern {head}client logged in, {client}
  outcome accepted
  yes     [info] 8#8: *24785 client logged in, client: 192.0.2.7, server: 0.0.0.0:25
  client  192.0.2.7
  yes     [info] 8#8: *24785 client logged in, client: 192.0.2.7 using starttls, server: 0.0.0.0:587, login: "anna", upstream: 198.51.100.1:10025
  client  192.0.2.7

# The text is what the auth_http server said, Auth-Status, and the administrator's own.
signature auth-limit
  literal client login failed: "
  pattern {head}client login failed: "[^"]{0,200}(?i:rate.?limit|too many)[^"]{0,200}" while in http auth state, {client}
  outcome at-limit
  yes     [info] 8#8: *1 client login failed: "Temporary authentication failure (rate-limit)" while in http auth state, client: 192.0.2.7, server: 0.0.0.0:587, login: "anna"
  client  192.0.2.7

signature auth-temporary
  literal client login failed: "
  pattern {head}client login failed: "[^"]{0,200}(?i:temporar|try again|later|unavailable)[^"]{0,200}" while in http auth state, {client}
  outcome other
  yes     [info] 8#8: *1 client login failed: "Temporary server problem, try again later" while in http auth state, client: 192.0.2.7, server: 0.0.0.0:143, login: "anna"

signature auth-failure
  literal client login failed: "
  pattern {head}client login failed: "[^"]{0,400}" while in http auth state, {client}, login: "
  outcome auth-failure
  yes     [info] 8#8: *6647 client login failed: "AUTH not supported" while in http auth state, client: 192.0.2.7, server: 0.0.0.0:25, login: "sales@example.com"
  client  192.0.2.7
  yes     [info] 126#126: *1 client login failed: "Invalid login or password" while in http auth state, client: 2001:db8::7 using starttls, server: [::]:587, login: "anna"
  client  2001:db8::7
  yes     [info] 8#8: *1 client login failed: "No" while in http auth state, client: 192.0.2.7, server: 0.0.0.0:25, login: "x" while in http auth state, client: 198.51.100.1, server: 0.0.0.0:25, login: "y"
  client  192.0.2.7
  yes     2026/07/27 15:05:01 [info] 8#8: *1 client login failed: "No" while in http auth state, client: 192.0.2.7, server: 0.0.0.0:25, login: "x"
  no      [info] 8#8: *1 client logged in, client: 192.0.2.7, server: 0.0.0.0:25, login: "client login failed: "No" while in http auth state, client: 198.51.100.1, server: 0.0.0.0:25, login: "", upstream: 198.51.100.2:25

# With "smtp_auth none" the same server is asked about each recipient, and there is no name.
signature recipient-refused
  literal client login failed: "
  pattern {head}client login failed: "[^"]{0,400}" while in http auth state{alone}
  outcome policy-refused
  yes     [info] 8#8: *1 client login failed: "No such mailbox" while in http auth state, client: 192.0.2.7, server: 0.0.0.0:25
  client  192.0.2.7

# Where auth_http only says which server to ask, that one refuses. Only these words count: any
# other reply may be that server's trouble.
signature upstream-auth-failure
  literal upstream sent invalid response: "
  pattern {head}upstream sent invalid response: "(?:535[ -]|-ERR \[AUTH\]|[^ "]{1,40} NO \[AUTHENTICATIONFAILED\]){text}(?<=" while reading response from upstream){named}
  outcome auth-failure
  yes     [info] 8#8: *1 upstream sent invalid response: "535 5.7.8 Error: authentication failed" while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:587, login: "anna", upstream: 198.51.100.2:25
  client  192.0.2.7
  yes     [error] 8#8: *1 upstream sent invalid response: "a1 NO [AUTHENTICATIONFAILED] Authentication failed." while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:143, login: "anna", upstream: 198.51.100.2:143
  no      [info] 8#8: *1 upstream sent invalid response: "535 x" while reading response from upstream, client: 198.51.100.1, server: 0.0.0.0:25, login: "y" while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:587, login: "anna", upstream: 198.51.100.2:25
  no      [info] 8#8: *1 upstream sent invalid response: "454 4.7.0 535 Temporary" while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:587, login: "anna", upstream: 198.51.100.2:25

# MAIL where a login is required.
signature auth-required
  literal client was rejected: "
  pattern {head}client was rejected: ".{0,600}" while in auth state{alone}
  outcome policy-refused
  yes     [info] 8#8: *1 client was rejected: "MAIL FROM:<a@b.example>" while in auth state, client: 192.0.2.7, server: 0.0.0.0:25
  client  192.0.2.7
  yes     [info] 8#8: *1 client was rejected: "MAIL FROM:<" while in auth state, client: 198.51.100.1, server: 0.0.0.0:25>" while in auth state, client: 192.0.2.7 using starttls, server: 0.0.0.0:25
  client  192.0.2.7
  no      [info] 8#8: *1 client was rejected: "MAIL FROM:<" while in auth state, client: 198.51.100.1, server: 0.0.0.0:25>

signature auth-required-named
  literal client was rejected: "
  pattern {head}client was rejected: "{text}(?<=" while in auth state){named}
  outcome policy-refused
  yes     [info] 8#8: *1 client was rejected: "MAIL FROM:<a@b.example>" while in auth state, client: 192.0.2.7, server: 0.0.0.0:25, login: "anna"
  client  192.0.2.7
  no      [info] 8#8: *1 client was rejected: "MAIL FROM:<a@b.example>" while in auth state, client: 192.0.2.7, server: 0.0.0.0:25, login: "x" while in auth state, client: 198.51.100.1, server: 0.0.0.0:25, login: "y"
  no      [info] 8#8: *1 client was rejected: "MAIL FROM:<x> " while in auth state, client: 198.51.100.1, server: 0.0.0.0:25, login: "y" while in auth state, client: 192.0.2.7, server: 0.0.0.0:25, login: "anna"

signature early-talker
  literal client was rejected before greeting: "
  pattern {head}client was rejected before greeting: ".{0,600}" while in delay pipelining state{alone}
  outcome protocol-abuse
  yes     [info] 8#8: *1 client was rejected before greeting: "EHLO x" while in delay pipelining state, client: 192.0.2.7, server: 0.0.0.0:25
  client  192.0.2.7
  yes     [info] 8#8: *1 client was rejected before greeting: "x" while in delay pipelining state, client: 198.51.100.1, server: 0.0.0.0:25" while in delay pipelining state, client: 2001:db8::7, server: [::]:25
  client  2001:db8::7

signature too-long-command
  literal client sent too long command "
  pattern {head}client sent too long command ".{0,600}" while in [a-z ]{4,30} state{alone}
  outcome protocol-abuse
  yes     [info] 8#8: *1 client sent too long command "GET /aaaaaaaaaaaaaaaaaaaaaaaa" while in auth state, client: 192.0.2.7, server: 0.0.0.0:110
  client  192.0.2.7

signature too-long-command-named
  literal client sent too long command "
  pattern {head}client sent too long command "{text}(?<= state){named}
  outcome protocol-abuse
  yes     [info] 8#8: *1 client sent too long command "aaaaaaaaaa" while in auth state, client: 192.0.2.7, server: 0.0.0.0:110, login: "anna"
  client  192.0.2.7

# Credentials that are none, and after max_errors (1.21) or more of bad commands.
signature bad-credentials
  literal client sent
  pattern {head}client sent (?:invalid (?:base64 encoding|login|password|CRAM-MD5 hash) in AUTH [A-Z5-]{3,12} command|too many invalid commands) while in [a-z ]{4,30} state, {client}
  outcome protocol-abuse
  yes     [info] 8#8: *1 client sent invalid base64 encoding in AUTH LOGIN command while in auth state, client: 192.0.2.7, server: 0.0.0.0:25
  client  192.0.2.7
  yes     [info] 8#8: *1 client sent too many invalid commands while in auth state, client: 192.0.2.7, server: 0.0.0.0:143, login: "x, client: 198.51.100.1, server: y"
  client  192.0.2.7

# Only before the login: a mailbox that is watched for hours is idle, too.
signature timed-out
  literal client timed out (
  pattern {head}client timed out \([0-9]+: [A-Za-z ]+\) while (?:in (?:auth|http auth|starttls|delay pipelining) state|sending client greeting line|reading PROXY protocol), {client}
  outcome timed-out
  yes     [info] 8#8: *1 client timed out (110: Connection timed out) while in auth state, client: 192.0.2.7, server: 0.0.0.0:993
  client  192.0.2.7
  no      [info] 8#8: *1 client timed out (110: Connection timed out) while proxying, client: 192.0.2.7, server: 0.0.0.0:993, login: "anna", upstream: 198.51.100.2:143
  no      [info] 8#8: *1 client timed out (110: Connection timed out) while waiting for request, client: 192.0.2.7, server: 0.0.0.0:80

# HTTP on a port for TLS. nginx's own web server knows HTTP by its first byte and never says
# so. All other handshakes fail for reasons of age and certificates, too.
signature http-on-tls-port
  literal :http request)
  pattern {head}SSL_do_handshake\(\) failed \(SSL: error:[0-9A-F]*:[A-Za-z0-9_ ]*:[A-Za-z0-9_ ]*:http request\) while SSL handshaking, {client}
  outcome protocol-abuse
  yes     [info] 8#8: *1 SSL_do_handshake() failed (SSL: error:1408F09C:SSL routines:ssl3_get_record:http request) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:993
  client  192.0.2.7
  no      [info] 8#8: *1 SSL_do_handshake() failed (SSL: error:1408F10B:SSL routines:ssl3_get_record:wrong version number) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:993

# SPDX-License-Identifier: Apache-2.0
#
# Cyrus IMAP: IMAP, POP3, LMTP, NNTP, HTTP and ManageSieve. The language is in
# wavebreak-signatures(5).
#
# Written from what the log statements of Cyrus 2.1 to 3.8 can produce (imapd.c, pop3d.c,
# nntpd.c, httpd.c, timsieved/parser.c, proxyd.c, get_clienthost), not from samples.
#
# Which part of a line the server itself wrote:
# - "badlogin: NAME [ADDR]" and "login: NAME [ADDR]" are the first thing in a line. NAME comes
#   from getnameinfo(3), which lets no blank and no bracket into it, and is left out when
#   there is none. timsieved had no blank before the bracket in older versions.
# - MECHANISM and USER, which follow, are the client's, and so may be parts of the reason of
#   libsasl. A client can choose what is held against it there, and never against whom.
#
# Processes log by the names that cyrus.conf gives them, behind "cyrus/" (syslog_prefix) or
# not, or by the names of their programs. "mupdate" is none of the tags: it writes the user
# before the address.

define peer    (?:[^ \[\]()]{1,255} ?)?\[{addr}\]

service cyrus
  server cyrus
  tag    imap imaps imapd imapsd imapproxy proxyd
  tag    pop3 pop3s pop3d pop3sd pop3proxyd
  tag    nntp nntps nntpd lmtp lmtpd lmtpproxyd sieve timsieved http https httpd
  tag    cyrus/imap cyrus/imaps cyrus/imapd cyrus/imapsd cyrus/imapproxy cyrus/proxyd
  tag    cyrus/pop3 cyrus/pop3s cyrus/pop3d cyrus/pop3sd cyrus/pop3proxyd
  tag    cyrus/nntp cyrus/nntps cyrus/nntpd cyrus/lmtp cyrus/lmtpd cyrus/sieve cyrus/timsieved
  tag    cyrus/managesieve managesieve cyrus/http cyrus/https cyrus/httpd
  tag    cyrus/imaplocal cyrus/lmtpunix lmtpunix

# -13 is what libsasl calls a wrong user or password, and -20, -14, -4, -16 to -19 are no such
# user, not authorised, no such mechanism, too weak, and expired or disabled. All others, -1
# above all, are troubles of our own: saslauthd that does not answer, a database that cannot
# be read. Without a number the reason is from a version that had only the words.
signature auth-failure
  pattern ^badlogin: {peer} (?:.{0,600}\bSASL\(-(?:13|20|14|4|1[6-9])\): |.{0,600}\bSASL .{1,60} checkpass failed\]?$|.{0,600} invalid user$|anonymous login refused$|[^ ]{1,64} (?:authentication failure|user not found|authorization failure|no mechanism available|encryption needed to use mechanism|mechanism too weak for this user|account disabled|passphrase expired)(?:$| \[))
  outcome auth-failure
  yes     badlogin: mail.example.com [192.0.2.7] plaintext anna SASL(-13): authentication failure: checkpass failed
  client  192.0.2.7
  yes     badlogin: [2001:db8::7] plaintext (anna) [SASL(-13): authentication failure: checkpass failed]
  client  2001:db8::7
  yes     badlogin: mail.example.com [::ffff:192.0.2.7] CRAM-MD5 [SASL(-13): authentication failure: incorrect digest response]
  client  192.0.2.7
  yes     badlogin: mail.example.com [192.0.2.7] plain [SASL(-13): user not found: user: anna@mx property: cmusaslsecretPLAIN not found in sasldb]
  yes     badlogin: mail.example.com [192.0.2.7] APOP (<1.2@mx>) SASL(-13): authentication failure: incorrect digest response
  yes     badlogin: [192.0.2.7] X [SASL(-4): no mechanism available: Couldn't find mech X]
  yes     badlogin: mail.example.com[192.0.2.7] PLAIN authentication failure
  client  192.0.2.7
  yes     badlogin: mail.example.com [192.0.2.7] Basic anna SASL(-13): authentication failure: Password verification failed
  yes     badlogin: mail.example.com [192.0.2.7] plaintext a b invalid user
  yes     badlogin: mail.example.com [192.0.2.7] anonymous login refused
  yes     badlogin: [192.0.2.7] plaintext x [198.51.100.1] plaintext y SASL(-13): authentication failure: checkpass failed
  client  192.0.2.7
  yes     badlogin: 198.51.100.1 [192.0.2.7] plaintext x SASL(-13): authentication failure: checkpass failed
  client  192.0.2.7
  yes     badlogin: mail.example.com [192.0.2.7] x badlogin: [198.51.100.1] plaintext y SASL(-13): authentication failure
  client  192.0.2.7
  no      badlogin: mail.example.com [192.0.2.7] plaintext anna SASL(-1): generic failure: checkpass failed
  no      badlogin: mail.example.com [192.0.2.7] PLAIN [SASL(-8): remote authentication server unavailable]
  no      badlogin: [unix socket] plaintext [198.51.100.1] x SASL(-13): authentication failure: checkpass failed
  no      login: mail.example.com [192.0.2.7] badlogin: plaintext User logged in

signature auth-trouble
  pattern ^badlogin: {peer} 
  outcome other
  yes     badlogin: mail.example.com [192.0.2.7] plaintext anna SASL(-1): generic failure: checkpass failed
  client  192.0.2.7
  yes     badlogin: mail.example.com [192.0.2.7] PLAIN [SASL(-5): bad protocol / cancel: cancelled]

signature accepted
  pattern ^login: {peer} .{1,600} User logged in(?: SESSIONID=<[^<>]{0,200}>)?\x20?$
  outcome accepted
  yes     login: mail.example.com [192.0.2.7] anna plaintext+TLS User logged in SESSIONID=<mx-812-1785157501-1>
  client  192.0.2.7
  yes     login: [2001:db8::7] anna PLAIN User logged in
  client  2001:db8::7
  no      login: anna [198.51.100.1] User from mail.example.com [192.0.2.7]

# Who is held to maxlogins_per_host has logged in with a right password.
signature too-many-connections
  pattern ^Too many open connections \(([0-9]{1,9}) of \g1 from {peer}[,)]
  outcome at-limit
  score   0
  yes     Too many open connections (20 of 20 from mail.example.com [192.0.2.7])
  client  192.0.2.7
  yes     Too many open connections (20 of 20 from [192.0.2.7], 3 of 50 for anna)
  no      Too many open connections (2 of 20 from mail.example.com [192.0.2.7], 10 of 10 for anna)

# Handshakes fail for reasons of age and certificates, too.
signature tls-failed
  pattern ^(?:STARTTLS|TLS|[a-z0-9]{1,10} TLS) negotiation failed: {peer}$
  outcome other
  yes     imaps TLS negotiation failed: [2001:db8::7]
  client  2001:db8::7
  yes     STARTTLS negotiation failed: mail.example.com [192.0.2.7]
  client  192.0.2.7
  yes     STARTTLS negotiation failed: 198.51.100.1 [192.0.2.7]
  client  192.0.2.7

# SPDX-License-Identifier: Apache-2.0
#
# Dovecot: IMAP, POP3, ManageSieve, submission and LMTP. The language is in
# wavebreak-signatures(5).
#
# Written from what the log statements of Dovecot 1.0 to 2.4 can produce (login-common,
# imap-login, pop3-login, submission-login, managesieve-login, auth, master), not from samples.
#
# All processes log as "dovecot" and begin the message with their own name. In a log that
# Dovecot writes itself the level ("Info: ") follows.
#
# Which part of a line the server itself wrote:
# - A login process writes REASON: user=<USER>, method=MECHANISM, rip=ADDR, lip=ADDR, TLS...
#   USER is the client's: 80 bytes (more, by a mistake of 2.0 and 2.1), control characters
#   turned into '?', all else as it was sent, so it can read like all that follows. What
#   follows may quote the subject of the client's certificate. So the last rip= within the 80
#   bytes is taken, and only if nothing like it comes after. MECHANISM is the client's too,
#   but put into capitals, so no rip= is in it.
# - REASON is the server's, where it begins with one of the words below. "ID sent:", "proxy("
#   and "Authenticate" go on with the client's own text. It may quote a certificate as well,
#   in the form /CN=..., hence no '/' in a REASON here.
# - Authentication writes DB(USER,ADDR,<SESSION>): MESSAGE, and since 2.4
#   auth(USER,ADDR,sasl:MECHANISM)<SESSION>: DB: MESSAGE. USER is the client's, 64 bytes at
#   most. The default of auth_username_chars lets no comma or bracket into it, but that
#   setting may be empty, so: a MESSAGE without text of the client is taken only where it
#   ends the line, and then the address before it is the last one and the server's.
# - With auth_verbose_passwords=plain MESSAGE ends in "(given password: ...)", the client's
#   as well. Then the line must have one such address and no more. "password: " may not
#   stand in USER, so that a password cannot be read as the rest of a line.
#
# An auth line names no address when the program that asked did not tell one (rip=), as web
# applications may do; a USER "x,192.0.2.7" would then be read as one. Keep the default of
# auth_username_chars where such programs ask. login_log_format_elements may be changed, as
# long as nothing of the client but user= and method= stands before rip=.

define login   ^(?:imap|pop3|managesieve|submission)-login: (?:Info: )?
define ended   (?:Login aborted|Aborted login(?: by logging out)?|Disconnected|Remote closed connection|Client (?:has )?quit the connection|Authentication response too large|Timeout while finishing login|Internal login failure|TLS initialization failed\.)(?::[^<>/]{0,300}?)?
define once    (?!.*>, (?:method=[^a-z]{1,64}, )?rip=)
# One word of the administrator's may stand before the fields.
define who     (?:[A-Za-z0-9]{1,16} )?(?:user=<.{0,80}>, )?(?:method=[^a-z]{1,64}, )?rip={addr}(?:, rport={port})?(?=,|$){once}
# As Dovecot 2.0 and later write it, user= always there. In a log of its own a name of 64 bytes
# may pretend to be a whole line ("auth(x dovecot: imap-login: ..."); what is asked for here,
# and the reasons spelt out below, do not fit into that.
define named   user=<.{0,80}>, (?:method=[^a-z]{1,64}, )?rip={addr}(?:, rport={port})?(?=, lip=|$){once}
# Since 2.4 the reason is followed by a word for machines: "(auth_failed)".
define then    (?: \([a-z_]{1,40}\))?: {who}

define worker  auth(?:-worker)?(?:(?:\([^()]{1,20}\))?: (?:Info: |Error: )?(?:conn unix:[^ ()]{1,100} \([^()]{1,60}\): auth(?:-worker)?<[0-9]{1,20}>: )?[A-Za-z0-9_.-]{1,40})?
define after   (?:,sasl:[a-z0-9_-]{1,40})?(?:,master)?(?:,<[^<>() ]{0,200}>|,)?\)(?:<[0-9]{1,20}>)?(?:<[^<>() ]{0,200}>)?: (?:request \[[0-9]{1,20}\]: )?(?:Info: |Error: )?(?:[A-Za-z0-9_.-]{1,40}: )?
define head    ^(?:dovecot: )?{worker}\((?:(?!password: ).){0,64},{addr}{after}
define alone   (?!.*,(?=[0-9A-Fa-f]*[.:])[0-9A-Fa-f:.]{2,45}[,)])
define failed  (?:unknown user|[Pp]assword mismatch(?: \(for LDAP bind\))?|[Ii]nvalid credentials|pam_authenticate\(\) failed: (?:[Aa]uthentication (?:failure|error)|[Uu]ser not known to the underlying authentication module|[Uu]nknown user|[Pp]ermission denied|Have exhausted maximum number of retries for service\.?)(?: \([Pp]assword mismatch\?\))?|Login attempt with empty password|Attempted login with password having illegal chars|User found from deny passdb|Login failed \(status=-?[0-9]{1,5}\))
# Logwatch appends how often it saw the line.
define refusal {head}{failed}(?: \(SHA1 of given password: [0-9a-f]{0,40}\))?(?: - trying the next (?:pass|user)db)?(?:: [0-9]{1,9} Time\(s\))?$

service dovecot
  server dovecot
  tag    dovecot

signature accepted
  literal -login:
  pattern {login}(?:Login|Logged in|Login with referral): user=<.{0,80}>, method=[^a-z]{1,64}, rip={addr}(?:, rport={port})?(?=, lip=[0-9A-Fa-f:.]{2,45}(?:, [A-Za-z]|$)){once}
  outcome accepted
  yes     imap-login: Login: user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, mpid=4711, TLS, session=<kPz1Q0aYdLzLAHFG>
  client  192.0.2.7
  yes     pop3-login: Info: Logged in: user=<anna@example.com>, method=PLAIN, rip=2001:db8::7, lip=2001:db8::1, mpid=4711, session=<x>
  client  2001:db8::7
  yes     imap-login: Login: user=<x>, method=PLAIN, rip=198.51.100.1, lip=203.0.113.1>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7
  no      imap-login: Login failed: Plaintext authentication disabled: user=<>, rip=192.0.2.7, lip=203.0.113.1
  no      imap(anna)<4711><x>: imap-login: Login: user=<anna>, method=PLAIN, rip=198.51.100.1, lip=203.0.113.1

# How often is in the reason; it counts as one all the same, as auth has a line for each.
signature auth-failure
  literal (auth failed,
  pattern {login}{ended} \(auth failed, [0-9]{1,9}(?:/[0-9]{1,9})? (?:attempts|successful auths)[^()<>]{0,60}\){then}
  outcome auth-failure
  yes     imap-login: Disconnected (auth failed, 1 attempts in 4 secs): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<kPz1Q0aYdLzLAHFH>
  client  192.0.2.7
  yes     imap-login: Login aborted: Connection closed (auth failed, 3 attempts in 17 secs) (auth_failed): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, session=<x>
  client  192.0.2.7
  yes     pop3-login: Aborted login (auth failed, 1 attempts): user=<anna>, method=PLAIN, rip=::ffff:192.0.2.7, lip=::ffff:203.0.113.1
  client  192.0.2.7
  yes     submission-login: Info: Disconnected: Aborted login by logging out (auth failed, 1 attempts in 2 secs): user=<anna>, method=LOGIN, rip=2001:db8::7, rport=4711, lip=2001:db8::1, lport=587, TLS
  client  2001:db8::7
  yes     pop3-login: Disconnected: Connection closed: read(size=988) failed: Connection reset by peer (auth failed, 1 attempts in 2 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7
  yes     imap-login: Disconnected (auth failed, 1 attempts in 4 secs): user=<x>, method=PLAIN, rip=198.51.100.1, lip=203.0.113.1, TLS>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7
  yes     imap-login: Disconnected (auth failed, 1 attempts in 4 secs): user=<anna>, method=X, RIP=198.51.100.1, LIP=203.0.113.1, rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7
  no      imap-login: Disconnected (auth failed, 1 attempts in 4 secs): user=<a>, rip=192.0.2.7, lip=203.0.113.1, TLS: Received invalid SSL certificate: out of memory: /CN=x>, method=PLAIN, rip=198.51.100.1, lip=203.0.113.1
  no      imap-login: ID sent: name=x (auth failed, 1 attempts): user=<a>, rip=198.51.100.1, lip=203.0.113.1: user=<>, rip=192.0.2.7, lip=203.0.113.1
  no      imap-login: proxy(x): Login failed to 203.0.113.9:143: NO (auth failed, 1 attempts): user=<x>, rip=198.51.100.1, lip=203.0.113.1
  no      imap-login: Disconnected: Connection closed: Received invalid SSL certificate: path loop: /CN=(auth failed, 1 attempts): rip=198.51.100.1, lip=203.0.113.1: user=<>, rip=192.0.2.7, lip=203.0.113.1
  no      imap-login: Disconnected (no auth attempts in 2 secs): user=<(auth failed, 1 attempts): user=<a>, rip=198.51.100.1>, rip=192.0.2.7, lip=203.0.113.1

# A password sent in the clear where that is not allowed, or a mechanism that is not offered.
signature mechanism-refused
  literal (tried to use
  pattern {login}{ended} \(tried to use (?:dis(?:abled|allowed) (?:plain|clear)text auth|unsupported auth mechanism)(?:, [^()<>]{1,60})?\){then}
  outcome auth-failure
  yes     pop3-login: Aborted login (tried to use disabled plaintext auth): rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7
  yes     imap-login: Disconnected: Too many invalid commands (tried to use disallowed plaintext auth): user=<anna>, rip=192.0.2.7, lip=203.0.113.1, session=<x>
  yes     imap-login: Login aborted: Logged out (tried to use disallowed cleartext auth, 1 attempts in 0 secs) (cleartext_auth_disabled): user=<>, rip=192.0.2.7, lip=203.0.113.1, session=<x>
  yes     imap-login: Disconnected (tried to use unsupported auth mechanism): user=<>, method=X, RIP=198.51.100.1, LIP=203.0.113.1, rip=192.0.2.7, lip=203.0.113.1, TLS
  client  192.0.2.7

# The server behind this one refused the password.
signature proxy-auth-failure
  literal (proxy dest auth
  pattern {login}{ended} \(proxy dest auth(?: failed|entication failure)(?:, [^()<>]{1,60})?\){then}
  outcome auth-failure
  yes     imap-login: Disconnected (proxy dest auth failed): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, session=<x>
  client  192.0.2.7
  yes     imap-login: Login aborted: Connection closed (proxy dest authentication failure, 1/1 successful auths in 2 secs) (proxy_dest_auth_failed): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<x>
  no      imap-login: Login aborted: Connection closed (proxy dest temporary authentication failure, 1 attempts in 2 secs) (proxy_dest_auth_temp_failed): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1

signature login-refused
  literal -login:
  pattern {login}{ended} \((?:authorization failed|user disabled|anonymous logins disabled)(?:, [^()<>]{1,60})?\)(?: \([a-z_]{1,40}\))?: {named}
  outcome auth-failure
  yes     imap-login: Disconnected (user disabled): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS
  client  192.0.2.7
  yes     imap-login: Disconnected (authorization failed, 2 attempts in 3 secs): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1
  yes     imap-login: Login aborted: Logged out (anonymous logins disabled, 1 attempts in 0 secs) (anonymous_auth_disabled): user=<>, method=ANONYMOUS, rip=192.0.2.7, lip=203.0.113.1

# It began to log in, and went away or fell silent before the end. A client that cannot do
# what the server asks of it ends so as well.
signature unfinished-auth
  literal (client didn't finish SASL auth
  pattern {login}{ended} \(client didn't finish SASL auth(?:, [^()<>]{1,60})?\){then}
  outcome auth-failure
  score   10
  yes     imap-login: Disconnected (client didn't finish SASL auth, waited 2 secs): user=<>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS: Disconnected
  client  192.0.2.7
  yes     imap-login: Login aborted: Connection closed (client didn't finish SASL auth, 1 attempts in 5 secs) (auth_waiting_client): user=<>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<x>

signature invalid-base64
  literal (sent invalid base64
  pattern {login}{ended} \(sent invalid base64[^()<>]{0,80}\){then}
  outcome protocol-abuse
  yes     imap-login: Disconnected (sent invalid base64 in response): user=<>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7

# OpenSSL knows HTTP when it sees it in place of a handshake.
signature http-request
  literal request
  pattern {login}{ended}(?: \([^()<>]{2,120}\)){1,2}: {named}[^/]{0,300}:https? (?:proxy )?request
  outcome protocol-abuse
  yes     imap-login: Disconnected: Connection closed: SSL_accept() failed: error:1408F09C:SSL routines:ssl3_get_record:http request (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1, TLS handshaking: SSL_accept() failed: error:1408F09C:SSL routines:ssl3_get_record:http request, session=<x>
  client  192.0.2.7
  yes     pop3-login: Login aborted: Connection closed: SSL_accept() failed: error:0A00009C:SSL routines::http request (disconnected during TLS handshake) (tls_handshake_not_finished): user=<>, rip=192.0.2.7, lip=203.0.113.1, TLS handshaking: SSL_accept() failed: error:0A00009C:SSL routines::http request, session=<x>

# Three commands in a row that do not exist, as HTTP and scanners send them. Not so POP3's
# "Too many bad commands": pop3-login knows the commands of a login and nothing else, so that
# three times NOOP are enough.
signature too-many-bad-commands
  literal Too many invalid
  pattern {login}(?:Disconnected|Login aborted|Aborted login): (?:Disconnected: )?Too many invalid (?:[A-Z]{4,12} )?commands\.?(?: \([^()<>]{0,120}\)){0,2}: {who}
  outcome protocol-abuse
  yes     imap-login: Disconnected: Too many invalid commands (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1
  client  192.0.2.7
  yes     managesieve-login: Disconnected: Too many invalid commands. (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1
  yes     imap-login: Login aborted: Too many invalid commands (no auth attempts in 0 secs) (no_auth_attempts): user=<>, rip=192.0.2.7, lip=203.0.113.1, session=<x>

# Whoever meets this limit has logged in with a right password: mail programs of several
# devices behind one address, mostly.
signature too-many-connections
  literal Maximum number of connections
  pattern {login}(?:Login aborted: |Disconnected: )?Maximum number of connections from user\+IP exceeded \(mail_max_userip_connections=[0-9]{1,9}\)(?: \([^()<>]{0,120}\)){0,2}: {who}
  outcome at-limit
  score   0
  yes     imap-login: Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS
  client  192.0.2.7
  yes     imap-login: Login aborted: Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10) (connection limit reached, 1/1 successful auths in 0 secs) (connection_limit): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1

# Mail programs open connections that they never use.
signature timed-out
  literal Inactivity
  pattern {login}(?:Login aborted: |Disconnected: )Inactivity(?: during authentication)?(?: \([^()<>]{2,120}\)){1,2}: {named}
  outcome timed-out
  score   0
  yes     imap-login: Disconnected: Inactivity (no auth attempts in 180 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1, TLS, session=<x>
  client  192.0.2.7
  yes     imap-login: Login aborted: Inactivity (no auth attempts in 180 secs) (no_auth_attempts): user=<>, rip=192.0.2.7, lip=203.0.113.1

# Connections give way to others when a process has all that client_limit lets it have.
signature connection-dropped
  literal -login:
  pattern {login}(?:(?:Login aborted|Disconnected): Connection queue full|Login aborted: .{0,60} \(client_limit and process_limit was hit)
  outcome server-full
  yes     imap-login: Disconnected: Connection queue full (no auth attempts in 20 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1
  no      imap-login: Disconnected (no auth attempts in 2 secs): user=<Disconnected: Connection queue full>, rip=192.0.2.7, lip=203.0.113.1

# The user's name comes first and is as long as it likes, so this names nobody.
signature proxied
  literal arted proxying to
  pattern {login}proxy\([^()<> ]{1,160}\): [Ss]tarted proxying to [^()<>]
  outcome accepted
  yes     imap-login: proxy(anna): started proxying to 203.0.113.9:143: user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1, TLS

# No attempt to log in, certificates, handshakes that failed, and the server's own faults.
signature ended
  literal -login:
  pattern {login}{ended}(?: \([^()<>]{2,120}\)){1,3}: {named}
  outcome other
  yes     imap-login: Disconnected (no auth attempts in 5 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1, TLS handshaking: Disconnected, session=<x>
  client  192.0.2.7
  yes     pop3-login: Disconnected: Too many bad commands (no auth attempts in 22 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1, TLS
  yes     imap-login: Disconnected: Auth process broken (disconnected before auth was ready, waited 92 secs): user=<>, rip=192.0.2.7, lip=203.0.113.1
  yes     imap-login: Disconnected (auth process communication failure): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1
  yes     imap-login: Internal login failure (pid=812 id=7) (internal failure, 1 successful auths): user=<anna>, method=PLAIN, rip=192.0.2.7, lip=203.0.113.1
  yes     imap-login: Disconnected (client sent an invalid cert): user=<>, rip=192.0.2.7, lip=203.0.113.1, TLS
  yes     imap-login: Login aborted: Connection closed: SSL_accept() failed: error:0A000126:SSL routines::unexpected eof while reading (disconnected during TLS handshake) (tls_handshake_not_finished): user=<>, rip=192.0.2.7, lip=203.0.113.1

# From here on what auth and its workers write with auth_verbose=yes. The pattern is the same
# for all of these and run once.
signature unknown-user
  literal unknown user
  pattern {refusal}
  outcome auth-failure
  yes     auth-worker(1203): sql(anna,192.0.2.7): unknown user
  client  192.0.2.7
  yes     auth: passwd-file(anna@example.com,192.0.2.7,<kPz1Q0aYdLzLAHFH>): unknown user (SHA1 of given password: 21bd12)
  client  192.0.2.7
  yes     auth-worker(57065): Info: conn unix:auth-worker (uid=143): auth-worker<225622>: sql(anna,2001:db8::7,<Yx7+W8+Io>): unknown user
  client  2001:db8::7
  yes     auth: sql(anna,192.0.2.7,master,<x>): unknown user - trying the next passdb
  client  192.0.2.7
  yes     auth-worker(1203): sql(root,198.51.100.1,192.0.2.7): unknown user
  client  192.0.2.7
  yes     auth: sql(x,198.51.100.1): unknown user,192.0.2.7): unknown user
  client  192.0.2.7
  yes     auth(anna,192.0.2.7,sasl:plain)<kPz1Q0aYdLzLAHFH>: sql: unknown user
  client  192.0.2.7
  yes     auth(1): sql(x,198.51.100.1): unknown user,192.0.2.7,sasl:plain)<x>: sql: unknown user
  client  192.0.2.7
  no      auth: sql(x,198.51.100.1): unknown user, and more
  no      auth: sql(a,192.0.2.7): Password mismatch (given password: x,198.51.100.1): unknown user
  no      auth: Debug: sql(x,198.51.100.1): unknown user
  no      imap(x): auth: sql(x,198.51.100.1): unknown user

signature password-mismatch
  literal assword mismatch
  pattern {refusal}
  outcome auth-failure
  yes     auth-worker(31326): pam(anna,192.0.2.7): pam_authenticate() failed: Authentication failure (Password mismatch?)
  client  192.0.2.7
  yes     auth-worker: pam(anna,192.0.2.7,<x>): pam_authenticate() failed: Authentication failure (password mismatch?)
  yes     auth: ldap(anna,192.0.2.7,<x>): Password mismatch (for LDAP bind)
  yes     auth-worker(anna,192.0.2.7)<1489164><8oNSumM3A8mK>: request [393]: unix_user: pam_authenticate() failed: Authentication failure (Password mismatch?)
  client  192.0.2.7
  yes     auth-worker(anna,192.0.2.7)<1489164><8oNSumM3A8mK>: request [12]: Info: sql: Password mismatch
  client  192.0.2.7
  no      auth: pam(a,192.0.2.7): Password mismatch (given password: x,198.51.100.1): pam_authenticate() failed: Authentication failure (Password mismatch?)

signature invalid-credentials
  literal nvalid credentials
  pattern {refusal}
  outcome auth-failure
  yes     auth: Info: ldap(anna,192.0.2.7,): invalid credentials
  client  192.0.2.7

signature pam-failure
  literal pam_authenticate() failed:
  pattern {refusal}
  outcome auth-failure
  yes     auth(default): pam(anna,192.0.2.7): pam_authenticate() failed: User not known to the underlying authentication module
  client  192.0.2.7
  yes     auth-worker(30165): pam(anna,192.0.2.7,<x>): pam_authenticate() failed: Permission denied
  no      auth-worker(30165): pam(anna,192.0.2.7,<x>): pam_authenticate() failed: System error

signature login-denied
  literal auth
  pattern {refusal}
  outcome auth-failure
  yes     auth: ldap(anna,192.0.2.7,<x>): Login attempt with empty password
  client  192.0.2.7
  yes     auth: passwd-file(anna,192.0.2.7,<x>): User found from deny passdb
  yes     auth: checkpassword(anna,192.0.2.7): Login failed (status=1)

# auth_verbose_passwords=plain, or auth_debug_passwords=yes.
signature password-shown
  literal (given password:
  pattern {head}{failed} \(given password: {alone}
  outcome auth-failure
  yes     auth(anna,192.0.2.7,sasl:login)<x>: Info: sql: Password mismatch (given password: secret)
  client  192.0.2.7
  yes     auth-worker(7): conn unix:auth-worker (pid=919,uid=112): auth-worker<1>: sql(anna,192.0.2.7): unknown user (given password: a,1)(b)
  client  192.0.2.7
  no      auth: sql(x,198.51.100.1): unknown user (given password: y,192.0.2.7): unknown user (given password: z)
  no      auth: sql(x,192.0.2.7): unknown user (given password: y,198.51.100.1): unknown user (given password: z)
  no      auth: sql(x,198.51.100.1): unknown user (given password: ,192.0.2.7,sasl:plain)<s>: sql: unknown user

# No name is known then, and a '?' stands in its place.
signature username-refused
  literal (?,
  pattern ^(?:dovecot: )?{worker}\(\?,{addr}{after}(?:Username character disallowed by auth_username_chars|Username contains disallowed character): 0x[0-9a-f]{2}{alone}
  outcome auth-failure
  yes     auth: login(?,192.0.2.7): Username character disallowed by auth_username_chars: 0x2c (username: x)
  client  192.0.2.7
  yes     auth: plain(?,192.0.2.7,<x>): Username character disallowed by auth_username_chars: 0x2c (username: x,1)
  client  192.0.2.7
  no      auth: plain(?,198.51.100.1): Username contains disallowed character: 0x2c,192.0.2.7): unknown user

# auth_policy_server_url, or the networks that a user may log in from.
signature policy-refused
  literal policy server refusal
  pattern {head}Authentication failure due to policy server refusal(?:$|: {alone})
  outcome policy-refused
  yes     auth: policy(anna,192.0.2.7,<x>): Authentication failure due to policy server refusal
  client  192.0.2.7
  yes     auth(anna,192.0.2.7,sasl:plain)<x>: policy: Authentication failure due to policy server refusal: too many failures
  client  192.0.2.7

signature network-refused
  literal nets check failed
  pattern {head}allow_(?:real_)?nets check failed: IP (?:[0-9A-Fa-f:.]{2,45} )?not in allowed networks$
  outcome policy-refused
  yes     auth: sql(anna,192.0.2.7,<x>): allow_nets check failed: IP 192.0.2.7 not in allowed networks
  client  192.0.2.7

# LMTP clients are our own mail servers.
signature lmtp-connected
  pattern ^lmtp\([0-9]{1,20}\): (?:Info: )?Connect from {addr}$
  outcome connected
  yes     lmtp(812): Connect from 192.0.2.7
  client  192.0.2.7

signature server-full
  pattern ^master: (?:Warning: )?service\((?:(?:imap|pop3|managesieve|submission)-login|auth)\): (?:process_limit|client_limit|client_limit/service_count)(?: \([0-9]{1,9}\))? reached, client connections are being dropped$
  outcome server-full
  yes     master: Warning: service(imap-login): process_limit (100) reached, client connections are being dropped
  no      master: Warning: service(stats): client_limit (1000) reached, client connections are being dropped

# PAM modules log by themselves, under the name of the process that called them: "auth", or
# "dovecot-auth" before 2.0. The name is also the first word of a line of Dovecot's own log
# that has no host, which is then taken off as a tag.
service dovecot-auth
  server dovecot
  tag    auth auth-worker dovecot-auth

# ruser= and, at the end, user= are the client's. A name with " rhost=" in it is left alone,
# so the first one is the server's, and after it comes nothing but the same name, or one
# without a blank.
signature pam-failure
  literal tty=dovecot ruser=
  pattern ^(?:dovecot-auth: |auth: |auth-worker: )?pam_[a-z0-9_]{1,30}\([A-Za-z0-9_-]{1,30}:auth\): authentication failure; logname=[^ ]{0,64} uid=[0-9]{1,10} euid=[0-9]{1,10} tty=dovecot ruser=(?<ruser>(?:(?! rhost=).){0,200}) rhost={addr}(?: {1,2}user=(?:\k<ruser>|[^ ]{0,64}))?\x20?$
  outcome auth-failure
  yes     pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=anna rhost=192.0.2.7  user=anna
  client  192.0.2.7
  yes     pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=anna@example.com rhost=2001:db8::7
  client  2001:db8::7
  yes     pam_sss(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=a b rhost=192.0.2.7 user=a b
  client  192.0.2.7
  yes     pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser= rhost=192.0.2.7  user=anna
  client  192.0.2.7
  yes     pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=rhost=198.51.100.1 rhost=192.0.2.7
  client  192.0.2.7
  no      pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=x rhost=198.51.100.1 rhost=192.0.2.7
  no      pam_sss(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=x rhost=198.51.100.1 user=y rhost=192.0.2.7 user=x rhost=198.51.100.1 user=y
  no      pam_sss(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser= rhost=192.0.2.7 user=x rhost=198.51.100.1
  no      pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.51.100.1

define own     ^(?:Info: |Error: )?[A-Za-z0-9_.-]{1,40}\((?:(?!password: ).){0,64},{addr}{after}

signature own-log
  pattern {own}{failed}(?: \(SHA1 of given password: [0-9a-f]{0,40}\))?(?: - trying the next (?:pass|user)db)?$
  outcome auth-failure
  yes     Info: ldap(anna,192.0.2.7,): invalid credentials
  client  192.0.2.7
  yes     Info: sql(x,198.51.100.1): unknown user,192.0.2.7): unknown user
  client  192.0.2.7

signature own-log-password
  literal (given password:
  pattern {own}{failed} \(given password: {alone}
  outcome auth-failure
  yes     Info: sql(anna,192.0.2.7): Password mismatch (given password: secret)
  client  192.0.2.7
  no      Info: sql(x,198.51.100.1): unknown user (given password: y,192.0.2.7): unknown user (given password: z)

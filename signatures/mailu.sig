# SPDX-License-Identifier: Apache-2.0
#
# Mailu: its admin container, which nginx of the front container asks about each login, and which
# serves the login page. The language is in wavebreak-signatures(5).
#
# Written from what the log statements of Mailu 1.7 to 2024.06 can produce (core/admin/mailu:
# limiter.py, internal/nginx.py, sso/views/base.py). Flask writes "[TIME] LEVEL in MODULE: " in
# front of them. The lines of the front container itself are those of nginx; see nginx-mail.
#
# Which part of a line the server itself wrote: the limiter names the address before the user.
# In a login line the user comes first, so the address counts at the end of the line, or before
# the words that end it. A user is an e-mail address on the login page, a known user, or a
# literal of Python's with its quotes, so none of them holds a line feed.

define level (?:INFO|WARNING|ERROR) in
# With Docker's journald driver the line keeps its own time behind the tag.
define time  ^(?:\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}(?:,[0-9]+)?\] )?
define from  from: {addr}/(?:{port}|None):\x20
# A user that exists has no blank, and no quote in front. Behind "success: password: " the login
# page writes what its form sent.
define known {time}{level} (?:nginx|base): Login attempt for: [^ '"][^ ]{0,300} {from}
define failed {time}{level} (?:nginx|base): Login attempt for: (?!.*: success: ).{1,300} {from}failed:\x20

service mailu
  server mailu
  tag    mailu-admin

# Too many failed logins already, from this network or for this user.
signature auth-limit
  literal has been rate-limited.
  pattern {time}{level} limiter: Authentication attempt from {addr} (?:for .{0,320} )?has been rate-limited\.$
  outcome at-limit
  yes     WARNING in limiter: Authentication attempt from 192.0.2.7 has been rate-limited.
  client  192.0.2.7
  yes     WARNING in limiter: Authentication attempt from 2001:db8::7 for x has been rate-limited. Authentication attempt from 198.51.100.1 has been rate-limited.
  client  2001:db8::7
  yes     [2023-03-28 03:09:42,579] WARNING in limiter: Authentication attempt from 192.0.2.7 for anna@d.example has been rate-limited.
  client  192.0.2.7
  no      INFO in base: Login succeeded for Authentication attempt from 198.51.100.1 has been rate-limited.

# The hash is the server's, of the password; "account disabled" is said of unknown users, too.
signature auth-failure
  literal Login attempt for:
  pattern {failed}(?:badauth: [0-9a-f]{6}|account disabled)$
  outcome auth-failure
  yes     INFO in nginx: Login attempt for: anna@d.example/imap/993 from: 192.0.2.7/40112: failed: badauth: 0a1b2c
  client  192.0.2.7
  yes     INFO in nginx: Login attempt for: 'x from: 198.51.100.1/1: failed: account disabled'/smtp/587 from: 192.0.2.7/40112: failed: account disabled
  client  192.0.2.7
  yes     INFO in base: Login attempt for: anna@d.example/sso/https from: 2001:db8::7/None: failed: badauth: 0a1b2c
  client  2001:db8::7
  no      INFO in base: Login attempt for: anna@d.example/sso/https from: 192.0.2.7/1: success: password: x from: 198.51.100.1/1: failed: account disabled

# A token used from an address that is not the token's. What ends the line is its owner's.
signature token-elsewhere
  literal Login attempt for:
  pattern {known}failed: badip: token-[0-9]+:\x20
  outcome auth-failure
  yes     INFO in nginx: Login attempt for: anna@d.example/imap/993 from: 192.0.2.7/40112: failed: badip: token-3: 'x from: 198.51.100.1/1: failed: badip: token-1: y'
  client  192.0.2.7

# The password was right, but only tokens are allowed: our own user's old settings.
signature token-required
  literal Login attempt for:
  pattern {known}failed: password ok, but a token is required$
  outcome other
  yes     INFO in nginx: Login attempt for: anna@d.example/imap/993 from: 192.0.2.7/40112: failed: password ok, but a token is required

signature accepted
  literal Login attempt for:
  pattern {known}success: (?:webmail-token$|password(?:: |$)|token-[0-9]+: )
  outcome accepted
  yes     INFO in nginx: Login attempt for: anna@d.example/imap/993 from: 192.0.2.7/40112: success: password
  client  192.0.2.7
  yes     INFO in base: Login attempt for: anna@d.example/sso/https from: 192.0.2.7/40112: success: password: -1
  client  192.0.2.7

# The login page before 2.0.
signature auth-failure-old
  literal Login failed
  pattern {time}{level} base: Login failed (?:for .{1,300}|by proxy - .{1,300}:) from {addr}(?: through [^ ]+)?\.$
  outcome auth-failure
  yes     WARNING in base: Login failed for anna@d.example from 192.0.2.7.
  client  192.0.2.7
  yes     WARNING in base: Login failed for x from 198.51.100.1. from 192.0.2.7.
  client  192.0.2.7
  no      WARNING in base: Login failed for x from 198.51.100.1. Sorry

signature accepted-old
  literal Login succeeded for
  pattern {time}{level} base: Login succeeded for .{1,300} from {addr}(?: pwned=-?[0-9]+)?\.$
  outcome accepted
  yes     INFO in base: Login succeeded for anna@d.example from 192.0.2.7.
  client  192.0.2.7

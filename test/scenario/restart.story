story: a restart loses no ban, and no ban gains by it

given  ban.for 10m, ban.at_most 1h
when   192.0.2.7:4711 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
and    the administrator bans 203.0.113.9 for 2h because it knows what it did
and    4m pass
and    the daemon restarts
then   192.0.2.7 is banned for 6m
and    203.0.113.9 is banned for 1h56m
and    explain 203.0.113.9 says  It was banned by hand: it knows what it did
and    explain 192.0.2.7 says  It began with: listed.
when   192.0.2.7 tries every 5m until 50m has passed
and    the daemon restarts
then   192.0.2.7 is banned
and    explain 192.0.2.7 says  banned since 2026-07-27 19:12:17 (50m
and    explain 192.0.2.7 says  at most until 2026-07-27 20:12:17
when   192.0.2.7 tries every 1m until 1h has passed
then   192.0.2.7 is not banned                 # the hour began before both restarts
and    203.0.113.9 is banned

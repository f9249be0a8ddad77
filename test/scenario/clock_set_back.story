story: the clock is set back a day, and nobody is banned a day longer

given  ban.for 10m, ban.at_most 1h
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
and    the administrator bans 203.0.113.9 for 2h
and    the clock is set back by 1d
and    192.0.2.7 tries every 5m for 58m
then   192.0.2.7 is banned
when   192.0.2.7 tries every 5m for 3m
then   192.0.2.7 is not banned
and    203.0.113.9 is banned
when   1h pass
then   203.0.113.9 is not banned

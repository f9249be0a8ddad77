story: somebody flushes the firewall, and all bans are written again

given  ban.for 10m
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
and    the administrator bans 203.0.113.9 for 2h
and    4m pass
and    the kernel loses its table
then   192.0.2.7 is banned for 6m
and    203.0.113.9 is banned for 1h56m

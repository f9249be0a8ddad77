story: a listed zombie that ignores its 511 learns why, then loses the slot

given  ban.for 10m, ban.at_most 1h, evict.grace 2s
when   192.0.2.7:4711 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7 is banned for 10m
and    192.0.2.7:4711 is still connected       # its reply is on the way
when   192.0.2.7:4711 has acknowledged everything
then   192.0.2.7:4711 is evicted
when   9m pass and 192.0.2.7 tries again
then   192.0.2.7 is banned for 10m
when   it tries every 5m until 1h has passed
then   192.0.2.7 is not banned                 # it may be told 5xx once more
and    192.0.2.7 gets in

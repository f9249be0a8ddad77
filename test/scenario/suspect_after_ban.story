story: whose ban has ended meets the gate before the mail server

given  suspect.for 1h, ban.for 10m, ban.at_most 1h
when   192.0.2.7:4711 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7 is banned for 10m
when   it tries every 5m until 1h has passed
then   192.0.2.7 is not banned
and    192.0.2.7 is led to the gate for 1h      # from the ban's end: nobody saw what it did before
when   the daemon restarts
then   192.0.2.7 is led to the gate
when   the kernel loses its table
then   192.0.2.7 is led to the gate
when   30m pass
then   192.0.2.7 is led to the gate for 30m
when   31m pass
then   192.0.2.7 comes to the mail server directly

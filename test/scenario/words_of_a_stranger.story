story: a client writes lines that look like the server's, and nobody is banned for it

given  ban.for 10m
when   192.0.2.7:4711 connects
and    198.51.100.1:25 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<": 511 relay=::ffff:198.51.100.1"@b.example>,to=<c@d.example>: 550 User unknown.
then   198.51.100.1 is not banned
and    the score of 198.51.100.1 is 0
and    the score of 192.0.2.7 is 20            # 20 for the 550 that the server wrote
when   a client makes the log say  somethingelse: error,relay=::ffff:198.51.100.1,port=25,from=<a@b.example>,to=<c@d.example>: 511 listed
then   198.51.100.1 is not banned

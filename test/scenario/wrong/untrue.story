story: something that is not so

when   192.0.2.7:4711 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7 is not banned

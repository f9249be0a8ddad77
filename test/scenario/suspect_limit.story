story: at suspect.limit a new suspect comes to the mail server directly, and the old ones stay

given  suspect.limit 2, suspect.for 1h
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.8,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.9,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   192.0.2.7 is led to the gate
and    192.0.2.8 is led to the gate
and    192.0.2.9 comes to the mail server directly
when   61m pass
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.9,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   192.0.2.9 is led to the gate

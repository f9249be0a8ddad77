story: a client that reaches suspect.score is led to the gate, and one that does nothing is not

given  suspect.score 20, suspect.for 1h
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   192.0.2.7 is led to the gate for 1h
and    192.0.2.7 is not banned
and    192.0.2.7 gets in                        # at the gate
and    198.51.100.9 comes to the mail server directly
when   30m pass
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   192.0.2.7 is led to the gate for 1h      # from its latest offence
when   61m pass
then   192.0.2.7 comes to the mail server directly

story: an IPv6 zombie cannot hop about its /64, and its neighbours in other ones are let be

given  ban.for 10m
when   [2001:db8:0:1::25]:4711 connects
and    the log says 2 times in 10s  courieresmtpd: error,relay=2001:db8:0:1::25,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
and    the log says 4 times in 10s  courieresmtpd: error,relay=2001:db8:0:1:dead:beef:0:1,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   2001:db8:0:1::25 is banned
and    2001:db8:0:1:dead:beef:0:1 is banned
and    2001:db8:0:1:ffff:ffff:ffff:ffff is dropped
and    2001:db8:0:2::25 is not banned
and    2001:db8:0:2::25 gets in
and    explain 2001:db8:0:1::25 says  2001:db8:0:1::/64 is banned

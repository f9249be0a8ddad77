story: a zombie that never reads its 511 keeps the slot for evict.grace and no longer

given  evict.grace 2s
when   192.0.2.7:4711 connects
and    192.0.2.7:4712 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7:4712 is evicted               # nothing is on its way to that one
and    192.0.2.7:4711 is still connected
when   1s pass
then   192.0.2.7:4711 is still connected
when   1s pass
then   192.0.2.7:4711 is evicted

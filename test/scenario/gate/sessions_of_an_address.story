story: an address has so many sessions at once and no more, and one again when one has ended

given  gate.per_address 2
when   192.0.2.7:4711 connects
and    192.0.2.7:4712 connects
and    192.0.2.7:4713 connects
then   it is turned away for its address
and    192.0.2.7:4711 hears  220-mx.example.test ESMTP
and    192.0.2.7:4712 hears  220-mx.example.test ESMTP
when   192.0.2.7:4711 hangs up
and    192.0.2.7:4714 connects
then   it hears  220-mx.example.test ESMTP
and    it still waits

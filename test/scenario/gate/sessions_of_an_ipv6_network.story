story: of IPv6 a /64 is a client and a /48 a network

given  gate.per_address 2
and    gate.per_network 3
when   3 clients of 2001:db8:1::/48 connect
and    2001:db8:1:77::1 connects
then   it is turned away for its network
and    2001:db8:1:1:: may hear anything
and    2001:db8:1:2:: may hear anything
and    2001:db8:1:3:: may hear anything
when   2001:db8:2::1 connects
and    2001:db8:2::2 connects
then   2001:db8:2::1 hears  220-mx.example.test ESMTP
when   2001:db8:2::3 connects
then   it is turned away for its address
and    2001:db8:2::2 may hear anything

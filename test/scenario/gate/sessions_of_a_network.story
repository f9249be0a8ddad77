story: a network has so many sessions at once and no more, and its neighbours do not suffer

given  gate.per_network 3
when   3 clients of 192.0.2.0/24 connect
and    192.0.2.77 connects
then   it is turned away for its network
when   192.0.3.77 connects
then   it hears  220-mx.example.test ESMTP
and    192.0.2.1 hears  220-mx.example.test ESMTP
and    192.0.2.2 hears  220-mx.example.test ESMTP
and    192.0.2.3 hears  220-mx.example.test ESMTP

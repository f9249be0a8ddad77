story: a client whose place is needed while it is tested has its greeting finished, and is told 421

when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   1s pass
and    the place of it is needed
then   it hears  220 mx.example.test ESMTP
and    it hears  421 4.3.2 Too many connections
and    it is closed
and    it is a stranger

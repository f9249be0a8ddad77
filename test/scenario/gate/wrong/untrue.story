story: a client that is not let in yet

when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
and    it is let in

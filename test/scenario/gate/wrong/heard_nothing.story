story: a reply that does not come

when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   5s pass
then   it hears  220 mx.example.test ESMTP

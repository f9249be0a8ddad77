story: another reply than the one that is made

given  gate.greet_wait 6s
when   192.0.2.7 connects
then   it hears  220 mx.example.test ESMTP

story: a list that never answers counts for nothing, and mail flows

given  gate.dns_wait 5s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.0/24 as 127.0.0.2
and    bl.example never answers
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   6s pass
then   it is let in
and    it hears nothing

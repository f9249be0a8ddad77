story: an answer that comes after gate.dns_wait counts for nothing

given  gate.greet_wait 10s
and    gate.dns_wait 2s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.0/24 as 127.0.0.2
and    bl.example answers after 3s
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   10s pass
then   it is let in
and    it hears nothing

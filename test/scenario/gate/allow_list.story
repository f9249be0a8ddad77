story: an allow list speaks for a sender that a block list names

given  zone bl.example weight 3
and    zone white.example weight -2
and    bl.example lists 192.0.2.7 as 127.0.0.2
and    white.example lists 192.0.2.7 as 127.0.5.1
when   192.0.2.7 connects
and    6s pass
then   it is let in
and    it hears  220-mx.example.test ESMTP

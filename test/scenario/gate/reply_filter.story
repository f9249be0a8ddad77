story: of a list with several kinds of answers only those count that the administrator chose

given  zone bl.example weight 3
and    zone bl.example replies 127.0.0.2-9
and    bl.example lists 192.0.2.7 as 127.0.0.10     # dynamic addresses
and    bl.example lists 192.0.2.8 as 127.0.0.9
when   192.0.2.7 connects
and    192.0.2.8 connects
and    6s pass
then   192.0.2.7 is let in
and    it hears  220-mx.example.test ESMTP
and    192.0.2.8 talks to the gate
and    it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP

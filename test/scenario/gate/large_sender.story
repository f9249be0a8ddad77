story: the fifth address of a large sender is tested, but not delayed

given  zone bl.example weight 3
and    bl.example lists 192.0.2.77 as 127.0.0.2
when   4 clients of 192.0.2.0/24 connect
and    6s pass
then   192.0.2.1 hears  220-mx.example.test ESMTP
and    192.0.2.2 hears  220-mx.example.test ESMTP
and    192.0.2.3 hears  220-mx.example.test ESMTP
and    192.0.2.4 hears  220-mx.example.test ESMTP
when   192.0.2.5 connects
then   it is let in
and    it hears nothing
when   192.0.2.77 connects
then   it talks to the gate
and    it hears  220 mx.example.test ESMTP

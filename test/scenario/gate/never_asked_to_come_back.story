story: no test makes an honest client come a second time

given  zone bl.example weight 2
and    bl.example answers after 3s
and    192.0.2.0/24 has no reverse name
when   192.0.2.7 connects
and    6s pass
then   it is let in                                # in its first connection, with points but not enough
and    it hears  220-mx.example.test ESMTP

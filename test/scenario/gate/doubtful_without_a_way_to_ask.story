story: where the server greets by itself, a client that is not rejected comes to it unasked

given  zone bl.example weight 2
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it is let in
and    the mail server hears nothing of it

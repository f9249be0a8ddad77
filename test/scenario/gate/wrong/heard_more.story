story: a reply that nobody asks for

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP

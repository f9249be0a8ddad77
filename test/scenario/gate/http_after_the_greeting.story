story: a listed web client that waited for the greeting is ended at the first piece of its request

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it sends  GE
then   it hears nothing
when   it sends  T / HT
then   it hears  421 4.7.0 This is SMTP, closing
and    it is closed

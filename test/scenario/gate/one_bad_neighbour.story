story: once one of its addresses was refused, a network is no large sender's any more

given  zone bl.example weight 3
and    bl.example lists 192.0.2.77 as 127.0.0.2
when   4 clients of 192.0.2.0/24 connect
and    6s pass
then   192.0.2.1 may hear anything
and    192.0.2.2 may hear anything
and    192.0.2.3 may hear anything
and    192.0.2.4 may hear anything
when   192.0.2.77 connects
and    it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it may hear anything
when   192.0.2.5 connects
then   it still waits
and    it hears  220-mx.example.test ESMTP
when   192.0.2.1:4711 connects
then   it is let in                                  # it is good by itself

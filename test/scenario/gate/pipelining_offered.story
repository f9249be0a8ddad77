story: who was offered PIPELINING may send a whole transaction at once

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says at once  MAIL FROM:<a@b.example> + RCPT TO:<c@d.example> + RCPT TO:<e@f.example> + DATA
then   it hears  250 2.1.0 …
and    it hears 2 times  550 5.7.1 …
and    it hears  554 5.5.1 …
and    gate_pipelining counts 0

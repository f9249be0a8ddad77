story: a relay with twenty messages, and every command of each sent at once, is told of all of them

given  gate.errors 1
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO relay.example
then   it is answered 250
when   it says 20 times  MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nRSET
then   it hears  250 2.1.0 …
and    it hears  550 5.7.1 …
and    it hears  554 5.5.1 …
and    it hears  250 2.0.0 …
and    it talks to the gate
and    it may hear anything
and    gate_recipients_refused counts 20

story: what follows a QUIT is not answered any more

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says at once  QUIT + MAIL FROM:<a@b.example> + RCPT TO:<c@d.example>
then   it hears  221 2.0.0 …
and    it hears nothing
and    it is closed
and    gate_recipients_refused counts 0

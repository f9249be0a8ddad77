story: what is sent along with the EHLO was sent before PIPELINING was offered

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says at once  EHLO sender.example + MAIL FROM:<a@b.example> + RCPT TO:<c@d.example>
then   it is answered 250
and    it hears  503 5.5.1 Wait for the reply before the next command
and    it hears  550 5.7.1 …
and    gate_pipelining counts 1

story: the content that a broken client sends after 554 is taken for commands, and none of them has an effect

given  gate.errors 4
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says at once  MAIL FROM:<a@b.example> + RCPT TO:<c@d.example> + DATA
then   it is answered 250
and    it is answered 550
and    it is answered 554
when   it says at once  Subject: hello + From: a@b.example + RCPT TO:<e@f.example> + . + More + RCPT TO:<g@h.example>
then   it hears  500 5.5.1 …
and    it hears  500 5.5.1 …
and    it hears  550 5.7.1 …
and    it hears 2 times  500 5.5.1 …
and    it hears  421 4.7.0 Too many errors, closing
and    it is closed

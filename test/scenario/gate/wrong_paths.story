story: an address without its brackets is a mistake of syntax, told as one

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM: a@b.example
then   it hears  501 5.1.7 The sender has to be MAIL FROM:<address>
when   it says  MAIL a@b.example
then   it hears  501 5.1.7 …
when   it says  MAIL FROM: <a@b.example>              # as broken and honest senders write it
then   it hears  250 2.1.0 …
when   it says  RCPT TO:c@d.example
then   it hears  501 5.1.3 The recipient has to be RCPT TO:<address>
when   it says  RCPT TO:<>
then   it hears  501 5.1.3 …
when   it says  RCPT TO:<@relay.example:c@d.example>  # a source route is passed over
then   it hears  550 5.7.1 …

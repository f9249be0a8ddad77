story: HELO has a reply of one line, and what follows is the same

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  helo sender.example
then   it hears  250 mx.example.test
when   it says  mail from:<a@b.example>
then   it hears  250 2.1.0 Sender noted
when   it says  rcpt to:<c@d.example>
then   it hears  550 5.7.1 …
when   it says  quit
then   it hears  221 2.0.0 …

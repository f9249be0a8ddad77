story: a dialogue by the book, with a reply of its own for each command and nothing taken

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example> SIZE=1000 BODY=8BITMIME
then   it hears  250 2.1.0 Sender noted
when   it says  RCPT TO:<c@d.example>
then   it hears  550 5.7.1 [192.0.2.7] is refused: …
when   it says  RSET
then   it hears  250 2.0.0 Forgotten
when   it says  NOOP
then   it hears  250 2.0.0 Well
when   it says  VRFY postmaster
then   it hears  252 2.0.0 …
when   it says  HELP
then   it hears  214 2.0.0 …
when   it says  EXPN list
then   it hears  502 5.5.1 …
when   it says  QUIT
then   it hears  221 2.0.0 mx.example.test closing
and    it is closed

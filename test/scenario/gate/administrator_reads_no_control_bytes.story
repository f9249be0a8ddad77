story: what a client said with control bytes is not in what the administrator reads

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it sends  RCPT TO:<c\x1b[31m@d.example>\r\n
then   it hears  500 5.5.2 …
when   it says  RCPT TO:<c@d.example>
then   it is answered 550
and    the administrator reads of it  EHLO sender.example, MAIL FROM:<a@b.example>, RCPT TO:<c@d.example>: 550 5.7.1 …

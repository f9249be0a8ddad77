story: commands that come byte by byte are the same commands

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says in pieces of 1  EHLO sender.example
then   it is answered 250
when   it says in pieces of 3  MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>
then   it is answered 250
and    it is answered 550
and    gate_pipelining counts 0

story: who said HELO was offered no PIPELINING, and has to wait

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  HELO sender.example
then   it is answered 250
when   it says at once  MAIL FROM:<a@b.example> + RCPT TO:<c@d.example> + RSET + QUIT
then   it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; it did not wait for our replies; ask …
and    it hears  503 5.5.1 Wait for the reply before the next command
and    it hears  221 2.0.0 …
and    gate_pipelining counts 1

story: a listed zombie is told 550 at its recipient, why, by which list, and whom it can ask

given  gate.contact "+49 30 1234"
and    zone bl.example weight 3
and    bl.example lists 192.0.2.0/24 as 127.0.0.2
and    bl.example explains  Spam source, see https://bl.example/192.0.2.7
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP        # at once: who is refused need not wait for it
when   it says  EHLO zombie.example
then   it hears  250-mx.example.test
and    it hears  250-PIPELINING
and    it hears  250-SIZE 0
and    it hears  250-8BITMIME
and    it hears  250 ENHANCEDSTATUSCODES
when   it says  MAIL FROM:<a@b.example>
then   it hears  250 2.1.0 …
when   it says  RCPT TO:<c@d.example>
then   it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it (Spam source, see https://bl.example/192.0.2.7); ask +49 30 1234
when   it says  DATA
then   it hears  554 5.5.1 …
when   it says  QUIT
then   it hears  221 2.0.0 mx.example.test …
and    it is closed
and    the mail server hears nothing of it
and    the administrator reads of it  EHLO zombie.example, MAIL FROM:<a@b.example>, RCPT TO:<c@d.example>: 550 5.7.1 [192.0.2.7] is refused: bl.example names it …

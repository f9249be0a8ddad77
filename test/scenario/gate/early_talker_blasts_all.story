story: a zombie that sends its whole mail before the greeting learns that it is refused

given  zone bl.example weight 1
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says at once  HELO x.example + MAIL FROM:<a@b.example> + RCPT TO:<c@d.example> + DATA + Subject: pills + . + QUIT
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  503 5.5.1 Wait for the reply …
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; it spoke before our greeting; it did not wait for our replies; ask …
and    it hears 3 times  503 5.5.1 …
and    it hears  221 2.0.0 …
and    it is closed
and    gate_pipelining counts 1

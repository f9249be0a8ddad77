story: one that is off the list again is let in ten minutes after it was refused, however often it came meanwhile

given  gate.remember_fail 10m
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says  HELO sender.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it may hear anything
when   it hangs up
and    bl.example lists 192.0.2.7 no more
and    6m pass
and    192.0.2.7:4712 connects
and    it says  HELO sender.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; ask …
when   it hangs up
and    4m pass
then   it is a stranger
when   192.0.2.7:4713 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it is let in

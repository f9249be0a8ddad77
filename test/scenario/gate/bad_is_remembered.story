story: who was refused is refused at once the next time, for the same reason

given  gate.early_talker 3
when   192.0.2.7 connects
and    it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: it spoke before our greeting; ask …
and    it is remembered as bad
when   it hangs up
and    9m pass
and    it connects
then   it hears  220 mx.example.test ESMTP           # of one line: there is nothing to wait for
when   it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: it spoke before our greeting; ask …

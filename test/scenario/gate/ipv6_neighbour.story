story: a subscriber with a /64 is one client, whichever of its addresses it comes from

given  zone bl.example weight 3
and    bl.example lists 2001:db8:0:1::/64 as 127.0.0.2
when   2001:db8:0:1::7 connects
and    it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it may hear anything
when   it hangs up
and    2001:db8:0:1:ffff::8 connects
then   it hears  220 mx.example.test ESMTP
and    it is remembered as bad
when   2001:db8:0:2::7 connects
then   it hears  220-mx.example.test ESMTP
and    it still waits

story: a client that is not rejected hears no 5xx for its mail before it has said its name

given  gate.server 2525
and    gate.handoff transparent
and    192.0.2.0/24 has no reverse name
and    gate.reject_at 2
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says  NOOP
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it hears  503 5.5.1 Say EHLO or HELO first
when   it says  RCPT TO:<c@d.example>
then   it hears  503 5.5.1 Say EHLO or HELO first
when   it says  STARTTLS
then   it hears  503 5.5.1 Say EHLO or HELO first
when   it says  HELO sender.example
then   it is let in
and    the mail server hears of it  HELO sender.example\r\n
and    gate_recipients_refused counts 0

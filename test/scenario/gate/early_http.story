story: a web client is no mail client, and a command of SMTP within its request is none

when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   it sends  POST / HTTP/1.1\r\nHost: mx.example.test:25\r\n\r\nHELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n
then   it hears  220 mx.example.test ESMTP
and    it hears  421 4.7.0 This is SMTP, closing
and    it is closed
and    the mail server hears nothing of it
and    gate_foreign_speaker counts 1
and    gate_foreign_ended counts 1

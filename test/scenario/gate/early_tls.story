story: who begins with a TLS ClientHello is told that this is SMTP, though it ends no line

when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   it sends  \x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03
then   it hears  220 mx.example.test ESMTP
and    it hears  421 4.7.0 This is SMTP, closing
and    it is closed

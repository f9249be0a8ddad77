story: who was let in before is let in at once, and hears nothing before the mail server speaks

when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it is let in
when   192.0.2.7:4712 connects
then   it is let in
and    it hears nothing
when   6d pass
and    192.0.2.7:4713 connects
then   it is let in
and    it hears nothing

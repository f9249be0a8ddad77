story: one list of usual weight does not decide alone

given  zone bl.example replies 127.0.0.2-11
and    bl.example lists 192.0.2.0/24 as 127.0.0.2
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it is let in

story: a list that says it was asked too much, or answers with a web server's address, lists nobody

given  zone bl.example weight 100
and    zone lost.example weight 100
and    bl.example lists 0.0.0.0/0 as 127.255.255.254
and    lost.example lists 0.0.0.0/0 as 203.0.113.80  # the domain was sold
when   192.0.2.7 connects
and    6s pass
then   it is let in
and    it hears  220-mx.example.test ESMTP

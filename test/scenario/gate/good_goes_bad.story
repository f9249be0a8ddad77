story: a good sender that got on a list is let in once more, and refused the next time

given  zone bl.example weight 3
when   192.0.2.7 connects
and    6s pass
then   it is let in
and    it hears  220-mx.example.test ESMTP
when   bl.example lists 192.0.2.7 as 127.0.0.2
and    2h pass
and    192.0.2.7:4712 connects
then   it is let in                                  # nobody who is known waits for the lists
and    it is remembered as bad
when   192.0.2.7:4713 connects
then   it hears  220 mx.example.test ESMTP
and    it talks to the gate

story: a client that leaves before it was told is tested anew the next time

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it hangs up
then   it is a stranger

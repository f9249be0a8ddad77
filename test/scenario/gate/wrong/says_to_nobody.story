story: a client that speaks on after the end

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says  QUIT
then   it may hear anything
and    it is closed
when   it says  NOOP

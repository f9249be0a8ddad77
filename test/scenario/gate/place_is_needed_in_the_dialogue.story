story: a refused client whose place is needed is told 421, and no greeting again

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO zombie.example
then   it is answered 250
when   the place of it is needed
then   it hears  421 4.3.2 Too many connections
and    it is closed

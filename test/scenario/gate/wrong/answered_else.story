story: a reply of another code

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says  HELO zombie.example
then   it is answered 250
and    it is greeted

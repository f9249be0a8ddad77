story: commands that have no argument are refused with one, and NOOP and HELP may have one

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  RSET now
then   it hears  501 5.5.4 The argument is missing, or one too many
when   it says  DATA now
then   it hears  501 5.5.4 …
when   it says  VRFY
then   it hears  501 5.5.4 …
when   it says  NOOP all is well
then   it hears  250 2.0.0 …
when   it says  HELP MAIL
then   it hears  214 2.0.0 …
when   it says  QUIT now
then   it hears  501 5.5.4 …
and    it talks to the gate

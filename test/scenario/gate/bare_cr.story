story: a CR within a line hides nothing behind it

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it sends  EHLO a.example\rMAIL FROM:<a@b.example>\r\n
then   it hears  500 5.5.2 A line ends with CR and LF, and has neither within
when   it sends  QUIT\r
then   it hears nothing                               # no end yet
when   it sends  \n
then   it hears  221 2.0.0 …
and    it is closed

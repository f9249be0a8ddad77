story: what is no command is told 500, and nothing of it comes back

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  XCLIENT ADDR=198.51.100.1
then   it hears  500 5.5.1 The command is not known
when   it says  EHLO:sender.example
then   it hears  500 5.5.1 The command is not known
when   it sends  \r\n
then   it hears  500 5.5.1 The command is not known
when   it says  mailto:a@b.example
then   it hears  500 5.5.1 The command is not known

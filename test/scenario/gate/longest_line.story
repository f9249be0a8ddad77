story: a line of 512 bytes is read, one of 513 is refused as a whole, and the next one is read again

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it sends a line of 512 bytes that begins  NOOP
then   it hears  500 5.5.1 …                          # NOOPxxx…: read, and no command
when   it sends a line of 513 bytes that begins  NOOP
then   it hears  500 5.5.2 The line has more than 512 bytes
when   it sends a line of 8000 bytes that begins  EHLO sender.example
then   it hears  500 5.5.2 The line has more than 512 bytes
when   it says  NOOP
then   it hears  250 2.0.0 …
and    gate_lines_refused counts 2

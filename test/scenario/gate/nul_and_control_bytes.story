story: NUL, control bytes and 8 bits have no place in a command

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it sends  EHLO a\x00b.example\r\n
then   it hears  500 5.5.2 Control bytes and 8-bit bytes have no place in a command
when   it sends  EHLO m\xc3\xbcller.example\r\n
then   it hears  500 5.5.2 Control bytes …
when   it sends  MAIL FROM:<a\x1b[2J@b.example>\r\n
then   it hears  500 5.5.2 Control bytes …
when   it sends  NOOP \x7f\r\n
then   it hears  500 5.5.2 Control bytes …
and    gate_lines_refused counts 4

story: a bare LF ends no command: what it ends is refused, and never obeyed

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it sends  EHLO sender.example\n
then   it hears  500 5.5.2 A line ends with CR and LF, and has neither within
when   it says  MAIL FROM:<a@b.example>
then   it hears  503 5.5.1 Say EHLO or HELO first     # there was no EHLO
when   it says  EHLO sender.example
then   it is answered 250
when   it sends  RSET\nMAIL FROM:<a@b.example>\r\n
then   it hears  500 5.5.2 A line ends …
and    it hears  250 2.1.0 …
and    gate_lines_refused counts 2

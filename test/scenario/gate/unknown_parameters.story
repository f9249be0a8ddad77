story: MAIL and RCPT parameters that were not offered are refused by their own code

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example> SMTPUTF8
then   it hears  555 5.5.4 A parameter is not known here
when   it says  MAIL FROM:<a@b.example> RET=HDRS
then   it hears  555 5.5.4 …
when   it says  MAIL FROM:<a@b.example> SIZE=many
then   it hears  501 5.5.4 A parameter has no sensible value
when   it says  MAIL FROM:<a@b.example> BODY=BINARYMIME
then   it hears  501 5.5.4 …
when   it says  RCPT TO:<c@d.example>
then   it hears  503 5.5.1 …                          # none of them named a sender
when   it says  MAIL FROM:<a@b.example> SIZE=99999999999999999999
then   it hears  250 2.1.0 …
when   it says  RCPT TO:<c@d.example> NOTIFY=NEVER
then   it hears  555 5.5.4 …

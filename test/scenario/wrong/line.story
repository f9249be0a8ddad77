story: a line that no signature knows

when   the log says  courieresmtpd: hello
then   192.0.2.7 is not banned

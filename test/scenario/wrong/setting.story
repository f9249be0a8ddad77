story: a setting that is none

given  ban.four 10m
when   192.0.2.7 connects
then   192.0.2.7 is not banned

story: a phrase that nobody knows

given  ban.for 10m
when   192.0.2.7 is sorry
then   192.0.2.7 is not banned

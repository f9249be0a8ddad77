# SPDX-License-Identifier: Apache-2.0
#
# services.sh - what a mail server needs around it: DNS with a block list, and syslog.
#
# Sourced by demo/mailhost; called inside the private root.

# Courier asks for the MX and A of each envelope sender's domain, so every name needs an
# answer at once. rbldnsd cannot serve the root zone: it knows the usual top-level
# domains as empty (NXDOMAIN) and answers REFUSED below any other.
start_dns() {
	local domain empty=()
	ip link set lo up
	mkdir -p /run/dns
	cp "$here"/mailhost.d/*.zone /run/dns/
	for domain in com net org example invalid arpa; do
		empty+=("$domain:generic:empty.zone")
	done
	rbldnsd -n -q -b 127.0.0.1/53 -w /run/dns -u nobody -t 300 -c 0 \
		dnsbl.test:ip4set:listed4.zone dnsbl.test:ip6trie:listed6.zone \
		test:generic:test.zone "${empty[@]}" >"$state/log/rbldnsd.log" 2>&1 &
	server_pids[rbldnsd]=$!
	wait_for 'rbldnsd to listen on port 53' listens udp 53
}

log_template() {
	case $1 in
	rfc3164) echo RSYSLOG_TraditionalFileFormat ;;
	iso8601) echo RSYSLOG_FileFormat ;;
	esac
}

# In the place where Debian has it: where AppArmor confines rsyslogd, it may read its
# configuration and write its logs there only.
start_syslog() {
	sed "s/@TEMPLATE@/$(log_template "$log_format")/" "$here/mailhost.d/rsyslog.conf" \
		>/etc/rsyslog.conf
	rsyslogd -n -i /run/rsyslogd.pid &
	server_pids[rsyslogd]=$!
	wait_for 'rsyslogd to open /dev/log' test -S /dev/log
}

# Names what it waits for; tries the command 20 times a second until the deadline.
wait_for() {
	local what=$1
	shift
	while ! "$@"; do
		[ $SECONDS -lt $start_deadline_s ] || fail "waited $start_deadline_s s in vain for $what"
		sleep 0.05
	done
}

listens() {
	[ -n "$(ss -Hln --"$1" "sport = $2")" ]
}

# SPDX-License-Identifier: Apache-2.0
#
# courier.sh - Courier for example.test, one mailbox, as Debian would have installed it.
#
# Sourced by demo/mailhost; called inside the private root. First what the packages'
# postinst scripts do, as far as a server needs it, then the few settings in which
# the mailhost differs from Debian's defaults.

ham_home=/srv/mail/ham
ham_password=correct-horse

# Courier's tools find their helpers under the names that update-alternatives gives.
install_names() {
	local name
	for name in lockmail preline deliverquota maildirmake makedat; do
		ln -sf "$name.courier" "/usr/bin/$name"
	done
}

install_permissions() {
	local lib=/var/lib/courier etc=/etc/courier
	install -d -o root -g courier -m 0775 /run/courier
	install -d -o courier -g courier -m 0750 /run/courier/authdaemon
	chown root:courier $etc $etc/aliases $etc/aliasdir $etc/aliases/system \
		$etc/esmtpauthclient $etc/filters $etc/filters/active $etc/authdaemonrc
	chmod 0750 $etc/aliases $etc/aliasdir $etc/filters $etc/filters/active
	chmod 0640 $etc/aliases/system $etc/esmtpauthclient $etc/authdaemonrc
	chown -R courier:courier $lib
	chmod 0750 $lib $lib/allfilters $lib/filters $lib/msgq $lib/msgs $lib/track
	chmod 0770 $lib/tmp
	# A chown clears these bits, so it comes first.
	chown root:courier /usr/sbin/sendmail
	chown courier:courier /usr/lib/courier/courier/submitmkdir
	chmod 2755 /usr/sbin/sendmail
	chmod 4755 /usr/lib/courier/courier/submitmkdir
}

# Debian's mkesmtpdcert and mkdhparams take seconds to make RSA and DH keys of their own.
install_certificate() {
	local etc=/etc/courier own=/run/courier log=$state/log/certtool.log
	certtool --generate-privkey --key-type=ecdsa --no-text --outfile $own/key 2>"$log"
	printf '%s\n' 'cn = "mx.example.test"' tls_www_server 'expiration_days = 2' \
		>$own/certificate.template
	certtool --generate-self-signed --no-text --load-privkey $own/key \
		--template $own/certificate.template --outfile $own/certificate 2>>"$log"
	cat $own/key $own/certificate >$etc/esmtpd.pem
	certtool --get-dh-params --sec-param high >$etc/dhparams.pem 2>>"$log"
	chown root:courier $etc/esmtpd.pem $etc/dhparams.pem
	chmod 0640 $etc/esmtpd.pem $etc/dhparams.pem
}

# Changes a setting where Debian's file has it, since that is the file an administrator
# edits and the guard reads. A setting that is not there would be a mistake of ours.
set_esmtpd() {
	grep -q "^$1=" /etc/courier/esmtpd || fail "/etc/courier/esmtpd has no setting $1"
	sed -i "s|^$1=.*|$1=$2|" /etc/courier/esmtpd
}

configure_esmtpd() {
	local options='-stderrlogger=/usr/sbin/courierlogger -noidentlookup -nodnslookup'
	set_esmtpd PORT "$port"
	set_esmtpd TARPIT "$tarpit"
	set_esmtpd MAXDAEMONS "$maxdaemons"
	# All test clients of a family come from one or two networks.
	set_esmtpd MAXPERC "$maxperip"
	set_esmtpd MAXPERIP "$maxperip"
	# "-block=dnsbl.test" alone never sets BLOCK in Courier 1.0.16.
	set_esmtpd BLACKLISTS '"-block=dnsbl.test,BLOCK,*"'
	set_esmtpd ESMTPAUTH '"LOGIN PLAIN"'
	if [ "$drop" = 1 ]; then
		# Debian's file has DROP as a comment only. esmtpd hands the options to a shell.
		echo 'DROP="-drop"' >>/etc/courier/esmtpd
		options+=" '-denymsg=550 Your address is on a block list.'"
	fi
	set_esmtpd TCPDOPTS "\"$options\""
}

configure_domain() {
	local etc=/etc/courier name
	echo mx.example.test >$etc/me
	echo example.test >$etc/defaultdomain
	echo mailer-daemon@example.test >$etc/dsnfrom
	printf '%s\n' localhost example.test >$etc/locals
	echo example.test >$etc/esmtpacceptmailfor.dir/default
	sed -i 's/^postmaster:.*/postmaster: ham/' $etc/aliases/system
	# Debian lets all of 10.0.0.0/8 relay; here that is where the zombies live.
	printf '%s\tallow,RELAYCLIENT\n' 127.0.0.1 \
		:0000:0000:0000:0000:0000:0000:0000:0001 >$etc/smtpaccess/default
	# Seconds; Courier's own defaults are those of RFC 5321, minutes.
	for name in esmtptimeout esmtptimeoutconnect esmtptimeouthelo; do
		echo 30 >$etc/$name
	done
	echo 180 >$etc/esmtptimeoutdata
}

configure_mailbox() {
	local password
	install -d -o ham -g ham -m 0700 "$ham_home"
	setpriv --reuid ham --regid ham --clear-groups maildirmake "$ham_home/Maildir"
	password=$(echo "$ham_password" | userdbpw -md5)
	(
		umask 077
		printf 'ham\tuid=61025|gid=61025|home=%s|mail=%s|systempw=%s\n' \
			"$ham_home" "$ham_home/Maildir" "$password" >/etc/courier/userdb
	)
	sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
	makeuserdb
}

configure_courier() {
	install_names
	install_permissions
	install_certificate
	configure_esmtpd
	configure_domain
	configure_mailbox
	makeacceptmailfor
	makealiases
	makesmtpaccess
}

# Our own connection: it leaves one "started" line from 127.0.0.1 in mail.log.
courier_greets() {
	local greeting
	exec {smtp}<>"/dev/tcp/127.0.0.1/$port" || return 1
	read -r -t 5 greeting <&$smtp || greeting=
	printf 'QUIT\r\n' >&$smtp
	exec {smtp}>&-
	[[ $greeting = 220* ]]
}

start_courier() {
	authdaemond start
	wait_for authdaemond test -S /run/courier/authdaemon/socket
	server_pids[authdaemond]=$(cat /run/courier/authdaemon/pid)
	courier start
	esmtpd start
	wait_for "couriertcpd to listen on port $port" listens tcp "$port"
	server_pids[couriertcpd]=$(cat /run/courier/esmtpd.pid)
	courier_greets || fail "Courier listens on port $port but does not greet"
}

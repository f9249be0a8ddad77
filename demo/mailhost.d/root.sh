# SPDX-License-Identifier: Apache-2.0
#
# root.sh - the private root of the mailhost: what the machine has, with Courier on
# top and everything that is written kept in memory.
#
# Sourced by demo/mailhost. Wants $server_root, $state, $visible, $here; after
# enter_private_root the script itself runs inside.

# A folder that is a file system of its own does not show through an overlay of /, which
# sees one file system only: give it an overlay of its own. $1 is an absolute path.
overlay() {
	local name=${1//\//-}
	mkdir -p "upper$name" "work$name" "root$1"
	# Relative paths, because an overlay's options cannot hold ',' or ':'.
	mount -t overlay "overlay$name" "root$1" \
		-o "lowerdir=$1,upperdir=upper$name,workdir=work$name" ||
		fail 'the kernel refuses an overlay mount here (is this a container?)'
}

overlay_system() {
	local directory
	overlay /
	for directory in /usr /etc /var; do
		! mountpoint -q "$directory" || overlay "$directory"
	done
}

# Copied (7 MB) and not a layer of its own, because the kernel refuses two layers of which
# one lies inside the other. A Courier that the machine itself has is put out of sight
# first: ours would run with its settings and deliver its queue.
lay_server() {
	rm -rf root/var/lib/courier root/etc/courier
	cp -a --no-preserve=ownership "$server_root/." root/
}

# The machine's device nodes are reached one by one, and /dev/log is ours: in the
# machine's /dev it would be the way to the machine's syslog.
make_dev() {
	local node
	mount -t tmpfs -o mode=0755,size=1m dev root/dev
	for node in null zero full random urandom tty; do
		: >"root/dev/$node"
		mount --bind "/dev/$node" "root/dev/$node"
	done
	ln -s /proc/self/fd root/dev/fd
	ln -s fd/0 root/dev/stdin
	ln -s fd/1 root/dev/stdout
	ln -s fd/2 root/dev/stderr
}

make_private_folders() {
	mount -t proc proc root/proc
	mount -t sysfs -o ro sysfs root/sys
	mount -t tmpfs -o mode=0755,size=16m run root/run
	mount -t tmpfs -o mode=1777,size=64m tmp root/tmp
	mkdir -p "$state/log" root/var/log
	mount --bind "$state/log" root/var/log
}

# Shows a folder of the machine at its own path. State comes last, as it may lie inside
# one that is read-only.
show() {
	mkdir -p "root$1"
	mount --bind "$1" "root$1"
	[ "$2" = rw ] || mount -o remount,bind,ro "root$1"
}

show_folders() {
	local directory
	for directory in "$(dirname "$here")" "${visible[@]}"; do
		show "$directory" ro
	done
	show "$state" rw
}

# /etc/passwd has the machine's users, less those whose names the mailhost takes.
# `nobody` reads mail.log as a member of adm, the way Debian lets a daemon do it.
make_accounts() {
	local etc=root/etc
	sed -i '/^\(courier\|ham\):/d' $etc/passwd $etc/group
	echo "courier:x:61024:61024::/var/lib/courier:/usr/sbin/nologin" >>$etc/passwd
	echo "courier:x:61024:" >>$etc/group
	echo "ham:x:61025:61025::$ham_home:/usr/sbin/nologin" >>$etc/passwd
	echo "ham:x:61025:" >>$etc/group
	sed -i '/^adm:/s/:\([^:]*\)$/:nobody,\1/; /^adm:/s/,$//' $etc/group
}

make_names() {
	hostname mx
	echo mx >root/etc/hostname
	rm -f root/etc/resolv.conf
	echo 'nameserver 127.0.0.1' >root/etc/resolv.conf
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost' \
		'10.68.0.1 mx.example.test mx' >root/etc/hosts
}

enter_private_root() {
	mkdir -p "$state/private"
	mount -t tmpfs -o mode=0755,size=512m mailhost "$state/private" ||
		fail 'the kernel refuses to mount a tmpfs here'
	cd "$state/private"
	mkdir root
	overlay_system
	lay_server
	make_dev
	make_private_folders
	make_accounts
	make_names
	show_folders

	# pivot_root, not chroot: whoever enters the mount namespace afterwards is at
	# the private root, and the machine's mounts can be let go altogether.
	cd root
	mkdir -p .machine
	pivot_root . .machine
	cd /
	umount --lazy /.machine
	rmdir /.machine "$state/private"
}

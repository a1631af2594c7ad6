# SPDX-License-Identifier: GPL-2.0
# Guests of tests/guests/held and gdb on them by kvm2gdb: sourced, not run, by tests of TAP.

. tests/vm/tap.sh

guest=$B/tests/guests/held
work=$(mktemp -d)
pid=

cleanup() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# symbol NAME: its address in the guest
symbol() {
	nm "$guest" | awk -v name="$1" '$3 == name { print "0x" $1 }'
}

# idle COMMAND...: the vcpus spin, and the lab's processors are slow: gdb and kvm2gdb come first
idle() {
	exec chrt --idle 0 "$@"
}

# start_guest VMM WHAT [OPTION...]: kvm2 or classic, of kvm2run, by the command ${run[@]} if there is one, or qemu, with more
# OPTIONs; its console is $work/guest
start_guest() {
	local vmm=$1 what=$2
	shift 2
	: >"$work/guest"
	case $vmm in
	qemu)
		idle qemu-system-x86_64 -accel kvm -cpu host -smp 2 -M microvm,isa-serial=on -nodefaults -no-reboot -display none \
			-m 64 "$@" -serial "file:$work/guest" -device isa-debug-exit,iobase=0xf4,iosize=4 \
			-kernel "$guest" -append status=42 2>"$work/err" </dev/null &
		;;
	*)
		idle ${run[@]+"${run[@]}"} "$B/bin/kvm2run" --api "$vmm" --cpus 2 "$@" --append status=42 "$guest" >"$work/guest" 2>&1 </dev/null &
		;;
	esac
	pid=$!
	within 120 grep -q held "$work/guest"
	result $? "$what: the guest counts on all vcpus"
	[ ! -s "$work/err" ] || note <"$work/err"
}

# guest_ends WHAT: by itself, and nothing was changed
guest_ends() {
	wait "$pid"
	same "$1: the guest runs to its own end, unharmed" '85 unharmed' "$? $(tail -n 1 "$work/guest" | tr -d '\r')"
	pid=
}

# debug COMMAND...: a session of gdb; its output is in $work/gdb, what printf wrote with a leading > on stdout
debug() {
	local commands=()
	for command; do
		commands+=(-ex "$command")
	done
	timeout 300 gdb -nx -batch -ex 'set pagination off' -ex 'set remotetimeout 100' \
		-ex "target extended-remote | $B/bin/kvm2gdb -p $pid" "${commands[@]}" >"$work/gdb" 2>&1 </dev/null
	local status=$?
	sed -n 's/^>//p' "$work/gdb"
	[ $status != 124 ]
}

# told WHAT: the line of $work/said that begins with it, without it
told() {
	sed -n "s/^$1 //p" "$work/said"
}

# as_loaded WHAT: the registers of both vcpus are what the guest has loaded, and three steps are once around its loop
as_loaded() {
	local registers='printf ">%lx %lx %lx %lx %lx %lx %lx cs %lx xmm3 %x pat %lx\n", $rax, $rbx, $rcx, $rdx, $rsi, $rdi, $rbp, $cs, $xmm3.v4_int32[0], $pat'
	local where="printf \">%lx %u\\n\", \$pc, *(unsigned int *)$(symbol held_counters)"
	debug 'thread 1' "$registers" 'thread 2' "$registers" 'set scheduler-locking on' 'thread 1' "$where" stepi stepi stepi "$where" \
		'set scheduler-locking off' detach >"$work/said"
	wanted=$(for id in 0 1; do
		echo "$id 2222000$id 3333000$id 4444000$id 5555000$id 6666000$id 7777000$id cs 8 xmm3 2222000$id pat 7040600070406"
	done)
	same "$1: the registers of each vcpu are what the guest has loaded" "$wanted" "$(head -n 2 "$work/said")"
	read -r pc0 n0 < <(sed -n 3p "$work/said")
	read -r pc1 n1 < <(sed -n 4p "$work/said")
	case $n0 in '' | *[!0-9]*) n0=-2 ;; esac
	[ -n "$pc0" ] && [ "$pc1" = "$pc0" ] && [ "$n1" = $((n0 + 1)) ]
	result $? "$1: three steps are once around the loop"
	note <"$work/gdb"
}

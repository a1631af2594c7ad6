# SPDX-License-Identifier: GPL-2.0
# Guests of tests/guests/held, or $guest, and gdb on them by kvm2gdb: sourced, not run, by tests of TAP.

. tests/vm/tap.sh

guest=${guest:-$B/tests/guests/held}
work=$(mktemp -d)
pid=
gdb_pid=
guests=()

cleanup() {
	for process in $pid "${guests[@]}" $gdb_pid; do
		kill -KILL "$process" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT

# symbol NAME: its address in the guest
symbol() {
	nm "$guest" | awk -v name="$1" '$3 == name { sub(/^0*/, "", $1); print "0x" $1 }'
}

# idle COMMAND...: the vcpus spin, and the lab's processors are slow: gdb and kvm2gdb come first
idle() {
	exec chrt --idle 0 "$@"
}

# start_guest VMM WHAT [OPTION...]: kvm2 or classic, of kvm2run, by the command ${run[@]} if there is one, or qemu, with more
# OPTIONs; its console is $work/guest, where it tells its name when it has begun
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
	within 120 grep -q "${guest##*/}" "$work/guest"
	result $? "$what: the guest counts on all vcpus"
	[ ! -s "$work/err" ] || note <"$work/err"
}

# guest_ends WHAT: by itself, and nothing was changed
guest_ends() {
	wait "$pid"
	same "$1: the guest runs to its own end, unharmed" '85 unharmed' "$? $(tail -n 1 "$work/guest" | tr -d '\r')"
	pid=
}

# listens PATH: somebody does
listens() {
	grep -q " 00010000 0001 01 *[0-9]* $1\$" /proc/net/unix
}

# start_gdb: one for all sessions, as its start takes the lab many seconds; best before the guest's.  It takes no questions,
# and goes on after errors, as in batch mode.
start_gdb() {
	rm -f "$work/commands" "$work/answers"
	mkfifo "$work/commands" "$work/answers"
	gdb -nx -q -iex 'set prompt' -iex 'set confirm off' -iex 'set pagination off' -iex 'set width 0' -iex 'set remotetimeout 100' \
		<"$work/commands" >"$work/answers" 2>&1 &
	gdb_pid=$!
	exec 7>"$work/commands" 6<"$work/answers"
}

# debug_begin TARGET COMMAND...: a session of gdb with a kvm2gdb of its own, which ends when the commands are done
debug_begin() {
	local target=$1
	shift
	[ -n "$gdb_pid" ] || start_gdb
	kill -0 "$gdb_pid" || return
	printf '%s\n' "target extended-remote $target" "$@" delete 'set scheduler-locking replay' disconnect 'echo \nend of session\n' >&7
}

# debug_end: wait for that; gdb's output is in $work/gdb, what printf wrote with a leading > on stdout
debug_end() {
	local line
	while IFS= read -r -t 300 -u 6 line && [ "$line" != 'end of session' ]; do
		printf '%s\n' "$line"
	done >"$work/gdb"
	sed -n 's/^>//p' "$work/gdb"
	[ "$line" = 'end of session' ] || ! kill -KILL "$gdb_pid"
}

# debug COMMAND...: both, on the guest
debug() {
	debug_on "| $B/bin/kvm2gdb -p $pid" "$@"
}

# debug_on TARGET COMMAND...
debug_on() {
	debug_begin "$@" && debug_end
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

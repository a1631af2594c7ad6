# SPDX-License-Identifier: GPL-2.0
# Linux as a guest of kvm2run, and somebody who types at its console: sourced, not run.  Wants tap.sh, and $work, a folder.

# QEMU does not tell KVM of a guest's XSETBV, so that guest and KVM would disagree on the size of XSAVE.  And whether the
# timer ticks Linux wants to see within some loops of its own, which on a busy machine are too few.
append='console=ttyS0 panic=-1 quiet noxsave nokaslr no_timer_check'

prompts() {
	grep -q 'guest#' "$work/out" || ! kill -0 $pid 2>/dev/null
}

ended() {
	! kill -0 $pid 2>/dev/null
}

# start NAME OPTION...: boot to the prompt; what is typed goes to fd 3
start() {
	local name=$1
	shift
	rm -f "$work/in"
	mkfifo "$work/in"
	: >"$work/out"
	"$B/bin/kvm2run" --mem 256M --append "$append" --initrd "$B/tests/guests/linux-initrd" "$@" \
		<"$work/in" >"$work/out" 2>"$work/err" &
	pid=$!
	exec 3>"$work/in"
	within 600 prompts
	grep -q 'guest#' "$work/out"
	result $? "$name: Linux boots to a shell"
}

# finish NAME: wait for the end; the words are in $work/text
finish() {
	within 300 ended || kill -9 $pid
	wait $pid
	status=$?
	result $status "$1: it reboots at the end, and kvm2run returns 0"
	exec 3>&-
	tr -d '\r' <"$work/out" >"$work/text"
	[ $status = 0 ] || tail -n 40 "$work/text" "$work/err" | note
}

# boot NAME COMMANDS OPTION...: boot, type the commands at the prompt, and reboot
boot() {
	local name=$1 commands=$2
	shift 2
	start "$name" "$@"
	printf '%s\nreboot -f\n' "$commands" >&3
	finish "$name"
}

# says PATTERN SENTENCE: a line of what it said matches
says() {
	grep -q -- "$1" "$work/text"
	result $? "$2"
}

# SPDX-License-Identifier: GPL-2.0
# For tests of kvm2top in the lab: sourced, not run.

# shellcheck source=tests/vm/tap.sh
. tests/vm/tap.sh

top=$B/bin/kvm2top
run=$B/bin/kvm2run
guests=$B/tests/guests
work=$(mktemp -d)
apis=classic
[ ! -d /sys/kernel/tracing/events/kvm2 ] || apis='classic kvm2'

cleanup() {
	rm -rf "$work"
}
trap cleanup EXIT

lines() {
	[ "$(wc -l <"$work/out")" -ge "$1" ]
}

# start OPTION...: kvm2top in the background as $pid, with its first refresh done
start() {
	: >"$work/out"
	"$top" --json -d 0.2 "$@" >"$work/out" 2>"$work/err" &
	pid=$!
	within 120 lines 1
}

# stop: when everything that has run is in the last line, which becomes $work/last
stop() {
	local now

	now=$(wc -l <"$work/out")
	within 120 lines $((now + 3))
	kill -INT $pid
	wait $pid
	status=$?
	tail -n 1 "$work/out" >"$work/last"
	return $status
}

# json FILTER: of the last refresh
json() {
	jq -r "$1" "$work/last" 2>>"$work/err"
}

# total KIND NAME: exits of all VMs since the start
total() {
	json "[.reasons[] | select(.kind == \"$1\" and .name == \"$2\").total] | add // 0"
}

guest() {
	timeout 200 "$run" "$@" >"$work/guest" 2>&1 </dev/null
	[ $? = 1 ]
}

is_complete() {
	[ "$(json '.total == .kernel_total and .lost == 0')" = true ]
}

# counted SENTENCE: the last refresh is complete; what it says of that is shown
counted() {
	is_complete
	result $? "$1"
	{
		json '"seen \(.total) kvm \(.kernel_total) lost \(.lost)"'
		cat "$work/err"
	} | note
}

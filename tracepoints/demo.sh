#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The demo, inside the lab: two guests at different rates, with 1 and 2 vcpus, and kvm2trace on them: their exits counted
# by VM, vcpu and reason, and the last decoded lines below.  On a terminal until q; otherwise a few tables as text.
# At the end kvm2top: the same guests, how long their exits take, and the proof that none is missing.
# B names the build folder.
set -u

B=${B:-build/release}
guests=()

cleanup() {
	local pid

	for pid in "${guests[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait
}
trap cleanup EXIT

# guest NAME VCPUS WORD...: one more guest, which says nothing
guest() {
	"$B/bin/kvm2run" --name "$1" --cpus "$2" --append "${*:3}" "$B/tests/guests/pace" \
		</dev/null >/dev/null 2>&1 &
	guests+=($!)
}

guest slow 1 rate=10
guest fast 2 rate=60 uneven

# On a kernel without kvm2 its events are missing, and the guests run with the classic API.
if [ -d /sys/kernel/tracing/events/kvm2 ]; then
	events=(-e 'kvm2:*' -e kvm:kvm_exit)
else
	events=(-e kvm:kvm_userspace_exit -e kvm:kvm_exit)
fi
if [ -t 0 ] && [ -t 1 ]; then
	how=(--every 1 --tail 10)
else
	how=(--every 2 --tail 6 --for 7)
fi
"$B/bin/kvm2trace" -c "${events[@]}" "${how[@]}"
echo
echo 'kvm2top -t 2: the tree of the same guests, with times, and whether every exit was seen'
"$B/bin/kvm2top" -b -n 1 -d 2 -t 2 -c name,exits,share,avg,p50,p99,max --filter 'exits > 0'

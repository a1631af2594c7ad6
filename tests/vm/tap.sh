# SPDX-License-Identifier: GPL-2.0
# TAP from shell scripts: sourced, not run.

tap_number=0

# result STATUS SENTENCE: one line of TAP
result() {
	tap_number=$((tap_number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_number - $2"
	else
		echo "not ok $tap_number - $2"
	fi
}

# skip SENTENCE REASON
skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

# note: what comes in, as comments
note() {
	sed 's/^/# /'
}

# same SENTENCE WANTED GOT: the two are equal, else where they differ is shown
same() {
	[ "$2" = "$3" ]
	result $? "$1"
	[ "$2" = "$3" ] || diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 20 | note
}

# within SECONDS COMMAND...: until it succeeds
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

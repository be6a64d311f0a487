bats_require_minimum_version 1.5.0
load ../lib/helpers

# Every command shown in the README and in trueup(1) is run where it would be:
# beside the two sample files, with the services prod, test and replica being
# databases that hold the Chinook data. What is shown as output must come out;
# a line "..." stands for any lines.

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	ln -s "$TRUEUP" bin/trueup
	printf '#!/bin/sh\necho "mail: $*"; cat >/dev/null\nexit 99\n' >bin/mail
	chmod +x bin/mail
	PATH=$PWD/bin${TRUEUP_PG_BIN:+:$TRUEUP_PG_BIN}:$PATH
	"$srcdir/scripts/make-samples" .
	local name url
	for name in prod test replica; do
		fresh_pg_db url
		load_chinook_pg "$url"
		service "$name" "$url" >>services
	done
	export PGSERVICEFILE=$PWD/services
}

teardown() {
	drop_pg_dbs
}

# service NAME postgresql://USER@HOST:PORT/DB
service() {
	[[ $2 =~ ^postgresql://([^@]*)@([^:]*):([0-9]*)/(.*)$ ]]
	printf '[%s]\nuser=%s\nhost=%s\nport=%s\ndbname=%s\n' "$1" \
	    "${BASH_REMATCH[@]:1}"
}

# run_block COMMAND EXPECTED-LINE...
run_block() {
	local command=$1 line pattern=
	shift
	echo "\$ $command"
	run bash -c "$command"
	[ "$status" -lt 2 ] || { echo "exit status $status: $output"; return 1; }
	[ $# -gt 0 ] || return 0
	for line; do
		[ -z "$pattern" ] || pattern+=$'\n'
		case $line in
		...) pattern+=* ;;
		*) pattern+=$(sed 's/[][*?\\]/\\&/g' <<<"$line") ;;
		esac
	done
	# shellcheck disable=SC2053
	[[ $output == $pattern ]] || {
		printf 'got:\n%s\nshown:\n' "$output"
		printf '%s\n' "$@"
		return 1
	}
}

# Reads "$ command" and what follows it, up to the next "$ " or an empty last
# part; plain "trueup ..." lines are commands without output.
run_examples() {
	local line command= n=0
	local -a shown=()
	while IFS= read -r line; do
		if [[ $line == '$ '* || $line == 'trueup '* || $line == '#end' ]]; then
			if [ -n "$command" ]; then
				while [ ${#shown[@]} -gt 0 ] && [ -z "${shown[-1]}" ]; do
					unset 'shown[-1]'
				done
				run_block "$command" "${shown[@]}" || return 1
				n=$((n + 1))
			fi
			command=${line#'$ '} shown=()
			[ "$line" != '#end' ] || command=
		elif [ -n "$command" ]; then
			shown+=("$line")
		fi
	done
	[ $n -ge "$1" ] || { echo "only $n commands found"; return 1; }
}

@test "the README's examples" {
	# Indented blocks; a line of prose ends one.
	sed -n -e 's/^    //p' -e '/^$/p' -e '/^[^ ]/s/.*/#end/p' \
	    "$srcdir/README.md" | sed '$a #end' >blocks
	run_examples 5 <blocks
}

@test "the manual's examples" {
	sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' "$srcdir/man/trueup.1" |
	    sed -e '/^\.EE/s/.*/#end/' -e '/^\.EX/d' -e 's/\\-/-/g' |
	    grep -v '^\.' | sed 's/^\\&//' >blocks
	run_examples 5 <blocks
}

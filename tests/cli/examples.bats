bats_require_minimum_version 1.5.0
load ../lib/helpers

# Every command shown in the README and in the manual is run where it would be:
# beside the two sample files, with the services prod, test and replica being
# databases that hold the Chinook data. What is shown as output must come out;
# a line "..." stands for any lines, and "..." at the end of one for what does
# not fit. Commands of one page follow each other.

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	ln -s "$TRUEUP" bin/trueup
	PATH=$PWD/bin${TRUEUP_PG_BIN:+:$TRUEUP_PG_BIN}:$PATH
	"$srcdir/scripts/make-samples" .
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

# make_services FILE - those databases that its commands name.
make_services() {
	local name url
	for name in prod test replica; do
		grep -q "service *= *$name" "$1" || continue
		fresh_pg_db url
		load_chinook_pg "$url"
		service "$name" "$url" >>services
	done
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
		*...) pattern+=$(sed 's/[][*?\\]/\\&/g' <<<"${line%...}")* ;;
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

# Is the command one that the next line goes on with?
unfinished() {
	local word='<<-?'\''?([A-Z]+)' single=${1//[^\']/} double=${1//[^\"]/}
	[[ $1 != *\\ ]] || return 0
	((${#single} % 2 == 0 && ${#double} % 2 == 0)) || return 0
	[[ $1 =~ $word ]] && [[ $1 != *$'\n'"${BASH_REMATCH[1]}" ]]
}

# Reads "$ command" and what follows it, up to the next "$ " or an empty last
# part.
run_examples() {
	local line command= n=0
	local -a shown=()
	while IFS= read -r line; do
		if unfinished "$command"; then
			command+=$'\n'$line
		elif [[ $line == '$ '* || $line == '#end' ]]; then
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
	make_services "$srcdir/README.md"
	# Indented blocks, in which a plain "trueup ..." is a command, too; a line
	# of prose ends one.
	sed -n -e 's/^    trueup /$ trueup /p' -e 's/^    //p' -e '/^$/p' -e '/^[^ ]/s/.*/#end/p' \
	    "$srcdir/README.md" | sed '$a #end' >blocks
	run_examples 5 <blocks
}

# page_examples FILE N - what stands between .EX and .EE; N commands at least.
page_examples() {
	make_services "$1"
	sed -n '/^\.EX/,/^\.EE/p' "$1" |
	    sed -e '/^\.EE/s/.*/#end/' -e '/^\.EX/d' -e 's/\\-/-/g' \
		-e 's/\\e/\\/g' -e 's/^\\&//' >blocks
	run_examples "$2" <blocks
}

@test "the examples of trueup(1)" {
	page_examples "$srcdir/man/trueup.1" 6
}

@test "the examples of trueup-diff(1)" {
	page_examples "$srcdir/man/trueup-diff.1.in" 3
}

@test "the examples of trueup-sync(1)" {
	page_examples "$srcdir/man/trueup-sync.1.in" 4
}

@test "the examples of trueup-apply(1)" {
	page_examples "$srcdir/man/trueup-apply.1.in" 4
}

@test "the examples of trueup-plan(1) and trueup-explain(1)" {
	page_examples "$srcdir/man/trueup-plan.1.in" 1
	page_examples "$srcdir/man/trueup-explain.1.in" 1
}

@test "the examples of trueup-audit(1)" {
	page_examples "$srcdir/man/trueup-audit.1.in" 4
}

@test "the examples of trueup-status(1) and trueup-accept(1)" {
	page_examples "$srcdir/man/trueup-status.1.in" 5
	rm -r history
	page_examples "$srcdir/man/trueup-accept.1.in" 7
}

@test "the examples of trueup-tutorial(7)" {
	page_examples "$srcdir/man/trueup-tutorial.7" 27
}

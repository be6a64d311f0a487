# examples.bash - run the commands that a page shows, in the test's directory.
#
# What is shown as output must come out; a line "..." stands for any lines, and
# "..." at the end of one for what does not fit. A command may end with 0 or 1.

# examples_begin - the program and psql in the PATH, and services of the test's
# own.
examples_begin()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkdir bin
	ln -s "$TRUEUP" bin/trueup
	PATH=$PWD/bin${TRUEUP_PG_BIN:+:$TRUEUP_PG_BIN}:$PATH
	export PGSERVICEFILE=$PWD/services
}

# service NAME postgresql://USER@HOST:PORT/DB
service()
{
	[[ $2 =~ ^postgresql://([^@]*)@([^:]*):([0-9]*)/(.*)$ ]]
	printf '[%s]\nuser=%s\nhost=%s\nport=%s\ndbname=%s\n' "$1" \
	    "${BASH_REMATCH[@]:1}"
}

# run_block COMMAND EXPECTED-LINE...
run_block()
{
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
unfinished()
{
	local word='<<-?'\''?([A-Z]+)' single=${1//[^\']/} double=${1//[^\"]/}
	[[ $1 != *\\ ]] || return 0
	((${#single} % 2 == 0 && ${#double} % 2 == 0)) || return 0
	[[ $1 =~ $word ]] && [[ $1 != *$'\n'"${BASH_REMATCH[1]}" ]]
}

# Reads "$ command" and what follows it, up to the next "$ " or an empty last
# part.
run_examples()
{
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

# page_blocks FILE [SECTION] - what stands between .EX and .EE, there or in the
# whole page. A subsection is a section.
page_blocks()
{
	awk -v section="${2:-}" '
	    /^\.S[HS] / { wanted = section == "" || substr($0, 5) == section }
	    /^\.EE/ { print "#end"; shown = 0 }
	    shown
	    /^\.EX/ { shown = wanted }' "$1" |
	    sed -e 's/\\-/-/g' -e 's/\\e/\\/g' -e 's/^\\&//'
}

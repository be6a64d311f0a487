bats_require_minimum_version 1.5.0

commands="accept apply audit diff explain help plan status sync"

@test "help lists every command and exits 0" {
	run -0 --separate-stderr "$TRUEUP" help
	[ -z "$stderr" ]
	for cmd in $commands; do
		[[ $output == *"  $cmd "* ]]
	done
	list=$output
	run -0 "$TRUEUP" --help
	[ "$output" = "$list" ]
}

@test "the help of a command goes to stdout and exits 0" {
	for cmd in $commands; do
		run -0 --separate-stderr "$TRUEUP" "$cmd" --help
		[ -z "$stderr" ]
		[[ ${lines[0]} == "Usage: trueup $cmd "* ]]
		text=$output
		run -0 "$TRUEUP" help "$cmd"
		[ "$output" = "$text" ]
	done
}

@test "--version names the program and its libraries" {
	run -0 --separate-stderr "$TRUEUP" --version
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^trueup\ [0-9] ]]
	[[ $output == *$'\n'"SQLite 3."* ]]
}

@test "no command, and an unknown one, exit 2" {
	run -2 --separate-stderr "$TRUEUP"
	[ -z "$output" ]
	[ "${stderr_lines[1]}" = "Try 'trueup help'." ]
	run -2 --separate-stderr "$TRUEUP" dif
	[ -z "$output" ]
	[ "${stderr_lines[0]}" = "trueup: no command 'dif'" ]
	run -2 --separate-stderr "$TRUEUP" help dif
	[ -z "$output" ]
}

# The page of a command: the build has put its options in.
page_of() {
	case $1 in
	help) echo "$srcdir/man/trueup.1" ;;
	*) echo "${TRUEUP%/*}/man/trueup-$1.1" ;;
	esac
}

@test "every command has a page, and trueup(1) refers to it" {
	for cmd in $commands; do
		[ -s "$(page_of "$cmd")" ]
		[ "$cmd" = help ] ||
		    grep -qF "trueup\\-$cmd (1)" "$srcdir/man/trueup.1"
	done
}

@test "the page of a command has all of its options, and no marker" {
	for cmd in $commands; do
		[ "$cmd" != help ] || continue
		page=$(cat "$(page_of "$cmd")")
		options=$("$TRUEUP" help --man-options="$cmd")
		[ "${#options}" -gt 50 ]
		[[ $page == *"$options"* ]]
		[[ $page != *@OPTIONS@* ]]
	done
}

@test "every page can be read as a terminal shows it" {
	command -v mandoc
	n=0
	for page in "$srcdir"/man/*.[1-8] "${TRUEUP%/*}"/man/*.[1-8]; do
		run -0 --separate-stderr mandoc -T utf8 -O width=80 "$page"
		[ -z "$stderr" ]
		text=${output//?$'\b'/} # bold is overstruck
		name=${page##*/}
		[[ $text == *NAME*"${name%.*} "*SEE\ ALSO* ]]
		n=$((n + 1))
	done
	[ $n -ge 8 ]
}

@test "the completion for bash offers commands, options and choices" {
	"$TRUEUP" help --completion=bash >"$BATS_TEST_TMPDIR/completion"
	complete_words() {
		bash -c '
			compopt() { :; }
			. "$1"
			shift
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			_trueup
			echo "${COMPREPLY[*]}"
		' - "$BATS_TEST_TMPDIR/completion" "$@"
	}
	[ "$(complete_words trueup d)" = diff ]
	[ "$(complete_words trueup diff --form)" = --format= ]
	[ "$(complete_words trueup diff --format = j)" = json ]
	[ "$(complete_words trueup diff -f s)" = "stat sql" ]
	[ "$(complete_words trueup plan --format = t)" = text ]
	[ "$(complete_words trueup sync --no-d)" = --no-delete ]
	[ "$(complete_words trueup help s)" = "status sync" ]
}

@test "completions for zsh and fish name every option" {
	for shell in zsh fish; do
		run -0 "$TRUEUP" help --completion=$shell
		for name in format undo max-delete no-delete schema; do
			[[ $output == *"$name"* ]]
		done
	done
}

@test "hidden options are in no help" {
	run -0 "$TRUEUP" help help
	[[ $output != *completion* ]]
	run -0 "$TRUEUP" help --completion=bash
	[[ $output != *man-options* ]]
}

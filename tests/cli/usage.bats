bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	sqlite3 a.db 'create table t(id integer primary key, x); create table u(y)'
	cp a.db b.db
}

# The message, alone on stderr but for where to read on.
usage() {
	local message=$1
	shift
	run -2 --separate-stderr "$TRUEUP" "$@"
	[ -z "$output" ]
	[ "${stderr_lines[0]}" = "$message" ]
}

@test "mistakes on the command line exit 2 and say what" {
	usage "trueup diff: unknown option '--bogus'" diff --bogus a.db b.db
	usage "trueup diff: unknown option '-Z'" diff -Z a.db b.db
	usage "trueup diff: --format does not know 'xml'" diff -f xml a.db b.db
	usage "trueup diff: --jobs needs a number, not 'x'" diff -jx a.db b.db
	usage "trueup diff: --jobs must be between 1 and 64" diff -j0 a.db b.db
	usage "trueup diff: option '--output' needs a value" diff a.db b.db --output
	usage "trueup diff: option '--quiet' takes no value" diff --quiet=1 a.db b.db
	usage "trueup diff: --output and --quiet contradict" diff -qo x a.db b.db
	usage "trueup diff: --output and --undo name the same file" \
	    diff -o x --undo=x a.db b.db
	usage "trueup sync: --max-delete needs a number or a percentage, not 'x'" \
	    sync --max-delete=x a.db b.db
	[ ! -e x ]
}

@test "operands are counted" {
	usage "trueup diff: a SOURCE and a TARGET are needed" diff a.db
	usage "trueup sync: a SOURCE and a TARGET are needed" sync
	usage "trueup explain: a SOURCE, a TARGET, a TABLE and the KEY of a row are needed" \
	    explain a.db b.db t
	usage "trueup help: too many operands, from 'plan' on" help diff plan
}

@test "a usage error says where to read on" {
	run -2 --separate-stderr "$TRUEUP" sync a.db
	[ "${stderr_lines[1]}" = "Try 'trueup sync --help'." ]
}

@test "a pattern that matches nothing exits 2" {
	usage "trueup diff: no table on either side matches 'nope'" diff a.db b.db nope
	run -2 "$TRUEUP" diff -T nope a.db b.db
	run -2 "$TRUEUP" diff --columns=nope a.db b.db
	run -2 "$TRUEUP" diff --map=nope:t a.db b.db
}

@test "explain needs one table and a key that exists" {
	run -2 --separate-stderr "$TRUEUP" explain a.db b.db '[tu]' 1
	[[ $stderr == *"names 2 tables"* ]]
	run -2 --separate-stderr "$TRUEUP" explain a.db b.db t 1
	[[ $stderr == *"no row with this key"* ]]
	run -2 "$TRUEUP" explain a.db b.db t 1 2
}

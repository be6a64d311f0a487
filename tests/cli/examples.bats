bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/examples

# Every command shown in the README and in the manual is run where it would be:
# beside the two sample files, with the services prod, test and replica being
# databases that hold the Chinook data. Commands of one page follow each other.
# (Those of trueup-patterns(7) are in patterns.bats.)

setup() {
	examples_begin
	"$srcdir/scripts/make-samples" .
}

teardown() {
	drop_pg_dbs
	drop_my_dbs
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

@test "the README's examples" {
	make_services "$srcdir/README.md"
	# Indented blocks, in which a plain "trueup ..." is a command, too; a line
	# of prose ends one.
	sed -n -e 's/^    trueup /$ trueup /p' -e 's/^    //p' -e '/^$/p' -e '/^[^ ]/s/.*/#end/p' \
	    "$srcdir/README.md" | sed '$a #end' >blocks
	run_examples 5 <blocks
}

# page_examples FILE N - all of a page's; N commands at least.
page_examples() {
	make_services "$1"
	page_blocks "$1" >blocks
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

@test "the examples of trueup-track(1)" {
	fresh_my_db SHOP_URL
	export SHOP_URL
	my "$SHOP_URL" "CREATE TABLE log (host varchar(40) NOT NULL,
	    at datetime(6) NOT NULL, line text, UNIQUE (at, host))"
	page_examples "$srcdir/man/trueup-track.1.in" 9
	# What it says at the end of them.
	is "$(PGSERVICE=prod psql -XAtc "SELECT count(*) FROM pg_trigger
	    WHERE tgname LIKE 'trueup%'")" 0
	is "$(sqlite3 production.db "SELECT count(*) FROM sqlite_schema
	    WHERE name LIKE 'trueup%'")" 0
}

@test "the examples of trueup-tutorial(7)" {
	page_examples "$srcdir/man/trueup-tutorial.7" 27
}

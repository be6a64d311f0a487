# Real tables: Chinook as SQLite has it against Chinook as PostgreSQL has it,
# whose names, types and number spellings differ.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching
load ../lib/chinook

# Both are loaded once and copied.
setup_file() {
	local name=chinook_$$_$RANDOM
	export LITE="$BATS_FILE_TMPDIR/chinook.db" PG
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR load_chinook_sqlite "$LITE"
	PG=$(pg_url "$name")
	pg "$TRUEUP_PG" "CREATE DATABASE $name TEMPLATE template0;"
	load_chinook_pg "$PG"
}

teardown_file() {
	pg "$TRUEUP_PG" "DROP DATABASE ${PG##*/} WITH (FORCE);"
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

@test "nothing differs, in either direction, without an option" {
	run -0 "$TRUEUP" diff "$LITE" "$PG"
	[ "$output" = "11 tables, 15,607 rows: equal" ]
	run -0 "$TRUEUP" diff "$PG" "$LITE"
	[ "$output" = "11 tables, 15,607 rows: equal" ]
}

@test "nothing differs, whatever is hashed, by how much and by how many" {
	for hash in auto stream md5 sha256; do
		for how in "" --leaf-rows=7 --jobs=3 "--jobs=2 --leaf-rows=1000"; do
			quiet_diff 0 --hash=$hash $how "$LITE" "$PG"
			quiet_diff 0 --hash=$hash $how "$PG" "$LITE"
		done
		quiet_diff 0 --hash=$hash --leaf-rows=1 "$LITE" "$PG"
		quiet_diff 0 --hash=$hash "$LITE" "$LITE"
		quiet_diff 0 --hash=$hash "$PG" "$PG"
	done
}

@test "rows of an SQLite file are read from its pages" {
	for sides in "$LITE $PG" "$PG $LITE"; do
		run -0 --separate-stderr "$TRUEUP" diff -v $sides
		[ "$(grep -c 'rows were read from its pages$' <<<"$stderr")" \
		    -eq 11 ]
	done
	run -0 --separate-stderr "$TRUEUP" diff -v --hash=stream "$LITE" "$PG"
	[[ $stderr != *"from its pages"* ]]
}

@test "the script as it comes has lost a blank in 8 cells" {
	fresh_pg_db stripped
	load_chinook_pg "$stripped" as-it-comes
	{
		printf 'table,op,key,column,source,target\r\n'
		printf 'customer,update,54,city,Edinburgh ,Edinburgh\r\n'
		printf 'invoice,update,%d,billing_city,Edinburgh ,Edinburgh\r\n' \
		    20 141 152 207 336 359 381
	} >want
	sed 's/Edinburgh ,Edinburgh/Edinburgh,Edinburgh /
		s/customer/Customer/; s/invoice/Invoice/; s/billing_c/BillingC/; s/city/City/' want >back
	for hash in auto stream md5 sha256; do
		run -1 --separate-stderr "$TRUEUP" diff --hash=$hash -f csv \
		    "$LITE" "$stripped"
		is "$output" "$(cat want)"
		run -1 --separate-stderr "$TRUEUP" diff --hash=$hash -f csv \
		    "$stripped" "$LITE"
		is "$output" "$(cat back)"
	done
	round_trip "$LITE" "$stripped"
	copy_db lite "$LITE"
	round_trip "$stripped" "$lite"
}

@test "300 planted differences, SQLite to SQLite" {
	prepare
	copy_db clean "$LITE"
	both_ways "$LITE" "$lite" "$lite" "$clean" cat
}

@test "300 planted differences, SQLite to PostgreSQL" {
	prepare pg
	copy_db clean "$PG"
	both_ways "$LITE" "$pg" "$lite" "$clean" snake
}

@test "300 planted differences, PostgreSQL to SQLite" {
	prepare pg
	copy_db clean "$LITE"
	both_ways "$PG" "$lite" "$pg" "$clean" cat
}

@test "300 planted differences, PostgreSQL to PostgreSQL" {
	prepare pg
	copy_db clean "$PG"
	both_ways "$PG" "$pg" "$pg" "$clean" snake
}

# The three scripts of the Chinook sample, each in its own database, hold the
# same rows; and what is planted in one of them is found from MariaDB and in it.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching
load ../lib/chinook

# All are loaded once and copied.
setup_file() {
	export LITE="$BATS_FILE_TMPDIR/chinook.db" PG MY NAME=chinook_$$_$RANDOM
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR load_chinook_sqlite "$LITE"
	PG=$(pg_url "$NAME")
	MY=${TRUEUP_MARIADB%/*}/$NAME
	pg "$TRUEUP_PG" "CREATE DATABASE $NAME TEMPLATE template0;"
	my "$TRUEUP_MARIADB" "CREATE DATABASE $NAME"
	load_chinook_pg "$PG"
	load_chinook_my "$MY"
}

teardown_file() {
	pg "$TRUEUP_PG" "DROP DATABASE $NAME WITH (FORCE);"
	my "$TRUEUP_MARIADB" "DROP DATABASE $NAME"
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# equal [OPTION]... SOURCE TARGET
equal() {
	run -0 "$TRUEUP" diff "$@"
	is "$output" "11 tables, 15,607 rows: equal"
}

@test "all six directions are equal, without an option" {
	equal "$LITE" "$PG"
	equal "$PG" "$LITE"
	equal "$LITE" "$MY"
	equal "$MY" "$LITE"
	equal "$PG" "$MY"
	equal "$MY" "$PG"
}

@test "and so they are whatever is hashed, and by how much" {
	local hash how other
	equal "$MY" "$MY"
	for hash in auto stream md5 sha256; do
		for how in --leaf-rows=7 "--jobs=3 --leaf-rows=1000"; do
			for other in "$LITE" "$PG"; do
				equal --hash=$hash $how "$MY" "$other"
				equal --hash=$hash $how "$other" "$MY"
			done
		done
	done
}

@test "a data source is the same database" {
	local rest=${MY#*@}
	odbc_dsn chinook "Driver=MariaDB Unicode" SERVER=${rest%%:*} \
	    "PORT=$(sed 's/.*:\([0-9]*\).*/\1/' <<<"$MY")" UID=trueup \
	    "DATABASE=$NAME"
	equal odbc:DSN=chinook "$PG"
	equal "$LITE" odbc:chinook
}

@test "the script as it comes has lost a backslash in 4 cells" {
	local stripped hash
	fresh_my_db stripped
	load_chinook_my "$stripped" as-it-comes
	for hash in auto stream md5; do
		run -1 --separate-stderr "$TRUEUP" diff --hash=$hash -f csv \
		    "$LITE" "$stripped"
		is "$(cut -d, -f1-4 <<<"$output")" "table,op,key,column
Track,update,3435,Name
Track,update,3448,Name
Track,update,3485,Name
Track,update,3499,Name"
		is "$(head -n 2 <<<"$output" | tail -n 1)" "Track,update,3435,Name,\
Cavalleria Rusticana \\ Act \\ Intermezzo Sinfonico,\
Cavalleria Rusticana  Act  Intermezzo Sinfonico"$'\r'
	done
	round_trip "$LITE" "$stripped"
	round_trip "$PG" "$stripped"
	copy_db lite "$LITE"
	round_trip "$stripped" "$lite"
}

@test "300 planted differences, MariaDB to MariaDB" {
	prepare my
	copy_db clean "$MY"
	both_ways "$MY" "$my" "$my" "$clean" cat
}

@test "300 planted differences, SQLite to MariaDB" {
	prepare my
	copy_db clean "$MY"
	both_ways "$LITE" "$my" "$lite" "$clean" cat
}

@test "300 planted differences, MariaDB to SQLite" {
	prepare my
	copy_db clean "$LITE"
	both_ways "$MY" "$lite" "$my" "$clean" cat
}

@test "300 planted differences, PostgreSQL to MariaDB" {
	prepare my pg
	copy_db clean "$MY"
	both_ways "$PG" "$my" "$pg" "$clean" cat
}

@test "300 planted differences, MariaDB to PostgreSQL" {
	prepare my pg
	copy_db clean "$PG"
	both_ways "$MY" "$pg" "$my" "$clean" snake
}

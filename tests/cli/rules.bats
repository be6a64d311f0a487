# What two types become, what users take for equal, and what is said of it:
# trueup-values(7).
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# two A B - the same table t in a.db and b.db with these rows.
two() {
	lite a.db "create table t(${columns:-id integer primary key, x text});
		insert into t values $1"
	lite b.db "create table t(${columns:-id integer primary key, x text});
		insert into t values $2"
}

# converges SOURCE TARGET [OPTION]... - after a sync nothing differs.
converges() {
	local source=$1 target=$2
	shift 2
	run -0 "$TRUEUP" sync "$@" "$source" "$target"
	run -0 "$TRUEUP" diff "$@" "$source" "$target"
}

# --- tolerances ---------------------------------------------------------------

@test "a tolerance: so near is equal, farther is not" {
	columns='id integer primary key, price numeric, name text' \
	    two "(1,1.00,'a'),(2,2.00,'b')" "(1,1.01,'a'),(2,2.02,'b')"
	run -1 "$TRUEUP" diff a.db b.db
	run -1 "$TRUEUP" diff --tolerance=price=0.01 a.db b.db
	[[ $output == *"  rules: price tolerance=0.01"* ]]
	[[ $output == *"1 of 2 rows differs"* ]]
	run ! grep -q "id 1" <<<"$output"
	run -0 "$TRUEUP" diff --tolerance=t.price=0.02 a.db b.db
	[[ $output == "1 table, 2 rows: equal (1 column by rules)" ]]
	run -0 "$TRUEUP" diff --tolerance=0.02 a.db b.db
	run -0 "$TRUEUP" diff --tolerance='t.p*=0.02' a.db b.db
}

@test "a column within its tolerance is not written" {
	columns='id integer primary key, price numeric, name text' \
	    two "(1,1.00,'a')" "(1,1.01,'b')"
	run -1 "$TRUEUP" diff -f sql --tolerance=price=0.01 a.db b.db
	[[ $output == *"-- rules of t: price tolerance=0.01"* ]]
	[[ $output == *'UPDATE "t" SET "name" = '* ]]
	run ! grep -q 'SET.*price.*WHERE' <<<"$output"
	converges a.db b.db --tolerance=price=0.01
	is "$(lite b.db 'select price from t')" 1.01
	converges a.db b.db
	is "$(lite b.db 'select price from t')" 1
}

@test "tolerances of times have a unit" {
	fresh_pg_db pg
	lite a.db "create table t(id integer primary key, at text);
		insert into t values (1,'2024-01-01 10:00:00.4')"
	pg "$pg" 'create table t(id int primary key, at timestamp);' \
	    "insert into t values (1,'2024-01-01 10:00:00');"
	run -1 "$TRUEUP" diff a.db "$pg"
	run -1 "$TRUEUP" diff --tolerance=399ms a.db "$pg"
	run -0 "$TRUEUP" diff --tolerance=at=400ms a.db "$pg"
	run -0 "$TRUEUP" diff --tolerance=1s a.db "$pg"
	run -2 --separate-stderr "$TRUEUP" diff --tolerance=at=1 a.db "$pg"
	[[ $stderr == *"--tolerance=at=1: no table compared has a column"* ]]
	run -2 "$TRUEUP" diff --tolerance=at=1h a.db "$pg"
	run -2 "$TRUEUP" diff --tolerance=at= a.db "$pg"
	run -2 "$TRUEUP" diff --tolerance=at=1.2.3s a.db "$pg"
}

@test "a rule for a key: no tolerance" {
	two "(1,'a')" "(2,'a')"
	run -2 --separate-stderr "$TRUEUP" diff --tolerance=id=1 a.db b.db
	[[ $stderr == *"--tolerance: 'id' identifies rows of table 't'"* ]]
	run -2 "$TRUEUP" diff --tolerance=1 a.db b.db
	run -2 "$TRUEUP" diff --fold=nothing a.db b.db
	run -2 "$TRUEUP" diff --fold=y=case a.db b.db
	run -2 "$TRUEUP" diff --fold=id=case a.db b.db
}

# --- folds --------------------------------------------------------------------

@test "folds of text" {
	two "(1,'ab '),(2,'Straße'),(3,'e'||char(0x301)),
		(4,'a'||char(13,10)||'b'),(5,''),(6,'q')" \
	    "(1,'ab'),(2,'STRASSE'),(3,char(0xe9)),
		(4,'a'||char(10)||'b'),(5,null),(6,'Q ')"
	differs() {
		run "$TRUEUP" diff -f csv "$@" a.db b.db
		sed -n 's/^t,update,\([0-9]*\),.*/\1/p' <<<"$output" | tr -d '\n'
	}
	is "$(differs)" 123456
	is "$(differs --fold=rtrim)" 23456
	is "$(differs --fold=x=case)" 13456
	is "$(differs --fold=case,rtrim)" 345
	is "$(differs --fold=t.x=nfc)" 12456
	is "$(differs --fold=x=crlf)" 12356
	is "$(differs --fold=x=empty-null)" 12346
	run -0 "$TRUEUP" diff --fold=case,rtrim,nfc --fold=x=crlf,empty-null \
	    a.db b.db
	[[ $output == *"(1 column by rules)" ]]
	run -0 "$TRUEUP" plan --fold=x=rtrim,case a.db b.db
	[[ $output == *"  rules: x fold=rtrim,case"* ]]
	converges a.db b.db --fold=case,rtrim
	is "$(lite b.db "select quote(x) from t where id = 1")" "'ab'"
}

@test "rules in json" {
	two "(1,'a')" "(1,'A')"
	run -0 "$TRUEUP" diff -f json --fold=x=case a.db b.db
	[[ $output == *'"rules": {"x": "fold=case"}'* ]]
	run -0 "$TRUEUP" plan -f json --fold=x=case a.db b.db
	[[ $output == *'"rules": "fold=case"'* ]]
	run -0 "$TRUEUP" diff -f stat --fold=x=case a.db b.db
	[[ $output == *"equal, by x fold=case"* ]]
	run -0 "$TRUEUP" explain --fold=x=case a.db b.db t 1
	[[ $output == *"x: "*" by fold=case: equal"* ]]
}

@test "folds on keys join rows; keys that collide are an error" {
	fresh_pg_db pg
	lite a.db "create table t(k text primary key, n) without rowid;
		insert into t values ('abc',1),('B',2),('zz',3),('Z',4)"
	pg "$pg" 'create table t(k text primary key, n int);' \
	    "insert into t values ('ABC',1),('b',2),('ZZ',5),('y',6);"
	run -1 "$TRUEUP" diff -f csv --fold=k=case a.db "$pg"
	is "$(tr -d '\r' <<<"$output" | LC_ALL=C sort)" \
	    "t,delete,y,k,,y
t,delete,y,n,,6
t,insert,Z,k,Z,
t,insert,Z,n,4,
t,update,ZZ,n,3,5
table,op,key,column,source,target"
	converges a.db "$pg" --fold=k=case
	is "$(pg "$pg" 'select k, n from t order by k collate "C";')" \
	    $'ABC|1\nZ|4\nZZ|3\nb|2'
	pg "$pg" "insert into t values ('abc', 9);"
	run -5 --separate-stderr "$TRUEUP" diff --fold=k=case a.db "$pg"
	[[ $stderr == *"the key is not unique"* ]]
	run -2 "$TRUEUP" explain --fold=k=case a.db "$pg" t abc
}

@test "a hash of a server knows no folds, but blanks" {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id int primary key, x text);' \
	    "insert into t values (1,'A ');"
	pg "$two" 'create table t(id int primary key, x text);' \
	    "insert into t values (1,'a');"
	run -0 "$TRUEUP" plan --hash=md5 --fold=case "$one" "$two"
	[[ $output == *"hash: stream (no server knows the rules of a column)"* ]]
	run -0 "$TRUEUP" diff --hash=md5 --fold=case,rtrim "$one" "$two"
	run -0 "$TRUEUP" plan --hash=md5 --fold=rtrim "$one" "$two"
	[[ $output == *"hash: md5"*"both servers hash"* ]]
	run -1 "$TRUEUP" diff --hash=md5 --fold=rtrim "$one" "$two"
	pg "$two" "update t set x = 'A';"
	run -0 "$TRUEUP" diff --hash=md5 --fold=rtrim "$one" "$two"
	pg "$two" 'create table n(id int primary key, x numeric);' \
	    'insert into n values (1, 1.5);'
	pg "$one" 'create table n(id int primary key, x numeric);' \
	    'insert into n values (1, 1.4);'
	run -0 "$TRUEUP" plan --hash=md5 --tolerance=x=0.1 "$one" "$two" n
	[[ $output == *"both servers hash"* ]]
	run -0 "$TRUEUP" diff --hash=md5 --tolerance=x=0.1 "$one" "$two" n
}

@test "truthy: what is not 0 is true, and converges" {
	fresh_pg_db pg
	lite a.db "create table t(id integer primary key, b int);
		insert into t values (1,0),(2,1),(3,2),(4,-1),(5,null)"
	pg "$pg" 'create table t(id int primary key, b boolean);' \
	    'insert into t values (1,false),(2,true),(3,true),(4,false);'
	run -1 "$TRUEUP" diff -f csv a.db "$pg"
	[[ $output == *"t,update,3,b,2,true"* ]]
	run -1 "$TRUEUP" diff a.db "$pg"
	[[ $output == *"(the target cannot hold it: neither 0 nor 1)"* ]]
	converges a.db "$pg" --fold=truthy
	is "$(pg "$pg" 'select * from t order by 1;')" $'1|f\n2|t\n3|t\n4|t\n5|'
}

@test "zero dates are NULL on request" {
	fresh_pg_db pg
	lite a.db "create table t(id integer primary key, d text);
		insert into t values (1,'0000-00-00'),(2,'2024-00-00'),
		(3,'2024-05-01'),(4,'2024-02-30')"
	pg "$pg" 'create table t(id int primary key, d date);' \
	    "insert into t values (1,null),(2,'2024-01-01'),(3,'2024-05-01');"
	run -1 "$TRUEUP" diff --fold=zero-date a.db "$pg"
	[[ $output == *"id 2: "* && $output == *"id 4: "* ]]
	run ! grep -q 'id 1' <<<"$output"
	lite a.db 'delete from t where id = 4'
	converges a.db "$pg" --fold=d=zero-date
	is "$(pg "$pg" 'select count(*) from t where d is null;')" 2
}

@test "uuids in their three storages" {
	fresh_pg_db pg
	u=6ccd780c-baba-1026-9564-5b8c656024db
	time=1026baba6ccd780c95645b8c656024db
	guid=0c78cd6cbaba261095645b8c656024db
	lite a.db "create table t(id integer primary key, u blob);
		insert into t values (1, x'${u//-/}')"
	pg "$pg" 'create table t(id int primary key, u uuid);' \
	    "insert into t values (1, '$u');"
	run -0 "$TRUEUP" diff a.db "$pg"
	for order in time guid; do
		lite a.db "update t set u = x'${!order}'"
		run -1 "$TRUEUP" diff a.db "$pg"
		run -0 "$TRUEUP" diff --fold=u=uuid-$order a.db "$pg"
		pg "$pg" 'update t set u = null;'
		converges a.db "$pg" --fold=uuid-$order
		is "$(pg "$pg" 'select u from t;')" "$u"
		lite a.db "update t set u = null"
		converges "$pg" a.db --fold=uuid-$order
		is "$(lite a.db 'select lower(hex(u)) from t')" "${!order}"
	done
	pg "$pg" 'create table b(id int primary key, u bytea);'
	lite a.db 'create table b(id integer primary key, u uuid);' \
	    "insert into b values (1, '$u')"
	converges a.db "$pg" -t b
	is "$(pg "$pg" "select encode(u, 'hex') from b;")" "${u//-/}"
}

@test "text and bytes meet on request only" {
	fresh_pg_db pg
	lite a.db "create table t(id integer primary key, x text, y text);
		insert into t values (1, 'abc', 'y')"
	pg "$pg" 'create table t(id int primary key, x bytea, y text);' \
	    "insert into t values (1, 'abc', 'y');"
	run -7 "$TRUEUP" diff a.db "$pg"
	run -0 "$TRUEUP" diff --fold=x=bytes a.db "$pg"
	pg "$pg" "update t set x = 'abd';"
	run -1 "$TRUEUP" diff --fold=x=bytes a.db "$pg"
	converges a.db "$pg" --fold=x=bytes
}

@test "conventions of times that are numbers" {
	fresh_pg_db pg
	pg "$pg" 'create table t(id int primary key, at timestamp);' \
	    "insert into t values (1, '2024-01-01 10:00:00');"
	lite a.db 'create table t(id integer primary key, at integer);' \
	    'insert into t values (1, 1704103200)'
	run -0 "$TRUEUP" diff a.db "$pg"
	run -0 "$TRUEUP" diff --fold=at=unix a.db "$pg"
	run -1 "$TRUEUP" diff --fold=at=unixms a.db "$pg"
	run -1 "$TRUEUP" diff --fold=at=iso a.db "$pg"
	for fold in unixms:1704103200000 unix:1704103200; do
		lite a.db 'update t set at = null'
		converges "$pg" a.db --fold=at=${fold%:*}
		is "$(lite a.db 'select at from t')" "${fold#*:}"
	done
	lite a.db 'drop table t;' 'create table t(id integer primary key, at real);'
	converges "$pg" a.db --fold=at=julian
	is "$(lite a.db 'select datetime(at) from t')" '2024-01-01 10:00:00'
	pg "$pg" 'create table n(id int primary key, at bigint);' \
	    'insert into n values (1, 1704103200);'
	lite a.db 'create table n(id integer primary key, at text);' \
	    "insert into n values (1, '2024-01-01 10:00:00')"
	fresh_pg_db other
	pg "$other" 'create table n(id int primary key, at timestamp);' \
	    "insert into n values (1, '2024-01-01 10:00:00.5');"
	run -7 "$TRUEUP" diff "$pg" "$other" n
	run -1 "$TRUEUP" diff --fold=at=unix "$pg" "$other" n
	converges "$pg" "$other" --fold=at=unix -t n
}

@test "json: by value, as doubles, as text" {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id int primary key, j json);' \
	    "insert into t values (1, '{\"a\":1.0}'), (2, '[0.1]');"
	pg "$two" 'create table t(id int primary key, j json);' \
	    "insert into t values (1, '{\"a\": 1}'),
		(2, '[0.1000000000000000055511151231257827]');"
	run -1 "$TRUEUP" diff -f csv "$one" "$two"
	[[ $output == *"update,2,"* && $output != *"update,1,"* ]]
	run -0 "$TRUEUP" diff --fold=json-double "$one" "$two"
	run -1 "$TRUEUP" diff -f csv --fold=j=json-text "$one" "$two"
	[[ $output == *"update,2,"* && $output == *"update,1,"* ]]
	converges "$one" "$two" --fold=j=json-text
}

# --- times --------------------------------------------------------------------

@test "fewer digits of a second on either side" {
	fresh_pg_db fine
	fresh_pg_db coarse
	pg "$fine" 'create table t(id int primary key, at timestamp(6));' \
	    "insert into t values (1,'2024-01-01 10:00:00.4'),
		(2,'2024-01-01 10:00:00.5'),(3,'2024-01-01 10:00:00.9');"
	pg "$coarse" 'create table t(id int primary key, at timestamp(0));' \
	    "insert into t values (1,'2024-01-01 10:00:00'),
		(2,'2024-01-01 10:00:01'),(3,'2024-01-01 10:00:00');"
	for pair in "$fine $coarse" "$coarse $fine"; do
		run -0 "$TRUEUP" diff $pair
		[[ $output == *"(3 rows only at the target's precision)"* ]]
		for option in --strict --time-strict; do
			run -1 "$TRUEUP" diff $option $pair
			[[ $output == *"3 of 3 rows differ"* ]]
		done
	done
	run -1 "$TRUEUP" diff -f json --strict "$fine" "$coarse"
	[[ $output == *'"unrepresentable": {"at": "the target keeps fewer digits"}'* ]]
	pg "$coarse" "update t set at = '2024-01-01 10:00:02' where id = 3;"
	run -1 "$TRUEUP" diff "$fine" "$coarse"
	converges "$coarse" "$fine"
	run -0 "$TRUEUP" sync --time-strict "$coarse" "$fine"
	run -0 "$TRUEUP" diff --strict "$coarse" "$fine"
}

@test "--strict counts lost digits of a decimal, --time-strict does not" {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id int primary key, n numeric);' \
	    'insert into t values (1, 1.005);'
	pg "$two" 'create table t(id int primary key, n numeric(9,2));' \
	    'insert into t values (1, 1.01);'
	run -0 "$TRUEUP" diff --time-strict "$one" "$two"
	run -1 "$TRUEUP" diff --strict "$one" "$two"
	run -1 --separate-stderr "$TRUEUP" sync --strict "$one" "$two"
	[[ $stderr == *"still different: table 't', id 1: column 'n': the target keeps fewer digits"* ]]
}

@test "times without a zone against times with one" {
	fresh_pg_db local
	fresh_pg_db zoned
	pg "$local" 'create table t(id int primary key, at timestamp);' \
	    "insert into t values (1,'2024-07-01 12:00'),(2,'2024-01-01 12:00');"
	pg "$zoned" 'create table t(id int primary key, at timestamptz);' \
	    "insert into t values (1,'2024-07-01 10:00Z'),
		(2,'2024-01-01 11:00Z');"
	run -1 "$TRUEUP" diff "$local" "$zoned"
	[[ $output == *"2 of 2 rows differ"* ]]
	run -1 "$TRUEUP" diff --assume-tz=+02:00 "$local" "$zoned"
	[[ $output == *"1 of 2 rows differs"* ]]
	[[ $output == *"  rules: at assume-tz=+02:00"* ]]
	run -0 "$TRUEUP" diff --assume-tz=Europe/Berlin "$local" "$zoned"
	run -0 "$TRUEUP" diff --assume-tz=Europe/Berlin "$zoned" "$local"
	run -2 --separate-stderr "$TRUEUP" diff --assume-tz=Europe/Berln \
	    "$local" "$zoned"
	[[ $stderr == *"no time zone 'Europe/Berln'"*hint:* ]]
	pg "$zoned" "update t set at = '2020-01-01 00:00Z';"
	converges "$local" "$zoned" --assume-tz=Europe/Berlin
	is "$(pg "$zoned" "set timezone = 'UTC'; select at from t where id = 1;")" \
	    '2024-07-01 10:00:00+00'
	pg "$local" "update t set at = '2020-01-01 00:00';"
	converges "$zoned" "$local" --assume-tz=Europe/Berlin
	is "$(pg "$local" 'select at from t where id = 2;')" '2024-01-01 12:00:00'
}

@test "an hour that happened twice" {
	fresh_pg_db local
	fresh_pg_db zoned
	pg "$local" 'create table t(id int primary key, at timestamp);' \
	    "insert into t values (1,'2024-10-27 02:30'),(2,'2024-10-27 02:30');"
	pg "$zoned" 'create table t(id int primary key, at timestamptz);' \
	    "insert into t values (1,'2024-10-27 00:30Z'),
		(2,'2024-10-27 01:30Z');"
	run -1 --separate-stderr "$TRUEUP" diff -f csv \
	    --assume-tz=Europe/Berlin "$local" "$zoned"
	[[ $stderr == *"a local time happened twice in Europe/Berlin"* ]]
	[[ $output == *"update,2,"* && $output != *"update,1,"* ]]
	run -1 --separate-stderr "$TRUEUP" sync --assume-tz=Europe/Berlin \
	    "$zoned" "$local"
	[[ $stderr == *"still different: table 't', id 2: column 'at': its local time happened twice"* ]]
}

@test "a key cannot be a local time on one side" {
	fresh_pg_db local
	fresh_pg_db zoned
	pg "$local" 'create table t(at timestamp primary key);'
	pg "$zoned" 'create table t(at timestamptz primary key);'
	run -0 "$TRUEUP" diff "$local" "$zoned"
	run -5 "$TRUEUP" diff --assume-tz=+01:00 "$local" "$zoned"
	[[ $output == *"under --assume-tz"* ]]
}

# --- pairs of types -----------------------------------------------------------

@test "bits are numbers against numbers" {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id int primary key, one bit(1), b bit(64), f boolean);' \
	    "insert into t values (1, B'1', B'$(printf '1%.0s' {1..64})', true),
		(2, B'0', 5::bit(64), false);"
	pg "$two" 'create table t(id int primary key, one int, b numeric, f bit(1));' \
	    "insert into t values (1, 1, 18446744073709551615, B'1'),
		(2, 0, 5, B'0');"
	run -0 "$TRUEUP" diff "$one" "$two"
	run -0 "$TRUEUP" diff "$two" "$one"
	run -0 "$TRUEUP" plan "$one" "$two"
	grep -Eq '^  one +bit\(1\) .*\| num ' <<<"$output"
	pg "$two" 'update t set one = 1 - one, b = 7;'
	run -1 "$TRUEUP" diff "$one" "$two"
	[[ $output == *"2 of 2 rows differ"* ]]
	converges "$two" "$one"
	is "$(pg "$one" 'select one, b::bigint from t order by id;')" $'0|7\n1|7'
	pg "$one" "update t set b = ~(0::bit(64));"
	converges "$one" "$two"
	is "$(pg "$two" 'select b from t where id = 1;')" 18446744073709551615
}

@test "dates against timestamps with and without a zone" {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id int primary key, a date, b date);' \
	    "insert into t values (1, '2024-05-01', '2024-05-01');"
	pg "$two" 'create table t(id int primary key, a timestamp, b timestamptz);' \
	    "insert into t values (1, '2024-05-01 00:00', '2024-05-01 00:00Z');"
	run -0 "$TRUEUP" diff "$one" "$two"
	run -0 "$TRUEUP" diff "$two" "$one"
	pg "$two" "update t set a = '2024-05-01 00:00:01';"
	run -1 "$TRUEUP" diff "$one" "$two"
	converges "$one" "$two"
}

# --- what is not compared -----------------------------------------------------

# odd - two databases whose column `odd` nothing compares.
odd() {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id int primary key, odd boolean, x text);' \
	    "insert into t values (1, true, 'a');"
	pg "$two" 'create table t(id int primary key, odd text, x text);' \
	    "insert into t values (1, 'Y', 'a');"
}

@test "a column that nothing compares: 7, and its name in every format" {
	odd
	why='source type boolean and target type text cannot be compared'
	for format in text stat rows; do
		run -7 "$TRUEUP" diff -f $format "$one" "$two"
		[[ $output == *odd*"is not compared: $why"* ]]
	done
	run -7 "$TRUEUP" diff -f json "$one" "$two"
	[[ $output == *"\"not_compared\": {\"odd\": \"$why\"}"* ]]
	[[ $output == *'"columns_not_compared": 1,'*'"exit": 7}' ]]
	run -7 --separate-stderr "$TRUEUP" diff -f csv "$one" "$two"
	[[ $output == *"t,not-compared,,odd,,"* ]]
	[[ $stderr == *"table 't', column 'odd' is not compared: $why"* ]]
	run -7 --separate-stderr "$TRUEUP" diff -f sql "$one" "$two"
	[[ -z $output && $stderr == *"column 'odd' is not compared"* ]]
	run -7 --separate-stderr "$TRUEUP" diff -q "$one" "$two"
	[[ $stderr == *"column 'odd' is not compared"* ]]
	run -7 "$TRUEUP" plan "$one" "$two"
	[[ $output == *"cannot be compared: odd: $why"* ]]
	run -7 "$TRUEUP" explain "$one" "$two" t 1
	[[ $output == *"odd: not compared: $why"* ]]
	run -0 "$TRUEUP" diff --exclude-columns=odd "$one" "$two"
}

@test "a difference beside it is a difference" {
	odd
	pg "$two" "update t set x = 'b';"
	run -1 "$TRUEUP" diff "$one" "$two"
	run -1 "$TRUEUP" diff -f sql "$one" "$two"
	[[ $output == *"-- not compared: t.odd: "*'SET "x" = '* ]]
	run -5 --separate-stderr "$TRUEUP" sync "$one" "$two"
	[[ $stderr == *"column 'odd' cannot be compared, so nothing was written"*"--exclude-columns=t.odd"* ]]
	is "$(pg "$two" 'select x from t;')" b
	run -1 "$TRUEUP" sync -n "$one" "$two"
	converges "$one" "$two" --exclude-columns=t.odd
}

@test "a key that nothing compares is no key to go without" {
	fresh_pg_db one
	fresh_pg_db two
	pg "$one" 'create table t(id bytea primary key, x text);'
	pg "$two" 'create table t(id int primary key, x text);'
	run -5 "$TRUEUP" diff "$one" "$two"
	[[ $output == *"key column 'id': source type bytea"* ]]
}

@test "a row of which a part cannot be held" {
	fresh_pg_db pg
	lite a.db "create table t(id integer primary key, x text, n int);
		insert into t values (1, cast(x'6100' as text), 2), (2, cast(x'00' as text), 1)"
	pg "$pg" 'create table t(id int primary key, x text, n int);' \
	    "insert into t values (1, 'a', 1), (2, 'b', 1);"
	run -1 --separate-stderr "$TRUEUP" diff -f sql a.db "$pg"
	[[ $output == *'SET "n" = '* && $output != *'SET "x"'* ]]
	[[ $stderr == *"no patch can carry 1 of the differences, nor all of 1 others"* ]]
	run -1 "$TRUEUP" diff -f json a.db "$pg"
	[[ $output == *'"unrepresentable": 2, "partly_patchable": 1'* ]]
	run -1 "$TRUEUP" diff -f stat a.db "$pg"
	[[ $output == *"different, 2 unrepresentable"* ]]
	run -1 --separate-stderr "$TRUEUP" sync a.db "$pg"
	[[ $stderr == *"still different: table 't', id 1: column 'x': NUL byte in text"* ]]
	[[ $stderr == *"still different: table 't', id 2: column 'x': "* ]]
	is "$(pg "$pg" 'select n from t where id = 1;')" 2
	run -1 "$TRUEUP" diff a.db "$pg"
}

# --- tables that fail ---------------------------------------------------------

@test "a table that fails leaves the others" {
	fresh_pg_db one
	fresh_pg_db two
	for url in "$one" "$two"; do
		pg "$url" 'create table a(id int primary key, x text);' \
		    "insert into a values (1, 'a');" \
		    'create table b(id int, x text);' \
		    "insert into b values (1, 'a'), (1, '$url');" \
		    'create table c(id int primary key, x text);' \
		    "insert into c values (1, '$url');"
	done
	run -5 --separate-stderr "$TRUEUP" diff --key=b:id "$one" "$two"
	[[ $output == *"b: failed: "*"the key is not unique"*"c: 1 of 1 row differs"*"1 table failed"* ]]
	[[ $stderr == "trueup diff: table 'b': "*"not unique"*hint:* ]]
	run -5 "$TRUEUP" diff -f json --key=b:id "$one" "$two"
	[[ $output == *'"table": "b", "verdict": "failed", "why": '* ]]
	[[ $output == *'"failed": 1, '*'"exit": 5}' ]]
	run -5 --separate-stderr "$TRUEUP" diff -f sql --key=b:id "$one" "$two"
	[[ $output == *'UPDATE "public"."c"'* && $output != *'"b"'* ]]
	for format in rows stat csv; do
		run -5 "$TRUEUP" diff -f $format --key=b:id "$one" "$two"
		[[ $output == *b*failed* ]]
	done
	run -5 --separate-stderr "$TRUEUP" sync --key=b:id "$one" "$two"
	[[ $stderr == *"nothing was written"* ]]
	is "$(pg "$two" 'select x from c;')" "$two"
	run -5 "$TRUEUP" sync -n --key=b:id "$one" "$two"
}

@test "a table that must not be read leaves the others, with a hint" {
	fresh_pg_db one
	fresh_pg_db two
	role=r_$$_$RANDOM
	for url in "$one" "$two"; do
		pg "$url" 'create table a(id int primary key);' \
		    'create table b(id int primary key);' \
		    'create table c(id int primary key);' \
		    'insert into c select generate_series(1, 5);'
	done
	pg "$TRUEUP_PG" "create role $role login;"
	pg "$two" "grant select on a, c to $role;"
	user=${two/trueup@/$role@}
	run --separate-stderr "$TRUEUP" diff "$one" "$user"
	pg "$two" "drop owned by $role;"
	pg "$TRUEUP_PG" "drop role $role;"
	[ "$status" -eq 4 ]
	[[ $output == *"b: failed: "*"3 tables"* || $output == *"2 tables, "*"1 table failed"* ]]
	[[ $stderr == *"permission denied"*"hint: the user needs the right to SELECT from it"* ]]
}

# --- MariaDB ------------------------------------------------------------------

@test "MariaDB and PostgreSQL: each row of the table of pairs" {
	fresh_my_db my
	fresh_pg_db pg
	u=6ccd780c-baba-1026-9564-5b8c656024db
	my "$my" "CREATE TABLE t(id int PRIMARY KEY, b tinyint(1), b1 bit(1),
		b64 bit(64), y year, f double, e enum('x','y'), c char(5),
		u binary(16), u36 char(36), d date, ts datetime, j json);" \
	    "INSERT INTO t VALUES (1, 1, b'1', ~0, 2024, 0.1, 'x', 'a',
		x'${u//-/}', '$u', '2024-05-01', '2024-05-01 10:00:00',
		'{\"a\":1}')"
	pg "$pg" "CREATE TABLE t(id int PRIMARY KEY, b boolean, b1 boolean,
		b64 numeric, y int, f numeric, e text, c text, u uuid, u36 uuid,
		d timestamp, ts timestamptz, j jsonb);" \
	    "INSERT INTO t VALUES (1, true, true, 18446744073709551615, 2024, 0.1,
		'x', 'a  ', '$u', upper('$u')::uuid, '2024-05-01',
		'2024-05-01 10:00Z', '{\"a\": 1.0}');"
	run -0 "$TRUEUP" diff "$my" "$pg"
	run -0 "$TRUEUP" diff "$pg" "$my"
	my "$my" 'UPDATE t SET b = 2'
	run -1 "$TRUEUP" diff "$my" "$pg"
	[[ $output == *"b true -> 2 (the target cannot hold it: "* ]]
	run -0 "$TRUEUP" diff --fold=b=truthy "$my" "$pg"
	pg "$pg" 'UPDATE t SET b = false, b1 = false, b64 = 7, y = 1999, u = null,
		d = null, ts = null, j = null;'
	converges "$my" "$pg" --fold=truthy
	my "$my" "UPDATE t SET b = 0, b1 = b'0', b64 = 5, u = NULL, d = NULL,
		ts = NULL"
	converges "$pg" "$my" --fold=truthy
	is "$(my "$my" 'SELECT LOWER(HEX(u)) FROM t')" "${u//-/}"
}

@test "MariaDB: digits of a second, long times, zero dates, swapped uuids" {
	fresh_my_db my
	fresh_pg_db pg
	u=6ccd780c-baba-1026-9564-5b8c656024db
	my "$my" "CREATE TABLE t(id int PRIMARY KEY, at datetime, t time(1), d date,
		u binary(16));" \
	    "INSERT INTO t VALUES (1, '2024-01-01 10:00:00', '10:00:00.5',
		'0000-00-00', x'1026baba6ccd780c95645b8c656024db')"
	pg "$pg" 'CREATE TABLE t(id int PRIMARY KEY, at timestamp, t time, d date,
		u uuid);' \
	    "INSERT INTO t VALUES (1, '2024-01-01 10:00:00.999999',
		'10:00:00.5', NULL, '$u');"
	folds=(--fold=zero-date --fold=u=uuid-time)
	run -0 "$TRUEUP" diff "${folds[@]}" "$my" "$pg"
	[[ $output == *"(1 row only at the target's precision)"* ]]
	run -0 "$TRUEUP" diff "${folds[@]}" "$pg" "$my"
	run -1 "$TRUEUP" diff "${folds[@]}" --time-strict "$pg" "$my"
	run -1 "$TRUEUP" diff "$my" "$pg"
	[[ $output == *"the target cannot hold it: there is no such day"* ]]
	my "$my" "UPDATE t SET t = '-838:59:59'"
	run -1 "$TRUEUP" diff "${folds[@]}" "$my" "$pg"
	[[ $output == *"t "*" -> -838:59:59 (the target cannot hold it: "* ]]
	pg "$pg" 'UPDATE t SET u = NULL, t = NULL;'
	run -0 "$TRUEUP" sync "${folds[@]}" --exclude-columns=t.t "$my" "$pg"
	is "$(pg "$pg" 'SELECT u FROM t;')" "$u"
	my "$my" "UPDATE t SET u = NULL"
	converges "$pg" "$my" "${folds[@]}"
	is "$(my "$my" 'SELECT LOWER(HEX(u)) FROM t')" \
	    1026baba6ccd780c95645b8c656024db
}

@test "a table without snapshots is named" {
	fresh_my_db my
	my "$my" 'CREATE TABLE t(id int PRIMARY KEY) ENGINE=MyISAM'
	lite a.db 'create table t(id integer primary key)'
	run -0 --separate-stderr "$TRUEUP" diff a.db "$my"
	[[ $stderr == *"table 't' of the target: MyISAM has no snapshots"* ]]
	run -0 "$TRUEUP" plan a.db "$my"
	[[ $output == *"; beware: MyISAM has no snapshots"* ]]
}

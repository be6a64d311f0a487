# Why tables differ: a table that was damaged in many ways on its way from
# PostgreSQL to SQLite. Every pattern by itself is in tests/unit/causes.c.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	fresh_pg_db pg
	pg "$pg" <<-'SQL'
		CREATE TABLE t (id int PRIMARY KEY, at timestamp, code text,
		    name text, price numeric(12,4), amount int, note text,
		    city text, lines text, first text, last text, state text);
		INSERT INTO t SELECT i, timestamp '2024-03-30 22:00' + i * interval '7 min',
		    'C' || i, 'name ' || i, i * 1.2347, i * 13, 'note ' || i,
		    'Zürich ' || i, E'a\nb' || i, 'Ann ' || i, 'Lee ' || i,
		    'state ' || i
		FROM generate_series(1, 400) i WHERE i % 11 <> 5;
	SQL
	lite t.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME,
	    code TEXT, name TEXT, price DECIMAL(12,4), amount INT, note TEXT,
	    city TEXT, lines TEXT, first TEXT, last TEXT, state TEXT)'
	"$TRUEUP" sync -q "$pg" t.db
	lite t.db <<-'SQL'
		UPDATE t SET at = datetime(at, '+1 hour') WHERE id <= 100;
		UPDATE t SET at = datetime(at, '-' || id || ' seconds')
		    WHERE id BETWEEN 101 AND 110;
		UPDATE t SET code = lower(code) WHERE id > 350;
		UPDATE t SET name = name || '  ' WHERE id % 10 = 0;
		UPDATE t SET price = round(price, 2) WHERE id < 80;
		UPDATE t SET amount = amount * 1000 WHERE id < 70;
		UPDATE t SET note = NULL WHERE id < 60;
		UPDATE t SET city = replace(city, 'ü', 'Ã¼') WHERE id < 50;
		UPDATE t SET lines = replace(lines, char(10), char(13, 10))
		    WHERE id < 40;
		UPDATE t SET first = last, last = first WHERE id < 30;
		UPDATE t SET state = 'new' WHERE id < 20;
		DELETE FROM t WHERE id BETWEEN 201 AND 240;
		DELETE FROM t WHERE id = 391;
	SQL
}

teardown() {
	drop_pg_dbs
}

@test "each cause is named, with the cells it explains and examples" {
	run -1 --separate-stderr "$TRUEUP" diff "$pg" t.db
	grep '^  cause' <<<"$output" >got
	diff -u - got <<-'EOT'
		  cause: 91 of 100: at is exactly 1 h later in TARGET (time zone, summer time?)
		  cause: 72 of 72: price is rounded to 2 decimal places in TARGET
		  cause: 63 of 63: amount is exactly 1000 times as large in TARGET
		  cause: 54 of 54: note is NULL in TARGET and not in SOURCE
		  cause: 45 of 45: code differs in case only
		  cause: 44 of 44: city is UTF-8 encoded twice in TARGET
		  cause: 36 of 37 to insert: TARGET has no row from id 201 to id 240
		  cause: 35 of 35: lines differs in line ends only: CR LF in TARGET, LF in SOURCE
		  cause: 32 of 32: name has more trailing blanks in TARGET
		  cause: 26 of 26: last is swapped in TARGET with first
		  cause: 17 of 17: state is one and the same value in TARGET, whatever SOURCE has
	EOT
	grep -A3 'NULL in TARGET' <<<"$output" | tail -n +2 >got
	diff -u - got <<-'EOT'
		    id 1: note NULL -> 'note 1'
		    id 2: note NULL -> 'note 2'
		    id 3: note NULL -> 'note 3'
	EOT
	# In the other direction the source is what was damaged.
	run -1 --separate-stderr "$TRUEUP" diff -f stat t.db "$pg"
	[ "$(grep -c '^  cause' <<<"$output")" -eq 11 ]
	[[ $output == *"91 of 100: at is exactly 1 h earlier in TARGET"* ]]
	[[ $output == *"72 of 72: price is rounded to 2 decimal places in SOURCE"* ]]
	[[ $output == *"36 of 37 to delete: SOURCE has no row from id 201 to id 240"* ]]
	# What lists every difference says no more than that.
	for format in rows csv sql; do
		run -1 "$TRUEUP" diff -f $format "$pg" t.db
		[[ $output != *cause* ]]
	done
}

@test "json has the same for programs, and remains a patch" {
	run -1 "$TRUEUP" diff -f json -o patch.json "$pg" t.db
	grep '"type": "cause"' patch.json >causes
	lite :memory: "SELECT c ->> 'column', c ->> 'other', c ->> 'cause',
	        c ->> 'side', c ->> 'amount', c ->> 'count', c ->> 'of',
	        json_array_length(c, '\$.examples')
	    FROM (SELECT value AS c FROM json_each('[' ||
	        replace(rtrim(readfile('causes'), char(10)), char(10), ',') ||
	        ']'))" >got
	diff -u - got <<-'EOT'
		at||time-offset|target|3600|91|100|3
		price||rounded|target|2|72|72|3
		amount||factor|target|1000|63|63|3
		note||null|target||54|54|3
		code||case|target||45|45|3
		city||double-utf8|target||44|44|3
		||key-range|target||36|37|2
		lines||line-ends|target||35|35|3
		name||trailing-blanks|target||32|32|3
		last|first|swapped|target||26|26|3
		state||same-value|target||17|17|3
	EOT
	grep '"cause": "null"' causes | grep -F '"examples": [{"key": {"id": "1"}, "before": null, "after": "note 1"}, '
	"$TRUEUP" apply -q t.db patch.json
	run -0 "$TRUEUP" diff "$pg" t.db
}

@test "a range of keys has nothing between, whatever the leaves are" {
	lite a.db 'CREATE TABLE g (a TEXT, b INTEGER, x, PRIMARY KEY (a, b));
	    INSERT INTO g SELECT char(97 + value / 100), value % 100, value
	    FROM generate_series(0, 1999);
	    CREATE TABLE h (id INTEGER PRIMARY KEY, at DATE);
	    INSERT INTO h SELECT value, date(86400 * value, "unixepoch")
	    FROM generate_series(1, 2000)'
	cp a.db b.db
	# Every other eight rows, then a stretch, then the end.
	lite b.db 'DELETE FROM h WHERE id % 16 < 8'
	for n in 1 4 8 100; do
		run -1 "$TRUEUP" diff -f stat --hash=stream --leaf-rows=$n a.db b.db h
		[[ $output != *cause* ]]
	done
	run -1 "$TRUEUP" diff -f stat a.db b.db h
	[[ $output != *cause* ]]
	cp a.db b.db
	lite b.db 'DELETE FROM h WHERE id BETWEEN 500 AND 899 OR id % 400 = 0;
	    DELETE FROM g WHERE x BETWEEN 250 AND 1110 OR x % 500 = 7'
	for n in 4 100; do
		run -1 "$TRUEUP" diff -f stat --hash=stream --leaf-rows=$n a.db b.db
		[[ $output == *"861 of 863 to insert: TARGET has no row from a c, b 50 to a l, b 10"* ]]
		[[ $output == *"400 of 404 to insert: TARGET has no row from id 500 to id 899"* ]]
	done
	# By their pages.
	run -1 "$TRUEUP" diff -f stat a.db b.db h
	[[ $output == *"400 of 404 to insert: TARGET has no row from id 500 to id 899"* ]]
	cp a.db b.db
	lite b.db 'DELETE FROM h WHERE id > 1500'
	run -1 "$TRUEUP" diff -f stat a.db b.db h
	[[ $output == *"500 of 500 to insert: TARGET has no row from id 1501 on (at '1974-02-10' and later)"* ]]
	run -1 "$TRUEUP" diff -f json a.db b.db h
	[[ $output == *'"since": {"at": {"text": "1974-02-10"}}, "examples": [{"key": {"id": "1501"}}, {"key": {"id": "2000"}}]}'* ]]
}

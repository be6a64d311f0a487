# MariaDB from the command line: what its tables have of their own, written
# through ODBC by sync and as a patch by its own client.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/patching

setup() {
	cd "$BATS_TEST_TMPDIR"
	fresh_my_db source
	fresh_my_db target
	lite new.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    "INSERT INTO t VALUES (1,'a'),(2,'new'),(3,'c');"
}

teardown() {
	local job
	for job in "${jobs[@]}"; do
		pkill -KILL -P "$job" || true
		kill -KILL "$job" 2>/dev/null || true
	done
	drop_my_dbs
	drop_pg_dbs
}
jobs=()

# both SQL... - in source and target.
both() {
	my "$source" "$@"
	my "$target" "$@"
}

# fails STATUS WORD... -- [OPTION]... - trueup ends so, says every WORD on
# stderr, and does not show the password.
fails() {
	local want=$1 word
	local -a words=()
	shift
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	run --separate-stderr timeout 60 "$TRUEUP" "$@"
	printf 'status %s\nstdout %.2000s\nstderr %s\n' "$status" "$output" \
	    "$stderr"
	[ "$status" -eq "$want" ]
	[[ $output != *" equal"* ]]
	[[ $output$stderr != *secret-pw* ]]
	[[ $output$stderr != *AddressSanitizer* ]]
	for word in "${words[@]}"; do
		[[ $stderr == *"$word"* ]]
	done
}

# wait_until COMMAND... - until it succeeds, at most 20 s.
wait_until() {
	local i
	for ((i = 0; i < 200; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	echo "gave up waiting for: $*" >&2
	return 1
}

@test "what is not written keeps its time: ON UPDATE CURRENT_TIMESTAMP" {
	both 'CREATE TABLE t (id int PRIMARY KEY, x text, n int,
		at timestamp(6) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(6),
		d datetime ON UPDATE CURRENT_TIMESTAMP);'
	my "$source" "INSERT INTO t VALUES
		(1, 'new', 1, '2001-01-01 01:01:01.5', '2001-01-01'),
		(2, 'new', 1, NULL, NULL)"
	my "$target" "INSERT INTO t VALUES
		(1, 'old', 1, '2001-01-01 01:01:01.5', '2001-01-01'),
		(2, 'old', 1, '2002-02-02', NULL)"
	round_trip "$source" "$target"
	run -0 "$TRUEUP" sync --exclude-columns='at,d' "$source" "$target"
	is "$(my "$target" 'SELECT id, x, at, d FROM t')" \
	    "1|new|2001-01-01 01:01:01.500000|2001-01-01 00:00:00
2|new|2002-02-02 00:00:00.000000|NULL"
}

@test "AUTO_INCREMENT keeps its zero" {
	both 'CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, x text)'
	my "$source" "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
		INSERT INTO t VALUES (0, 'zero'), (5, 'five'), (-1, 'minus')"
	round_trip "$source" "$target"
	run -0 "$TRUEUP" sync "$source" "$target"
	is "$(my "$target" 'SELECT * FROM t ORDER BY id')" "-1|minus
0|zero
5|five"
	my "$target" "INSERT INTO t (x) VALUES ('next')"
	is "$(my "$target" 'SELECT max(id) FROM t')" 6
}

@test "rows without a key are counted" {
	both 'CREATE TABLE t (a int, b text, f double, at timestamp NULL)'
	my "$source" "INSERT INTO t VALUES (1,'x',0.1,NULL), (1,'x',0.1,NULL),
		(1,'x',0.1,NULL), (2,NULL,NULL,'2020-01-01'), (4,'a ',-0.0,NULL)"
	my "$target" "INSERT INTO t VALUES (1,'x',0.1,NULL), (1,'x',0.1,NULL),
		(3,'X',1,NULL), (3,'X',1,NULL), (3,'x',1,NULL), (4,'a',0,NULL),
		(2,NULL,NULL,'2020-01-01'), (2,NULL,NULL,'2020-01-01')"
	run -1 "$TRUEUP" diff -f rows "$source" "$target"
	[ "${#lines[@]}" -eq 6 ]
	round_trip "$source" "$target"
}

@test "foreign keys: parents and children, and rows of one table" {
	both 'CREATE TABLE p (id int PRIMARY KEY, v text);
		CREATE TABLE c (id int PRIMARY KEY, p int,
		FOREIGN KEY (p) REFERENCES p (id));
		CREATE TABLE a (id int PRIMARY KEY, c int, a int,
		FOREIGN KEY (c) REFERENCES c (id),
		FOREIGN KEY (a) REFERENCES a (id))'
	my "$source" "INSERT INTO p VALUES (1, 'new'), (3, 'x'), (9, 'y');
		INSERT INTO c VALUES (1, 3), (2, 1), (7, 9);
		INSERT INTO a VALUES (90, 7, NULL), (5, 1, 90), (6, 1, 5)"
	my "$target" "INSERT INTO p VALUES (1, 'old'), (2, 'goes');
		INSERT INTO c VALUES (1, 2), (2, 1), (3, 2);
		INSERT INTO a VALUES (4, 3, NULL), (8, 1, 4), (1, 1, 8),
		(90, 1, 8)"
	round_trip "$source" "$target"
}

@test "a constraint that another row breaks is explained" {
	both 'CREATE TABLE p (id int PRIMARY KEY);
		CREATE TABLE c (id int PRIMARY KEY, u int UNIQUE, p int,
		FOREIGN KEY (p) REFERENCES p (id))'
	my "$source" 'INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 5, 1)'
	my "$target" 'INSERT INTO p VALUES (1); INSERT INTO c VALUES (2, 5, 1)'
	fails 4 "table 'c'" "Duplicate entry" hint: "unique value" -- \
	    sync --no-delete "$source" "$target"
	my "$source" 'DELETE FROM c; DELETE FROM p'
	fails 4 "table 'p'" "foreign key" hint: parent -- \
	    sync -T c --max-delete=100% "$source" "$target"
	is "$(my "$target" 'SELECT * FROM c')" '2|5|1'
}

@test "generated columns are compared and not written" {
	both 'CREATE TABLE t (id int PRIMARY KEY, v int,
		s int AS (v * 2) STORED, w varchar(9) AS (concat("w", v)) VIRTUAL)'
	my "$source" 'INSERT INTO t (id, v) VALUES (1, 5), (2, 6)'
	my "$target" 'INSERT INTO t (id, v) VALUES (1, 4), (3, 7)'
	round_trip "$source" "$target"
	my "$target" 'DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v int,
		s int AS (v * 3) STORED, w varchar(9) AS (concat("w", v)))'
	my "$target" 'INSERT INTO t (id, v) VALUES (1, 5)'
	run -1 "$TRUEUP" sync "$source" "$target"
	is "$(my "$target" 'SELECT * FROM t')" '1|5|15|w5
2|6|18|w6'
}

@test "a key that only changes its case is set, and no row is lost" {
	both "CREATE TABLE p (k varchar(20) COLLATE utf8mb4_general_ci, b int,
		v int, PRIMARY KEY (k, b));
		CREATE TABLE c (id int PRIMARY KEY,
		k varchar(20) COLLATE utf8mb4_general_ci, b int,
		FOREIGN KEY (k, b) REFERENCES p (k, b) ON DELETE CASCADE)"
	my "$target" 'ALTER TABLE p ADD note text'
	my "$source" "INSERT INTO p VALUES ('a', 1, 1), ('same', 1, 1),
		('sp ', 1, 9), ('new', 1, 1), ('é', 2, 2);
		INSERT INTO c VALUES (2, 'same', 1)"
	my "$target" "INSERT INTO p VALUES ('A', 1, 1, 'kept'),
		('same', 1, 1, 's'), ('sp', 1, 1, 'too'), ('old', 1, 1, 'o'),
		('E', 2, 2, 'accent');
		INSERT INTO c VALUES (2, 'same', 1)"
	REST=1 round_trip "$source" "$target"
	# A row that others refer to keeps its key, and so do they.
	both "INSERT INTO c VALUES (1, 'A', 1), (3, 'e', 2)"
	fails 4 "table 'p'" "foreign key" hint: -- \
	    sync --max-delete=100% "$source" "$target"
	is "$(my "$target" 'SELECT count(*) FROM c')" 3
	both 'DELETE FROM c WHERE id <> 2'
	run -1 "$TRUEUP" sync --max-delete=100% "$source" "$target"
	is "$(my "$target" 'SELECT * FROM p ORDER BY k, b')" "a|1|1|kept
é|2|2|accent
new|1|1|NULL
same|1|1|s
sp |1|9|too"
	is "$(my "$target" 'SELECT count(*) FROM c')" 1
	run -0 "$TRUEUP" diff --common "$source" "$target"
}

@test "two keys that are one in the target are refused, and nothing is lost" {
	lite two.db 'CREATE TABLE t (k TEXT PRIMARY KEY, v INT);' \
	    "INSERT INTO t VALUES ('a', 1), ('A', 2);"
	my "$target" "CREATE TABLE t (k varchar(9) COLLATE utf8mb4_general_ci
		PRIMARY KEY, v int);
		INSERT INTO t VALUES ('a', 7)"
	fails 4 "table 't'" "Duplicate entry" hint: "takes some keys for the same" -- \
	    sync two.db "$target"
	is "$(my "$target" 'SELECT * FROM t')" 'a|7'
}

@test "what a trigger does to a written row is seen before COMMIT" {
	my "$target" "CREATE TABLE t (id int PRIMARY KEY, x text);
		INSERT INTO t VALUES (2, 'old');
		CREATE TRIGGER meddles BEFORE UPDATE ON t FOR EACH ROW
		SET new.x = concat(new.x, '!')"
	fails 6 "table 't', id 2" "'new!'" meddles -- sync new.db "$target"
	is "$(my "$target" 'SELECT * FROM t')" '2|old'
	my "$target" 'DROP TRIGGER meddles;
		CREATE TRIGGER eats AFTER INSERT ON t FOR EACH ROW
		SIGNAL SQLSTATE "45000" SET MESSAGE_TEXT = "not today"'
	fails 4 "not today" -- sync new.db "$target"
	is "$(my "$target" 'SELECT * FROM t')" '2|old'
}

@test "a row that changes between comparing and writing is a conflict" {
	my "$target" "CREATE TABLE t (id int PRIMARY KEY, x text);
		INSERT INTO t VALUES (1, 'a'), (2, 'old'), (3, 'c');
		CREATE TABLE u (id int PRIMARY KEY)"
	lite new.db 'CREATE TABLE u (id INTEGER PRIMARY KEY);' \
	    'INSERT INTO u VALUES (1);'
	my "$target" "CREATE TRIGGER changes BEFORE UPDATE ON t FOR EACH ROW
		SET @a = 1;
		CREATE TRIGGER also AFTER INSERT ON u FOR EACH ROW
		UPDATE t SET x = 'changed' WHERE id = 2"
	run --separate-stderr "$TRUEUP" sync new.db "$target"
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 6 ]
	run -1 "$TRUEUP" diff -f sql -o patch new.db "$target"
	my "$target" 'DROP TRIGGER changes; DROP TRIGGER also'
	my "$target" "UPDATE t SET x = 'other' WHERE id = 2"
	run_sql "$target" <patch
	is "$(my "$target" 'SELECT x FROM t WHERE id = 2')" other
}

@test "rows that another session holds: a lock, a deadlock" {
	my "$target" "CREATE TABLE t (id int PRIMARY KEY, x text);
		INSERT INTO t VALUES (1, 'a'), (2, 'old'), (3, 'c')"
	hold "$target" "SELECT * FROM t WHERE id = 2 FOR UPDATE"
	fails 4 "table 't'" "Lock wait timeout" hint: -- sync new.db \
	    "$(odbc_name "$target");INITSTMT={SET innodb_lock_wait_timeout=1}"
	is "$(my "$target" 'SELECT x FROM t WHERE id = 2')" old
}

@test "a second writer waits for the session of the first to be gone" {
	my "$target" 'CREATE TABLE t (id int PRIMARY KEY, x text)'
	{ echo "SELECT GET_LOCK(CONCAT('trueup ', MD5(DATABASE())), 0), 'held';"
	    wait_until grep -q waiting said; } 2>/dev/null |
	    my_client "$target" --unbuffered >held &
	jobs+=($!)
	wait_until grep -q held held
	"$TRUEUP" sync new.db "$target" 2>said
	grep -q "another trueup writes to the target; waiting" said
	is "$(my "$target" 'SELECT count(*) FROM t')" 3
}

@test "a table without transactions is said to be one, and not written" {
	my "$target" "CREATE TABLE t (id int PRIMARY KEY, x text)
		ENGINE = MyISAM; INSERT INTO t VALUES (2, 'old'), (9, 'x')"
	run -1 --separate-stderr "$TRUEUP" diff new.db "$target"
	[[ $output$stderr == *MyISAM* ]]
	fails 5 "table 't'" MyISAM "nothing was written" -- \
	    sync new.db "$target"
	is "$(my "$target" 'SELECT * FROM t')" '2|old
9|x'
}

@test "max_allowed_packet: compared all the same, and not half written" {
	lite big.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    "INSERT INTO t VALUES (1,'a'), (2,
		replace(hex(zeroblob(9000000)), '0', 'y')), (3, 'c');"
	both 'CREATE TABLE t (id int PRIMARY KEY, x longtext)'
	my "$source" "INSERT INTO t VALUES (1, 'a'),
		(2, repeat('y', 10000000)), (3, 'c');
		UPDATE t SET x = concat(x, right(x, 6777000)) WHERE id = 2"
	my "$target" 'INSERT INTO t SELECT id, x FROM '"${source##*/}"'.t'
	run -0 "$TRUEUP" diff "$source" "$target"
	run -0 "$TRUEUP" diff --hash=md5 "$source" "$target"
	my "$target" "UPDATE t SET x = insert(x, 16000000, 1, 'z') WHERE id = 2"
	run -1 "$TRUEUP" diff -f stat "$source" "$target"
	run -1 "$TRUEUP" diff -f stat --hash=md5 "$source" "$target"
	fails 4 "max_allowed_packet" -- sync big.db "$target"
	is "$(my "$target" 'SELECT id, length(x) FROM t')" '1|1
2|16777000
3|1'
}

@test "rows that go together: values of all sizes, more than a packet" {
	lite rows.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT, b BLOB,
		n NUMERIC, f REAL);' 'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL
		SELECT i + 1 FROM r WHERE i < 1300)
		INSERT INTO t SELECT i, CASE i % 5 WHEN 0 THEN NULL
		WHEN 1 THEN char(0x1F600, i) ELSE replace(hex(zeroblob(i % 90 *
		i)), 0, i % 10) END, CASE WHEN i % 3 THEN randomblob(i % 40)
		END, i * 7.25, CASE WHEN i % 4 THEN i / 3.0 END FROM r'
	my "$target" "CREATE TABLE t (id int PRIMARY KEY, x longtext CHARACTER
		SET utf8mb4, b blob, n decimal(12,2), f double);
		INSERT INTO t SELECT seq, 'old', NULL, seq, -1 FROM seq_1_to_700;
		INSERT INTO t SELECT 2000 + seq, repeat('x', seq % 100 * 1000),
		'gone', NULL, seq FROM seq_1_to_650"
	sums='SELECT count(*), sum(id), sum(length(x)), sum(b = "gone"),
		sum(n), sum(f) FROM t'
	before=$(my "$target" "$sums")
	run -0 "$TRUEUP" sync --max-delete=100% --undo=back rows.db "$target"
	run -0 "$TRUEUP" diff rows.db "$target"
	is "$(my "$target" 'SELECT count(*), sum(length(x)) > 16777216 FROM t')" \
	    '1300|1'
	run_sql "$target" <back
	is "$(my "$target" "$sums")" "$before"
}

@test "rows that go together: each conflict is named, and only those" {
	my "$target" "CREATE TABLE t (id int PRIMARY KEY, x text);
		CREATE TABLE u (id int PRIMARY KEY); INSERT INTO u VALUES (1);
		INSERT INTO t SELECT seq, 'old' FROM seq_1_to_900;
		CREATE TRIGGER also AFTER DELETE ON u FOR EACH ROW
		UPDATE t SET x = CASE id WHEN 7 THEN 'new 7' ELSE 'changed' END
		WHERE id IN (7, 100, 600)"
	lite rows.db 'CREATE TABLE u (id INTEGER PRIMARY KEY);
		CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT);
		WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r
		WHERE i < 900) INSERT INTO t SELECT i, '"'new ' || i FROM r"
	fails 6 "2 rows are not as they were compared" "id 100" "id 600" \
	    "'changed' now, it was 'old'" -- sync --max-delete=100% rows.db "$target"
	[[ $stderr != *"id 7:"* ]]
	is "$(my "$target" "SELECT sum(x = 'old') FROM t")" 900
	my "$target" 'DROP TRIGGER also; CREATE TRIGGER also AFTER DELETE ON u
		FOR EACH ROW UPDATE t SET x = concat("new ", id) WHERE id < 9'
	run -0 "$TRUEUP" sync --max-delete=100% rows.db "$target"
	is "$(my "$target" "SELECT sum(x = concat('new ', id)) FROM t")" 900
}

@test "a connection that is lost is no end of the rows" {
	both 'CREATE TABLE t (id int PRIMARY KEY, x varchar(200))'
	my "$source" "INSERT INTO t SELECT seq, repeat('x', 200)
		FROM seq_1_to_300000"
	my "$target" 'INSERT INTO t SELECT * FROM '"${source##*/}"'.t'
	kill_reader "$source" &
	jobs+=($!)
	"$TRUEUP" diff --hash=stream "$source" "$target" >said 2>&1 &&
		status=0 || status=$?
	cat said
	[ "$status" -ge 2 ]
	run ! grep -q ' equal\|insert\|delete' said
}

# kill_reader DATABASE - the session that reads its table t, once it does.
kill_reader() {
	my "$1" "DELIMITER //
	BEGIN NOT ATOMIC
		DECLARE reader INT;
		DECLARE tries INT DEFAULT 10000;
		REPEAT SET tries = tries - 1; DO sleep(0.001);
			SELECT max(id) INTO reader
			FROM information_schema.processlist
			WHERE db = '${1##*/}' AND id <> connection_id()
			AND info LIKE 'SELECT %x%FROM %t%ORDER BY%';
		UNTIL reader IS NOT NULL OR tries = 0 END REPEAT;
		KILL reader;
	END//"
}

# hold DATABASE SQL - in a transaction of another session, until the test ends.
hold() {
	{ echo "BEGIN; $2; SELECT 'held';"; sleep 60; } |
	    my_client "$1" --unbuffered >held 2>&1 &
	jobs+=($!)
	wait_until grep -q held held
}

@test "collations do not mix and do not matter" {
	my "$source" "CREATE TABLE t (
		k varchar(20) CHARACTER SET latin1 COLLATE latin1_german1_ci,
		a varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
		b varchar(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin,
		c char(5) CHARACTER SET ucs2, d varbinary(20),
		e text CHARACTER SET latin2, PRIMARY KEY (k));
		INSERT INTO t VALUES ('é', 'é', 'é', 'é', 'é', 'é'),
		('z', '', '', '', '', ''), ('ü', 'A', 'A', 'A', 'A', 'A')"
	my "$target" "CREATE TABLE t (
		k varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
		a varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci,
		b varchar(20) CHARACTER SET utf16 COLLATE utf16_general_ci,
		c char(5) CHARACTER SET utf8mb4, d varbinary(20),
		e text CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
		PRIMARY KEY (k));
		INSERT INTO t SELECT * FROM ${source##*/}.t"
	for hash in stream md5 sha256; do
		run -0 "$TRUEUP" diff --hash=$hash "$source" "$target"
	done
	my "$target" "UPDATE t SET a = 'a', b = 'a', e = 'á', c = 'a'
		WHERE k = 'ü'; DELETE FROM t WHERE k = 'z'"
	for hash in stream md5 sha256; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$source" "$target"
		[ "${#lines[@]}" -eq 2 ]
	done
	round_trip "$source" "$target"
}

@test "uuids that the server refuses are said to be such" {
	my "$target" 'CREATE TABLE u (id int PRIMARY KEY, u uuid)'
	lite u.db 'CREATE TABLE u (id INTEGER PRIMARY KEY, u TEXT);' \
	    "WITH RECURSIVE i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i
		WHERE n < 255) INSERT INTO u SELECT n, format(
		'0190a6c4-%04x-%02x00-%02x11-22334455%04x',
		n, n * 7 % 256, n, n) FROM i;"
	run -1 --separate-stderr "$TRUEUP" sync u.db "$target"
	refused=$(grep -c "takes no such uuid" <<<"$stderr")
	[ "$refused" -gt 0 ]
	is "$(my "$target" "SELECT count(u) FROM u")" $((256 - refused))
	# It really does.
	lite u.db 'SELECT u FROM u;' | while read -r uuid; do
		my "$target" "SELECT '$uuid' WHERE CAST('$uuid' AS uuid) IS NULL"
	done >really
	is "$(wc -l <really)" "$refused"
}

@test "names that need quotes" {
	both 'CREATE TABLE `a ``b` (`select` int, `x y` text, `it'"'"'s` text,
		`q"q` int, `é` int, `a.b` int, `%s` int, `?` int, `back\slash` int,
		`;` text, `--x` text, PRIMARY KEY (`select`, `?`))'
	my "$source" 'INSERT INTO `a ``b` VALUES
		(1, "n", "n", 1, 1, 1, 1, 1, 1, "?", "?1"),
		(2, "i", "i", 2, 2, 2, 2, 2, 2, ";", "--")'
	my "$target" 'INSERT INTO `a ``b` VALUES
		(1, "o", "n", 1, 2, 1, 1, 1, 3, ";", "?1"),
		(3, "d", "d", 3, 3, 3, 3, 3, 3, "", "")'
	for hash in stream md5; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$source" "$target"
		[ "${#lines[@]}" -eq 3 ]
	done
	round_trip "$source" "$target"
}

@test "names of one database: mariadb://, mysql:// and odbc:" {
	both 'CREATE TABLE t (id int PRIMARY KEY, x text)'
	my "$source" "INSERT INTO t VALUES (1, 'é')"
	my "$target" "INSERT INTO t VALUES (1, 'é')"
	run -0 "$TRUEUP" diff "$source" "mysql${target#mariadb}"
	run -0 "$TRUEUP" diff "$source" "$(odbc_name "$target")"
	my "$target" "UPDATE t SET x = 'e'"
	run -1 "$TRUEUP" diff -f rows "$source" "$target"
	rows=$output
	run -1 "$TRUEUP" diff -f rows "mysql${source#mariadb}" \
	    "$(odbc_name "$target")"
	is "$output" "$rows"
	run -0 "$TRUEUP" sync "$source" "$(odbc_name "$target")"
	is "$(my "$target" 'SELECT * FROM t')" '1|é'
}

odbc_name() {
	local rest=${1#*@}
	local host=${rest%%:*} db=${rest##*/} user=${1#*://}
	rest=${rest#*:}
	echo "odbc:Driver=MariaDB Unicode;Server=$host;Port=${rest%%/*};\
User=${user%%@*};Database=$db"
}

@test "a wrong password is said and not shown" {
	local server=${source#*@}
	fails 3 source "Access denied" pwuser -- \
	    diff "mariadb://pwuser:secret-pw-not@$server" "$target"
	[[ $stderr != *secret-pw-not* ]]
	fails 3 target -- diff "$source" \
	    "mariadb://pwuser:secret-pw@127.0.0.1:1/x"
	fails 3 target -- diff "$source" "odbc:Driver=MariaDB Unicode;\
Server=127.0.0.1;Port=1;User=pwuser;Password=secret-pw"
	fails 3 source "Unknown database" -- \
	    diff "${source%/*}/no_such_database" "$target"
}

@test "part of a table, a query, a view" {
	both 'CREATE TABLE t (id int PRIMARY KEY, x text);
		CREATE VIEW v AS SELECT id, upper(x) AS x FROM t'
	my "$source" "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
	my "$target" "INSERT INTO t VALUES (1, 'a'), (2, 'x'), (4, 'd')"
	run -0 "$TRUEUP" diff --where='id = 1' -t t "$source" "$target"
	run -1 "$TRUEUP" diff -f rows --source-where="x <> 'c'" \
	    --target-where='id < 4' -t t "$source" "$target"
	[ "${#lines[@]}" -eq 1 ]
	run -1 "$TRUEUP" diff -f rows -t v --key=id "$source" "$target"
	[ "${#lines[@]}" -eq 3 ]
	run -1 "$TRUEUP" diff -f rows --key=id \
	    --source-query="SELECT id, x FROM t WHERE id < 3 -- all" \
	    "$source" "$target" t
	[ "${#lines[@]}" -eq 2 ]
	run -0 "$TRUEUP" sync --where='id = 2' -t t "$source" "$target"
	is "$(my "$target" 'SELECT group_concat(x ORDER BY id) FROM t')" a,b,d
}

@test "a thousand columns" {
	local i cols='' values='' SECONDS=0
	for ((i = 1; i < 1000; i++)); do
		cols+=", c$i int"
		values+=", $i"
	done
	both "CREATE TABLE t (id int PRIMARY KEY$cols)"
	my "$source" "INSERT INTO t VALUES (1$values), (2$values), (4$values)"
	my "$target" "INSERT INTO t VALUES (1$values), (2$values), (3$values);
		UPDATE t SET c1 = NULL, c500 = 7, c999 = 0 WHERE id = 2"
	for hash in stream md5; do
		run -1 "$TRUEUP" diff -f rows --hash=$hash "$source" "$target"
		[ "${#lines[@]}" -eq 3 ]
	done
	round_trip "$source" "$target"
}

@test "a table that no memory should hold comes in pages" {
	# 60 kB a row make pages of some 130.
	key='k varchar(20) COLLATE utf8mb4_general_ci, d date, n decimal(9,3)'
	both "CREATE TABLE t ($key, x mediumtext, PRIMARY KEY (k, d, n));
		CREATE TABLE i (id bigint unsigned PRIMARY KEY, x mediumtext)"
	my "$source" "INSERT INTO t SELECT
		concat(char(65 + seq % 7 + 32 * (seq % 2)), if(seq % 5, 'é', '')),
		'2020-02-28' + INTERVAL seq % 3 DAY, seq / 8, repeat('x', 60000)
		FROM seq_1_to_600;
		INSERT INTO i SELECT if(seq % 2, seq * 1000, ~0 - seq),
		repeat('y', 60000) FROM seq_1_to_600;
		ANALYZE TABLE t, i" >/dev/null
	my "$target" "INSERT INTO t SELECT * FROM ${source##*/}.t;
		INSERT INTO i SELECT * FROM ${source##*/}.i;
		ANALYZE TABLE t, i" >/dev/null
	run -0 --separate-stderr "$TRUEUP" diff --trace-sql "$source" "$target"
	for table in t i; do
		[ "$(grep -c "source: .* FROM .$table. .*LIMIT" <<<"$stderr")" -gt 3 ]
	done
	my "$target" "UPDATE t SET x = concat(x, '!') WHERE n IN (1, 40.125);
		DELETE FROM t WHERE n = 75; UPDATE i SET x = 'z' WHERE id % 1000 = 0;
		INSERT INTO t VALUES ('a', '2019-01-01', 0, 'new')"
	run -1 "$TRUEUP" diff -f rows "$source" "$target"
	is "${#lines[@]}" 304
	run -0 "$TRUEUP" sync "$source" "$target"
	run -0 "$TRUEUP" diff "$source" "$target"
}

@test "a key of several columns, of several types" {
	both "CREATE TABLE t (u uuid, d datetime(3),
		s varchar(20) COLLATE utf8mb4_unicode_ci, e enum('z','a','m'),
		n decimal(20,5), v int, PRIMARY KEY (s, e, u, d, n))"
	my "$source" "INSERT INTO t SELECT insert(md5(seq), 13, 1, '4'), '2020-01-01' +
		INTERVAL seq * 1001 MICROSECOND, elt(1 + seq % 5, 'a', 'Z', 'é',
		'b ', ''), 1 + seq % 3, seq / 7, seq FROM seq_1_to_3000"
	my "$target" "INSERT INTO t SELECT * FROM ${source##*/}.t;
		UPDATE t SET v = 0 WHERE v = 17;
		UPDATE t SET n = n + 1 WHERE v = 1700;
		UPDATE t SET s = upper(s) WHERE v = 2000;
		DELETE FROM t WHERE v = 2999"
	for hash in stream md5; do
		run -1 "$TRUEUP" diff -f rows --leaf-rows=50 --hash=$hash \
		    "$source" "$target"
		[ "${#lines[@]}" -eq 6 ]
	done
	round_trip "$source" "$target"
}

@test "values that a server in another mode would spoil" {
	both "CREATE TABLE t (id int PRIMARY KEY, s varchar(3), n tinyint,
		d date, e enum('a', 'b'), l varchar(9) CHARACTER SET latin1)"
	my "$source" "INSERT INTO t VALUES (1, 'abc', 127, '2024-02-29', 'a', 'é'),
		(2, '\\\\\\'', -128, '0000-00-00', 'b', ''), (3, '', 0, NULL, NULL, '')"
	run -1 "$TRUEUP" diff -f sql -o patch "$source" "$target"
	my_client "$target" --init-command="SET sql_mode =
		'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', NAMES latin1,
		time_zone = '+09:00'" <patch
	run -0 "$TRUEUP" diff "$source" "$target"
	my "$target" 'DELETE FROM t'
	round_trip "$source" "$target"
	lite more.db "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, n INT,
		d DATE, e TEXT, l TEXT);" "INSERT INTO t VALUES
		(1, 'abcd', 128, '0044-03-15 BC', 'c', 'Ω'),
		(2, 'abc', 12, '2024-01-01', 'b', 'é');"
	run -1 "$TRUEUP" sync --no-delete more.db "$target"
	is "$(my "$target" 'SELECT * FROM t')" '2|abc|12|2024-01-01|b|é'
	run -1 "$TRUEUP" diff -f rows more.db "$target"
	[ "${#lines[@]}" -eq 1 ]
}

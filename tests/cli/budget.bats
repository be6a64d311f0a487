# --budget: what there is no time for is said, and done by the next runs.
bats_require_minimum_version 1.5.0
load ../lib/helpers

# A run without any time compares one slice: 20,000 rows.
setup() {
	cd "$BATS_TEST_TMPDIR"
	lite a.db "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);" \
	    "CREATE TABLE u(a TEXT PRIMARY KEY, b INT) WITHOUT ROWID;" \
	    "CREATE TABLE v(id INTEGER PRIMARY KEY);" \
	    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i
		WHERE n < 50000) INSERT INTO t SELECT n, 'x' || n FROM i;" \
	    "INSERT INTO u SELECT printf('k%05d', id), id FROM t WHERE id <= 30000;" \
	    "INSERT INTO v VALUES (1), (2)"
	cp a.db b.db
	mkdir state
	printf '%s\n' '[pair p]' 'source = a.db' 'target = b.db' \
	    'state-dir = state' 'budget = 0s' 'hash = stream' >conf
	none=(--hash=stream --budget=0s)
}

state() {
	sqlite3 state/p.state "$1"
}

@test "what there is no time for is named, and it is not equal" {
	run -7 "$TRUEUP" diff "${none[@]}" a.db b.db
	is "$output" "source  a.db
target  b.db
t: compared to before id 20001; the budget is spent
u: not compared; the budget is spent
v: not compared; the budget is spent
3 tables, 20,000 rows: no difference found; 3 tables not compared to the end"
	run -0 "$TRUEUP" diff --hash=stream --budget=1d a.db b.db
	is "$output" "3 tables, 80,002 rows: equal"
	lite b.db "DELETE FROM t WHERE id = 3; DELETE FROM t WHERE id = 30000"
	run -1 "$TRUEUP" diff "${none[@]}" a.db b.db
	[[ $output == *"t: 1 of 20,000 rows differs: 1 to insert (+)"* ]]
	[[ $output == *"1 of 3 tables differs: 1 to insert (+); 3 tables not compared to the end" ]]
}

@test "every format says so, or a warning does" {
	said="to before id 20001; the budget is spent"
	for format in text stat html; do
		run -7 --separate-stderr "$TRUEUP" diff "${none[@]}" -f $format a.db b.db
		[[ $output == *"$said"* ]]
		[ -z "$stderr" ]
	done
	for format in sql csv; do
		run -7 --separate-stderr "$TRUEUP" diff "${none[@]}" -f $format a.db b.db
		[[ $stderr == *"table 't': compared $said"* ]]
	done
	run -7 --separate-stderr "$TRUEUP" diff "${none[@]}" -q a.db b.db
	[[ $stderr == *"table 't': compared $said"*"table 'v': not compared"* ]]
	run -7 "$TRUEUP" diff "${none[@]}" -f json a.db b.db
	[[ $output == *'"extent": {"none": false, "resumed": false, "cut": true, "to": {"id": "20001"}, "differed_before": 0, "days_behind": 0}, "verdict": "incomplete"}'* ]]
	[[ $output == *'"incomplete": 3,'*'"exit": 7}' ]]
	run -7 "$TRUEUP" diff "${none[@]}" --redact a.db b.db
	run ! grep -q 'id 20001' <<<"$output"
}

@test "an audit goes on where the run before stopped; a cycle is one verification" {
	said=(
	    "t: compared to before id 20001; the budget is spent"
	    "t: compared from id 20001 to before id 40001, what is before by runs before; the budget is spent"
	    "t: compared from id 40001 on, what is before by runs before"
	    "u: compared to before a k20001; the budget is spent"
	    "u: compared from a k20001 on, what is before by runs before"
	)
	for nth in 0 1 2 3 4; do
		run -7 --separate-stderr "$TRUEUP" audit conf
		[[ $output == *"${said[nth]}"* ]]
		is "$(state "SELECT coalesce(last_full, last_success, 0) FROM pair")" 0
		# What was begun first is the cycle's age.
		[ "$nth" -gt 0 ] || state "UPDATE cycle SET began = began - 5000"
		run -7 "$TRUEUP" status conf
	done
	is "$(state "SELECT tab FROM cycle WHERE through")" $'t\nu'
	began=$(state "SELECT min(began) FROM cycle")
	run -0 --separate-stderr "$TRUEUP" audit conf
	[ -z "$output" ]
	is "$(state 'SELECT last_full FROM pair')" "$began"
	is "$(state "SELECT count(*) FROM cycle")" 0
	is "$(state "SELECT name, verdict, verified = $began FROM standing")" \
	    $'t|equal|1\nu|equal|0\nv|equal|0'
	run -0 "$TRUEUP" status conf
	# And the next one begins.
	run -7 "$TRUEUP" audit conf
	[[ $output == *"${said[0]}"* ]]
	# Where all is compared there is nothing to go on from.
	sed -i 's/^budget = .*/budget = 1h/' conf
	"$TRUEUP" audit conf 2>/dev/null
	is "$(state "SELECT count(*) FROM cycle")" 0
	run -0 "$TRUEUP" audit conf
}

@test "what a run found counts until the cycle is through" {
	lite b.db "UPDATE t SET x = 'y' WHERE id IN (7, 45000)"
	for nth in 1 2 3 4 5 6; do
		run -1 --separate-stderr "$TRUEUP" audit conf
		[ "$nth" -ne 2 ] || [[ $output == *", where 1 row differed; the budget is spent"* ]]
	done
	[[ $output == *"t: compared by runs before, where 2 rows differed"* ]]
	is "$(state "SELECT verdict, rows_source, rows_target, updates FROM run_table
	    WHERE name = 't' AND run = 6")" "compared before|50000|50000|2"
	[[ $output == *"1 of 3 tables differs; 2 rows differed in runs before" ]]
	is "$(state "SELECT verdict, differ FROM standing WHERE name = 't'")" "different|2"
	# A difference in what another run compared is not seen before the next.
	lite b.db "UPDATE t SET x = 'x' || id"
	run -7 "$TRUEUP" audit conf
	lite b.db "UPDATE t SET x = 'y' WHERE id = 7"
	for nth in 2 3 4 5; do
		run -7 --separate-stderr "$TRUEUP" audit conf
	done
	run -0 "$TRUEUP" audit conf
	run -1 "$TRUEUP" audit conf
}

@test "what a run could not settle counts until the cycle is through" {
	for db in c.db d.db; do
		lite $db "CREATE TABLE m(x); INSERT INTO m VALUES (1), (1);" \
		    "CREATE TABLE n(x INTEGER PRIMARY KEY); CREATE TABLE o(x)"
	done
	lite d.db "INSERT INTO m VALUES (1), (7)"
	printf '%s\n' '[pair p]' 'source = c.db' 'target = d.db' \
	    'state-dir = state' 'budget = 0s' 'recheck = 1' >conf
	for nth in 1 2 3 4; do
		run -7 --separate-stderr "$TRUEUP" audit conf
		[[ $stderr == *"2 rows are unsettled"* ]]
		[[ $output == *"m: 2 rows unsettled"* ]]
	done
	# And of a table that it did not come to the end of.
	sed -i 's/[cd]\.db/a.db/' conf
	run -7 "$TRUEUP" audit conf
	state "UPDATE cycle SET unsettled = 3 WHERE tab = 't'"
	run -7 --separate-stderr "$TRUEUP" audit conf
	[[ $output == *", 3 rows unsettled"* ]]
	is "$(state "SELECT unsettled FROM cycle WHERE tab = 't'")" 3
}

@test "what is accepted is looked for everywhere, and stays accepted" {
	lite b.db "UPDATE t SET x = 'y' WHERE id IN (7, 45000)"
	run -1 "$TRUEUP" audit conf
	run -0 "$TRUEUP" accept conf p
	is "$(state "SELECT key_text FROM accepted ORDER BY 1 DESC")" $'id 7\nid 45000'
	state "DELETE FROM cycle"
	for nth in 1 2 3 4 5; do
		run -7 "$TRUEUP" audit conf
	done
	run -0 "$TRUEUP" audit conf
	is "$(state "SELECT count(*) FROM accepted WHERE stale IS NULL")" 2
}

@test "another table, another condition, a damaged place: from the beginning" {
	run -7 "$TRUEUP" audit conf
	echo 'exclude-columns = t.x' >>conf
	run -7 "$TRUEUP" audit conf
	[[ $output == *"t: compared to before id 20001; "* ]]
	state "UPDATE cycle SET next = 'x' || next"
	run -7 "$TRUEUP" audit conf
	[[ $output == *"t: compared to before id 20001; "* ]]
}

@test "a run that failed or was ended keeps nothing" {
	run -7 "$TRUEUP" audit conf
	before=$(state "SELECT * FROM cycle")
	sed -i 's/^hash.*/&\noutput = \/dev\/full/' conf
	run -4 "$TRUEUP" audit conf
	is "$(state "SELECT * FROM cycle")" "$before"
}

@test "the scrub of an incremental run ends, what has changed is compared" {
	"$TRUEUP" track install a.db >/dev/null
	"$TRUEUP" track install b.db >/dev/null
	run -0 "$TRUEUP" diff "${none[@]}" --incremental=s a.db b.db
	for day in 1 2 3; do
		sqlite3 s "UPDATE tracked SET scrubbed = scrubbed - 86400 WHERE tab = 't'"
		lite a.db "UPDATE t SET x = 'new$day' WHERE id % 1000 = $day"
		run -1 --separate-stderr "$TRUEUP" diff -v "${none[@]}" \
		    --incremental=s --scrub=2 a.db b.db
		[[ $stderr == *"table 't': 20000 rows that have not changed are compared, too"* ]]
		[[ $output == *"t: $((50 * day)) of 50,000 rows differ"* ]]
		# 5,000 of 25,000 rows a day are left over: 0.2 days.
		is "$(sqlite3 s "SELECT (at - scrubbed + 99) / 8640 FROM tracked WHERE tab = 't'")" \
		    "$((2 * day))"
		run ! grep -q behind <<<"$output"
		sqlite3 s "UPDATE tracked SET scrub = NULL"
	done
	sqlite3 s "UPDATE tracked SET scrubbed = scrubbed - 86400 WHERE tab = 't'"
	run -1 "$TRUEUP" sync "${none[@]}" -n --incremental=s --scrub=2 a.db b.db
	[[ $output != *"behind"* ]]
	sqlite3 s "UPDATE tracked SET scrubbed = scrubbed - 2 * 86400 WHERE tab = 't'"
	run -1 "$TRUEUP" diff "${none[@]}" --incremental=s --scrub=2 a.db b.db
	[[ $output == *"t: the scrub is 1 day behind its plan: the budget is too small for it"* ]]
}

@test "a table that fails each time does not keep the others from their turn" {
	for db in c.db d.db; do
		lite $db "CREATE TABLE k(x, y); INSERT INTO k VALUES (1, 1);" \
		    "CREATE TABLE m(x INTEGER PRIMARY KEY);" \
		    "CREATE TABLE n(x INTEGER PRIMARY KEY);"
	done
	lite d.db "INSERT INTO k VALUES (1, 2)"
	printf '%s\n' '[pair p]' 'source = c.db' 'target = d.db' \
	    'state-dir = state' 'budget = 0s' 'key = k:x' >conf
	# Once it is all that is left everything begins again.
	for through in m $'m\nn' '' m; do
		run -5 "$TRUEUP" audit conf
		is "$(state "SELECT tab FROM cycle")" "$through"
	done
}

@test "an incremental run compares what nobody captures each time" {
	for db in c.db d.db; do
		lite $db "CREATE TABLE t(id INTEGER PRIMARY KEY, x INT);" \
		    "CREATE TABLE w(id INTEGER PRIMARY KEY, x INT);" \
		    "INSERT INTO t VALUES (1, 1); INSERT INTO w VALUES (1, 1)"
		"$TRUEUP" track install $db t >/dev/null
	done
	printf '%s\n' '[pair p]' 'source = c.db' 'target = d.db' \
	    'state-dir = state' 'budget = 1h' 'mode = incremental' >conf
	for nth in 1 2; do
		run -0 "$TRUEUP" audit conf
		is "$(state "SELECT count(*) FROM cycle")" 0
	done
	lite d.db "UPDATE w SET x = 2"
	run -1 "$TRUEUP" audit conf
	[[ $output == *"w: 1 of 1 row differs"* ]]
}

@test "a sync has to know all of a table" {
	run -2 "$TRUEUP" sync --budget=1h a.db b.db
	[[ $output == *"a sync that writes has to know all of a table"* ]]
	echo 'action = sync' >>conf
	run -2 "$TRUEUP" audit --check conf
	[[ $output == *"[pair p] a sync has to know all of a table: 'budget' takes 'mode = incremental'"* ]]
	run -2 "$TRUEUP" diff --budget=10 a.db b.db
	[[ $output == *"--budget needs a number and a unit, such as 30s"* ]]
}

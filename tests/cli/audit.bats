# Many pairs from a file: silent when all agree, a block for each that does not,
# the worst exit status, one failure that leaves the others alone.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	children=()
	lite a.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    'CREATE TABLE u(id INTEGER PRIMARY KEY);' \
	    "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');"
	cp a.db same.db
	cp a.db other.db
	lite other.db "UPDATE t SET x = 'z' WHERE id = 2;"
}

teardown() {
	for child in "${children[@]}"; do
		kill -9 "$child" 2>/dev/null || true
	done
	drop_pg_dbs
}

# pair NAME SOURCE TARGET [KEY = VALUE]... - add it to the file.
pair() {
	printf '%s\n' "[pair $1]" "source = $2" "target = $3" "${@:4}" >>conf
}

# audit STATUS [ARG]... - $output, $stderr and $status.
audit() {
	run -"$1" --separate-stderr timeout 60 "$TRUEUP" audit "${@:2}"
	[[ $output$stderr != *secret-pw* ]]
	[[ $output$stderr != *AddressSanitizer* ]]
}

# Takes its time: it does not end.
slow_pair() {
	pair "$1" a.db same.db 'source-query = WITH RECURSIVE n(i) AS \' \
	    '(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS i FROM n' \
	    'target-query = SELECT 1 AS i'
}

# start [ARG]... - in the background: $pid, out, err.
start() {
	env --default-signal=INT "$TRUEUP" audit "$@" >out 2>err 3>&- &
	pid=$!
	children+=("$pid")
}

# $child is the process that the audit has for a pair.
has_child() {
	child=$(cat /proc/[0-9]*/stat 2>/dev/null |
	    awk -v parent="$pid" '$4 == parent { print $1 }' | head -n 1)
	[ -n "$child" ]
}

# Also when nobody has asked for its status.
ended() {
	! grep -v ') Z ' "/proc/$1/stat" >/dev/null 2>&1
}

@test "silence when all agree" {
	pair one a.db same.db
	pair two same.db a.db 'action = sync'
	audit 0 conf
	[ -z "$output$stderr" ]
	audit 0 -j4 conf
	[ -z "$output$stderr" ]
	audit 0 -v conf
	[ -z "$output" ]
	[[ $stderr == *"pair 'one': 2 tables compared, no difference found (status 0, "* ]]
	[[ $stderr == *"pair 'two': 2 tables compared, "* ]]
	run ! grep -v "^trueup: pair '" <<<"$stderr"
}

@test "a pair that differs has a block, others none" {
	pair one a.db same.db
	pair two a.db other.db
	pair three a.db other.db 'format = stat'
	pair quiet a.db other.db 'quiet = yes'
	audit 1 conf
	[ -z "$stderr" ]
	is "$output" "pair two: 1 of 2 tables differs
source  a.db
target  other.db
t: 1 of 3 rows differs: 1 to update (~)
  ~ id 2: x z -> b
1 of 2 tables differs: 1 to update (~)

pair three: 1 of 2 tables differs
$("$TRUEUP" diff -f stat a.db other.db)

pair quiet: 1 of 2 tables differs"
	audit 1 -q conf
	[ -z "$output$stderr" ]
	audit 0 conf one
	audit 1 conf 't*o' one
	[[ $output == "pair two: "* && $output != *three* ]]
	audit 2 conf one 'x*'
	[[ $stderr == *"conf has no pair 'x*'"* ]]
	audit 2 conf tow
	[[ $stderr == *"no pair 'tow'; is 'two' meant?"* ]]
}

@test "one pair that fails leaves the others alone" {
	local url=postgresql://pwuser:secret-pw@127.0.0.1:1/db
	pair away "$url" a.db
	pair lost a.db nowhere.db
	pair two a.db other.db
	pair one a.db same.db
	for jobs in 1 3; do
		audit 3 --jobs=$jobs conf
		is "$(grep -c "^pair two: " <<<"$output")" 1
		[[ $output != *"pair away"* && $output != *"pair one"* ]]
		[ "${#stderr_lines[@]}" -eq 2 ]
		[[ $stderr == *"trueup audit: pair 'away': source: "*"port 1 "* ]]
		[[ $stderr == *"trueup audit: pair 'lost': target: "*nowhere.db* ]]
	done
	audit 1 conf one two
	audit 3 conf one lost
	TMPDIR=$PWD/nowhere audit 4 conf one two
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ $stderr == "trueup audit: pair 'two': cannot create a temporary file in "* ]]
}

@test "a wrong password, a host that is none" {
	local at=127.0.0.1:$TRUEUP_PG_PORT
	pair password "postgresql://pwuser:no-secret-pw@$at/postgres" a.db
	pair host a.db postgresql://pwuser:secret-pw@no-such-host.invalid/db
	audit 3 conf
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[0]} == "trueup audit: pair 'password': source: "*"password authentication"* ]]
	[[ ${stderr_lines[1]} == "trueup audit: pair 'host': target: "*no-such-host.invalid* ]]
}

@test "a table dropped, a column added" {
	cp a.db dropped.db
	cp a.db added.db
	lite dropped.db 'DROP TABLE u;'
	lite added.db 'ALTER TABLE u ADD COLUMN more;'
	pair dropped a.db dropped.db
	pair added a.db added.db
	pair asked a.db dropped.db 'tables = t, u'
	audit 1 conf
	[ -z "$stderr" ]
	[[ $output == *"pair dropped: 1 table compared, no difference found, 1 table only in the source"* ]]
	[[ $output == *$'\n'"u: only in the source"* ]]
	[[ $output == *"pair added: 1 of 2 tables differs"* ]]
	[[ $output == *"more"* ]]
	[[ $output == *"pair asked: "* ]]
	printf '[pair typo]\nsource = a.db\ntarget = same.db\ntables = tt' >>conf
	printf '\n[pair bad]\nsource = a.db\ntarget = same.db\nwhere = no' >>conf
	audit 4 conf bad
	[ "${lines[0]}" = "pair bad: nothing compared, 2 tables failed" ]
	audit 2 conf typo
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "trueup audit: pair 'typo': "*"'tt'"* ]]
}

@test "what was not compared is said once, in the report" {
	lite none.db 'CREATE TABLE t(y); CREATE TABLE u(id INTEGER PRIMARY KEY);'
	lite nil.db 'VACUUM'
	pair cut a.db same.db 'budget = 0s'
	pair column a.db none.db
	pair nothing nil.db nil.db
	audit 5 conf
	[ -z "$stderr" ]
	[[ $output == *"u: not compared; the budget is spent"* ]]
	[[ $output == *"t: cannot be compared: source and target have no column in common"* ]]
	[[ $output == *"no table was compared" ]]
	audit 5 -q conf
	[ -z "$output$stderr" ]
	audit 5 --check --connect conf
	[ -z "$stderr" ]
}

@test "the worst exit status is the audit's" {
	pair one a.db same.db
	pair two a.db other.db
	pair limit a.db empty.db 'action = sync'
	lite empty.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);' \
	    'CREATE TABLE u(id INTEGER PRIMARY KEY);' \
	    'INSERT INTO u VALUES (1), (2);'
	audit 6 conf
	[[ $stderr == "trueup audit: pair 'limit': "*"'u'"* ]]
	[ "$(lite empty.db 'SELECT count(*) FROM u')" -eq 2 ]
}

@test "a sync pair writes and says so; then there is nothing to say" {
	pair push a.db other.db 'action = sync' 'undo = undo.sql'
	pair look a.db other.db
	audit 0 conf
	[ -z "$stderr" ]
	[[ $output == "pair push: 1 of 2 tables differs, 1 row written"* ]]
	[[ $output == *"written: 0 inserted, 1 updated, 0 deleted" ]]
	grep -q UPDATE undo.sql
	audit 0 conf
	[ -z "$output$stderr" ]
}

@test "a report in a file, and its name in the block" {
	pair two a.db other.db 'format = json' 'output = two.json'
	audit 1 conf
	is "$output" "pair two: 1 of 2 tables differs; see two.json"
	[[ $(head -n 1 two.json) == *'"options": ["--format=json", "--output=two.json"]'* ]]
	[[ $(tail -n 1 two.json) == *'"type": "summary"'*'"exit": 1}' ]]
	lite other.db "UPDATE t SET x = 'b' WHERE id = 2;"
	audit 0 conf
	[ -z "$output$stderr" ]
	[[ $(tail -n 1 two.json) == *'"exit": 0}' ]]
}

@test "mistakes are shown all at once, and nothing is run" {
	pair push a.db other.db 'action = sync' 'formt = json' 'jobs = 0'
	for mode in '' --check; do
		audit 2 $mode conf
		[ -z "$output" ]
		is "$stderr" "trueup audit: conf:5: no key 'formt'; is 'format' meant?
trueup audit: conf:6: jobs must be between 1 and 64"
	done
	! cmp -s a.db other.db
	audit 4 missing.conf
	[[ $stderr == *"cannot read 'missing.conf'"* ]]
}

@test "--check does not connect, --connect makes the plans" {
	pair two a.db other.db
	pair lost a.db nowhere.db 'target-where = id > 1'
	audit 0 --check conf
	[ -z "$output$stderr" ]
	audit 0 --check -v conf
	is "$stderr" "trueup: conf: 2 pairs, no mistake"
	audit 3 --check --connect conf
	is "$output" "pair 'two': a.db -> other.db: 2 tables, about 6 rows to read"
	[[ $stderr == "trueup audit: pair 'lost': target: "* ]]
	audit 0 --check --connect conf two
	audit 2 --connect conf
}

@test "the example has no mistake" {
	sed "s|/etc/trueup|$PWD|" "$srcdir/data/trueup.conf.example" >conf
	(umask 077 && echo same.db >copy.url)
	WAREHOUSE_URL=other.db audit 0 --check -v conf
	is "$stderr" "trueup: conf: 3 pairs, no mistake"
	audit 2 --check conf
	[[ $stderr == *"no variable 'WAREHOUSE_URL'" ]]
}

@test "the manual's change tables have no mistake" {
	pair one a.db same.db
	sed -n '/^\.SS PRESETS/,/^\.SH/{/^\.EX/,/^\.EE/p}' \
	    "$srcdir/man/trueup.conf.5" |
	    sed 's/^\.E[XE]//; s/\\e/\\/g; s/\\-/-/g' >>conf
	[ "$(grep -c '^\[changes ' conf)" = 15 ]
	audit 0 --check -v conf
	is "$stderr" "trueup: conf: 1 pairs, no mistake"
	sed -i 's/^preset = rhosocial/preset = rosocial/; s/^at =/att =/' conf
	audit 2 --check conf
	[[ $stderr == *"[changes customers] no preset 'rosocial'; is"* ]]
	[[ $stderr == *"no key 'att'; is 'at' meant?"* ]]
}

@test "history: each run is in the state file, and one at a time has it" {
	printf '[defaults]\nstate-dir = .\n' >conf
	pair one a.db same.db
	slow_pair slow
	audit 0 conf one
	audit 0 conf one
	is "$(lite one.state 'SELECT verdict FROM run')" equal$'\n'equal
	start conf slow
	begun() { [ "$(lite slow.state 'SELECT count(*) FROM run')" = 1 ]; }
	wait_until begun 2>/dev/null
	audit 2 conf
	[[ $stderr == "trueup audit: pair 'slow': "*"already running"* ]]
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" -eq 130 ]
	is "$(lite slow.state 'SELECT verdict FROM run')" failed
}

@test "a pair that is killed is its own failure" {
	slow_pair slow
	pair two a.db other.db
	start conf
	wait_until has_child
	run ! grep -q secret "/proc/$child/cmdline"
	kill -KILL "$child"
	wait "$pid" || status=$?
	[ "$status" -eq 70 ]
	is "$(<err)" "trueup audit: pair 'slow': ended by signal 9 (Killed)"
	grep -q '^pair two: ' out
}

@test "when the audit is killed, its pairs end" {
	slow_pair slow
	start conf
	wait_until has_child
	kill -KILL "$pid"
	wait_until ended "$child"
}

@test "SIGTERM ends the pairs in order, with one message" {
	printf '[defaults]\nstate-dir = .\n' >conf
	slow_pair one
	start conf
	begun() { [ "$(lite one.state 'SELECT count(*) FROM run')" = 1 ]; }
	wait_until begun 2>/dev/null
	has_child
	# The pair hears of it twice, as from a terminal or from systemd, and
	# cannot end before the audit has heard of it, too.
	kill -STOP "$child"
	kill -INT "$child"
	kill -TERM "$child" "$pid"
	kill -CONT "$child"
	wait "$pid" || status=$?
	[ "$status" -eq 130 ]
	is "$(<err)" "trueup audit: interrupted"
	[ ! -s out ]
	ended "$child"
	is "$(lite one.state 'SELECT verdict FROM run')" failed
}

@test "no secret in an argument list" {
	printf '[database pg]\nurl-file = url\n' >conf
	pair slow pg a.db 'source-query = SELECT pg_sleep(60)::text AS x' \
	    "target-query = SELECT 'x' AS x"
	(umask 077 && echo "${TRUEUP_PG/trueup@/pwuser:secret-pw@}" >url)
	start -v conf
	wait_until has_child
	wait_until grep -q "source: " err
	for process in "$pid" "$child"; do
		run ! grep -q secret-pw "/proc/$process/cmdline"
		run ! grep -q secret-pw "/proc/$process/environ"
	done
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" -eq 130 ]
	run ! grep secret-pw out err
	chmod o+r url
	audit 2 conf
	[[ $stderr == "trueup audit: conf:2: 'url' is open to everybody;"* ]]
}

@test "--every runs again and ends with 0 when it waits" {
	printf '[defaults]\nstate-dir = .\nmetrics = prom\n' >conf
	pair one a.db other.db 'quiet = yes'
	start --every=1h conf
	wait_until [ -s prom ]
	kill -TERM "$pid"
	wait "$pid"
	is "$(<out)" "pair one: 1 of 2 tables differs"
	start --every=1s conf
	twice() { [ "$(grep -c pair out)" -ge 2 ]; }
	wait_until twice
	kill -TERM "$pid"
	wait "$pid"
	for bad in 5 0s 5x s -1s 1.5h '' 99999999s; do
		audit 2 --every="$bad" conf
		[[ $stderr == *"--every needs a number and a unit"* ]]
	done
}

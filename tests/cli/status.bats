# What state files say: for people, for scripts, for Prometheus.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir state
	lite a.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);' \
	    "INSERT INTO t VALUES (1, 'a'), (2, 'b');" \
	    'CREATE TABLE u (id INTEGER PRIMARY KEY);'
	cp a.db b.db
	lite b.db "UPDATE t SET v = 'B' WHERE id = 2"
	printf '%s\n' '[defaults]' 'state-dir = state' 'metrics = m.prom' \
	    '[pair same]' 'source = a.db' 'target = a.db' >conf
}

# pair NAME TARGET - add it to the file.
pair() {
	printf '%s\n' "[pair $1]" 'source = a.db' "target = $2" >>conf
}

audit() {
	run "$TRUEUP" audit conf "$@"
}

# status STATUS [ARG]...
status() {
	run -"$1" --separate-stderr "$TRUEUP" status "${@:2}"
}

# age PAIR SECONDS - its runs were so much earlier.
age() {
	lite "state/$1.state" "UPDATE run SET started = started - $2,
		ended = ended - $2; UPDATE pair SET last_success =
		last_success - $2, last_full = last_full - $2,
		last_equal = last_equal - $2; UPDATE standing SET
		checked = checked - $2, verified = verified - $2,
		equal = equal - $2, since = since - $2"
}

# json SQL - what it selects from the table j, which has a row for each line of
# $output: its type, its pair, and the line.
json() {
	echo "[${output//$'\n'/,}]" >json
	sqlite3 :memory: "WITH j AS (SELECT value ->> '\$.type' AS type,
		value ->> '\$.pair' AS pair, value AS line
		FROM json_each(readfile('json'))) SELECT $1"
}

# field PAIR PATH - of its line.
field() {
	json "line ->> '\$.$2' FROM j WHERE type = 'pair' AND pair = '$1'"
}

@test "a line per pair, and what is wrong below it" {
	pair drift b.db
	pair gone nowhere.db
	pair new b.db
	audit same drift gone
	age drift 100000
	lite b.db "UPDATE t SET v = 'A' WHERE id = 1"
	audit drift
	status 4 conf
	is "${lines[0]}" \
	    "pair   verdict     last run      success       verified"
	is "${lines[1]%% [0-9]*}" "same   equal      "
	is "${lines[2]%% [0-9]*}" "drift  different  "
	[[ ${lines[3]} == "  t: 2 rows differ since 20"*", 27 h, growing (1 before)" ]]
	[[ ${lines[4]} == "gone   failed      "*" s ago       never         never" ]]
	[[ ${lines[5]} == "  error: target: cannot open nowhere.db"* ]]
	is "${lines[6]}" "new    never run   never         never         never"
	[ ${#lines[@]} -eq 7 ]
	status 4 -a conf
	is "${lines[2]}" "  t: equal"
	status 1 state/same.state state/drift.state
	status 0 -q state/same.state
	is "$output" ""
	status 3 state
}

@test "JSON" {
	pair drift b.db
	pair gone nowhere.db
	audit
	status 3 --json conf
	is "$(field same verdict) $(field same exit)" "equal 0"
	is "$(field drift last_run.update)" 1
	is "$(field gone last_run.exit)" 3
	is "$(field gone last_run.source)" a.db
	is "$(field gone last_run.target)" ""
	is "$(json "pair, line ->> '\$.table', line ->> '\$.trend' FROM j
		WHERE type = 'table' AND pair = 'drift'")" "drift|t|new
drift|u|"
	is "$(json "line ->> '\$.pairs', line ->> '\$.fine', line ->> '\$.exit'
		FROM j WHERE type = 'summary'")" "3|1|3"
	[[ ${lines[-1]} == '{"type": "summary"'* ]]
}

@test "a success that is too long ago is a failure" {
	pair drift b.db
	audit
	status 1 --max-age=26h conf
	age same 93000
	status 0 --max-age=26h state/same.state
	age same 1000
	status 4 --max-age=26h conf
	is "${lines[2]}" "  its last success is too old"
	status 2 --max-age=26 conf
	[[ $stderr == *"--max-age needs a number and a unit"* ]]
}

@test "a run that was killed is no success, and one under way is none yet" {
	audit
	age same 93000
	lite state/same.state \
	    "INSERT INTO run (started) VALUES (strftime('%s'))"
	status 4 conf
	[[ ${lines[1]} == "same  killed      "*" s ago       25 h ago      25 h ago" ]]
	audit
	status 0 conf
}

@test "a run under way has the pair; told to stop, it says so" {
	pair slow b.db
	printf '%s\n' 'source-query = WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL \' \
	    'SELECT i + 1 FROM n) SELECT max(i) AS i FROM n' \
	    'target-query = SELECT 1 AS i' >>conf
	"$TRUEUP" audit conf slow >audit.out 2>&1 &
	other=$!
	until [ -s state/slow.state ] &&
	    "$TRUEUP" status -a state/slow.state | grep 'under way'; do
		sleep 0.1
	done
	audit slow
	[ "$status" -eq 2 ]
	[[ $output == *"already running: another process has"* ]]
	kill "$other"
	wait "$other" || [ $? -eq 130 ]
	status 4 state/slow.state
	[[ ${lines[1]} == "slow  failed "* ]]
	[[ ${lines[2]} == *interrupted ]]
}

@test "files that are none" {
	status 2 .
	[[ $stderr == *"has no state files"* ]]
	status 4 state/x.state
	status 4 nowhere
	echo garbage >state/same.state
	status 4 conf
	is "${lines[1]%% *}" same
	[[ ${lines[1]} == *unreadable* && ${lines[2]} == *"not a database"* ]]
	run -4 "$TRUEUP" audit conf
	is "$(cat state/same.state)" garbage
	echo '[pear x]' >>conf
	status 2 conf
	[[ $stderr == *"conf:7: "* ]]
}

@test "metrics that promtool takes, counting from run to run" {
	pair 'dr"ift\' b.db
	audit
	audit
	promtool check metrics <m.prom
	is "$(stat -c %a m.prom)" 644
	grep -qx 'trueup_runs_total{pair="same",result="equal"} 2' m.prom
	grep -qx 'trueup_rows_compared_total{pair="same",side="source"} 4' m.prom
	grep -qx 'trueup_differences{pair="dr\\"ift\\\\",table="t",kind="changed"} 1' \
	    m.prom
	grep -qx 'trueup_up{pair="dr\\"ift\\\\"} 1' m.prom
	is "$(echo m.prom*)" m.prom
}

@test "metrics of a file that is another pair's are left out" {
	pair other b.db
	audit same
	cp state/same.state state/other.state
	run -4 --separate-stderr "$TRUEUP" audit conf same
	[[ $stderr == *"metrics of one pair less: state file "*"other.state' belongs to pair 'same', not to 'other'"* ]]
	promtool check metrics <m.prom
	is "$(grep -c '^trueup_up{' m.prom)" 1
}

# The first nightly run as a new user sets it up: Chinook in PostgreSQL, its copy
# in MariaDB, a file, a directory for the state.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	fresh_pg_db production
	fresh_my_db staging
	load_chinook_pg "$production"
	load_chinook_my "$staging"
	mkdir state
	(umask 077 && echo "$production" >production.url)
	export STAGING_URL=$staging
	cat >trueup.conf <<-'END'
	[defaults]
	state-dir = state
	metrics = trueup.prom
	[database production]
	url-file = production.url
	[database staging]
	url-env = STAGING_URL
	[pair chinook]
	source = production
	target = staging
	[pair customers]
	source = production
	target = staging
	tables = customer, employee
	END
}

@test "the first nightly run, a night with damage, and one after the repair" {
	run -0 --separate-stderr "$TRUEUP" audit --check --connect trueup.conf
	[[ ${lines[0]} == "pair 'chinook': "*": 11 tables"* ]]
	[[ ${lines[1]} == "pair 'customers': "*": 2 tables"* ]]
	run -0 --separate-stderr "$TRUEUP" audit --jobs=2 trueup.conf
	[ -z "$output$stderr" ]

	my "$staging" "UPDATE Track SET UnitPrice = 1.09 WHERE TrackId = 7" \
	    "; UPDATE Customer SET Company = NULL WHERE CustomerId = 1"
	run -1 --separate-stderr "$TRUEUP" audit trueup.conf
	[ -z "$stderr" ]
	[[ $output == "pair chinook: 2 of 11 tables differ"$'\n'* ]]
	[[ $output == *"track_id 7: unit_price 1.09 -> 0.99"* || \
	    $output == *"TrackId 7: UnitPrice 1.09 -> 0.99"* ]]
	[[ $output == *$'\n\n'"pair customers: 1 of 2 tables differs"* ]]

	sed 's/^\[pair chinook\]/&\naction = sync/' trueup.conf >repair.conf
	run -0 --separate-stderr "$TRUEUP" audit repair.conf chinook
	[[ $output == "pair chinook: 2 of 11 tables differ, 2 rows written"* ]]
	run -0 --separate-stderr "$TRUEUP" audit trueup.conf
	[ -z "$output$stderr" ]
	grep -q '^trueup_.*pair="chinook"' trueup.prom
	is "$(lite state/chinook.state 'SELECT verdict FROM run ORDER BY id')" \
	    "equal
different
equal
equal"
}

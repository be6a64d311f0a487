# What make install puts beside the program: units that systemd takes, alerts
# that Prometheus takes, an example for cron.
bats_require_minimum_version 1.5.0
load ../lib/helpers

data=$srcdir/data

@test "the systemd units" {
	cd "$BATS_TEST_TMPDIR"
	cp "$data"/trueup-*@.service "$data"/trueup-*@.timer .
	sed -e "s|@bindir@|${TRUEUP%/*}|" -e 's|@sysconfdir@|/etc|' \
	    "$data/trueup-audit@.service.in" >trueup-audit@.service
	run -1 grep -n '@[a-z]*dir@' trueup-audit@.service
	run -0 env SYSTEMD_UNIT_PATH="$PWD:" systemd-analyze --man=no verify \
	    ./trueup-audit@nightly.service ./trueup-audit@nightly.timer \
	    ./trueup-alert@nightly.service
	is "$output" ""
	run -0 systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' ./*.timer)"
}

@test "the alert rules, and the metrics in them exist" {
	run -0 promtool check rules "$data/prometheus-alerts.yml"
	names=$(grep -o 'trueup_[a-z_]*' "$data/prometheus-alerts.yml" | sort -u)
	[ "$(wc -l <<<"$names")" -ge 6 ]
	for name in $names; do
		grep -q "\"${name#trueup_}\"\|$name" "$srcdir/src/audit/metrics.c"
	done
}

@test "the example for cron" {
	# Six fields and a command in a line that is neither comment nor setting.
	run -0 grep -cE '^([0-9*]+ +){5}trueup +trueup (audit|status) ' \
	    "$data/trueup.cron.example"
	is "$output" 2
}

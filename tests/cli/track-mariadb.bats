# trueup track on MariaDB: what differs from the others is that DDL stands as
# soon as it has run, and that triggers end in statements.
bats_require_minimum_version 1.5.0
load ../lib/helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
	fresh_my_db db
	my "$db" "create table p(a int primary key) engine=innodb;" \
	    "create table \`T \`\`x\`(a int, b varchar(9), primary key(a, b)," \
	    "foreign key (a) references p(a) on delete cascade) engine=innodb;"
}

objects() {
	my "$db" "select table_name from information_schema.tables where" \
	    "table_schema = database() and table_name like 'trueup%'" \
	    "union all select trigger_name from information_schema.triggers" \
	    "where trigger_schema = database() and trigger_name like 'trueup%'"
}

@test "install, status, clean, remove" {
	run -0 "$TRUEUP" track install "$db"
	is "$output" $'T `x: tracked\np: tracked'
	my "$db" "insert into p values(1); insert into \`T \`\`x\` values(1,'b');" \
	    "delete from p"
	run -0 "$TRUEUP" track status "$db" 'T `x'
	[[ $output == $'T `x (a, b): healthy\n  2 changes'* ]]
	my "$db" "update trueup_change_1 set at = '2001-01-01 00:00:01'"
	run -0 "$TRUEUP" track clean "$db"
	is "$output" $'T `x: 2 changes deleted\np: 0 changes deleted'
	run -0 "$TRUEUP" track remove "$db"
	[ -z "$(objects)" ]
}

@test "--dry-run prints what the stock client runs" {
	"$TRUEUP" track install -n "$db" >script
	[ -z "$(objects)" ]
	my "$db" <script
	my "$db" "insert into p values(1)"
	[ "$(my "$db" "select op, k1 from trueup_change_2")" = 'I|1' ]
}

@test "a failure leaves nothing behind" {
	my "$db" "lock tables p write; select sleep(3)" >slept 3>&- &
	running=$!
	sleep 0.5
	run -4 "$TRUEUP" track install --lock-timeout=1 "$db" p
	wait $running
	[[ $output == *"hint: a transaction is using the table"* ]]
	[ -z "$(objects)" ]
	run -0 "$TRUEUP" track status "$db"
	[ "$output" = "no table is tracked" ]
}

@test "somebody's table that is named like a change table stays" {
	my "$db" "create table trueup_change_1(a int) engine=innodb;" \
	    "insert into trueup_change_1 values (7)"
	run -0 "$TRUEUP" track install "$db" p
	[[ $(objects) == *trueup_change_2* ]]
	run -0 "$TRUEUP" track remove "$db"
	is "$(objects)" trueup_change_1
	is "$(my "$db" "select a from trueup_change_1")" 7
}

@test "what an install that was cut short leaves is found by the next" {
	"$TRUEUP" track install -n "$db" p | sed '/TRIGGER trueup_u_1/,$d' >script
	my "$db" <script
	[ -n "$(objects)" ]
	run -7 "$TRUEUP" track status "$db"
	[[ $output == *"cannot be believed"* ]]
	run -0 "$TRUEUP" track install "$db" p
	[[ $output == "p: tracked again ("*" is new)" ]]
	[[ $(objects) != *_1* ]]
	run -0 "$TRUEUP" track status "$db"
	run -0 "$TRUEUP" track remove "$db"
	[ -z "$(objects)" ]
}

@test "the name must say which database" {
	run -2 "$TRUEUP" track install "${db%/*}/"
	[[ $output == *"must say which database of the server"* ]]
}

@test "what no trigger sees is said" {
	local other
	fresh_my_db other
	my "$other" "create table g(a int primary key) engine=innodb"
	my "$db" "create table t(a int primary key, foreign key f (a) references" \
	    "${other##*/}.g(a) on delete cascade) engine=innodb;" \
	    "create table m(a int primary key) engine=myisam;"
	run -0 "$TRUEUP" track install "$db" t m
	[[ $output == *"through the foreign key t."*" to another database"* ]]
	[[ $output == *"table 'm': its engine MyISAM keeps what is rolled back"* ]]
}

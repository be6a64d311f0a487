# trueup-patterns(7): each section's situation is made on real servers, its
# commands are run as they stand there, and then both sides must be as it says.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/examples

page=$srcdir/man/trueup-patterns.7

setup() {
	examples_begin
	mkdir -m 700 history
}

# database NAME... - a fresh PostgreSQL database as the service NAME, its URL in
# the variable NAME. SQL that is not said before it is on stdin.
database() {
	fresh_pg_db "$1"
	service "$1" "${!1}" >>services
	pg "${!1}"
}

# section_examples TITLE N - N commands at least.
section_examples() {
	page_blocks "$page" "$1" >blocks
	run_examples "$2" <blocks
}

# command_with TEXT - the first of the section whose first line has that.
command_with() {
	awk -v text="$1" '/^\$ / && index($0, text) { on = 1; $0 = substr($0, 3) }
	    on { print; if (!/\\$/) exit }' blocks
}

@test "a table that triggers keep" {
	database shop <<-'SQL'
	CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL,
	    discontinued bool NOT NULL DEFAULT false);
	CREATE TABLE stock_levels (product_id int PRIMARY KEY,
	    quantity int NOT NULL DEFAULT 0);
	INSERT INTO products SELECT g, 'product ' || g FROM
	    generate_series(1, 200) g;
	INSERT INTO stock_levels SELECT id, id FROM products;
	CREATE FUNCTION drop_stock() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		DELETE FROM stock_levels WHERE product_id = OLD.id;
		RETURN NULL;
	END $$;
	CREATE TRIGGER drop_stock AFTER DELETE ON products FOR EACH ROW
	    EXECUTE FUNCTION drop_stock();
	DELETE FROM products WHERE id = 5;
	ALTER TABLE products DISABLE TRIGGER drop_stock;
	DELETE FROM products WHERE id IN (17, 23);
	ALTER TABLE products ENABLE TRIGGER drop_stock;
	UPDATE products SET discontinued = true WHERE id = 30;
	SQL
	section_examples "A TABLE THAT TRIGGERS KEEP" 5
	is "$(pg "$shop" "SELECT count(*), sum(quantity) FROM stock_levels")" \
	    "197|$((201 * 100 - 5 - 17 - 23))"
	# By the change tables, now: one orphan of many rows.
	pg "$shop" "ALTER TABLE products DISABLE TRIGGER drop_stock;
	    DELETE FROM products WHERE id = 100"
	run -0 bash -c "$(command_with --incremental) -v"
	[[ $output == *"'stock_levels': "*" rows may have changed"* ]]
	is "$(pg "$shop" "SELECT count(*) FROM stock_levels")" 196
	# The way back.
	run -0 trueup apply service=shop orphans.sql
	is "$(pg "$shop" "SELECT * FROM stock_levels
	    WHERE product_id IN (17, 23) ORDER BY 1")" $'17|17\n23|23'
}

@test "a script with a synced flag" {
	contacts="CREATE TABLE contacts (id int PRIMARY KEY, email text);
	    INSERT INTO contacts SELECT g, 'c' || g || '@example.com'
		FROM generate_series(1, 100) g;
	    UPDATE contacts SET email = 'old@example.com' WHERE id = 7"
	database shop <<<"$contacts;
	    ALTER TABLE contacts ADD synced bool NOT NULL DEFAULT true;
	    UPDATE contacts SET synced = false WHERE id = 7"
	database crm <<<"$contacts; DELETE FROM contacts WHERE id = 9"
	# The script reads row 7, somebody changes it, and it is marked.
	read -r sent < <(pg "$shop" "SELECT email FROM contacts WHERE id = 7")
	pg "$shop" "UPDATE contacts SET email = 'new@example.com',
	    synced = false WHERE id = 7"
	pg "$crm" "UPDATE contacts SET email = '$sent' WHERE id = 7"
	pg "$shop" "UPDATE contacts SET synced = true WHERE id = 7;
	    DELETE FROM contacts WHERE id = 50"
	section_examples "A SCRIPT WITH A SYNCED FLAG" 11
	columns="SELECT md5(string_agg(id || email, ',' ORDER BY id)) FROM contacts"
	is "$(pg "$crm" "$columns")" "$(pg "$shop" "$columns")"
	for state in contacts flag; do
		is "$(sqlite3 history/$state.state 'SELECT mode FROM run')" \
		    $'full\nincremental'
	done
	# A guarded mark leaves alone what has changed meanwhile.
	mark=$(grep -A1 '(UPDATE contacts SET synced = TRUE' "$page" |
	    tr '\n' ' ' | sed 's/.*(UPDATE/UPDATE/; s/).*//')
	pg "$shop" "UPDATE contacts SET email = 'x', synced = false WHERE id = 8" \
	    "; $mark"
	is "$(pg "$shop" "SELECT id FROM contacts WHERE NOT synced")" 8
	# Which is what trueup runs.
	run -0 trueup sync --trace-sql --exclude-columns=synced \
	    --incremental=history/flag.state --changes=contacts.changes \
	    service=shop service=crm contacts
	[[ $output == *'SET synced = TRUE'*'"email"'*'(synced IS NOT TRUE'* ]]
	is "$(pg "$shop" "SELECT count(*) FROM contacts WHERE NOT synced")" 0
}

@test "every quarter of an hour and every night" {
	orders="CREATE TABLE orders (id int PRIMARY KEY, total int);
	    INSERT INTO orders SELECT g, g FROM generate_series(1, 100) g"
	database shop <<<"$orders"
	database crm <<<"$orders"
	title="EVERY QUARTER OF AN HOUR AND EVERY NIGHT"
	section_examples "$title" 6
	# What cron runs.
	page_blocks "$page" "$title" |
	    sed -nE "s|^([0-9*/]+ +){5}trueup +(trueup .*)|\2|p" |
	    sed "s|/etc/trueup/||" >lines
	is "$(wc -l <lines)" 2
	pg "$crm" "UPDATE orders SET total = 0 WHERE id = 5"
	while read -r line; do
		run -1 sh -c "$line"
		[[ $output == *"~ id 5: total 0 -> 5"* ]]
	done <lines
	pg "$crm" "UPDATE orders SET total = 5 WHERE id = 5"
	while read -r line; do
		run -0 sh -c "$line -v"
	done < <(tac lines)
	[[ $output == *"'orders': 1 rows may have changed"* ]]
	modes="SELECT group_concat(mode) FROM run"
	is "$(sqlite3 history/shop.state "$modes")" full,incremental,incremental
	is "$(sqlite3 history/shop-nightly.state "$modes")" full,full
	run -0 trueup status history
	# The timer.
	cp "$srcdir"/data/trueup-*@.{service,timer} .
	sed -e "s|@bindir@|$PWD/bin|" -e 's|@sysconfdir@|/etc|' \
	    "$srcdir/data/trueup-audit@.service.in" >trueup-audit@.service
	mkdir trueup-audit@quarter.timer.d
	page_blocks "$page" "$title" | sed -n '/^\[Timer\]/,/^#end/{/^#end/d;p}' \
	    >trueup-audit@quarter.timer.d/override.conf
	run -0 env SYSTEMD_UNIT_PATH="$PWD:" systemd-analyze --man=no verify \
	    ./trueup-audit@quarter.timer
	is "$output" ""
	when=$(sed -n 's/^OnCalendar=//p' trueup-audit@quarter.timer.d/*)
	run -0 systemd-analyze calendar "${when#$'\n'}"
}

# A sales_order, and what DataJoin has for it.
datajoin() {
	orders="CREATE TABLE sales_order (order_id varchar(20) PRIMARY KEY,
		customer text, amount numeric(10, 2));
	    INSERT INTO sales_order SELECT 'SO' || g, 'customer ' || g % 10, g
		FROM generate_series(1000, 1099) g;"
	box="(id serial PRIMARY KEY, object_table text, object_pk_attribute text,
	    object_id text, object_operation text, object_operation_command text,
	    object_id_old text DEFAULT 'tbd', source_id int,
	    update_datetime timestamp DEFAULT clock_timestamp())"
	database testapp1 <<-SQL
	$orders
	CREATE TABLE ds_change_outbox $box;
	CREATE TABLE ds_program_parameter (id varchar(9) PRIMARY KEY,
	    fromoutboxpointer text);
	INSERT INTO ds_program_parameter VALUES ('1000', '0');
	CREATE FUNCTION to_outbox() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		INSERT INTO ds_change_outbox (object_table, object_pk_attribute,
		    object_id, object_operation, object_operation_command,
		    object_id_old)
		SELECT TG_TABLE_NAME, 'order_id',
		    coalesce(NEW.order_id, OLD.order_id), TG_OP,
		    'DROP TABLE sales_order', coalesce(OLD.order_id, 'tbd');
		RETURN NULL;
	END \$\$;
	CREATE TRIGGER to_outbox AFTER INSERT OR UPDATE OR DELETE ON sales_order
	    FOR EACH ROW EXECUTE FUNCTION to_outbox();
	SQL
	database testapp2 <<<"$orders CREATE TABLE ds_change_inbox $box"
}

# transport [LOST] - what DataJoin's program does: it moves its pointer even if
# a change could not be inserted.
transport() {
	local columns="object_table, object_pk_attribute, object_id,
	    object_operation, object_operation_command, object_id_old,
	    update_datetime"
	{
		echo "COPY ds_change_inbox ($columns, source_id) FROM STDIN;"
		pg "$testapp1" "COPY (SELECT $columns, id FROM ds_change_outbox
		    WHERE id > (SELECT fromoutboxpointer::int
			FROM ds_program_parameter WHERE id = '1000') AND
			id <> ${1:-0} ORDER BY id) TO STDOUT"
		echo '\.'
	} | pg "$testapp2"
	pg "$testapp1" "UPDATE ds_program_parameter SET fromoutboxpointer =
	    (SELECT max(id) FROM ds_change_outbox)"
}

# import ORDER - what the second program makes of a change.
import() {
	pg "$testapp2" "DELETE FROM sales_order WHERE order_id = '$1'"
	pg "$testapp1" "COPY (SELECT * FROM sales_order WHERE order_id = '$1')
	    TO STDOUT" | "${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}psql" -Xqc \
	    "COPY sales_order FROM STDIN" "$testapp2"
}

same_orders() {
	local all="SELECT md5(string_agg(s::text, ',' ORDER BY order_id))
	    FROM sales_order s"
	[ "$(pg "$testapp1" "$all")" = "$(pg "$testapp2" "$all")" ]
}

@test "outbox and inbox, in place of the two programs" {
	datajoin
	section_examples "In place of the two programs" 6
	same_orders
	pg "$testapp1" "UPDATE sales_order SET customer = 'Eve'
		WHERE order_id = 'SO1010'"
	run -0 bash -c "$(command_with "trueup sync") -v"
	[[ $output == *"'sales_order': 1 rows may have changed"* ]]
	same_orders
	# Another key; a row that came and went.
	pg "$testapp1" "UPDATE sales_order SET order_id = 'SO3000'
		WHERE order_id = 'SO1007';
	    INSERT INTO sales_order VALUES ('SO4000', 'Bob', 1);
	    DELETE FROM sales_order WHERE order_id = 'SO4000'"
	run -0 trueup audit -v datajoin.conf
	[[ $output != *"compared in full"* && $output == *"2 rows written"* ]]
	same_orders
	every=$(grep -e --every blocks)
	bash -c "exec ${every/1m/1s}" >log 2>&1 3>&- &
	pg "$testapp1" "UPDATE sales_order SET amount = 5 WHERE amount > 1090"
	wait_until same_orders
	pg "$testapp1" "DELETE FROM sales_order WHERE amount = 5"
	wait_until same_orders
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ $status -eq 0 ] || [ $status -eq 130 ]
}

@test "outbox and inbox, beside the two programs" {
	datajoin
	pg "$testapp1" "UPDATE sales_order SET amount = 1 WHERE order_id IN
	    ('SO1001', 'SO1002', 'SO1003', 'SO1004')"
	transport 3
	for order in SO1001 SO1002 SO1004; do
		import $order
	done
	pg "$testapp1" "DELETE FROM sales_order WHERE order_id = 'SO1005'"
	section_examples "Beside the two programs" 2
	# The rows themselves.
	page_blocks "$page" "In place of the two programs" |
	    sed -n '/^\$ cat/,/^END/p' | sed 's/^\$ //' >make
	bash make
	sed -e 's/^action = sync/action = diff/' -e '/^pointer = none/d' \
	    datajoin.conf >beside.conf
	run -1 trueup audit beside.conf
	[[ $output == *"1 of 1 table differs, 1 row unsettled"* ]]
	[[ $output == *"~ order_id SO1003: amount 1003 -> 1"* ]]
	import SO1003
	run -7 trueup audit beside.conf
	sed 's/^action = diff/&\nrecheck = 1/' beside.conf >looks.conf
	run -7 trueup audit looks.conf
	[[ $output == *", 1 row unsettled"* ]]
	# Nor is written what is on its way.
	sed 's/^action = diff/action = sync/' beside.conf >sync.conf
	run -7 trueup audit sync.conf
	is "$(pg "$testapp2" "SELECT count(*) FROM sales_order
	    WHERE order_id = 'SO1005'")" 1
	transport
	run -1 trueup audit beside.conf
	[[ $output == *"- order_id SO1005: "* && $output != *unsettled* ]]
	# In the inbox, where nobody has come to it yet.
	pg "$testapp2" "CREATE TABLE ds_program_parameter (id varchar(9),
	    fromoutboxpointer text);
	    INSERT INTO ds_program_parameter VALUES ('1001',
		(SELECT max(id) - 1 FROM ds_change_inbox))"
	sed 's/^reader = none/preset = datajoin-inbox/' beside.conf >inbox.conf
	run -7 trueup audit inbox.conf
	import SO1005
	run -0 trueup audit inbox.conf
	run -0 trueup audit beside.conf # in full: other changes are read now
	run -0 trueup audit -v beside.conf
	[[ $output != *"compared in full"* ]]
	same_orders
	# Now change 3 is all that is left.
	run -1 trueup audit -v transport.conf
	[[ $output != *"compared in full"* && $output != *unsettled* ]]
	[[ $output == *"1 of 5 rows differs: 1 to insert"*"+ source_id 3:"* ]]
}

@test "change data capture and an outbox of events" {
	orders="CREATE TABLE orders (id int PRIMARY KEY, status text);
	    INSERT INTO orders SELECT g, 'new' FROM generate_series(1, 50) g"
	database shop <<<"$orders; CREATE TABLE outboxevent (
	    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregatetype text,
	    aggregateid text, type text, payload jsonb,
	    ts timestamptz DEFAULT now())"
	database reports <<<"$orders"
	section_examples "CHANGE DATA CAPTURE AND AN OUTBOX OF EVENTS" 5
	# The service comes to its events.
	pg "$reports" "UPDATE orders SET status = 'paid' WHERE id = 3"
	run -0 trueup audit cdc.conf events
	run -1 trueup audit cdc.conf tracked
	[[ $output == *"1 of 1 table differs: 1 to update"* ]]
	# Only the whole comparison finds what no event says.
	run -1 trueup diff service=shop service=reports orders
	[[ $output == *"~ id 4: status new -> lost"* ]]
}

@test "events and the state that they add up to" {
	database bank <<-'SQL'
	CREATE TABLE events (id bigserial PRIMARY KEY, account int NOT NULL,
	    type text NOT NULL, amount numeric(12, 2) NOT NULL);
	CREATE TABLE balance (account int PRIMARY KEY,
	    balance numeric(12, 2) NOT NULL);
	INSERT INTO events (account, type, amount)
	    SELECT g, 'deposited', g + 5 FROM generate_series(1, 50) g
	    UNION ALL SELECT g, 'withdrawn', 2 FROM generate_series(1, 50) g;
	INSERT INTO balance SELECT g, g + 3 FROM generate_series(1, 50) g;
	UPDATE balance SET balance = balance + 100 WHERE account = 7;
	SQL
	section_examples "EVENTS AND THE STATE THAT THEY ADD UP TO" 2
	echo "action = sync" >>balance.conf
	run -0 trueup audit balance.conf
	is "$(pg "$bank" "SELECT balance FROM balance WHERE account = 7")" 10.00
	run -0 trueup audit balance.conf
	is "$output" ""
	# One way.
	run -1 trueup sync --key=account service=bank service=bank balance \
	    --target-query='SELECT account, balance + 1 AS balance FROM balance'
	[[ $output == *"the target is a query, which no patch can write"* ]]
	# An event of a type that nobody knows.
	sed -i 's/ END)/ ELSE 1 \/ 0 END)/' balance.conf
	pg "$bank" "INSERT INTO events (account, type, amount)
	    VALUES (7, 'seized', 1)"
	run -4 trueup audit balance.conf
	[[ $output == *"division by zero"* ]]
}

@test "read models" {
	database shop <<-'SQL'
	CREATE TABLE orders (id int PRIMARY KEY, customer text NOT NULL);
	CREATE TABLE order_lines (order_id int REFERENCES orders, no int,
	    quantity int, price numeric(8, 2), PRIMARY KEY (order_id, no));
	INSERT INTO orders SELECT g, 'c' || g FROM generate_series(1, 40) g;
	INSERT INTO order_lines SELECT g, 1, 2, 5 FROM generate_series(1, 39) g;
	INSERT INTO order_lines VALUES (5, 2, 1, 25);
	SQL
	lite view.db "CREATE TABLE order_view (order_id INTEGER PRIMARY KEY,
		customer TEXT, lines INT, total NUMERIC);
	    INSERT INTO order_view SELECT value, 'c' || value, 1, 10
		FROM generate_series(1, 39);
	    INSERT INTO order_view VALUES (99, 'c99', 1, 10)"
	section_examples "READ MODELS" 2
	is "$(lite view.db "SELECT count(*), sum(lines), sum(total) FROM
	    order_view")" "40|40|415"
	is "$(lite view.db "SELECT * FROM order_view WHERE order_id = 40")" \
	    "40|c40|0|0"
	run -0 trueup audit readmodel.conf
	is "$output" ""
}

@test "an application that writes twice" {
	customers="CREATE TABLE customers (id int PRIMARY KEY,
	    email varchar(99));
	    INSERT INTO customers VALUES (0, 'c0@example.com')"
	for i in {1..60}; do
		customers+=", ($i, 'c$i@example.com')"
	done
	database shop <<<"$customers; DELETE FROM customers WHERE id = 0;
	    UPDATE customers SET email = 'moved@example.com' WHERE id = 12"
	fresh_my_db second
	my "$second" "$customers; DELETE FROM customers WHERE id IN (0, 60)"
	export SECOND_URL=$second
	section_examples "AN APPLICATION THAT WRITES TWICE" 5
	is "$(my "$second" "SELECT count(*), min(email) FROM customers
	    WHERE id IN (12, 60)")" "2|c60@example.com"
	is "$(sqlite3 history/customers.state 'SELECT exit FROM run')" $'1\n0'
}

@test "sync by last_updated" {
	database shop <<-'SQL'
	CREATE TABLE products (id int PRIMARY KEY, name text,
	    price numeric(8, 2), last_updated timestamptz NOT NULL);
	INSERT INTO products SELECT g, 'product ' || g, g,
	    now() - interval '1 day' FROM generate_series(1, 200) g;
	SQL
	lite copy.db "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT,
	    price NUMERIC, last_updated TEXT)"
	section_examples "SYNC BY LAST_UPDATED" 8
	run -0 trueup diff service=shop copy.db
	is "$(sqlite3 history/products.state 'SELECT mode FROM run')" \
	    $'full\nincremental\nfull\nincremental'
	# A clock that is late, by less than the window.
	pg "$shop" "UPDATE products
	    SET price = 7, last_updated = now() - interval '30 minutes'
	    WHERE id = 12"
	run -0 bash -c "$(command_with "trueup sync --incremental")"
	[[ $output == *"~ id 12: price 12 -> 7"* ]]
}

@test "every section with a command has its test" {
	awk '/^\.S[HS] / { title = substr($0, 5) }
	    /^\$ / && title != last { print last = title }' "$page" >titles
	[ "$(wc -l <titles)" -ge 9 ]
	while read -r title; do
		grep -qF -e "\"$title\"" "$srcdir/tests/cli/patterns.bats"
	done <titles
}

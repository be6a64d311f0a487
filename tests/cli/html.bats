# The report in HTML, as a browser reads it. Starting one takes seconds: each
# test starts at most one.
bats_require_minimum_version 1.5.0
load ../lib/helpers
load ../lib/nasty

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	local hex i=0 name=${nasty_name//\"/\"\"}
	{
		echo 'CREATE TABLE orders(id INTEGER PRIMARY KEY, state TEXT);'
		echo 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
			SELECT i + 1 FROM n WHERE i < 4000)
			INSERT INTO orders SELECT i, i % 7 FROM n;'
		echo 'CREATE TABLE same(id INTEGER PRIMARY KEY);'
		echo "CREATE TABLE \"$name\"(k TEXT PRIMARY KEY, \"$name\" TEXT);"
		echo "CREATE TABLE only_here(id INTEGER PRIMARY KEY);"
		nasty_values | while read -r hex; do
			echo "INSERT INTO \"$name\" VALUES(CAST(x'$hex' AS TEXT),
				CAST(x'$hex' AS TEXT));"
		done
	} | lite a.db
	cp a.db b.db
	lite b.db "UPDATE \"$name\" SET \"$name\" = \"$name\" || 'x';" \
	    "DELETE FROM \"$name\" WHERE k LIKE '%img%';" \
	    "UPDATE orders SET state = 'lost' WHERE id BETWEEN 1 AND 300;" \
	    'DELETE FROM orders WHERE id > 3950;' \
	    "INSERT INTO orders VALUES(9999, 'new');" 'DROP TABLE only_here;'
	"$TRUEUP" diff -f html --rows=1000 -o page.html a.db b.db ||
	    [ $? -eq 1 ]
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# dom FILE[#HASH] [OPTION]... - the document after its script has run.
dom() {
	local url=file://$PWD/$1 status=0
	shift
	timeout 60 chromium --headless --no-sandbox --disable-gpu \
	    --disable-quic --no-first-run --disable-background-networking \
	    --disable-component-update --disable-sync \
	    --user-data-dir="$BATS_TEST_TMPDIR/profile" "$@" --dump-dom \
	    "$url" >dom 2>chromium.log 3>&- || status=$?
	[ $status -eq 0 ] || cat chromium.log
	return $status
}

# count PATTERN - how often it occurs in the document.
count() {
	grep -oaE -e "$1" dom | wc -l
}

@test "the file needs nothing else, and its markup is whole" {
	run ! grep -aiE '<[a-z]+ [^>]*(src|href)="?[^#"]|@import|url\(' page.html
	run ! grep -aE '<(link|iframe|object|embed|base|form)' page.html
	command -v xmllint
	xmllint --html --noout page.html 2>&1 | grep -a ' error ' |
	    grep -av 'Tag [a-z]* invalid' >errors || true
	cat errors
	[ ! -s errors ]
}

@test "a browser shows every table and difference, and runs no value" {
	dom page.html
	grep -q '<title>2 of 3 tables differ – trueup</title>' dom
	run ! grep -q data-broken dom
	[ "$(count '<script>')" -eq 1 ]
	[ "$(count '<(img|b|svg) ?(src|onload)')" -eq 0 ]
	# 300 + 1 + 50 and one of each nasty value
	[ "$(count '<tbody class="[iud]">')" -eq $((351 + $(nasty_values | wc -l))) ]
	[ "$(count '<tbody class="[iud]" hidden')" -eq 0 ]
	[ "$(count 'id="tools" class="tools" role="search">')" -eq 1 ]
	[ "$(count '<th scope="row">only_here</th>')" -eq 1 ]
	[ "$(count '<li>same ')" -eq 1 ]
	[ "$(count '<h1')" -eq 1 ]
	[ "$(count '<h2')" -eq 3 ]
	[ "$(count '<caption>351 differences</caption>')" -eq 1 ]
}

@test "the map shows where the differences are" {
	grep -q 'aria-label="update: in parts 1 to 5 of 64"' page.html
	grep -q 'aria-label="delete: in parts 64 of 64"' page.html
	grep -q 'The first difference is at id 1, the last at id 9999\.' page.html
}

@test "the filter follows the address" {
	dom 'page.html#q=ID%2029&without=d'
	# 29, 290 to 299
	[ "$(count '<tbody class="u">')" -eq 11 ]
	[ "$(count '<tbody class="d">')" -eq 0 ]
	grep -q '<output>11 of [0-9]* shown</output>' dom
	[ "$(count '<section [^>]*hidden')" -eq 1 ]
}

@test "without its script the page has all but the filter" {
	cp page.html dom
	[ "$(count '<tbody class="[iud]">')" -eq $((351 + $(nasty_values | wc -l))) ]
	[ "$(count 'role="search" hidden')" -eq 1 ]
}

@test "equal, failed and unanswered pages say so" {
	run -0 "$TRUEUP" diff -f html a.db a.db
	[[ $output == *'<h1 class="equal">4 tables are equal</h1>'* ]]
	run -3 --separate-stderr "$TRUEUP" diff -f html a.db nowhere.db
	[[ $output == *'<h1 class="different">The comparison did not come to its end</h1>'* ]]
	[[ $output == *'</html>' ]]
}

@test "sync says what it wrote" {
	cp b.db c.db
	run -0 "$TRUEUP" sync -f html --max-delete=100% a.db c.db orders same
	[[ $output == *'In this run written: 50 inserted, 300 updated, 1 deleted.'* ]]
}
